import type { Peaks as WaveForm } from '../domain/recording/peaks.js';
import { createPcmReader, levelOf } from './pcm.js';

export type Peaks = WaveForm & {
  /** Samples a side. */
  samples: number;
  /** dBFS (a full-scale square wave is 0), to a hundredth; digital silence is -120. */
  leftRms: number;
  rightRms: number;
  /** Hz */
  rate: number;
};

/** What is kept of a side; a screen shows half of it. Both sides fit into one page of the catalogue. */
const maxPoints = 1800;
/** Points a second, to begin with. */
const perSecond = 50;

/**
 * Draws a wave form from 16-bit little-endian interleaved stereo, cut at any byte, in constant memory. It begins with 50
 * points a second and halves their number each time there would be more than 1800 a side.
 */
export function createPeaks({ rate }: { rate: number }): {
  write(chunk: Buffer): void;
  result(): Peaks;
} {
  let bucket = Math.max(1, Math.round(rate / perSecond)); // samples a point
  let points = 0;
  let inBucket = 0;
  let samples = 0;
  const left = side();
  const right = side();
  const read = createPcmReader();

  function close(): void {
    left.points[points] = left.max;
    right.points[points] = right.max;
    left.max = 0;
    right.max = 0;
    inBucket = 0;
    if (++points < maxPoints) return;
    for (const { points: p } of [left, right]) {
      for (let n = 0; n < maxPoints / 2; n++) p[n] = Math.max(p[2 * n]!, p[2 * n + 1]!);
    }
    points = maxPoints / 2;
    bucket *= 2;
  }

  return {
    write(chunk) {
      const pcm = read(chunk);
      for (let n = 0; n < pcm.length; n += 2) {
        add(left, pcm[n]!);
        add(right, pcm[n + 1]!);
        samples++;
        if (++inBucket === bucket) close();
      }
    },
    result() {
      const draw = ({ points: p, max }: Side) => {
        const all = inBucket ? [...p.subarray(0, points), max] : p.subarray(0, points);
        return Uint8Array.from(all, (peak) => Math.min(255, Math.round((peak * 255) / 32767)));
      };
      return {
        durationMs: (samples * 1000) / rate,
        samples,
        perSecond: rate / bucket,
        left: draw(left),
        right: draw(right),
        leftRms: decibels(left.squares, samples),
        rightRms: decibels(right.squares, samples),
        rate,
      };
    },
  };
}

type Side = { points: Uint16Array; max: number; squares: number };

function side(): Side {
  return { points: new Uint16Array(maxPoints), max: 0, squares: 0 };
}

function add(to: Side, sample: number): void {
  const size = sample < 0 ? -sample : sample;
  if (size > to.max) to.max = size;
  to.squares += sample * sample;
}

function decibels(squares: number, samples: number): number {
  return Math.round(100 * levelOf(squares / Math.max(1, samples))) / 100;
}
