import type { CallState, Effect } from '../../domain/call/call.js';
import { type Directive, directed, isMasked } from '../../domain/call/directive.js';
import { feedOf, onHold } from '../../domain/call/feed.js';
import type { KeptDecision } from '../../domain/policy/policy.js';
import { because, type Why } from '../../domain/reason/reason.js';
import type { CallId, CoverageStatus, LegId, Segment } from '../../domain/recording/recording.js';
import { type Informing, uninformed } from './informing.js';

/** What is known of a call in progress beyond what the tracker knows: its capture. */
export type Live = {
  segment: Segment | null;
  /** The segment number under which a capture is being begun. */
  beginning: number | null;
  next: number;
  decision: KeptDecision | null;
  /** What was said about its recording, in order. */
  said: readonly Directive[];
  /** How its people are told that it is recorded. */
  informing: Informing;
  /** What its row says for why nothing of it is kept; null while something may be. */
  refused: CoverageStatus | null;
  /**
   * The segment that the PBX was last told to mute, or to write again, and when it had done so (ms since 1970); null where that
   * is not known.
   */
  muting: { seq: number; on: boolean; at: number } | null;
  /** The leg whose capture failed last, why, how often, and since when (ms since 1970). */
  failed: { leg: LegId; why: Why; times: number; since: number } | null;
  /** Why the next segment begins late or anew. */
  because: Why | null;
  /** The leg that is to be captured, from when on, and when that was heard (ms since 1970). */
  wanted: { leg: LegId; from: number; heardAt: number; unseen: boolean; met: boolean } | null;
  /**
   * A segment that was taken up after a monitoring gap and has not been looked at since, and from when on nobody watched what was
   * written of it (ms since 1970).
   */
  takenUp: { seq: number; since: number } | null;
  /** What is wrong with a segment: a side of it has gone dead, or Asterisk has stopped recording it. */
  wrong: { seq: number; how: 'dead' | 'stopped' } | null;
  /** Tapedeck itself has ended its capture, for want of room. */
  full: boolean;
  newest: Changed | null;
  waiting: Changed | Ended | null;
  working: Promise<void> | null;
  /** Runs while other calls become part of this one. */
  uniting: Promise<void> | null;
  /** A decline that can still be taken back, by whom, and what runs until then: what was captured is kept until it is over. */
  undo: { seq: number; who: string; over: NodeJS.Timeout } | null;
  /** Runs until a mask ends by itself. */
  unmask: NodeJS.Timeout | null;
  /** Runs until a failed capture, or a failed step, is tried again. */
  again: NodeJS.Timeout | null;
  repeat: NodeJS.Timeout | null;
  faults: number;
};
/** Of a call that was only just heard of. */
export const blank = (): Live => ({
  ...{ segment: null, beginning: null, next: 0, decision: null, failed: null, because: null },
  ...{ said: [], refused: null, muting: null, informing: uninformed() },
  ...{
    wanted: null,
    takenUp: null,
    full: false,
    wrong: null,
    newest: null,
    waiting: null,
    working: null,
    uniting: null,
    undo: null,
    unmask: null,
    again: null,
    repeat: null,
    faults: 0,
  },
});
/** `unseen`: it was learned from a look at what there is, not while it happened. */
export type Changed = Extract<Effect, { kind: 'changed' }> & { unseen: boolean };
export type Ended = Extract<Effect, { kind: 'ended' }> & { unseen: boolean };

/** Of a segment that nobody watched from `watchedUntil` on (ms since 1970), or from its beginning where that is null. */
export const takenUp = (
  { seq, inStartedAt, outStartedAt }: Segment,
  watchedUntil: number | null,
): NonNullable<Live['takenUp']> => ({
  seq,
  since: Math.max(watchedUntil ?? 0, inStartedAt ?? 0, outStartedAt ?? 0),
});

/** How a call in progress stands: whether it is being captured, why or why not, and what was said about that. */
export function standing({ newest, segment, decision, failed, said, because: late }: Live) {
  const of = directed(said, newest?.call.legs ?? []);
  const [recorded, why] = captured();
  return {
    ...{ masked: isMasked(of), kept: of.kept !== null, declined: of.declined !== null },
    ...{ outcome: decision?.outcome ?? null, recorded, why },
  };

  function captured(): [recorded: boolean, why: Why] {
    if (segment) return [true, decision?.why ?? because('taken_up')];
    if (newest?.call.answeredAt == null) return [false, because('not_answered')];
    if (of.declined) return [false, because('declined', { at: of.declined.at, how: of.declined.how })];
    if (decision?.outcome === 'skip') return [false, decision.why];
    return [false, failed?.why ?? late ?? because('capture_coming')];
  }
}

/** The numbers by which a call is decided, as far as they are known. */
export function numbersOf({ newest }: Live): string[] {
  if (!newest) return [];
  const { direction, them, us, legs } = newest.call;
  const outside = legs.flatMap(({ party }) => (party.ours ? [] : [party.number]));
  return [...new Set([them.number, ...(direction === 'internal' ? [us.number] : []), ...outside])];
}

/** The capture of a call that runs, if one does, with who feeds it, and since when silence is written of it. */
export function running(
  { segment: s, muting, newest }: Live,
  state: CallState,
  told: (id: CallId) => boolean,
) {
  if (!s || s.inStartedAt === null || s.outStartedAt === null) return [];
  const { callId, seq, token, inStartedAt, outStartedAt } = s;
  const around = {
    feed: feedOf(state, s.legId),
    held: onHold(state, s.legId),
    told: told(newest?.call.id ?? callId),
    maskedSince: muting?.on && muting.seq === s.seq ? muting.at : null,
  };
  return [{ callId, seq, token, inStartedAt, outStartedAt, ...around }];
}
