import type { Gap } from './recording.js';

/** What was captured of a stretch of a call: when it began on the timeline, and how long each side's file lasts, in ms. */
export type Stretch = {
  atMs: number;
  themMs: number;
  usMs: number;
  /** Why it began late or anew; empty where there is nothing to say. */
  because: string;
  /** What is wrong with a side's file, or null. */
  themFault: string | null;
  usFault: string | null;
};

type Who = 'them' | 'us';
type Span = { from: number; to: number };
/** A stretch as it lies in the recording: where two cover the same time the earlier one counts, as in `opusPlan`. */
type Laid = { from: number; to: number; stretch: Stretch } & Record<Who, Span>;

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
export function findGaps(stretches: Stretch[], talkMs: number): { gaps: Gap[]; missingMs: number } {
  const laid = lay(stretches, talkMs);
  const missing = { them: uncovered(laid, 'them', talkMs), us: uncovered(laid, 'us', talkMs) };
  const gaps = (who: Who) => missing[who].filter((span) => isGap(span, talkMs));
  return {
    gaps: together(gaps('them'), gaps('us')).map((piece) => ({
      atMs: Math.round(piece.from),
      untilMs: Math.round(piece.to),
      side: piece.side,
      reason: reasonOf(piece, laid, talkMs),
    })),
    missingMs: Math.round(union([...missing.them, ...missing.us]).reduce((sum, s) => sum + s.to - s.from, 0)),
  };
}

/** The longest gap, when one is long enough for the recording to be called a part of the call. */
export function longestGap(gaps: Gap[]): Gap | null {
  const long = gaps.filter((g) => lasts(g) > EDGE).sort((a, b) => lasts(b) - lasts(a));
  return long[0] ?? null;
}

const sides = {
  both: 'Nothing',
  them: 'Nothing that the outside party or caller said',
  us: 'Nothing that the other side said',
};

/** A gap as a sentence and its reason. */
export function gapInWords(gap: Gap): string {
  return `${sides[gap.side]} was recorded from ${clock(gap.atMs)} to ${clock(gap.untilMs)}. ${gap.reason}`;
}

/** "1:07.4" */
function clock(ms: number): string {
  const tenths = Math.round(ms / 100);
  const seconds = (tenths % 600) / 10;
  return `${Math.floor(tenths / 600)}:${seconds < 10 ? '0' : ''}${seconds.toFixed(1)}`;
}

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
      them: { from, to: until(stretch.themMs) },
      us: { from, to: until(stretch.usMs) },
    });
    cursor = Math.max(cursor, to);
  }
  return laid;
}

function uncovered(laid: Laid[], who: Who, talkMs: number): Span[] {
  const holes: Span[] = [];
  let cursor = 0;
  for (const { from, to } of laid.map((l) => l[who])) {
    if (to <= from) continue;
    if (from > cursor) holes.push({ from: cursor, to: from });
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

function reasonOf({ from, to, side }: Span & { side: Gap['side'] }, laid: Laid[], talkMs: number): string {
  const over = laid.find((l) => l.from <= from && to <= l.to + SEAM && l.to > l.from);
  if (over && side !== 'both') {
    const fault = side === 'them' ? over.stretch.themFault : over.stretch.usFault;
    return fault ?? 'Asterisk stopped writing this side early.';
  }
  const next = laid.find((l) => l.to > l.from && l.from >= to - SEAM);
  if (next && next.stretch.because !== '') return next.stretch.because;
  if (from === 0) return next ? 'The capture began late.' : 'Nothing was captured.';
  if (to === talkMs && !next)
    return 'Asterisk stopped writing before the call was over: its disk was full, or it was stopped.';
  return 'Asterisk stopped writing, and the capture began anew.';
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
