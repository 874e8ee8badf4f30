import type { PbxId } from '../pbx.js';
import type { CallId, LegId } from '../recording/recording.js';
import { type CallState, type Effect, type TrackedCall, type TrackedLeg, toEffect } from './call-state.js';
import type { LegStory } from './event.js';

export type TrackRules = {
  /** Whose calls these are: one PBX's, because linkedids and ids of legs mean something on it only. */
  pbx: PbxId;
  /** Dialplan contexts in which channels of lines to the outside begin, see `isTrunkContext`. */
  trunkContexts: readonly string[];
  /** Makes a new call id. */
  mint: () => CallId;
};

/** Legs of ended calls that are remembered: events come seconds late, not hours. */
const MOST_GONE = 1000;
/** Legs that are waited for, and for how long, in ms: a busy machine brings ARI's events later than AMI's. */
const MOST_EARLY = 200;
const EARLY_MS = 30_000;
/** What is told of one of them before it is known. */
const MOST_TOLD = 10;

export type Transaction = ReturnType<typeof transaction>;

/** The state while one event is taken in. `commit` gives the new state, and an effect for each call that changed. */
export function transaction(before: CallState, rules: TrackRules) {
  const calls = new Map(before.calls);
  const legs = new Map(before.legs);
  const links = new Map(before.links);
  let { gone, early } = before;
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
    links,
    absorbed,
    rules,
    call,
    setCall,
    setLeg,
    legsOf,
    hasGone: (id: LegId) => gone.has(id),
    /** Copied when it changes only: it is by far the largest, and most events concern nobody who goes. */
    bury(ids: LegId[], at: number) {
      const more = new Map(gone);
      for (const id of ids) more.set(id, at);
      while (more.size > MOST_GONE) more.delete(more.keys().next().value!);
      gone = more;
    },
    /** Keeps what was told of a leg that is not known yet. */
    keepEarly(event: LegStory) {
      const fresh = [...early].filter(([, told]) => event.at - told[0]!.at < EARLY_MS).slice(1 - MOST_EARLY);
      const told = early.get(event.legId) ?? [];
      early = new Map(fresh).set(event.legId, [...told, event].slice(-MOST_TOLD));
    },
    /** What was told of a leg before it was known, in its order. It is given once. */
    takeEarly(id: LegId): readonly LegStory[] {
      const told = early.get(id) ?? [];
      if (told.length > 0) early = new Map([...early].filter(([leg]) => leg !== id));
      return told;
    },
    mark(callId: CallId, mark: TrackedCall['marks'][number]) {
      setCall(callId, { marks: [...call(callId).marks, mark] });
    },
    /** Closes the open marks of one kind (a hold ends, a wait is over), wherever the leg left them. */
    closeMarks(kind: string, at: number, legId: LegId) {
      for (const { id, marks } of [...calls.values()])
        if (marks.some((m) => isOpen(m, kind, legId)))
          setCall(id, {
            marks: marks.map((m) => (isOpen(m, kind, legId) ? { ...m, until: at, open: false } : m)),
          });
    },
    commit(at: number): { state: CallState; effects: Effect[] } {
      const effects: Effect[] = absorbed.map((a) => ({ kind: 'absorbed', ...a }));
      for (const id of touched) {
        if (!calls.has(id)) continue;
        const mine = legsOf(id);
        const { anchor } = call(id);
        const left = anchor === null ? undefined : legs.get(anchor);
        const lent = left !== undefined && left.callId !== id && left.goneAt === null;
        calls.set(id, settle(call(id), mine, lent));
        const settled = call(id);
        if (mine.every((l) => l.goneAt !== null)) {
          const endedAt = Math.max(
            settled.startedAt,
            ...mine.map((l) => l.goneAt ?? at),
            ...settled.past.map((l) => l.goneAt ?? 0),
          );
          effects.push(toEffect('ended', { ...settled, endedAt, anchor: null }, mine));
          calls.delete(id);
          for (const l of mine) legs.delete(l.id);
          this.bury(
            mine.map((l) => l.id),
            at,
          );
        } else {
          effects.push(toEffect('changed', settled, mine));
        }
      }
      return { state: { calls, legs, links, gone, early }, effects };
    },
  };
}

const isOpen = (m: TrackedCall['marks'][number], kind: string, legId: LegId) =>
  m.kind === kind && m.open && m.legId === legId;

/**
 * Chooses the anchor and the moment of the answer. `lent`: the anchor is in another call, from which it may come back; who
 * waits for it is heard meanwhile, on its own side.
 */
function settle(call: TrackedCall, legs: TrackedLeg[], lent: boolean): TrackedCall {
  const up = legs.filter((l) => l.upAt !== null && l.goneAt === null);
  if (call.anchor && up.some((l) => l.id === call.anchor)) return call;
  const first = call.answeredAt === null;
  if (lent && up.length === 1) return { ...call, anchor: up[0]!.id, swapped: !call.swapped };
  // Once a call has had an anchor, only somebody who talks with somebody can take its place: not a phone that is hanging up.
  const talks = (l: TrackedLeg) =>
    l.meeting !== null && up.some((o) => o.id !== l.id && o.meeting === l.meeting);
  const able = first ? up : up.filter(talks);
  // Who comes in the place of an anchor that has left is heard on its side: who was on the other side stays there.
  const order = first ? 1 : -1;
  const [best] = able.sort((a, b) => rank(a) - rank(b) || order * (a.upAt! - b.upAt!));
  // Asterisk marks the dialled leg as up some milliseconds before the one that called: wait for the better one.
  const comes =
    best && legs.some((l) => l.goneAt === null && l.upAt === null && rank(l) < rank(best) && l.caller);
  const anchor = comes && !talks(best) ? undefined : best;
  const swapped = anchor ? false : call.swapped;
  const answer = first && anchor?.upBy ? [unseenAnswer(anchor.id, anchor.upAt!, anchor.upBy)] : [];
  return {
    ...call,
    marks: [...answer, ...call.marks],
    anchor: anchor?.id ?? null,
    swapped,
    answeredAt: call.answeredAt ?? anchor?.upAt ?? null,
  };
}

/** A call is taken for answered at the earliest possible time, so that no part of it goes missing untold. */
const unseenAnswer = (legId: LegId, at: number, until: number): TrackedCall['marks'][number] => ({
  ...{ at, until, open: false, kind: 'answer', legId },
  text: 'at an unknown time in this stretch, while Tapedeck was not watching the PBX',
});

/** Whose ears a call is best heard with: the outside party's, else the caller's. */
export function rank(leg: TrackedLeg): number {
  return (leg.outside ? 0 : 2) + (leg.caller ? 0 : 1);
}
