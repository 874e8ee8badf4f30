import type { Effect } from '../../domain/call/call.js';
import type { KeptDecision } from '../../domain/policy/policy.js';
import type { Why } from '../../domain/reason/reason.js';
import type { LegId, Segment } from '../../domain/recording/recording.js';

/** What is known of a call in progress beyond what the tracker knows: its capture. */
export type Live = {
  segment: Segment | null;
  /** The segment number under which a capture is being begun. */
  beginning: number | null;
  next: number;
  decision: KeptDecision | null;
  /** The leg whose capture failed last, why, how often, and since when (ms since 1970). */
  failed: { leg: LegId; why: Why; times: number; since: number } | null;
  /** Why the next segment begins late or anew. */
  because: Why | null;
  /** The leg that is to be captured, from when on, and when that was heard (ms since 1970). */
  wanted: { leg: LegId; from: number; heardAt: number; unseen: boolean; met: boolean } | null;
  /** The number of a segment that was taken up after a monitoring gap and whose source has not been looked at since. */
  takenUp: number | null;
  /** What is wrong with a segment: a side of it has gone dead, or Asterisk has stopped recording it. */
  wrong: { seq: number; how: 'dead' | 'stopped' } | null;
  /** Tapedeck itself has ended its capture, for want of room. */
  full: boolean;
  newest: Changed | null;
  waiting: Changed | Ended | null;
  working: Promise<void> | null;
  /** Runs until a failed capture, or a failed step, is tried again. */
  again: NodeJS.Timeout | null;
  repeat: NodeJS.Timeout | null;
  faults: number;
};
/** Of a call that was only just heard of. */
export const blank = (): Live => ({
  ...{ segment: null, beginning: null, next: 0, decision: null, failed: null, because: null },
  ...{
    wanted: null,
    takenUp: null,
    full: false,
    wrong: null,
    newest: null,
    waiting: null,
    working: null,
    again: null,
    repeat: null,
    faults: 0,
  },
});
/** `unseen`: it was learned from a look at what there is, not while it happened. */
export type Changed = Extract<Effect, { kind: 'changed' }> & { unseen: boolean };
export type Ended = Extract<Effect, { kind: 'ended' }> & { unseen: boolean };
