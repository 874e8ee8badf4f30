import t from 'tap';
import type { When } from '../../../daemon/domain/policy/conditions.js';
import { defaultPolicy, type Policy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import { ruleFaults, ruleFaultText } from '../../../daemon/domain/policy/rule-faults.js';

const rule = (name: string, when: When, outcome: RecordRule['outcome'] = 'skip'): RecordRule => ({
  ...{ name, reason: '', when, outcome },
});
const policy = (...record: RecordRule[]): Policy => ({ ...defaultPolicy, record });
/** What is said of the second of two rules. */
const said = (one: When, other: When, outcomes: RecordRule['outcome'][] = ['skip', 'record']) =>
  ruleFaults(policy(rule('A', one, outcomes[0]), rule('B', other, outcomes[1]))).map(
    (f) => `${f.index} ${f.code}`,
  );

t.test('a rule is not reached where one above it certainly fits all its calls', async (t) => {
  const unreachable: [When, When][] = [
    [{}, { queue: ['support'] }],
    [{ queue: ['support', 'sales'] }, { queue: ['sales'], direction: ['in'] }],
    [{ direction: ['in', 'out', 'internal'] }, { queue: ['support'] }],
    [{ weekday: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] }, { did: ['1'] }],
    [{ number_prefix: ['+49'] }, { number_prefix: ['+4930'] }],
    [{ number: ['+49 30 123', '12'] }, { number: ['+49-30-123'] }],
    [{ hours: ['22:00-06:00'] }, { hours: ['23:00-24:00', '00:00-05:30'] }],
    [{ hours: ['00:00-12:00', '12:00-24:00'] }, { hours: ['11:00-13:00'] }],
  ];
  for (const [one, other] of unreachable)
    t.same(said(one, other), ['1 unreachable'], JSON.stringify([one, other]));
  const reached: [When, When][] = [
    [{ queue: ['support'] }, {}],
    [{ queue: ['support'] }, { direction: ['in'] }],
    [{ number_prefix: ['+49'] }, { number: ['+4930123'] }],
    [{ number_prefix: ['+4930'] }, { number_prefix: ['+49'] }],
    [{ hours: ['22:00-06:00'] }, { hours: ['05:00-07:00'] }],
    [{ queue: ['support'], hours: ['08:00-18:00'] }, { queue: ['support'] }],
  ];
  for (const [one, other] of reached) t.same(said(one, other), [], JSON.stringify([one, other]));
});

t.test('a condition that nothing is known of here is taken for one that leaves calls out', async (t) => {
  const unknown = { percent: 100 } as unknown as When;
  t.same(said(unknown, unknown), []);
  t.same(said(unknown, { ...unknown, queue: ['support'] }), []);
  t.same(said({}, unknown), ['1 unreachable']);
});

t.test('rules that say the contrary of each other, that overlap and that never fit are named', async (t) => {
  const a: When = { queue: ['support', 'sales'], direction: ['in'] };
  t.same(said(a, { direction: ['in'], queue: ['sales', 'support'] }), ['1 contradicts']);
  t.same(said(a, a, ['skip', 'skip']), ['1 unreachable'], 'it says the same once more');
  t.same(said({ extension: ['201', '202'] }, { extension: ['202', '203'] }), ['1 overlaps']);
  t.same(said({ extension: ['201', '202'] }, { extension: ['202', '203'] }, ['skip', 'skip']), []);
  t.same(said({ extension: ['201', '202'] }, { extension: ['203'] }), []);
  t.same(said({ extension: ['201'] }, { queue: [] }), ['1 never_fits']);
  t.same(
    said({ queue: [] }, { queue: ['support'] }),
    ['0 never_fits'],
    'so it keeps no other from being reached',
  );
  const faults = ruleFaults({
    ...policy(rule('A', { extension: ['201', '202'] }), rule('B', { extension: ['202', '203'] }, 'record')),
    retention: [
      { name: 'One year', reason: '', when: {}, keep_days: 365 },
      { name: 'Ten years', reason: '', when: {}, keep_days: 3650 },
    ],
    keep: [{ name: 'Long ones', reason: '', when: { queue: [] }, longer_than_s: 9 }],
  });
  t.match(faults, [
    { list: 'keep', index: 0, code: 'never_fits', condition: 'queue' },
    { list: 'record', index: 1, code: 'overlaps', other: 'A', condition: 'extension', texts: ['202'] },
    { list: 'retention', index: 1, code: 'contradicts', other: 'One year' },
  ]);
  t.same(faults.map(ruleFaultText), [
    'never fits a call, because its list "queue" is empty. Add an entry, or remove the condition or the rule.',
    'fits some calls that "A" above it decides otherwise (extension "202"). Check that the order is the one you want.',
    'has the conditions of "One year" above it, which decides otherwise, so it is never reached. Remove one of the two.',
  ]);
});

t.test('a list on which refused numbers are put has to be named by a rule for recording', async (t) => {
  const telling = { refused: { list: 'Refused', days: 30 } };
  const faults = ruleFaults({ ...policy(rule('A', { list: ['VIP'] })), telling });
  t.match(faults, [{ list: 'telling', index: 0, code: 'nothing_follows', other: 'Refused' }]);
  t.match(faults.map(ruleFaultText), [/"Refused", which no rule names: nothing would follow/]);
  t.same(ruleFaults({ ...policy(rule('A', { list: ['VIP', 'Refused'] })), telling }), []);
  t.same(ruleFaults(policy(rule('A', { list: ['VIP'] }))), []);
});
