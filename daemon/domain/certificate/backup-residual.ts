import { iso } from '../days.js';

const DAY_MS = 86_400_000;
/** How backups end: for how many days each is kept, and whether the keys that open them are kept apart from them. */
export type BackupEnd = { keepDays: number; keysApart: boolean };
/** Whether the list of erasures was put at the place of the backups: when (ms since 1970), or why it could not be. */
export type ListPut = { at: number } | { problem: string };

/**
 * Returns what a certificate says of backups; `end` is null where Tapedeck is set up to make none. The day after is named, so that the
 * promise holds wherever in the day the last key is destroyed. `list`: of the list with these recordings on it.
 */
export function backupResidual(issuedAt: number, end: BackupEnd | null, list: ListPut | null): string {
  if (end === null)
    return 'Tapedeck is not set up to make backups, so there is no list of erasures outside this machine.';
  const { keepDays, keysApart } = end;
  const day = iso(issuedAt + (keepDays + 1) * DAY_MS).slice(0, 10);
  return [
    'Backups that Tapedeck made before the erasure still have the keys of these recordings, encrypted to a key of each backup.',
    `Tapedeck destroys that key ${keepDays} days after the backup, that of the newest backup only once there is a newer one.`,
    keysApart
      ? `It is kept apart from the backups: while backups are made, the recordings are unreadable in all backups, and in every copy of one, from ${day} on. This assumes that nobody copies the folder of these keys.`
      : `While backups are made, the recordings are unreadable in all of them from ${day} on. The key lies beside the backup: copies that others made of both (snapshots, older versions of objects) last until they are deleted.`,
    listText(list),
  ].join(' ');
}

function listText(list: ListPut | null): string {
  if (list !== null && 'at' in list)
    return `Before this certificate was signed, the list of erasures with these recordings on it was put where the backups are, at ${iso(list.at)}. A restore by Tapedeck applies the list first and does not bring these recordings back, as long as that list or a newer one is there.`;
  return `The list of erasures could not be put where the backups are before this certificate was signed${list === null ? '.' : `: ${list.problem}`} Until it is there, a restore of a backup from before the erasure brings these recordings back. Tapedeck tries again with every checkpoint of the audit log.`;
}
