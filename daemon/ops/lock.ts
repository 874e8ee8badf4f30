import Database from 'better-sqlite3';
import { fail } from '../domain/error.js';

export type Lock = { release(): void };

/**
 * Takes the lock on a data directory: an exclusive transaction in a SQLite file that stays empty. Node cannot lock a file
 * by itself; SQLite's lock is the kernel's (fcntl), so that it goes with the process, however that dies, and holds across
 * containers that share the directory. Throws `already_running` when another process has it.
 */
export function takeLock(file: string): Lock {
  const db = new Database(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (e) {
    db.close();
    const held = e instanceof Database.SqliteError && e.code.startsWith('SQLITE_BUSY');
    throw held ? fail('already_running', `${file}.`, e) : e;
  }
  return { release: () => void db.close() };
}
