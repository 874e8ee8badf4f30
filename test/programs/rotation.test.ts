import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import t from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, recordingPath } from '../../daemon/domain/paths.js';
import { createKeys } from '../../daemon/vault/keys.js';
import {
  createMasterKey,
  loadMasterKey,
  needsPassphrase,
  openMasterKeys,
} from '../../daemon/vault/master-key.js';
import { openSealed } from '../../daemon/vault/open.js';
import { lock } from '../../daemon/vault/passphrase.js';
import { finishRotation, prepareNext, rewrapKeys } from '../../daemon/vault/rotation.js';
import { sealStream } from '../../daemon/vault/seal.js';
import { createSigningKey } from '../../daemon/vault/signing-key.js';
import { createDiskStore } from '../../daemon/vault/store/disk.js';
import type { Listed } from '../../daemon/vault/store/store.js';
import { site } from '../support/keys-site.js';
import { furnishVault, judgeVault, keysDb, masterFile } from '../support/recordings/rotation.js';

const cheap = { memory_kib: 64, passes: 1, lanes: 1 };
const passphrase = 'a quiet sentence about rivers';
const root = process.getuid?.() === 0;

t.test('a new master key takes the place of the old one, and no row has moved', async (t) => {
  const dir = join(t.testdir({}), 'vault');
  const furnished = await furnishVault(dir, 400);
  const old = loadMasterKey(masterFile(dir));
  const rows = () => {
    const db = new Database(keysDb(dir), { readonly: true });
    const found = db.prepare('SELECT slot, recording_id, wrapped FROM key ORDER BY slot').all() as {
      slot: number;
      recording_id: string;
      wrapped: Buffer;
    }[];
    db.close();
    return found;
  };
  const before = rows();
  const size = statSync(keysDb(dir)).size;
  const store = createDiskStore(dir);
  const plain = randomBytes(200_000);
  for (const [id, identity] of [...furnished.identities].slice(0, 5))
    await sealStream(store, { id, file: recordingPath(id, 0) }, Readable.from([plain]), {
      recipient: await identityToRecipient(identity),
    });
  const listed = async () => {
    const found: Listed[] = [];
    for await (const one of store.list()) found.push(one);
    return found;
  };
  const audio = async () =>
    Promise.all(
      (await listed()).map(async ({ name, hash }) => {
        const { ino, mtimeNs, ctimeNs } = statSync(join(dir, name), { bigint: true });
        return [name, ino, mtimeNs, ctimeNs, (await hash())!.sha256];
      }),
    );
  const untouched = await audio();
  prepareNext(openMasterKeys(masterFile(dir)), 'auto');
  const done = await finishRotation(dir, openMasterKeys(masterFile(dir)));
  t.same(done, { rows: 400, destroyed: 100, damaged: [], retired: true });
  const after = rows();
  t.same(
    after.map((r) => [r.slot, r.recording_id, r.wrapped.length]),
    before.map((r) => [r.slot, r.recording_id, r.wrapped.length]),
  );
  t.equal(statSync(keysDb(dir)).size, size);
  const left = Buffer.concat(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile())
      .map((f) => readFileSync(join(f.parentPath, f.name))),
  );
  const alive = before.filter((r) => furnished.identities.has(r.recording_id));
  const tell = ({ wrapped }: { wrapped: Buffer }) =>
    [wrapped.subarray(0, 24), wrapped.subarray(-24)].some((part) => left.includes(part));
  t.equal(alive.length, 300);
  t.equal(alive.filter(tell).length, 0, 'nothing that the old key would open is left');
  t.notOk(left.includes(Buffer.from(old).toString('base64')), 'nor is the old key');
  t.same(await judgeVault(dir, furnished, old, true), []);
  t.same(readdirSync(dir).sort(), ['keys', 'master.key', 'recordings', 'signing']);
  t.equal(untouched.length, 5);
  t.same(await audio(), untouched, 'no audio was written, or even given another mode');
  const keys = createKeys({ path: keysDb(dir), masterKey: loadMasterKey(masterFile(dir)), readonly: true });
  keys.start();
  t.teardown(() => keys.stop());
  for (const { place } of await listed()) {
    const opened = await openSealed(store, place!, await keys.identity(place!.id));
    t.equal(opened.size, plain.length);
    await opened.close();
  }
});

t.test('an old key that cannot be read just now is not one that is over', async (t) => {
  const dir = join(t.testdir({}), 'vault');
  const furnished = await furnishVault(dir, 8);
  const file = masterFile(dir);
  const old = loadMasterKey(file);
  prepareNext(openMasterKeys(file), 'auto');
  const files = () => [file, `${file}.next`].map((f) => readFileSync(f, 'hex'));
  const before = files();
  chmodSync(file, 0o644);
  t.throws(() => openMasterKeys(file), { code: 'master_key_missing', detail: /0644/ });
  chmodSync(file, 0o640);
  const text = readFileSync(file);
  writeFileSync(file, 'what systemd does not open today, or somebody has edited');
  t.throws(() => openMasterKeys(file), { code: 'master_key_missing' });
  writeFileSync(file, text);
  t.same(files(), before, 'both are there');

  const next = readFileSync(`${file}.next`);
  writeFileSync(file, Buffer.alloc(text.length));
  t.match(openMasterKeys(file), { spent: true });
  await t.rejects(finishRotation(dir, openMasterKeys(file)), { code: 'master_key_wrong' });
  t.ok(readFileSync(`${file}.next`).equals(next), 'a name is not changed while keys.db is under another key');
  writeFileSync(file, text);
  t.match(await finishRotation(dir, openMasterKeys(file)), { retired: true });
  t.same(await judgeVault(dir, furnished, old, true), []);
});

t.test('a passphrase is asked for though only the last step of a change is missing', async (t) => {
  const file = join(t.testdir({}), 'master.key');
  const { text } = lock(randomBytes(32), passphrase, cheap);
  writeFileSync(`${file}.next`, text, { mode: 0o600 });
  writeFileSync(file, Buffer.alloc(text.length), { mode: 0o600 });
  t.ok(needsPassphrase(file));
  t.match(openMasterKeys(file, passphrase), { spent: true, source: 'passphrase' });
});

t.test('what came of a change of the keys is what the audit log says', async (t) => {
  const { tapedeck, file, data } = site(t);
  const key = Buffer.from(createMasterKey(file));
  const left = `${file}.trial`;
  writeFileSync(left, `${key.toString('base64')}\n`);
  const crashed = openSync(left, 'r');
  await tapedeck('keys', 'passphrase', '--remove');
  t.notOk(readFileSync(crashed).includes(key.toString('base64')), 'what a crash has left is overwritten');
  closeSync(crashed);
  t.notOk(existsSync(left));
  t.same(Buffer.from(loadMasterKey(file)), key);
  await tapedeck('keys', 'rotate');
  chmodSync(file, 0o644);
  await t.rejects(tapedeck('keys', 'rotate'), { code: 'master_key_missing' });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(data) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const entries = await catalogue.audit.entries({ actions: ['key_rotation'], limit: 9 });
  t.match(
    entries.map((e) => [e.actor, e.outcome, e.detail.what, e.detail.why]),
    [
      ['console', 'failed', 'a new master key', /0644/],
      ['console', 'ok', 'a new master key', undefined],
      ['console', 'ok', 'kept without a passphrase', undefined],
    ],
  );
});

t.test('recorder and dashboard go on while the master key changes under them', async (t) => {
  const dir = join(t.testdir({}), 'vault');
  const { identities } = await furnishVault(dir, 60);
  const start = openMasterKeys(masterFile(dir));
  const store = (readonly: boolean) => {
    const made = createKeys({ path: keysDb(dir), masterKey: start.current, reread: start.reread, readonly });
    made.start();
    t.teardown(() => made.stop());
    return made;
  };
  const [recorder, dashboard, deaf] = [
    store(false),
    store(true),
    createKeys({ path: keysDb(dir), masterKey: start.current, readonly: true }),
  ];
  deaf.start();
  t.teardown(() => deaf.stop());
  prepareNext(start, 'auto');
  let going = true;
  const rotation = finishRotation(dir, openMasterKeys(masterFile(dir)), { batch: 3 }).finally(() => {
    going = false;
  });
  const made = new Map<string, string>();
  for (let n = 0; going; n++) {
    const id = `01NEW${n}`;
    made.set(id, (await recorder.create(id)).identity);
    const [known] = [...identities].slice(n % identities.size);
    t.equal(await dashboard.identity(known![0]), known![1]);
    await turn();
  }
  const { rows } = await rotation;
  t.ok(made.size > 5 && rows > 60, `${made.size} keys were made meanwhile`);
  const { identity: last } = await recorder.create('01LAST');
  for (const [id, identity] of [...identities, ...made, ['01LAST', last] as const])
    t.equal(await dashboard.identity(id), identity);
  await t.rejects(
    deaf.identity('01LAST'),
    { code: 'master_key_wrong' },
    'who cannot read the new key says so',
  );
  const fresh = createKeys({ path: keysDb(dir), masterKey: loadMasterKey(masterFile(dir)), readonly: true });
  fresh.start();
  for (const [id, identity] of [...identities, ...made, ['01LAST', last] as const])
    t.equal(await fresh.identity(id), identity, 'all of it is under the new key');
  fresh.stop();
});

t.test(
  'a row that was damaged before is told of and left as it is; a wrong key changes nothing',
  async (t) => {
    const dir = join(t.testdir({}), 'vault');
    const { identities } = await furnishVault(dir, 12);
    const [victim] = [...identities.keys()];
    const db = new Database(keysDb(dir));
    db.prepare('UPDATE key SET wrapped = randomblob(length(wrapped)) WHERE recording_id = ?').run(victim);
    db.close();
    const bytes = readFileSync(keysDb(dir));
    await t.rejects(rewrapKeys(keysDb(dir), randomBytes(32), randomBytes(32)), { code: 'master_key_wrong' });
    t.ok(bytes.equals(readFileSync(keysDb(dir))));
    prepareNext(openMasterKeys(masterFile(dir)), 'auto');
    const done = await finishRotation(dir, openMasterKeys(masterFile(dir)));
    t.match(done, { rows: 12, destroyed: 3, damaged: [victim], retired: true });
  },
);

t.test(
  'without the right to write beside the master key, the last step is left to root',
  { skip: !root && 'needs root' },
  async (t) => {
    const dir = t.testdir({ etc: {}, data: {} });
    const file = join(dir, 'etc/master.key');
    const data = join(dir, 'data');
    const old = createMasterKey(file);
    createSigningKey(data, old);
    const keys = createKeys({ path: keysDb(data), masterKey: old });
    keys.start();
    const { identity } = await keys.create('01A');
    keys.stop();
    prepareNext(openMasterKeys(file), 'auto');
    const script = `
    import { openMasterKeys } from ${JSON.stringify(resolve('daemon/vault/master-key.ts'))};
    import { finishRotation } from ${JSON.stringify(resolve('daemon/vault/rotation.ts'))};
    process.stdout.write(JSON.stringify(await finishRotation(${JSON.stringify(data)}, openMasterKeys(${JSON.stringify(file)}))));`;
    const main = join(dir, 'main.mts');
    writeFileSync(main, script);
    // Without the capabilities of root, its files are protected from it by their modes.
    for (const f of [file, `${file}.next`]) chmodSync(f, 0o440);
    chmodSync(join(dir, 'etc'), 0o550);
    const { stdout, stderr } = spawnSync(
      'setpriv',
      ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', process.execPath, '--import', 'tsx', main],
      { encoding: 'utf8' },
    );
    chmodSync(join(dir, 'etc'), 0o750);
    t.match(JSON.parse(stdout || stderr), { rows: 1, retired: false });
    t.ok(existsSync(`${file}.next`), 'both are there');
    t.same(Buffer.from(openMasterKeys(file).current), Buffer.from(old));
    for (const f of [file, `${file}.next`]) chmodSync(f, 0o640);
    t.match(await finishRotation(data, openMasterKeys(file)), { retired: true });
    const after = createKeys({ path: keysDb(data), masterKey: loadMasterKey(file), readonly: true });
    after.start();
    t.equal(await after.identity('01A'), identity);
    after.stop();
  },
);
