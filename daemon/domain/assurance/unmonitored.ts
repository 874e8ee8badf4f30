import type { BlindWindow } from '../recording/recording.js';

type Gap = Pick<BlindWindow, 'pbx' | 'from' | 'to'>;

/**
 * Returns when nobody monitored the calls, the CDRs, or either of a PBX: gaps that overlap are one. `lostMs` is what they come to within this
 * time (ms since 1970, `to` not included), each moment of a PBX once.
 */
export function unmonitored(
  gaps: readonly Gap[],
  { from, to, now }: { from: number; to: number; now: number },
): { gaps: Gap[]; lostMs: number } {
  const joined: Gap[] = [];
  for (const gap of gaps.toSorted((a, b) => (a.pbx === b.pbx ? a.from - b.from : a.pbx < b.pbx ? -1 : 1))) {
    const last = joined.at(-1);
    if (last?.pbx === gap.pbx && (last.to === null || gap.from <= last.to))
      last.to = last.to === null || gap.to === null ? null : Math.max(last.to, gap.to);
    else joined.push({ pbx: gap.pbx, from: gap.from, to: gap.to });
  }
  const end = Math.min(to, now);
  const lostMs = joined.reduce(
    (sum, gap) => sum + Math.max(0, Math.min(gap.to ?? now, end) - Math.max(gap.from, from)),
    0,
  );
  return { gaps: joined, lostMs };
}
