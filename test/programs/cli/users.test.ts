import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { checkPassword, hashPassword, verifyPassword } from '../../../daemon/ops/secrets/password.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { breakLog, tablesOf } from '../../support/catalogue/tables.js';
import { site } from '../../support/cli-site.js';
import { addRecording } from '../../support/web/dashboard.js';
import { createSigner } from '../../support/web/signer.js';

t.test('users are added with a password that holds', async (t) => {
  const { tapedeck, dir, catalogue } = site(t);
  const file = join(dir, 'password');
  writeFileSync(file, 'correct staple mule\n');
  t.match(await tapedeck('user', 'add', 'ada', '--password-file', file), /ada can sign in/);
  await t.rejects(tapedeck('user', 'add', 'ADA', '--password-file', file), { code: 'user_exists' });
  await t.rejects(tapedeck('user', 'add', 'a\u202eb', '--password-file', file), { code: 'name_unclear' });
  const kept = await (await catalogue()).people.byName('ada');
  t.match(kept?.passwordHash, /^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  t.ok(await verifyPassword(kept!.passwordHash, 'correct staple mule'), 'the line end does not belong to it');
  t.notOk(await verifyPassword(kept!.passwordHash, 'correct staple mule\n'));
  t.match(JSON.parse(await tapedeck('user', 'list', '--json')), [{ name: 'ada' }]);
  t.notMatch(await tapedeck('user', 'list', '--json'), /argon2/);
});

t.test('what somebody may do is said, changed, taken away and given back on the console', async (t) => {
  const { tapedeck, dir, catalogue } = site(t);
  const file = join(dir, 'password');
  writeFileSync(file, 'correct staple mule\n');
  const add = (...argv: string[]) => tapedeck('user', 'add', ...argv, '--password-file', file);
  t.match(await add('ada'), /admin, reviewer; hears: all/, 'the first of all');
  await t.rejects(add('ben'), { code: 'person_invalid', detail: /--role admin, --role reviewer/ });
  await t.rejects(add('ben', '--role', 'reviewer'), { code: 'person_invalid', detail: /--queues/ });
  await t.rejects(add('ben', '--role', 'king'), { code: 'request_invalid', detail: /admin, reviewer/ });
  await t.rejects(add('ben', '--role', 'agent', '--own', '201', '--grant', 'export'), {
    code: 'person_invalid',
    detail: /cannot|can be given: export/,
  });
  await add('ben', '--role', 'agent', '--own', '201,202');
  const many = await add(
    'carl',
    '--role',
    'reviewer',
    '--queues',
    'sales,support',
    '--dids',
    '5551000',
    '--grant',
    'download',
  );
  t.match(many, /queues sales,support; dids 5551000; grants: download/);
  const log = await catalogue();
  const added = await log.audit.entries({ actions: ['person_add'], limit: 9 });
  t.match(
    added.map((e) => e.detail),
    [
      { name: 'carl', hears_of: ['queue sales', 'queue support', 'number 5551000'], grants: ['download'] },
      { name: 'ben', own_extensions: ['201', '202'] },
      { name: 'ada', hears_of: ['all calls'] },
    ],
    'whom somebody was given to hear is in the log from the first',
  );
  const changed = await tapedeck(
    'user',
    'change',
    'carl',
    '--role',
    'reviewer',
    '--role',
    'agent',
    '--own',
    '7',
  );
  t.match(changed, /reviewer, agent; hears: queues sales,support; dids 5551000; own 7; grants: download/);
  t.match(await tapedeck('user', 'change', 'carl', '--queues', 'none'), /hears: dids 5551000; own 7/);
  t.match(await tapedeck('user', 'change', 'carl', '--role', 'agent'), /hears: own 7; grants: download/);
  t.match(await tapedeck('user', 'list'), /ben +agent +own 201,202 +- +- +active/);

  const id = (await log.people.byName('ada'))!.id;
  for (const argv of [
    ['disable', 'ada'],
    ['remove', 'ada'],
    ['change', 'ada', '--role', 'reviewer', '--all'],
  ])
    await t.rejects(tapedeck('user', ...argv), { code: 'last_admin' }, argv.join(' '));
  await tapedeck('user', 'change', 'ben', '--role', 'admin', '--name', 'Benjamin');
  t.match(await tapedeck('user', 'disable', 'ada'), /cannot sign in any more/);
  t.equal(await log.people.standing(id), null);
  t.match(await tapedeck('user', 'list'), /ada .* disabled/);
  t.match(await tapedeck('user', 'enable', 'ADA'), /ada can sign in again/);
  t.equal((await log.people.standing(id))?.epoch, 1, 'their sessions stay ended');
  writeFileSync(file, 'another staple mule\n');
  t.match(
    await tapedeck('user', 'password', 'ada', '--password-file', file),
    /new password; every session has ended/,
  );
  t.equal((await log.people.standing(id))?.epoch, 2);
  t.ok(await verifyPassword((await log.people.byName('ada'))!.passwordHash, 'another staple mule'));
  t.match(await tapedeck('user', 'remove', 'ada'), /removed/);
  await t.rejects(tapedeck('user', 'remove', 'ada'), { code: 'person_unknown' });
});

t.test('second factors are listed with their age, and taken back by name or by day', async (t) => {
  const { tapedeck, catalogue: opened } = site(t);
  const catalogue = await opened();
  await catalogue.people.add({ ...FOUNDER, id: 'ada', name: 'ada', passwordHash: 'x', createdAt: 1 });
  for (const [name, day] of [
    ['laptop', '2026-11-02'],
    ['mine', '2026-11-20'],
  ] as const)
    await catalogue.factors.addPasskey({
      ...{ id: name, userId: 'ada', name, publicKey: new Uint8Array(9), counter: 0, transports: [] },
      ...{ host: 'desk.example', addedAt: Date.parse(`${day}T12:00:00Z`), usedAt: null },
    });
  const factors = (...argv: string[]) => tapedeck('user', 'factors', 'ada', ...argv);
  t.match(await factors(), /2 passkeys.*laptop +2026-11-02 .*mine +2026-11-20 /s);
  await t.rejects(factors('--reset', '--since', '2026-11-20'), { code: 'request_invalid' });
  await t.rejects(factors('--remove', 'tablet'), { code: 'request_invalid', detail: /no factor "tablet"/ });
  const since = await factors('--since', '2026-11-20');
  t.match(since, /Removed: the passkey mine, the recovery codes\..*Every session and API token has ended/s);
  t.match(since, /ada has 1 passkey\./);
  t.match(await factors('--remove', 'laptop'), /ada has no second factor/);
});

t.test('weak passwords are refused', async (t) => {
  const weak = [
    'short',
    'elevenchars',
    'passwordpassword',
    'PasswordPassword1!',
    '123456789012',
    'abcdefghijklmno',
  ];
  for (const password of [
    ...weak,
    'aaaaaaaaaaaaaaaa',
    'abababababababab',
    'I am Ada Lovelace',
    'x'.repeat(300),
  ])
    t.throws(() => checkPassword(password, 'ada'), { code: 'password_weak' }, password.slice(0, 20));
  const tried = [
    '123qweasdzxc',
    'SilverSurfer',
    'perfectworld',
    'Sunshine2024!!',
    'P@ssw0rdP@ssw0rd',
    '!!letmein!!2025',
    'hunter2hunter2',
    'qwertyqwerty123',
  ];
  for (const password of tried)
    t.throws(() => checkPassword(password), { code: 'password_weak', detail: /tried first/ }, password);
  for (const password of ['Tapedeck-2026!', 'hartley12345', 'HartleyJoinery', 'berg-tapedeck-1'])
    t.throws(
      () => checkPassword(password, 'anna berg', 'Hartley Joinery'),
      { code: 'password_weak' },
      password,
    );
  const fine = [
    'correct staple mule',
    'Übergrößenträger!',
    '7kx-92p-qqw4zz',
    'my tapedeck plays birdsong',
    '🦉🐢🌧️ 雨の日の図書館 ночь',
  ];
  for (const password of [...fine, 'ab cd ef gh '.repeat(8), 'дождь стучит по крыше'])
    t.doesNotThrow(() => checkPassword(password, 'ada'), password);
  const composed = await hashPassword('\u00fcber-lange-leitung');
  t.ok(await verifyPassword(composed, 'u\u0308ber-lange-leitung'), 'however the keyboard writes it');
});

t.test('what the command line cannot write into the log is not done', async (t) => {
  const { tapedeck, catalogue: opened, dir } = site(t);
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { recursive: true });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  writeFileSync(join(dir, 'password'), 'five other unrelated quiet words');
  writeFileSync(join(dir, 'policy.toml'), 'emergency_numbers = ["112"]\nrecord = []\nretention = []\n');
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  t.teardown(() => keys.stop());
  const catalogue = await opened();
  const signer = createSigner();
  signer.begin({ catalogue, dataDir, masterKey, clock: { ms: Date.now() } });
  const made = await addRecording({ catalogue, keys, dataDir }, randomBytes(9_000), {
    recording: { keepUntil: 1 },
  });
  await signer.sign(made);
  for (const name of ['ada', 'ben', 'cleo'])
    await catalogue.people.add({ ...FOUNDER, id: name, name, passwordHash: 'x', createdAt: 1 });
  await catalogue.people.change('cleo', { disabled: true }, 1);
  await catalogue.audit.append(entryOf(TAPEDECK, Date.now(), 'start'));
  await signer.checkpoint();
  const out = join(dir, 'out');
  const word = ['--password-file', join(dir, 'password')];
  const db = new Database(catalogueFile(dataDir));
  t.teardown(() => db.close());
  const mend = breakLog(db);
  const before = tablesOf(db);
  const commands = [
    ['retention', 'run'],
    ['export', made.call.id, '--output', out],
    ['evidence', made.call.id, '--out', out],
    ['policy', 'import', join(dir, 'policy.toml')],
    ['user', 'add', 'dora', '--role', 'auditor', ...word],
    ['user', 'change', 'ben', '--role', 'auditor'],
    ['user', 'factors', 'ben', '--since', '2026-11-25'],
    ['user', 'factors', 'ben', '--reset'],
    ['user', 'disable', 'ben'],
    ['user', 'enable', 'cleo'],
    ['user', 'password', 'ben', ...word],
    ['user', 'remove', 'ben'],
  ];
  for (const command of commands) {
    await t.rejects(tapedeck(...command), { code: 'audit_unwritable' }, command.slice(0, 2).join(' '));
    t.strictSame(tablesOf(db), before, 'nothing is changed');
    t.notOk(existsSync(out) || existsSync(`${out}.part`), 'and nothing is given out');
  }
  t.ok(existsSync(made.path) && keys.has(made.recording.id), 'what was due is still there');
  mend();
  for (const command of commands.slice(1)) {
    const { size } = await catalogue.audit.head();
    await tapedeck(...command);
    rmSync(out, { force: true });
    t.equal((await catalogue.audit.head()).size, size + 1, `${command.slice(0, 2).join(' ')} is one entry`);
  }
});
