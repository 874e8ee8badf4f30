import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { type BackupKey, keyObject, keysDue, keysFolder } from '../../domain/backup/backup.js';
import { fail } from '../../domain/error.js';
import { wipeNow } from '../place.js';
import { createFolderTarget } from './folder.js';
import { putEncrypted, readEncrypted, verifyObject } from './objects.js';
import type { BackupTarget } from './target.js';

const ID = /^keys\/([0-9A-HJKMNP-TV-Z]{26})\.age$/;

export type BackupKeys = {
  /** Throws `backup_target` unless the place can be used now. */
  ready(): Promise<void>;
  /** Makes the key of a backup, and keeps it encrypted to the recipient, durable when this resolves. */
  make(id: string, recipient: string): Promise<{ identity: string; kept: BackupKey }>;
  /** The identity that opens a backup, by that of the recipient. Throws `backup_key_gone`. */
  open(kept: BackupKey, identity: string): Promise<string>;
  /** Throws `backup_key_gone`, or `backup_damaged` unless it is as it was signed. */
  verify(kept: BackupKey): Promise<void>;
  /** Destroys the keys of backups that are no longer kept, durable when this resolves. Returns the ids of the backups. */
  destroyDue(given: Parameters<typeof keysDue>[1]): Promise<string[]>;
};

/**
 * The keys of backups: one age identity each, encrypted to the offline recipient. `folder` is where they are kept apart; where it
 * is empty, they lie beside the backups.
 */
export function createBackupKeys(target: BackupTarget, folder: string): BackupKeys {
  const apart = folder === '' ? null : createFolderTarget(folder);
  const placeOf = (kept: BackupKey): BackupTarget => {
    if (!kept.apart) return target;
    if (!apart)
      throw fail('backup_key_gone', 'It is kept apart from the backups, in a folder that is not named.');
    return apart;
  };
  const found = async (kept: BackupKey): Promise<BackupTarget> => {
    const place = placeOf(kept);
    await place.ready();
    if ((await place.size(kept.object)) === null)
      throw fail('backup_key_gone', `${kept.object} is not in ${place.name}.`);
    return place;
  };

  async function destroy(place: BackupTarget, object: string): Promise<void> {
    if (place === apart) wipe(join(folder, object));
    await place.remove(object);
    if ((await place.size(object)) !== null)
      throw fail('internal', `${object} is still in ${place.name} after it was destroyed.`);
  }

  async function destroyDueAt(place: BackupTarget, given: Parameters<typeof keysDue>[1]): Promise<string[]> {
    await place.ready();
    const ids: string[] = [];
    for await (const { name } of place.list(keysFolder)) ids.push(ID.exec(name)?.[1] ?? '');
    const due = keysDue(ids.filter(Boolean), given);
    for (const id of due) await destroy(place, keyObject(id));
    return due;
  }

  return {
    ready: async () => apart?.ready(),
    async make(id, recipient) {
      const identity = await generateX25519Identity();
      const text = (async function* () {
        yield Buffer.from(`${identity}\n`);
      })();
      const kept = await putEncrypted(apart ?? target, keyObject(id), text, recipient);
      return {
        identity,
        kept: { ...kept, recipient: await identityToRecipient(identity), apart: apart !== null },
      };
    },
    async open(kept, identity) {
      const pieces: Uint8Array[] = [];
      for await (const piece of readEncrypted(await found(kept), kept, identity)) pieces.push(piece);
      const opened = Buffer.concat(pieces).toString('latin1').trim();
      if ((await identityToRecipient(opened).catch(() => '')) !== kept.recipient)
        throw fail('backup_damaged', `${kept.object} holds another key.`);
      return opened;
    },
    verify: async (kept) => verifyObject(await found(kept), kept),
    async destroyDue(given) {
      if (!apart) return destroyDueAt(target, given);
      const gone = await destroyDueAt(apart, given);
      // Those that were made before keys were kept apart; the place may be away, and is asked again.
      const others = await destroyDueAt(target, given).catch(() => []);
      return [...gone, ...others];
    },
  };
}

/** Overwrites a file in its place. No link is followed. */
function wipe(path: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    wipeNow(fd);
  } finally {
    closeSync(fd);
  }
}
