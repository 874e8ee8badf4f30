import { errorHint, errorInWords, type Say } from '../reason/words.js';
import type { AlarmParams } from './alarm-codes.js';
import type { AlarmWords } from './alarm-words.js';

type Codes =
  | 'backup_failed'
  | 'backup_locked'
  | 'backup_overdue'
  | 'backup_damaged'
  | 'backup_unchecked'
  | 'drill_failed'
  | 'drill_overdue';

/** How to try again at once what could not be done. */
const NOW: Record<AlarmParams['backup_failed']['what'], string> = {
  backup: '; "tapedeck backup create --wait" tries now',
  check: '; "tapedeck backup check --wait" tries now',
  drill: '; "tapedeck backup drill --wait" tries now',
  list: '',
  keys: '',
};

/** The sentences of alarms about backups. */
export const backupAlarms: { [C in Codes]: (params: AlarmParams[C], say: Say) => AlarmWords } = {
  backup_failed: ({ what, error, detail }) => ({
    message: `${
      {
        backup: 'The backup failed; the backups before it are as they were.',
        check: 'The newest backup could not be checked.',
        list: 'The list of erasures and holds could not be renewed at the place for backups: a restore would not know of the latest ones.',
        drill: 'The restore drill could not be done.',
        keys: 'The keys of old backups could not be destroyed: anyone with the identity and the master key can still read what those backups hold.',
      }[what]
    } ${errorInWords({ error, detail })}`,
    hint: `${errorHint(error)} It is tried again by itself${NOW[what]}.`.trim(),
  }),
  backup_locked: ({ place }) => ({
    message: `${place} does not allow Tapedeck to delete old backups. They pile up there, and where their keys lie beside them (no key_path), what was erased stays readable in them longer than its certificate says.`,
    hint: 'Allow deleting, and protect backups with versions that the store keeps for a time instead: see "Protect backups from deletion" in docs/operate/backup.md.',
  }),
  backup_overdue: ({ since }, say) => ({
    message:
      since === null
        ? 'No backup was ever made.'
        : `The last backup was made on ${say(since)}. What was recorded since is in none.`,
    hint: 'Run "tapedeck backup create --wait" and look at "tapedeck jobs". The schedule is in [backup] of tapedeck.toml.',
  }),
  backup_damaged: ({ backup, faults, first }) => ({
    message: `Backup ${backup} is damaged: ${faults === 1 ? '' : `${faults} faults, the first: `}${first}`,
    hint: 'Run "tapedeck backup verify" for all of them. Delete the named objects and run "tapedeck backup create --wait". Find out what damages files there.',
  }),
  backup_unchecked: ({ since }, say) => ({
    message:
      since === null
        ? 'No backup was ever read again to see whether it is whole.'
        : `The newest backup was last checked on ${say(since)}.`,
    hint: 'Run "tapedeck backup check --wait". The schedule is in [backup] of tapedeck.toml.',
  }),
  drill_failed: ({ backup, faults, first }) => ({
    message: `The restore drill of backup ${backup} found ${faults === 1 ? 'a fault' : `${faults} faults, the first`}: ${first}`,
    hint: 'A restore may fail. Run "tapedeck backup verify" and look for a failing disk at the place for backups. Then run "tapedeck backup drill --wait".',
  }),
  drill_overdue: ({ since }, say) => ({
    message:
      since === null
        ? 'No restore drill has ever succeeded: nobody knows whether backups can be restored.'
        : `The last restore drill that succeeded was on ${say(since)}.`,
    hint: 'Run "tapedeck backup drill --wait" and look at "tapedeck jobs". The schedule is in [backup] of tapedeck.toml.',
  }),
};
