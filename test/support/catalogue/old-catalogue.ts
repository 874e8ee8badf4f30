import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';

/** A catalogue of the first version with which calls were compared with CDRs; all later migrations have something to do. */
export const OLD_VERSION = 5;
const T0 = 1_600_000_000_000;

/**
 * Makes a catalogue of an earlier version with so many calls, a minute apart: each is recorded, has both sides, peaks, a CDR, and three
 * entries of the audit log where that version has one. Times are as on a busy box of the size, up to now.
 */
export function makeOldCatalogue(path: string, calls: number, { upTo = OLD_VERSION } = {}): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  const db = new Database(path);
  db.pragma('page_size = 4096');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  for (const sql of migrations.slice(0, OLD_VERSION)) db.exec(sql);
  db.exec(`BEGIN; ${rows(calls)} COMMIT`);
  for (let at = OLD_VERSION; at < upTo; at += 1) {
    db.exec(migrations[at]!);
    if (migrations[at]!.includes('CREATE TABLE audit (')) fillAudit(db, calls * 3);
  }
  db.pragma(`user_version = ${upTo}`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

function fillAudit(db: Database.Database, entries: number): void {
  const put = db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (?, ?, ?)');
  db.transaction(() => {
    for (let seq = 1; seq <= entries; seq += 1) {
      const at = new Date(T0 + seq * 20_000).toISOString();
      const by = { actor: 'tapedeck', actor_id: '', actor_name: 'Tapedeck', address: '' };
      const about = { object: 'call', object_id: `${seq}`, outcome: 'ok', reason: '', detail: {} };
      put.run(seq, JSON.stringify({ seq, at, ...by, action: 'sealed', ...about }), Buffer.alloc(32));
    }
  })();
}

const rows = (calls: number): string => {
  const outside = "'0301' || (1000000 + n * 7919 % 9000000)";
  const inside = '(100 + n % 200)';
  const leg = (id: string, number: string, ours: boolean, from: string) =>
    `'{"id":"1.' || n || '${id}","party":{"number":"' || ${number} || '","name":"${ours ? 'Agent' : 'Caller'} ' || (n % 500) || '","ours":${ours}},"seenAt":' || (${from}) || ',"upAt":' || (at + 3000) || ',"goneAt":' || (at + 60000) || '}'`;
  return `
  CREATE TEMP TABLE s AS WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${calls})
    SELECT n, ${T0} + n * 60000 AS at, printf('01F${'0'.repeat(13)}%010d', n) AS id FROM s;
  INSERT INTO calls SELECT id, '["1.' || n || '"]', 'in', at, at + 3000, at + 60000, 'answered',
    '{"number":"' || ${outside} || '","name":"Caller ' || (n % 500) || '","ours":false}',
    '{"number":"' || ${inside} || '","name":"Agent ' || (n % 500) || '","ours":true}',
    '0305550' || (n % 20), '0305550' || (n % 20), iif(n % 3 = 0, 'sales', ''), 'recorded', '', NULL, 0,
    '[' || ${leg('a', outside, false, 'at')} || ',' || ${leg('b', inside, true, 'at + 3000')} || ']',
    '[{"atMs":1000,"untilMs":null,"kind":"queue","text":"sales"}]', 'caller ' || (n % 500) || ' ' || ${outside}, NULL, 0 FROM s;
  INSERT INTO recordings (id, call_id, state, duration_ms, plain_bytes, sealed_bytes, plain_sha256, sealed_sha256, file,
      sealed_at, left_db, right_db, keep_until, keep_rule, keep_reason)
    SELECT id, id, 'sealed', 57000, 110000, 112000, lower(hex(randomblob(32))), lower(hex(randomblob(32))),
      'recordings/2020/01/01/' || id || '.opus.age', at + 65000, -20, -21, NULL, NULL, '' FROM s;
  INSERT INTO segments (named_call, seq, call_id, leg_id, in_started_at, out_started_at, state)
    SELECT id, 0, id, '1.' || n || 'a', at + 3000, at + 3000, 'preserved' FROM s;
  INSERT INTO peaks SELECT id, zeroblob(100), 300, randomblob(300) FROM s;
  INSERT INTO ears SELECT id, 'left', 'line', 'trunk', at, '' FROM s;
  INSERT INTO ears SELECT id, 'right', 'extension', '' || ${inside}, at, '' FROM s;
  INSERT INTO cdrs SELECT id, '1.' || n, '1.' || n, at, at + 60000, 'AMI', at + 61000, id, '{}' FROM s;
  INSERT INTO accounts SELECT id, id, '1.' || n, at, at + 3000, at + 60000, ${outside}, '' || ${inside}, '', 0 FROM s;
  DROP TABLE s;`;
};

/** The first version with an audit log, by whose id an installation knows its catalogue, and with the names of captures of today. */
export const WITH_TOKENS = migrations.findIndex((sql) => sql.includes('ADD COLUMN spool_token')) + 1;
const AUDIT = migrations.findIndex((sql) => sql.includes('CREATE TABLE audit ('));

/**
 * Turns a catalogue of today into one of an earlier version with so many more calls. What it has stays, as far as that version knew
 * of it: calls in progress and their segments, people, the audit log. No recorder may have it.
 */
export function turnBack(path: string, calls: number): void {
  const now = `${path}.now`;
  const source = new Database(path);
  source.pragma('wal_checkpoint(TRUNCATE)');
  source.close();
  renameSync(path, now);
  for (const one of [`${path}-wal`, `${path}-shm`]) rmSync(one, { force: true });
  makeOldCatalogue(path, calls, { upTo: WITH_TOKENS });
  const old = new Database(path);
  old.pragma('foreign_keys = OFF');
  old.prepare('ATTACH ? AS now').run(now);
  const columns = old
    .prepare("SELECT name FROM pragma_table_xinfo(?, ?) WHERE hidden = 0 AND name <> 'pbx'")
    .pluck();
  for (const table of [
    'users',
    'policies',
    'calls',
    'absorbed',
    'segments',
    'blind_windows',
    'watch',
    'audit',
  ]) {
    const known = columns.all(table, 'now') as string[];
    const both = (columns.all(table, 'main') as string[]).filter((name) => known.includes(name)).join(', ');
    if (table === 'audit') old.exec('DROP TRIGGER audit_is_kept; DELETE FROM audit');
    if (table === 'watch')
      old.exec('INSERT OR REPLACE INTO main.watch (one, seen_at) SELECT 1, max(seen_at) FROM now.watch');
    else old.exec(`INSERT INTO main.${table} (${both}) SELECT ${both} FROM now.${table}`);
  }
  old.exec(`${migrations[AUDIT]!.match(/CREATE TRIGGER audit_is_kept[^;]*;\s*END;/)![0]}`);
  old.exec('DETACH now');
  old.pragma('wal_checkpoint(TRUNCATE)');
  old.close();
  chmodSync(path, 0o640);
  for (const one of [now, `${now}-wal`, `${now}-shm`]) rmSync(one, { force: true });
}
