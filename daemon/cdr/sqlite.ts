import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Cdr } from '../domain/assurance/cdr.js';
import { fail } from '../domain/error.js';
import { type CdrReader, endedIn, localRange, type ToCdr } from './source.js';

/** How long Asterisk may be writing, in ms. */
const BUSY_MS = 2_000;
/** What the column with a record's beginning may be called: cdr_sqlite3_custom lets its administrator choose. */
const STARTS = ['calldate', 'start', 'starttime'];

/** The file of cdr_sqlite3_custom, opened for reading only and closed again. */
export function createSqliteReader(deps: { path: string; toCdr: ToCdr }): CdrReader {
  function read(range: { from: number; to: number }): Cdr[] {
    // The PBX writes there: a named pipe would be waited for.
    if (!statSync(deps.path).isFile()) throw new Error('it is no plain file');
    const db = new Database(deps.path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    try {
      const { table, start } = findTable(db);
      const local = localRange(range);
      const rows = db
        .prepare(`SELECT * FROM ${quoted(table)} WHERE ${quoted(start)} >= ? AND ${quoted(start)} <= ?`)
        .iterate(local.from, local.to);
      const cdrs: Cdr[] = [];
      const wanted = endedIn(range);
      for (const row of rows) {
        const cdr = deps.toCdr(row);
        if (cdr && wanted(cdr)) cdrs.push(cdr);
      }
      return cdrs;
    } finally {
      db.close();
    }
  }

  return {
    name: 'cdr_sqlite',
    async read(range) {
      try {
        return read(range);
      } catch (e) {
        throw fail('cdr_unreadable', `${deps.path}: ${(e as Error).message}`, e);
      }
    },
  };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

function findTable(db: Database.Database): { table: string; start: string } {
  const tables = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name <> 'cdr'")
    .pluck();
  for (const table of tables.all() as string[]) {
    const columns = (db.pragma(`table_info(${quoted(table)})`) as { name: string }[]).map((c) => c.name);
    const start = columns.find((c) => STARTS.includes(c.toLowerCase()));
    if (start && columns.some((c) => c.toLowerCase() === 'disposition')) return { table, start };
  }
  throw new Error('it has no table with the columns calldate (or start) and disposition.');
}
