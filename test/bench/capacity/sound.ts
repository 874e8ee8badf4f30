import { amplitude } from '../../support/recordings/audio.js';

/** Sample rate of what is compared, in Hz. */
export const RATE = 8_000;
const WINDOW = RATE / 100;

/** Returns for how long a tone is heard, in ms, in steps of 10: where it has more than half of its usual amplitude. */
export function toneMs(samples: Float32Array, hz: number): number {
  const levels = Array.from({ length: Math.floor(samples.length / WINDOW) }, (_, n) =>
    amplitude(samples.subarray(n * WINDOW, (n + 1) * WINDOW), hz, RATE),
  );
  const usual = levels.toSorted((a, b) => a - b)[Math.floor(levels.length * 0.9)] ?? 0;
  // The parties send a fifth of full scale; without the tone there is only noise.
  return usual < 0.05 ? 0 : levels.filter((level) => level > usual / 2).length * 10;
}
