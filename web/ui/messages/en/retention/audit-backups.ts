import type { EntryFacts } from '../audit.js';

const text = (value: unknown): string => String(value ?? '');

/** What was wanted, of entries about backups. */
export const backupEntries = {
  backup: 'a backup',
  backup_check: 'a check of the newest backup',
  backup_drill: 'a restore drill',
  backup_expired: 'the end of old backups',
};

/** Entries about backups. */
export const backupDeeds = {
  backup: ({ detail }) =>
    detail.sealed === undefined
      ? 'asked for a backup'
      : `made a backup: ${text(detail.sealed)} sealed files, ${text(detail.copied)} of them copied`,
  backup_check: ({ outcome, detail }) => {
    if (detail.objects === undefined) return 'asked for a check of the newest backup';
    return outcome === 'ok'
      ? `checked the newest backup: ${text(detail.objects)} files, none damaged`
      : `found the newest backup damaged: ${text(detail.damaged)} of ${text(detail.objects)} files`;
  },
  backup_drill: ({ outcome, detail }) => {
    if (detail.objects === undefined) return 'asked for a restore drill';
    return outcome === 'ok'
      ? `restored a backup for trial: ${text(detail.objects)} files compared, ${text(detail.opened)} recordings opened, no faults`
      : `restored a backup for trial and found ${text(detail.damaged)} faults`;
  },
  backup_expired: ({ detail }) =>
    detail.keys === 1
      ? 'destroyed the key of an old backup: nobody can open it any more'
      : `destroyed the keys of ${text(detail.keys)} old backups: nobody can open them any more`,
  restore: ({ detail }) =>
    `restored this Tapedeck from the backup of ${text(detail.made_at)}. Entries that were written after it are lost${
      detail.list_at === null ? ', and no list of erasures and holds was applied' : ''
    }`,
  move: ({ detail }) =>
    detail.target === undefined
      ? `took this Tapedeck over from another machine, with the backup of ${text(detail.made_at)}`
      : `began to hand this Tapedeck over to another machine by way of ${text(detail.target)}`,
} satisfies Record<string, (facts: EntryFacts) => string>;
