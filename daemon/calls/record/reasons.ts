import { type Span, whyLate, whyUnwatched } from '../../domain/call/late.js';
import { because, together, type Why } from '../../domain/reason/reason.js';
import type { BlindWindow, CallRecord } from '../../domain/recording/recording.js';
import type { Changed, Live } from './live.js';

/** What is known of the times in which Tapedeck could not act. All times are ms since 1970. */
export type ReasonDeps = {
  /** The monitoring gap that has most of a time, or null; and when this process stood still in it. */
  gapDuring: (from: number, to: number) => BlindWindow | null;
  stalls: (from: number, to: number) => readonly Span[];
  clock: () => number;
};

export type Reasons = ReturnType<typeof createReasons>;

/** Why a leg is captured late, anew or not at all. */
export function createReasons(deps: ReasonDeps) {
  /** A leg is to be captured: from its answer on, if it is the call's first one, else from when that is heard. */
  function want({ call, anchor, unseen }: Changed, l: Live, heardAt: number): void {
    if (call.answeredAt === null || anchor === null || l.wanted?.leg === anchor) return;
    const first = l.wanted === null && l.next === 0;
    l.wanted = { leg: anchor, from: first ? call.answeredAt : heardAt, heardAt, unseen, met: false };
  }

  /** Why a capture that was asked for at `askedAt` begins at `begunAt`, or not at all until then. */
  function lateness(call: CallRecord, l: Live, askedAt: number, begunAt: number): Why | null {
    if (!l.wanted || l.wanted.met) return null;
    const { from: wantedAt, heardAt, unseen } = l.wanted;
    const [gap, stalls] = [deps.gapDuring(wantedAt, heardAt), deps.stalls(wantedAt, begunAt)];
    const told = whyLate({ wantedAt, heardAt, unseen, askedAt, begunAt, stalls, gap });
    return told && together(told, ...answeredWhen(call));
  }

  /** Where nobody watched a call being answered, and the PBX does not tell, it is said between which times it was. */
  const answeredWhen = ({ answeredAt, marks }: CallRecord): Why[] =>
    marks
      .filter((m) => m.kind === 'answer' && m.untilMs !== null)
      .map(({ atMs, untilMs }) =>
        because('answered_between', { from: answeredAt! + atMs, until: answeredAt! + untilMs! }),
      );

  /** Why a leg was not captured until `at`: by what took most of the time. */
  function why(call: CallRecord, l: Live, at: number): Why | null {
    const { failed, wanted } = l;
    if (!failed) return l.because ?? lateness(call, l, at, at);
    const before = wanted && !wanted.met && failed.since - wanted.from > at - failed.since;
    return (before ? lateness(call, l, failed.since, failed.since) : null) ?? failure(l, at);
  }

  /** Why captures failed until `at`. What failed for the most part because the link was lost has that for a reason. */
  function failure({ failed }: Live, at: number): Why | null {
    if (!failed) return null;
    const gap = deps.gapDuring(failed.since, at);
    const lost = gap ? Math.min(gap.to ?? at, at) - Math.max(gap.from, failed.since) : 0;
    return gap && lost > (at - failed.since) / 2 ? whyUnwatched(gap, at) : failed.why;
  }

  /** The monitoring gap that ended at `at`, and that a capture did not outlast it. */
  function unwatched(at: number, died = false): Why | null {
    const gap = deps.gapDuring(Number.NEGATIVE_INFINITY, at);
    return together(gap && whyUnwatched(gap, at), died ? because('capture_ended_unwatched') : null);
  }

  return { want, lateness, why, unwatched };
}
