import {
  BackupStatement,
  backupsFolder,
  DrillStatement,
  drillObject,
  expired,
  type FoundBackup,
  manifestObject,
  SealedLine,
  sealedFolder,
  sealedHash,
} from '../../domain/backup/backup.js';
import { createHashIndex } from '../../domain/backup/hash-index.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { BackupKeys } from '../../vault/backup/backup-keys.js';
import { linesOf, readObject, readSigned, type Signed } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';

const ID = /^backups\/([0-9A-HJKMNP-TV-Z]{26})\//;
const readManifest = (target: BackupTarget, id: string, trusted: readonly string[] | null = null) =>
  readSigned(target, manifestObject(id), BackupStatement, trusted);

/** An error of the place says nothing about what lies there, and is thrown on. */
export function nullIfDamaged(e: unknown): null {
  if (e instanceof TapedeckError && e.code === 'backup_damaged') return null;
  throw e;
}

/** What lies at a target: whole backups, newest first; those whose statement is damaged; and what is left of unfinished ones. */
export async function findBackups(
  target: BackupTarget,
): Promise<{ backups: Signed<BackupStatement>[]; damaged: string[]; unfinished: string[] }> {
  await target.ready();
  const ids = new Map<string, boolean>();
  for await (const { name } of target.list(backupsFolder)) {
    const id = ID.exec(name)?.[1];
    if (id) ids.set(id, ids.get(id) === true || name === manifestObject(id));
  }
  const backups: Signed<BackupStatement>[] = [];
  const damaged: string[] = [];
  for (const [id, whole] of ids) {
    if (!whole) continue;
    const found = await readManifest(target, id).catch(nullIfDamaged);
    if (found?.statement.id === id) backups.push(found);
    else damaged.push(id);
  }
  backups.sort((a, b) => (a.statement.id < b.statement.id ? 1 : -1));
  return { backups, damaged, unfinished: [...ids].flatMap(([id, whole]) => (whole ? [] : [id])) };
}

/** The results of restore drills of these backups, as far as each is signed with the key of its backup. */
export async function findDrills(
  target: BackupTarget,
  backups: readonly Signed<BackupStatement>[],
): Promise<Map<string, DrillStatement>> {
  const found = new Map<string, DrillStatement>();
  for (const { statement, publicKey } of backups) {
    const name = drillObject(statement.id);
    if ((await target.size(name)) === null) continue;
    const drill = await readSigned(target, name, DrillStatement, [publicKey]).catch(() => null);
    if (drill?.statement.backup === statement.id) found.set(statement.id, drill.statement);
  }
  return found;
}

/** One backup, the newest if none is named. Throws `backup_absent`, `backup_damaged`. */
export async function findBackup(
  target: BackupTarget,
  id: string | null,
  trusted: readonly string[] | null = null,
): Promise<Signed<BackupStatement>> {
  const { backups, damaged } = await findBackups(target);
  const wanted = id ?? backups[0]?.statement.id ?? damaged[0];
  const known = wanted !== undefined && [...backups.map((b) => b.statement.id), ...damaged].includes(wanted);
  if (!known) throw fail('backup_absent', id ?? target.name);
  const found = await readManifest(target, wanted, trusted);
  if (found.statement.id !== wanted)
    throw fail('backup_damaged', `${manifestObject(wanted)} is another backup's.`);
  return found;
}

/** The sealed files that belong to a backup. Throws `backup_damaged`; what it has given by then is not to be used alone. */
export async function* sealedLines(
  target: BackupTarget,
  { sealed }: Pick<BackupStatement, 'sealed'>,
): AsyncGenerator<SealedLine> {
  yield* linesOf(readObject(target, sealed.object, sealed.bytes), SealedLine, sealed.object);
}

/** Ids of backups: those that were removed, and those whose key was destroyed. `refused`: what the place said when it did not allow an object to be deleted; null otherwise. */
export type Removed = { backups: string[]; keys: string[]; refused: string | null };

export const NOTHING_REMOVED: Removed = { backups: [], keys: [], refused: null };

/**
 * Destroys and removes what is no longer kept: the keys of backups, backups that are older than so many days, what is left of
 * unfinished ones, and sealed files that belong to no backup any more. A backup whose statement is damaged stays, and as long as one
 * is there all sealed files do. A place that refuses is asked again after the next backup.
 */
export async function removeOld(
  target: BackupTarget,
  keys: Pick<BackupKeys, 'destroyDue'>,
  { now, keepDays }: { now: number; keepDays: number },
): Promise<Removed> {
  const { backups, damaged, unfinished } = await findBackups(target);
  const found = backups.map(
    ({ statement }): FoundBackup => ({ id: statement.id, madeAt: Date.parse(statement.made_at) }),
  );
  const over = expired(found, now, keepDays);
  const removed: Removed = { ...NOTHING_REMOVED, backups: [] };
  try {
    // First: with its key a backup is dead, in every copy of it, and whether the place lets go of it or not.
    removed.keys = await keys.destroyDue({ newest: backups[0]?.statement.id ?? null, now, keepDays });
    for (const id of over) {
      await target.remove(manifestObject(id)); // from here on it is no backup
      removed.backups.push(id);
    }
    const gone = new Set([...over, ...unfinished]);
    for await (const { name } of target.list(backupsFolder))
      if (gone.has(ID.exec(name)?.[1] ?? '')) await target.remove(name);
    for (const id of gone) await target.remove(drillObject(id));
    if (over.length === 0 || damaged.length > 0) return removed;
    const wanted = createHashIndex();
    for (const { statement } of backups)
      if (!gone.has(statement.id))
        for await (const { sha256, bytes } of sealedLines(target, statement)) wanted.set(sha256, bytes);
    for await (const { name } of target.list(sealedFolder)) {
      const sha256 = sealedHash(name);
      if (!sha256 || wanted.get(sha256) === null) await target.remove(name);
    }
  } catch (e) {
    if (!(e instanceof TapedeckError && e.code === 'backup_locked')) throw e;
    removed.refused = e.detail;
  }
  return removed;
}
