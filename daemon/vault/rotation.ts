import { accessSync, closeSync, constants, existsSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { diskError, fail } from '../domain/error.js';
import { keysFile } from '../domain/paths.js';
import { syncDirNow } from '../ops/files/sync-dir.js';
import { checkIn, checkOf, destroyed, mustOpen, writeSafely } from './keys.js';
import { type MasterKeys, masterKeyText, newMasterKey, nextOf } from './master-key.js';
import { lockedText } from './passphrase.js';
import { placeNow, wipeNow } from './place.js';
import { rewrapSigningKey } from './signing-key.js';
import { type Binding, seal } from './systemd-creds.js';
import { unwrap, unwrapWithAny, wrap } from './wrap.js';

/*
 * A new master key takes the place of the old one, and no audio is touched. In this order, and from wherever it was
 * interrupted:
 *   the new key is durable beside the old one (<file>.next)
 *   -> every row of keys.db is wrapped anew, in its place, a few at a time
 *   -> every row is seen to open with the new key
 *   -> the rows that came meanwhile, and the check that says which key is in use, in one transaction
 *   -> the signing key is wrapped anew, and the secrets of authenticator apps in the catalogue
 *   -> keys.db is seen to be under the new key
 *   -> the old key is overwritten, and the new one takes its name.
 * Until the check has changed, new rows are wrapped under the old key; until the last step both keys are there, and
 * whoever has keys.db open tries both.
 */

export type Rewrapped = { rows: number; destroyed: number; damaged: string[] };

type Row = { slot: number; recording_id: string; wrapped: Buffer; destroyed: 0 | 1 };

/** Rows in one transaction: the recorder may want to write too, and waits meanwhile. */
const BATCH = 200;
const PAUSE_MS = 5;

/**
 * Wraps every key in keys.db under another master key. May be interrupted, and called again; says how many rows it found.
 * Throws master_key_wrong when neither key is the one in use, `internal` when a row does not come out right: then nothing
 * is lost, and both keys are needed.
 */
export async function rewrapKeys(
  path: string,
  from: Uint8Array,
  to: Uint8Array,
  { going = () => true, batch = BATCH }: { going?: () => boolean; batch?: number } = {},
): Promise<Rewrapped> {
  const db = new Database(path, { fileMustExist: true, timeout: 5000 });
  try {
    writeSafely(db);
    const check = checkIn(db);
    const setCheck = db.prepare("UPDATE meta SET value = ? WHERE name = 'check'");
    const after = db.prepare<[number, number], Row>(
      `SELECT slot, recording_id, wrapped, ${destroyed} AS destroyed FROM key WHERE slot > ? ORDER BY slot LIMIT ?`,
    );
    // The same length: the row stays where it is, and nothing of the old wrapping is left elsewhere in the file.
    const update = db.prepare(
      'UPDATE key SET wrapped = $wrapped WHERE slot = $slot AND length(wrapped) = $length',
    );
    const result: Rewrapped = { rows: 0, destroyed: 0, damaged: [] };

    const inUse = unwrapWithAny([to, from], check.get() ?? Buffer.alloc(0), '')?.key;
    if (!inUse) throw fail('master_key_wrong');
    if (inUse === to) return result;

    function rewrap({ slot, recording_id, wrapped, destroyed }: Row): void {
      result.rows += 1;
      if (destroyed) {
        result.destroyed += 1;
        return;
      }
      const found = unwrapWithAny([to, from], wrapped, recording_id);
      if (!found) result.damaged.push(recording_id);
      else if (found.key === from) {
        const anew = wrap(to, found.plain, recording_id);
        const { changes } = update.run({ wrapped: anew, slot, length: anew.length });
        if (changes !== 1) throw fail('internal', `The key of ${recording_id} has another length.`);
      }
    }

    let last = -1;
    const some = db.transaction((many: number): number => {
      const rows = after.all(last, many);
      for (const row of rows) rewrap(row);
      last = rows.at(-1)?.slot ?? last;
      return rows.length;
    });
    while (some.immediate(batch) > 0) {
      if (!going()) return result;
      await wait(PAUSE_MS);
    }

    await seenToOpen(path, to, last, new Set(result.damaged));
    db.transaction(() => {
      while (some(batch) > 0);
      if (setCheck.run(checkOf(to)).changes !== 1) throw fail('internal', 'keys.db has no check.');
    }).immediate();
    return result;
  } catch (error) {
    throw diskError(error);
  } finally {
    db.close();
  }
}

/** Reads again what is in the file, up to this slot. */
async function seenToOpen(path: string, to: Uint8Array, until: number, damaged: Set<string>): Promise<void> {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  try {
    const some = db.prepare<[number, number], Row>(
      `SELECT slot, recording_id, wrapped FROM key WHERE slot > ? AND slot <= ? AND NOT ${destroyed} ORDER BY slot LIMIT 1000`,
    );
    for (let last = -1; ; ) {
      const rows = some.all(last, until);
      for (const { recording_id, wrapped } of rows) {
        if (damaged.has(recording_id)) continue;
        try {
          unwrap(to, wrapped, recording_id);
        } catch (error) {
          throw fail('internal', `The key of ${recording_id} was not wrapped anew as it should be.`, error);
        }
      }
      if (rows.length === 0) return;
      last = rows.at(-1)!.slot;
      await wait(0);
    }
  } finally {
    db.close();
  }
}

/** Makes the key that comes next, kept as the present one is, durable when this returns. Gives the one that is there. */
export function prepareNext(master: MasterKeys, binding: Binding): Uint8Array {
  if (master.next) return master.next;
  const key = newMasterKey();
  placeNow(nextOf(master.file), textOf(master, key, binding), { mode: 0o640, like: master.file });
  return key;
}

function textOf({ source, unlocked }: MasterKeys, key: Uint8Array, binding: Binding): string {
  if (source === 'passphrase') return lockedText(unlocked!, key);
  if (source === 'sealed') return seal(masterKeyText(key), binding);
  return masterKeyText(key);
}

/** What else is kept under the master key, elsewhere: wraps it anew; may be called again. */
type Also = { also?: (from: Uint8Array, to: Uint8Array) => Promise<void> };

/**
 * Wraps everything under the next key, once that is there: all that is done in the data directory. May be repeated. With it,
 * only the old key is left to be removed.
 */
export async function rewrapAll(
  dataDir: string,
  { current, next }: MasterKeys,
  options: Parameters<typeof rewrapKeys>[3] & Also = {},
): Promise<Rewrapped> {
  const path = keysFile(dataDir);
  const kept = existsSync(path);
  const nothing = { rows: 0, destroyed: 0, damaged: [] };
  if (!next) {
    if (kept) mustOpen(path, current);
    return nothing;
  }
  const done = kept ? await rewrapKeys(path, current, next, options) : nothing;
  if (options.going?.() === false) return done;
  rewrapSigningKey(dataDir, current, next);
  await options.also?.(current, next);
  if (kept) mustOpen(path, next);
  return done;
}

/**
 * Removes the old key, once everything is seen to be under the next one. Gives false when whoever runs this may not write
 * where the master key is: root has to end it then.
 */
export function retireOld(master: MasterKeys): boolean {
  if (!mayReplace(master.file)) return false;
  return master.next ? retire(master, master.next) : master.spent && rename(master.file);
}

/** What remains to be done once the next key is there, by a process that may do all of it. */
export async function finishRotation(
  dataDir: string,
  master: MasterKeys,
  options: Parameters<typeof rewrapAll>[2] = {},
): Promise<Rewrapped & { retired: boolean }> {
  const done = await rewrapAll(dataDir, master, options);
  return { ...done, retired: options.going?.() !== false && retireOld(master) };
}

function mayReplace(file: string): boolean {
  try {
    accessSync(dirname(file), constants.W_OK);
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Overwrites the old key and gives the new one its name. Somebody else may be doing the same. */
function retire({ file, reread }: MasterKeys, next: Uint8Array): boolean {
  const fd = openSync(file, 'r+');
  try {
    // What is overwritten is the file that was opened, whatever has that name by now.
    if (!existsSync(nextOf(file))) return true; // somebody has done it
    if (!Buffer.from(reread().at(-1) ?? []).equals(next))
      throw fail('internal', `${nextOf(file)} is not the key that was put to use.`);
    wipeNow(fd);
  } finally {
    closeSync(fd);
  }
  return rename(file);
}

function rename(file: string): boolean {
  try {
    renameSync(nextOf(file), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  syncDirNow(dirname(file));
  return true;
}
