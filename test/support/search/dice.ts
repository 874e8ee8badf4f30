/** Chance that can be repeated: numbers from 0 to 1 that follow from the seed (mulberry32). */
export function dice(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let x = Math.imul(a ^ (a >>> 15), a | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed that was given for a repetition, or one by the time. */
export const newSeed = (): number => Number(process.env.TAPEDECK_SEED ?? Date.now() % 1_000_000);
