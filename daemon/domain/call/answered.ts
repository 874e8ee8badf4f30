import type { CallRecord } from '../recording/recording.js';
import type { CallState } from './call-state.js';
import type { Answered, LegFacts, Snapshot } from './event.js';

/**
 * When a leg was answered that nobody watched being answered. The PBX keeps the time of the answer in its CDR, but begins a
 * new CDR for a leg that is transferred, queued or freed of a Local channel, and then counts from there.
 */

/** The times in a leg's current CDR, ms since 1970 on our clock. */
export type CdrTimes = { startAt: number; answerAt: number };

/** A CDR that is this young when its leg appears, in ms, is the leg's first one. */
const FIRST = 100;
/** A leg that was up already when its CDR began has both times alike, to the ms. */
const SAME = 1;

/** Legs in the snapshot that are up and were not, or were not known, when the PBX was last watched. */
export function answeredUnseen({ legs, gone }: CallState, snapshot: Snapshot): LegFacts[] {
  return snapshot.legs.filter(
    ({ id, state }) => state === 'up' && !gone.has(id) && (legs.get(id)?.upAt ?? null) === null,
  );
}

/**
 * Returns when such a leg was answered: one moment where its CDR tells it, else the earliest and the latest possible.
 * `watchedUntil` is when the PBX was last watched before the snapshot, null if never.
 */
export function whenAnswered(
  state: CallState,
  leg: LegFacts,
  cdr: CdrTimes | null,
  { watchedUntil, now }: { watchedUntil: number | null; now: number },
): Answered {
  const known = state.legs.get(leg.id);
  const unanswered = known ? Math.max(known.seenAt, watchedUntil ?? known.seenAt) : leg.createdAt;
  const from = Math.min(now, unanswered ?? watchedUntil ?? now);
  if (!cdr) return { from, to: now };
  const at = Math.min(now, cdr.answerAt);
  const exact = cdr.answerAt - cdr.startAt > SAME || cdr.startAt - (leg.createdAt ?? 0) <= FIRST;
  return exact ? { from: at, to: at } : { from: Math.min(from, at), to: at };
}

/** Returns a call that was answered and ended while nobody watched, with the times at which that was. */
export function endedUnseen(
  call: CallRecord,
  { answeredAt, endedAt }: { answeredAt: number; endedAt: number },
): CallRecord {
  const shift = answeredAt - (call.answeredAt ?? call.startedAt);
  const marks = call.marks.map((m) => ({
    ...m,
    atMs: m.atMs - shift,
    untilMs: m.untilMs === null ? null : m.untilMs - shift,
  }));
  return { ...call, answeredAt, endedAt, marks, outcome: 'answered' };
}

/**
 * Returns a call that was answered while nobody watched, at the time at which its audio begins: captures begin at the answer. If
 * only two legs were there, both took part; of more, it is not known which did.
 */
export function answeredBySound(call: CallRecord, answeredAt: number): CallRecord {
  const ended = endedUnseen(call, { answeredAt, endedAt: call.endedAt! });
  const there = call.legs.filter((l) => l.goneAt === null || l.goneAt >= answeredAt);
  if (there.length > 2) return ended;
  const legs = call.legs.map((l) => (there.includes(l) ? { ...l, upAt: l.upAt ?? answeredAt } : l));
  return { ...ended, legs };
}
