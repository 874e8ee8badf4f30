import {
  type BackupStatement,
  ListStatement,
  NEWEST_LIST,
  sealedObject,
} from '../../domain/backup/backup.js';
import { TapedeckError } from '../../domain/error.js';
import type { BackupKeys } from '../../vault/backup/backup-keys.js';
import { faultIn, readSigned, type Signed, verifyObject } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { sealedLines } from './find.js';

export type Checked = {
  /** Objects that were read, and their bytes. */
  objects: number;
  bytes: number;
  /** What is wrong, each with the name of its object. */
  faults: string[];
  /** Until when the newest list of erasures and holds is complete, ms since 1970; null where none can be used. */
  listAt: number | null;
};

/** So many faults are named. */
const MOST_FAULTS = 1_000;

/**
 * Reads every object of a backup and compares its hash with the signed statement. Needs no identity: what is encrypted is compared as
 * it is. `list`: also the list of erasures and holds beside it; `keys`: also the key that it needs. Errors of the disk are thrown.
 */
export async function checkBackup(
  target: BackupTarget,
  { statement }: { statement: BackupStatement },
  progress: (done: number, total: number) => Promise<void> | void = () => {},
  { list: withList = true, keys = null }: { list?: boolean; keys?: Pick<BackupKeys, 'verify'> | null } = {},
): Promise<Checked> {
  const found: Checked = { objects: 0, bytes: 0, faults: [], listAt: null };
  const total = statement.files.length + statement.sealed.count + 2;
  async function look(object: { object: string; bytes: number; sha256: string }): Promise<void> {
    await verifyObject(target, object).catch((e) => {
      if (found.faults.length < MOST_FAULTS) found.faults.push(faultIn(e));
    });
    found.objects += 1;
    found.bytes += object.bytes;
    await progress(found.objects, total);
  }
  await keys?.verify(statement.backup_key).catch((e) => {
    if (e instanceof TapedeckError && e.code === 'backup_target') throw e; // it says nothing of the key
    found.faults.push(faultIn(e));
  });
  for (const file of statement.files) await look(file);
  const list = found.faults.length;
  await look(statement.sealed);
  if (found.faults.length === list) {
    let lines = 0;
    for await (const line of sealedLines(target, statement)) {
      await look({ ...line, object: sealedObject(line.sha256) });
      lines += 1;
    }
    if (lines !== statement.sealed.count) found.faults.push(`${statement.sealed.object} is not complete.`);
  }
  if (!withList) return found;
  const standing = await readList(target, statement).catch((e) => {
    found.faults.push(faultIn(e));
    return null;
  });
  if (standing) {
    await look(standing.statement);
    found.listAt = Date.parse(standing.statement.at);
  }
  return found;
}

/** The newest list at a place, as far as it is of the same log. Throws `backup_damaged`. */
export async function readList(
  target: BackupTarget,
  { audit }: Pick<BackupStatement, 'audit'>,
): Promise<Signed<ListStatement> | null> {
  const list = await readSigned(target, NEWEST_LIST, ListStatement);
  return list.statement.audit.id === audit.id ? list : null;
}
