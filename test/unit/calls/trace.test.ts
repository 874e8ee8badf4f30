import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { CallRecord, Party } from '../../../daemon/domain/recording/recording.js';
import { eventsOf, type Followed, follow, type Trace, traces } from '../../support/pbx/traces.js';

/**
 * What the tracker makes of recorded traffic. The golden file holds all of it, to be read when it changes:
 * `npx tap --snapshot test/unit/calls/trace.test.ts` writes it anew. What must be true whatever the golden file says is in `facts`.
 */
const GOLDEN = new URL('../../golden/calls.json', import.meta.url);

const all = traces();
const followed = new Map(all.map((trace) => [trace.name, follow(eventsOf(trace.name))]));
const of = (trace: Trace): Followed => followed.get(trace.name)!;

/** Times are told to a tenth of a second; a call's are counted from its first ring, a mark's from the answer. */
const tenth = (ms: number | null): number | null => (ms === null ? null : Math.round(ms / 100) * 100);
const who = (p: Party): string =>
  [p.number, p.name && `"${p.name}"`, !p.ours && 'outside'].filter(Boolean).join(' ');
const span = (from: number | null, to: number | null): string =>
  to === null ? `${tenth(from)}` : `${tenth(from)}-${tenth(to)}`;

function told(call: CallRecord, f: Followed) {
  const since = (at: number | null) => (at === null ? null : tenth(at - call.startedAt));
  const number = (id: string) => call.legs.find((l) => l.id === id)?.party.number ?? '';
  return {
    direction: call.direction,
    outcome: call.outcome,
    them: who(call.them),
    us: who(call.us),
    dialled: call.dialled,
    did: call.did,
    queue: call.queue,
    answeredAfter: since(call.answeredAt),
    endedAfter: since(call.endedAt),
    extensions: f.extensions.get(call.id)!.join(' '),
    anchors: (f.anchors.get(call.id) ?? []).map(number).join(' > '),
    legs: call.legs.map(
      (l) =>
        `${who(l.party)}: seen ${since(l.seenAt)}, up ${since(l.upAt) ?? 'never'}, gone ${since(l.goneAt) ?? 'not yet'}`,
    ),
    marks: call.marks.map((m) => `${m.kind} ${m.text} ${span(m.atMs, m.untilMs)}`),
    consultFor: call.consultFor,
  };
}
type Told = ReturnType<typeof told>;
const toldOf = (trace: Trace): Told[] => of(trace).calls.map((call) => told(call, of(trace)));

t.test('what is made of each trace is what is written in the golden file', async (t) => {
  const found: Record<string, Record<string, Told[]>> = {};
  for (const trace of all) {
    found[trace.scenario] ??= {};
    found[trace.scenario]![`Asterisk ${trace.version}`] = toldOf(trace);
  }
  if (process.env.TAP_SNAPSHOT === '1') writeFileSync(GOLDEN, `${JSON.stringify(found, null, 2)}\n`);
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8'));
  t.same(Object.keys(found), Object.keys(golden));
  for (const scenario of Object.keys(golden)) t.strictSame(found[scenario], golden[scenario], scenario);
});

t.test('there are thirty kinds of call, and each on both versions', async (t) => {
  t.equal(new Set(all.map((trace) => trace.scenario)).size, 30);
  t.equal(all.length, 60);
});

const plain: Partial<Told> = {
  direction: 'internal',
  outcome: 'answered',
  dialled: '101',
  did: '',
  queue: '',
};
const between = (them: string, us: string) => ({ them: `${them} "Ext ${them}"`, us: `${us} "Ext ${us}"` });
const OUTSIDE = 'trunk "PSTN Caller" outside';
/** The call of most scenarios: 100 dials 101, is heard all the while, and nothing happens to it. */
const simple: Partial<Told> = { ...plain, ...between('100', '101'), anchors: '100', marks: [] };
const asked: Partial<Told> = { ...simple, ...between('103', '101'), anchors: '103' };

/** Per scenario: what must be true of its calls, from what was done to make it. */
const facts: Record<string, Partial<Told>[]> = {
  answered: [{ ...simple, answeredAfter: 500 }],
  callee_hangup: [simple],
  cancelled: [{ ...simple, outcome: 'cancelled', answeredAfter: null, anchors: '', endedAfter: 2000 }],
  busy: [{ ...simple, outcome: 'busy', answeredAfter: null, anchors: '' }],
  early_media: [{ outcome: 'cancelled', answeredAfter: null, dialled: '830', anchors: '' }],
  bye_both: [{ ...simple, dialled: '820', answeredAfter: 0 }],
  hold: [{ ...simple, marks: ['hold 100 3000-6000'] }],
  // The tail of a transferor's leg, which hangs up half a second later, belongs to it; the anchor is who stays.
  blind_refer_by_callee: [{ ...simple, extensions: '100 101 102', marks: ['transfer 101 → 102 2500'] }],
  blind_refer_by_caller: [
    { ...simple, extensions: '100 101 102', anchors: '100 > 102', marks: ['transfer 100 → 102 2500'] },
  ],
  // The transferee is heard waiting while its fate is dialled.
  blind_feature: [{ ...simple, endedAfter: 6000, marks: ['hold 101 1900-4200', 'transfer 101 → 102 4200'] }],
  att_refer_by_callee: [
    { ...simple, extensions: '100 101 102', marks: ['hold 101 2500-5800', 'transfer 101 → 102 5800'] },
    { ...simple, ...between('101', '102'), dialled: '102', anchors: '101', endedAfter: 3000 },
  ],
  att_refer_by_caller: [
    { ...simple, anchors: '100 > 102', marks: ['hold 100 2500-5800', 'transfer 100 → 102 5800'] },
    { ...simple, ...between('100', '102'), dialled: '102', anchors: '100', endedAfter: 3000 },
  ],
  // By feature code the PBX has all of it as one; the consultation is a conversation of its own all the same.
  att_feature: [
    { ...simple, extensions: '100 101 102', marks: ['hold 101 1900-10900', 'transfer 101 → 102 10900'] },
    { ...simple, ...between('101', '102'), dialled: '102', anchors: '101', marks: [] },
  ],
  queue: [
    {
      ...simple,
      ...between('103', '101'),
      dialled: '200',
      queue: 'support',
      answeredAfter: 0,
      anchors: '103',
      marks: ['queue support 0-500', 'agent Agent101 500'],
    },
  ],
  queue_did_trunk: [
    {
      direction: 'in',
      them: OUTSIDE,
      us: '101 "Ext 101"',
      did: '5552000',
      dialled: '5552000',
      queue: 'support',
      anchors: 'trunk',
      marks: ['queue support 0-500', 'agent Agent101 500'],
      extensions: '101',
    },
  ],
  conf3: [
    {
      ...simple,
      dialled: '300',
      answeredAfter: 0,
      anchors: '100',
      marks: ['joined 101 1500', 'joined 102 3000', 'left 101 6000'],
      extensions: '100 101 102',
    },
  ],
  parking: [
    { ...simple, extensions: '100 101 102', marks: ['transfer 101 → 700 2000', 'park 701 2000-6000'] },
  ],
  pickup: [{ ...simple, ...between('100', '102'), extensions: '100 102', marks: ['pickup 102 0'] }],
  dtmf_feature: [{ ...simple, dialled: '810' }],
  local_opt: [{ ...simple, dialled: '800' }],
  local_n: [{ ...simple, dialled: '801' }],
  ringgroup: [{ ...simple, dialled: '600', extensions: '100 101' }],
  trunk_in: [
    {
      direction: 'in',
      them: OUTSIDE,
      us: '100 "Ext 100"',
      did: '5551000',
      dialled: '5551000',
      anchors: 'trunk',
      marks: [],
    },
  ],
  // The customer is heard through the transfer, on one leg.
  trunk_in_blind: [
    {
      direction: 'in',
      them: OUTSIDE,
      us: '100 "Ext 100"',
      did: '5551000',
      anchors: 'trunk',
      extensions: '100 101',
      marks: ['transfer 100 → 101 2500'],
    },
  ],
  trunk_out: [
    {
      direction: 'out',
      them: '05551234 outside',
      us: '100 "Ext 100"',
      dialled: '905551234',
      did: '',
      anchors: '05551234',
    },
  ],
  did_local_rg: [
    {
      direction: 'in',
      them: OUTSIDE,
      us: '101 "Ext 101"',
      did: '5553000',
      anchors: 'trunk',
      extensions: '101',
    },
  ],
  ami_redirect: [{ ...simple, extensions: '100 101 102', endedAfter: 6500 }],
  ami_originate: [simple],
  consent: [
    asked,
    { ...asked, dialled: '900' },
    { ...asked, dialled: '910' },
    { ...asked, dialled: '910' },
    asked,
  ],
};

for (const [scenario, calls] of Object.entries(facts))
  t.test(
    `${scenario}: ${calls.length === 1 ? 'one call' : `${calls.length} calls`}, as it was made`,
    async (t) => {
      for (const trace of all.filter((trace) => trace.scenario === scenario)) {
        const made = toldOf(trace);
        t.equal(made.length, calls.length, `Asterisk ${trace.version}: number of calls`);
        for (const [i, expected] of calls.entries()) {
          const keys = Object.keys(expected) as (keyof Told)[];
          const picked = Object.fromEntries(keys.map((key) => [key, made[i]?.[key]]));
          t.strictSame(picked, expected, `Asterisk ${trace.version}, call ${i + 1}`);
        }
      }
    },
  );

t.test('voicemail answers on 22; on 16, which has none, nobody does', async (t) => {
  const [on16, on22] = all.filter((trace) => trace.scenario === 'noanswer_vm').map(toldOf);
  t.match(on22, [{ outcome: 'answered', them: '100 "Ext 100"', us: '400', dialled: '400', anchors: '100' }]);
  t.match(on16, [{ answeredAfter: null, dialled: '400', anchors: '' }]);
});

t.test('both versions of Asterisk tell the same story', async (t) => {
  // Which tenth of a second a thing falls into is not part of the story.
  const timeless = (calls: Told[]) =>
    calls.map(({ answeredAfter, endedAfter, ...call }) => ({
      ...call,
      answered: answeredAfter !== null,
      legs: call.legs.map((l) => l.replace(/(seen|up|gone) \d+/g, '$1')),
      marks: call.marks.map((m) => m.replace(/ [\d-]+$/, '')),
    }));
  for (const scenario of new Set(all.map((trace) => trace.scenario))) {
    if (scenario === 'noanswer_vm') continue;
    const [on16, on22] = all.filter((trace) => trace.scenario === scenario).map(toldOf);
    t.strictSame(timeless(on16!), timeless(on22!), scenario);
  }
});

t.test('the consultation before an attended transfer lasts as long as the two spoke', async (t) => {
  for (const trace of all.filter((trace) => trace.scenario.startsWith('att_refer_by'))) {
    const [, consultation] = of(trace).calls;
    for (const leg of consultation!.legs)
      t.ok(
        leg.goneAt! - leg.upAt! >= 2000,
        `${trace.name}: ${leg.party.number} spoke for more than two seconds`,
      );
  }
});

t.test('in every trace all calls end, with legs in order and an anchor that was up', async (t) => {
  for (const trace of all) {
    const f = of(trace);
    const faults: string[] = [];
    const must = (what: boolean, fault: string) => what || faults.push(fault);
    must(f.state.calls.size === 0 && f.state.legs.size === 0, 'a call is left open');
    for (const call of f.calls) {
      const anchors = f.anchors.get(call.id) ?? [];
      must(f.ended.has(call.id), `${call.id} has not ended`);
      must(
        anchors.length > 0 === (call.answeredAt !== null),
        `${call.id} is answered and has no anchor, or not`,
      );
      for (const id of anchors)
        must(
          typeof call.legs.find((l) => l.id === id)?.upAt === 'number',
          `${id} is anchor and was never up`,
        );
      for (const { id, seenAt, upAt, goneAt } of call.legs) {
        must(goneAt !== null && goneAt <= call.endedAt!, `${id} outlives its call`);
        must(seenAt <= (upAt ?? seenAt) && (upAt ?? seenAt) <= goneAt!, `${id} is not in order`);
      }
    }
    t.same(faults, [], trace.name);
  }
});
