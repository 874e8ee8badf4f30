import { accessSync, constants, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { databaseError, diskError, fail, TapedeckError } from '../../daemon/domain/error.js';
import type { Log } from '../../daemon/ops/log.js';
import { migrations } from './migrations.js';

export type Db = Database.Database;

/** An entry that an unusable file still had to tell, as it was kept. */
type Untold = { entry: string };

/**
 * Opens the dashboard's database, makes it (mode 0600) if there is none and brings it up to date. A file that is damaged, or
 * from a later version, is put aside under a name of its own and a new one takes its place: everybody signs in anew. What it
 * still had to tell the recorder is taken along as far as it can be read. Throws `disk_full` and its like, and `catalogue_missing`
 * where there is no data directory yet; an error of the system where rights are missing.
 */
export function openFile(path: string, { log, now }: { log: Pick<Log, 'error'>; now: () => number }): Db {
  const folder = dirname(path);
  // The data directory is the recorder's to make.
  if (!existsSync(dirname(folder))) throw fail('catalogue_missing', `${dirname(folder)} does not exist.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // SQLite says of a folder that is somebody else's only that it cannot open the file, as of a disk that fails.
  for (const at of [folder, path]) if (existsSync(at)) accessSync(at, constants.R_OK | constants.W_OK);
  const mask = process.umask(0o177);
  try {
    const db = opened(path);
    if (db) return db;
    const aside = putAside(path, now());
    const rescued = untoldIn(aside);
    const fresh = opened(path)!;
    const add = fresh.prepare('INSERT INTO telling (entry) VALUES (?)');
    fresh
      .transaction(() => {
        for (const { entry } of rescued) add.run(entry);
      })
      .immediate();
    log.error(
      { aside, entries: rescued.length },
      'The database of the dashboard cannot be used and was put aside; everyone has to sign in again',
    );
    return fresh;
  } catch (e) {
    throw diskError(e);
  } finally {
    process.umask(mask);
  }
}

/** Null for a file that is damaged or from a later version. */
function opened(path: string): Db | null {
  let db: Db | null = null;
  try {
    db = new Database(path);
    db.pragma('journal_mode = WAL');
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

function putAside(path: string, at: number): string {
  const stamp = new Date(at).toISOString().replace(/[:.]/g, '-');
  const free = (n: number): string => {
    const name = `${path}.${stamp}${n > 0 ? `-${n}` : ''}`;
    return existsSync(name) ? free(n + 1) : name;
  };
  const aside = free(0);
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${aside}${end}`);
  return aside;
}

/** Row by row, up to the first that cannot be read. */
function untoldIn(path: string): Untold[] {
  const found: Untold[] = [];
  try {
    const db = new Database(path, { fileMustExist: true });
    try {
      for (const row of db.prepare('SELECT entry FROM telling ORDER BY seq').iterate())
        if (isEntry((row as Untold).entry)) found.push(row as Untold);
    } finally {
      db.close();
    }
  } catch {}
  return found;
}

function isEntry(text: unknown): boolean {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
