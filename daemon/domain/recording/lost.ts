/**
 * Time that is missing inside a captured file. Asterisk writes one frame of 20 ms at each tick of a timer. When its thread
 * gets no processor time it takes several ticks for one (res_timing_timerfd, seen on 22.10.1): the file is too short from
 * there on, and nothing says so. What gives it away is the clock: the file has grown by less than the time that has passed.
 * All positions and lengths are in ms of audio in the file, unless they are said to be on the timeline.
 */
export type Loss = {
  /** The time is missing somewhere between these two positions. */
  fromMs: number;
  toMs: number;
  ms: number;
  /** What it was lost to, where that is no lack of processor time: the disk was full, or could not be written. */
  cause?: 'disk';
};

/** What is known of a file that grows. */
export type Growth = {
  /** It was last looked at when it held this much. */
  seenMs: number;
  /** By how much it has ever been ahead of the clock: its beginning was stamped late, or the clock was set back. */
  aheadMs: number;
  losses: readonly Loss[];
};

/** What a file held when it was last written to, and when that was: ms since it began, as exactly as that is known. */
export type Sighting = { ms: number; earliest: number; latest: number };

/**
 * Less than this is not called missing, in ms. What the first sample comes after the stamp of the beginning (up to 40 ms), a
 * frame that slips now and then (20) and the file system's clock (up to 10) come to half of it; and it is less than a
 * syllable. Asterisk itself keeps up to 500 ms of sound for a snoop that is late before it throws them away.
 */
export const LEAST_LOSS = 200;
const FRAME = 20;
/** Positions that are kept for each side of a segment. With more of them, neighbours are put together. */
const MOST = 400;

export const unseen: Growth = { seenMs: 0, aheadMs: 0, losses: [] };

/** Returns what is known of a file after another look at it. */
export function grown(growth: Growth, { ms, earliest, latest }: Sighting): Growth {
  if (ms === growth.seenMs) return growth;
  // A full buffer goes to the disk with the frame that does not fit into it any more.
  const handed = Math.ceil(ms / FRAME) * FRAME;
  const aheadMs = Math.max(growth.aheadMs, handed - latest);
  const missing = earliest - handed + aheadMs - lostMs(growth.losses);
  if (missing < LEAST_LOSS) return { ...growth, seenMs: ms, aheadMs };
  const fromMs = Math.floor(Math.min(growth.seenMs, ms));
  const loss = { fromMs, toMs: Math.floor(ms), ms: Math.round(missing / FRAME) * FRAME };
  return { seenMs: ms, aheadMs, losses: thinned([...growth.losses, loss]) };
}

/** Returns the same, with the newest loss put down to the disk. */
export const lostToDisk = (growth: Growth): Growth => ({
  ...growth,
  losses: growth.losses.map((loss, i) =>
    i === growth.losses.length - 1 ? { ...loss, cause: 'disk' } : loss,
  ),
});

/** Returns the same losses at half as many places when there are too many of them. */
function thinned(losses: readonly Loss[]): readonly Loss[] {
  if (losses.length <= MOST) return losses;
  return losses.flatMap((loss, i) => {
    if (i % 2 === 1) return [];
    const next = losses[i + 1];
    return next ? { ...next, ...loss, toMs: next.toMs, ms: loss.ms + next.ms } : loss;
  });
}

export const lostMs = (losses: readonly Loss[]): number => losses.reduce((sum, { ms }) => sum + ms, 0);

/** Where silence stands for a loss: in the middle of where it may be, so that it is at most half of that away. */
export const placeOf = ({ fromMs, toMs }: Loss): number => Math.round((fromMs + toMs) / 2);

/** Where a position in the file lies on the timeline, from the file's beginning, once silence stands for what is missing. */
export const onTimeline = (positionMs: number, losses: readonly Loss[]): number =>
  positionMs + lostMs(losses.filter((loss) => placeOf(loss) < positionMs));

/** The inverse: which position in the file lies there on the timeline, both from the file's beginning. */
export function inFile(ms: number, losses: readonly Loss[]): number {
  let silence = 0;
  for (const loss of losses.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    if (ms <= placeOf(loss) + silence) break;
    silence += Math.min(loss.ms, ms - placeOf(loss) - silence);
  }
  return ms - silence;
}
