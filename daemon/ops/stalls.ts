import type { Span } from '../domain/call/late.js';

/** In ms: how often it looks, and how late a look is that shows that nothing ran. */
const LOOK = 100;
const LATE = 200;
/** Stalls are remembered this long, ms. */
const KEEP = 3_600_000;

/**
 * When this process stood still: stopped, without processor time, or busy in one piece of work. Times are those of `now`.
 */
export function createStalls({ now }: { now: () => number }) {
  const stalls: Span[] = [];
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = now();

  /** What is read before the timer had its turn would not know of the stall that is just over. */
  function look(): void {
    const at = now();
    if (at - lookedAt > LOOK + LATE) stalls.push({ from: lookedAt, to: at });
    lookedAt = at;
    while (stalls.length > 0 && stalls[0]!.to < at - KEEP) stalls.shift();
  }

  return {
    start(): void {
      lookedAt = now();
      timer = setInterval(look, LOOK);
      timer.unref();
    },
    stop(): void {
      clearInterval(timer);
    },
    /** Stalls that touch the time from `from` to `to`, oldest first. */
    during(from: number, to: number): Span[] {
      look();
      return stalls.filter((s) => s.from < to && s.to > from);
    },
  };
}
