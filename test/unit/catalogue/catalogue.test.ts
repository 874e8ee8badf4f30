import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { opened } from '../../support/catalogue/opened.js';
import { programOf } from '../../support/program-of.js';
import { aCall } from '../../support/recordings/a-call.js';

const child = join(import.meta.dirname, '../../support/catalogue/claim-setup.ts');

t.test('a new catalogue is made with its directory, at the newest version, closed to others', async (t) => {
  const umask = process.umask(0o000);
  t.teardown(() => process.umask(umask));
  const { catalogue, path } = await opened(t);
  await catalogue.calls.save(aCall('A'));
  for (const file of [path, `${path}-wal`, `${path}-shm`])
    t.equal(statSync(file).mode & 0o777, 0o640, file.slice(path.length) || 'the file');
  const other = new Database(path);
  t.teardown(() => other.close());
  t.equal(other.pragma('user_version', { simple: true }), migrations.length);
  t.equal(other.pragma('journal_mode', { simple: true }), 'wal');
  t.same(other.pragma('foreign_key_check'), []);
});

t.test('what was written while there was one PBX is of the first', async (t) => {
  const path = catalogueFile(t.testdir({ catalogue: {} }));
  const db = new Database(path);
  const before = migrations.findIndex((sql) => sql.includes('cdr_sources_of'));
  for (const sql of migrations.slice(0, before)) db.exec(sql);
  db.pragma(`user_version = ${before}`);
  const party = '{"number":"101","name":"","ours":true}';
  const call = `'["1.1"]', 'in', 1000, 2000, 3000, 'answered', '${party}', '${party}', '', '', '', 'recorded', '', NULL, 0`;
  db.exec(`
    INSERT INTO calls VALUES ('A', ${call}, '[]', '[]', '', NULL, 0, NULL);
    INSERT INTO call_reach VALUES ('extension', '101', 1000, 'A'), ('queue', 'sales/eu', 1000, 'A'),
      ('did', '030/55', 1000, 'A'), ('queue', '/odd', 1000, 'A');
    INSERT INTO cdr_sources VALUES ('AMI', 500, 900, 800, 7, ''), ('ledger', 400, NULL, NULL, 0, '');
    INSERT INTO test_calls VALUES (700, 'ok', NULL, '', NULL, 9);
    INSERT INTO watch VALUES (1, 2500);
    INSERT INTO witness_seen VALUES (1, 2600);
    INSERT INTO blind_windows (from_at, to_at, reason) VALUES (100, NULL, '');
    INSERT INTO users (id, name, name_key, password_hash, created_at, scope, extensions) VALUES ('u', 'U', 'u', '', 0,
      '{"all":false,"extensions":["101"],"queues":["sales/eu","x"],"dids":["030/55"]}', '["101"]');`);
  const rule = { name: 'A', reason: 'Why.', when: { did: ['030/55', 'a/b'], queue: ['sales/eu', 'x'] } };
  const record = [
    { ...rule, outcome: 'skip' },
    { ...rule, when: {}, outcome: 'record' },
  ];
  const policy = {
    record,
    retention: [{ ...rule, when: { extension: ['t/1'] }, keep_days: 9 }],
    emergency_numbers: ['112'],
  };
  const strange = ['/', '{"record":"/"}', '{"record":[{"when":{"queue":["a/b"]}},"/"]}'];
  const put = db.prepare("INSERT INTO policies VALUES (?, 1, 'ada', ?)");
  for (const [i, text] of [...strange, JSON.stringify(policy)].entries()) put.run(i + 1, text);
  db.close();
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  t.match(await catalogue.calls.get('A'), { id: 'A', pbx: '' });
  t.same(await catalogue.ledger.spans(), [{ pbx: '', since: 400, witness: { since: 500, last: 800 } }]);
  t.match(await catalogue.ledger.sources(), [{ pbx: '', name: 'AMI', count: 7 }]);
  t.match(await catalogue.testCalls.newest(9), [{ pbx: '', at: 700, outcome: 'ok' }]);
  t.same([await catalogue.watch.lastWatched(''), await catalogue.listening.lastWatched('')], [2500, 2600]);
  t.match(await catalogue.watch.close('', 200), { pbx: '', from: 100, to: 200 });
  t.same((await catalogue.people.get('u'))!.scope, {
    ...{ all: false, extensions: ['101'], queues: ['/sales/eu', 'x'], dids: ['030/55'] },
  });
  t.strictSame((await catalogue.policy.newest()).policy, {
    ...policy,
    record: [{ ...record[0]!, when: { did: ['030/55', '/a/b'], queue: ['/sales/eu', 'x'] } }, record[1]!],
    retention: [{ ...policy.retention[0]!, when: { extension: ['/t/1'] } }],
  });
  const after = new Database(path, { readonly: true });
  t.teardown(() => after.close());
  t.same(
    after.prepare('SELECT policy FROM policies ORDER BY version LIMIT 3').pluck().all(),
    strange,
    'what cannot be read stays as it was',
  );
  t.same(after.prepare('SELECT name FROM call_reach ORDER BY name').pluck().all(), [
    ...['//odd', '/sales/eu', '030/55', '101'],
  ]);
});

t.test('rules that said yes or no have an outcome, and what cannot be read stays as it was', async (t) => {
  const path = catalogueFile(t.testdir({ catalogue: {} }));
  const db = new Database(path);
  const before = migrations.findIndex((sql) => sql.includes('ADD COLUMN decision'));
  for (const sql of migrations.slice(0, before)) db.exec(sql);
  db.pragma(`user_version = ${before}`);
  const rule = (name: string, record: unknown) => ({ name, reason: 'Why.', when: { did: ['1'] }, record });
  const retention = [{ name: 'Year', reason: '', when: {}, keep_days: 365 }];
  const good = { record: [rule('A', true), rule('B', false)], retention, emergency_numbers: ['112'] };
  const kept = [good, { ...good, record: [] }].map((policy) => JSON.stringify(policy));
  const strange = ['', '{', '[]', '{"record":7}', '{"record":[7]}', '{"record":[{"record":1}, null]}'];
  const put = db.prepare("INSERT INTO policies VALUES (?, 1, 'ada', ?)");
  for (const [i, text] of [...strange, ...kept].entries()) put.run(i + 1, text);
  db.close();
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const [last, whole] = await catalogue.policy.versions();
  t.same(last?.policy.record, []);
  t.same(whole?.policy, {
    ...good,
    record: [
      { name: 'A', reason: 'Why.', when: { did: ['1'] }, outcome: 'record' },
      { name: 'B', reason: 'Why.', when: { did: ['1'] }, outcome: 'skip' },
    ],
  });
  const after = new Database(path);
  t.teardown(() => after.close());
  const texts = after.prepare('SELECT policy FROM policies ORDER BY version').pluck().all();
  t.same(texts.slice(0, strange.length), strange);
});

t.test('a catalogue from a newer Tapedeck is refused and left as it was', async (t) => {
  const path = catalogueFile(t.testdir({ catalogue: {} }));
  const db = new Database(path);
  db.exec('CREATE TABLE future (x); PRAGMA user_version = 999');
  db.close();
  const before = readFileSync(path);
  await t.rejects(createSqliteCatalogue({ path }).start(), { code: 'catalogue_newer' });
  const after = new Database(path);
  t.teardown(() => after.close());
  t.equal(after.pragma('user_version', { simple: true }), 999);
  t.same(after.prepare('SELECT name FROM sqlite_schema').pluck().all(), ['future']);
  t.equal(readFileSync(path).length, before.length);
});

t.test('what one connection writes the other reads, and both see that something changed', async (t) => {
  const { catalogue: one, path } = await opened(t);
  const { catalogue: two } = await opened(t, path);
  const before = [await one.changeCount(), await two.changeCount()] as const;
  await one.calls.save(aCall('A'));
  t.match(await two.calls.get('A'), { id: 'A', them: { name: 'Ada Caller' } });
  t.ok((await one.changeCount()) > before[0], 'its own write counts');
  t.ok((await two.changeCount()) > before[1], 'that of another counts');
  const still = [await one.changeCount(), await two.changeCount()] as const;
  await two.calls.list({ limit: 10 });
  t.same([await one.changeCount(), await two.changeCount()], still, 'reading changes nothing');
});

t.test('a file that may only be read is opened for reading when that is enough', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.calls.save(aCall('A'));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) chmodSync(file, 0o444);
  chmodSync(dirname(path), 0o755);
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    await t.rejects(createSqliteCatalogue({ path }).start(), { code: 'EACCES' });
    const reader = createSqliteCatalogue({ path, readonlyOk: true });
    await reader.start();
    t.match(await reader.calls.get('A'), { id: 'A' });
    await t.rejects(reader.calls.save(aCall('B')), { code: 'SQLITE_READONLY' });
    await reader.stop();
  } finally {
    if (root) process.seteuid?.(0);
  }
});

t.test('a checkpoint that a reader prevents says so', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.calls.save(aCall('A'));
  const reader = new Database(path, { readonly: true });
  t.teardown(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM calls').get();
  await catalogue.calls.save(aCall('B'));
  t.equal(await catalogue.checkpoint(), false);
  reader.exec('COMMIT');
  t.equal(await catalogue.checkpoint(), true);
});

t.test(
  'of processes that claim the set-up at once, one wins, also on a file that none has made yet',
  async (t) => {
    const run = promisify(execFile);
    const race = async (path: string) => {
      const at = String(Date.now() + 1500);
      const runs = ['ada', 'bob', 'eve'].map((name) =>
        run(process.execPath, [...programOf(child), path, name, at]),
      );
      return (await Promise.all(runs)).map((r) => r.stdout).sort();
    };
    const { catalogue, path } = await opened(t);
    t.equal(
      await catalogue.people.claimSetup('the-hash', {
        ...FOUNDER,
        id: 'x',
        name: 'x',
        passwordHash: 'x',
        createdAt: 1,
      }),
      false,
    );
    await catalogue.people.saveSetupCode('old', 1);
    await catalogue.people.saveSetupCode('the-hash', 2);
    t.same(await race(path), ['lost', 'lost', 'won']);
    t.equal((await catalogue.people.list()).length, 1);
    t.same(
      await race(catalogueFile(join(t.testdir(), 'new'))),
      ['lost', 'lost', 'lost'],
      'no code, no winner',
    );
  },
);
