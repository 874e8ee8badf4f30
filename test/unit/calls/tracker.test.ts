import fc from 'fast-check';
import t from 'tap';
import { type CallState, emptyState, restore, step } from '../../../daemon/domain/call/call.js';
import type { LegFacts, LinkHalf, PbxEvent } from '../../../daemon/domain/call/event.js';
import type { CallId, CallRecord } from '../../../daemon/domain/recording/recording.js';
import { eventsOf, type Followed, follow, labRules, traces } from '../../support/pbx/traces.js';
import { runs } from '../../support/search/share-of-search.js';

const stories = traces().map((trace) => ({ name: trace.name, events: eventsOf(trace.name) }));
const aStory = fc.constantFrom(...stories);

/** What the PBX would list after these events. */
function snapshotAfter(events: PbxEvent[], at: number): Extract<PbxEvent, { kind: 'snapshot' }> {
  const legs = new Map<string, LegFacts>();
  const gone = new Set<string>();
  const bridges = new Map<string, { id: string; legs: string[]; waiting: boolean }>();
  const links = new Map<string, { link: LinkHalf; bridge: string }>();
  const see = (leg: LegFacts | null) => leg && !gone.has(leg.id) && legs.set(leg.id, leg);
  const out = (leg: string) => {
    for (const b of bridges.values()) b.legs = b.legs.filter((l) => l !== leg);
  };
  for (const event of events) {
    if (event.kind === 'leg-gone') {
      gone.add(event.leg.id);
      legs.delete(event.leg.id);
      out(event.leg.id);
    } else if (event.kind === 'link' || event.kind === 'link-gone') {
      const half = `${event.link.name};${event.link.half}`;
      if (event.kind === 'link' && event.bridge) links.set(half, { link: event.link, bridge: event.bridge });
      else links.delete(half);
    } else if (event.kind === 'dial') {
      see(event.from);
      see(event.to);
    } else if ('leg' in event) {
      see(event.leg);
      if (event.kind === 'bridged') {
        out(event.leg.id);
        const bridge = bridges.get(event.bridge) ?? { id: event.bridge, legs: [], waiting: event.waiting };
        bridges.set(event.bridge, { ...bridge, legs: [...bridge.legs, event.leg.id] });
      } else if (event.kind === 'unbridged') out(event.leg.id);
    }
  }
  return {
    kind: 'snapshot',
    at,
    legs: [...legs.values()],
    bridges: [...bridges.values()],
    links: [...links.values()],
    snoops: [],
  };
}

const nothing = (at: number): PbxEvent => ({ kind: 'snapshot', at, legs: [], bridges: [], snoops: [] });
const lastAt = (events: PbxEvent[]): number => Math.max(0, ...events.map((e) => e.at));

/** Throws unless a call ends at most once and is silent after, and each leg is in one call that is there. */
function wellBehaved(f: Followed, story: string): void {
  const ended = new Set<CallId>();
  for (const effect of f.effects) {
    const id = effect.kind === 'absorbed' ? effect.from : effect.call.id;
    if (ended.has(id)) throw new Error(`${story}: ${id} is told of after its end`);
    if (effect.kind !== 'changed') ended.add(id);
    if (effect.kind === 'ended' && effect.call.endedAt! < effect.call.startedAt)
      throw new Error(`${story}: ${id} ended before it began`);
  }
  consistent(f.state, story);
}

function consistent(state: CallState, story: string): void {
  for (const leg of state.legs.values()) {
    if (!state.calls.has(leg.callId)) throw new Error(`${story}: ${leg.id} is in a call that is not there`);
    if (state.gone.has(leg.id)) throw new Error(`${story}: ${leg.id} is there and gone`);
  }
  for (const call of state.calls.values()) {
    const legs = [...state.legs.values()].filter((l) => l.callId === call.id);
    if (!legs.some((l) => l.goneAt === null)) throw new Error(`${story}: ${call.id} is a ghost`);
    if (call.anchor !== null && !legs.some((l) => l.id === call.anchor && l.goneAt === null))
      throw new Error(`${story}: the anchor of ${call.id} has gone`);
  }
}

/** The events of a trace in some other order, some twice and some not at all. */
const disorder = (keep: (event: PbxEvent) => boolean) =>
  aStory.chain(({ name, events }) =>
    fc
      .array(fc.record({ order: fc.double({ min: 0, max: 1, noNaN: true }), times: fc.nat(2) }), {
        minLength: events.length,
        maxLength: events.length,
      })
      .map((dice) => ({
        name,
        events: events
          .flatMap((event, i) =>
            Array.from({ length: Math.max(dice[i]!.times, keep(event) ? 1 : 0) }, () => ({
              event,
              // Mostly near its place, as events are that come late; sometimes anywhere.
              order: dice[i]!.order < 0.9 ? i + dice[i]!.order * 10 : dice[i]!.order * events.length,
            })),
          )
          .sort((a, b) => a.order - b.order)
          .map(({ event }) => event),
      })),
  );

t.test('events in any order, twice or not at all, are followed without harm', async () => {
  fc.assert(
    fc.property(
      disorder(() => false),
      ({ name, events }) => {
        let state = emptyState;
        const rules = labRules();
        for (const event of events) {
          state = step(state, event, rules).state;
          consistent(state, name);
        }
        wellBehaved(follow(events), name);
      },
    ),
    { numRuns: runs(400) },
  );
});

t.test(
  'when every leg is known to have gone no call is left, however late what else is told of them',
  async () => {
    fc.assert(
      fc.property(
        disorder((event) => event.kind === 'leg-gone'),
        ({ name, events }) => {
          const f = follow(events);
          wellBehaved(f, name);
          if (f.state.calls.size > 0) throw new Error(`${name}: ${[...f.state.calls.keys()]} is left`);
        },
      ),
      { numRuns: runs(400) },
    );
  },
);

t.test('a snapshot in which nothing is ends every call', async () => {
  fc.assert(
    fc.property(
      disorder(() => false),
      ({ name, events }) => {
        const f = follow([...events, nothing(lastAt(events) + 1)]);
        wellBehaved(f, name);
        if (f.state.calls.size + f.state.legs.size > 0) throw new Error(`${name}: a call is left`);
      },
    ),
    { numRuns: runs(300) },
  );
});

t.test('an event that comes twice in a row changes nothing', async (t) => {
  // A transfer, and the steps of a queue, are told once by a connection of their own; all else may be told by both lists.
  const once = new Set(['transfer', 'queue', 'parked', 'unparked', 'pickup', 'hold', 'unhold']);
  for (const { name, events } of stories) {
    const twice = events.flatMap((event) => (once.has(event.kind) ? [event] : [event, event]));
    t.strictSame(follow(twice).calls, follow(events).calls, name);
  }
});

t.test('what AMI tells of a leg before ARI has told of it is told all the same', async (t) => {
  const told = (events: PbxEvent[]) =>
    follow(events).calls.map(({ queue, marks }) => [queue, ...marks.map((m) => JSON.stringify(m)).sort()]);
  const isStory = (event: PbxEvent) => 'legId' in event;
  const held = (events: PbxEvent[]) => events.filter((event) => !isStory(event));
  const tried = stories.filter(({ events }) => events.some((event) => event.kind === 'queue'));
  t.ok(tried.length > 3);
  for (const { name, events } of tried) {
    const first = events.findIndex((event) => event.kind === 'queue' && event.step === 'join');
    const { legId } = events[first] as Extract<PbxEvent, { kind: 'queue' }>;
    const born = events.findIndex((event) => 'leg' in event && event.leg.id === legId);
    const early = [...events.slice(0, born), events[first]!, ...events.slice(born, first)];
    t.strictSame(told([...early, ...events.slice(first + 1)]), told(events), name);
  }
  const never = Array.from({ length: 1_000 }, (_, i): PbxEvent => {
    return { kind: 'queue', at: i, legId: `nobody-${i}`, step: 'join', queue: 'sales', agent: '' };
  });
  t.ok(follow(never).state.early.size <= 200, 'legs that never come are not waited for without end');
  t.equal(
    follow([...never, ...held(stories[0]!.events)]).calls.length,
    follow(held(stories[0]!.events)).calls.length,
  );
});

t.test('a snapshot at any moment changes nothing that was known', async () => {
  fc.assert(
    fc.property(aStory, fc.double({ min: 0, max: 1, noNaN: true }), ({ name, events }, where) => {
      const cut = Math.floor(where * events.length);
      const head = events.slice(0, cut);
      const whole = follow(events);
      const seen = follow([...head, snapshotAfter(head, lastAt(head)), ...events.slice(cut)]);
      same(seen.calls, whole.calls, `${name} at ${cut}`);
    }),
    { numRuns: runs(400) },
  );
});

/** What a restart must not change. */
const essence = (calls: CallRecord[]) =>
  calls.map(({ linkedids, ...call }) => ({
    ...call,
    linkedids: [...linkedids].sort(),
    legs: [...call.legs].sort((a, b) => a.id.localeCompare(b.id)),
  }));

function same(found: CallRecord[], wanted: CallRecord[], what: string): void {
  const [a, b] = [essence(found), essence(wanted)].map((calls) => JSON.stringify(calls, null, 1));
  if (a !== b) throw new Error(`${what}:\n${a}\nis not\n${b}`);
}

/** A stop after `cut` events and a start: open calls as the catalogue has them, then what the PBX lists, then the rest. */
function restarted(events: PbxEvent[], cut: number): CallRecord[] {
  const rules = labRules();
  const head = events.slice(0, cut);
  const before = follow(head, rules);
  const open = before.calls
    .filter((call) => !before.ended.has(call.id))
    .map((call) => ({ call, anchor: before.state.calls.get(call.id)!.anchor }));
  const stored = JSON.parse(JSON.stringify(open)) as typeof open;
  const rest = [snapshotAfter(head, lastAt(head)), ...events.slice(cut)];
  const after = follow(rest, rules, restore(stored));
  wellBehaved(after, 'restart');
  const last = new Map([...before.calls, ...after.calls].map((call) => [call.id, call]));
  for (const e of after.effects) if (e.kind === 'absorbed') last.delete(e.from);
  return [...last.values()];
}

t.test('a stop and a start at any moment give the same calls as if there had been none', async (t) => {
  for (const { name, events } of stories) {
    const whole = follow(events).calls;
    const wrong: string[] = [];
    for (let cut = 0; cut <= events.length; cut++) {
      try {
        same(restarted(events, cut), whole, `${name} at ${cut}`);
      } catch (e) {
        wrong.push((e as Error).message);
      }
    }
    t.same(wrong.slice(0, 1), [], `${name}: ${wrong.length} of ${events.length + 1} moments`);
  }
});

t.test('a leg that went over to another call is in that one after a restart', async (t) => {
  const name = traces().find((trace) => trace.scenario === 'att_refer_by_callee')!.name;
  const events = eventsOf(name);
  const state = follow(events).calls;
  const [call, consultation] = state;
  const shared = call!.legs.find((l) => consultation!.legs.some((other) => other.id === l.id))!;
  const open = (record: CallRecord, goneAt: number | null) => ({
    call: {
      ...record,
      endedAt: null,
      legs: record.legs.map((l) => (l.id === shared.id ? { ...l, goneAt } : { ...l, goneAt: null })),
    },
    anchor: null,
  });
  for (const order of [
    [open(call!, null), open(consultation!, 1)],
    [open(consultation!, 1), open(call!, null)],
  ])
    t.match(restore(order).legs.get(shared.id), { callId: call!.id, goneAt: null });
});
