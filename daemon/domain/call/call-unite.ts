import type { CallId, LegId } from '../recording/recording.js';
import type { TrackedLeg } from './call-state.js';
import type { Transaction } from './call-transaction.js';

/**
 * Which legs are one call, and when they stop being one. Legs belong together when the PBX gives them one linkedid, or
 * when they meet: in a bridge, or bridges that Local channels connect.
 */

/** A leg has entered a bridge. */
export function meet(t: Transaction, id: LegId, bridge: string, waiting: boolean, at: number): void {
  t.setLeg(id, { bridge, waiting });
  connect(t, at);
}

/**
 * Works out which bridges are one meeting, and brings together who is in it. The name of a meeting is the first of its
 * bridges' ids; a parking lot or a waiting room is none, because it holds strangers.
 */
export function connect(t: Transaction, at: number): void {
  const meetings = meetingsOf(t);
  const changed = new Set<string>();
  for (const leg of [...t.legs.values()]) {
    const meeting =
      leg.bridge === null || leg.waiting || leg.goneAt !== null
        ? null
        : (meetings.get(leg.bridge) ?? leg.bridge);
    if (meeting === leg.meeting) continue;
    t.setLeg(leg.id, { meeting });
    if (meeting !== null) changed.add(meeting);
  }
  for (const meeting of changed) gather(t, meeting, at);
}

function meetingsOf(t: Transaction): Map<string, string> {
  const meetings = new Map<string, string>();
  const of = (bridge: string) => meetings.get(bridge) ?? bridge;
  for (const [one, two] of t.links.values()) {
    if (one === null || two === null) continue;
    const [keep, give] = [of(one), of(two)].sort();
    for (const bridge of [one, two, ...meetings.keys()]) if (of(bridge) === give) meetings.set(bridge, keep!);
  }
  return meetings;
}

function gather(t: Transaction, meeting: string, at: number): void {
  const here = [...t.legs.values()].filter((l) => l.meeting === meeting);
  const ids = [...new Set(here.map((l) => l.callId))].sort(
    (a, b) => t.call(a).startedAt - t.call(b).startedAt || (a < b ? -1 : 1),
  );
  const [oldest] = ids;
  if (consult(t, oldest!, meeting, here, at)) return;
  for (const leg of here) if (leg.callId !== oldest) unite(t, leg, oldest!, at);
  if (t.legsOf(oldest!).filter((l) => l.meeting === meeting).length > 1 && !t.call(oldest!).talked)
    t.setCall(oldest!, { talked: true });
}

/**
 * By feature code, who transfers asks somebody else on the very leg that has the call on hold: the PBX gives all of it one
 * linkedid, but they are two conversations. The second one becomes a call of its own. False when this is no such thing.
 */
function consult(t: Transaction, main: CallId, meeting: string, here: TrackedLeg[], at: number): boolean {
  const holds = (leg: TrackedLeg) =>
    t.call(main).marks.some((m) => m.kind === 'hold' && m.open && m.legId === leg.id);
  const holder = here.find((l) => l.callId === main && holds(l));
  const held = t.legsOf(main).some((l) => l.upAt !== null && l.meeting !== null && l.meeting !== meeting);
  if (!holder || !held || here.length < 2) return false;
  const guests = here.filter((l) => l.id !== holder.id);
  const known = guests.find((l) => t.call(l.callId).consultFor === main)?.callId;
  const id = known ?? t.rules.mint();
  const { past } = t.call(main);
  if (!known)
    t.calls.set(id, {
      ...t.call(main),
      id,
      startedAt: Math.min(...guests.map((l) => l.seenAt)),
      answeredAt: at,
      talked: true,
      anchor: (guests.find((l) => l.outside) ?? holder).id,
      swapped: false,
      dialled: guests[0]!.dialledOut || guests[0]!.number,
      did: '',
      queue: '',
      dialStatus: null,
      marks: [],
      past: [],
      consultFor: main,
    });
  t.setCall(main, { past: [...past, { ...holder, goneAt: at }] });
  const seenAt = Math.min(at, ...guests.map((l) => l.seenAt));
  t.setLeg(holder.id, { callId: id, caller: true, seenAt, upAt: at, upBy: null });
  for (const leg of guests) if (leg.callId !== id) t.setLeg(leg.id, { callId: id });
  return true;
}

/** The PBX has given a leg another linkedid. */
export function relink(t: Transaction, leg: TrackedLeg, linkedid: string, at: number): void {
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
    t.setCall(from.id, {
      past: [...from.past, { ...moved, goneAt: moved.goneAt ?? at }],
      consultFor: from.consultFor ?? into,
    });
    // Who comes back to a call that it has left is as it was there.
    const before = t.call(into).past.find((l) => l.id === leg.id);
    t.closeMarks('hold', at, leg.id);
    t.setLeg(leg.id, {
      callId: into,
      caller: before?.caller ?? moved.caller,
      seenAt: at,
      upAt: moved.upAt && at,
      upBy: null,
    });
    return;
  }
  for (const l of t.legsOf(from.id)) t.setLeg(l.id, { callId: into });
  const call = t.call(into);
  t.setCall(into, {
    linkedids: [...new Set([...call.linkedids, ...from.linkedids])],
    marks: [...call.marks, ...from.marks].sort((a, b) => a.at - b.at),
    queue: call.queue || from.queue,
  });
  for (const other of [...t.calls.values()])
    if (other.consultFor === from.id) t.setCall(other.id, { consultFor: other.id === into ? null : into });
  t.calls.delete(from.id);
  t.absorbed.push({ from: from.id, into });
}
