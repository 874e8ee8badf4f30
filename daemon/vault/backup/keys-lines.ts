import { existsSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { Type } from 'typebox';
import { canonical } from '../../domain/assurance/canonical.js';
import { databaseError, diskError, fail } from '../../domain/error.js';
import { syncDirNow } from '../../ops/files/sync-dir.js';
import { checkIn, createPrivately, DOCUMENT_KEY, keysSchema, writeSafely } from '../keys.js';
import { nextOf } from '../master-key.js';
import { registerSchema } from '../register.js';
import { unwrapWithAny } from '../wrap.js';

/*
 * keys.db in a backup: one row a line, still wrapped under the master key, which is in no backup. As lines it is read a page at a
 * time, so that nobody who writes keys.db waits for more than a page, and it is on no disk on its way out.
 */
const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });
const Hash = Type.String({ maxLength: 128 });
const Id = Type.String({ minLength: 1, maxLength: 200 });
const closed = { additionalProperties: false };
const MetaLine = Type.Object({ meta: Id, value: Base64 }, closed);
const KeyLine = Type.Object({ key: Id, wrapped: Base64 }, closed);
const SealedEntry = Type.Object(
  {
    sealed: Id,
    ...{ plain_sha256: Hash, sealed_sha256: Hash, manifest_sha256: Type.Union([Hash, Type.Null()]) },
    settled: Type.Integer({ minimum: 0, maximum: 1 }),
    taken_in_at: Type.Union([Type.Integer(), Type.Null()]),
  },
  closed,
);
export const KeysLine = Type.Union([MetaLine, KeyLine, SealedEntry]);
export type KeysLine =
  | { meta: string; value: string }
  | { key: string; wrapped: string }
  | {
      sealed: string;
      plain_sha256: string;
      sealed_sha256: string;
      manifest_sha256: string | null;
      settled: number;
      taken_in_at: number | null;
    };

const PAGE = 500;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * The lines of a keys.db. The first is the check, by which the master key is told. Throws `backup_rotating` while the master key is
 * being changed: some rows would need the one key and some the other. `counted` is told how many keys are not destroyed.
 */
export async function* keysLines(
  path: string,
  masterKeyFile: string,
  counted: (keys: number) => void,
): AsyncGenerator<Uint8Array> {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
  const check = checkIn(db);
  const settled = () => {
    if (existsSync(nextOf(masterKeyFile))) throw fail('backup_rotating');
    return check.get()?.toString('base64') ?? '';
  };
  try {
    const before = settled();
    yield lineOf({ meta: 'check', value: before });
    const meta = db.prepare<[], { meta: string; value: Buffer }>(
      "SELECT name AS meta, value FROM meta WHERE name <> 'check' ORDER BY name",
    );
    for (const row of meta.all()) yield lineOf({ meta: row.meta, value: base64(row.value) });
    const keys = db.prepare<[number, number], { slot: number; key: string; wrapped: Buffer; live: 0 | 1 }>(`
      SELECT slot, recording_id AS key, wrapped, wrapped <> zeroblob(length(wrapped)) AS live FROM key
      WHERE slot > ? ORDER BY slot LIMIT ?`);
    let live = 0;
    for (let after = -1, rows = keys.all(after, PAGE); rows.length > 0; rows = keys.all(after, PAGE)) {
      for (const { key, wrapped, live: one } of rows) {
        if (!key.startsWith(DOCUMENT_KEY)) live += one;
        yield lineOf({ key, wrapped: base64(wrapped) });
      }
      after = rows.at(-1)!.slot;
    }
    const entries = db.prepare<[string, number], Extract<KeysLine, { sealed: string }>>(`
      SELECT recording_id AS sealed, plain_sha256, sealed_sha256, manifest_sha256, settled, taken_in_at FROM sealed
      WHERE recording_id > ? ORDER BY recording_id LIMIT ?`);
    for (let after = '', rows = entries.all(after, PAGE); rows.length > 0; rows = entries.all(after, PAGE)) {
      for (const row of rows) yield lineOf(row);
      after = rows.at(-1)!.sealed;
    }
    if (settled() !== before) throw fail('backup_rotating');
    counted(live);
  } catch (e) {
    throw diskError(databaseError(e, path));
  } finally {
    db.close();
  }
}

const lineOf = (line: KeysLine): Buffer => Buffer.from(`${canonical(line)}\n`);

/** Whether the keys of a backup, of which this is the first line, are wrapped under this master key. */
export const isOfMaster = (first: KeysLine, masterKey: Uint8Array): boolean =>
  'meta' in first &&
  first.meta === 'check' &&
  unwrapWithAny([masterKey], Buffer.from(first.value, 'base64'), '') !== undefined;

/**
 * Makes a keys.db of lines, whole and durable when this resolves. The key of what is `gone` is never written: its row is as that of a
 * destroyed key. Returns how many keys that concerned. Throws `master_key_wrong`.
 */
export async function restoreKeys(
  path: string,
  lines: AsyncIterable<KeysLine>,
  { masterKey, gone }: { masterKey: Uint8Array; gone: (key: string) => boolean },
): Promise<number> {
  const tmp = `${path}.restoring`;
  for (const left of [tmp, `${tmp}-journal`]) rmSync(left, { force: true });
  createPrivately(tmp);
  const db = new Database(tmp, { fileMustExist: true });
  let dropped = 0;
  try {
    writeSafely(db);
    db.exec(keysSchema);
    db.exec(registerSchema);
    const meta = db.prepare('INSERT INTO meta VALUES (?, ?)');
    const key = db.prepare('INSERT INTO key (recording_id, wrapped) VALUES (?, ?)');
    const entry = db.prepare(
      'INSERT INTO sealed VALUES ($sealed, $plain_sha256, $sealed_sha256, $manifest_sha256, $settled, $taken_in_at)',
    );
    const add = (line: KeysLine): void => {
      if ('meta' in line) meta.run(line.meta, Buffer.from(line.value, 'base64'));
      else if ('sealed' in line) entry.run(line);
      else {
        const wrapped = Buffer.from(line.wrapped, 'base64');
        const destroy = gone(line.key) && wrapped.some((byte) => byte !== 0);
        if (destroy) dropped += 1;
        key.run(line.key, destroy ? Buffer.alloc(wrapped.length) : wrapped);
      }
    };
    const all = db.transaction((some: KeysLine[]) => some.forEach(add));
    let some: KeysLine[] = [];
    let first = true;
    for await (const line of lines) {
      if (first && !isOfMaster(line, masterKey)) throw fail('master_key_wrong');
      first = false;
      some.push(line);
      if (some.length < PAGE) continue;
      all(some);
      some = [];
    }
    all(some);
  } catch (e) {
    throw diskError(e);
  } finally {
    db.close();
  }
  await rename(tmp, path);
  syncDirNow(dirname(path));
  return dropped;
}
