import t from 'tap';
import { emptyState, restore, step } from '../../../daemon/domain/call/call.js';
import type { LegFacts, PbxEvent } from '../../../daemon/domain/call/event.js';
import { factsOf } from '../../../daemon/domain/call/facts-of.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { decideRecord, defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { eventsOf, follow, traces } from '../../support/pbx/traces.js';

const site = { timeZone: 'UTC', region: '' };
const leg = (id: string, more: Partial<LegFacts> = {}): LegFacts => ({
  ...{ id, channel: `PJSIP/${id}-00000001`, linkedid: '1.1', state: 'down', number: id, name: '' },
  ...{ connectedNumber: '', connectedName: '', context: 'from-internal', exten: '', dnid: '' },
  ...{ account: '', variables: {}, createdAt: null, ...more },
});

/** The call after each event, with what would be decided of it then. */
function told(policy: Policy, ...events: PbxEvent[]) {
  let state = emptyState;
  let call: CallRecord | undefined;
  return events.map((event) => {
    const after = step(state, event, { pbx: FIRST, trunkContexts: ['from-trunk'], mint: () => 'C1' });
    state = after.state;
    for (const effect of after.effects) if (effect.kind !== 'absorbed') call = effect.call;
    if (!call) throw new Error('There is no call');
    const { outcome, open, meanwhile } = decideRecord(policy, factsOf(call, site));
    return { call, said: `${outcome}${open ? ` open ${meanwhile}` : ''}` };
  });
}

const never = (...number: string[]): Policy => ({
  ...defaultPolicy,
  record: [{ name: 'Never', reason: '', when: { number }, outcome: 'skip' }],
});

let at = 1_700_000_000_000;
const leaves = (facts: LegFacts): PbxEvent => ({ kind: 'leg', at: at++, leg: facts });
const trunk = (number: string, state: LegFacts['state'] = 'down') =>
  leg('trunk', { context: 'from-trunk', number, state });
const dials = (from: LegFacts, to: LegFacts, number: string): PbxEvent => ({
  ...{ kind: 'dial', at: at++, from, to, status: 'trying', number },
});

t.test('click-to-dial waits until it is known what went to the line', async (t) => {
  for (const [number, last] of [
    ['05551111', 'skip'],
    ['05551112', 'record'],
    ['112', 'skip'],
  ] as const) {
    const up = leg('101', { state: 'up', exten: `9${number}` });
    const steps = told(
      never('05551111'),
      leaves(leg('101')),
      leaves(leg('101', { state: 'ringing' })),
      leaves(leg('101', { state: 'up' })),
      leaves(up),
      leaves(trunk(`9${number}`)),
      dials(up, trunk(`9${number}`), number),
      leaves(trunk(number, 'up')),
    );
    t.same(
      steps.map(({ said }) => said),
      [...Array(5).fill('record open wait'), last, last],
      number,
    );
    t.same(steps.at(-1)?.call.facts, {
      ...{ account: '', variables: {}, called: [number], sent: true, originated: true },
    });
  }
});

t.test('somebody who is added to a call is waited for while they are rung', async (t) => {
  const caller = leg('olga', { context: 'from-trunk', exten: '100', number: '+15550142', state: 'ring' });
  const agent = leg('101', { state: 'up' });
  const added = trunk('9112');
  const steps = told(
    never('+15550199'),
    leaves(caller),
    leaves(agent),
    leaves({ ...caller, state: 'up' }),
    leaves(added),
    dials(agent, added, '112'),
    leaves({ ...added, state: 'up' }),
  );
  t.same(
    steps.map(({ said }) => said),
    ['record', 'record', 'record', 'record', 'record open wait', 'skip'],
  );
  const { call } = steps.at(-1)!;
  t.match(factsOf(call, site), {
    number: '+15550142',
    added: ['112'],
    called: ['112'],
    trunks: ['olga', 'trunk'],
  });
  const [again] = [...restore([{ call, anchor: null }]).calls.values()];
  t.same(again?.facts, call.facts, 'also after a restart');
});

t.test('who calls a conference with an emergency number as theirs is no emergency call', async (t) => {
  const caller = (id: string, number: string, linkedid: string) =>
    leg(id, { context: 'from-trunk', exten: '300', number, state: 'up', linkedid });
  const one = caller('a', '+15550142', '1.1');
  const other = caller('b', '112', '2.1');
  const into = (facts: LegFacts): PbxEvent => ({
    ...{ kind: 'bridged', at: at++, leg: facts, bridge: 'B', waiting: false },
  });
  const last = told(defaultPolicy, into(one), into(other)).at(-1)!;
  t.match(factsOf(last.call, site), { added: ['112'], called: [] });
  t.equal(last.said, 'record');
  const state = restore([{ call: { ...last.call, endedAt: null }, anchor: null }]);
  const after = step(state, leaves({ ...other, name: 'Hostile' }), {
    ...{ pbx: FIRST, trunkContexts: ['from-trunk'], mint: () => 'C2' },
  });
  const record = after.effects.flatMap((e) => (e.kind === 'changed' ? [e.call] : []))[0] as CallRecord;
  t.same(record.facts?.called, [], 'nor after a restart');
});

t.test('account code and variables are those of the leg that began the call', async (t) => {
  const ann = leg('101', {
    state: 'ring',
    exten: '102',
    account: 'sales',
    variables: { CAMPAIGN: 'spring' },
  });
  const bob = leg('102', { account: 'support', variables: { CAMPAIGN: 'autumn', OTHER: '1' } });
  const [first, second, third] = told(
    defaultPolicy,
    leaves(ann),
    leaves(bob),
    leaves({ ...ann, account: '', variables: { REASON: 'order' } }),
  );
  t.match(first?.call.facts, { account: 'sales', variables: { CAMPAIGN: 'spring' } });
  t.same(second?.call.facts, first?.call.facts, 'whoever is dialled has another or, later, the same');
  t.match(
    third?.call.facts,
    { account: 'sales', variables: { CAMPAIGN: 'spring', REASON: 'order' } },
    'what the dialplan sets later is added',
  );
});

t.test('a real click-to-dial has the account code that it was begun with', async (t) => {
  for (const { name } of traces().filter(({ scenario }) => scenario === 'ami_originate')) {
    const [call] = follow(eventsOf(name)).calls;
    t.match(call?.facts, { account: 'clk', originated: true }, name);
  }
});

t.test('of a call of an earlier version it is said what was not stored', async (t) => {
  const { call } = told(defaultPolicy, leaves(leg('101', { state: 'ring', exten: '102' }))).at(-1)!;
  const old = {
    ...call,
    facts: null,
    legs: call.legs.map((l) => ({ ...l, party: { ...l.party, ours: false }, endpoint: '' })),
  };
  t.match(factsOf(old, site), { account: null, variables: null, trunks: null, called: [] });
  t.match(factsOf({ ...old, endedAt: at }, site).known, { number: true, variable: true });
});

t.test('lists and consents know a number without a country code by the country of its PBX', async (t) => {
  const { call } = told(defaultPolicy, leaves(trunk('030 901820', 'ring'))).at(-1)!;
  const asked: string[] = [];
  const ask = (number: string) => {
    asked.push(number);
    return [];
  };
  const standing = { holding: ask, anyObjection: () => false };
  const here = {
    timeZone: 'UTC',
    region: 'US',
    elsewhere: new Map([['berlin', { region: 'DE', subdivision: '' }]]),
  };
  factsOf({ ...call, pbx: 'berlin' }, here, ask, standing);
  t.same(new Set(asked), new Set(['+4930901820']));
  asked.length = 0;
  factsOf(call, here, ask, standing);
  t.same(new Set(asked), new Set([call.them.number]), 'at the site as it came');
});
