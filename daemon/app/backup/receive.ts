import type { NewEntry } from '../../domain/assurance/audit.js';
import type { BackupStatement } from '../../domain/backup/backup.js';
import { createHashIndex, type HashIndex } from '../../domain/backup/hash-index.js';
import { HANDOVER, Handover, RECEIPT, type Receipt } from '../../domain/backup/move.js';
import { iso } from '../../domain/days.js';
import { fail, TapedeckError } from '../../domain/error.js';
import { putSigned, readSigned, type Signed } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { fingerprint, loadSigningKey } from '../../vault/signing-key.js';
import { findBackup, nullIfDamaged, sealedLines } from './find.js';
import { type Restored, type Restoring, readRestoring, restoreBackup } from './restore.js';

/** The backup that a new machine has to receive: the last one once the old machine has handed over, the newest until then. */
export async function findMoved(
  target: BackupTarget,
  trusted: readonly string[] | null,
): Promise<{ backup: Signed<BackupStatement>; last: boolean }> {
  const newest = await findBackup(target, null, trusted);
  const handover = await readHandover(target, newest);
  if (!handover) return { backup: newest, last: false };
  return { backup: await findBackup(target, handover.backup, [newest.publicKey]), last: true };
}

/** Null unless the box of this backup has been handed over, and that was not withdrawn. */
async function readHandover(
  target: BackupTarget,
  { statement, publicKey }: Signed<BackupStatement>,
): Promise<Handover | null> {
  const found = await readSigned(target, HANDOVER, Handover, [publicKey]).catch(nullIfDamaged);
  const own = found && found.statement.audit.id === statement.audit.id && !found.statement.withdrawn;
  return own ? found.statement : null;
}

/**
 * Receives a box that is being moved here, and leaves a signed receipt for the old machine. May be interrupted and called again, and is
 * called again with the last backup: then a recorder may start here. The receipt comes before the last look at the handover, as the
 * old machine withdraws before its last look at the receipt: of the two at most one goes on. Throws as `restoreBackup`, and
 * `move_withdrawn`.
 */
export async function receiveMove(
  given: Omit<Restoring, 'moving'> & { last: boolean },
  {
    by,
    clock,
    progress,
  }: { by: NewEntry; clock: () => number; progress: (done: number, total: number) => void },
): Promise<Restored> {
  const { target, backup, dataDir, masterKey, last } = given;
  const { statement } = backup;

  async function putReceipt(takenOver: boolean): Promise<void> {
    const key = loadSigningKey(dataDir, [masterKey]);
    const signer = {
      key: { id: key.keyId, sha256: fingerprint(key.publicKeyPem) },
      publicKey: key.publicKeyPem,
      sign: (text: string) => key.sign(Buffer.from(text)).toString('base64'),
    };
    const receipt: Receipt = {
      ...{ type: 'tapedeck receipt', format: 1, backup: statement.id, at: iso(clock()) },
      ...{ audit: statement.audit, sealed: statement.sealed.count, taken_over: takenOver, key: signer.key },
    };
    await putSigned(target, RECEIPT, receipt, signer);
  }
  async function proven(): Promise<void> {
    await putReceipt(true);
    if ((await readHandover(target, backup))?.backup === statement.id) return;
    await putReceipt(false);
    throw fail('move_withdrawn');
  }

  const received = await receivedBefore(target, dataDir, backup);
  const restored = await restoreBackup(
    { ...given, moving: { last, received, proven } },
    { by, clock, progress },
  );
  if (!last) await putReceipt(false);
  return restored;
}

/** The sealed files of the backup that an earlier go has received whole; null where there was none. */
async function receivedBefore(
  target: BackupTarget,
  dataDir: string,
  { publicKey }: Signed<BackupStatement>,
): Promise<HashIndex | null> {
  const id = readRestoring(dataDir)?.received;
  if (!id) return null;
  const before = await findBackup(target, id, [publicKey]).catch((e) => {
    if (e instanceof TapedeckError && e.code === 'backup_absent') return null;
    return nullIfDamaged(e);
  });
  if (!before) return null;
  const index = createHashIndex();
  for await (const { sha256, bytes } of sealedLines(target, before.statement)) index.set(sha256, bytes);
  return index;
}
