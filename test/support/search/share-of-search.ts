import { dice, newSeed } from './dice.js';

/**
 * The tests that search (a power cut after each system call, a kill before each step) try a share of their places in a normal run,
 * and all of them with PROOFS=full, as `npm run proofs` does. scripts/proofs finds these tests by their import of this module.
 */
export const full = process.env.PROOFS === 'full';

/** What follows from chance in a search; TAPEDECK_SEED repeats it. */
export const seed = newSeed();

/** For a comment of a test: how to have the same again. */
export const repeat = full ? `all of it, TAPEDECK_SEED=${seed}` : `a share of it, TAPEDECK_SEED=${seed}`;

/** Of the places of a search those to try: the first, the last and a share (from 0 to 1) of the others, by the seed; or all. */
export function sample<T>(places: readonly T[], share: number): T[] {
  const chance = dice(seed);
  return places.filter((_, n) => {
    const picked = chance() < share;
    return full || picked || n === 0 || n === places.length - 1;
  });
}

/** Whether to try one of the places of a search whose end is not known beforehand: a share of them, by the seed; or each. */
export function picker(share: number): () => boolean {
  const chance = dice(seed);
  return () => chance() < share || full;
}

/** How many cases of a property to try: a quarter of `all`, or all. What a property finds names the seed that repeats it. */
export const runs = (all: number): number => (full ? all : Math.ceil(all / 4));
