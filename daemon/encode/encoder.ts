import { PassThrough, type Readable } from 'node:stream';
import { fail, type TapedeckError } from '../domain/error.js';
import type { Heard } from '../domain/recording/quality.js';
import type { AdoptPlan, Foreign } from './adopt.js';
import { redactionFault } from './compare.js';
import type { Ffmpeg, FfmpegRun } from './ffmpeg.js';
import type { OpusPlan, RecodePlan, Silence } from './opus.js';
import { createPeaks, type Peaks } from './peaks.js';
import { createQualityMeter } from './quality.js';
import { withSides } from './sides.js';

/** How far the decoded length may be from what was planned, in ms. */
const TOLERANCE = 100;
/** A last piece that lies across the end is told by its length, in bytes. */
const BLOCK = 64 << 10;

/** ffmpeg encodes at 100 times real time; one that takes so long hangs. In ms. */
const limitFor = (audioMs: number) => 60_000 + audioMs / 2;

/** Bytes that ffmpeg may make of so much audio: four times what the bit rate comes to. More would only fill the disk. */
const mostBytes = ({ job, expectedMs }: Planned) =>
  2 ** 20 + (4 * Math.max(job.bitrate, WIDEBAND_BITRATE) * expectedMs) / 8_000;
const WIDEBAND_BITRATE = 26_000;

type Planned = Pick<OpusPlan, 'expectedMs' | 'rate'> & { job: { bitrate: number } };
type Sink<T> = (ogg: AsyncIterable<Uint8Array>) => Promise<T>;
/** Is given what is decoded of the sealed bytes: 16-bit little-endian interleaved stereo at the plan's rate, cut at any byte. */
type Listener = (chunk: Buffer) => void | Promise<void>;

export type Encoder = ReturnType<typeof createEncoder>;

/**
 * Encodes, and believes only what it hears: the very bytes that go to `sink` are decoded on another core and measured,
 * and the last of them are given only once their length is the plan's. `limit` is how long ffmpeg may take for so many
 * ms of audio, in ms.
 */
export function createEncoder({
  ffmpeg,
  limit = limitFor,
}: {
  ffmpeg: Ffmpeg;
  limit?: (audioMs: number) => number;
}) {
  async function run<T>(
    plan: Planned,
    begin: (limitMs: number) => FfmpegRun,
    sink: Sink<T>,
    also?: Listener,
  ): Promise<{ written: T; peaks: Peaks; heard: Heard }> {
    const limitMs = limit(plan.expectedMs);
    const encoder = begin(limitMs);
    const ear = new PassThrough();
    const decoder = ffmpeg.decode(ear, plan.rate, limitMs);
    const peaks = createPeaks({ rate: plan.rate });
    const quality = createQualityMeter(plan.rate);
    /** ffmpeg gives more than there can be: it is stopped at once. */
    let excess: TapedeckError | null = null;
    const exceeded = (problem: TapedeckError): TapedeckError => {
      excess = problem;
      encoder.kill();
      decoder.kill();
      return problem;
    };
    let toHear = ((plan.expectedMs + TOLERANCE) * plan.rate * 4) / 1000 + BLOCK;
    const hear = async (chunk: Buffer) => {
      if (excess) return;
      toHear -= chunk.length;
      if (toHear < 0)
        return void exceeded(
          fail('encode_short', `More than ${Math.round(plan.expectedMs)} ms were decoded.`),
        );
      peaks.write(chunk);
      quality.write(chunk);
      await also?.(chunk);
    };
    const listened = Promise.all([listen(decoder.stdout, hear), decoder.done]);
    const verified = listened.then(() => {
      const { durationMs } = peaks.result();
      if (Math.abs(durationMs - plan.expectedMs) > TOLERANCE)
        throw fail('encode_short', `${Math.round(durationMs)} ms of ${Math.round(plan.expectedMs)} ms.`);
    });
    let left = false;
    const leave = () => {
      left = true;
      ear.destroy();
    };
    const most = mostBytes(plan);
    async function* bounded(ogg: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let bytes = 0;
      for await (const chunk of ogg) {
        bytes += chunk.length;
        if (bytes > most)
          throw exceeded(fail('encode_failed', `It gave more than ${Math.round(most)} bytes.`));
        yield chunk;
      }
    }
    const written = sink(overheard(withSides(bounded(encoder.stdout)), ear, verified, leave));
    try {
      await Promise.all([written, encoder.done, verified]);
      return { written: await written, peaks: peaks.result(), heard: quality.result() };
    } catch (e) {
      // One fault brings the others down; the first of them is the one to tell.
      const first = cause(encoder.stdout.errored) ?? (left ? null : decoder.stdout.errored);
      encoder.kill();
      decoder.kill();
      const [sunk] = await Promise.allSettled([written, encoder.done, decoder.done]);
      throw excess ?? first ?? (sunk.status === 'rejected' ? sunk.reason : e);
    }
  }

  return {
    /**
     * Throws ffmpeg_missing, encode_failed or encode_short, and what `sink` and `also` throw. No process is left then. `also` hears
     * what is measured.
     */
    encode: <T>(plan: OpusPlan, sink: Sink<T>, also?: Listener) =>
      run(plan, (limitMs) => ffmpeg.encode(plan, limitMs), sink, also),

    /** The same for a recording that is to be made again with silences; throws what `source` fails with, too. */
    recode: <T>(plan: RecodePlan, source: Readable, sink: Sink<T>) =>
      run(plan, (limitMs) => ffmpeg.recode(plan, source, limitMs), sink),

    /** The same for a file of another recorder. */
    adopt: <T>(plan: AdoptPlan, source: Readable, sink: Sink<T>) =>
      run(plan, (limitMs) => ffmpeg.adopt(plan, source, limitMs), sink),

    /** Decodes a file of another recorder, as far as `read` takes it: a wav file of 16 bits. No process is left then. */
    async measure<T>(
      source: Readable,
      foreign: Foreign,
      read: (wav: AsyncIterable<Buffer>) => Promise<T>,
      limitMs: number,
    ): Promise<T> {
      const decoder = ffmpeg.measure(source, foreign, limitMs);
      decoder.done.catch(() => {});
      try {
        const found = await read(decoder.stdout);
        await decoder.done;
        return found;
      } finally {
        decoder.kill();
      }
    },

    /** What is wrong with a redacted recording beside the one that it was made of; null for nothing. Both are Ogg Opus. */
    async redactionFault(
      older: Readable,
      newer: Readable,
      { rate, silences, durationMs }: { rate: number; silences: readonly Silence[]; durationMs: number },
    ): Promise<string | null> {
      const runs = [older, newer].map((source) => ffmpeg.decode(source, rate, limit(durationMs)));
      const [one, two] = runs as [FfmpegRun, FfmpegRun];
      for (const { done } of runs) done.catch(() => {});
      try {
        const fault = await redactionFault({ older: one.stdout, newer: two.stdout, rate, silences });
        if (fault === null) await Promise.all([one.done, two.done]);
        return fault;
      } finally {
        for (const { kill } of runs) kill();
      }
    },
  };
}

/** A stream that its reader has left fails with an AbortError, which says nothing: the reader knows why. */
const cause = (error: Error | null): Error | null => (error?.name === 'AbortError' ? null : error);

/** A stream that is passed on unchanged, each piece given to a second listener first. It ends once `verified` has. */
async function* overheard(
  source: AsyncIterable<Buffer>,
  ear: PassThrough,
  verified: Promise<void>,
  leave: () => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) {
      // A listener that has had enough is closed, and takes no more.
      if (!ear.destroyed && !ear.write(chunk)) await roomIn(ear);
      yield chunk;
    }
    if (!ear.destroyed) ear.end();
    await verified;
  } finally {
    // Left early, by a fault on either side: the listener must not wait for more.
    if (!ear.writableEnded && !ear.destroyed) leave();
  }
}

/** Settles once it takes more, or has closed. */
function roomIn(ear: PassThrough): Promise<void> {
  if (ear.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const goOn = () => {
      ear.off('drain', goOn).off('close', goOn);
      resolve();
    };
    ear.on('drain', goOn).on('close', goOn);
  });
}

async function listen(source: Readable, write: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of source) await write(chunk as Buffer);
}
