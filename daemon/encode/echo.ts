import type { EchoHeard } from '../domain/recording/quality.js';
import { createFft } from './fft.js';

/** The sound is looked at in 4 kHz, which has most of a voice, and in windows of a second: an echo of 500 ms lies in one. */
const RATE = 4_000;
const WINDOW = 4_096;
/** Sooner than this it is no echo by way of a phone, but the two sides' coding as one stereo stream. In ms. */
const SOONEST = 10;
const LATEST = 500;
/** A window in which the source is quieter than this tells nothing: -45 dBFS. */
const LOUD = (32_768 * 10 ** (-45 / 20)) ** 2 * WINDOW;
/** Windows that are all used; of what follows it is every second, then every fourth and so on. */
const ENOUGH = 64;
/** With fewer than these, two seconds of speech, there is nothing to say. */
const FEWEST = 4;
/** What lies so near to the strongest reflection belongs to it, in ms. */
const NEAR = 8;

/**
 * Looks for the echo of each side in the other, in constant memory. In each window the louder side is the source, and the
 * way from it to the other one is estimated as that which explains the most: the cross spectrum divided by the source's.
 */
export function createEchoMeter(rate: number) {
  const step = Math.max(1, Math.round(rate / RATE));
  const windows = { left: new Float64Array(WINDOW), right: new Float64Array(WINDOW) };
  const paths = { left: createPath(), right: createPath() };
  let at = 0;

  function look(): void {
    const energy = { left: energyOf(windows.left), right: energyOf(windows.right) };
    const source = energy.left >= energy.right ? 'left' : 'right';
    if (energy[source] < LOUD) return;
    paths[source].add(windows[source], windows[source === 'left' ? 'right' : 'left']);
  }

  return {
    /** Interleaved stereo, a whole number of steps. */
    add(part: Int16Array): void {
      for (let i = 0; i < part.length; i += 2 * step) {
        let left = 0;
        let right = 0;
        for (let k = i; k < i + 2 * step; k += 2) {
          left += part[k]!;
          right += part[k + 1]!;
        }
        windows.left[at] = left / step;
        windows.right[at] = right / step;
        if (++at < WINDOW) continue;
        look();
        // The next window has the later half of this one.
        windows.left.copyWithin(0, WINDOW / 2);
        windows.right.copyWithin(0, WINDOW / 2);
        at = WINDOW / 2;
      }
    },
    /** The echo of `source` in the other side, however faint; null when the source was hardly heard. */
    echoOf: (source: 'left' | 'right'): EchoHeard | null => paths[source].echo(rate / step),
  };
}

function createPath() {
  // The spectra of real sound are symmetric: one half is enough.
  const half = WINDOW / 2;
  const cross = { re: new Float64Array(half + 1), im: new Float64Array(half + 1) };
  const own = new Float64Array(half + 1);
  const re = new Float64Array(WINDOW);
  const im = new Float64Array(WINDOW);
  let used = 0;
  let seen = 0;
  let stride = 1;

  return {
    add(source: Float64Array, other: Float64Array): void {
      if (seen++ % stride !== 0) return;
      for (let i = 0; i < WINDOW; i++) {
        re[i] = source[i]! * HANN[i]!;
        im[i] = other[i]! * HANN[i]!;
      }
      fft(re, im);
      // Two real signals in one transform: the first has its even part, the second its odd one.
      for (let k = 0; k <= half; k++) {
        const m = (WINDOW - k) % WINDOW;
        const xr = (re[k]! + re[m]!) / 2;
        const xi = (im[k]! - im[m]!) / 2;
        const yr = (im[k]! + im[m]!) / 2;
        const yi = (re[m]! - re[k]!) / 2;
        own[k]! += xr * xr + xi * xi;
        cross.re[k]! += xr * yr + xi * yi;
        cross.im[k]! += xr * yi - xi * yr;
      }
      if (++used % ENOUGH === 0) stride *= 2;
    },
    echo(rate: number): EchoHeard | null {
      if (used < FEWEST) return null;
      const [from, to] = [SOONEST, LATEST].map((ms) => Math.round((ms * rate) / 1000)) as [number, number];
      const way = wayFrom(own, cross).subarray(from, to);
      let peak = 0;
      for (const [i, x] of way.entries()) if (Math.abs(x) > Math.abs(way[peak]!)) peak = i;
      const near = Math.round((NEAR * rate) / 1000);
      const rest = way.filter((_, i) => Math.abs(i - peak) > near);
      const floor = Math.sqrt(energyOf(rest) / Math.max(1, rest.length));
      return {
        db: -20 * Math.log10(Math.max(1e-6, gainAt(own, cross, from + peak))),
        delayMs: Math.round(((from + peak) * 1000) / rate),
        clearness: floor === 0 ? 0 : Math.abs(way[peak]!) / floor,
      };
    },
  };
}

type Spectrum = { re: Float64Array; im: Float64Array };

/** What becomes of a click on its way from one side to the other, sample by sample. */
function wayFrom(own: Float64Array, cross: Spectrum): Float64Array {
  const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
  const re = new Float64Array(WINDOW);
  const im = new Float64Array(WINDOW);
  for (let k = 0; k < WINDOW; k++) {
    const h = k <= WINDOW / 2 ? k : WINDOW - k;
    // Where the source has next to nothing, nothing is to be learnt: that keeps its noise out.
    const by = own[h]! + mean / 20;
    re[k] = cross.re[h]! / by;
    // The inverse of a spectrum is the transform of its conjugate.
    im[k] = (k <= WINDOW / 2 ? -1 : 1) * (cross.im[h]! / by);
  }
  fft(re, im);
  return re.map((x) => x / WINDOW);
}

/** How much of the source is in the other side after so many samples: their correlation by the source's own energy. */
function gainAt(own: Float64Array, cross: Spectrum, lag: number): number {
  let same = 0;
  let energy = 0;
  for (let k = 0; k < own.length; k++) {
    const turn = (2 * Math.PI * k * lag) / WINDOW;
    same += cross.re[k]! * Math.cos(turn) - cross.im[k]! * Math.sin(turn);
    energy += own[k]!;
  }
  // The window of the other side lies so much later: less of both is in it.
  return Math.abs(same) / energy / (1 - lag / WINDOW);
}

function energyOf(samples: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! ** 2;
  return sum;
}

const HANN = Float64Array.from(
  { length: WINDOW },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW),
);
const fft = createFft(WINDOW);
