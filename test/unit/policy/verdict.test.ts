import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import t from 'tap';
import type { CliContext } from '../../../daemon/cli/common/context.js';
import { verdictRows } from '../../../daemon/cli/common/verdict-text.js';
import { policy as policyCommand } from '../../../daemon/cli/policy.js';
import { type Imagined, imagine } from '../../../daemon/domain/policy/imagined.js';
import { defaultPolicy, type Policy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import { verdictOf } from '../../../daemon/domain/policy/verdict.js';

const site = { timeZone: 'Europe/Berlin', region: 'DE' };
const rule = (when: RecordRule['when'], more: Partial<RecordRule> = {}): RecordRule => ({
  ...{ name: 'Rule', reason: 'Because.', when, outcome: 'skip', ...more },
});
const by = (record: RecordRule[], more: Partial<Policy> = {}): Policy => ({
  ...defaultPolicy,
  record,
  ...more,
});
const of = (policy: Policy, call: Imagined) => verdictOf(policy, imagine(call, 0, site), null);
const text = (policy: Policy, call: Imagined) =>
  verdictRows(of(policy, call))
    .map((row) => row.join(' | '))
    .join('\n');

t.test('what is not decided yet says what it waits for, and what holds until then', async (t) => {
  const queue = by([rule({ queue: ['council'] })]);
  t.match(of(queue, { direction: 'in' }), { record: { open: false }, awaits: [] });
  t.match(of(queue, { direction: 'in', unknown: ['queue', 'extension'] }), {
    record: { open: true, meanwhile: 'wait', outcome: 'record' },
    awaits: ['queue'],
  });
  t.match(
    text(queue, { direction: 'in', unknown: ['queue'] }),
    /^decided \| not yet .* until the queue is known\. Until then nothing is captured\.\notherwise \| yes/,
  );
  const both = by([rule({ queue: ['council'], extension: ['134'] }, { while_open: 'capture' })]);
  t.match(of(both, { direction: 'in', unknown: ['extension', 'queue'] }), {
    record: { open: true, meanwhile: 'capture' },
    awaits: ['extension', 'queue'],
  });
  t.match(
    text(both, { direction: 'in', unknown: ['extension', 'queue'] }),
    /until the extension and the queue are known\. Until then it is captured, and that is destroyed if/,
  );
  t.match(
    of(both, { direction: 'in', unknown: ['extension', 'queue'], extension: '134' }),
    { awaits: ['queue'] },
    'an extension that took part has taken part',
  );
  t.match(of(both, { direction: 'in', unknown: ['number'] }), { record: { open: false }, awaits: [] });
  t.match(
    of(by([]), { direction: 'out', unknown: ['number'] }),
    { record: { open: true, meanwhile: 'wait' }, awaits: ['number'] },
    'it may be an emergency',
  );
});

t.test(
  'how people would be told is by the rule, the law of both places and the languages of the policy',
  async (t) => {
    const telling = {
      languages: [{ when: { did: ['+493012345'] }, language: 'es' as const }],
      subdivision: 'BE',
    };
    const policy = by(
      [
        rule({ queue: ['orders'] }, { outcome: 'record', tell: 'announce_refusal' }),
        rule({ extension: ['134'] }),
      ],
      { telling },
    );
    const call = { direction: 'in', number: '+12065550123' } as const;
    const plain = of(policy, call);
    t.match(plain.telling, { language: 'en', rule: null, promptInRecording: true });
    t.same(
      plain.telling?.because
        .filter(({ code }) => code === 'jurisdiction')
        .map((one) => 'id' in one && one.id),
      ['US', 'US-WA', 'DE', 'EU'],
    );
    t.match(of(policy, { ...call, did: '+493012345' }).telling, { language: 'es' });
    t.match(of(policy, { ...call, queue: 'orders' }).telling, {
      mode: /announce_refusal|ask/,
      rule: 'Rule',
    });
    t.match(
      of(by([rule({}, { outcome: 'ask' })], { telling }), call).telling,
      { mode: 'ask', rule: 'Rule' },
      'a rule that asks for a yes is a question',
    );
    t.match(text(policy, call), /told \| by .*, in English \| - .*Washington \(their number\): at least/);
    t.match(text(policy, call), /has to say who records, and what for\. The one in use does not/);
    t.notMatch(text(policy, { ...call, extension: '134' }), /told/, 'of what is not recorded nobody is told');
  },
);

t.test('a policy without telling has others tell people', async (t) => {
  const policy = by([rule({ queue: ['orders'] }, { outcome: 'record', tell: 'ask' })]);
  t.equal(of(policy, { direction: 'in', queue: 'orders' }).telling, null);
  t.match(text(policy, { direction: 'in', queue: 'orders' }), /told \| by others .* Tapedeck tells nobody/);
});

t.test('every option of the command is in its documentation, and no other', async (t) => {
  const program = new Command();
  policyCommand(program, {} as CliContext);
  const command = program.commands[0]!.commands.find((one) => one.name() === 'test')!;
  const options = command.options.map(({ long }) => long!).sort();
  const [, part = ''] = readFileSync('docs/reference/commands.md', 'utf8').split(
    '## What would happen to a call',
  );
  const documented = [...part.split('\n## ')[0]!.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, name]) => name!);
  t.same(documented.sort(), options);
});

t.test('the law of a place is told with what it asks for and where that was read', async (t) => {
  const run = async (...args: string[]) => {
    const said: string[] = [];
    const newest = async () => ({ policy: { ...defaultPolicy, telling: { overrides } } });
    const overrides = [{ id: 'GB', least: 'ask', note: 'Counsel, 3 March.' }];
    const program = new Command().exitOverride();
    policyCommand(program, {
      catalogue: async () => ({ policy: { newest } }),
      out: (text: string) => said.push(text),
    } as unknown as CliContext);
    await program.parseAsync(['policy', 'law', ...args], { from: 'user' });
    return said.join('\n').replace(/ +/g, ' ');
  };
  t.match(await run(), /^US-CT Connecticut yes, in the recording no no no every 15 s high$/m);
  t.match(await run(), /^GB United Kingdom yes yes yes yes no medium$/m);
  const france = await run('fr');
  t.match(france, /who and why yes/);
  t.match(france, /statute Code pénal 226-1/);
  t.match(france, /\n\nplace France[\s\S]*read on 2026-12-02\nconfidence low/, 'of the European Union first');
  t.match(await run('gb'), /changed by the policy[\s\S]*note Counsel, 3 March\./);
  t.match(await run('JP'), /^place Unknown number/, 'a place that is not listed');
  t.match(JSON.parse(await run('US-WA', '--json')), [{ id: 'US' }, { id: 'US-WA', least: 'announce' }]);
});
