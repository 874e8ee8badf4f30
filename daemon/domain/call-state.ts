import type { DialStatus } from './event.js';
import type { CallFacts } from './policy.js';
import type { CallId, CallRecord, Direction, Leg, LegId, MarkKind, Outcome, Party } from './recording.js';

/** What the tracker knows of a leg that it follows. Times are milliseconds since 1970. */
export type TrackedLeg = {
  id: LegId;
  callId: CallId;
  linkedid: string;
  endpoint: string;
  /** On a line to the outside. */
  outside: boolean;
  /** Began the call (a phone went off hook, a line rang), as against being dialled. */
  caller: boolean;
  number: string;
  name: string;
  dialledOut: string;
  seenAt: number;
  upAt: number | null;
  goneAt: number | null;
  bridge: string | null;
  waiting: boolean;
};

export type TrackedCall = {
  id: CallId;
  linkedids: string[];
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  /** Two of its legs have been bridged with each other. */
  talked: boolean;
  anchor: LegId | null;
  dialled: string;
  did: string;
  queue: string;
  dialStatus: DialStatus | null;
  marks: { at: number; until: number | null; open: boolean; kind: MarkKind; text: string; legId: LegId }[];
  /** Legs that went over to another call. */
  past: TrackedLeg[];
};

export type CallState = {
  calls: ReadonlyMap<CallId, TrackedCall>;
  legs: ReadonlyMap<LegId, TrackedLeg>;
  /** Legs of ended calls, so that a late event does not begin a call anew. */
  gone: ReadonlyMap<LegId, number>;
};

export type Effect =
  | { kind: 'changed'; call: CallRecord; facts: CallFacts; anchor: LegId | null }
  | { kind: 'ended'; call: CallRecord; facts: CallFacts; anchor: null }
  | { kind: 'absorbed'; from: CallId; into: CallId };

export const emptyState: CallState = { calls: new Map(), legs: new Map(), gone: new Map() };

export function toEffect(kind: 'changed' | 'ended', call: TrackedCall, live: TrackedLeg[]): Effect {
  const legs = [...call.past, ...live].sort((a, b) => a.seenAt - b.seenAt);
  const record = toRecord(call, legs);
  const facts = toFacts(record, legs);
  return kind === 'ended'
    ? { kind, call: record, facts, anchor: null }
    : { kind, call: record, facts, anchor: call.anchor };
}

function toRecord(call: TrackedCall, legs: TrackedLeg[]): CallRecord {
  const direction = directionOf(legs);
  const zero = call.answeredAt ?? call.startedAt;
  const { them, us } = partiesOf(call, legs, direction);
  return {
    id: call.id,
    linkedids: call.linkedids,
    direction,
    startedAt: call.startedAt,
    answeredAt: call.answeredAt,
    endedAt: call.endedAt,
    outcome:
      call.answeredAt !== null ? 'answered' : call.endedAt === null ? null : outcomeOf(call.dialStatus),
    them,
    us,
    dialled: call.dialled,
    did: call.did,
    queue: call.queue,
    legs: legs.map(
      (l): Leg => ({ id: l.id, party: partyOf(l), seenAt: l.seenAt, upAt: l.upAt, goneAt: l.goneAt }),
    ),
    marks: call.marks.map((m) => ({
      atMs: m.at - zero,
      untilMs:
        m.until !== null ? m.until - zero : m.open && call.endedAt !== null ? call.endedAt - zero : null,
      kind: m.kind,
      text: m.text,
    })),
  };
}

function directionOf(legs: TrackedLeg[]): Direction {
  const outside = legs.filter((l) => l.outside);
  if (outside.length === 0) return 'internal';
  return outside.some((l) => l.caller) ? 'in' : 'out';
}

const outcomes: Partial<Record<DialStatus, Outcome>> = {
  busy: 'busy',
  no_answer: 'no_answer',
  failed: 'failed',
};
/** Nobody answered: what the dialling came to, or else the caller gave up. */
const outcomeOf = (status: DialStatus | null): Outcome => (status && outcomes[status]) ?? 'cancelled';

function partyOf(leg: TrackedLeg): Party {
  if (leg.outside) return { number: leg.dialledOut || leg.number, name: leg.name, ours: false };
  // The endpoint is the extension, also when a click-to-dial gave the channel some other caller id.
  return {
    number: /^\d+$/.test(leg.endpoint) ? leg.endpoint : leg.number || leg.endpoint,
    name: leg.name,
    ours: true,
  };
}

const nobody = (number: string, ours: boolean): Party => ({ number, name: '', ours });

function partiesOf(call: TrackedCall, legs: TrackedLeg[], direction: Direction): { them: Party; us: Party } {
  const up = legs.filter((l) => l.upAt !== null);
  const ours = [...up, ...legs].filter((l) => !l.outside);
  const outside = [...up, ...legs].filter((l) => l.outside);
  if (direction === 'internal') {
    const from = legs.find((l) => l.caller) ?? legs[0];
    const to = [...up, ...legs].find((l) => l.id !== from?.id);
    return {
      them: from ? partyOf(from) : nobody('', true),
      us: to ? partyOf(to) : nobody(call.dialled, true),
    };
  }
  const them = direction === 'in' ? outside.find((l) => l.caller) : outside[0];
  const us = direction === 'out' ? (ours.find((l) => l.caller) ?? ours[0]) : ours[0];
  return {
    them: them ? partyOf(them) : nobody('', false),
    us: us ? partyOf(us) : nobody(direction === 'in' ? call.did : '', true),
  };
}

function toFacts(record: CallRecord, legs: TrackedLeg[]): CallFacts {
  const taking = legs.filter((l) => !l.outside && (l.upAt !== null || l.caller));
  return {
    direction: record.direction,
    extensions: [...new Set(taking.flatMap((l) => [l.number, l.endpoint]).filter((n) => n !== ''))],
    queue: record.queue,
    did: record.did,
    number: record.direction === 'internal' ? record.us.number : record.them.number,
    // Nobody dials in a click-to-dial by way of a Local channel: then it is what was sent to the line.
    dialled: record.dialled || (record.direction === 'out' ? record.them.number : ''),
  };
}

/**
 * The state as it was when these calls were last written, for a start after a stop or a crash. A snapshot of the PBX
 * must follow: it says which of their legs are still there.
 */
export function restore(open: { call: CallRecord; anchor: LegId | null }[]): CallState {
  /** A leg that went over to another call stands in both: it belongs to the one in which it was last. */
  const until = new Map<LegId, number>();
  for (const leg of open.flatMap(({ call }) => call.legs))
    until.set(leg.id, Math.max(until.get(leg.id) ?? 0, leg.goneAt ?? Number.POSITIVE_INFINITY));
  const calls = new Map<CallId, TrackedCall>();
  const legs = new Map<LegId, TrackedLeg>();
  for (const { call, anchor } of open) {
    const zero = call.answeredAt ?? call.startedAt;
    const tracked = call.legs.map((leg, i) => trackedLeg(call, leg, i === 0));
    calls.set(call.id, {
      id: call.id,
      linkedids: call.linkedids,
      startedAt: call.startedAt,
      answeredAt: call.answeredAt,
      endedAt: null,
      talked: call.legs.filter((l) => l.upAt !== null).length > 1,
      anchor,
      dialled: call.dialled,
      did: call.did,
      queue: call.queue,
      dialStatus: null,
      marks: call.marks.map((m) => ({
        at: zero + m.atMs,
        until: m.untilMs === null ? null : zero + m.untilMs,
        open: m.untilMs === null && (m.kind === 'hold' || m.kind === 'queue' || m.kind === 'park'),
        kind: m.kind,
        text: m.text,
        legId: '',
      })),
      past: tracked.filter((l) => l.goneAt !== null && l.goneAt < until.get(l.id)!),
    });
    for (const leg of tracked)
      if (leg.goneAt === null || leg.goneAt === until.get(leg.id)) legs.set(leg.id, leg);
  }
  return { calls, legs, gone: new Map() };
}

function trackedLeg(call: CallRecord, leg: Leg, first: boolean): TrackedLeg {
  return {
    id: leg.id,
    callId: call.id,
    linkedid: '',
    endpoint: '',
    outside: !leg.party.ours,
    caller: first,
    number: leg.party.number,
    name: leg.party.name,
    dialledOut: !leg.party.ours && call.direction === 'out' ? leg.party.number : '',
    seenAt: leg.seenAt,
    upAt: leg.upAt,
    goneAt: leg.goneAt,
    bridge: null,
    waiting: false,
  };
}
