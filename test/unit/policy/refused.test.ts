import t, { type Test } from 'tap';
import { createRefused } from '../../../daemon/calls/refused.js';
import { createNumbersInLists } from '../../../daemon/catalogue/listed.js';
import type { Directive } from '../../../daemon/domain/call/directive.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import type { Refused } from '../../../daemon/domain/telling/schema.js';
import { createLog } from '../../../daemon/ops/log.js';
import { opened } from '../../support/catalogue/opened.js';
import { BOB, conversation, EMPTY, OLGA, lab as recorder } from '../../support/record-lab.js';
import { aCall } from '../../support/recordings/a-call.js';

const NOON = Date.UTC(2026, 4, 3, 12);
const DAY = 86_400_000;
const NUMBER = '+4930901820';
const SITE = {
  timeZone: 'UTC',
  region: 'DE',
  elsewhere: new Map([['dallas', { region: 'US', subdivision: 'TX' }]]),
};
const leg = (id: string, ours: boolean) => ({
  ...{ id, party: { number: ours ? '101' : NUMBER, name: 'Ann', ours }, endpoint: '', seenAt: 1 },
  ...{ upAt: 2, goneAt: null },
});
const call = (id: string, more: Partial<CallRecord> = {}) =>
  aCall(id, {
    direction: 'in',
    them: { number: NUMBER, name: 'Ann', ours: false },
    legs: [leg('outside', false), leg('inside', true)],
    ...more,
  });

async function lab(t: Test, refused: Refused | null = { list: 'Refused', days: 30 }) {
  const { catalogue } = await opened(t);
  if (refused) await catalogue.policy.save({ ...defaultPolicy, telling: { refused } }, 'ada', 1, 0);
  const clock = () => NOON;
  const lists = createNumbersInLists({ catalogue, region: 'DE', clock });
  const notes: unknown[] = [];
  const deps = {
    ...{ catalogue, lists, clock, site: SITE, log: createLog('silent', 'test') },
    note: async (action: string, about: object) => void notes.push({ action, ...about }),
  };
  const made = createRefused(deps);
  const say = async (callId: string, kind: Directive['kind'], more: Partial<Directive> = {}) => {
    const given = { callId, at: NOON, kind, how: 'digits', who: '*0', legId: 'outside', ...more } as const;
    made.onSaid(await catalogue.directives.add(given));
    await made.idle();
  };
  const listed = async () =>
    (await catalogue.lists.entries({ limit: 99 })).map(({ number, until, note, addedBy }) => ({
      ...{ number, until, note, addedBy },
    }));
  for (const id of ['A', 'B']) await catalogue.calls.save(call(id));
  return { catalogue, lists, notes, deps, say, listed };
}

const END = Date.UTC(2026, 4, 3) + 31 * DAY;
const REFUSED = { number: NUMBER, until: END, note: 'Refused on 2026-05-03 12:00.', addedBy: 'Tapedeck' };

t.test('who refuses is put on the list, which is made, once and for so many days', async (t) => {
  const { catalogue, lists, notes, say, listed } = await lab(t);
  await say('A', 'decline');
  t.same(await listed(), [REFUSED]);
  t.same(lists.namesFor('030901820'), ['Refused'], 'in memory at once, in any notation');
  t.match(await catalogue.lists.all(), [{ name: 'Refused', addedBy: 'Tapedeck', numbers: 1 }]);
  t.match(notes, [
    { action: 'policy_change', object_id: 'Refused', detail: { changes: ['list "Refused" is new'] } },
    { detail: { changes: ['list "Refused" has 1 number more: a call was refused'] } },
  ]);
  t.notMatch(JSON.stringify(notes), /901820|Ann/);
  await say('B', 'decline', { at: NOON + 1 });
  t.same(await listed(), [REFUSED], 'it ends no later');
  await say('B', 'decline', { at: NOON + 3 * DAY });
  t.same(await listed(), [{ ...REFUSED, until: END + 3 * DAY }], 'and now it does');
  t.same(lists.namesFor(NUMBER), ['Refused']);
});

t.test(
  'a number comes off the list when its owner agrees in the same call, also after a restart',
  async (t) => {
    const { lists, deps, catalogue, say, listed } = await lab(t);
    await say('A', 'decline');
    await say('B', 'allow');
    t.same(await listed(), [REFUSED], 'another call took nothing back');
    const restarted = createRefused(deps);
    restarted.onSaid(
      await catalogue.directives.add({
        ...{ callId: 'A', at: NOON + 5, kind: 'allow', how: 'digits', who: '1', legId: 'outside' },
      }),
    );
    await restarted.idle();
    t.same(await listed(), []);
    t.same(lists.namesFor(NUMBER), []);

    await say('A', 'decline');
    await say('B', 'decline', { at: NOON + DAY });
    await say('B', 'allow', { at: NOON + DAY + 1 });
    t.match(await listed(), [{ number: NUMBER }], 'it was there before that call');
  },
);

t.test('a number that a person has listed stays as it is', async (t) => {
  const { catalogue, say, listed } = await lab(t);
  const by = { name: 'Refused', note: '', addedAt: 1, addedBy: 'ada' };
  await catalogue.lists.save(by);
  await catalogue.lists.put(
    'Refused',
    [{ number: '030 901820', note: 'Board', until: null }],
    'ada',
    1,
    false,
  );
  await say('A', 'decline');
  await say('A', 'allow');
  t.same(await listed(), [{ number: '030 901820', note: 'Board', until: null, addedBy: 'ada' }]);
});

t.test('without days there is no end, and without the setting no list', async (t) => {
  const forGood = await lab(t, { list: 'Refused', days: null });
  await forGood.say('A', 'decline');
  t.same(await forGood.listed(), [{ ...REFUSED, until: null }]);
  const off = await lab(t, null);
  await off.say('A', 'decline');
  t.same(await off.catalogue.lists.all(), []);
});

t.test('only a refusal of the outside party counts, and a withheld number is on no list', async (t) => {
  const { catalogue, say, listed } = await lab(t);
  for (const more of [
    { legId: 'inside' },
    { legId: null },
    { how: 'dialplan', legId: 'inside' },
    { how: 'rule', legId: null },
    { how: 'api', legId: null },
    { how: 'user_event' },
  ] as const)
    await say('A', 'decline', more);
  await say('A', 'keep');
  await say('A', 'mask');
  const withheld = { number: '', name: '', ours: false };
  for (const [id, more] of [
    ['C', { them: withheld, legs: [{ ...leg('outside', false), party: withheld }] }],
    ['D', { them: { ...withheld, number: 'anonymous' }, legs: [] }],
    ['E', { direction: 'internal' }],
    ['F', { test: true }],
  ] as [string, Partial<CallRecord>][]) {
    await catalogue.calls.save(call(id, more));
    await say(id, 'decline');
  }
  t.same(await listed(), []);
  for (const [how, legId] of [
    ['button', null],
    ['dialplan', 'outside'],
    ['dialplan', null],
  ] as const) {
    await say('A', 'decline', { how, legId, at: NOON });
    t.same(await listed(), [REFUSED], `${how} ${legId}`);
    await say('A', 'allow', { how, legId });
    t.same(await listed(), []);
  }
});

t.test('the recorder says what was said once it was stored, each once', async (t) => {
  const l = await recorder(t);
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  const by = { how: 'button', who: 'Anna', legId: null } as const;
  await l.recorder.direct('C1', { ...by, kind: 'decline' });
  await l.recorder.direct('C1', { ...by, kind: 'decline' });
  await l.recorder.direct('C1', { ...by, kind: 'allow' });
  t.same(l.heard, await l.catalogue.directives.of('C1'));
  t.same(
    l.heard.map(({ kind }) => kind),
    ['decline', 'allow'],
  );
});

t.test(
  'who refuses at a PBX in another country is on the list with the number that they have here',
  async (t) => {
    const { catalogue, lists, say, listed } = await lab(t);
    const number = '5125550100';
    const [outside, inside] = [leg('outside', false), leg('inside', true)];
    const there = { ...outside, party: { ...outside.party, number } };
    await catalogue.calls.save(
      call('D', { pbx: 'dallas', them: { number, name: '', ours: false }, legs: [there, inside] }),
    );
    await say('D', 'decline');
    t.match(await listed(), [{ number: '+15125550100' }]);
    t.same(lists.namesFor('+1 512 555 0100'), ['Refused']);
    await say('D', 'allow');
    t.same(await listed(), [], 'and comes off it again');
  },
);
