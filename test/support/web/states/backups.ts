import type { DaemonStatus } from '../../../../daemon/domain/operations/status.js';

type Backups = NonNullable<DaemonStatus['backups']>;

/** What a recorder says of its backups: how many ms ago one was made, read again, and restored for trial; null for never. */
export function backupsOf(now: number, ago: readonly (number | null)[], late: Backups['late'] = []): Backups {
  const [made = null, checked = null, drilled = null] = ago.map((ms) =>
    ms === null ? null : new Date(now - ms).toISOString(),
  );
  return { made_at: made, checked_at: checked, drilled_at: drilled, late };
}
