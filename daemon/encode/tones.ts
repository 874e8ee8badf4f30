import { createPcmReader, SILENCE_DB } from './pcm.js';

/** Window over which a tone is measured, in ms. */
export const TONE_WINDOW_MS = 20;

/**
 * Measures pure tones in 16-bit little-endian interleaved stereo while it is decoded (Goertzel), 20 ms at a time. Tones
 * whose frequencies are multiples of 50 Hz do not disturb each other. Gives for either side and each tone its peak
 * level in dB below full scale, window by window.
 */
export function createToneMeter({ rate, tones }: { rate: number; tones: readonly number[] }) {
  const size = Math.round((rate * TONE_WINDOW_MS) / 1000);
  const turns = tones.map((hz) => 2 * Math.cos((2 * Math.PI * hz) / rate));
  const levels = [0, 1].map(() => tones.map((): number[] => []));
  const window = [new Float64Array(size), new Float64Array(size)] as const;
  let filled = 0;
  let samples = 0;
  const read = createPcmReader();

  function level(side: 0 | 1, tone: number): number {
    const c = turns[tone]!;
    let [s1, s2] = [0, 0];
    for (const sample of window[side]) [s2, s1] = [s1, sample + c * s1 - s2];
    const amplitude = (2 * Math.sqrt(Math.max(0, s1 * s1 + s2 * s2 - c * s1 * s2))) / size;
    return Math.max(SILENCE_DB, 20 * Math.log10(amplitude));
  }

  return {
    write(chunk: Buffer): void {
      const pcm = read(chunk);
      for (let n = 0; n < pcm.length; n += 2) {
        window[0][filled] = pcm[n]! / 32_768;
        window[1][filled] = pcm[n + 1]! / 32_768;
        samples += 1;
        filled += 1;
        if (filled < size) continue;
        filled = 0;
        for (const side of [0, 1] as const)
          for (const tone of tones.keys()) levels[side]![tone]!.push(level(side, tone));
      }
    },
    /** `left[1]` are the levels of the second tone on the left, one a window. A last window that is not full is left out. */
    result: () => ({
      durationMs: (samples * 1000) / rate,
      left: levels[0] as number[][],
      right: levels[1] as number[][],
    }),
  };
}
