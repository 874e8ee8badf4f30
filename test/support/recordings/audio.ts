import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Sound as the tests hear it: Int16 full scale is 32768, Float32 full scale is 1. */
export type Samples = Int16Array | Float32Array;

export type Sound = {
  /** Hz */
  rate: number;
  /** one Float32Array per channel, full scale 1 */
  channels: Float32Array[];
  /** seconds */
  seconds: number;
};

/** Float32 samples of full scale 1. */
export const toFloat = (samples: Samples): Float32Array =>
  samples instanceof Float32Array ? samples : new Float32Array(samples).map((sample) => sample / 32_768);

/** The first frames of 16-bit interleaved samples, each channel apart. */
export const channelsOf = (pcm: Buffer, count: number, frames: number): Float32Array[] =>
  Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(frames);
    for (let i = 0; i < frames; i++) samples[i] = pcm.readInt16LE((i * count + channel) * 2) / 32_768;
    return samples;
  });

/**
 * Reads a 16-bit PCM wav file or its bytes. `dataBytes` is what is there, `declaredBytes` what the header says:
 * they differ when Asterisk was killed while it wrote. Throws on any other format.
 */
export const readWav = (input: string | Buffer): Sound & { declaredBytes: number; dataBytes: number } => {
  const bytes = typeof input === 'string' ? readFileSync(input) : input;
  let [rate, count] = [0, 0];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const declaredBytes = bytes.readUInt32LE(at + 4);
    if (id === 'fmt ') {
      count = bytes.readUInt16LE(at + 10);
      rate = bytes.readUInt32LE(at + 12);
      const bits = bytes.readUInt16LE(at + 22);
      if (bits !== 16) throw new Error(`wav of ${bits} bits`);
    }
    if (id === 'data') {
      const rest = bytes.length - at - 8;
      // A pipe cannot know its length (0xffffffff), and a killed writer did not come to write it (0).
      const dataBytes = declaredBytes === 0 || declaredBytes > rest ? rest : declaredBytes;
      const frames = Math.floor(dataBytes / (2 * count));
      const channels = channelsOf(bytes.subarray(at + 8), count, frames);
      return { rate, channels, seconds: frames / rate, declaredBytes, dataBytes };
    }
    at += 8 + declaredBytes + (declaredBytes & 1);
  }
  throw new Error('no data in the wav file');
};

/**
 * Decodes whatever ffmpeg can read, a file or bytes, to `rate` Hz (its own rate when left out), each channel apart.
 * Throws with ffmpeg's words.
 */
export const decode = (input: string | Buffer, rate?: number): Promise<Sound> =>
  new Promise((resolve, reject) => {
    const source = typeof input === 'string' ? `file:${input}` : 'pipe:0';
    // ffmpeg's own decoder turns some recordings to noise, steady tones above all; browsers play what libopus decodes.
    const head = typeof input === 'string' ? input : input.toString('latin1', 0, 64);
    const decoder = /OpusHead|\.opus$/.test(head) ? ['-c:a', 'libopus'] : [];
    const resample = rate === undefined ? [] : ['-ar', String(rate)];
    const args = [
      '-v',
      'error',
      ...decoder,
      '-i',
      source,
      '-map',
      '0:a:0',
      ...resample,
      '-c:a',
      'pcm_s16le',
      '-f',
      'wav',
      'pipe:1',
    ];
    const child = spawn('ffmpeg', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(readWav(Buffer.concat(out)));
      else reject(new Error(`ffmpeg: ${Buffer.concat(err).toString().trim()}`));
    });
    // ffmpeg may have enough before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(typeof input === 'string' ? undefined : input);
  });

/**
 * Keeps the telephone band, `low` to `high` Hz: a linear-phase FIR of 201 taps (Blackman window), its delay taken
 * out, so that nothing moves in time. At 8 kHz it is 6 dB down at the edges and over 60 dB down 150 Hz outside them.
 */
export const bandLimit = (samples: Samples, rate: number, low = 300, high = 3400): Float32Array => {
  const half = 100;
  const lowPass = (hz: number, n: number): number => {
    const x = (2 * hz) / rate;
    return n === 0 ? x : Math.sin(Math.PI * x * n) / (Math.PI * n);
  };
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const phase = (Math.PI * i) / half;
    const window = 0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase);
    return window * (lowPass(Math.min(high, rate / 2), i - half) - lowPass(low, i - half));
  });
  // Silence before and after it, so that the innermost loop has nothing to ask.
  const padded = new Float32Array(samples.length + 2 * half);
  padded.set(toFloat(samples), half);
  const out = new Float32Array(samples.length);
  for (let n = 0; n < out.length; n++) {
    let sum = 0;
    // The filter is symmetric: it does not matter from which end it is read.
    for (let k = 0; k <= 2 * half; k++) sum += padded[n + k]! * taps[k]!;
    out[n] = sum;
  }
  return out;
};

/** Level in dB below full scale (a full-scale sine is -3.0); -Infinity for digital silence. */
export const rmsDb = (samples: Samples): number => {
  const input = toFloat(samples);
  let sum = 0;
  for (const sample of input) sum += sample * sample;
  return 10 * Math.log10(sum / input.length);
};

type Complex = { re: Float64Array; im: Float64Array };
/** Half a turn of the unit circle by length of the transform: sines cost more than the transform itself. */
const circles = new Map<number, Complex>();

const circleOf = (n: number): Complex => {
  const known = circles.get(n);
  if (known) return known;
  const re = Float64Array.from({ length: n / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const im = Float64Array.from({ length: n / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / n));
  circles.set(n, { re, im });
  return { re, im };
};

const reversed = (re: Float64Array, im: Float64Array): void => {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const [x, y] = [re[i]!, im[i]!];
      re[i] = re[j]!;
      im[i] = im[j]!;
      re[j] = x;
      im[j] = y;
    }
  }
};

/** In place, radix 2, forward; lengths are a power of two. With `re` and `im` exchanged it is the way back (not scaled). */
const fft = (re: Float64Array, im: Float64Array): void => {
  const n = re.length;
  const circle = circleOf(n);
  reversed(re, im);
  for (let half = 1, turn = n >> 1; half < n; half *= 2, turn >>= 1)
    for (let start = 0; start < n; start += 2 * half)
      for (let k = 0, at = 0; k < half; k++, at += turn) {
        const a = start + k;
        const b = a + half;
        const [c, s] = [circle.re[at]!, circle.im[at]!];
        const x = re[b]! * c - im[b]! * s;
        const y = re[b]! * s + im[b]! * c;
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a]! += x;
        im[a]! += y;
      }
};

/** Energy up to each sample: energy of [i, j) is e[j] - e[i]. */
const energies = (samples: Float32Array): Float64Array => {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = sums[i]! + samples[i]! ** 2;
  return sums;
};

/** Spectrum of samples, the first at `from`, in a transform of `n`; outside of them is silence. */
const spectrum = (samples: Float32Array, from: number, n: number): Complex => {
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  re.set(samples.subarray(Math.max(0, from), Math.max(0, from + n)), Math.max(0, -from));
  fft(re, im);
  return { re, im };
};

/** A long sound in pieces, into each of which any sound of up to `length` samples can be fitted: prepared once for many. */
type Pieces = { sound: Float32Array; energy: Float64Array; length: number; n: number; pieces: Complex[] };

const inPieces = (sound: Float32Array, length: number): Pieces => {
  const n = Math.min(
    2 ** Math.ceil(Math.log2(sound.length + 2 * length)),
    2 ** Math.ceil(Math.log2(4 * length)),
  );
  const step = n - length + 1;
  // From the lag at which the other one ends where this one begins, to that at which it begins where this one ends.
  const count = Math.ceil((sound.length + length) / step);
  const pieces = Array.from({ length: count }, (_, i) => spectrum(sound, i * step - length, n));
  return { sound, energy: energies(sound), length, n, pieces };
};

/** Sum of part[i] * sound[i + lag] for every lag from -length on, at index lag + length. */
const crossSums = (part: Float32Array, { pieces, n, length, sound }: Pieces): Float64Array => {
  const step = n - length + 1;
  const sums = new Float64Array(sound.length + length + 2 * n);
  const of = spectrum(part, 0, n);
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  // The sums are real: one transform back has those of two pieces, one of them as its imaginary part.
  for (let i = 0; i < pieces.length; i += 2) {
    const [one, two] = [pieces[i]!, pieces[i + 1]];
    for (let k = 0; k < n; k++) {
      const [c, s] = [of.re[k]! / n, of.im[k]! / n];
      re[k] = c * one.re[k]! + s * one.im[k]!;
      im[k] = c * one.im[k]! - s * one.re[k]!;
      if (!two) continue;
      re[k]! -= c * two.im[k]! - s * two.re[k]!;
      im[k]! += c * two.re[k]! + s * two.im[k]!;
    }
    fft(im, re);
    sums.set(re.subarray(0, step), i * step);
    if (two) sums.set(im.subarray(0, step), (i + 1) * step);
  }
  return sums;
};

/** See `correlate`; `a` is the shorter one, or as long. */
const correlateIn = (a: Float32Array, b: Pieces): { peak: number; lag: number } => {
  const sums = crossSums(a, b);
  const energyA = energies(a);
  const energyB = b.energy;
  const [lengthA, lengthB] = [a.length, b.sound.length];
  const least = lengthA / 2;
  const [allA, allB] = [energyA[lengthA]!, energyB[lengthB]!];
  const floor = Math.min(allA, allB) / 2;
  let best = { peak: 0, lag: 0 };
  for (let lag = Math.ceil(least - lengthA); lag <= lengthB - least; lag++) {
    const sum = sums[lag + b.length]!;
    if (sum <= 0) continue;
    const from = Math.max(0, -lag);
    const to = Math.min(lengthA, lengthB - lag);
    const inA = energyA[to]! - energyA[from]!;
    const inB = energyB[to + lag]! - energyB[from + lag]!;
    // Less than this is the rounding of the sums: next to nothing there is nothing to compare with.
    if (inA <= allA * 1e-7 || inB <= allB * 1e-7 || (lengthA === lengthB ? inB : inA) < floor) continue;
    const peak = sum / Math.sqrt(inA * inB);
    if (peak > best.peak) best = { peak, lag };
  }
  return best;
};

/**
 * How much two sounds are the same, whatever their level and wherever one lies in the other: the highest normalised
 * cross-correlation (0 to 1) over all lags. `lag` is in samples: `b` lags behind `a` by so much. Each lag is judged
 * by the energy of the overlap alone; the overlap has at least half of the shorter one's samples and energy.
 */
export const correlate = (first: Samples, second: Samples): { peak: number; lag: number } => {
  const [a, b] = [toFloat(first), toFloat(second)];
  if (a.length === 0 || b.length === 0) return { peak: 0, lag: 0 };
  if (a.length <= b.length) return correlateIn(a, inPieces(b, a.length));
  const { peak, lag } = correlateIn(b, inPieces(a, b.length));
  return { peak, lag: 0 - lag };
};

/**
 * How well a spoken prompt is heard in a sound of the same rate, by stretches of 0.3 s, both band-limited. On a busy
 * machine a phone's frame comes late now and then, and Asterisk writes 20 ms of silence in its place: after it the whole
 * does not fit the whole any more, though every word is there. `correlation` is the median of the stretches that have
 * speech, `share` how many of those `stretches` reach 0.9, `atMs` where the prompt begins, `slipMs` how far it slips to its end.
 */
export const hear = (
  prompt: Samples,
  sound: Samples,
  rate: number,
): { correlation: number; share: number; stretches: number; atMs: number; slipMs: number } => {
  const said = bandLimit(prompt, rate);
  const step = Math.round(0.3 * rate);
  const heard = bandLimit(sound, rate);
  const pieces = heard.length < step ? null : inPieces(heard, step);
  const found = Array.from({ length: Math.floor(said.length / step) }, (_, n) => n * step)
    .filter((from) => rmsDb(said.subarray(from, from + step)) > -35)
    .map((from) => {
      const stretch = said.subarray(from, from + step);
      const { peak, lag } = pieces ? correlateIn(stretch, pieces) : correlate(stretch, heard);
      return { peak, ms: ((lag - from) * 1000) / rate };
    });
  const fits = found.filter((f) => f.peak >= 0.9);
  const peaks = found.map((f) => f.peak).sort((a, b) => a - b);
  return {
    correlation: peaks[Math.floor(peaks.length / 2)] ?? 0,
    share: found.length === 0 ? 0 : fits.length / found.length,
    stretches: found.length,
    atMs: fits[0]?.ms ?? Number.NaN,
    slipMs: fits.length === 0 ? Number.NaN : fits.at(-1)!.ms - fits[0]!.ms,
  };
};

/** Amplitude of one frequency, full scale 1 (Goertzel). */
export const amplitude = (samples: Float32Array, hz: number, rate: number): number => {
  const c = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [s1, s2] = [0, 0];
  for (const sample of samples) [s2, s1] = [s1, sample + c * s1 - s2];
  return (2 * Math.sqrt(Math.max(0, s1 * s1 + s2 * s2 - c * s1 * s2))) / samples.length;
};

export type ToneStretch = { what: string; seconds: number };

/**
 * Who is heard when: for each `window` (seconds) the names of the tones in it joined by `+`, `~` for other sound, `.` for
 * digital silence; equal neighbours are one stretch. `tones` names frequencies (Hz).
 */
export const toneStretches = (
  samples: Samples,
  rate: number,
  tones: Record<string, number>,
  window = 0.5,
): ToneStretch[] => {
  const [input, size] = [toFloat(samples), Math.floor(rate * window)];
  const stretches: ToneStretch[] = [];
  for (let at = 0; at + size <= input.length; at += size) {
    const part = input.subarray(at, at + size);
    const names = Object.keys(tones).filter((name) => amplitude(part, tones[name]!, rate) > 0.012);
    const what = names.join('+') || (rmsDb(part) < -76 ? '.' : '~');
    const last = stretches.at(-1);
    if (last?.what === what) last.seconds += window;
    else stretches.push({ what, seconds: window });
  }
  return stretches;
};

/** `toneStretches` in one line, for people: `9.02s: 100*3 .*0.5 ~*2.5`. */
export const toneMap = (
  samples: Samples,
  rate: number,
  tones: Record<string, number>,
  window = 0.5,
): string => {
  const told = toneStretches(samples, rate, tones, window).map((s) => `${s.what}*${s.seconds}`);
  return `${(samples.length / rate).toFixed(2)}s: ${told.join(' ')}`;
};
