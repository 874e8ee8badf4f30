import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { calls } from '../../daemon/cli/calls.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { readPolicy, writePolicy } from '../../daemon/cli/common/policy-file.js';
import type { Finding } from '../../daemon/cli/doctor/finding.js';
import { priority } from '../../daemon/cli/doctor/pbx.js';
import { doctor } from '../../daemon/cli/doctor.js';
import { evidence } from '../../daemon/cli/evidence.js';
import { exportCall } from '../../daemon/cli/export.js';
import { policy } from '../../daemon/cli/policy.js';
import { retention } from '../../daemon/cli/retention.js';
import { user } from '../../daemon/cli/user.js';
import { entryOf, TAPEDECK } from '../../daemon/domain/assurance/audit.js';
import { catalogueFile, keysFile, recordingFile } from '../../daemon/domain/paths.js';
import { FOUNDER } from '../../daemon/domain/people/person.js';
import type { Policy } from '../../daemon/domain/policy/policy.js';
import { checkPassword, hashPassword, verifyPassword } from '../../daemon/ops/secrets/password.js';
import { createKeys } from '../../daemon/vault/keys.js';
import { makeCatalogue } from '../support/catalogue/make-catalogue.js';
import { breakLog, tablesOf } from '../support/catalogue/tables.js';
import { until } from '../support/recorder.js';
import { aCall, aRecording } from '../support/recordings/a-call.js';
import { addRecording } from '../support/web/dashboard.js';
import { createSigner } from '../support/web/signer.js';
import { noted } from '../support/words.js';

/** A site in a directory, and its command line. With a catalogue, unless the recorder was never there. */
function site(t: Test, { recorded = true } = {}) {
  const dir = t.testdir({
    'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
  });
  const said: string[] = [];
  const real = createCliContext(() => join(dir, 'tapedeck.toml'));
  const made = recorded ? makeCatalogue(join(dir, 'data')) : null;
  const context = {
    ...real,
    catalogue: async () => {
      await made;
      return real.catalogue();
    },
    out: (text: string) => void said.push(text),
    err: (text: string) => void said.push(text),
  };
  t.teardown(() => real.close());
  return {
    dir,
    context,
    async tapedeck(...argv: string[]): Promise<string> {
      said.length = 0;
      const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
      for (const register of [calls, doctor, evidence, exportCall, policy, retention, user])
        register(program, context);
      await program.parseAsync(argv, { from: 'user' });
      return said.join('\n');
    },
  };
}

t.test('nothing that a terminal acts on is printed, and JSON says the same', async (t) => {
  const { dir, context } = site(t);
  const name = 'A\u009b31mB\u0085C\u202eD\u2066E\u200bF\u{e0041}G\u2028H\u007f';
  const them = { number: '1', name, ours: false };
  await (await context.catalogue()).saveCall(aCall('CR1', { them }));
  await context.close();
  const run = (...argv: string[]) => {
    const args = ['--import', 'tsx', 'daemon/main.ts', '--config', join(dir, 'tapedeck.toml'), ...argv];
    return spawnSync(process.execPath, args, { encoding: 'utf8' });
  };
  const active = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
  const json = run('calls', '--json');
  t.notMatch(json.stdout, active, json.stderr);
  t.equal(JSON.parse(json.stdout)[0].them.name, name, 'it is escaped, not lost');
  const { stderr } = run('user', 'remove', name);
  t.match(stderr, /A\\u009b31mB/, 'nor by what is refused');
  t.notMatch(stderr, active);
});

t.test('a policy comes back from its file as it went in', async (t) => {
  const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((s) => s.toWellFormed());
  const list = fc.array(words, { maxLength: 3 });
  const directions = fc.subarray(['in', 'out', 'internal'] as const);
  const when = fc.record(
    { direction: directions, extension: list, did: list, number_prefix: list },
    { requiredKeys: [] },
  );
  const rule = { name: words, reason: words, when };
  const policies = fc.record({
    record: fc.array(fc.record({ ...rule, record: fc.boolean() }), { maxLength: 4 }),
    retention: fc.array(fc.record({ ...rule, keep_days: fc.option(fc.integer({ min: 1, max: 36_500 })) }), {
      maxLength: 4,
    }),
    emergency_numbers: fc.array(fc.stringMatching(/^[0-9*#+]{2,15}$/), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(policies, fc.boolean(), (given, json) => {
      const p = given as Policy;
      const stored = { fault: null, version: 3, changedAt: 1, changedBy: 'ada\n[x]', policy: p };
      const file = json ? JSON.stringify(p) : writePolicy(stored);
      t.same(readPolicy(file), p);
    }),
    { numRuns: 200 },
  );
});

t.test('a fault in a policy file is named by its place, and nothing is changed', async (t) => {
  const { tapedeck, dir } = site(t);
  const bad = join(dir, 'bad.toml');
  writeFileSync(
    bad,
    'emergency_numbers = ["112"]\nrecord = []\n\n[[retention]]\nname = "A"\nreason = "B"\nwhen = {}\nkeep_days = 0\n',
  );
  await t.rejects(tapedeck('policy', 'import', bad), {
    code: 'policy_invalid',
    detail: /line 8: retention rule 1, keep_days: .* Write days from 1 to 36500, or "for ever"/,
  });
  writeFileSync(bad, 'emergency_numbers = [\n');
  await t.rejects(tapedeck('policy', 'import', bad), {
    code: 'policy_invalid',
    detail: /line \d: this is not TOML/,
  });
  writeFileSync(bad, '{"record": [], "retention": []}');
  await t.rejects(tapedeck('policy', 'import', bad), { message: /emergency_numbers: is missing/ });
  t.match(await tapedeck('policy', 'history'), /as it comes/);
});

t.test('a policy is imported once, shown, tested, and not over the work of somebody else', async (t) => {
  const { tapedeck, dir } = site(t);
  const file = join(dir, 'policy.toml');
  const rule = { name: 'Short', reason: 'Law', when: { direction: ['in'] }, keep_days: 30 };
  writeFileSync(file, JSON.stringify({ record: [], retention: [rule], emergency_numbers: ['112'] }));
  t.match(await tapedeck('policy', 'import', file, '--dry-run'), /"Short" is new[\s\S]*Nothing was changed/);
  await t.rejects(tapedeck('policy', 'import', file, '--based-on', '7'), { code: 'policy_conflict' });
  t.match(await tapedeck('policy', 'import', file), /Version 1 is in force/);
  t.match(await tapedeck('policy', 'import', file), /nothing to change/);
  t.match(await tapedeck('policy', 'test', '--direction', 'in'), /kept +30 days +Short +Law/);
  t.match(await tapedeck('policy', 'test', '--direction', 'out', '--number', '112'), /recorded +no/);
  t.match(JSON.parse(await tapedeck('policy', 'export', '--json')), { retention: [rule] });
  t.match(JSON.parse(await tapedeck('policy', 'history', '--json')), [{ version: 1 }]);
  await t.rejects(tapedeck('policy', 'test'), { code: 'commander.missingMandatoryOptionValue' });
});

t.test('a policy without emergency numbers has to be asked for', async (t) => {
  const { tapedeck, dir } = site(t);
  const file = join(dir, 'policy.toml');
  writeFileSync(file, 'emergency_numbers = []\nrecord = []\nretention = []\n');
  t.match(await tapedeck('policy', 'import', file, '--dry-run'), /emergency_numbers: 112.*-> none/);
  await t.rejects(tapedeck('policy', 'import', file), { code: 'emergency_unconfirmed', detail: /112, 911/ });
  t.match(JSON.parse(await tapedeck('policy', 'export', '--json')).emergency_numbers[0], '112');
  t.match(await tapedeck('policy', 'import', file, '--allow-no-emergency-numbers'), /Version 1 is in force/);
  const rule = '[[retention]]\nname = "A"\nreason = "B"\nwhen = {}\nkeep_days = 9\n';
  writeFileSync(file, `emergency_numbers = []\nrecord = []\n\n${rule}`);
  t.match(
    await tapedeck('policy', 'import', file),
    /applies only to recordings made from now on[\s\S]*Version 2/,
    'nothing is asked where there are none, and a retention rule promises no more than it does',
  );
  t.match(await tapedeck('retention', 'plan'), /applies only to recordings made from now on/);
});

t.test('retention is planned and run without the daemon', async (t) => {
  const { tapedeck, dir, context } = site(t);
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const catalogue = await context.catalogue();
  const keys = createKeys({ path: keysFile(join(dir, 'data')), masterKey });
  keys.start();
  t.teardown(() => keys.stop());
  const fileOf = (id: string) => recordingFile(join(dir, 'data'), aRecording(id, ''));
  mkdirSync(dirname(fileOf('R1')), { recursive: true });
  const past = {
    keepUntil: Date.now() - 1,
    sealedAt: Date.now() - 1000,
    keepRule: 'Short',
    keepWhy: noted('Law'),
  };
  for (const id of ['R1', 'R2']) {
    await catalogue.saveCall(aCall(`C${id}`));
    await keys.create(id);
    const recording = aRecording(id, `C${id}`, past);
    writeFileSync(fileOf(id), 'sealed');
    await catalogue.recordingSealed(recording, randomBytes(99), {
      status: 'recorded',
      why: null,
      rule: null,
      missingMs: 0,
    });
  }
  t.match(JSON.parse(await tapedeck('calls', '--json', '--search', 'ada')), [{ id: 'CR2' }, { id: 'CR1' }]);
  const plan = JSON.parse(await tapedeck('retention', 'plan', '--json'));
  t.match(plan, { kept: 2, due: [{ reason: 'Short: Law' }, {}], breaker: { tripped: true } });
  const { confirm } = plan.breaker;
  t.ok((await tapedeck('retention', 'plan')).includes(`retention run --confirm ${confirm}`));
  await t.rejects(tapedeck('retention', 'run'), { code: 'retention_refused' });
  t.equal(await tapedeck('retention', 'run', '--confirm', confirm), '2 erased, 0 failed, 0 left.');
  t.same([keys.has('R1'), existsSync(fileOf('R1'))], [false, false]);
  t.match(await tapedeck('calls'), /erased +CR2/);
});

t.test('the doctor goes on where something is broken, and says that a lost master key is lost', async (t) => {
  const { tapedeck, dir } = site(t, { recorded: false });
  const before = process.exitCode;
  t.teardown(() => {
    process.exitCode = before;
  });
  const examined = async (): Promise<Record<string, Finding>> => {
    const findings: Finding[] = JSON.parse(await tapedeck('doctor', '--json'));
    return Object.fromEntries(findings.map((f) => [f.check, f]));
  };
  const fresh = await examined();
  t.match(fresh, {
    'PBX (ARI)': { state: 'fail', says: /A secret cannot be read/ },
    keys: { state: 'warn', says: /does not exist/ },
    daemon: { state: 'warn', todo: /tapedeck run/ },
  });
  t.notOk(fresh.CDRs || fresh['test calls'], 'there is no catalogue to ask');
  t.notOk(existsSync(join(dir, 'data')), 'and none is made, nor the folder');
  mkdirSync(join(dir, 'data/keys'), { recursive: true });
  mkdirSync(join(dir, 'data/catalogue'));
  writeFileSync(keysFile(join(dir, 'data')), '');
  writeFileSync(catalogueFile(join(dir, 'data')), 'not a database'.repeat(99));
  t.match(await examined(), {
    keys: { state: 'fail', says: /The master key cannot be read/ },
    CDRs: { state: 'fail' },
    'test calls': { state: 'fail' },
    'CDR sources': { state: 'warn' },
  });
});

t.test('the doctor says whether the Asterisk beside it goes before all else', async (t) => {
  const program = join(t.testdir({}), 'asterisk');
  copyFileSync('/usr/bin/sleep', program);
  const findingOf = async (wrapper: string[]) => {
    const [command, ...args] = [...wrapper, program, '60'];
    const child = spawn(command!, args, { stdio: 'ignore' });
    t.teardown(() => child.kill());
    const mine = async () => (await priority()).find((f) => f.says.includes(`process ${child.pid})`));
    return until('the process to be seen', mine);
  };
  t.match(await findingOf([]), { state: 'warn', todo: /highpriority = yes/ });
  const refused = spawnSync('chrt', ['--rr', '1', 'true']).status !== 0;
  if (refused) t.pass('one that does', { skip: 'This machine lets nobody go before all else.' });
  else t.match(await findingOf(['chrt', '--rr', '1']), { state: 'ok' });
});

t.test('users are added with a password that holds', async (t) => {
  const { tapedeck, dir, context } = site(t);
  const file = join(dir, 'password');
  writeFileSync(file, 'correct staple mule\n');
  t.match(await tapedeck('user', 'add', 'ada', '--password-file', file), /ada can sign in/);
  await t.rejects(tapedeck('user', 'add', 'ADA', '--password-file', file), { code: 'user_exists' });
  await t.rejects(tapedeck('user', 'add', 'a\u202eb', '--password-file', file), { code: 'name_unclear' });
  const kept = await (await context.catalogue()).userByName('ada');
  t.match(kept?.passwordHash, /^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  t.ok(await verifyPassword(kept!.passwordHash, 'correct staple mule'), 'the line end does not belong to it');
  t.notOk(await verifyPassword(kept!.passwordHash, 'correct staple mule\n'));
  t.match(JSON.parse(await tapedeck('user', 'list', '--json')), [{ name: 'ada' }]);
  t.notMatch(await tapedeck('user', 'list', '--json'), /argon2/);
});

t.test('what somebody may do is said, changed, taken away and given back on the console', async (t) => {
  const { tapedeck, dir, context } = site(t);
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
  const added = await (await context.catalogue()).auditEntries({ actions: ['person_add'], limit: 9 });
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

  const catalogue = await context.catalogue();
  const id = (await catalogue.userByName('ada'))!.id;
  for (const argv of [
    ['disable', 'ada'],
    ['remove', 'ada'],
    ['change', 'ada', '--role', 'reviewer', '--all'],
  ])
    await t.rejects(tapedeck('user', ...argv), { code: 'last_admin' }, argv.join(' '));
  await tapedeck('user', 'change', 'ben', '--role', 'admin', '--name', 'Benjamin');
  const at = {
    ...{ createdAt: 1, seenAt: 1, expiresAt: 9e12, address: '', agent: '' },
    ...{ proofs: [], provedAt: 1, failed: { count: 0, lastAt: null } },
  };
  await catalogue.addSession({ ...at, tokenHash: 'h', id: 's', userId: id });
  t.match(await tapedeck('user', 'disable', 'ada'), /cannot sign in any more/);
  t.equal(await catalogue.session('h'), null);
  t.match(await tapedeck('user', 'list'), /ada .* disabled/);
  t.match(await tapedeck('user', 'enable', 'ADA'), /ada can sign in again/);
  await catalogue.addSession({ ...at, tokenHash: 'h', id: 's', userId: id });
  writeFileSync(file, 'another staple mule\n');
  t.match(
    await tapedeck('user', 'password', 'ada', '--password-file', file),
    /new password; 1 session ended/,
  );
  t.ok(await verifyPassword((await catalogue.userByName('ada'))!.passwordHash, 'another staple mule'));
  t.match(await tapedeck('user', 'remove', 'ada'), /removed/);
  await t.rejects(tapedeck('user', 'remove', 'ada'), { code: 'person_unknown' });
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
  const { tapedeck, context, dir } = site(t);
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { recursive: true });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  writeFileSync(join(dir, 'password'), 'five other unrelated quiet words');
  writeFileSync(join(dir, 'policy.toml'), 'emergency_numbers = ["112"]\nrecord = []\nretention = []\n');
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  t.teardown(() => keys.stop());
  const catalogue = await context.catalogue();
  const signer = createSigner();
  signer.begin({ catalogue, dataDir, masterKey, clock: { ms: Date.now() } });
  const made = await addRecording({ catalogue, keys, dataDir }, randomBytes(9_000), {
    recording: { keepUntil: 1 },
  });
  await signer.sign(made);
  for (const name of ['ada', 'ben', 'cleo'])
    await catalogue.addUser({ ...FOUNDER, id: name, name, passwordHash: 'x', createdAt: 1 });
  await catalogue.changeUser('cleo', { disabled: true }, 1);
  await catalogue.audit(entryOf(TAPEDECK, Date.now(), 'start'));
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
    const { size } = await catalogue.auditHead();
    await tapedeck(...command);
    rmSync(out, { force: true });
    t.equal((await catalogue.auditHead()).size, size + 1, `${command.slice(0, 2).join(' ')} is one entry`);
  }
});
