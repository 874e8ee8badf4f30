import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { removeDatabase } from '../../../ops/files/database.js';
import { PAGE_BYTES, version } from '../db.js';
import { migrations } from '../migrations.js';

const OPEN_CALLS = '(SELECT id FROM calls WHERE ended_at IS NULL)';

/**
 * What calls are followed and captured by: the rows of each table that are taken, as the rest of a query. Tables that a version does
 * not have yet are left out. A table that another one refers to comes before it.
 */
const TAKEN: readonly [table: string, rows: string][] = [
  ['policies', ''],
  ['number_lists', ''],
  ['listed_numbers', ''],
  ['consents', ''],
  ['prompts', ''],
  ['watch', ''],
  ['witness_seen', ''],
  ['blind_windows', 'WHERE to_at IS NULL'],
  ['witness_gaps', 'WHERE to_at IS NULL'],
  ['alarms', 'WHERE done = 0'],
  ['deliveries', 'WHERE sent_at IS NULL AND given_up_at IS NULL'],
  ['calls', 'WHERE ended_at IS NULL'],
  ['absorbed', `WHERE into_id IN ${OPEN_CALLS}`],
  ['segments', `WHERE call_id IN ${OPEN_CALLS}`],
  [
    'segment_losses',
    `WHERE (named_call, seq) IN (SELECT named_call, seq FROM segments WHERE call_id IN ${OPEN_CALLS})`,
  ],
  ['directives', `WHERE call_id IN ${OPEN_CALLS}`],
  ['notices', `WHERE call_id IN ${OPEN_CALLS}`],
  ['tellings', `WHERE call_id IN ${OPEN_CALLS}`],
];

/**
 * Makes an interim catalogue at `to` from the catalogue at `from`, which may be of any earlier version and being upgraded just then:
 * the calls in progress, and what decides how calls are recorded. It is as small as these, so all migrations take some
 * milliseconds, and only they know what changed between two versions.
 */
export function makeInterim(from: string, to: string): void {
  const fresh = `${to}.new-${randomBytes(6).toString('hex')}`;
  removeDatabase(to);
  const source = new Database(from, { readonly: true, fileMustExist: true, timeout: 5_000 });
  closeSync(openSync(fresh, 'wx', 0o600)); // SQLite gives -wal and -shm the mode of this file
  const target = new Database(fresh);
  try {
    target.pragma(`page_size = ${PAGE_BYTES}`);
    target.pragma('journal_mode = WAL');
    target.pragma('synchronous = OFF'); // it is made anew after a crash
    source.transaction(() => fill(source, target)).deferred();
    target.close();
    renameSync(fresh, to);
  } finally {
    target.close();
    source.close();
    removeDatabase(fresh);
  }
}

/** Removes what a kill has left of making an interim catalogue at `to`. */
export function removeUnnamed(to: string): void {
  const folder = dirname(to);
  for (const name of readdirSync(folder))
    if (name.startsWith(`${basename(to)}.new-`)) rmSync(join(folder, name), { force: true });
}

function fill(source: Database.Database, target: Database.Database): void {
  const at = version(source);
  const all = target.transaction(() => {
    for (const sql of migrations.slice(0, at)) target.exec(sql);
    target.pragma(`user_version = ${at}`);
    for (const [table, rows] of TAKEN) if (columns(source, table).length > 0) take(table, rows);
    takeSequences(source, target);
    for (const sql of migrations.slice(at)) target.exec(sql);
    target.pragma(`user_version = ${migrations.length}`);
  });
  const take = (table: string, rows: string) => {
    const names = columns(source, table);
    const given = names.map(() => '?').join(', ');
    target.prepare(`DELETE FROM ${table}`).run(); // what a migration puts in
    const put = target.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${given})`);
    for (const row of source
      .prepare(`SELECT ${names.join(', ')} FROM ${table} ${rows}`)
      .raw()
      .iterate())
      put.run(row);
  };
  all();
}

/** Ids that are given from now on are those that the catalogue itself would give. */
function takeSequences(source: Database.Database, target: Database.Database): void {
  if (columns(source, 'sqlite_sequence').length === 0) return;
  target.exec('DELETE FROM sqlite_sequence');
  const put = target.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)');
  for (const row of source.prepare('SELECT name, seq FROM sqlite_sequence').raw().iterate()) put.run(row);
}

/** Columns that can be written. */
const columns = (db: Database.Database, table: string): string[] =>
  db.prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0').pluck().all(table) as string[];
