import type { AlarmParams } from '../../domain/operations/alarm-codes.js';
import type { Config } from '../../ops/config-schema.js';

const HOUR_MS = 3_600_000;
/** A check that is a week late has been forgotten, whatever its schedule. */
const CHECK_OVERDUE_MS = 40 * 24 * HOUR_MS;

/** What is done at the place for backups, and can fail. */
export type Failing = AlarmParams['backup_failed']['what'];
/** The key of an alarm for each kind of work: what has succeeded again ends its own, and no other. */
export const failureOf = (what: Failing): string => `backup_failed ${what}`;
const FAILING: Failing[] = ['backup', 'check', 'list', 'keys', 'drill'];
/** That of versions which had one for all: it ends with the start. */
export const ONE_FOR_ALL = 'backup_failed';
const OVERDUE = 'backup_overdue' as const;
export const DAMAGED = 'backup_damaged';
const UNCHECKED = 'backup_unchecked' as const;
export const DRILL = 'drill_failed';
export const LOCKED = 'backup_locked';
const DRILL_OVERDUE = 'drill_overdue' as const;
/** All of them. */
export const ALARMS = [...FAILING.map(failureOf), OVERDUE, DAMAGED, UNCHECKED, DRILL, DRILL_OVERDUE, LOCKED];

export type BackupAction = 'backup' | 'backup_check' | 'backup_drill';

/** What has to be done again and again, and after how long an alarm says that it was not. */
export const watchedOf = (backup: Config['backup']) => [
  {
    ...{ key: OVERDUE, action: 'backup' as const, what: 'made' as const, expression: backup.schedule },
    overdueMs: backup.overdue_hours * HOUR_MS,
  },
  {
    ...{
      key: UNCHECKED,
      action: 'backup_check' as const,
      what: 'checked' as const,
      expression: backup.check_schedule,
    },
    overdueMs: CHECK_OVERDUE_MS,
  },
  {
    ...{
      key: DRILL_OVERDUE,
      action: 'backup_drill' as const,
      what: 'drilled' as const,
      expression: backup.drill_schedule,
    },
    overdueMs: backup.drill_overdue_days * 24 * HOUR_MS,
  },
];
