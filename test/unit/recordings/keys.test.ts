import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { makeDirDurably } from '../../../daemon/vault/durable.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createMasterKey, ensureMasterKey, loadMasterKey } from '../../../daemon/vault/master-key.js';
import { runs } from '../../support/search/share-of-search.js';

const dir = t.testdir({});

t.test('the master key is read as base64 or hex, from a file that is closed to others', async (t) => {
  const file = join(dir, 'master.key');
  const key = createMasterKey(file);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.strictSame(Buffer.from(loadMasterKey(file)), Buffer.from(key));
  t.throws(() => createMasterKey(file), { code: 'config_invalid' }, 'it is never written over');
  t.strictSame(
    readdirSync(dir).filter((name) => name.startsWith('master.key')),
    ['master.key'],
  );

  writeFileSync(file, Buffer.from(key).toString('hex'));
  t.strictSame(Buffer.from(loadMasterKey(file)), Buffer.from(key));
  for (const mode of [0o644, 0o604, 0o601, 0o660]) {
    chmodSync(file, mode);
    t.throws(() => loadMasterKey(file), { code: 'master_key_missing', detail: /chmod/ }, mode.toString(8));
  }
  chmodSync(file, 0o640);
  t.doesNotThrow(() => loadMasterKey(file), 'the group may read it');
  for (const text of ['', 'short', randomBytes(31).toString('base64'), randomBytes(33).toString('hex')]) {
    writeFileSync(file, text);
    t.throws(() => loadMasterKey(file), { code: 'master_key_missing' });
  }
  t.throws(() => loadMasterKey(join(dir, 'none')), { code: 'master_key_missing', detail: /ENOENT/ });
});

t.test(
  'a master key is made at the first start, and never again where keys were wrapped with one',
  async (t) => {
    const home = t.testdir({});
    const file = join(home, 'master.key');
    const keysDb = join(home, 'keys.db');
    t.equal(ensureMasterKey(file, keysDb), true);
    const first = loadMasterKey(file);
    writeFileSync(keysDb, '');
    t.equal(ensureMasterKey(file, keysDb), false);
    t.strictSame(loadMasterKey(file), first);
    rmSync(file);
    t.throws(() => ensureMasterKey(file, keysDb), { code: 'master_key_missing', detail: /is gone/ });
    t.notOk(existsSync(file));
    t.throws(() => ensureMasterKey(join(home, 'none/master.key'), join(home, 'none/keys.db')), {
      code: 'master_key_missing',
      detail: /cannot be made \(ENOENT\)/,
    });
  },
);

t.test('a recording has one key, until it is destroyed', async (t) => {
  const path = join(dir, 'keys.db');
  const masterKey = randomBytes(32);
  const keys = createKeys({ path, masterKey });
  keys.start();
  t.equal(statSync(path).mode & 0o777, 0o600);
  const made = await keys.create('01A');
  t.match(made, { identity: /^AGE-SECRET-KEY-1/, recipient: /^age1/ });
  t.strictSame(await keys.create('01A'), made, 'making it again gives the same');
  t.equal(await keys.identity('01A'), made.identity);
  t.equal(keys.has('01A'), true);

  const reader = createKeys({ path, masterKey, readonly: true });
  reader.start();
  t.equal(await reader.identity('01A'), made.identity, 'another process can read it');
  await t.rejects(reader.destroy('01A'), 'and not destroy it');
  t.equal(await keys.destroy('01A'), true, 'a reader does not stop the destruction');
  t.equal(await keys.destroy('01A'), false);
  t.equal(keys.has('01A'), false);
  await t.rejects(reader.identity('01A'), { code: 'key_missing' });
  reader.stop();

  await keys.create('01B');
  await keys.create('01C');
  const db = new Database(path);
  db.exec(
    "UPDATE key SET wrapped = (SELECT wrapped FROM key WHERE recording_id = '01B') WHERE recording_id = '01C'",
  );
  db.close();
  await t.rejects(
    keys.identity('01C'),
    { code: 'key_missing', detail: /damaged/ },
    'keys cannot be exchanged',
  );
  await t.rejects(
    keys.create('01A'),
    { code: 'key_missing', detail: /destroyed/ },
    'a destroyed key is not made again',
  );
  keys.stop();
  keys.stop();

  const wrong = createKeys({ path, masterKey: randomBytes(32) });
  t.throws(() => wrong.start(), { code: 'master_key_wrong' });
  t.throws(() => createKeys({ path, masterKey: randomBytes(32), readonly: true }).start(), {
    code: 'master_key_wrong',
  });
  t.throws(() => createKeys({ path, masterKey: randomBytes(16) }).start(), { code: 'master_key_wrong' });
  const nowhere = createKeys({ path: join(dir, 'no.db'), masterKey, readonly: true });
  t.throws(() => nowhere.start(), { code: 'key_missing' });
  t.notOk(existsSync(join(dir, 'no.db')), 'a reader makes no file');
});

t.test('nothing of a destroyed key is left in any file', async (t) => {
  const home = join(dir, 'keys');
  await makeDirDurably(home);
  const path = join(home, 'keys.db');
  const keys = createKeys({ path, masterKey: randomBytes(32) });
  keys.start();
  const wrapped = new Map<string, Buffer>();
  const db = new Database(path, { readonly: true });
  const find = db.prepare<[string], { wrapped: Buffer }>('SELECT wrapped FROM key WHERE recording_id = ?');
  const order = fc.sample(fc.integer({ min: 0, max: 0xffffff }), { numRuns: runs(1500), seed: 7 });
  const bytesOnDisk = () => Buffer.concat(readdirSync(home).map((name) => readFileSync(join(home, name))));
  const destroyed: Buffer[] = [];
  // Ids that grow, as ours do, and ids in any order. Keys used to leave with their rows, and when SQLite joined the pages
  // of the file one in thousands stayed in the unused part of a page.
  for (const [n, mark] of order.entries()) {
    const id = mark % 2 ? `01${String(n).padStart(24, '0')}` : `${mark}-${n}`;
    await keys.create(id);
    wrapped.set(id, find.get(id)!.wrapped);
    if (mark % 3 === 0) {
      const victim = [...wrapped.keys()][mark % wrapped.size]!;
      if (destroyed.length === 100) t.ok(bytesOnDisk().includes(wrapped.get(victim)!), 'it is there before');
      await keys.destroy(victim);
      destroyed.push(wrapped.get(victim)!);
      wrapped.delete(victim);
    }
  }
  const left = bytesOnDisk();
  const tell = (key: Buffer) => [key.subarray(0, 24), key.subarray(-24)].some((part) => left.includes(part));
  t.equal(destroyed.filter(tell).length, 0, `none of ${destroyed.length} destroyed keys`);
  t.ok([...wrapped.values()].every(tell), `all of ${wrapped.size} others`);
  t.strictSame(readdirSync(home), ['keys.db'], 'no journal is left');
  db.close();
  keys.stop();
});

t.test('two processes that open a new key store at once both find it usable', async (t) => {
  const path = join(dir, 'shared.db');
  const masterKey = randomBytes(32);
  const file = resolve('daemon/vault/keys.ts');
  const script = `
    import { createKeys } from ${JSON.stringify(file)};
    const keys = createKeys({ path: ${JSON.stringify(path)}, masterKey: Buffer.from('${masterKey.toString('hex')}', 'hex') });
    keys.start();
    for (let n = 0; n < 20; n++) await keys.create(process.argv[2] + n);
    keys.stop();`;
  const main = join(dir, 'main.mts');
  writeFileSync(main, script);
  const both = spawnSync(
    'sh',
    [
      '-c',
      '"$0" --import tsx "$1" a & "$0" --import tsx "$1" b; r=$?; wait $! && exit $r',
      process.execPath,
      main,
    ],
    {
      cwd: process.cwd(),
      encoding: 'utf8',
    },
  );
  t.equal(both.status, 0, both.stderr);
  const keys = createKeys({ path, masterKey });
  keys.start();
  for (let n = 0; n < 20; n++) t.ok(keys.has(`a${n}`) && keys.has(`b${n}`));
  keys.stop();
});
