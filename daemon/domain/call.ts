import { type CallState, type Effect, type TrackedCall, type TrackedLeg, toEffect } from './call-state.js';
import type { LegFacts, PbxEvent } from './event.js';
import type { CallId, LegId } from './recording.js';

export type { CallState, Effect } from './call-state.js';
export { emptyState, restore } from './call-state.js';

export type TrackRules = {
  /** Dialplan contexts in which channels of lines to the outside begin. */
  trunkContexts: readonly string[];
  /** Makes a new call id. */
  mint: () => CallId;
};

/**
 * Follows calls. Gives the state after the event, and one effect for each call that it changed.
 * Legs belong together when the PBX gives them one linkedid, or when they meet in a bridge: linkedid changes in mid-call
 * (pickup, retrieval of a parked call, attended transfer), seen on Asterisk 16 and 22.
 */
export function step(
  before: CallState,
  event: PbxEvent,
  rules: TrackRules,
): { state: CallState; effects: Effect[] } {
  const t = transaction(before, rules);
  apply(t, event);
  return t.commit(event.at);
}

type Transaction = ReturnType<typeof transaction>;

function transaction(before: CallState, rules: TrackRules) {
  const calls = new Map(before.calls);
  const legs = new Map(before.legs);
  const gone = new Map(before.gone);
  const touched = new Set<CallId>();
  const absorbed: { from: CallId; into: CallId }[] = [];
  const call = (id: CallId) => calls.get(id)!;
  const setCall = (id: CallId, change: Partial<TrackedCall>) => {
    calls.set(id, { ...call(id), ...change });
    touched.add(id);
  };
  const setLeg = (id: LegId, change: Partial<TrackedLeg>) => {
    const leg = { ...legs.get(id)!, ...change };
    legs.set(id, leg);
    touched.add(leg.callId);
  };
  const legsOf = (id: CallId) => [...legs.values()].filter((l) => l.callId === id);

  return {
    calls,
    legs,
    gone,
    absorbed,
    rules,
    call,
    setCall,
    setLeg,
    legsOf,
    mark(callId: CallId, mark: TrackedCall['marks'][number]) {
      setCall(callId, { marks: [...call(callId).marks, mark] });
    },
    /** Closes the open marks of one kind (a hold ends, a wait is over). */
    closeMarks(callId: CallId, kind: string, at: number, legId?: LegId) {
      const marks = call(callId).marks.map((m) =>
        m.kind === kind && m.until === null && m.open && (!legId || !m.legId || m.legId === legId)
          ? { ...m, until: at, open: false }
          : m,
      );
      setCall(callId, { marks });
    },
    commit(at: number): { state: CallState; effects: Effect[] } {
      const effects: Effect[] = absorbed.map((a) => ({ kind: 'absorbed', ...a }));
      for (const id of touched) {
        if (!calls.has(id)) continue;
        const mine = legsOf(id);
        calls.set(id, settle(call(id), mine));
        const settled = call(id);
        if (mine.every((l) => l.goneAt !== null)) {
          const endedAt = Math.max(
            settled.startedAt,
            ...mine.map((l) => l.goneAt ?? at),
            ...settled.past.map((l) => l.goneAt ?? 0),
          );
          effects.push(toEffect('ended', { ...settled, endedAt, anchor: null }, mine));
          calls.delete(id);
          for (const l of mine) {
            legs.delete(l.id);
            gone.set(l.id, at);
          }
        } else {
          effects.push(toEffect('changed', settled, mine));
        }
      }
      while (gone.size > 1000) gone.delete(gone.keys().next().value!);
      return { state: { calls, legs, gone }, effects };
    },
  };
}

function apply(t: Transaction, event: PbxEvent): void {
  switch (event.kind) {
    case 'leg':
      see(t, event.leg, event.at);
      return;
    case 'leg-gone':
      if (see(t, event.leg, event.at, false)) leave(t, event.leg.id, event.at);
      else if (!t.legs.has(event.leg.id)) t.gone.set(event.leg.id, event.at);
      return;
    case 'bridged':
      if (see(t, event.leg, event.at)) meet(t, event.leg.id, event.bridge, event.waiting, event.at);
      return;
    case 'unbridged':
      if (see(t, event.leg, event.at, false)?.bridge === event.bridge)
        t.setLeg(event.leg.id, { bridge: null, waiting: false });
      return;
    case 'hold':
    case 'unhold': {
      const leg = see(t, event.leg, event.at);
      if (!leg) return;
      t.closeMarks(leg.callId, 'hold', event.at, leg.id);
      if (event.kind === 'hold')
        t.mark(leg.callId, {
          at: event.at,
          until: null,
          open: true,
          kind: 'hold',
          text: leg.number,
          legId: leg.id,
        });
      return;
    }
    case 'dial': {
      if (event.from) see(t, event.from, event.at);
      const to = see(t, event.to, event.at, false);
      if (!to) return;
      if (event.number && to.outside) t.setLeg(to.id, { dialledOut: event.number, caller: false });
      if (event.status !== 'trying' && event.status !== 'ringing')
        t.setCall(to.callId, { dialStatus: event.status });
      return;
    }
    case 'transfer': {
      const leg = t.legs.get(event.by);
      if (!leg) return;
      // A transfer by feature code does not name its target; it is who was reached last.
      const last = t
        .legsOf(leg.callId)
        .filter((l) => l.upAt !== null && l.goneAt === null && l.id !== leg.id);
      const to = event.to || (last.sort((a, b) => b.upAt! - a.upAt!)[0]?.number ?? '');
      const text = `${leg.number} → ${to}`;
      t.mark(leg.callId, { at: event.at, until: null, open: false, kind: 'transfer', text, legId: leg.id });
      return;
    }
    case 'queue':
    case 'parked':
    case 'unparked':
    case 'pickup':
      story(t, event);
      return;
    case 'snapshot':
      compare(t, event);
      return;
    default:
      return; // snoops and spool files are the capture's concern
  }
}

/** Makes a leg known, or brings it up to date. Null for one that has gone already (events may come late or twice). */
function see(t: Transaction, facts: LegFacts, at: number, mayBegin = true): TrackedLeg | null {
  if (t.gone.has(facts.id)) return null;
  const known = t.legs.get(facts.id);
  if (known && known.goneAt !== null) return null;
  if (!known) {
    if (!mayBegin) return null;
    begin(t, facts, at);
  } else {
    if (known.linkedid !== facts.linkedid) relink(t, known, facts.linkedid, at);
    const same =
      known.number === newest(known, known.number, facts.number) &&
      known.name === newest(known, known.name, facts.name) &&
      (known.upAt !== null || facts.state !== 'up') &&
      known.linkedid === facts.linkedid;
    if (!same)
      t.setLeg(facts.id, {
        linkedid: facts.linkedid,
        number: newest(known, known.number, facts.number),
        name: newest(known, known.name, facts.name),
        upAt: known.upAt ?? (facts.state === 'up' ? at : null),
      });
  }
  const leg = t.legs.get(facts.id)!;
  const call = t.call(leg.callId);
  if (!call.dialled && leg.caller && facts.dnid) t.setCall(call.id, { dialled: facts.dnid });
  // Click-to-dial rings our own phone first; whom it calls is told when that phone, still alone, enters the dialplan.
  if (!call.dialled && !leg.outside && facts.state === 'up' && facts.exten && t.legsOf(call.id).length === 1)
    t.setCall(call.id, { dialled: facts.exten });
  return leg;
}

/**
 * An outside party's name may be looked up in mid-call: the newest counts. Ours are as they began: FreePBX puts the number
 * of the line over an extension's own while it dials out.
 */
function newest(leg: TrackedLeg, known: string, now: string): string {
  return leg.outside ? now || known : known || now;
}

function begin(t: Transaction, facts: LegFacts, at: number): void {
  const outside = t.rules.trunkContexts.includes(facts.context);
  const caller = facts.state === 'ring' || (facts.state === 'up' && facts.exten !== '');
  let call = [...t.calls.values()].find((c) => c.linkedids.includes(facts.linkedid));
  if (!call) {
    call = {
      id: t.rules.mint(),
      linkedids: [facts.linkedid],
      startedAt: at,
      answeredAt: null,
      endedAt: null,
      talked: false,
      anchor: null,
      dialled: caller ? facts.dnid || facts.exten : '',
      did: caller && outside ? facts.dnid || facts.exten : '',
      queue: '',
      dialStatus: null,
      marks: [],
      past: [],
    };
    t.calls.set(call.id, call);
  }
  t.legs.set(facts.id, {
    id: facts.id,
    callId: call.id,
    linkedid: facts.linkedid,
    endpoint: /^[^/]+\/(.+)-[0-9a-f]{8}(;\d)?$/.exec(facts.channel)?.[1] ?? '',
    outside,
    caller,
    number: facts.number,
    name: facts.name,
    dialledOut: '',
    seenAt: at,
    upAt: facts.state === 'up' ? at : null,
    goneAt: null,
    bridge: null,
    waiting: false,
  });
  t.setLeg(facts.id, {});
}

function leave(t: Transaction, id: LegId, at: number): void {
  const leg = t.legs.get(id)!;
  t.closeMarks(leg.callId, 'hold', at, id);
  t.setLeg(id, { goneAt: at, bridge: null });
}

function meet(t: Transaction, id: LegId, bridge: string, waiting: boolean, at: number): void {
  t.setLeg(id, { bridge, waiting });
  if (waiting) return; // a parking lot or a waiting room holds strangers
  const here = [...t.legs.values()].filter((l) => l.bridge === bridge && l.goneAt === null);
  const ids = [...new Set(here.map((l) => l.callId))].sort(
    (a, b) => t.call(a).startedAt - t.call(b).startedAt || (a < b ? -1 : 1),
  );
  const [oldest] = ids;
  for (const leg of here) if (leg.callId !== oldest) unite(t, leg, oldest!, at);
  if (t.legsOf(oldest!).filter((l) => l.bridge === bridge).length > 1 && !t.call(oldest!).talked)
    t.setCall(oldest!, { talked: true });
}

function relink(t: Transaction, leg: TrackedLeg, linkedid: string, at: number): void {
  const into = [...t.calls.values()].find((c) => c.linkedids.includes(linkedid));
  if (!into) t.setCall(leg.callId, { linkedids: [...t.call(leg.callId).linkedids, linkedid] });
  // One of which the linkedid was not known (after a restart) has not changed it: its bridge tells where it belongs.
  else if (into.id !== leg.callId && leg.linkedid !== '') unite(t, leg, into.id, at);
  t.setLeg(leg.id, { linkedid });
}

/**
 * A leg turns out to belong to another call. A conversation that it has had meanwhile (the consultation before an attended
 * transfer) stays a call of its own; one that never came to a conversation was only the way in (pickup, parking).
 */
function unite(t: Transaction, leg: TrackedLeg, into: CallId, at: number): void {
  const from = t.call(t.legs.get(leg.id)!.callId);
  if (from.id === into) return;
  if (from.talked) {
    const moved = t.legs.get(leg.id)!;
    t.setCall(from.id, { past: [...from.past, { ...moved, goneAt: moved.goneAt ?? at }] });
    t.setLeg(leg.id, { callId: into });
    return;
  }
  for (const l of t.legsOf(from.id)) t.setLeg(l.id, { callId: into });
  const call = t.call(into);
  t.setCall(into, {
    linkedids: [...new Set([...call.linkedids, ...from.linkedids])],
    marks: [...call.marks, ...from.marks].sort((a, b) => a.at - b.at),
    queue: call.queue || from.queue,
  });
  t.calls.delete(from.id);
  t.absorbed.push({ from: from.id, into });
}

function story(
  t: Transaction,
  event: Extract<PbxEvent, { kind: 'queue' | 'parked' | 'unparked' | 'pickup' }>,
): void {
  const leg = t.legs.get(event.legId);
  if (!leg) return;
  const mark = (kind: 'queue' | 'agent' | 'park' | 'pickup', text: string, open = false) =>
    t.mark(leg.callId, { at: event.at, until: null, open, kind, text, legId: leg.id });
  if (event.kind === 'pickup') mark('pickup', event.by);
  else if (event.kind === 'parked') mark('park', event.space, true);
  else if (event.kind === 'unparked') t.closeMarks(leg.callId, 'park', event.at, leg.id);
  else if (event.step === 'join') {
    t.setCall(leg.callId, { queue: event.queue });
    mark('queue', event.queue, true);
  } else {
    t.closeMarks(leg.callId, 'queue', event.at, leg.id);
    if (event.step === 'agent') mark('agent', event.agent);
  }
}

function compare(t: Transaction, event: Extract<PbxEvent, { kind: 'snapshot' }>): void {
  for (const facts of event.legs) see(t, facts, event.at);
  // Who has left a bridge unseen must not meet those who have come into it since.
  for (const leg of [...t.legs.values()])
    if (leg.bridge !== null && !event.bridges.some((b) => b.id === leg.bridge && b.legs.includes(leg.id)))
      t.setLeg(leg.id, { bridge: null, waiting: false });
  for (const bridge of event.bridges)
    for (const id of bridge.legs)
      if (t.legs.get(id)?.goneAt === null) meet(t, id, bridge.id, bridge.waiting, event.at);
  const present = new Set(event.legs.map((l) => l.id));
  for (const leg of [...t.legs.values()])
    if (leg.goneAt === null && !present.has(leg.id)) leave(t, leg.id, event.at);
}

/** Chooses the anchor and the moment of the answer. */
function settle(call: TrackedCall, legs: TrackedLeg[]): TrackedCall {
  const up = legs.filter((l) => l.upAt !== null && l.goneAt === null);
  if (call.anchor && up.some((l) => l.id === call.anchor)) return call;
  const first = call.answeredAt === null;
  // Once a call has had an anchor, only somebody who talks with somebody can take its place: not a phone that is hanging up.
  const talks = (l: TrackedLeg) =>
    l.bridge !== null && up.some((o) => o.id !== l.id && o.bridge === l.bridge);
  const able = first ? up : up.filter(talks);
  const [best] = able.sort((a, b) => rank(a) - rank(b) || a.upAt! - b.upAt!);
  // Asterisk marks the dialled leg as up some milliseconds before the one that called: wait for the better one.
  const comes =
    best && legs.some((l) => l.goneAt === null && l.upAt === null && rank(l) < rank(best) && l.caller);
  const anchor = comes && !talks(best) ? undefined : best;
  return { ...call, anchor: anchor?.id ?? null, answeredAt: call.answeredAt ?? anchor?.upAt ?? null };
}

/** Whose ears a call is best heard with: the outside party's, else the caller's. */
function rank(leg: TrackedLeg): number {
  return (leg.outside ? 0 : 2) + (leg.caller ? 0 : 1);
}
