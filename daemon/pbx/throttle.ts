import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

/** A stream may be ahead of its rate by what comes in this time, in ms: less would be many timers for nothing. */
const AHEAD_MS = 100;

/** A recording of four hours in wideband, and as many that are fetched at once at most. */
const [LARGEST_BYTES, MOST_AT_ONCE] = [500e6, 4];

/** `longestMs`: how long the limit may make the fetching of one recording last. */
export type Throttle = { slowed: (stream: Readable) => Readable; longestMs: number };

/**
 * Returns what slows streams down so that all of them together give at most so many bytes a second; 0: as fast as they come. Nothing is
 * kept but the piece that waits: the sender is not read meanwhile, and TCP has it wait.
 */
export function createThrottle(
  bytesPerSecond: number,
  { now = () => performance.now(), sleep = (ms: number): Promise<unknown> => wait(ms) } = {},
): Throttle {
  if (bytesPerSecond <= 0) return { slowed: (stream) => stream, longestMs: 0 };
  /** When what was given so far has had its time. */
  let paidUntil = Number.NEGATIVE_INFINITY;

  async function* slowed(stream: Readable): AsyncGenerator<Uint8Array> {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      paidUntil = Math.max(paidUntil, now()) + (piece.length / bytesPerSecond) * 1_000;
      const ahead = paidUntil - now();
      yield piece;
      if (ahead > AHEAD_MS) await sleep(ahead);
    }
  }
  return {
    slowed: (stream) => Readable.from(slowed(stream), { objectMode: false, highWaterMark: 1 }),
    longestMs: ((LARGEST_BYTES * MOST_AT_ONCE) / bytesPerSecond) * 1_000,
  };
}
