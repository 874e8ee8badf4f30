import t from 'tap';
import { Value } from 'typebox/value';
import {
  defaultPolicy,
  type Policy,
  type RecordRule,
  Policy as Shape,
} from '../../../daemon/domain/policy/policy.js';
import { PRESETS, presetIds, withPreset } from '../../../daemon/domain/policy/presets.js';
import { createReplay } from '../../../daemon/domain/policy/replay.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { aCall } from '../../support/recordings/a-call.js';

const site = { timeZone: 'UTC', region: '' };
const rule = (outcome: RecordRule['outcome'], when: RecordRule['when']): RecordRule => ({
  ...{ name: outcome, reason: '', when, outcome },
});
const before: Policy = {
  ...defaultPolicy,
  record: [rule('skip', { queue: ['private'] })],
  retention: [{ name: 'Long', reason: '', when: { queue: ['sales'] }, keep_days: 365 }],
};
const listsOf = (number: string) => (number === '+442079460999' ? ['Do not record'] : []);
const played = (after: Policy, calls: CallRecord[], shows: (call: CallRecord) => boolean = () => true) => {
  const replay = createReplay(before, after, site, shows, listsOf);
  for (const call of calls) replay.add(call);
  const { found, ...rest } = replay.result();
  return {
    ...rest,
    found,
    counts: Object.fromEntries(Object.entries(found).map(([kind, { calls }]) => [kind, calls])),
  };
};
const none = { no_longer: 0, less: 0, newly: 0, more: 0, shorter: 0, longer: 0 };
const of = (queue: string, n: number, more: Partial<CallRecord> = {}) =>
  Array.from({ length: n }, (_, i) => aCall(`${queue}${i}`, { queue, ...more }));

t.test(
  'calls are counted that another policy would not record, would, or would keep for another time',
  async (t) => {
    const calls = [...of('support', 12), ...of('private', 3), ...of('sales', 2), ...of('late', 4)];
    t.same(played(before, calls).counts, none, 'the same policy decides the same');
    const after: Policy = {
      ...before,
      record: [rule('skip', { queue: ['support'] }), rule('on_demand', { queue: ['late'] })],
      retention: [{ name: 'Short', reason: '', when: { queue: ['sales'] }, keep_days: 30 }],
    };
    const { counts, found, calls: all } = played(after, calls, ({ id }) => id !== 'support0');
    t.equal(all, 21);
    t.same(counts, { ...none, no_longer: 12, less: 4, newly: 3, shorter: 2 });
    t.equal(found.no_longer.examples.length, 10, 'ten at most');
    t.match(found.no_longer.examples[0], {
      call: { id: 'support1' },
      before: { outcome: 'record', rule: null },
      after: { outcome: 'skip', rule: 'skip' },
    });
    t.match(found.shorter.examples[0], {
      before: { keepDays: 365 },
      after: { keepDays: 30, keepRule: 'Short' },
    });
    t.same(played({ ...before, retention: [] }, calls).counts, { ...none, longer: 2 });
    const asked = { ...before, record: [rule('ask', { queue: ['private'] })] };
    t.same(played(asked, calls).counts, { ...none, more: 3 });
  },
);

t.test('calls that nobody answered, and test calls, count for nothing', async (t) => {
  const after = { ...before, record: [rule('skip', {})] };
  const calls = [...of('a', 1, { answeredAt: null }), ...of('b', 1, { test: true }), ...of('c', 1)];
  t.match(played(after, calls), { calls: 1, counts: { no_longer: 1 } });
});

t.test('what was not stored with a call is said where a rule asks for it', async (t) => {
  const leg = {
    id: 'l',
    party: { number: '201', name: '', ours: true },
    endpoint: '',
    seenAt: 1,
    upAt: 2,
    goneAt: 3,
  };
  const calls = [aCall('old', { legs: [leg] }), aCall('new', { legs: [{ ...leg, endpoint: '201' }] })];
  t.same(played(before, calls).unknown, {});
  t.same(played({ ...before, record: [rule('skip', { extension: ['201'] })] }, calls).unknown, {
    extension: 1,
  });
});

t.test('every preset is a policy that can be saved', async (t) => {
  t.same(
    PRESETS.map(({ id }) => id),
    presetIds,
  );
  for (const preset of PRESETS) {
    const made = withPreset(before, preset, preset.queues ? ['payments'] : []);
    t.ok(Value.Check(Shape, made), preset.id);
    t.same(made.retention, before.retention);
  }
});

t.test('lists of numbers count as they are now, and a fact that was not stored is told of', async (t) => {
  const them = { number: '+442079460999', name: '', ours: false };
  const calls = [...of('support', 3), ...of('listed', 2, { them })];
  const lists: Policy = { ...before, record: [rule('skip', { list: ['Do not record'] }), ...before.record] };
  t.same(played(lists, calls).counts, { ...none, no_longer: 2 });
  const account: Policy = { ...before, record: [rule('skip', { account: ['42'] }), ...before.record] };
  const facts = { account: '7', variables: {}, called: [], sent: false, originated: false };
  t.same(played(account, [...of('old', 2, { facts: null }), ...of('new', 1, { facts })]).unknown, {
    account: 2,
  });
});
