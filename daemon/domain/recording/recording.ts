import type { Imported } from '../importing/imported.js';
import type { PbxId } from '../pbx.js';
import type { Why } from '../reason/reason.js';
import type { Loss } from './lost.js';
import type { Mask } from './mask.js';
import type { Quality } from './quality.js';
import type { Redaction } from './redaction.js';
import type { Tier } from './tier.js';

/**
 * The nouns that the catalogue keeps. Times are milliseconds since 1970 UTC; positions on a call's timeline (`atMs`)
 * are milliseconds since the call was answered, which is where its recording begins.
 */
export type CallId = string;
export type RecordingId = string;
export type LegId = string;

export type Direction = 'in' | 'out' | 'internal';

/**
 * Who is on a leg. `ours` is true for an extension of this PBX. Text is already cleaned and capped. `removed`: number and name were
 * removed after the days that the policy says.
 */
export type Party = { number: string; name: string; ours: boolean; removed?: true };

/** What became of the attempt to call, for calls answered or not. */
export type Outcome = 'answered' | 'no_answer' | 'busy' | 'cancelled' | 'failed';

/**
 * What became of an answered call's audio. `pending` until it is known; `none` for a call that nobody answered; `not_kept` where
 * it was captured and destroyed at the end, as the policy says; `imported` where another recorder made the recording, of which
 * Tapedeck cannot say what is missing.
 */
export const coverageStatuses = [
  'pending',
  'recorded',
  'partial',
  'excluded',
  'declined',
  'not_kept',
  'not_recorded',
  'imported',
  'none',
] as const;
/** Those that an answered call can have. */
export const answeredStatuses = coverageStatuses.filter((status) => status !== 'none');
export type CoverageStatus = (typeof coverageStatuses)[number];
export type Coverage = { status: CoverageStatus; why: Why | null; rule: string | null; missingMs: number };

export type MarkKind =
  | 'ring'
  | 'answer'
  | 'queue'
  | 'agent'
  | 'hold'
  | 'mask'
  | 'transfer'
  | 'park'
  | 'pickup'
  | 'joined'
  | 'left'
  | 'gap'
  | 'end';
/** Something at a time on the call's timeline; `untilMs` where it lasts (a hold, a wait), `legId` whose it is. */
export type Mark = {
  atMs: number;
  untilMs: number | null;
  kind: MarkKind;
  text: string;
  legId: LegId | null;
};

export type Leg = {
  id: LegId;
  party: Party;
  /** What the PBX calls the line or phone, such as "trunk" or "101"; empty where that is not known. */
  endpoint: string;
  /** Milliseconds since 1970; `upAt` when it was answered, `goneAt` when it hung up. */
  seenAt: number;
  upAt: number | null;
  goneAt: number | null;
};

/** What only conditions of the policy ask for. It is of the leg that began the call. */
export type StoredFacts = {
  /** Account code, or ''. While a phone is dialled, the PBX gives it the account code of who calls, so only this leg's counts. */
  account: string;
  /** Channel variables, by their names, as far as the PBX tells of them. */
  variables: Record<string, string>;
  /** Numbers that were called on lines to the outside. */
  called: string[];
  /** Such a number is as it was sent to the line: until then it may have the prefix for one. */
  sent: boolean;
  /** The PBX rang our own phone first; whom it calls is known once that phone enters the dialplan (click-to-dial). */
  originated: boolean;
};

/** One call as the catalogue keeps it. */
export type CallRecord = {
  id: CallId;
  /** Its legs, linkedids, queue and DID are names on this PBX. */
  pbx: PbxId;
  linkedids: string[];
  direction: Direction;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  /** While the call is not answered and not over: what it would come to if it ended now, as far as that is known. */
  outcome: Outcome | null;
  /** The party that was snooped (left channel): the outside party, or the caller of an internal call. */
  them: Party;
  us: Party;
  dialled: string;
  did: string;
  queue: string;
  legs: Leg[];
  marks: Mark[];
  /** The call that this one was a consultation for: somebody had it on hold to ask somebody else. Or null. */
  consultFor: CallId | null;
  /** Null of a call that an earlier version followed. */
  facts: StoredFacts | null;
  /** A test call that Tapedeck made itself: never listed among the real ones. */
  test: boolean;
  /** Of a call that Tapedeck did not capture: where its recording comes from. */
  imported?: Imported;
};

/** `damaged` files could not be used as audio and are kept in the spool; `dropped` ones were thrown away on purpose. */
export type SegmentState = 'capturing' | 'captured' | 'preserved' | 'damaged' | 'dropped';
/** One stretch of captured audio: a pair of spool files, in and out. */
export type Segment = {
  callId: CallId;
  seq: number;
  /** The part of its spool files' names that nobody can guess. Empty in segments of versions that had none. */
  token: string;
  legId: LegId;
  /** When the PBX began to write each side, milliseconds since 1970. */
  inStartedAt: number | null;
  outStartedAt: number | null;
  state: SegmentState;
  /** Why it began later than the answer, or anew: the reason of the gap before it. Null where there is nothing to say. */
  because: Why | null;
  /** From when on (ms since 1970) a side was silent to its end by a fault of the PBX; null where it was not. */
  mutedFrom: { in: number | null; out: number | null };
  /** The leg's own voice is the right side: it is captured for the one who has left it waiting. */
  swapped: boolean;
  /** Who fed what its leg hears when somebody last did, see `feedOf`; empty where that is not known. */
  fed: string;
  /** Time that its files lack, as far as it was found; see `saveLost`. Absent where none was. */
  lost?: Lost;
};
export type Lost = { in: readonly Loss[]; out: readonly Loss[] };

/** A stretch of the timeline for which a side was not captured. */
export type Gap = { atMs: number; untilMs: number; side: 'both' | 'them' | 'us'; why: Why | null };

/** A monitoring gap: a time in which nobody watched this PBX, ms since 1970. `to` is null while it lasts. */
export type BlindWindow = { pbx: PbxId; from: number; to: number | null; why: Why | null };

export type RecordingState = 'sealed' | 'erasing' | 'erased';
/** One version of the sealed stereo recording of a call. Its key and its file go by its id. */
export type Recording = {
  id: RecordingId;
  callId: CallId;
  /** The id of the first version, which is its own for that one; and which version this is, from 1. */
  of: RecordingId;
  version: number;
  state: RecordingState;
  durationMs: number;
  plainBytes: number;
  sealedBytes: number;
  plainSha256: string;
  sealedSha256: string;
  /** Path of the sealed file relative to the data directory. */
  file: string;
  tier: Tier;
  sealedAt: number;
  leftDb: number;
  rightDb: number;
  gaps: Gap[];
  /** Where it is silent on purpose. */
  masks: Mask[];
  quality: Quality | null;
  /** When it may be erased; null = for ever. */
  keepUntil: number | null;
  keepRule: string | null;
  keepWhy: Why | null;
  /** It is never erased before, whatever the date says; null where no minimum applies. */
  minUntil: number | null;
  /** Version of the policy that decided; null for a recording that is older than this was kept. */
  keepVersion: number | null;
  /** When the days of the rule began to count; null for a recording that is older than this was kept. */
  keepFrom: number | null;
  erasedAt: number | null;
  eraseWhy: Why | null;
  /** Of a version that a redaction made; null of any other. */
  redaction: Redaction | null;
  /** The version that stands in its place since it was redacted: nobody hears this one any more. */
  supersededBy: RecordingId | null;
};

/**
 * What its store finds a recording by: its id and, in `file`, the day on which its call began. See `placeOf`. Without a tier nothing
 * of it is in the archive.
 */
export type RecordingPlace = Pick<Recording, 'id' | 'file'> & Partial<Pick<Recording, 'tier'>>;

/**
 * Whether this is where the sealed file of a recording lies, from the data directory: in `recordings/`, below the day of its
 * call, under its own id. Any other path was not written by Tapedeck.
 */
export function isFileOf(file: string, id: RecordingId): boolean {
  const [, name] = /^recordings\/(?:\d{4}\/\d{2}\/\d{2}\/)?([^/]+)$/.exec(file) ?? [];
  return id !== '' && (name === `${id}.opus.age` || name === `${id}.age`);
}

/** What names a segment's spool files. */
export type SegmentName = Pick<Segment, 'callId' | 'seq' | 'token'>;

/**
 * Returns the name of one of a segment's two spool recordings on the PBX. Made of our own ids, so that a capture is found
 * again after a crash, and of the token, so that nobody can put something else there before Asterisk does.
 */
export function spoolName({ callId, seq, token }: SegmentName, side: 'in' | 'out'): string {
  return `tapedeck-${callId}-${seq}-${token === '' ? '' : `${token}-`}${side}`;
}

/** What the id of a snoop says of its segment. With the leg, which the PBX reports, it is all that a row needs. */
export type SnoopName = SegmentName & Pick<Segment, 'swapped'>;

/**
 * Returns the id of one of a segment's two snoop channels. After a restart a capture is found again by it, also one of which the
 * catalogue does not know: the PBX is asked for its snoops while the row is being written.
 */
export function snoopId({ callId, seq, token, swapped }: SnoopName, side: 'in' | 'out'): string {
  return `tapedeck-${callId}-${seq}-${token === '' ? '' : `${token}-`}${swapped ? 'swapped-' : ''}${side}`;
}

/** Whether a text is an id as we make them (a ULID), such as that of a call. */
export const isId = (text: string): boolean => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);

/** Snoops of earlier versions had no token. */
const SNOOP = /^tapedeck-([0-9A-HJKMNP-TV-Z]{26})-(\d{1,4})-(?:([0-9a-f]{32})-)?(swapped-)?(in|out)$/i;
const OURS = /^tapedeck-([0-9A-HJKMNP-TV-Z]{26})-(\d{1,4})-(?:([0-9a-f]{32})-)?(in|out)$/i;

/** Returns what a snoop id of ours stands for, or null when it is not one of ours. */
export function parseSnoop(id: string): (SnoopName & { side: 'in' | 'out' }) | null {
  const m = SNOOP.exec(id);
  if (!m) return null;
  const [, callId, seq, token = '', swapped, side] = m;
  return {
    ...{ callId: callId!.toUpperCase(), seq: Number(seq), token: token.toLowerCase() },
    ...{ swapped: swapped !== undefined, side: side!.toLowerCase() as 'in' | 'out' },
  };
}

/** Returns what a spool name of ours stands for, or null when it is not one of ours. */
export function parseOurs(name: string): (SegmentName & { side: 'in' | 'out' }) | null {
  const m = OURS.exec(name);
  return m && { callId: m[1]!, seq: Number(m[2]), token: m[3] ?? '', side: m[4] as 'in' | 'out' };
}
