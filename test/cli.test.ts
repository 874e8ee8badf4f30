import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { calls } from '../daemon/cli/calls.js';
import { createCliContext } from '../daemon/cli/context.js';
import { policy } from '../daemon/cli/policy.js';
import { readPolicy, writePolicy } from '../daemon/cli/policy-file.js';
import { retention } from '../daemon/cli/retention.js';
import { user } from '../daemon/cli/user.js';
import type { Policy } from '../daemon/domain/policy.js';
import { checkPassword, hashPassword, verifyPassword } from '../daemon/ops/password.js';
import { createKeys } from '../daemon/vault/keys.js';
import { aCall, aRecording } from './support/a-call.js';

/** A site in a directory, and its command line. */
function site(t: Test) {
  const dir = t.testdir({
    'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
  });
  const said: string[] = [];
  const real = createCliContext(() => join(dir, 'tapedeck.toml'));
  const context = {
    ...real,
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
      for (const register of [calls, policy, retention, user]) register(program, context);
      await program.parseAsync(argv, { from: 'user' });
      return said.join('\n');
    },
  };
}

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
      const stored = { version: 3, changedAt: 1, changedBy: 'ada\n[x]', policy: p };
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

t.test('retention is planned and run without the daemon', async (t) => {
  const { tapedeck, dir, context } = site(t);
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const catalogue = await context.catalogue();
  const keys = createKeys({ path: join(dir, 'data/keys.db'), masterKey });
  keys.start();
  t.teardown(() => keys.stop());
  mkdirSync(join(dir, 'data/recordings'));
  const past = {
    keepUntil: Date.now() - 1,
    sealedAt: Date.now() - 1000,
    keepRule: 'Short',
    keepReason: 'Law',
  };
  for (const id of ['R1', 'R2']) {
    await catalogue.saveCall(aCall(`C${id}`));
    await keys.create(id);
    const recording = aRecording(id, `C${id}`, past);
    writeFileSync(join(dir, 'data', recording.file), 'sealed');
    await catalogue.recordingSealed(recording, randomBytes(99), {
      status: 'recorded',
      reason: '',
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
  t.same([keys.has('R1'), existsSync(join(dir, 'data/recordings/R1.age'))], [false, false]);
  t.match(await tapedeck('calls'), /erased +CR2/);
});

t.test('users are added with a password that holds', async (t) => {
  const { tapedeck, dir, context } = site(t);
  const file = join(dir, 'password');
  writeFileSync(file, 'correct staple mule\n');
  t.match(await tapedeck('user', 'add', 'ada', '--password-file', file), /ada can sign in/);
  await t.rejects(tapedeck('user', 'add', 'ADA', '--password-file', file), { code: 'user_exists' });
  await t.rejects(tapedeck('user', 'add', 'a\u202eb', '--password-file', file), { code: 'request_invalid' });
  const kept = await (await context.catalogue()).userByName('ada');
  t.match(kept?.passwordHash, /^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
  t.ok(await verifyPassword(kept!.passwordHash, 'correct staple mule'), 'the line end does not belong to it');
  t.notOk(await verifyPassword(kept!.passwordHash, 'correct staple mule\n'));
  t.match(JSON.parse(await tapedeck('user', 'list', '--json')), [{ name: 'ada' }]);
  t.notMatch(await tapedeck('user', 'list', '--json'), /argon2/);
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
  for (const password of ['correct staple mule', 'Übergrößenträger!', '7kx-92p-qqw4zz'])
    t.doesNotThrow(() => checkPassword(password, 'ada'), password);
  const composed = await hashPassword('\u00fcber-lange-leitung');
  t.ok(await verifyPassword(composed, 'u\u0308ber-lange-leitung'), 'however the keyboard writes it');
});
