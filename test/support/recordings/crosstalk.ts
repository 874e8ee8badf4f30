import { spokenPrompt } from '../pbx/sources.js';
import { amplitude, correlate, toFloat } from './audio.js';

export type Rate = 8000 | 16_000;
/** Of the one side, and of the other. */
const TONES = [650, 1250] as const;

/** Speech by turns with silence. At 16 kHz it is sped up twice, so that it reaches as high as the rate allows. */
export function speechOf(seconds: number, rate: Rate): Int16Array {
  const prompt = spokenPrompt('demo-instruct');
  return Int16Array.from({ length: seconds * rate }, (_, n) =>
    n % (4 * rate) < 2.5 * rate ? prompt[n % prompt.length]! : 0,
  );
}

export const toneOf = (seconds: number, rate: Rate, hz: number = TONES[0]): Int16Array =>
  Int16Array.from({ length: seconds * rate }, (_, n) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * hz * n) / rate)),
  );

/** Two tones at once, one on each side. */
export const tonesOf = (seconds: number, rate: Rate) => TONES.map((hz) => toneOf(seconds, rate, hz));

const db = (ratio: number) => 20 * Math.log10(Math.max(ratio, 1e-6));

/** `tonesOf` recorded: the most that one of them is heard on the other side in any tenth of a second, in dB of its own side. */
export function toneLeak(sides: Float32Array[], rate: Rate): number {
  let worst = Number.NEGATIVE_INFINITY;
  const size = rate / 10;
  // The first half second is the encoder's beginning.
  for (let at = rate / 2; at + size <= sides[0]!.length; at += size)
    for (const [i, hz] of TONES.entries()) {
      const [own, other] = [sides[i]!, sides[1 - i]!].map((side) =>
        amplitude(side.subarray(at, at + size), hz, rate),
      );
      worst = Math.max(worst, db(other! / own!));
    }
  return worst;
}

/**
 * A tone on the left and `speechOf` on the right, recorded: how much of the tone goes along with the right, and how much of
 * the speech with the left, in dB of what is on its own side. Less than -50 dB cannot be told from chance.
 */
export function speechLeak([left, right]: Float32Array[], rate: Rate): { toneDb: number; speechDb: number } {
  const seconds = Math.floor(left!.length / rate);
  const said = toFloat(speechOf(seconds, rate));
  const { lag } = correlate(said.subarray(0, 2 * rate), right!.subarray(0, 2 * rate));
  const along = (side: Float32Array) =>
    Math.abs(said.reduce((sum, sample, n) => sum + sample * (side[n + lag] ?? 0), 0));
  return {
    toneDb: db(amplitude(right!, TONES[0], rate) / amplitude(left!, TONES[0], rate)),
    speechDb: db(along(left!) / along(right!)),
  };
}
