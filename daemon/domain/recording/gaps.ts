import { because, together as joined, type Why } from '../reason/reason.js';
import { type Loss, onTimeline, placeOf } from './lost.js';
import type { Gap } from './recording.js';

/** What was captured of a stretch of a call: when it began on the timeline, and how long each side's file lasts, in ms. */
export type Stretch = {
  atMs: number;
  themMs: number;
  usMs: number;
  /** Why it began late or anew; null where there is nothing to say. */
  because: Why | null;
  /** What is wrong with a side's file, or null. */
  themFault: Why | null;
  usFault: Why | null;
  /** Time that a side's file lacks and for which silence stands: `themMs` and `usMs` have it in them. */
  themLost?: readonly Loss[];
  usLost?: readonly Loss[];
  /** Why nothing may come after it though the call goes on. Null or absent where that is not known. */
  ended?: Why | null;
  /** When the captured party left the call on the timeline, ms; undefined while it is in it, and where that is not known. */
  leftMs?: number | undefined;
};

type Who = 'them' | 'us';
type Span = { from: number; to: number };
/** A stretch as it lies in the recording: where two cover the same time the earlier one counts, as in `opusPlan`. */
type Laid = { from: number; to: number; stretch: Stretch } & Record<Who, Span & { lost: Lack[] }>;
/** A loss as it lies on the timeline. */
type Lack = Span & { loss: Loss };

/** Shorter than two frames of 20 ms: a seam that nobody hears, and the accuracy of the PBX's times. In ms. */
const SEAM = 40;
/**
 * How long a PBX may take to begin after the answer, and to say that a call is over: less than a syllable. In the middle
 * of a call so much is a gap, but no reason to call the recording a part. In ms.
 */
const EDGE = 300;

/**
 * The stretches from the answer to the hang-up in which a side was not captured, and how much of the call that is, the
 * edges included. `talkMs` is how long the call lasted.
 */
export function findGaps(
  stretches: Stretch[],
  talkMs: number,
): { gaps: Gap[]; missingMs: number; lacks?: readonly Lacks[] } {
  const laid = lay(stretches, talkMs);
  const missing = { them: uncovered(laid, 'them', talkMs), us: uncovered(laid, 'us', talkMs) };
  const gaps = (who: Who) => missing[who].filter((span) => isGap(span, talkMs));
  const lacks = [lacksOf(laid, undefined), lacksOf(laid, 'disk')].filter((l) => l !== null);
  return {
    ...(lacks.length > 0 && { lacks }),
    gaps: together(gaps('them'), gaps('us')).map((piece) => ({
      atMs: Math.round(piece.from),
      untilMs: Math.round(piece.to),
      side: piece.side,
      why: whyOf(piece, laid, talkMs),
    })),
    missingMs: Math.round(union([...missing.them, ...missing.us]).reduce((sum, s) => sum + s.to - s.from, 0)),
  };
}

/** How much is missing inside of files for one cause, and where: ms on the timeline. */
export type Lacks = {
  ms: number;
  places: number;
  fromMs: number;
  untilMs: number;
  cause: Loss['cause'];
};

function lacksOf(laid: Laid[], cause: Loss['cause']): Lacks | null {
  const all = laid.flatMap((l) => [...l.them.lost, ...l.us.lost]).filter((l) => l.loss.cause === cause);
  const lacks = union(all).filter((s) => s.to > s.from);
  if (lacks.length === 0) return null;
  return {
    ms: Math.round(lacks.reduce((sum, s) => sum + s.to - s.from, 0)),
    places: lacks.length,
    fromMs: Math.round(lacks[0]!.from),
    untilMs: Math.round(lacks.at(-1)!.to),
    cause,
  };
}

/** Why the recording is a part of the call, when so much is missing inside of files; else null. */
export function whyLacking(lacks: readonly Lacks[]): Why | null {
  if (lacks.reduce((sum, { ms }) => sum + ms, 0) <= EDGE) return null;
  return joined(
    ...lacks.map(({ ms, places, fromMs, untilMs, cause }) =>
      because(cause === 'disk' ? 'unwritten_in_all' : 'starved_in_all', {
        ...{ ms, places, from: fromMs, until: untilMs },
      }),
    ),
  );
}

/** Whether a gap is one of those that `whyLacking` sums up. */
export const isLack = ({ why }: Pick<Gap, 'why'>): boolean =>
  why?.code === 'starved' || why?.code === 'unwritten';

/** The longest gap, when one is long enough for the recording to be called a part of the call. */
export function longestGap(gaps: Gap[]): Gap | null {
  const long = gaps.filter((g) => lasts(g) > EDGE).sort((a, b) => lasts(b) - lasts(a));
  return long[0] ?? null;
}

/** A gap as a reason. */
export const whyGap = ({ atMs, untilMs, side, why }: Gap): Why =>
  because('gap', { from: atMs, until: untilMs, side, why });

const lasts = (gap: Gap) => gap.untilMs - gap.atMs;

function lay(stretches: Stretch[], talkMs: number): Laid[] {
  let cursor = 0;
  const laid: Laid[] = [];
  for (const stretch of [...stretches].sort((a, b) => a.atMs - b.atMs)) {
    const from = Math.max(cursor, stretch.atMs);
    const until = (ms: number) => Math.min(talkMs, Math.max(from, stretch.atMs + ms));
    const to = until(Math.max(stretch.themMs, stretch.usMs));
    laid.push({
      from,
      to,
      stretch,
      them: { from, to: until(stretch.themMs), lost: lacking(stretch, stretch.themLost, from, talkMs) },
      us: { from, to: until(stretch.usMs), lost: lacking(stretch, stretch.usLost, from, talkMs) },
    });
    cursor = Math.max(cursor, to);
  }
  return laid;
}

/** The losses of a side's file as they lie on the timeline, after `from`. */
function lacking({ atMs }: Stretch, lost: readonly Loss[] = [], from: number, talkMs: number): Lack[] {
  return lost.map((loss) => {
    const begins = atMs + onTimeline(placeOf(loss), lost);
    const within = (ms: number) => Math.min(talkMs, Math.max(from, ms));
    return { from: within(begins), to: within(begins + loss.ms), loss };
  });
}

function uncovered(laid: Laid[], who: Who, talkMs: number): Span[] {
  const holes: Span[] = [];
  let cursor = 0;
  for (const { from, to, lost } of laid.map((l) => l[who])) {
    if (to <= from) continue;
    if (from > cursor) holes.push({ from: cursor, to: from });
    for (const lack of lost) if (lack.to > lack.from) holes.push({ from: lack.from, to: lack.to });
    cursor = Math.max(cursor, to);
  }
  if (talkMs > cursor) holes.push({ from: cursor, to: talkMs });
  return holes;
}

function isGap({ from, to }: Span, talkMs: number): boolean {
  if (from === 0 && to < talkMs) return to > EDGE;
  if (to === talkMs && from > 0) return to - from >= EDGE;
  return to - from >= SEAM;
}

/** Both sides' gaps in one line: what both miss is one gap. Ends that differ by less than a seam are the same. */
function together(them: Span[], us: Span[]): (Span & { side: Gap['side'] })[] {
  const ends = [...new Set([...them, ...us].flatMap((s) => [s.from, s.to]))].sort((a, b) => a - b);
  const pieces: (Span & { side: Gap['side'] })[] = [];
  for (const [i, from] of ends.entries()) {
    const to = ends[i + 1];
    if (to === undefined) break;
    const within = (spans: Span[]) => spans.some((s) => s.from <= from && to <= s.to);
    const [inThem, inUs] = [within(them), within(us)];
    if (!inThem && !inUs) continue;
    const side = inThem && inUs ? 'both' : inThem ? 'them' : 'us';
    pieces.push({ from, to, side });
  }
  const whole: typeof pieces = [];
  for (const piece of pieces) {
    const last = whole.at(-1);
    if (last?.to !== piece.from) whole.push(piece);
    else if (piece.to - piece.from < SEAM || last.side === piece.side) last.to = piece.to;
    else if (last.to - last.from < SEAM) Object.assign(last, { side: piece.side, to: piece.to });
    else whole.push(piece);
  }
  return whole;
}

function whyOf({ from, to, side }: Span & { side: Gap['side'] }, laid: Laid[], talkMs: number): Why {
  const over = laid.find((l) => l.from <= from && to <= l.to + SEAM && l.to > l.from);
  const lack = over && lackIn(over, { from, to, side });
  if (lack) return whyLacks(lack, over);
  if (side !== 'both') {
    const faultOf = ({ stretch }: Laid) => (side === 'them' ? stretch.themFault : stretch.usFault);
    if (over) return faultOf(over) ?? because('side_ended_early');
    const faults = laid.filter((l) => l.from < to - SEAM && l.to > from + SEAM).map(faultOf);
    if (faults[0] && faults.every((fault) => fault?.code === faults[0]!.code)) return faults[0];
  }
  const next = laid.find((l) => l.to > l.from && l.from >= to - SEAM);
  if (next?.stretch.because) return next.stretch.because;
  if (from === 0) return because(next ? 'began_late' : 'nothing_captured');
  const left = laid.findLast((l) => l.to > l.from && l.to <= from + SEAM)?.stretch.leftMs;
  if (to === talkMs && !next && left !== undefined && left <= from + EDGE) return because('party_left');
  if (to === talkMs && !next)
    return laid.findLast((l) => l.to > l.from)?.stretch.ended ?? because('ended_early');
  return because('ended_and_begun_anew');
}

function lackIn(over: Laid, { from, to, side }: Span & { side: Gap['side'] }): Lack | undefined {
  const lost = side === 'us' ? over.us.lost : [...over.them.lost, ...(side === 'both' ? over.us.lost : [])];
  return lost.find((l) => l.from < to && l.to > from);
}

/** Longer than the time between two writes of Asterisk, in ms: nobody looked at the file meanwhile. */
const UNWATCHED = 5_000;

function whyLacks({ from, to, loss }: Lack, { stretch }: Laid): Why {
  const code = loss.cause === 'disk' ? 'unwritten' : 'starved';
  const ms = to - from;
  if (loss.toMs - loss.fromMs <= UNWATCHED) return because(code, { ms, between: null });
  // Silence stands in the middle of where it may be.
  const half = (loss.toMs - loss.fromMs) / 2;
  const between = { from: Math.max(stretch.atMs, from - half), until: to + half };
  return because(code, { ms, between });
}

function union(spans: Span[]): Span[] {
  const all: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else all.push({ ...span });
  }
  return all;
}
