import fc from 'fast-check';
import t from 'tap';
import type { When } from '../../../daemon/domain/policy/conditions.js';
import { ALL_KNOWN, type CallFacts } from '../../../daemon/domain/policy/facts.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { fits } from '../../../daemon/domain/policy/match.js';
import {
  decideKeeping,
  decideRecord,
  defaultPolicy,
  type KeepRule,
  type Policy,
  type RecordRule,
} from '../../../daemon/domain/policy/policy.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { runs } from '../../support/search/share-of-search.js';

const site = { timeZone: 'Europe/Berlin', region: 'DE' };
const call = (more: Partial<CallFacts> = {}): CallFacts => ({
  ...imagine(
    { direction: 'in', number: '+4930555100', did: '100', id: '1772445600.17' },
    1_772_445_600_000,
    site,
  ),
  ...more,
});
const rule = (name: string, when: When, outcome: RecordRule['outcome'] = 'skip', more = {}): RecordRule => ({
  ...{ name, reason: `Because of ${name}.`, when, outcome },
  ...more,
});
const policy = (...record: RecordRule[]): Policy => ({ ...defaultPolicy, record });
const brief = (p: Policy, facts: CallFacts) => {
  const { outcome, rule, open, meanwhile } = decideRecord(p, facts);
  return [rule ?? '-', outcome, ...(open ? ['open', meanwhile] : [])].join(' ');
};

/** Rules and calls that fit one another now and then. */
const some = <T>(...of: T[]) => fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: 2 });
const whens: fc.Arbitrary<When> = fc.record(
  {
    direction: some('in', 'out', 'internal'),
    extension: some('201', '202', '203'),
    queue: some('sales', 'service'),
    number: some('+4930555100', '030555101'),
    region: some('DE', 'FR', 'unknown'),
    account: some('1', '2'),
    percentage: fc.integer({ min: 1, max: 99 }),
  },
  { requiredKeys: [] },
);
const outcomes = fc.constantFrom('record', 'skip', 'on_demand', 'ask');
const rules = fc
  .array(fc.tuple(whens, outcomes, fc.constantFrom(undefined, 'capture', 'wait')), { maxLength: 6 })
  .map((list) =>
    list.map(([when, outcome, open], i) => rule(`R${i}`, when, outcome, open ? { while_open: open } : {})),
  );
const facts: fc.Arbitrary<CallFacts> = fc
  .record({
    direction: fc.constantFrom('in', 'out', 'internal'),
    extensions: fc.subarray(['201', '202', '203']),
    queue: fc.constantFrom('', 'sales', 'service'),
    number: fc.constantFrom('', '+4930555100', '030555101', '+33140100100'),
    account: fc.constantFrom('', '1', '2'),
    firstId: fc.string(),
  })
  .map((more) => call(more));

t.test('the first rule that fits decides, whatever is still unknown', async () => {
  fc.assert(
    fc.property(rules, facts, fc.boolean(), (list, of, queue) => {
      const decision = decideRecord(policy(...list), { ...of, known: { ...ALL_KNOWN, queue } });
      const first = list.find(({ name, when }) => fits(when, of, { rule: name }));
      return decision.rule === (first?.name ?? null) && decision.outcome === (first?.outcome ?? 'record');
    }),
  );
});

t.test('rules below the one that decides do not matter, nor does a second look', async () => {
  fc.assert(
    fc.property(rules, rules, facts, (list, more, of) => {
      const before = decideRecord(policy(...list), of);
      const after = decideRecord(
        policy(...list, ...more.map((r) => ({ ...r, name: `below ${r.name}` }))),
        of,
      );
      return (
        JSON.stringify(before) === JSON.stringify(decideRecord(policy(...list), { ...of })) &&
        (before.rule === null || JSON.stringify(after) === JSON.stringify(before))
      );
    }),
  );
});

t.test('a decision that is not open stays what it is when the rest becomes known', async () => {
  const unknown = fc.record({ queue: fc.boolean(), extension: fc.boolean(), account: fc.boolean() });
  fc.assert(
    fc.property(rules, facts, unknown, fc.subarray(['201', '202', '203']), (list, of, known, more) => {
      const now: CallFacts = {
        ...of,
        ...{ known: { ...ALL_KNOWN, ...known } },
        ...(known.queue ? {} : { queue: '' }),
        ...(known.account ? {} : { account: '' }),
      };
      const then = { ...of, extensions: known.extension ? of.extensions : [...of.extensions, ...more] };
      const decision = decideRecord(policy(...list), now);
      return decision.open || decision.outcome === decideRecord(policy(...list), then).outcome;
    }),
    { numRuns: runs(2000) },
  );
});

t.test('a percentage is that of the calls within 1 %, and rules do not follow each other', async (t) => {
  const ids = Array.from({ length: 100_000 }, (_, i) => `${1_772_445_600 + Math.floor(i / 3)}.${i}`);
  const chosen = (name: string, percentage: number) => {
    const p = policy(rule(name, { percentage }));
    return new Set(ids.filter((firstId) => decideRecord(p, call({ firstId })).outcome === 'skip'));
  };
  const [ten, again, fifty] = [chosen('Sample', 10), chosen('Sample', 10), chosen('Another', 50)];
  t.ok(Math.abs(ten.size / ids.length - 0.1) < 0.01, `${ten.size} of ${ids.length}`);
  t.ok(Math.abs(fifty.size / ids.length - 0.5) < 0.01, `${fifty.size} of ${ids.length}`);
  t.same([...again], [...ten], 'a second run decides the same');
  const both = [...ten].filter((id) => fifty.has(id)).length;
  t.ok(Math.abs(both / ids.length - 0.05) < 0.005, `${both} in both`);
  const more = chosen('Sample', 11);
  t.ok(
    [...ten].every((id) => more.has(id)),
    'a higher percentage adds calls and drops none',
  );
});

t.test('a rule whose fact may still come makes the decision open', async (t) => {
  const waiting = call({ known: { ...ALL_KNOWN, queue: false, extension: false } });
  const council = rule('Council', { extension: ['290'] });
  const payments = rule('Payments', { queue: ['payments'] }, 'on_demand');
  t.equal(brief(policy(council), waiting), '- record open wait', 'skip waits');
  t.equal(brief(policy(payments), waiting), '- record open capture', 'on demand captures');
  t.equal(brief(policy(payments, council), waiting), '- record open wait', 'one that waits is enough');
  t.equal(brief(policy({ ...council, while_open: 'capture' }), waiting), '- record open capture');
  t.equal(brief(policy({ ...payments, while_open: 'wait' }), waiting), '- record open wait');
  t.equal(brief(policy(council), call()), '- record', 'once all is known it is closed');
  t.equal(brief(policy(council), { ...waiting, extensions: ['290'] }), 'Council skip', 'or once it fits');
  t.equal(brief(policy(rule('All', {}), council), waiting), 'All skip', 'rules below cannot decide');
  t.equal(
    brief(policy(rule('Same', { queue: ['x'] }, 'record'), rule('All', {}, 'record')), waiting),
    'All record',
    'one that would decide the same leaves nothing open',
  );
  const only = policy(rule('One queue', { queue: ['sales'] }, 'record'), rule('No others', {}));
  t.equal(brief(only, waiting), 'No others skip open capture');
  t.equal(brief(only, { ...waiting, queue: 'sales' }), 'One queue record');
  const never = policy(rule('One queue', { queue: ['sales'] }, 'record'), rule('Never', { region: ['DE'] }));
  t.equal(
    brief(never, waiting),
    'Never skip open wait',
    'a number that is never recorded is not captured meanwhile',
  );
});

t.test('while it is not known who is called, nothing that is about numbers is decided', async (t) => {
  const dialling = call({
    ...{ direction: 'internal', number: '', did: '', extensions: ['201'] },
    known: { number: false, extension: false, queue: false, account: false, variable: false },
  });
  t.equal(brief(defaultPolicy, dialling), '- record open wait', 'it may be an emergency number');
  const none = (...list: RecordRule[]) => ({ ...policy(...list), emergency_numbers: [] });
  for (const when of [
    { number: ['030555101'] },
    { list: ['VIP'] },
    { region: ['FR'] },
    { number_prefix: ['+33'] },
  ])
    t.equal(brief(none(rule('Never', when)), dialling), '- record open wait', JSON.stringify(when));
  t.equal(brief(none(rule('Out', { direction: ['out'] })), dialling), '- record open wait');
  t.equal(brief(none(rule('Inside', { direction: ['internal'] })), dialling), 'Inside skip open wait');
  t.equal(
    brief(none(rule('Unknown', { region: ['unknown'] }, 'record'), rule('All', {})), dialling),
    'Unknown record open capture',
  );
  t.equal(brief(none(), dialling), '- record');
  const outside = { ...dialling, number: '9112', dialled: '9112' };
  t.equal(brief(defaultPolicy, outside), '- record open wait', 'with the prefix of an outside line');
  t.equal(brief(defaultPolicy, { ...outside, number: '112', direction: 'out' }), 'Emergency numbers skip');
  t.equal(
    brief(defaultPolicy, { ...outside, dialled: '9113', number: '9113', known: ALL_KNOWN }),
    '- record',
  );
});

t.test('who is being rung may turn a decision, and does once they answer', async (t) => {
  const ringing = call({ ringing: { extensions: ['290'], numbers: ['112'] } });
  const council = policy(rule('Council', { extension: ['290'] }));
  t.equal(brief(council, ringing), '- record open wait');
  t.equal(brief(defaultPolicy, ringing), '- record open wait');
  t.equal(brief({ ...defaultPolicy, emergency_numbers: ['911'] }, ringing), '- record');
  t.equal(brief(defaultPolicy, call({ added: ['112'], called: ['112'] })), 'Emergency numbers skip');
  t.equal(
    brief(defaultPolicy, call({ added: ['112'] })),
    '- record',
    'who calls with such a number is not called',
  );
});

t.test('a test call is recorded and never open', async (t) => {
  const test = call({ test: true, known: { ...ALL_KNOWN, number: false } });
  t.equal(brief(policy(rule('All', {})), test), '- record');
});

t.test('at the end of a call the first rule that fits says whether it is kept', async (t) => {
  const keep = (more: Partial<KeepRule>): KeepRule => ({
    name: 'K',
    reason: 'Asked for.',
    when: {},
    ...more,
  });
  const decide = (rules: KeepRule[], talkMs: number, askedFor = false) => {
    const { keep, rule, why } = decideKeeping({ ...defaultPolicy, keep: rules }, call(), {
      talkMs,
      askedFor,
    });
    return [keep, rule, why?.code ?? null];
  };
  t.same(decide([], 0), [true, null, null]);
  t.same(decideKeeping(defaultPolicy, call(), { talkMs: 0, askedFor: false }).keep, true);
  const long = keep({ longer_than_s: 10 });
  t.same(decide([long], 10_000), [false, 'K', 'not_kept_short']);
  t.same(decide([long], 10_001), [true, 'K', 'rule']);
  const asked = keep({ asked_for: true });
  t.same(decide([asked], 99_000), [false, 'K', 'not_kept_unasked']);
  t.same(decide([asked], 1, true), [true, 'K', 'rule']);
  t.same(
    decide([keep({ asked_for: false })], 1),
    [true, 'K', 'rule'],
    'one that asks for nothing destroys nothing',
  );
  const both = keep({ longer_than_s: 10, asked_for: true });
  t.same(decide([both], 9000, true), [false, 'K', 'not_kept_short'], 'all that is asked for must be so');
  t.same(decide([both], 11_000), [false, 'K', 'not_kept_unasked']);
  const first = keep({ name: 'First', when: { direction: ['in'] } });
  t.same(decide([first, long], 1), [true, 'First', 'rule']);
  t.same(decide([{ ...first, when: { direction: ['out'] } }, long], 1), [false, 'K', 'not_kept_short']);
  const { why } = decideKeeping({ ...defaultPolicy, keep: [long] }, call(), { talkMs: 1, askedFor: true });
  t.equal(inWords(why), 'The call was not longer than 10 s, so its audio was destroyed. Asked for.');
});
