/**
 * The nouns that the catalogue keeps. Times are milliseconds since 1970 UTC; positions on a call's timeline (`atMs`)
 * are milliseconds since the call was answered, which is where its recording begins.
 */
export type CallId = string;
export type RecordingId = string;
export type LegId = string;

export type Direction = 'in' | 'out' | 'internal';

/** Who is on a leg. `ours` is true for an extension of this PBX. Text is already cleaned and capped. */
export type Party = { number: string; name: string; ours: boolean };

/** What became of the attempt to call, for calls answered or not. */
export type Outcome = 'answered' | 'no_answer' | 'busy' | 'cancelled' | 'failed';

/** What became of an answered call's audio. `pending` until it is known; `none` for a call that nobody answered. */
export type CoverageStatus =
  | 'pending'
  | 'recorded'
  | 'partial'
  | 'excluded'
  | 'declined'
  | 'not_recorded'
  | 'none';
export type Coverage = { status: CoverageStatus; reason: string; rule: string | null; missingMs: number };

export type MarkKind =
  | 'ring'
  | 'answer'
  | 'queue'
  | 'agent'
  | 'hold'
  | 'transfer'
  | 'park'
  | 'pickup'
  | 'joined'
  | 'left'
  | 'gap'
  | 'end';
/** Something at a time on the call's timeline; `untilMs` where it lasts (a hold, a wait). */
export type Mark = { atMs: number; untilMs: number | null; kind: MarkKind; text: string };

export type Leg = {
  id: LegId;
  party: Party;
  /** Milliseconds since 1970; `upAt` when it was answered, `goneAt` when it hung up. */
  seenAt: number;
  upAt: number | null;
  goneAt: number | null;
};

/** One call as the catalogue keeps it. */
export type CallRecord = {
  id: CallId;
  linkedids: string[];
  direction: Direction;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  outcome: Outcome | null;
  /** The party that was snooped (left channel): the outside party, or the caller of an internal call. */
  them: Party;
  us: Party;
  dialled: string;
  did: string;
  queue: string;
  legs: Leg[];
  marks: Mark[];
};

/** `damaged` files could not be used as audio and are kept in the spool; `dropped` ones were thrown away on purpose. */
export type SegmentState = 'capturing' | 'captured' | 'preserved' | 'damaged' | 'dropped';
/** One stretch of captured audio: a pair of spool files, in and out. */
export type Segment = {
  callId: CallId;
  seq: number;
  legId: LegId;
  /** When the PBX began to write each side, milliseconds since 1970. */
  inStartedAt: number | null;
  outStartedAt: number | null;
  state: SegmentState;
};

export type RecordingState = 'sealed' | 'erasing' | 'erased';
/** The sealed stereo recording of a call. */
export type Recording = {
  id: RecordingId;
  callId: CallId;
  state: RecordingState;
  durationMs: number;
  plainBytes: number;
  sealedBytes: number;
  plainSha256: string;
  sealedSha256: string;
  /** Path of the sealed file relative to the data directory. */
  file: string;
  sealedAt: number;
  leftDb: number;
  rightDb: number;
  /** When it may be erased; null = for ever. */
  keepUntil: number | null;
  keepRule: string | null;
  keepReason: string;
  erasedAt: number | null;
  eraseReason: string | null;
};

/** Names of a segment's two spool recordings on the PBX: made of our own ids only. */
export function spoolName(callId: CallId, seq: number, side: 'in' | 'out'): string {
  return `tapedeck-${callId}-${seq}-${side}`;
}

/** Ids of a segment's two snoop channels. Deterministic: after a restart they are how a capture is found again. */
export function snoopId(callId: CallId, seq: number, side: 'in' | 'out'): string {
  return `tapedeck-${callId}-${seq}-${side}`;
}

const OURS = /^tapedeck-([0-9A-HJKMNP-TV-Z]{26})-(\d{1,4})-(in|out)$/i;

/** What a snoop id or spool name of ours stands for, or null when it is not one of ours. */
export function parseOurs(name: string): { callId: CallId; seq: number; side: 'in' | 'out' } | null {
  const m = OURS.exec(name);
  return m ? { callId: m[1]!, seq: Number(m[2]), side: m[3] as 'in' | 'out' } : null;
}
