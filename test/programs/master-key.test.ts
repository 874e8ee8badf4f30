import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { fail } from '../../daemon/domain/error.js';
import { createKeys } from '../../daemon/vault/keys.js';
import {
  createMasterKey,
  loadMasterKey,
  needsPassphrase,
  openMasterKeys,
} from '../../daemon/vault/master-key.js';
import { lock, parseLocked } from '../../daemon/vault/passphrase.js';
import { prepareNext } from '../../daemon/vault/rotation.js';
import {
  createSigningKey,
  loadOrMakeSigningKey,
  loadSigningKey,
  publicKeys,
  verifySignature,
} from '../../daemon/vault/signing-key.js';
import { site } from '../support/keys-site.js';
import { keysDb } from '../support/recordings/rotation.js';

const cheap = { memory_kib: 64, passes: 1, lanes: 1 };
const passphrase = 'a quiet sentence about rivers';
const root = process.getuid?.() === 0;

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
    t.match(await run(['keys', 'status']), {
      code: 78,
      text: /locked with a passphrase, and none was given/,
    });
    t.match(await run(['--passphrase-fd', '3', 'keys', 'status'], 'not the right sentence'), {
      code: 78,
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

t.test(
  'one signing key is made, closed to all but its owner, and openssl verifies what it signs',
  async (t) => {
    const dir = t.testdir({});
    const master = randomBytes(32);
    const { signingKey: made, made: first } = await loadOrMakeSigningKey(dir, () => [master]);
    t.equal(first, 'first');
    t.equal(statSync(join(dir, 'signing/key')).mode & 0o777, 0o600);
    t.match(made.keyId, /^[0-9a-f]{16}$/);
    t.same([...publicKeys(dir)], [[made.keyId, made.publicKeyPem]]);
    const again = await loadOrMakeSigningKey(dir, () => [randomBytes(32), master]);
    t.equal(again.signingKey.keyId, made.keyId);
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
    await t.rejects(loadOrMakeSigningKey(dir, wrong), { code: 'master_key_wrong' });
    renameSync(join(dir, 'signing/key'), join(dir, 'away'));
    mkdirSync(join(dir, 'signing/key'));
    await t.rejects(
      loadOrMakeSigningKey(dir, () => [master]),
      {
        ...{ code: 'signing_key_missing', detail: /cannot be read: EISDIR/ },
      },
    );
    rmdirSync(join(dir, 'signing/key'));
    renameSync(join(dir, 'away'), join(dir, 'signing/key'));
    const there = readdirSync(join(dir, 'signing')).filter((name) => !name.endsWith('.pem'));
    t.same(there, ['key'], 'nothing is put aside for it');
    t.ok(readFileSync(join(dir, 'signing/key')).equals(kept));

    const anew = await loadOrMakeSigningKey(dir, () => [randomBytes(32)]);
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
  t.match(await tapedeck('keys', 'status'), /a copy of such a recording even after it was erased/);
  writeFileSync(join(dir, 'tapedeck.toml'), `${toml}recovery_recipient = "age1nonsense"\n`);
  await t.rejects(tapedeck('keys', 'status'), { code: 'config_invalid', detail: /recovery_recipient/ });
});
