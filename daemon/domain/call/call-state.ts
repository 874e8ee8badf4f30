import type { PbxId } from '../pbx.js';
import type {
  CallId,
  CallRecord,
  Direction,
  Leg,
  LegId,
  MarkKind,
  Outcome,
  Party,
  StoredFacts,
} from '../recording/recording.js';
import type { DialStatus, LegFacts, LegStory } from './event.js';
import { isTestId, TEST_ENDPOINT } from './test-call.js';

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
  /** Nobody watched it being answered: it was no earlier than `upAt` and no later than this. Else null. */
  upBy: number | null;
  goneAt: number | null;
  bridge: string | null;
  waiting: boolean;
  /** In a conference, where it hears the mix of all. */
  mixed: boolean;
  /** The meeting that its bridge is part of (see call-unite.ts). */
  meeting: string | null;
};

export type TrackedCall = {
  id: CallId;
  pbx: PbxId;
  linkedids: string[];
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  /** Two of its legs have been bridged with each other. */
  talked: boolean;
  anchor: LegId | null;
  /** The anchor is of the other side: who held the call has gone to ask somebody, and who waits is heard meanwhile. */
  swapped: boolean;
  dialled: string;
  did: string;
  queue: string;
  dialStatus: DialStatus | null;
  /** Whoever called hung up, as against the dialplan. */
  gaveUp: boolean;
  /** Why the PBX says that the calling leg ended (ITU-T Q.850), or null. */
  cause: number | null;
  marks: {
    at: number;
    until: number | null;
    open: boolean;
    kind: MarkKind;
    text: string;
    legId: LegId | null;
  }[];
  /** Legs that went over to another call. */
  past: TrackedLeg[];
  /** The call that this one was a consultation for. */
  consultFor: CallId | null;
  facts: StoredFacts | null;
};

export type CallState = {
  calls: ReadonlyMap<CallId, TrackedCall>;
  legs: ReadonlyMap<LegId, TrackedLeg>;
  /** Local channels, by name: the bridges that their halves are in. */
  links: ReadonlyMap<string, readonly [string | null, string | null]>;
  /** Legs of ended calls, so that a late event does not begin a call anew. */
  gone: ReadonlyMap<LegId, number>;
  /** What AMI told of legs that ARI has not told of yet: the two come over connections of their own. */
  early: ReadonlyMap<LegId, readonly LegStory[]>;
};

export type Effect =
  /** `swapped`: the anchor's own voice belongs to the right side. */
  | { kind: 'changed'; call: CallRecord; anchor: LegId | null; swapped: boolean }
  | { kind: 'ended'; call: CallRecord; anchor: null }
  | { kind: 'absorbed'; from: CallId; into: CallId };

/** A person in it makes it a real call. */
const isTest = (legs: TrackedLeg[]) =>
  legs.length > 0 && legs.every((l) => l.endpoint === TEST_ENDPOINT && isTestId(l.id));

export const emptyState: CallState = {
  ...{ calls: new Map(), legs: new Map(), links: new Map() },
  ...{ gone: new Map(), early: new Map() },
};

export function toEffect(kind: 'changed' | 'ended', call: TrackedCall, live: TrackedLeg[]): Effect {
  const legs = [...call.past, ...live].sort((a, b) => a.seenAt - b.seenAt);
  const record = toRecord(call, legs);
  return kind === 'ended'
    ? { kind, call: record, anchor: null }
    : { kind, call: record, anchor: call.anchor, swapped: call.swapped };
}

function toRecord(call: TrackedCall, legs: TrackedLeg[]): CallRecord {
  const direction = directionOf(legs);
  const zero = call.answeredAt ?? call.startedAt;
  const { them, us } = partiesOf(call, legs, direction);
  return {
    id: call.id,
    pbx: call.pbx,
    linkedids: call.linkedids,
    direction,
    startedAt: call.startedAt,
    answeredAt: call.answeredAt,
    endedAt: call.endedAt,
    outcome: outcomeOf(call),
    them,
    us,
    dialled: call.dialled,
    did: call.did,
    queue: call.queue,
    legs: legs.map(
      (l): Leg => ({
        id: l.id,
        party: partyOf(l),
        endpoint: l.endpoint,
        seenAt: l.seenAt,
        upAt: l.upAt,
        goneAt: l.goneAt,
      }),
    ),
    marks: call.marks.map((m) => ({
      atMs: m.at - zero,
      untilMs:
        m.until !== null ? m.until - zero : m.open && call.endedAt !== null ? call.endedAt - zero : null,
      kind: m.kind,
      text: m.text,
      legId: m.legId,
    })),
    consultFor: call.consultFor,
    facts: call.facts && {
      ...call.facts,
      called: calledBy(legs),
      sent: legs.some((l) => l.dialledOut !== ''),
    },
    test: isTest(legs),
  };
}

const calledBy = (legs: TrackedLeg[]): string[] => [
  ...new Set(legs.flatMap((l) => (l.outside && !l.caller ? partyOf(l).number || [] : []))),
];

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
/** Q.850: user busy, no user responding, no answer from the user. */
const causes: Record<number, Outcome> = { 17: 'busy', 18: 'no_answer', 19: 'no_answer' };

/** When nobody answered: what the dialling came to; else whether the caller gave up, or the dialplan ended it. */
function outcomeOf({ answeredAt, endedAt, dialStatus, gaveUp, cause }: TrackedCall): Outcome | null {
  if (answeredAt !== null) return 'answered';
  const dialled = dialStatus && outcomes[dialStatus];
  if (dialled) return dialled;
  if (gaveUp || dialStatus === 'cancelled') return 'cancelled';
  if (endedAt === null) return null;
  return cause === null ? 'cancelled' : (causes[cause] ?? 'failed');
}

/** Whether a leg that is first seen now has called, and was not dialled: the dialplan runs for it. */
export const isCaller = ({ state, exten }: Pick<LegFacts, 'state' | 'exten'>): boolean =>
  state === 'ring' || (state === 'up' && exten !== '');

export const extensionOf = ({ endpoint, number }: Pick<TrackedLeg, 'endpoint' | 'number'>): string =>
  /^\d+$/.test(endpoint) ? endpoint : number || endpoint;

function partyOf(leg: TrackedLeg): Party {
  if (leg.outside) return { number: leg.dialledOut || leg.number, name: leg.name, ours: false };
  // The endpoint is the extension, also when a click-to-dial gave the channel some other caller id.
  return {
    number: extensionOf(leg),
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
  // Nobody of ours took part in a call that was forwarded to the outside.
  const us =
    direction === 'out'
      ? (ours.find((l) => l.caller) ?? ours[0])
      : (ours[0] ?? outside.find((l) => l.id !== them?.id));
  return {
    them: them ? partyOf(them) : nobody('', false),
    us: us ? partyOf(us) : nobody(direction === 'in' ? call.did : '', true),
  };
}

/**
 * The state as it was when these calls were last written, for a start after a stop or a crash. A snapshot of the PBX
 * must follow: it says which of their legs are still there.
 */
export function restore(open: { call: CallRecord; anchor: LegId | null; swapped?: boolean }[]): CallState {
  /** A leg that went over to another call stands in both: it belongs to the one in which it was last. */
  const until = new Map<LegId, number>();
  for (const leg of open.flatMap(({ call }) => call.legs))
    until.set(leg.id, Math.max(until.get(leg.id) ?? 0, leg.goneAt ?? Number.POSITIVE_INFINITY));
  const calls = new Map<CallId, TrackedCall>();
  const legs = new Map<LegId, TrackedLeg>();
  for (const { call, anchor, swapped = false } of open) {
    const zero = call.answeredAt ?? call.startedAt;
    const { them, legs: stored } = call;
    const asker = stored.findIndex(({ party }) => party.number === them.number && party.ours === them.ours);
    const caller = call.direction === 'internal' ? Math.max(0, asker) : 0;
    const tracked = stored.map((leg, i) => trackedLeg(call, leg, i === caller));
    calls.set(call.id, {
      id: call.id,
      pbx: call.pbx,
      linkedids: call.linkedids,
      startedAt: call.startedAt,
      answeredAt: call.answeredAt,
      endedAt: null,
      talked: call.legs.filter((l) => l.upAt !== null).length > 1,
      anchor,
      swapped,
      dialled: call.dialled,
      did: call.did,
      queue: call.queue,
      dialStatus: call.outcome === 'answered' ? null : call.outcome,
      gaveUp: call.outcome === 'cancelled',
      cause: null,
      marks: call.marks.map((m) => ({
        at: zero + m.atMs,
        until: m.untilMs === null ? null : zero + m.untilMs,
        open: m.untilMs === null && (m.kind === 'hold' || m.kind === 'queue' || m.kind === 'park'),
        kind: m.kind,
        text: m.text,
        legId: m.legId,
      })),
      consultFor: call.consultFor,
      facts: call.facts,
      past: tracked.filter((l) => l.goneAt !== null && l.goneAt < until.get(l.id)!),
    });
    for (const leg of tracked)
      if (leg.goneAt === null || leg.goneAt === until.get(leg.id)) legs.set(leg.id, leg);
  }
  return { ...emptyState, calls, legs };
}

function trackedLeg(call: CallRecord, leg: Leg, first: boolean): TrackedLeg {
  const { called = [] } = call.facts ?? {};
  // Further outside parties that have called, as they do with a conference, are no numbers that were called.
  const caller =
    first ||
    (call.direction === 'in' && call.facts !== null && !leg.party.ours && !called.includes(leg.party.number));
  return {
    id: leg.id,
    callId: call.id,
    linkedid: '',
    endpoint: leg.endpoint,
    outside: !leg.party.ours,
    caller,
    number: leg.party.number,
    name: leg.party.name,
    dialledOut:
      !leg.party.ours && call.direction === 'out' && call.facts?.sent !== false ? leg.party.number : '',
    seenAt: leg.seenAt,
    upAt: leg.upAt,
    upBy: null,
    goneAt: leg.goneAt,
    bridge: null,
    waiting: false,
    mixed: false,
    meeting: null,
  };
}
