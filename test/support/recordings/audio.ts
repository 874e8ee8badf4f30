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
  samples instanceof Float32Array ? samples : Float32Array.from(samples, (sample) => sample / 32_768);

/**
 * Reads a 16-bit PCM wav file or its bytes. `dataBytes` is what is there, `declaredBytes` what the header says:
 * they differ when Asterisk was killed while it wrote. Throws on any other format.
 */
export const readWav = (input: string | Buffer): Sound & { declaredBytes: number; dataBytes: number } => {
  const bytes = typeof input === 'string' ? readFileSync(input) : input;
  let rate = 0;
  let count = 0;
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
      const channels = Array.from({ length: count }, (_, channel) =>
        Float32Array.from(
          { length: frames },
          (_, i) => bytes.readInt16LE(at + 8 + (i * count + channel) * 2) / 32_768,
        ),
      );
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
  const input = toFloat(samples);
  return Float32Array.from(input, (_, n) => {
    let sum = 0;
    for (let k = -half; k <= half; k++) sum += (input[n - k] ?? 0) * taps[k + half]!;
    return sum;
  });
};

/** Level in dB below full scale (a full-scale sine is -3.0); -Infinity for digital silence. */
export const rmsDb = (samples: Samples): number => {
  const input = toFloat(samples);
  let sum = 0;
  for (const sample of input) sum += sample * sample;
  return 10 * Math.log10(sum / input.length);
};

/** In place, radix 2; lengths are a power of two. `sign` -1 is forward, 1 is back (not scaled). */
const fft = (re: Float64Array, im: Float64Array, sign: 1 | -1): void => {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    const cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    const sin = Float64Array.from({ length: half }, (_, k) => sign * Math.sin((2 * Math.PI * k) / size));
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < half; k++) {
        const a = start + k;
        const b = a + half;
        const x = re[b]! * cos[k]! - im[b]! * sin[k]!;
        const y = re[b]! * sin[k]! + im[b]! * cos[k]!;
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a] = re[a]! + x;
        im[a] = im[a]! + y;
      }
    }
  }
};

/** Energy up to each sample: energy of [i, j) is e[j] - e[i]. */
const energies = (samples: Float32Array): Float64Array => {
  const sums = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) sums[i + 1] = sums[i]! + samples[i]! ** 2;
  return sums;
};

/** Sum of a[i] * b[i + lag] for every lag, at index lag modulo the returned length. */
const crossSums = (a: Float32Array, b: Float32Array): Float64Array => {
  const n = 2 ** Math.ceil(Math.log2(a.length + b.length));
  const [aRe, aIm, bRe, bIm] = [
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n),
  ];
  aRe.set(a);
  bRe.set(b);
  fft(aRe, aIm, -1);
  fft(bRe, bIm, -1);
  const re = aRe.map((x, i) => x * bRe[i]! + aIm[i]! * bIm[i]!);
  const im = aRe.map((x, i) => x * bIm[i]! - aIm[i]! * bRe[i]!);
  fft(re, im, 1);
  return re.map((x) => x / n);
};

/**
 * How much two sounds are the same, whatever their level and wherever one lies in the other: the highest normalised
 * cross-correlation (0 to 1) over all lags. `lag` is in samples: `b` lags behind `a` by so much. Each lag is judged
 * by the energy of the overlap alone; the overlap has at least half of the shorter one's samples and energy.
 */
export const correlate = (first: Samples, second: Samples): { peak: number; lag: number } => {
  const [a, b] = [toFloat(first), toFloat(second)];
  if (a.length === 0 || b.length === 0) return { peak: 0, lag: 0 };
  const sums = crossSums(a, b);
  const [energyA, energyB] = [energies(a), energies(b)];
  const least = Math.min(a.length, b.length) / 2;
  const floor = Math.min(energyA[a.length]!, energyB[b.length]!) / 2;
  let best = { peak: 0, lag: 0 };
  for (let lag = least - a.length; lag <= b.length - least; lag++) {
    const whole = Math.ceil(lag);
    const from = Math.max(0, -whole);
    const to = Math.min(a.length, b.length - whole);
    const inA = energyA[to]! - energyA[from]!;
    const inB = energyB[to + whole]! - energyB[from + whole]!;
    const longerA = a.length >= b.length;
    // Less than this is the rounding of the sums: next to nothing there is nothing to compare with.
    if (inA <= energyA[a.length]! * 1e-7 || inB <= energyB[b.length]! * 1e-7 || (longerA ? inB : inA) < floor)
      continue;
    const peak = sums[(whole + sums.length) % sums.length]! / Math.sqrt(inA * inB);
    if (peak > best.peak) best = { peak, lag: whole };
  }
  return best;
};

/**
 * How well a spoken prompt is heard in a sound of the same rate, by stretches of 0.3 s, both band-limited. On a busy
 * machine a phone's frame comes late now and then, and Asterisk writes 20 ms of silence in its place: after it the whole
 * does not fit the whole any more, though every word is there. `correlation` is the median of the stretches that have
 * speech, `share` how many of them reach 0.9, `atMs` where the prompt begins, and `slipMs` how far it has slipped by its end.
 */
export const hear = (
  prompt: Samples,
  sound: Samples,
  rate: number,
): { correlation: number; share: number; atMs: number; slipMs: number } => {
  const said = bandLimit(prompt, rate);
  const heard = bandLimit(sound, rate);
  const step = Math.round(0.3 * rate);
  const found = Array.from({ length: Math.floor(said.length / step) }, (_, n) => n * step)
    .filter((from) => rmsDb(said.subarray(from, from + step)) > -35)
    .map((from) => {
      const { peak, lag } = correlate(said.subarray(from, from + step), heard);
      return { peak, ms: ((lag - from) * 1000) / rate };
    });
  const fits = found.filter((f) => f.peak >= 0.9);
  const peaks = found.map((f) => f.peak).sort((a, b) => a - b);
  return {
    correlation: peaks[Math.floor(peaks.length / 2)] ?? 0,
    share: found.length === 0 ? 0 : fits.length / found.length,
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
  const input = toFloat(samples);
  const size = Math.floor(rate * window);
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
  const stretches = toneStretches(samples, rate, tones, window).map(
    ({ what, seconds }) => `${what}*${seconds}`,
  );
  return `${(samples.length / rate).toFixed(2)}s: ${stretches.join(' ')}`;
};
