import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { copyCatalogue, openForBackup } from '../../catalogue/sqlite/backup/snapshot.js';
import {
  type BackupFile,
  type BackupStatement,
  CATALOGUE,
  CONFIGURATION,
  fileObject,
  isBackupName,
  KEYS,
  lineOf,
  manifestObject,
  type SealedLine,
  sealedListObject,
} from '../../domain/backup/backup.js';
import { iso } from '../../domain/days.js';
import { diskError, fail } from '../../domain/error.js';
import { backupCopyFile, catalogueFile, keysFile, promptsFolder, signingFolder } from '../../domain/paths.js';
import { removeDatabase } from '../../ops/files/database.js';
import { createBackupKeys } from '../../vault/backup/backup-keys.js';
import { keysLines } from '../../vault/backup/keys-lines.js';
import { putEncrypted, putSigned, type StatementSigner } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { lookForKeys } from '../../vault/keys.js';
import { copySealed, namesIn, opened, pieces, whatIsThere } from './copy-sealed.js';
import { findBackups, NOTHING_REMOVED, removeOld } from './find.js';
import { refuseFull } from './room.js';
import { putStandingList } from './write-list.js';

/** What a backup is made of. Times are ms since 1970; `sureAt` is never ahead of the real time. */
export type BackupOrder = {
  id: string;
  at: number;
  sureAt: number;
  dataDir: string;
  /** Where the archive is; empty where there is none. */
  archive: string;
  configFile: string;
  masterKeyFile: string;
  recipient: string;
  /** Where the keys of backups are kept apart; empty where they lie beside them. */
  keyPath: string;
  audio: boolean;
  keepDays: number;
  /** Room that has to stay free beside the copy of the catalogue. */
  reserveBytes: number;
  site: { name: string; time_zone: string };
  version: string;
};

export type MadeBackup = {
  id: string;
  /** Sealed files: all that belong to it, those that had to be copied, and those that are not as they were sealed, or gone. */
  sealed: number;
  copied: number;
  copiedBytes: number;
  missing: number;
  removed: number;
  /** Backups whose key was destroyed. */
  destroyed: string[];
  /** What the place said when it did not allow old backups to be removed; null otherwise. */
  refused: string | null;
  /** The name of the place. */
  target: string;
};

/**
 * Makes a backup. The order matters, because everything goes on meanwhile:
 *   key of this backup -> checkpoints of the audit log -> catalogue (one moment) -> keys -> sealed files -> list of erasures and holds -> statement
 * A checkpoint must not be of a longer log than the catalogue has, or the log would seem cut. Each recording in the catalogue got its
 * key and its file before its row, so that later copies of those have them, unless it was erased by then, which the list says. The
 * statement is last: what was interrupted before is no backup, and those that are there are not touched. `proven` is asked before older
 * ones are removed, and given the key of the backup, which is forgotten when this ends.
 */
export async function makeBackup(
  target: BackupTarget,
  order: BackupOrder,
  signer: StatementSigner,
  progress: (done: number, total: number) => void = () => {},
  proven: (made: { statement: BackupStatement; backupKey: string }) => Promise<boolean> = async () => true,
): Promise<MadeBackup> {
  await target.ready();
  const keyring = createBackupKeys(target, order.keyPath);
  await keyring.ready();
  const copy = backupCopyFile(order.dataDir);
  removeDatabase(copy);
  refuseFull(order, [catalogueFile(order.dataDir)]);
  const { identity: backupKey, kept: key } = await keyring.make(order.id, order.recipient);
  const files: BackupFile[] = [];
  const put = async (name: string, source: AsyncIterable<Uint8Array>): Promise<void> => {
    if (!isBackupName(name)) throw fail('internal', `"${name}" is no name of a file in a backup.`);
    const object = fileObject(order.id, files.length);
    files.push({ name, ...(await putEncrypted(target, object, source, key.recipient)) });
  };
  const putFile = async (name: string, path: string): Promise<void> => put(name, pieces(await opened(path)));

  for (const name of namesIn(signingFolder(order.dataDir), /^(?:key|checkpoints|[0-9a-f]{16}\.pem)$/))
    await putFile(`signing/${name}`, join(signingFolder(order.dataDir), name));
  await putFile(CONFIGURATION, order.configFile);
  copyCatalogue(catalogueFile(order.dataDir), copy);
  let made: Pick<MadeBackup, 'sealed' | 'copied' | 'copiedBytes' | 'missing'>;
  let statement: BackupStatement;
  const [snapshot, live] = [openForBackup(copy), openForBackup(catalogueFile(order.dataDir))];
  try {
    snapshot.check();
    await refuseOthers(target, snapshot.audit().id);
    await putFile(CATALOGUE, copy);
    let keys = 0;
    await put(
      KEYS,
      keysLines(keysFile(order.dataDir), order.masterKeyFile, (live) => {
        keys = live;
      }),
    );
    for (const name of namesIn(promptsFolder(order.dataDir), /^[0-9a-f]{64}\.[a-z0-9]{1,10}$/))
      await putFile(`prompts/${name}`, join(promptsFolder(order.dataDir), name));

    const counts = snapshot.counts();
    const tally = { sealed: 0, copied: 0, copiedBytes: 0, missing: 0, erased: 0, totalBytes: 0 };
    const list = sealedListObject(order.id);
    const hash = createHash('sha256');
    const bytes = await target.put(
      list,
      listed(
        copySealed({
          ...{ target, order, snapshot, live, tally, progress, total: counts.recordings },
          there: await whatIsThere(target),
        }),
        hash,
      ),
    );
    const source = { catalogue: live, keys: lookForKeys(keysFile(order.dataDir)) };
    await putStandingList(target, source, { at: order.at, recipient: order.recipient, signer }).finally(
      source.keys.close,
    );
    statement = {
      ...{ type: 'tapedeck backup', format: 1, id: order.id, made_at: iso(order.at) },
      site: order.site,
      tool: { name: 'Tapedeck', version: order.version },
      recipient: order.recipient,
      backup_key: key,
      audit: snapshot.audit(),
      counts: { ...counts, keys },
      files,
      sealed: {
        ...{ object: list, bytes, sha256: hash.digest('hex'), audio: order.audio },
        ...{
          count: tally.sealed,
          total_bytes: tally.totalBytes,
          missing: tally.missing,
          erased: tally.erased,
        },
      },
      key: signer.key,
    };
    await putSigned(target, manifestObject(order.id), statement, signer);
    made = tally;
  } catch (e) {
    throw diskError(e);
  } finally {
    snapshot.close();
    live.close();
    removeDatabase(copy);
  }
  const whole = await proven({ statement, backupKey });
  const times = { now: order.sureAt, keepDays: order.keepDays };
  const removed = whole ? await removeOld(target, keyring, times) : NOTHING_REMOVED;
  const { sealed, copied, copiedBytes, missing } = made;
  return {
    ...{ id: order.id, sealed, copied, copiedBytes, missing },
    ...{ removed: removed.backups.length, destroyed: removed.keys, refused: removed.refused },
    target: target.name,
  };
}

/** Two boxes at one place would remove one another's backups. */
async function refuseOthers(target: BackupTarget, log: string): Promise<void> {
  const { backups } = await findBackups(target);
  const other = backups.find(({ statement }) => statement.audit.id !== log);
  if (other)
    throw fail(
      'backup_target',
      `${target.name} has backups of another Tapedeck (${other.statement.site.name}).`,
    );
}

async function* listed(
  lines: AsyncIterable<SealedLine>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const line of lines) {
    const bytes = Buffer.from(lineOf(line));
    hash.update(bytes);
    yield bytes;
  }
}
