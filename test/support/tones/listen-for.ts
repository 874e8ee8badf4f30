import { toneStretches } from '../recordings/audio.js';

/** Says of samples at 8 kHz how long each of these tones is heard, and where none is. */
export const listenFor = <Who extends string>(tones: Record<Who, number>) => ({
  /** Seconds in which a tone is heard, to a tenth. */
  heard: (samples: Float32Array, who: Who): number =>
    toneStretches(samples, 8000, tones, 0.1)
      .filter((s) => s.what.split('+').includes(who))
      .reduce((sum, s) => sum + s.seconds, 0),

  /** When the first silence of more than two seconds begins, in seconds; a late phone makes shorter ones. */
  silentFrom: (samples: Float32Array): number => {
    const all = toneStretches(samples, 8000, tones, 0.02);
    const first = all.findIndex((s) => s.what === '.' && s.seconds > 2);
    return first < 0 ? Number.NaN : all.slice(0, first).reduce((sum, s) => sum + s.seconds, 0);
  },

  /** The longest time for which nothing at all is heard from the first sound to the end, in seconds. */
  longestSilence: (samples: Float32Array): number => {
    const all = toneStretches(samples, 8000, tones, 0.02);
    const from = all.findIndex((s) => s.what !== '.');
    if (from < 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, ...all.slice(from).map((s) => (s.what === '.' ? s.seconds : 0)));
  },
});
