import Database from 'better-sqlite3';
import { databaseError } from '../../../domain/error.js';

/** What a catalogue of any version has, and whether its pages are whole. Throws `database_damaged`. */
export function describeCatalogue(path: string): { calls: number; recordings: number; audit: number } {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    const found = db.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' });
    const has = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
    const count = (table: string, rows = '') =>
      has.get(table) === undefined
        ? 0
        : (db.prepare(`SELECT count(*) FROM ${table} ${rows}`).pluck().get() as number);
    return {
      calls: count('calls'),
      recordings: count('recordings', "WHERE state = 'sealed'"),
      audit: count('audit'),
    };
  } catch (e) {
    throw databaseError(e, path);
  } finally {
    db.close();
  }
}
