import type { PromptPlace } from '../domain/telling/place-found.js';
import { createFft } from './fft.js';
import { createPcmReader } from './pcm.js';

/** Prompts are given at this rate, and compared at it, in Hz. */
const PROMPT_RATE = 8_000;
/** They are looked for at this one, which has most of a voice, in Hz. */
const COARSE_RATE = 2_000;
const STEP = PROMPT_RATE / COARSE_RATE;
/** Places where it may be: the best so many in a window whose correlation is at least this. Chance gives 0.05. */
const MAX_CANDIDATES = 3;
const CANDIDATE = 0.15;
/** A part of the prompt, in samples of `PROMPT_RATE`, and what makes it that part. Two voices that speak of something else give 0.3. */
const PART = PROMPT_RATE / 2;
const FITS = 0.5;
/** Parts that are 30 dB quieter than the loudest are pauses. */
const PAUSE = 1e-3;
/** With less than this it was something else. */
const MIN_SHARE = 0.25;
/** So many of the loudest parts are looked for first: where none of them is, the prompt is not. */
const FIRST_PARTS = 4;
/** Where the part before lay is tried first, so many samples around; as alike as this, it need not be looked for elsewhere. */
const NEAR = 8;
const ALIKE = 0.85;
/** From one part to the next two frames may have been lost, or two of silence come in: 20 ms each, in samples, and a little more. */
const SLIP = 400;
/** Both are the same find, in ms. */
const SAME_MS = 250;
/** So much silence stands before the beginning and after the end, in samples of `PROMPT_RATE`. */
const LEAD = PROMPT_RATE / 4;
/** No window is shorter, in samples of `COARSE_RATE`. */
const MIN_WINDOW = 2 ** 15;

/**
 * Looks for a prompt (16-bit mono of 8 kHz) in both sides of a recording while it is decoded: 16-bit little-endian interleaved
 * stereo at `rate` Hz, a multiple of 8,000, cut at any byte. Memory is bounded by the length of the prompt. Not for
 * beeps: one tone is like another.
 */
export function createPromptFinder({ rate, prompt }: { rate: number; prompt: Int16Array }) {
  const factor = rate / PROMPT_RATE;
  if (!Number.isInteger(factor) || factor < 1) throw new Error(`${rate} Hz is no multiple of ${PROMPT_RATE}`);
  const parts = partsOf(prompt);
  const coarse = whitened(decimate(Float32Array.from(prompt), STEP));
  const size = Math.max(MIN_WINDOW, 2 ** Math.ceil(Math.log2(2 * coarse.length)));
  const search = createSearch(coarse, size);
  /** Places at which the prompt can begin in a window and lie in it whole, in frames of the recording. */
  const hop = (size - coarse.length) * STEP * factor;
  const window = new Int16Array(2 * size * STEP * factor);
  const read = createPcmReader();
  const found = { left: [] as PromptPlace[], right: [] as PromptPlace[] };
  // Before the beginning there is silence: a prompt may have begun earlier than the recording.
  let filled = 2 * LEAD * factor;
  let at = -LEAD * factor;

  function look(): void {
    const sides = ([0, 1] as const).map((side) => {
      const samples = new Float32Array(filled / 2);
      for (let n = 0; n < samples.length; n++) samples[n] = window[2 * n + side]!;
      return decimate(samples, factor);
    });
    const places = search(sides.map((side) => whitened(decimate(side, STEP))));
    for (const [n, side] of (['left', 'right'] as const).entries()) {
      if (places[n]!.length === 0) continue;
      const heard = { sound: sides[n]!, energies: energiesOf(sides[n]!) };
      for (const place of places[n]!)
        add(found[side], compare(parts, heard, place * STEP), (at * 1000) / rate);
    }
  }

  return {
    write(chunk: Buffer): void {
      const pcm = read(chunk);
      for (let from = 0; from < pcm.length; ) {
        const n = Math.min(window.length - filled, pcm.length - from);
        window.set(pcm.subarray(from, from + n), filled);
        filled += n;
        from += n;
        if (filled < window.length) break;
        look();
        window.copyWithin(0, 2 * hop);
        filled -= 2 * hop;
        at += hop;
      }
    },
    /** To be asked once, at the end: where it was found in each side, in order. */
    result(): { left: PromptPlace[]; right: PromptPlace[] } {
      const end = Math.min(window.length, filled + 2 * LEAD * factor);
      window.fill(0, filled, end);
      filled = end;
      look();
      const inOrder = (a: PromptPlace, b: PromptPlace) => a.fromMs - b.fromMs;
      return { left: found.left.sort(inOrder), right: found.right.sort(inOrder) };
    },
  };
}

function add(found: PromptPlace[], one: PromptPlace | null, begins: number): void {
  if (one === null) return;
  const placed = {
    ...one,
    fromMs: Math.max(0, Math.round(begins + one.fromMs)),
    untilMs: Math.round(begins + one.untilMs),
  };
  const same = found.findIndex(
    (f) => Math.abs(f.fromMs - placed.fromMs) < SAME_MS || Math.abs(f.untilMs - placed.untilMs) < SAME_MS,
  );
  if (same < 0) found.push(placed);
  else if (found[same]!.share < placed.share) found[same] = placed;
}

/** Finds the places at which both sides of a window resemble the prompt most. Both go through one transform, as one complex signal. */
function createSearch(prompt: Float32Array, size: number) {
  const fft = createFft(size);
  const own = { re: new Float64Array(size), im: new Float64Array(size) };
  own.re.set(prompt);
  fft(own.re, own.im);
  const promptEnergy = energyOf(prompt, 0, prompt.length);
  const re = new Float64Array(size);
  const im = new Float64Array(size);

  return (sides: Float32Array[]): [number[], number[]] => {
    re.fill(0).set(sides[0]!);
    im.fill(0).set(sides[1]!);
    fft(re, im);
    // The inverse transform of a spectrum is the conjugate of the transform of its conjugate.
    for (let k = 0; k < size; k++) {
      const [a, b, c, d] = [re[k]!, im[k]!, own.re[k]!, own.im[k]!];
      re[k] = (a * c + b * d) / size;
      im[k] = -(b * c - a * d) / size;
    }
    fft(re, im);
    return [best(re, sides[0]!, 1), best(im, sides[1]!, -1)];
  };

  function best(sums: Float64Array, side: Float32Array, sign: 1 | -1): number[] {
    const energies = energiesOf(side);
    // A prompt that was cut off by the end of the recording begins where it cannot end.
    const last = Math.max(0, side.length - Math.min(prompt.length, COARSE_RATE));
    const likeness = (lag: number): number => {
      const energy = energies[Math.min(side.length, lag + prompt.length)]! - energies[lag]!;
      return energy < promptEnergy * 1e-6 ? 0 : (sign * sums[lag]!) / Math.sqrt(energy * promptEnergy);
    };
    const peaks: { lag: number; r: number }[] = [];
    for (let lag = 0; lag < last; lag++) {
      const r = likeness(lag);
      if (r < CANDIDATE) continue;
      const near = peaks.findIndex((p) => lag - p.lag < COARSE_RATE / 2);
      if (near < 0) peaks.push({ lag, r });
      else if (peaks[near]!.r < r) peaks[near] = { lag, r };
    }
    return peaks
      .sort((a, b) => b.r - a.r)
      .slice(0, MAX_CANDIDATES)
      .map((p) => p.lag);
  }
}

/** A side of a window at `PROMPT_RATE`. */
type Heard = { sound: Float32Array; energies: Float64Array };
type Part = { at: number; samples: Float32Array; energy: number };

/** The half seconds of a prompt in which something is said. */
function partsOf(prompt: Int16Array): Part[] {
  const all: Part[] = [];
  for (let at = 0; at + PART / 2 <= prompt.length; at += PART) {
    const samples = level(Float32Array.from(prompt.subarray(at, at + PART)));
    all.push({ at, samples, energy: energyOf(samples, 0, samples.length) });
  }
  const loudest = Math.max(0, ...all.map((part) => part.energy));
  return all.filter((part) => part.energy > loudest * PAUSE);
}

/** Compares a prompt part by part with what is heard where it may have begun, in samples of `PROMPT_RATE`. */
function compare(parts: Part[], heard: Heard, place: number): PromptPlace | null {
  const tried = parts
    .map((part, n) => ({ n, part }))
    .sort((a, b) => b.part.energy - a.part.energy)
    .slice(0, FIRST_PARTS)
    .map(({ n, part }) => ({ n, ...bestFit(part, heard, place + part.at, SLIP) }))
    .sort((a, b) => b.r - a.r);
  const first = tried[0];
  if (!first || first.r < FITS) return null;
  // From the part that is there most surely in both directions: what has slipped adds up on the way.
  const fits = new Map<number, { r: number; lag: number }>();
  for (const way of [1, -1]) {
    let slip = first.lag - parts[first.n]!.at;
    for (let n = way === 1 ? first.n : first.n - 1; n >= 0 && n < parts.length; n += way) {
      const fit = fitOf(parts[n]!, heard, slip + parts[n]!.at);
      if (fit.r < FITS) continue;
      slip = fit.lag - parts[n]!.at;
      fits.set(n, fit);
    }
  }
  const energy = parts.reduce((sum, part) => sum + part.energy, 0);
  const alike = [...fits].reduce((sum, [n, { r }]) => sum + r * parts[n]!.energy, 0);
  const there = [...fits]
    .sort(([a], [b]) => a - b)
    .map(([n, { lag }]) => ({ from: lag, until: lag + parts[n]!.samples.length }));
  const share = there.length / Math.max(1, parts.length);
  if (share < MIN_SHARE) return null;
  const ms = (sample: number) => (sample * 1000) / PROMPT_RATE;
  return {
    fromMs: ms(there[0]!.from),
    untilMs: ms(there.at(-1)!.until),
    correlation: Math.min(1, alike / energy),
    share,
  };
}

/** A part in whose middle a frame was lost or came in fits in halves. */
function fitOf(part: Part, heard: Heard, expected: number): { r: number; lag: number } {
  const near = bestFit(part, heard, expected, NEAR);
  if (near.r >= ALIKE) return near;
  const whole = bestFit(part, heard, expected, SLIP);
  if (whole.r >= ALIKE) return whole;
  const middle = part.samples.length >> 1;
  const halves = [part.samples.subarray(0, middle), part.samples.subarray(middle)].map((samples, n) => {
    const half = { at: 0, samples, energy: energyOf(samples, 0, samples.length) };
    return { ...bestFit(half, heard, expected + n * middle, SLIP), energy: half.energy };
  });
  const r = halves.reduce((sum, half) => sum + half.r * half.energy, 0) / part.energy;
  return r > whole.r ? { r, lag: halves[1]!.lag - middle } : whole;
}

/** Where a part fits best, `around` samples before to after the place where it is expected: every other one, and then its neighbours. */
function bestFit(
  { samples, energy }: Part,
  { sound, energies }: Heard,
  expected: number,
  around: number,
): { r: number; lag: number } {
  const from = Math.max(0, expected - around);
  const until = Math.min(sound.length - samples.length, expected + around);
  let fit = { r: 0, lag: expected };
  const tryAt = (lag: number) => {
    if (lag < from || lag > until) return;
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += samples[i]! * sound[lag + i]!;
    const square = energies[lag + samples.length]! - energies[lag]!;
    // Silence is like nothing: one step of a 16-bit sample is the least that counts.
    const r = sum / Math.sqrt(energy * Math.max(square, samples.length));
    if (r > fit.r) fit = { r, lag };
  };
  for (let lag = from; lag <= until; lag += 2) tryAt(lag);
  const { lag } = fit;
  tryAt(lag - 1);
  tryAt(lag + 1);
  return fit;
}

/** Energy up to each sample: that of [i, j) is the difference of two. */
function energiesOf(samples: Float32Array): Float64Array {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = sums[i]! + samples[i]! ** 2;
  return sums;
}

function energyOf(samples: Float32Array, from: number, until: number): number {
  let sum = 0;
  for (let i = from; i < until; i++) sum += samples[i]! ** 2;
  return sum;
}

/** Returns the samples of a prompt at `PROMPT_RATE`. `rate`: that of the samples in Hz, a multiple of it. */
export const atPromptRate = (samples: Int16Array, rate: number): Int16Array =>
  Int16Array.from(decimate(Float32Array.from(samples), rate / PROMPT_RATE), (x) =>
    Math.max(-32_768, Math.min(32_767, Math.round(x))),
  );

/** Without its mean. */
function level(samples: Float32Array): Float32Array {
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  return samples.map((x) => x - mean);
}

/** Lower tones are the louder ones in speech: without some of that the peak is sharper. */
function whitened(samples: Float32Array): Float32Array {
  const out = new Float32Array(samples.length);
  for (let i = 1; i < samples.length; i++) out[i] = samples[i]! - 0.9 * samples[i - 1]!;
  return out;
}

/** Keeps every `factor`th sample of what is left below half of the new rate: a windowed sinc whose delay is taken out. */
function decimate(samples: Float32Array, factor: number): Float32Array {
  if (factor === 1) return samples;
  const taps = tapsOf(factor);
  const half = (taps.length - 1) / 2;
  const out = new Float32Array(Math.floor(samples.length / factor));
  for (let n = 0; n < out.length; n++) {
    const from = n * factor - half;
    const until = Math.min(taps.length, samples.length - from);
    let sum = 0;
    for (let k = Math.max(0, -from); k < until; k++) sum += samples[from + k]! * taps[k]!;
    out[n] = sum;
  }
  return out;
}

function tapsOf(factor: number): Float64Array {
  const half = 5 * factor;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const x = (0.9 * (i - half)) / factor;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * (i - half)) / (half + 1)));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}
