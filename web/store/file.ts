import { accessSync, constants, existsSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { databaseError, diskError, fail, TapedeckError } from '../../daemon/domain/error.js';
import type { Log } from '../../daemon/ops/log.js';
import { migrations } from './migrations.js';

export type Db = Database.Database;

/** An entry that an unusable file still had to tell, as it was kept. */
type Untold = { entry: string };

/** SQLite says so when the database is full; the kernel stops each file of the dashboard's unit at LimitFSIZE=, above this. */
const MOST_BYTES = 24 * 1024 ** 2;
const PAGE_BYTES = 4096;
/** Of what an unusable file still had to tell, in characters: that much fits into a new one. */
const MOST_RESCUED = MOST_BYTES / 4;
const ENDINGS = ['', '-wal', '-shm'] as const;

/**
 * Opens the dashboard's database, makes it (mode 0600) if there is none and brings it up to date. In a folder where the
 * dashboard cannot make files, as its unit has it, the three files of ENDINGS have to be there, and may be empty. A file that is
 * damaged, too large, or from a later version is emptied and begun anew: everybody signs in anew. What it still had to tell
 * the recorder is taken along as far as it can be read. Throws `disk_full` and its like, and `catalogue_missing` where there is no
 * data directory yet; an error of the system where rights or files are missing.
 */
export function openFile(path: string, { log }: { log: Pick<Log, 'error'> }): Db {
  const folder = dirname(path);
  // The data directory is the recorder's to make.
  if (!existsSync(dirname(folder))) throw fail('catalogue_missing', `${dirname(folder)} does not exist.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // SQLite says of a file that it may not write or make only that it cannot open it, as of a disk that fails.
  for (const ending of ENDINGS) check(`${path}${ending}`);
  const mask = process.umask(0o177);
  try {
    const db = opened(path);
    if (db) return db;
    const { entries, lost } = untoldIn(path);
    empty(path);
    const fresh = opened(path)!;
    const add = fresh.prepare('INSERT INTO telling (entry) VALUES (?)');
    fresh
      .transaction(() => {
        for (const { entry } of entries) add.run(entry);
        fresh.prepare('UPDATE source SET lost = ?').run(lost);
      })
      .immediate();
    log.error(
      { entries: entries.length, lost },
      'The database of the dashboard cannot be used and was begun anew; everyone has to sign in again',
    );
    return fresh;
  } catch (e) {
    throw diskError(e);
  } finally {
    process.umask(mask);
  }
}

/** Throws the system's error for a file that cannot be written, or not be made. */
function check(path: string): void {
  const { R_OK, W_OK, X_OK } = constants;
  try {
    accessSync(dirname(path), W_OK | X_OK);
    if (existsSync(path)) accessSync(path, R_OK | W_OK);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EROFS') throw e;
    accessSync(path, R_OK | W_OK);
  }
}

/** The log first: without its file it would be taken for the log of the next. SQLite itself begins the shared memory anew. */
function empty(path: string): void {
  for (const ending of ['-wal', '']) if (existsSync(`${path}${ending}`)) truncateSync(`${path}${ending}`);
}

/** Null for a file that is damaged or from a later version. */
function opened(path: string): Db | null {
  let db: Db | null = null;
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MOST_BYTES) return null;
    if (size === 0) empty(path);
    db = new Database(path);
    // A new one becomes a WAL by way of a journal, for which there may be no place but memory.
    if (size === 0) db.pragma('journal_mode = MEMORY');
    db.pragma('journal_mode = WAL');
    db.pragma('temp_store = MEMORY');
    db.pragma(`max_page_count = ${MOST_BYTES / PAGE_BYTES}`);
    db.pragma('synchronous = NORMAL');
    // What somebody searched for does not stay in the file once it was told.
    db.pragma('secure_delete = ON');
    const sound = db.pragma('quick_check(1)', { simple: true }) === 'ok';
    if (sound && version(db) <= migrations.length) {
      migrate(db);
      return db;
    }
  } catch (e) {
    const error = databaseError(e, path);
    if (!(error instanceof TapedeckError)) {
      db?.close();
      throw error;
    }
  }
  db?.close();
  return null;
}

const version = (db: Db) => db.pragma('user_version', { simple: true }) as number;

function migrate(db: Db): void {
  for (let at = version(db); at < migrations.length; at += 1)
    db.transaction(() => {
      db.exec(migrations[at]!);
      db.pragma(`user_version = ${at + 1}`);
    }).immediate();
}

/** Row by row, up to the first that cannot be read. `lost`: so many more found no room. */
function untoldIn(path: string): { entries: Untold[]; lost: number } {
  const entries: Untold[] = [];
  let [chars, lost] = [0, 0];
  try {
    const db = new Database(path, { fileMustExist: true });
    try {
      for (const row of db.prepare('SELECT entry FROM telling ORDER BY seq').iterate() as Iterable<Untold>) {
        if (!isEntry(row.entry)) continue;
        chars += row.entry.length;
        if (chars > MOST_RESCUED) lost += 1;
        else entries.push(row);
      }
    } finally {
      db.close();
    }
  } catch {}
  return { entries, lost };
}

function isEntry(text: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
