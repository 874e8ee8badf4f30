import { openForBackup } from '../../catalogue/sqlite/backup/snapshot.js';
import { createSqliteCatalogue } from '../../catalogue/sqlite/catalogue.js';
import type { NewEntry } from '../../domain/assurance/audit.js';
import { HANDOVER, Handover, RECEIPT, Receipt } from '../../domain/backup/move.js';
import { iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { catalogueFile } from '../../domain/paths.js';
import { markMoved, readMoved, unmarkMoved } from '../../vault/backup/moved.js';
import { putSigned, readSigned, type StatementSigner } from '../../vault/backup/objects.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { openDataFolder } from '../../vault/data-folder.js';
import { findBackup, nullIfDamaged } from './find.js';
import { type BackupOrder, type MadeBackup, makeBackup } from './make.js';

/** How a move stands, as the old machine sees it. */
export type MoveState = {
  receipt: Receipt;
  /** When the backup that the new machine has was made, ISO 8601 in UTC. */
  madeAt: string;
  /** What the old machine has by now that the new one has not. */
  between: { calls: number; recordings: number; entries: number };
  /** Calls in progress, or with captured audio that is not sealed yet: no backup has their sound. */
  unsealed: number;
};

type Old = {
  target: BackupTarget;
  dataDir: string;
  /** The public key of this box. */
  publicKey: string;
};

/** The receipt of the new machine, if it is of this box and about a backup of its own. Throws `move_unproved`. */
export async function lookAtMove({ target, dataDir, publicKey }: Old): Promise<MoveState> {
  await target.ready();
  const found = await readSigned(target, RECEIPT, Receipt, [publicKey]).catch(nullIfDamaged);
  const catalogue = openForBackup(catalogueFile(dataDir));
  try {
    const audit = catalogue.audit();
    if (!found || found.statement.audit.id !== audit.id) throw fail('move_unproved');
    const { statement: receipt } = found;
    const { statement: backup } = await findBackup(target, receipt.backup, [publicKey]);
    if (receipt.sealed !== backup.sealed.count || !backup.sealed.audio)
      throw fail(
        'move_unproved',
        `It has ${receipt.sealed} sealed files, and ${backup.counts.recordings} recordings were to be moved.`,
      );
    const now = catalogue.counts();
    const more = (a: number, b: number) => Math.max(0, a - b);
    return {
      receipt,
      madeAt: backup.made_at,
      between: {
        calls: more(now.calls, backup.counts.calls),
        recordings: more(now.recordings, backup.counts.recordings),
        entries: more(audit.size, backup.audit.size),
      },
      unsealed: catalogue.unsealed(),
    };
  } finally {
    catalogue.close();
  }
}

/**
 * Hands this box over to the machine that has sent the receipt. No recorder may run; from the first step on none starts. It may be
 * interrupted and called again:
 *   mark -> entry in the audit log -> last backup -> handover -> mark says that it is done
 * Throws `already_running`, `move_unproved`, `move_unsealed`.
 */
export async function handOver(
  old: Old & {
    order: BackupOrder;
    signer: StatementSigner;
    by: NewEntry;
    /** Also while there are calls whose sound no backup has. */
    leave: boolean;
  },
  progress: (done: number, total: number) => void,
): Promise<MadeBackup> {
  const { target, dataDir, order, signer } = old;
  const folder = openDataFolder(dataDir);
  try {
    const { receipt, unsealed } = await lookAtMove(old);
    if (unsealed > 0 && !old.leave) throw fail('move_unsealed', `${unsealed} calls.`);
    markMoved(dataDir, { state: 'moving', at: iso(order.at) });
    const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir), mustExist: true });
    await catalogue.start();
    await catalogue.audit
      .append({ ...old.by, detail: { received: receipt.backup, unsealed, target: target.name } })
      .finally(() => catalogue.stop());
    const made = await makeBackup(target, order, signer, progress);
    const { audit } = (await findBackup(target, made.id, [signer.publicKey])).statement;
    const handover: Handover = {
      ...{ type: 'tapedeck handover', format: 1, backup: made.id, at: iso(order.at), audit },
      ...{ withdrawn: false, key: signer.key },
    };
    await putSigned(target, HANDOVER, handover, signer);
    markMoved(dataDir, { state: 'moved', at: iso(order.at) });
    return made;
  } finally {
    folder.release();
  }
}

/** Takes a handover back, as long as the new machine has not taken over. Throws `move_over`, `move_none`. */
export async function takeBack({ target, dataDir, publicKey }: Old, signer: StatementSigner): Promise<void> {
  if (!readMoved(dataDir)) throw fail('move_none');
  const folder = openDataFolder(dataDir);
  try {
    await target.ready();
    const handover = await readSigned(target, HANDOVER, Handover, [publicKey]).catch(nullIfDamaged);
    if (handover) await putSigned(target, HANDOVER, { ...handover.statement, withdrawn: true }, signer);
    // After that: a machine that has read the handover before has left its receipt by now, or will be refused.
    const receipt = await readSigned(target, RECEIPT, Receipt, [publicKey]).catch(nullIfDamaged);
    if (receipt?.statement.taken_over) {
      if (handover) await putSigned(target, HANDOVER, handover.statement, signer);
      throw fail('move_over', `It took over on ${receipt.statement.at}.`);
    }
    await unmarkMoved(dataDir);
  } finally {
    folder.release();
  }
}
