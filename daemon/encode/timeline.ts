import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { fail } from '../domain/error.js';
import { type Loss, lostMs, placeOf } from '../domain/recording/lost.js';
import { type OpusJob, type OpusSegment, silentSpans } from './opus.js';
import { readWavHeader } from './wav.js';

/** A stretch of a side up to the sample `until`: the samples of a file from `at` on, or silence where `file` is null. */
export type Run = { until: number; file: string | null; at: number };

/**
 * Which sample of which captured file stands where in a recording: what `opusPlan` has ffmpeg put together, without ffmpeg. Of a
 * call in progress it is known as far as its files go, and what is known does not change, unless something is learned of
 * the past.
 */
export type Timeline = {
  /** Hz */
  rate: number;
  /** Samples a side. */
  length: number;
  them: Run[];
  us: Run[];
};

/** Returns the timeline of a job; null for one that only ffmpeg can put together, because it has to be resampled. */
export function timelineOf({ segments, silences = [] }: OpusJob): Timeline | null {
  const rate = segments[0]?.rate;
  if (rate === undefined || segments.some((s) => s.rate !== rate)) return null;
  const samples = (ms: number) => Math.round((ms * rate) / 1000);
  const them: Run[] = [];
  const us: Run[] = [];
  let length = 0;
  for (const segment of segments.toSorted((a, b) => a.offsetMs - b.offsetMs)) {
    const sides = sidesOf(segment, samples);
    if (!sides) return null;
    const start = samples(Math.max(0, segment.offsetMs));
    const end = start + samples(Math.max(sides.them.ms, sides.us.ms));
    const from = Math.max(start, length);
    if (end <= from) continue;
    for (const [runs, side] of [
      [them, sides.them],
      [us, sides.us],
    ] as const) {
      add(runs, { until: from, file: null, at: 0 });
      for (const run of within(side.runs, from - start, end - start))
        add(runs, { ...run, until: start + run.until });
      add(runs, { until: end, file: null, at: 0 });
    }
    length = end;
  }
  if (length === 0) return null;
  const silenced = (runs: Run[], who: 'them' | 'us') =>
    silentSpans(silences, who, rate, length).reduce(
      (whole, { from, to }) =>
        joined([...within(whole, 0, from), { until: to, file: null, at: 0 }, ...within(whole, to, length)]),
      runs,
    );
  return { rate, length, them: silenced(them, 'them'), us: silenced(us, 'us') };
}

/** Whether two timelines are the same up to this sample. */
export const sameUntil = (one: Timeline, two: Timeline, until: number): boolean =>
  one.rate === two.rate &&
  Math.min(one.length, two.length) >= until &&
  (['them', 'us'] as const).every((side) =>
    isDeepStrictEqual(within(one[side], 0, until), within(two[side], 0, until)),
  );

/** Each side of a segment from its own beginning, with silence for what was lost. Null where the losses are in no order. */
function sidesOf(
  { inFile, outFile, inMs, outMs, inLost = [], outLost = [] }: OpusSegment,
  samples: (ms: number) => number,
) {
  const them = sideOf(inFile, inMs, inLost, samples);
  const us = sideOf(outFile, outMs, outLost, samples);
  return them && us && { them, us };
}

function sideOf(
  file: string | null,
  ms: number,
  lost: readonly Loss[],
  samples: (ms: number) => number,
): { ms: number; runs: Run[] } | null {
  if (file === null) return { ms: 0, runs: [] };
  const runs: Run[] = [];
  const end = samples(ms);
  let until = 0;
  let at = 0;
  for (const loss of lost) {
    const place = samples(placeOf(loss));
    if (place <= at || place >= end) return null;
    until += place - at;
    add(runs, { until, file, at });
    at = place;
    until += samples(loss.ms);
    add(runs, { until, file: null, at: 0 });
  }
  add(runs, { until: until + end - at, file, at });
  return { ms: ms + lostMs(lost), runs };
}

const startOf = (runs: readonly Run[], n: number): number => runs[n - 1]?.until ?? 0;

/** Adds a run, which may only go on what the last one is. */
function add(runs: Run[], { until, file, at }: Run): void {
  const start = startOf(runs, runs.length);
  if (until <= start) return;
  const last = runs.at(-1);
  const goesOn =
    last !== undefined &&
    last.file === file &&
    (file === null || last.at + last.until - startOf(runs, runs.length - 1) === at);
  if (goesOn) last.until = until;
  else runs.push({ until, file, at });
}

function joined(runs: readonly Run[]): Run[] {
  const made: Run[] = [];
  for (const run of runs) add(made, { ...run });
  return made;
}

/** The runs between two samples. */
function within(runs: readonly Run[], from: number, until: number): Run[] {
  return runs.flatMap((run, n) => {
    const start = Math.max(from, startOf(runs, n));
    const end = Math.min(until, run.until);
    if (end <= start) return [];
    const at = run.file === null ? 0 : run.at + start - startOf(runs, n);
    return [{ until: end, file: run.file, at }];
  });
}

/** A captured file to read samples of. */
export type SoundFile = {
  /** Fills this with samples from `at` on, and with silence beyond the end of the file. */
  read(at: number, into: Int16Array): Promise<void>;
  close(): Promise<void>;
};

/** Opens a mono wav file of 16 bits. Throws `spool_unreadable` for any other, or one of another rate. */
export async function openSound(path: string, rate: number): Promise<SoundFile> {
  const header = await readWavHeader(path);
  if (header.channels !== 1 || header.bits !== 16 || header.rate !== rate)
    throw fail('spool_unreadable', `${path}: it is not the sound of one side at ${rate} Hz.`);
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const length = header.dataBytes / 2;
  return {
    async read(at, into) {
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      const there = 2 * Math.max(0, Math.min(into.length, length - at));
      let done = 0;
      while (done < there) {
        const from = header.dataOffset + 2 * at + done;
        const { bytesRead } = await handle.read(bytes, done, there - done, from);
        if (bytesRead === 0) throw fail('spool_unreadable', `${path}: it was cut while it was read.`);
        done += bytesRead;
      }
      bytes.fill(0, there);
    },
    close: () => handle.close(),
  };
}

/**
 * The sound of a timeline between two samples, as 16-bit little-endian interleaved stereo, a second at a time. `files` are open:
 * each that the timeline names there. Throws as they do.
 */
export async function* soundOf(
  timeline: Timeline,
  from: number,
  until: number,
  files: ReadonlyMap<string, SoundFile>,
): AsyncGenerator<Buffer> {
  const second = new Int16Array(timeline.rate);
  for (let at = from; at < until; at += timeline.rate) {
    const end = Math.min(until, at + timeline.rate);
    const stereo = new Int16Array(2 * (end - at));
    for (const [n, side] of (['them', 'us'] as const).entries()) {
      let start = at;
      for (const run of within(timeline[side], at, end)) {
        if (run.file !== null) {
          const file = files.get(run.file);
          if (!file) throw fail('internal', 'A captured file is not open.');
          const mono = second.subarray(0, run.until - start);
          await file.read(run.at, mono);
          const first = 2 * (start - at) + n;
          // Millions of samples: with an iterator this took a third of what decoding takes.
          for (let i = 0; i < mono.length; i++) stereo[first + 2 * i] = mono[i]!;
        }
        start = run.until;
      }
    }
    yield Buffer.from(stereo.buffer);
  }
}
