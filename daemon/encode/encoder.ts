import { PassThrough, type Readable } from 'node:stream';
import { fail, type TapedeckError } from '../domain/error.js';
import type { AdoptPlan, Foreign } from './adopt.js';
import { redactionFault } from './compare.js';
import type { Rate } from './decoded.js';
import type { Ffmpeg, FfmpegRun } from './ffmpeg.js';
import { createMeasuring, type Listener, type Measured, type Measurement, TOLERANCE } from './measuring.js';
import { type OpusPlan, type RecodePlan, type Silence, type SoundForm, soundPlan } from './opus.js';
import { withSides } from './sides.js';

/** ffmpeg encodes at 100 times real time; one that takes so long hangs. In ms. */
export const limitFor = (audioMs: number) => 60_000 + audioMs / 2;

/** Bytes that ffmpeg may make of so much audio: four times what the bit rate comes to. More would only fill the disk. */
const mostBytes = (bitrate: number, expectedMs: number) =>
  2 ** 20 + (4 * Math.max(bitrate, WIDEBAND_BITRATE) * expectedMs) / 8_000;
const WIDEBAND_BITRATE = 26_000;
/** How long an encoding whose sound is still coming may take, in ms. */
const LONGEST_MS = 12 * 3_600_000;
/** What waits for ffmpeg, in bytes. */
const AHEAD = 64 << 10;

/** `expectedMs`: how long what has been given to ffmpeg is. `rate` is in Hz, `bitrate` in bits a second. */
type Planned = { expectedMs: () => number; rate: Rate; bitrate: number };
const rateOf = (rate: number): Rate => (rate > 8_000 ? 16_000 : 8_000);
const planned = ({
  expectedMs,
  rate,
  job,
}: Pick<OpusPlan, 'expectedMs' | 'rate'> & { job: { bitrate: number } }): Planned => ({
  ...{ rate: rateOf(rate), bitrate: job.bitrate },
  expectedMs: () => expectedMs,
});
type Sink<T> = (ogg: AsyncIterable<Uint8Array>) => Promise<T>;

export type Encoder = ReturnType<typeof createEncoder>;
/** What the sink has made of it, and what it sounds like. */
export type Encoded<T> = Measured & { written: T };
/** An encoding whose sound is still coming: 16-bit little-endian interleaved stereo. */
export type LiveEncoding<T> = {
  /** Resolves when there is room for more. Throws what `end` would, where that is known. */
  write(chunk: Buffer): Promise<void>;
  /** That was all. */
  end(): Promise<Encoded<T>>;
  /** Nothing is left of it when this resolves, but for what the sink leaves. Never rejects. */
  stop(): Promise<void>;
};

/**
 * Encodes, and believes only what it hears: the very bytes that go to `sink` are decoded while they go there, and measured,
 * and the last of them are given only once their length is the plan's. `limit` is how long ffmpeg may take for so many
 * ms of audio, in ms; `begin` starts the thread that measures, for tests.
 */
export function createEncoder({
  ffmpeg,
  limit = limitFor,
  begin: beginThread,
}: {
  ffmpeg: Ffmpeg;
  limit?: (audioMs: number) => number;
  begin?: Parameters<typeof createMeasuring>[0];
}) {
  const measuring = createMeasuring(beginThread);

  async function run<T>(
    plan: Planned,
    begin: (limitMs: number) => FfmpegRun,
    sink: Sink<T>,
    also?: Listener,
    limitMs = limit(plan.expectedMs()),
  ): Promise<Encoded<T>> {
    const encoder = begin(limitMs);
    /** Why ffmpeg was stopped at once: it gives more than there can be, or nothing measures it. */
    let stopped: TapedeckError | null = null;
    const giveUp = (problem: TapedeckError): TapedeckError => {
      stopped = problem;
      encoder.kill();
      return problem;
    };
    const measurement = measuring.begin(plan.rate, giveUp, also);
    const hear = (ogg: Buffer) => measurement.write(ogg, plan.expectedMs());
    const verified = measurement.result.then(({ peaks: { durationMs } }) => {
      const expectedMs = plan.expectedMs();
      if (Math.abs(durationMs - expectedMs) > TOLERANCE)
        throw fail('encode_short', `${Math.round(durationMs)} ms of ${Math.round(expectedMs)} ms.`);
    });
    let left = false;
    /** What there was is not heard to its end. */
    const leave = () => {
      left = measurement.leave() || left;
    };
    async function* bounded(ogg: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      let bytes = 0;
      for await (const chunk of ogg) {
        bytes += chunk.length;
        const most = mostBytes(plan.bitrate, plan.expectedMs());
        if (bytes > most) throw giveUp(fail('encode_failed', `It gave more than ${Math.round(most)} bytes.`));
        yield chunk;
      }
    }
    const written = sink(overheard(withSides(bounded(encoder.stdout)), hear, measurement, verified, leave));
    // A sink that fails before it takes anything, as on a read-only disk, leaves nothing to measure.
    written.catch(leave);
    try {
      await Promise.all([written, encoder.done, verified]);
      return { written: await written, ...(await measurement.result) };
    } catch (e) {
      // One fault brings the others down; the first of them is the one to tell.
      const first = cause(encoder.stdout.errored);
      encoder.kill();
      const [sunk, heard] = await Promise.allSettled([written, verified, encoder.done]);
      const unheard = heard.status === 'rejected' && !left ? heard.reason : null;
      throw stopped ?? first ?? unheard ?? (sunk.status === 'rejected' ? sunk.reason : e);
    }
  }

  return {
    /**
     * Throws ffmpeg_missing, encode_failed or encode_short, and what `sink` and `also` throw. No process is left then. `also` hears
     * what is measured.
     */
    encode: <T>(plan: OpusPlan, sink: Sink<T>, also?: Listener) =>
      run(planned(plan), (limitMs) => ffmpeg.encode(plan, limitMs), sink, also),

    /**
     * The same for sound that comes as it is captured: `end` throws what `encode` does. One that is not ended has to be stopped.
     */
    begin<T>(form: SoundForm, sink: Sink<T>): LiveEncoding<T> {
      const source = new PassThrough({ highWaterMark: AHEAD });
      source.on('error', () => {}); // `made` tells
      let bytes = 0;
      const expectedMs = () => (bytes * 1000) / (form.rate * 4);
      const plan = { bitrate: form.bitrate, rate: rateOf(form.rate), expectedMs };
      let running: FfmpegRun | null = null;
      const encoding = (limitMs: number) => {
        running = ffmpeg.sound(soundPlan(form), source, limitMs);
        return running;
      };
      /** Kills an ffmpeg that has not finished some work in time, so that nobody waits for one that hangs. */
      const soon = async <R>(work: Promise<R>, audioMs: number): Promise<R> => {
        const timer = setTimeout(() => running?.kill(), limit(audioMs));
        return work.finally(() => clearTimeout(timer));
      };
      const made = run(plan, encoding, sink, undefined, LONGEST_MS);
      made.catch(() => source.destroy());
      return {
        async write(chunk) {
          if (source.destroyed) return void (await made);
          bytes += chunk.length;
          if (!source.write(chunk)) await soon(roomIn(source), 0);
        },
        end() {
          if (!source.destroyed) source.end();
          return soon(made, 0);
        },
        async stop() {
          source.destroy(new Error('It is wanted no more'));
          await made.catch(() => {});
        },
      };
    },

    /** The same for a recording that is to be made again with silences; throws what `source` fails with, too. */
    recode: <T>(plan: RecodePlan, source: Readable, sink: Sink<T>) =>
      run(planned(plan), (limitMs) => ffmpeg.recode(plan, source, limitMs), sink),

    /** The same for a file of another recorder. */
    adopt: <T>(plan: AdoptPlan, source: Readable, sink: Sink<T>) =>
      run(planned(plan), (limitMs) => ffmpeg.adopt(plan, source, limitMs), sink),

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

    /** Decodes Ogg Opus up to `untilMs` and passes what is heard to `also`, as `encode` does. */
    async hear(source: Readable, rate: number, untilMs: number, also: Listener): Promise<void> {
      let left = (untilMs * rate * 4) / 1000;
      const take: Listener = async (chunk) => {
        if (left > 0) await also(chunk);
        left -= chunk.length;
      };
      const measurement = measuring.begin(rateOf(rate), () => {}, take);
      try {
        for await (const chunk of source) {
          await measurement.write(chunk, Number.POSITIVE_INFINITY);
          if (left <= 0) return;
        }
        measurement.end();
        await measurement.result;
      } finally {
        measurement.leave();
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

/** A stream that is passed on unchanged, each piece measured on its way. It ends once `verified` has. */
async function* overheard(
  source: AsyncIterable<Buffer>,
  hear: (chunk: Buffer) => Promise<void>,
  { end }: Pick<Measurement, 'end'>,
  verified: Promise<void>,
  leave: () => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of source) {
      await hear(chunk);
      yield chunk;
    }
    end();
    await verified;
  } finally {
    leave();
  }
}

/** Settles once it takes more, or has closed. */
function roomIn(stream: PassThrough): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const goOn = () => {
      stream.off('drain', goOn).off('close', goOn);
      resolve();
    };
    stream.on('drain', goOn).on('close', goOn);
  });
}
