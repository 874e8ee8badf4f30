import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { type Known, verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import { digestOf, EMPTY, entryOf, entryText, linked } from '../../../daemon/domain/assurance/audit.js';
import { aLog, opened, tamper, view } from '../../support/catalogue/audit-lab.js';

const NOW = Date.UTC(2026, 10, 25, 17);
const ada = { actor: 'person', actor_id: 'P1', actor_name: 'Ada', address: '::1' } as const;

const none = { given: [], kept: [] };

t.test('one byte that is changed anywhere in the log is found', async (t) => {
  const dir = t.testdir({});
  const [source, copy] = [join(dir, 'source.db'), join(dir, 'copy.db')];
  await aLog(source, 120);
  const db = new Database(source);
  db.exec(
    'DROP INDEX audit_by_actor; DROP INDEX audit_by_object; DROP INDEX audit_by_action; DROP INDEX audit_by_time; DROP INDEX audit_by_outcome',
  );
  db.pragma('secure_delete = ON'); // no stale copies, which nobody reads
  db.exec('VACUUM');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
  const rows = db.prepare('SELECT seq, entry FROM audit').all() as { seq: number; entry: string }[];
  db.close();
  t.match(verifyAudit(source, none), { fault: null, head: { size: 121 } }, 'it is whole to begin with');
  const bytes = readFileSync(source);
  /** Where each row lies in the file: its entry and its hash, and its number five bytes before them. */
  const places = rows.map(({ seq, entry }) => {
    const at = bytes.indexOf(Buffer.from(entry));
    return { seq, number: at - 6, from: at, until: at + Buffer.byteLength(entry) + 32 };
  });
  t.ok(
    rows.every(({ entry }) => bytes.indexOf(entry) > 0 && bytes.indexOf(entry) === bytes.lastIndexOf(entry)),
  );
  const random = (below: number) => randomBytes(4).readUInt32LE() % below;
  let named = 0;
  for (let n = 0; n < 1000; n++) {
    const place = places[random(places.length)]!;
    const at = n % 20 === 0 ? place.number : place.from + random(place.until - place.from);
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1 + random(255);
    writeFileSync(copy, changed);
    const { fault } = verifyAudit(copy, none);
    if (fault === null) t.fail(`byte ${at} of entry ${place.seq} (${place.from} to ${place.until})`);
    else if (fault.seq === place.seq) named += 1;
  }
  t.ok(named > 950, `${named} of 1000 were named right away; the others broke the page that they stand on`);
});

t.test('what is removed, swapped, put in, cut off or written anew is found', async (t) => {
  const dir = t.testdir({});
  const [source, copy] = [join(dir, 'source.db'), join(dir, 'copy.db')];
  await aLog(source, 60);
  const read = new Database(source, { readonly: true });
  const hashAt = (seq: number) =>
    (read.prepare('SELECT hash FROM audit WHERE seq = ?').pluck().get(seq) as Buffer).toString('hex');
  const known = (size: number): Known => ({
    size,
    hash: hashAt(size),
    at: '2026-11-25T17:30:00.000Z',
    from: 'mail',
  });
  const [early, late] = [known(20), known(61)];
  read.close();
  const after = (how: (db: Database.Database) => void, given: Known[] = []) => {
    for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
    copyFileSync(source, copy);
    tamper(copy, how);
    return verifyAudit(copy, { given, kept: [] });
  };
  const set = (column: string) => (db: Database.Database, seq: number, value: unknown) =>
    db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(value, seq);
  const [setEntry, setHash, setSeq] = [set('entry'), set('hash'), set('seq')];
  type Row = { seq: number; entry: string; hash: Buffer };
  const row = (db: Database.Database, seq: number) =>
    db.prepare('SELECT seq, entry, hash FROM audit WHERE seq = ?').get(seq) as Row;

  const cases: [what: string, how: (db: Database.Database) => void, fault: object | null][] = [
    [
      'an entry is edited',
      (db) => setEntry(db, 30, row(db, 30).entry.replace('Ada', 'Eve')),
      { seq: 30, kind: 'altered' },
    ],
    ['an entry is another JSON', (db) => setEntry(db, 30, '{}'), { seq: 30, kind: 'altered' }],
    [
      'the same in other words',
      (db) => setEntry(db, 30, row(db, 30).entry.replace('"n":28', '"n":28.0')),
      { seq: 30 },
    ],
    ['a hash is edited', (db) => setHash(db, 30, Buffer.alloc(32)), { seq: 30, kind: 'hash_altered' }],
    ['the last hash is edited', (db) => setHash(db, 61, Buffer.alloc(32)), { seq: 61 }],
    [
      'the first entry is removed',
      (db) => db.exec('DELETE FROM audit WHERE seq = 1'),
      { seq: 1, kind: 'missing' },
    ],
    ['one is removed', (db) => db.exec('DELETE FROM audit WHERE seq = 30'), { seq: 30, kind: 'missing' }],
    [
      'one is removed and the others move up',
      (db) => {
        db.exec('DELETE FROM audit WHERE seq = 30');
        for (let seq = 31; seq <= 61; seq++) setSeq(db, seq, seq - 1);
      },
      { seq: 30, kind: 'misplaced' },
    ],
    [
      'two are swapped',
      (db) => {
        setSeq(db, 30, 1000);
        setSeq(db, 31, 30);
        setSeq(db, 1000, 31);
      },
      { seq: 30, kind: 'misplaced' },
    ],
    [
      'two change what they say',
      (db) => {
        const [a, b] = [row(db, 30), row(db, 31)];
        setEntry(db, 30, b.entry);
        setEntry(db, 31, a.entry);
      },
      { seq: 30, kind: 'misplaced' },
    ],
    [
      'one is put in',
      (db) => {
        for (let seq = 61; seq >= 30; seq--) setSeq(db, seq, seq + 1);
        const entry = entryText({ seq: 30, ...view(99) });
        db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (30, ?, ?)').run(entry, Buffer.alloc(32));
      },
      { seq: 30 },
    ],
    [
      'one is put before the first',
      (db) => db.exec("INSERT INTO audit (seq, entry, hash) VALUES (0, '{}', x'00')"),
      { seq: 1, kind: 'inserted' },
    ],
    ['the end is cut off', (db) => db.exec('DELETE FROM audit WHERE seq > 50'), null],
    ['everything is gone', (db) => db.exec('DELETE FROM audit'), null],
  ];
  for (const [what, how, fault] of cases) {
    const verdict = after(how);
    t.match(verdict.fault, fault, what);
    if (fault) t.ok(verdict.head.size < 61 && verdict.head.size === verdict.fault!.seq - 1, what);
  }
  t.match(
    after(() => {}, [early, late]),
    { fault: null, agreed: [early, late] },
  );
  t.match(
    after((db) => db.exec('DELETE FROM audit WHERE seq > 50'), [early, late]),
    {
      fault: { seq: 51, kind: 'cut_off' },
      by: late,
    },
  );
  t.match(after((db) => db.exec('DELETE FROM audit'), [late]).fault, { seq: 1, kind: 'cut_off' });

  /** Somebody without the key makes a log that is whole in itself. */
  const rewrite = (from: number) => (db: Database.Database) => {
    let head = from === 1 ? EMPTY.hash : row(db, from - 1).hash.toString('hex');
    for (let seq = from; seq <= 61; seq++) {
      const { seq: _, ...event } = JSON.parse(row(db, seq).entry);
      if (event.action === 'view') event.actor_name = 'Eve';
      const entry = { seq, ...event };
      head = linked(head, digestOf(entry));
      setEntry(db, seq, entryText(entry));
      setHash(db, seq, Buffer.from(head, 'hex'));
    }
  };
  t.match(after(rewrite(1)).fault, null, 'without a checkpoint a new log looks like one');
  t.match(after(rewrite(1), [early, late]).fault, { seq: 1, kind: 'rewritten' });
  t.match(after(rewrite(40), [early, late]), {
    fault: { seq: 21, kind: 'rewritten' },
    by: late,
    agreed: [early],
  });
});

t.test('a log that is whole and is made to look otherwise is found', async (t) => {
  const dir = t.testdir({});
  const [source, copy] = [join(dir, 'source.db'), join(dir, 'copy.db')];
  const c = await opened(t, source);
  for (let n = 0; n < 30; n++) await c.audit.append(view(n));
  await c.audit.append(entryOf(ada, NOW, 'search', { words: 'Ines +4930123444' }));
  await c.checkpoint();
  await c.stop();
  t.same(verifyAudit(source, none).disguised, []);
  const schema = (db: Database.Database, name: string, from: string, to: string) => {
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.prepare('UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ?').run(from, to, name);
    db.pragma('writable_schema = RESET');
  };
  const [column, hidden] = ["entry ->> '$.object_id')", "iif(seq = 12, '', entry ->> '$.object_id'))"];
  const cases: [what: string, how: (db: Database.Database) => void, said: (string | RegExp)[]][] = [
    [
      'a column says something else of one entry',
      (db) => {
        schema(db, 'audit', column, hidden);
        db.exec('REINDEX');
      },
      ['The table audit is not what Tapedeck makes.'],
    ],
    [
      'an index leaves one out',
      (db) =>
        db.exec(
          "DROP INDEX audit_by_object; CREATE INDEX audit_by_object ON audit (object_id, seq) WHERE object_id <> '' AND seq <> 12",
        ),
      ['The index audit_by_object is not what Tapedeck makes.'],
    ],
    [
      'an index leaves one out, and its definition does not',
      (db) => {
        schema(db, 'audit', column, hidden);
        db.exec('REINDEX');
        schema(db, 'audit', hidden, column);
      },
      ['SQLite says of it: row 12 missing from index audit_by_object.'],
    ],
    [
      'a trigger is gone',
      (db) => db.exec('DROP TRIGGER audit_is_kept'),
      ['The trigger audit_is_kept is missing.'],
    ],
    [
      'a trigger does nothing',
      (db) =>
        db.exec(
          'DROP TRIGGER audit_stays; CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT 1; END',
        ),
      ['The trigger audit_stays is not what Tapedeck makes.'],
    ],
    [
      'a trigger leaves entries out from now on',
      (db) => db.exec('CREATE TRIGGER quiet BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END'),
      ['The trigger quiet was put in.'],
    ],
    [
      'other words stand beside a search',
      (db) => db.exec("UPDATE audit_words SET words = 'nobody'"),
      ['The words beside entry 32 are not those that were looked for.'],
    ],
    [
      'words stand beside an entry that has none',
      (db) => db.exec("INSERT INTO audit_words VALUES (3, 1, 'salt', 'words')"),
      ['The words beside entry 3 are not those that were looked for.'],
    ],
    [
      'the words are gone',
      (db) => db.exec('DROP TABLE audit_words'),
      [/audit_words_by_time is missing/, /table audit_words is missing/, /no such table/],
    ],
  ];
  for (const [what, how, said] of cases) {
    for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
    copyFileSync(source, copy);
    const db = new Database(copy);
    how(db);
    db.close();
    const verdict = verifyAudit(copy, none);
    t.match(verdict, { fault: null, head: { size: 32 } }, what);
    t.match(verdict.disguised, said, what);
    t.equal(verdict.disguised.length, said.length, what);
  }
});
