import type { Mask } from '../recording/mask.js';
import type { Gap } from '../recording/recording.js';
import type { Found, Played } from './notice.js';

/** Where a prompt is in a side of a recording. Times are ms from its beginning. */
export type PromptPlace = {
  fromMs: number;
  untilMs: number;
  /** How alike the sounds are, 0 to 1: of each half second of speech in the prompt, weighted by its energy. */
  correlation: number;
  /** The share of those half seconds that are there. Less than 0.9: it was cut off, or others spoke over it. */
  share: number;
};
/** The same of a whole recording: of both sides, or of the one that has it. */
export type FoundPlace = Extract<Found, { found: true }>;

/** When something was played, in ms on the timeline of a recording. */
export type Playing = { atMs: number; untilMs: number };

/** The PBX's times and the recording may be so far apart, in ms. */
export const PLAYED_WITHIN_MS = 5_000;
/** Both sides have the same playing where it begins or ends within so much, in ms: an echo, or two ways through the PBX. */
const SAME_MS = 500;
/** A playing of which so much was never to be in the recording cannot be expected to be found. */
const EXCUSED = 0.5;

/** Playings that can be looked for: prompts of which all was played, as the PBX says. */
export const isSearched = (
  played: Played,
): played is Played & { startedAt: number; prompt: { hash: string } } =>
  played.what === 'prompt' && played.whole && played.startedAt !== null && played.prompt.hash !== null;

/** Returns the places of both sides together, in order. Of what both have, the better one counts. */
export function ofBothSides(left: readonly PromptPlace[], right: readonly PromptPlace[]): FoundPlace[] {
  const rest = [...right];
  const same = (a: PromptPlace, b: PromptPlace) =>
    Math.abs(a.fromMs - b.fromMs) < SAME_MS || Math.abs(a.untilMs - b.untilMs) < SAME_MS;
  const found = (place: PromptPlace, side: FoundPlace['in']): FoundPlace => ({
    ...{ found: true, in: side, fromMs: place.fromMs, untilMs: place.untilMs },
    ...{ share: place.share, correlation: place.correlation },
  });
  const places = left.map((one): FoundPlace => {
    const at = rest.findIndex((other) => same(one, other));
    if (at < 0) return found(one, 'them');
    const [other] = rest.splice(at, 1);
    const better = other!.share - one.share || other!.correlation - one.correlation;
    return found(better > 0 ? other! : one, 'both');
  });
  return [...places, ...rest.map((one) => found(one, 'us'))].toSorted((a, b) => a.fromMs - b.fromMs);
}

/** How far a place lies outside the time in which it was played, in ms. One that was cut off may be anywhere in it. */
const outside = (place: FoundPlace, { atMs, untilMs }: Playing): number =>
  Math.max(0, atMs - place.fromMs, place.untilMs - untilMs);

type Matching = { pairs: number; ms: number; places: (FoundPlace | null)[] };
const better = (a: Matching, b: Matching): Matching =>
  a.pairs > b.pairs || (a.pairs === b.pairs && a.ms <= b.ms) ? a : b;

/**
 * Returns, for each playing of one prompt, the place where it is: each place once and in the order in which they were played, as
 * many of them as possible and as near as possible. Both lists are in order.
 */
export function matched(playings: readonly Playing[], places: readonly FoundPlace[]): (FoundPlace | null)[] {
  // For the first so many places, the best that the playings up to this one come to.
  let best: Matching[] = Array.from({ length: places.length + 1 }, () => ({ pairs: 0, ms: 0, places: [] }));
  for (const playing of playings) {
    const next: Matching[] = [{ ...best[0]!, places: [...best[0]!.places, null] }];
    for (const [n, place] of places.entries()) {
      const without = { ...best[n + 1]!, places: [...best[n + 1]!.places, null] };
      let chosen = better(without, next[n]!);
      const ms = outside(place, playing);
      if (ms <= PLAYED_WITHIN_MS) {
        const before = best[n]!;
        chosen = better(chosen, {
          ...{ pairs: before.pairs + 1, ms: before.ms + ms },
          places: [...before.places, place],
        });
      }
      next.push(chosen);
    }
    best = next;
  }
  return best.at(-1)!.places;
}

/**
 * Whether a playing could not be in the recording: for the half of it or more, the side that hears it was masked, is missing for a
 * reason that is told, or was not captured. `durationMs` is that of the recording.
 */
export function isExcused(
  { atMs, untilMs }: Playing,
  side: 'them' | 'us',
  { gaps, masks, durationMs }: { gaps: readonly Gap[]; masks: readonly Mask[]; durationMs: number },
): boolean {
  const silent = [...gaps, ...masks]
    .filter((one) => one.side === 'both' || one.side === side)
    .concat([
      { ...NOWHERE, untilMs: 0 },
      { ...NOWHERE, atMs: durationMs, untilMs: Number.POSITIVE_INFINITY },
    ])
    .toSorted((a, b) => a.atMs - b.atMs);
  let lost = 0;
  let done = atMs;
  for (const one of silent) {
    const from = Math.max(done, one.atMs);
    const until = Math.min(untilMs, one.untilMs);
    if (until <= from) continue;
    lost += until - from;
    done = until;
  }
  return lost >= EXCUSED * (untilMs - atMs);
}
const NOWHERE: Gap = { atMs: Number.NEGATIVE_INFINITY, untilMs: 0, side: 'both', why: null };
