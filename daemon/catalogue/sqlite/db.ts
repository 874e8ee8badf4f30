import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { fail } from '../../domain/error.js';
import { migrations } from './migrations.js';

export type Db = Database.Database;

/** Of a new file; what stands in peaks.ts counts on it. */
export const PAGE_BYTES = 4096;

/** How long a verb waits for another process's transaction, in milliseconds. Ours take a few at most. */
const BUSY_MS = 5_000;

/**
 * Opens the catalogue's file, makes it (mode 0660: the dashboard, another user of the same group, writes to it) if there is
 * none and brings it up to date. With `readonlyOk`, a file that may not be written is opened for reading. Throws
 * `catalogue_newer` for a file from a later version.
 */
export async function openDb(path: string, readonlyOk = false): Promise<Db> {
  const db = openFile(path, readonlyOk);
  try {
    db.pragma('foreign_keys = ON');
    db.pragma(`page_size = ${PAGE_BYTES}`);
    if (!db.readonly) await useWal(db);
    db.pragma('synchronous = FULL');
    db.pragma('secure_delete = ON');
    refuseNewer(db, path);
    if (!db.readonly) migrate(db, path);
    return db;
  } catch (e) {
    db.close();
    throw e;
  }
}

function openFile(path: string, readonlyOk: boolean): Db {
  try {
    makeFile(path);
    // SQLite would open a file that it may not write for reading, without a word.
    closeSync(openSync(path, 'r+'));
    return new Database(path, { timeout: BUSY_MS });
  } catch (e) {
    if (!readonlyOk || !existsSync(path)) throw e;
    return new Database(path, { timeout: BUSY_MS, readonly: true, fileMustExist: true });
  }
}

/** SQLite gives -wal and -shm the mode and owner of this file, so here is the one place to get them right. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  if (existsSync(path)) return;
  closeSync(openSync(path, 'a', 0o660));
  chmodSync(path, 0o660);
  const owner = statSync(dirname(path));
  if (process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
}

/** The change to WAL needs the file for itself and does not always wait for it: two processes may start at once. */
async function useWal(db: Db): Promise<void> {
  const until = performance.now() + BUSY_MS;
  for (;;) {
    try {
      if (db.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
      throw new Error('The file system of the data directory does not support write-ahead logs.');
    } catch (e) {
      const busy = e instanceof Database.SqliteError && e.code.startsWith('SQLITE_BUSY');
      if (!busy || performance.now() > until) throw e;
    }
    await wait(20);
  }
}

const version = (db: Db) => db.pragma('user_version', { simple: true }) as number;

function refuseNewer(db: Db, path: string): void {
  const found = version(db);
  if (found > migrations.length)
    throw fail(
      'catalogue_newer',
      `${path} is at version ${found}; this Tapedeck knows ${migrations.length}.`,
    );
}

function migrate(db: Db, path: string): void {
  const step = db.transaction(() => {
    refuseNewer(db, path);
    const at = version(db);
    const sql = migrations[at];
    if (sql === undefined) return false;
    db.exec(sql);
    db.pragma(`user_version = ${at + 1}`);
    return true;
  });
  while (version(db) < migrations.length && step.immediate());
}
