import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { readPolicy, writePolicy } from '../../../daemon/cli/common/policy-file.js';
import { keysFile } from '../../../daemon/domain/paths.js';
import { CONDITIONS, type When } from '../../../daemon/domain/policy/conditions.js';
import type { Policy } from '../../../daemon/domain/policy/policy.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { site } from '../../support/cli-site.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

t.test('nothing that a terminal acts on is printed, and JSON says the same', async (t) => {
  const { dir, catalogue } = site(t);
  const name = 'A\u009b31mB\u0085C\u202eD\u2066E\u200bF\u{e0041}G\u2028H\u007f';
  const them = { number: '1', name, ours: false };
  await (await catalogue()).calls.save(aCall('CR1', { them }));
  const run = (...argv: string[]) => {
    const args = ['dist/daemon/main.js', '--config', join(dir, 'tapedeck.toml'), ...argv];
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
  const lists = Object.entries(CONDITIONS).map(([name, { schema }]) => {
    if (!('items' in schema))
      return [name, 'minimum' in schema ? fc.integer({ min: 1, max: 99 }) : fc.boolean()];
    const { items } = schema;
    const choices =
      'anyOf' in items ? items.anyOf.map((one) => one.const) : 'enum' in items ? items.enum : null;
    const pattern = 'pattern' in items ? new RegExp(String(items.pattern)) : null;
    if (choices) return [name, fc.subarray(choices)];
    return [name, pattern ? fc.array(fc.stringMatching(pattern), { maxLength: 3 }) : list];
  });
  const when = fc.record(Object.fromEntries(lists), { requiredKeys: [] });
  // A rule may only name groups that there are.
  const groups = fc.uniqueArray(fc.record({ name: words, extensions: list }), {
    maxLength: 3,
    selector: ({ name }) => name,
  });
  const rule = { name: words, reason: words, when };
  const recordRule = fc.record(
    {
      ...{ ...rule, outcome: fc.constantFrom('record', 'skip', 'on_demand', 'ask') },
      ...{ keep: fc.constantFrom('whole', 'from_now'), capture_before: fc.boolean() },
      ...{ while_open: fc.constantFrom('capture', 'wait'), on_hold: fc.constantFrom('record', 'mask') },
    },
    { requiredKeys: ['name', 'reason', 'when', 'outcome'] },
  );
  const keepRule = fc.record(
    { ...rule, longer_than_s: fc.integer({ min: 1, max: 86_400 }), asked_for: fc.boolean() },
    { requiredKeys: ['name', 'reason', 'when'] },
  );
  const day = fc.record({ date: fc.constantFrom('2026-12-24', '02-29', '12-25'), name: words });
  const lots = {
    keep: fc.array(keepRule, { minLength: 1, maxLength: 3 }),
    groups,
    holidays: fc.array(day, { minLength: 1, maxLength: 3 }),
  };
  const required = {
    record: fc.array(recordRule, { maxLength: 4 }),
    retention: fc.array(fc.record({ ...rule, keep_days: fc.option(fc.integer({ min: 1, max: 36_500 })) }), {
      maxLength: 4,
    }),
    emergency_numbers: fc.array(fc.stringMatching(/^[0-9*#+]{2,15}$/), { maxLength: 4 }),
  };
  const policies = fc
    .record({ ...required, ...lots }, { requiredKeys: ['record', 'retention', 'emergency_numbers'] })
    .map((p) => withItsGroups(p as Policy));
  fc.assert(
    fc.property(policies, fc.boolean(), (given, json) => {
      const p = given;
      const stored = { fault: null, version: 3, changedAt: 1, changedBy: 'ada\n[x]', policy: p };
      const file = json ? JSON.stringify(p) : writePolicy(stored);
      t.same(readPolicy(file), p);
    }),
    { numRuns: 200 },
  );
});

/** Rules name groups that there are; without any, none. */
function withItsGroups({ groups = [], ...policy }: Policy): Policy {
  const of = <R extends { when: When }>(rules: R[]): R[] =>
    rules.map(({ when: { group, ...when }, ...r }) => {
      const names = groups.slice(0, 2).map(({ name }) => name);
      return { ...r, when: group ? { ...when, group: names } : when } as unknown as R;
    });
  return {
    ...policy,
    ...{ record: of(policy.record), retention: of(policy.retention) },
    ...(policy.keep ? { keep: of(policy.keep) } : {}),
    ...(groups.length > 0 ? { groups } : {}),
  };
}

t.test('a policy file of an earlier version is read', async (t) => {
  const rule = (record: string) => `[[record]]\nname = "A"\nreason = ""\nwhen = {}\nrecord = ${record}\n`;
  const { record } = readPolicy(`emergency_numbers = []\nretention = []\n${rule('true')}${rule('false')}`);
  t.same(
    record.map(({ outcome }) => outcome),
    ['record', 'skip'],
  );
  t.throws(() => readPolicy(`emergency_numbers = []\nretention = []\n${rule('"maybe"')}`), {
    message: /record rule 1, outcome: is missing. Write "record", "skip",/,
  });
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
  const group = (more: string) =>
    `emergency_numbers = []\nretention = []\n\n[[record]]\nname = "A"\nreason = ""\noutcome = "skip"\nwhen.group = ["Sales"]\n\n${more}`;
  for (const [text, detail] of [
    [
      group(''),
      /line 8: record rule 1, when, group: there is no group "Sales". Write a list of names of groups/,
    ],
    [
      group('[[groups]]\nname = "Sales"\nextensions = "201"\n'),
      /line 12: groups entry 1, extensions: .* Write a list/,
    ],
    [
      group('[[groups]]\nname = "Sales"\nextensions = []\n\n[[holidays]]\ndate = "02-30"\nname = "None"\n'),
      /line 15: holidays entry 1, date: 02-30 is not a day of the calendar. Write a day/,
    ],
    [
      group('[[keep]]\nname = "A"\nreason = ""\nwhen = {}\nlonger_than_s = 0\n'),
      /line 14: keep rule 1, longer_than_s/,
    ],
  ] as const) {
    writeFileSync(bad, text);
    await t.rejects(tapedeck('policy', 'import', bad), { code: 'policy_invalid', detail });
  }
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
  const asked = ['policy', 'test', '--direction', 'out', '--unknown', 'number', '--json'];
  t.match(JSON.parse(await tapedeck(...asked)), {
    ...{ record: { open: true, meanwhile: 'wait', awaits: ['number'] }, telling: null },
  });
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
    /Existing recordings, if the policy is applied to all of them[\s\S]*Version 2/,
    'nothing is asked where there are none, and a retention rule promises no more than it does',
  );
  t.match(await tapedeck('retention', 'plan'), /applies to recordings made from now on/);
});

t.test('retention is planned and run without the daemon', async (t) => {
  const { tapedeck, dir, catalogue: opened } = site(t);
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const catalogue = await opened();
  const keys = createKeys({ path: keysFile(join(dir, 'data')), masterKey });
  keys.start();
  t.teardown(() => keys.stop());
  const fileOf = (id: string) => join(dir, 'data', aRecording(id, '').file);
  mkdirSync(dirname(fileOf('R1')), { recursive: true });
  const past = {
    keepUntil: Date.now() - 1,
    sealedAt: Date.now() - 1000,
    keepRule: 'Short',
    keepWhy: noted('Law'),
  };
  for (const id of ['R1', 'R2']) {
    await catalogue.calls.save(aCall(`C${id}`));
    await keys.create(id);
    const recording = aRecording(id, `C${id}`, past);
    writeFileSync(fileOf(id), 'sealed');
    await catalogue.recordings.sealed(recording, randomBytes(99), {
      status: 'recorded',
      why: null,
      rule: null,
      missingMs: 0,
    });
  }
  t.match(JSON.parse(await tapedeck('calls', '--json', '--search', 'ada')), [{ id: 'CR2' }, { id: 'CR1' }]);
  const plan = JSON.parse(await tapedeck('retention', 'plan', '--json'));
  t.match(plan, { kept: 2, due: [{ rule: 'Short', reason: 'Law' }, {}], breaker: { tripped: true } });
  const { confirm } = plan.breaker;
  t.ok((await tapedeck('retention', 'plan')).includes(`retention run --confirm ${confirm}`));
  await t.rejects(tapedeck('retention', 'run'), { code: 'retention_refused' });
  t.equal(await tapedeck('retention', 'run', '--confirm', confirm), '2 erased, 0 failed, 0 left.');
  t.same([keys.has('R1'), existsSync(fileOf('R1'))], [false, false]);
  const open = await catalogue.certificates.open(0, 9);
  t.match(
    open.map(({ run }) => run),
    Array(2).fill({ kind: 'retention', requestedBy: { actor: 'console' }, reference: '' }),
    'the certificate that the recorder issues says who had it done',
  );
  t.match(await tapedeck('calls'), /erased +CR2/);
});
