import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { type Db, openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { createWal, type Wal } from '../../../daemon/catalogue/sqlite/writing/wal.js';
import { createWrites } from '../../../daemon/catalogue/sqlite/writing/writes.js';
import { until } from '../../support/recorder.js';

/** A table of words, and a disk that lets nothing through until it is told to. */
async function house(t: Test, slow = true) {
  const path = join(t.testdir({}), 'catalogue.db');
  const db = await openDb(path);
  db.exec('CREATE TABLE words (word)');
  const other = new Database(path, { readonly: true });
  const wal = createWal(db);
  let pass = () => {};
  const disk: Wal = slow
    ? { ...wal, sync: () => new Promise<void>((resolve) => (pass = resolve)).then(wal.sync) }
    : wal;
  const writes = createWrites(
    db,
    disk,
    (work) => db.transaction(work).immediate(),
    () => {},
  );
  t.teardown(async () => {
    pass();
    await writes.finish();
    wal.stop();
    other.close();
    db.close();
  });
  return {
    ...{ db, wal, writes, path },
    pass: () => pass(),
    say: (word: string, soon = false) => writes.write(() => said(db, word), soon),
    seen: () => other.prepare('SELECT word FROM words').pluck().all().join(' '),
  };
}

function said(db: Db, word: string) {
  db.prepare('INSERT INTO words VALUES (?)').run(word);
  return { value: word, counts: false };
}

t.test(
  'what a capture waits for does not wait for the disk; all else is told when it is durable',
  async (t) => {
    const h = await house(t);
    const told: string[] = [];
    const note = (word: string) => void told.push(word);
    void h.say('one').then(note);
    await until('the commit', () => h.seen() === 'one');
    void h.say('two').then(note);
    await turn();
    await turn();
    t.equal(h.seen(), 'one', 'what comes while the disk is at work shares the next commit');
    void h.say('three').then(note);
    await h.say('four', true).then(note);
    t.equal(h.seen(), 'one two three four', 'in the order in which they were asked for');
    t.same(told, ['four']);
    h.pass();
    await until('the first', () => told.length === 2);
    t.same(told, ['four', 'one'], 'of the others the disk was not asked yet');
    h.pass();
    await until('the rest', () => told.length === 4);
    t.same(told, ['four', 'one', 'two', 'three']);
  },
);

t.test('a work that cannot be done takes no other with it', async (t) => {
  const h = await house(t, false);
  const bad = h.writes.write(() => {
    said(h.db, 'half');
    throw new Error('no');
  });
  const good = [h.say('one'), h.say('two', true)];
  await t.rejects(bad, { message: 'no' });
  await Promise.all(good);
  t.equal(h.seen(), 'one two');
});

t.test('a log that has grown long is moved to the file while writing goes on', async (t) => {
  const h = await house(t, false);
  const blob = 'x'.repeat(40_000);
  let longest = 0;
  for (let n = 0; n < 600; n++) {
    await h.say(`${n}${blob}`, n % 2 === 0);
    longest = Math.max(longest, h.wal.pages());
  }
  await h.writes.finish();
  t.ok(longest > 4_000, `${longest} pages at most`);
  t.ok(h.wal.pages() < 4_000, `${h.wal.pages()} pages at the end`);
  t.equal(h.db.prepare('SELECT count(*) FROM words').pluck().get(), 600);
});

t.test('a checkpoint has what is written wait, and nothing is lost', async (t) => {
  const h = await house(t, false);
  await h.say('one');
  const moved = h.writes.move('TRUNCATE');
  const after = h.say('two', true);
  t.equal(await moved, true);
  await after;
  await h.writes.finish();
  t.equal(h.seen(), 'one two');
});

t.test('after a sync that failed nothing is told before all is in the file', async (t) => {
  const h = await house(t, false);
  h.db.prepare('SELECT count(*) FROM words').get();
  renameSync(`${h.path}-wal`, `${h.path}-elsewhere`); // it cannot be synced
  await h.say('one');
  t.equal(h.wal.pages(), 0, 'it was written to the file');
  renameSync(`${h.path}-elsewhere`, `${h.path}-wal`);
  await h.say('two');
  t.ok(h.wal.pages() > 0, 'then the log is synced again');
  t.equal(h.seen(), 'one two');
});

t.test('while somebody holds the catalogue, only the first write waits long for it', async (t) => {
  const h = await house(t, false);
  const patience = () => h.db.pragma('busy_timeout', { simple: true });
  t.equal(patience(), 2_000);
  const other = new Database(h.path);
  t.teardown(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  await t.rejects(h.say('one'), { code: 'SQLITE_BUSY' });
  t.equal(patience(), 20, 'nothing else in this process is served meanwhile');
  await t.rejects(h.say('two'), { code: 'SQLITE_BUSY' });
  t.equal(patience(), 20);
  other.exec('COMMIT');
  await h.say('three');
  t.equal(patience(), 2_000);
  t.equal(h.seen(), 'three');
});
