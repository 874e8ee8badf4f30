import { because, type Why } from '../reason/reason.js';
import type { BlindWindow } from '../recording/recording.js';

/**
 * Why a capture began late. The time is divided among those who can have spent it, by what was measured, and the largest
 * part is told: a reason that was only guessed would blame the PBX for what Tapedeck did.
 */
export type Span = { from: number; to: number };

/** All times are ms since 1970. */
export type Late = {
  /** From when on the leg should have been captured. */
  wantedAt: number;
  /** When Tapedeck heard of it, and when it asked the PBX to record. */
  heardAt: number;
  /** It was not told as it happened, but found in a list of what the PBX had. */
  unseen: boolean;
  askedAt: number;
  /** When the capture began; where there was none, when the call ended. */
  begunAt: number;
  /** Times in which Tapedeck stood still. */
  stalls: readonly Span[];
  /** The monitoring gap before it was heard of, if there was one. */
  gap: BlindWindow | null;
};

/** A capture that begins within this time needs no reason, ms. */
const PROMPT = 300;

/** A monitoring gap as a reason. One that lasts is told as lasting until `now`. */
export const whyUnwatched = ({ from, to, why }: Omit<BlindWindow, 'pbx'>, now: number): Why =>
  because('unwatched', { from: Number.isFinite(from) ? from : null, until: to ?? now, why });

/** Returns why, or null for a capture that was not late, or late for a reason that is not known. */
export function whyLate(late: Late): Why | null {
  const { wantedAt, heardAt, askedAt, begunAt, gap } = late;
  if (begunAt - wantedAt <= PROMPT) return null;
  const still = late.stalls.filter((s) => within(s, wantedAt, begunAt) > 0);
  const stalled = (from: number, to: number) => still.reduce((ms, s) => ms + within(s, from, to), 0);
  const away = gap ? { from: gap.from, to: gap.to ?? heardAt } : null;
  const stood = stalled(wantedAt, begunAt);
  const unwatched = away ? within(away, wantedAt, begunAt) - stalledIn(still, away, wantedAt, begunAt) : 0;
  const reported = heardAt - wantedAt - stalled(wantedAt, heardAt) - unwatched;
  const own = askedAt - heardAt - stalled(heardAt, askedAt);
  const theirs = begunAt - askedAt - stalled(askedAt, begunAt);
  const most = Math.max(stood, unwatched, reported, own, theirs);
  if (most <= 0) return null;
  if (most === stood)
    return whyUnwatched({ from: still[0]!.from, to: still.at(-1)!.to, why: because('stood_still') }, begunAt);
  if (most === unwatched) return whyUnwatched(gap!, heardAt);
  if (most === own) return because('busy', { ms: own });
  if (most === reported && late.unseen) return because('not_watching', { until: heardAt });
  if (most === reported) return because('answer_told_late', { ms: reported });
  return because('pbx_slow', { ms: theirs });
}

const within = (s: Span, from: number, to: number) =>
  Math.max(0, Math.min(s.to, to) - Math.max(s.from, from));

const stalledIn = (stalls: Span[], { from, to }: Span, wantedAt: number, begunAt: number) =>
  stalls.reduce((ms, s) => ms + within(s, Math.max(from, wantedAt), Math.min(to, begunAt)), 0);
