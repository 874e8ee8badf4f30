import type { Stretch } from '../../domain/people/person.js';
import { coversAll } from '../../domain/people/reach.js';

/** Whether this piece of a recording, in ms since its beginning, may be heard. */
export type MayHear = (fromMs: number, untilMs: number) => boolean;
/** The same for each side. */
export type Sides = { left: MayHear; right: MayHear };

/**
 * What may be heard of a recording of a call of which somebody has these stretches. A stretch that goes to an end of the
 * recording goes beyond it: a file begins a little before its sound and may end a little after.
 */
export function within(stretches: readonly Stretch[], durationMs: number): MayHear {
  if (coversAll(stretches, durationMs)) return () => true;
  const heard = stretches.map(({ fromMs, untilMs }) => ({
    from: fromMs <= 0 ? Number.NEGATIVE_INFINITY : fromMs,
    until: untilMs === null || untilMs >= durationMs ? Number.POSITIVE_INFINITY : untilMs,
  }));
  return (fromMs, untilMs) => heard.some(({ from, until }) => from <= fromMs && untilMs <= until);
}
