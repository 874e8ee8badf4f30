import type { Heard, SideHeard } from '../domain/recording/quality.js';
import { createEchoMeter } from './echo.js';
import { createHoleMeter } from './holes.js';
import { createPcmReader, levelOf, SILENCE_DB } from './pcm.js';

const FULL = 32_768;
/** Levels are taken of 5 ms for what is lost, and of 10 ms, two of them, for all else. */
const PARTS = 200;
const FRAMES = 100;
/** A frame that never exceeds this is no sound, not even of a line: Opus gives back digital silence as 0 or 1 (of 32768). */
const ZERO = 1;
/** What a coder gives at its limit: mu-law's largest step is 32124, A-law's 32256. */
const CLIP = 31_000;

/** Thresholds of activity, 3 dB apart from -84 dBFS up; a side stays active for 200 ms after each (ITU-T P.56). */
const LOWEST_DB = -84;
const STEP_DB = 3;
const THRESHOLDS = Float64Array.from({ length: 28 }, (_, i) => energyOf(LOWEST_DB + STEP_DB * i));
const HANGOVER = 0.2 * FRAMES;
/** How far active speech lies above the threshold that finds it, in dB (ITU-T P.56). */
const MARGIN = 15.9;
/** Levels in half decibels from -120 to 0. */
const BINS = 241;

/** Mean square of a level, in 16-bit units. */
function energyOf(db: number): number {
  return (FULL * 10 ** (db / 20)) ** 2;
}

/**
 * Measures what a recording sounds like while it is decoded: 16-bit little-endian interleaved stereo at `rate` Hz, cut at
 * any byte, in constant memory.
 */
export function createQualityMeter(rate: number) {
  const perPart = Math.round(rate / PARTS);
  const read = createPcmReader();
  const part = new Int16Array(2 * perPart);
  const left = createSide(perPart);
  const right = createSide(perPart);
  const echoes = createEchoMeter(rate);
  let filled = 0;

  return {
    write(chunk: Buffer): void {
      const samples = read(chunk);
      for (let at = 0; at < samples.length; ) {
        const n = Math.min(part.length - filled, samples.length - at);
        part.set(samples.subarray(at, at + n), filled);
        filled += n;
        at += n;
        if (filled < part.length) return;
        left.add(part, 0);
        right.add(part, 1);
        echoes.add(part);
        filled = 0;
      }
    },
    result: (): Heard => ({
      them: left.result(),
      us: right.result(),
      echoInThem: echoes.echoOf('right'),
      echoInUs: echoes.echoOf('left'),
    }),
  };
}

function createSide(perPart: number) {
  /** Of all frames: how many had which level while so many thresholds were exceeded. */
  const levels = new Uint32Array((THRESHOLDS.length + 1) * BINS);
  const active = new Float64Array(THRESHOLDS.length);
  const quietFor = new Float64Array(THRESHOLDS.length).fill(HANGOVER);
  const holes = createHoleMeter();
  let energy = 0;
  let frames = 0;
  let zeroFrames = 0;
  let clipped = 0;
  let loudest = 0;
  // Of the frame that is being filled.
  let halves = 0;
  let squares = 0;
  let peak = 0;

  function endFrame(): void {
    const mean = squares / (2 * perPart);
    let exceeded = 0;
    while (exceeded < THRESHOLDS.length) {
      if (mean >= THRESHOLDS[exceeded]!) quietFor[exceeded] = 0;
      else if (quietFor[exceeded]! < HANGOVER) quietFor[exceeded]!++;
      else break; // louder ones have not been exceeded for as long
      active[exceeded++]!++;
    }
    levels[exceeded * BINS + Math.round(2 * (levelOf(mean) - SILENCE_DB))]!++;
    frames++;
    energy += mean;
    if (peak <= ZERO) zeroFrames++;
    if (peak > loudest) loudest = peak;
    halves = 0;
    squares = 0;
    peak = 0;
  }

  /** The level while active, and for how much of the time that is (ITU-T P.56, method B). */
  function speech(): { db: number; share: number } {
    let last: { margin: number; db: number; share: number } | null = null;
    for (let i = 0; i < THRESHOLDS.length && active[i]! > 0; i++) {
      const db = levelOf(energy / active[i]!);
      const share = active[i]! / frames;
      const margin = db - (LOWEST_DB + STEP_DB * i);
      if (margin <= MARGIN && last) {
        const part = (last.margin - MARGIN) / (last.margin - margin);
        return { db: last.db + part * (db - last.db), share: last.share + part * (share - last.share) };
      }
      last = { margin, db, share };
      if (margin <= MARGIN) break;
    }
    return last ?? { db: SILENCE_DB, share: 0 };
  }

  /** What is heard half of the time in which nothing is said; of a side that hardly stops, in its quietest moments. */
  function noise(speechDb: number): number {
    const classes = Math.max(0, Math.floor((speechDb - MARGIN - LOWEST_DB) / STEP_DB) + 1);
    const pauses = new Float64Array(BINS);
    const all = new Float64Array(BINS);
    for (let c = 0; c <= THRESHOLDS.length; c++)
      for (let b = 0; b < BINS; b++) {
        all[b]! += levels[c * BINS + b]!;
        if (c < classes) pauses[b]! += levels[c * BINS + b]!;
      }
    const paused = pauses.reduce((sum, n) => sum + n, 0);
    return paused >= FRAMES / 2 ? quantile(pauses, 0.5) : quantile(all, 0.05);
  }

  return {
    /** Every second sample of a part of interleaved stereo, beginning with the first or the second. */
    add(part: Int16Array, from: 0 | 1): void {
      let sum = 0;
      let most = 0;
      for (let i = from; i < part.length; i += 2) {
        const sample = part[i]!;
        const size = sample < 0 ? -sample : sample;
        sum += size * size;
        if (size > most) most = size;
        if (size >= CLIP) clipped++;
      }
      holes.add(levelOf(sum / perPart));
      squares += sum;
      if (most > peak) peak = most;
      if (++halves === 2) endFrame();
    },
    result(): SideHeard {
      const { db, share } = speech();
      const activeFrames = share * frames;
      return {
        speechDb: db,
        noiseDb: frames === 0 ? SILENCE_DB : noise(db),
        peakDb: levelOf(loudest ** 2),
        activeMs: (activeFrames * 1000) / FRAMES,
        activeShare: share,
        zeroShare: frames === 0 ? 1 : zeroFrames / frames,
        clippedShare: activeFrames === 0 ? 0 : clipped / (activeFrames * 2 * perPart),
        lostShare: activeFrames === 0 ? 0 : (holes.ms() * FRAMES) / 1000 / activeFrames,
      };
    },
  };
}

function quantile(levels: Float64Array, share: number): number {
  let left = share * levels.reduce((sum, n) => sum + n, 0);
  for (const [bin, n] of levels.entries()) {
    left -= n;
    if (n > 0 && left <= 0) return bin / 2 + SILENCE_DB;
  }
  return SILENCE_DB;
}
