import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { databaseError, diskError, fail, isLocked, TapedeckError } from '../../domain/error.js';
import { migrations } from './migrations.js';

export type Db = Database.Database;

/** Of a new file; what stands in peaks.ts counts on it. */
export const PAGE_BYTES = 4096;

/** How long a verb waits for another process's transaction, in milliseconds. Ours take a few at most. */
const BUSY_MS = 5_000;

const NO_WAL = 'The file system of the data directory does not support write-ahead logs.';

export type Opening = {
  /** A file that may not be written is opened for reading. */
  readonlyOk?: boolean;
  /** Throws `catalogue_missing` where there is no file: only the recorder makes one. */
  mustExist?: boolean;
  /** Called before each migration with how many have been taken, and once after the last. */
  onMigration?: (taken: number) => void;
};

/**
 * Opens the catalogue's file, makes it (mode 0640: the dashboard, another user of the same group, reads it) if there is
 * none and brings it up to date. Throws `catalogue_newer` for a file from a later version, `data_strange` for one that is a
 * link, or has a rollback journal beside it, and `catalogue_locked` where another process holds it.
 */
export async function openDb(path: string, how: Opening = {}): Promise<Db> {
  const db = openFile(path, how);
  try {
    db.pragma('foreign_keys = ON');
    db.pragma(`page_size = ${PAGE_BYTES}`);
    if (!db.readonly) await useWal(db);
    db.pragma('synchronous = FULL');
    db.pragma('secure_delete = ON');
    refuseNewer(db, path);
    if (!db.readonly) migrate(db, path, how.onMigration);
    return db;
  } catch (e) {
    db.close();
    throw isLocked(e) ? diskError(e) : databaseError(e, path);
  }
}

function openFile(path: string, { readonlyOk = false, mustExist = false }: Opening): Db {
  try {
    refuseStrange(path);
    if (!existsSync(path)) {
      if (mustExist) throw fail('catalogue_missing', `${path}.`);
      makeFile(path);
    }
    // SQLite would open a file that it may not write for reading, without a word.
    closeSync(openSync(path, constants.O_RDWR | constants.O_NOFOLLOW));
    return new Database(path, { timeout: BUSY_MS, fileMustExist: true });
  } catch (e) {
    if (!readonlyOk || e instanceof TapedeckError || !existsSync(path)) throw e;
    return new Database(path, { timeout: BUSY_MS, readonly: true, fileMustExist: true });
  }
}

/**
 * SQLite follows a link to the catalogue, and rolls back a journal beside it: one that somebody else has put there may name
 * any file, which SQLite then deletes (the super-journal). There is none of ours: see `makeFile`.
 */
function refuseStrange(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw fail('data_strange', `${path} is not a plain file.`);
  const journal = lstatSync(`${path}-journal`, { throwIfNoEntry: false });
  if (journal && (!journal.isFile() || journal.size > 0))
    throw fail(
      'data_strange',
      `${path}-journal is not Tapedeck's; the recorder puts it aside when it starts.`,
    );
}

/**
 * Makes the file under a name of its own, already with a write-ahead log, and gives it its name when it is durable: so that
 * there never is a rollback journal beside it. SQLite gives -wal and -shm the mode and owner of this file, so here is the one
 * place to get them right. Another process may do the same: the first counts.
 */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  const fresh = `${path}.new-${randomBytes(6).toString('hex')}`;
  const fd = openSync(fresh, 'wx+', 0o640);
  try {
    fchmodSync(fd, 0o640);
    const owner = statSync(dirname(path));
    if (process.getuid?.() === 0) fchownSync(fd, owner.uid, owner.gid);
    const db = new Database(fresh);
    db.pragma(`page_size = ${PAGE_BYTES}`);
    const mode = db.pragma('journal_mode = WAL', { simple: true });
    db.close();
    if (mode !== 'wal') throw new Error(NO_WAL);
    fsyncSync(fd);
    linkSync(fresh, path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
  } finally {
    closeSync(fd);
    unlinkSync(fresh);
  }
  const dir = openSync(dirname(path), 'r');
  fsyncSync(dir);
  closeSync(dir);
}

/** The change to WAL needs the file for itself and does not always wait for it: two processes may start at once. */
async function useWal(db: Db): Promise<void> {
  const until = performance.now() + BUSY_MS;
  for (;;) {
    try {
      if (db.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
      throw new Error(NO_WAL);
    } catch (e) {
      const busy = e instanceof Database.SqliteError && e.code.startsWith('SQLITE_BUSY');
      if (!busy || performance.now() > until) throw e;
    }
    await wait(20);
  }
}

/** How many migrations a database has taken. */
export const version = (db: Db) => db.pragma('user_version', { simple: true }) as number;

function refuseNewer(db: Db, path: string): void {
  const found = version(db);
  if (found > migrations.length)
    throw fail(
      'catalogue_newer',
      `${path} is at version ${found}; this Tapedeck knows ${migrations.length}.`,
    );
}

function migrate(db: Db, path: string, onMigration: (taken: number) => void = () => {}): void {
  const take = () => {
    refuseNewer(db, path);
    const at = version(db);
    const sql = migrations[at];
    if (sql === undefined) return false;
    db.exec(sql);
    db.pragma(`user_version = ${at + 1}`);
    return true;
  };
  const step = db.transaction(take);
  // A new file takes them all or none, and waits for the disk once; one with data takes each by itself, which needs less room.
  // No step is a transaction within: for a savepoint SQLite writes a temporary file elsewhere.
  const whole = db.transaction(() => {
    let taken = false;
    while (take()) taken = true;
    return taken;
  });
  for (let at = version(db); at < migrations.length; at = version(db)) {
    onMigration(at);
    if (!(at === 0 ? whole : step).immediate()) break;
  }
  onMigration(migrations.length);
  // Another process may have taken the last steps: this reloads the schema, which preparing an INSERT alone does not.
  db.prepare('SELECT name FROM sqlite_schema LIMIT 1').get();
}

/**
 * Closes the file, and leaves the log and its shared memory: without these nobody who may only read can open it before the next
 * writer has. The last to close removes them, unless it may only read; so a reader of our own is the last.
 */
export function closeBesideReaders(db: Db): void {
  let reader: Db | null = null;
  if (!db.readonly && !db.memory)
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
      reader = new Database(db.name, { readonly: true, fileMustExist: true });
      reader.pragma('user_version');
    } catch {
      // They are gone then, and who reads waits.
    }
  db.close();
  reader?.close();
}
