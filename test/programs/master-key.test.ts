import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { keys as keysCommand } from '../../daemon/cli/keys.js';
import { fail } from '../../daemon/domain/error.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { createKeys } from '../../daemon/vault/keys.js';
import {
  createMasterKey,
  loadMasterKey,
  needsPassphrase,
  openMasterKeys,
} from '../../daemon/vault/master-key.js';
import { openSealed } from '../../daemon/vault/open.js';
import { lock, parseLocked } from '../../daemon/vault/passphrase.js';
import { finishRotation, prepareNext, rewrapKeys } from '../../daemon/vault/rotation.js';
import { hashFile } from '../../daemon/vault/scan.js';
import { sealStream } from '../../daemon/vault/seal.js';
import {
  createSigningKey,
  loadOrMakeSigningKey,
  loadSigningKey,
  publicKeys,
  verifySignature,
} from '../../daemon/vault/signing-key.js';
import { makeCatalogue } from '../support/catalogue/make-catalogue.js';
import { dice, newSeed } from '../support/dice.js';
import {
  type Contents,
  createDisk,
  fingerprint,
  type Outage,
  readContents,
  writeContents,
} from '../support/power/disk.js';
import { type Op, traceProgram } from '../support/power/trace.js';
import { furnishVault, judgeVault, keysDb, masterFile } from '../support/recordings/rotation.js';

const cheap = { memory_kib: 64, passes: 1, lanes: 1 };
const passphrase = 'a quiet sentence about rivers';
const root = process.getuid?.() === 0;

/** A site in a directory, and its `tapedeck keys`. */
function site(t: Test, { fd }: { fd?: number } = {}) {
  const dir = t.testdir({
    'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
    data: {},
  });
  const said: string[] = [];
  return {
    dir,
    file: join(dir, 'master.key'),
    data: join(dir, 'data'),
    async tapedeck(...argv: string[]): Promise<string> {
      said.length = 0;
      await makeCatalogue(join(dir, 'data'));
      const real = createCliContext(
        () => join(dir, 'tapedeck.toml'),
        () => fd,
      );
      const context = {
        ...real,
        out: (s: string) => void said.push(s),
        err: (s: string) => void said.push(s),
      };
      const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
      keysCommand(program, context);
      try {
        await program.parseAsync(argv, { from: 'user' });
      } finally {
        await real.close();
      }
      return said.join('\n');
    },
  };
}

t.test(
  'a master key that is locked opens with its passphrase only, and comes again without it',
  async (t) => {
    const file = join(t.testdir({}), 'master.key');
    const key = randomBytes(32);
    const { text } = lock(key, passphrase, cheap);
    writeFileSync(file, text, { mode: 0o600 });
    t.notOk(text.includes(key.toString('base64')) || text.includes(key.toString('hex')));
    t.ok(needsPassphrase(file));
    t.throws(() => openMasterKeys(file), { code: 'passphrase_missing' });
    t.throws(() => openMasterKeys(file, 'a quiet sentence about river'), { code: 'passphrase_wrong' });
    const master = openMasterKeys(file, passphrase);
    t.equal(master.source, 'passphrase');
    t.same(Buffer.from(master.current), key);
    t.same(master.reread().map(Buffer.from), [key], 'nobody has to type it twice');
    const locked = parseLocked(text)!;
    for (const change of [{ memory_kib: 65 }, { passes: 2 }, { salt: randomBytes(16).toString('base64') }]) {
      writeFileSync(file, JSON.stringify({ ...locked, ...change }));
      t.throws(() => openMasterKeys(file, passphrase), { code: 'passphrase_wrong' }, JSON.stringify(change));
    }
    for (const change of [{ memory_kib: 2 ** 31 }, { passes: 10 ** 6 }, { kdf: 'md5' }]) {
      writeFileSync(file, JSON.stringify({ ...locked, ...change }));
      t.throws(
        () => openMasterKeys(file, passphrase),
        { code: 'master_key_missing' },
        'nobody is made to work so hard',
      );
    }
  },
);

t.test('the same passphrase typed on another keyboard opens it', async (t) => {
  const file = join(t.testdir({}), 'master.key');
  writeFileSync(file, lock(randomBytes(32), 'Gr\u00fc\u00dfe aus dem Norden', cheap).text, { mode: 0o600 });
  t.equal(openMasterKeys(file, 'Gru\u0308\u00dfe aus dem Norden').source, 'passphrase');
});

t.test('a credential that systemd hands over comes before the file', async (t) => {
  const { dir, tapedeck } = site(t);
  mkdirSync(join(dir, 'creds'));
  const given = join(dir, 'creds/master-key');
  const key = randomBytes(32);
  createMasterKey(join(dir, 'master.key'));
  writeFileSync(given, `${key.toString('base64')}\n`, { mode: 0o400 });
  process.env.CREDENTIALS_DIRECTORY = join(dir, 'creds');
  t.teardown(() => delete process.env.CREDENTIALS_DIRECTORY);
  const master = openMasterKeys(join(dir, 'master.key'));
  t.match(master, { source: 'credential', file: given });
  t.same(Buffer.from(master.current), key);
  chmodSync(given, 0o600);
  writeFileSync(given, lock(key, passphrase, cheap).text);
  writeFileSync(join(dir, 'creds/master-passphrase'), `${passphrase}\n`, { mode: 0o400 });
  t.match(
    JSON.parse(await tapedeck('keys', 'status', '--json')),
    { source: 'passphrase' },
    'and so does the passphrase',
  );
});

t.test(
  'a master key that systemd has sealed to the machine',
  { skip: !root && 'only root may' },
  async (t) => {
    const { tapedeck, file, data } = site(t);
    process.env.SYSTEMD_CREDENTIAL_SECRET = join(data, 'host-secret');
    t.teardown(() => delete process.env.SYSTEMD_CREDENTIAL_SECRET);
    const key = Buffer.from(createMasterKey(file));
    const keys = createKeys({ path: keysDb(data), masterKey: key });
    keys.start();
    const { identity } = await keys.create('01A');
    keys.stop();
    await t.rejects(
      tapedeck('keys', 'seal', '--with-key', 'host'),
      {
        code: 'request_invalid',
        detail: /Nothing was changed\. .*only this machine[\s\S]*--remove[\s\S]*--yes/,
      },
      'it asks first, and where nobody can answer nothing is changed',
    );
    t.match(openMasterKeys(file), { source: 'file' });
    const seal = ['keys', 'seal', '--with-key', 'host', '--yes'];
    t.match(await tapedeck(...seal), /LoadCredentialEncrypted=master-key:/);
    t.match(
      await tapedeck('keys', 'seal', '--remove'),
      /in the clear again[\s\S]*restart/,
      'there is a way back',
    );
    t.match(openMasterKeys(file), { source: 'file' });
    t.same(Buffer.from(loadMasterKey(file)), key, 'to the same key');
    await tapedeck(...seal);
    t.notOk(readFileSync(file).includes(key.toString('base64')));
    t.match(openMasterKeys(file), { source: 'sealed' });
    t.same(Buffer.from(loadMasterKey(file)), key);

    // What systemd does for LoadCredentialEncrypted=, under the name that the units give it.
    const handed = spawnSync('systemd-creds', ['decrypt', '--name=master-key', file, '-'], {
      encoding: 'utf8',
    });
    t.equal(handed.stdout, `${key.toString('base64')}\n`);
    t.not(spawnSync('systemd-creds', ['decrypt', '--name=other', file, '-']).status, 0);

    t.match(await tapedeck('keys', 'rotate', '--with-key', 'host'), /1 keys are wrapped[\s\S]*restart/);
    const after = openMasterKeys(file);
    t.match(after, { source: 'sealed', next: null });
    t.notSame(Buffer.from(after.current), key);
    const again = createKeys({ path: keysDb(data), masterKey: after.current, readonly: true });
    again.start();
    t.equal(await again.identity('01A'), identity);
    again.stop();

    const tpm = spawnSync('systemd-creds', ['has-tpm2']).status === 0;
    if (!tpm)
      await t.rejects(
        tapedeck('keys', 'seal', '--with-key', 'tpm2'),
        { code: 'master_key_missing', detail: /no TPM 2/ },
        'what is no TPM does not count as one',
      );
    t.same(Buffer.from(openMasterKeys(file).current), Buffer.from(after.current));
    writeFileSync(join(data, 'host-secret'), randomBytes(4096));
    t.throws(() => openMasterKeys(file), { code: 'master_key_missing' }, 'another machine does not open it');
  },
);

t.test(
  'keys passphrase locks, changes and unlocks, and nothing of the key in the clear is left',
  async (t) => {
    const dir = t.testdir({
      'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
      data: {},
    });
    const file = join(dir, 'master.key');
    const key = Buffer.from(createMasterKey(file));
    /** As an admin would, the passphrases through pipes: the present one on 3, the new one on 4. */
    const run = (args: string[], present = '', next = '') =>
      new Promise<{ code: number | null; text: string; argv: string }>((done) => {
        const main = resolve('dist/daemon/main.js');
        const argv = [main, '--config', join(dir, 'tapedeck.toml'), ...args];
        const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'] });
        let text = '';
        for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (d) => (text += d));
        for (const [n, said] of [
          [3, present],
          [4, next],
        ] as const) {
          const pipe = child.stdio[n] as NodeJS.WritableStream;
          pipe.on('error', () => {}); // it need not be read
          pipe.end(said);
        }
        child.once('close', (code) => done({ code, text, argv: argv.join(' ') }));
      });
    t.match(await run(['keys', 'passphrase', '--new-fd', '4'], '', 'too short'), {
      code: 2,
      text: /15 are needed/,
    });
    t.match(await run(['keys', 'passphrase', '--new-fd', '4'], '', `${passphrase}\n`), {
      code: 0,
      text: /is locked now/,
    });
    t.ok(needsPassphrase(file));
    t.equal(parseLocked(readFileSync(file, 'utf8'))?.memory_kib, 256 * 1024);
    t.match(readdirSync(dir).sort(), ['data', 'master.key', 'tapedeck.toml']);
    t.equal(statSync(file).mode & 0o777, 0o640);
    t.match(await run(['keys', 'status']), { code: 2, text: /locked with a passphrase, and none was given/ });
    t.match(await run(['--passphrase-fd', '3', 'keys', 'status'], 'not the right sentence'), {
      code: 2,
      text: /does not open/,
    });
    const shown = await run(['--passphrase-fd', '3', 'keys', 'status'], `${passphrase}\n`);
    t.match(shown, { code: 0, text: /argon2id/ });
    t.notOk(shown.argv.includes(passphrase) || shown.text.includes(passphrase));
    const removed = await run(['--passphrase-fd', '3', 'keys', 'passphrase', '--remove'], passphrase);
    t.match(removed, { code: 0, text: /in the clear now/ });
    t.same(Buffer.from(loadMasterKey(file)), key, 'it is the same key all the time');
  },
);

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
  const sealed = join(dir, 'recordings');
  const plain = randomBytes(200_000);
  for (const [id, identity] of [...furnished.identities].slice(0, 5))
    await sealStream(Readable.from([plain]), {
      recipient: await identityToRecipient(identity),
      ...{ dir: sealed, name: `${id}.opus.age` },
    });
  const audio = () =>
    Promise.all(
      readdirSync(sealed).map(async (name) => {
        const { ino, mtimeNs, ctimeNs } = statSync(join(sealed, name), { bigint: true });
        return [name, ino, mtimeNs, ctimeNs, (await hashFile(join(sealed, name)))!.sha256];
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
  for (const name of readdirSync(sealed)) {
    const opened = await openSealed(join(sealed, name), await keys.identity(name.split('.')[0]!));
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
  const entries = await catalogue.auditEntries({ actions: ['key_rotation'], limit: 9 });
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
    await new Promise((r) => setTimeout(r, 2));
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
  'whoever may not write where the master key is leaves its end to root',
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

t.test('power may fail after any system call of a rotation', async (t) => {
  // In memory: what is asked of the disk a thousand times here is only pretended.
  const base = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const dir = join(base, 'vault');
  const furnished = await furnishVault(dir);
  const old = loadMasterKey(masterFile(dir));
  const start = readContents(dir);
  const program = join(import.meta.dirname, '../support/recordings/rotation.ts');
  const ops = await traceProgram(dir, ['--import', 'tsx', program, dir], join(base, 'trace'));
  const whole = createDisk(dir, start);
  ops.forEach(whole.apply);
  t.equal(
    fingerprint(new Map([...whole.after('everything')].sort())),
    fingerprint(new Map([...readContents(dir)].sort())),
  );

  const seed = newSeed();
  let houses = 0;
  async function cut(calls: Op[], outages: (n: number) => Outage[], first = 0, enough = Infinity) {
    const disk = createDisk(dir, start);
    const seen = new Set<string>();
    const faults: string[] = [];
    let ended = false;
    for (const [n, op] of calls.entries()) {
      disk.apply(op);
      if (op.kind === 'mark' && op.text === 'rotated') ended = true;
      if (n < first) continue;
      for (const outage of outages(n)) {
        const left: Contents = disk.after(outage);
        const state = `${fingerprint(left)} ${ended}`;
        if (seen.has(state)) continue;
        seen.add(state);
        const house = join(base, `cut-${++houses}`);
        writeContents(house, left);
        const wrong = await judgeVault(house, furnished, old, ended);
        rmSync(house, { recursive: true });
        faults.push(
          ...wrong.map(
            (what) => `call ${n} (${op.kind}), ${typeof outage === 'string' ? outage : 'some'}: ${what}`,
          ),
        );
        if (faults.length >= enough) return { cuts: seen.size, faults };
      }
    }
    return { cuts: seen.size, faults };
  }
  const { cuts, faults } = await cut(ops, (n) => ['nothing', 'journal', 'everything', dice(seed + n)]);
  t.comment(`seed ${seed}: ${ops.length} system calls, ${cuts} different disks`);
  t.ok(cuts > ops.length / 2, 'enough to mean something');
  t.same(faults, [], 'every key opens, whatever has arrived');

  const names = new Map<number, string>();
  const subject = ops.map((op) => {
    if (op.kind === 'open') names.set(op.fd, op.path);
    return 'fd' in op ? names.get(op.fd)! : 'path' in op ? op.path : '';
  });
  const renamed = ops.findIndex((op) => op.kind === 'rename' && op.to === masterFile(dir));
  const overwritten = ops.findIndex((op, n) => op.kind === 'write' && subject[n] === masterFile(dir));
  t.ok(renamed > overwritten && overwritten > 0);
  const retiring = ops.slice(overwritten, renamed + 1);
  const prepared = ops.findIndex((op) => op.kind === 'mark' && op.text === 'prepared');
  const mutants: [string, Op[]][] = [
    ['the new key is not synced', ops.filter((op, n) => !(op.kind === 'sync' && n < prepared))],
    [
      'keys.db is not synced',
      ops.filter((op, n) => !(op.kind === 'sync' && subject[n]!.endsWith('keys.db'))),
    ],
    [
      'the old key goes before the rows are wrapped anew',
      [
        ...ops.slice(0, prepared + 1),
        ...retiring,
        ...ops.slice(prepared + 1).filter((op) => !retiring.includes(op)),
      ],
    ],
  ];
  for (const [what, calls] of mutants) {
    const first = calls.findIndex((op, n) => op !== ops[n]);
    const found = await cut(calls, (n) => ['nothing', 'everything', dice(seed + n)], first, 1);
    t.comment(found.faults[0]);
    t.equal(found.faults.length > 0, true, `it is found when ${what}`);
  }
});

t.test(
  'one signing key is made, closed to all but its owner, and openssl verifies what it signs',
  async (t) => {
    const dir = t.testdir({});
    const master = randomBytes(32);
    const { signingKey: made, made: first } = loadOrMakeSigningKey(dir, () => [master]);
    t.equal(first, 'first');
    t.equal(statSync(join(dir, 'signing/key')).mode & 0o777, 0o600);
    t.match(made.keyId, /^[0-9a-f]{16}$/);
    t.same([...publicKeys(dir)], [[made.keyId, made.publicKeyPem]]);
    t.equal(loadOrMakeSigningKey(dir, () => [randomBytes(32), master]).signingKey.keyId, made.keyId);
    t.throws(() => createSigningKey(dir, master), { code: 'config_invalid' });
    t.throws(() => loadSigningKey(dir, [randomBytes(32)]), { code: 'signing_key_missing' });
    const bytes = Buffer.from('{"a":1}');
    const signature = loadSigningKey(dir, [master]).sign(bytes);
    t.ok(verifySignature(made.publicKeyPem, bytes, signature));
    t.notOk(verifySignature(made.publicKeyPem, Buffer.from('{"a":2}'), signature));
    for (const [name, data] of Object.entries({ text: bytes, sig: signature }))
      writeFileSync(join(dir, name), data);
    const openssl = (of: string) =>
      spawnSync('openssl', [
        ...['pkeyutl', '-verify', '-pubin', '-inkey', join(dir, `signing/${made.keyId}.pem`)],
        ...['-rawin', '-in', join(dir, of), '-sigfile', join(dir, 'sig')],
      ]).status;
    t.equal(openssl('text'), 0);
    t.not(openssl('sig'), 0);

    const kept = readFileSync(join(dir, 'signing/key'));
    const wrong = () => {
      throw fail('master_key_wrong');
    };
    t.throws(() => loadOrMakeSigningKey(dir, wrong), { code: 'master_key_wrong' });
    renameSync(join(dir, 'signing/key'), join(dir, 'away'));
    mkdirSync(join(dir, 'signing/key'));
    t.throws(() => loadOrMakeSigningKey(dir, () => [master]), {
      ...{ code: 'signing_key_missing', detail: /cannot be read: EISDIR/ },
    });
    rmdirSync(join(dir, 'signing/key'));
    renameSync(join(dir, 'away'), join(dir, 'signing/key'));
    const there = readdirSync(join(dir, 'signing')).filter((name) => !name.endsWith('.pem'));
    t.same(there, ['key'], 'nothing is put aside for it');
    t.ok(readFileSync(join(dir, 'signing/key')).equals(kept));

    const anew = loadOrMakeSigningKey(dir, () => [randomBytes(32)]);
    t.equal(anew.made, 'anew', 'calls are recorded, with another key');
    t.not(anew.signingKey.keyId, made.keyId);
    t.ok(
      verifySignature(publicKeys(dir).get(made.keyId)!, bytes, signature),
      'what was signed can still be verified',
    );
    t.ok(
      readdirSync(join(dir, 'signing')).some((name) => name.startsWith('key.unusable-')),
      'and the old one is kept',
    );
  },
);

t.test('keys status says what is kept how, and what rotation means for backups', async (t) => {
  const { tapedeck, dir, file, data } = site(t);
  const key = createMasterKey(file);
  mkdirSync(data, { recursive: true });
  const keys = createKeys({ path: keysDb(data), masterKey: key });
  keys.start();
  await keys.create('01A');
  await keys.create('01B');
  await keys.destroy('01B');
  keys.stop();
  const { keyId } = createSigningKey(data, key);
  t.match(JSON.parse(await tapedeck('keys', 'status', '--json')), {
    ...{ source: 'file', rotation: 'none', recordings: 1, destroyed: 1, recovery_recipient: null },
    signing_keys: [{ id: keyId, public_key: /BEGIN PUBLIC KEY/ }],
  });
  prepareNext(openMasterKeys(file), 'auto');
  t.match(await tapedeck('keys', 'status'), /A change is under way/);
  await t.rejects(tapedeck('keys', 'passphrase', '--remove'), {
    code: 'request_invalid',
    detail: /not over/,
  });
  t.match(await tapedeck('keys', 'rotate'), /1 keys are wrapped under the new master key; 1 stay destroyed/);
  t.match(await tapedeck('keys', 'rotate'), /Backups of keys\.db from before open only with the old key/);
  const recovery = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  const toml = readFileSync(join(dir, 'tapedeck.toml'), 'utf8');
  writeFileSync(join(dir, 'tapedeck.toml'), `${toml}recovery_recipient = "${recovery}"\n`);
  t.match(await tapedeck('keys', 'status'), /even after it was erased, from any copy of the file/);
  writeFileSync(join(dir, 'tapedeck.toml'), `${toml}recovery_recipient = "age1nonsense"\n`);
  await t.rejects(tapedeck('keys', 'status'), { code: 'config_invalid', detail: /recovery_recipient/ });
});
