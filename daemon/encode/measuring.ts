import type { Worker } from 'node:worker_threads';
import { type ErrorCode, fail, type TapedeckError } from '../domain/error.js';
import type { Heard } from '../domain/recording/quality.js';
import { startThread } from '../ops/process/thread.js';
import { outcome } from '../ops/turns.js';
import type { Rate } from './decoded.js';
import type { Peaks } from './peaks.js';

/** What is asked of the thread about the recording `id`: to begin, to go on, and to finish it or leave it. */
export type MeasuringAsked = { id: number } & (
  | { begin: { rate: Rate; tell: boolean } }
  | { ogg: Uint8Array; plannedMs: number }
  | { end: 'whole' | 'left' }
);
/** `taken`: bytes of Ogg that were decoded. `sound` is told where that was asked for, before the bytes that it was in are taken. */
export type MeasuringAnswer = { id: number } & (
  | { taken: number }
  | { sound: Uint8Array }
  | { measured: Measured }
  | { fault: { code: ErrorCode; detail: string; excess: boolean } }
);

/** What a recording sounds like. */
export type Measured = { peaks: Peaks; heard: Heard };
/** Is given what is decoded: 16-bit little-endian interleaved stereo, cut at any byte. */
export type Listener = (chunk: Buffer) => void | Promise<void>;

/** A recording that is measured while it comes. */
export type Measurement = {
  /** `plannedMs`: how long all of it is by now. Resolves when there is room for more, at once where it has failed; never rejects. */
  write(ogg: Uint8Array, plannedMs: number): Promise<void>;
  /** That was all. */
  end(): void;
  /** Nobody wants to know any more. Returns false where it had ended or failed before. */
  leave(): boolean;
  /** Rejects with what `decoded` and the listener throw, `encode_short` when it lasts too long, and when it was left. */
  result: Promise<Measured>;
};

/** How far the decoded length may be from what was planned, in ms. */
export const TOLERANCE = 100;
/** So many bytes of Ogg may wait for the thread: some 20 s of a call. */
const MOST_WAITING = 64 << 10;

type Open = Measurement & { take(answer: MeasuringAnswer): void; ended(problem: TapedeckError): void };

/**
 * Decodes recordings and measures them, all in one thread of its own: calls do not wait for that, nor for the garbage that it
 * makes. The thread begins with the first recording, and again with the next one after it has ended, and does not keep a program
 * running that has nothing open. `begin` is for tests.
 */
export function createMeasuring(begin = startThread) {
  let thread: Worker | null = null;
  let last = 0;
  const open = new Map<number, Open>();

  function started(): Worker {
    if (thread) return thread;
    const source = new URL('./measuring-program.ts', import.meta.url);
    const one = begin('dist/daemon/measuring.js', source, null);
    const ended = (why: string) => {
      if (thread !== one) return;
      thread = null;
      for (const measurement of [...open.values()]) measurement.ended(fail('internal', why));
    };
    one.on('message', (answer: MeasuringAnswer) => open.get(answer.id)?.take(answer));
    one.on('error', (e) => ended(`The thread that measures recordings has failed: ${e.message}.`));
    one.on('exit', () => ended('The thread that measures recordings has ended.'));
    thread = one;
    return one;
  }

  return {
    /** `giveUp` is called at once where a recording is of no use any more: it lasts too long, or the thread has ended. */
    begin(rate: Rate, giveUp: (problem: TapedeckError) => void, listener?: Listener): Measurement {
      const worker = started();
      const id = ++last;
      const ask = (asked: MeasuringAsked, moved: ArrayBuffer[] = []) => worker.postMessage(asked, moved);
      let waiting = 0;
      let room: () => void = () => {};
      let over = false;
      /** What was told of the sound, in its order. */
      let told: Promise<void> = Promise.resolve();
      const { done: result, resolve, reject } = outcome<Measured>();

      function close(): void {
        over = true;
        open.delete(id);
        if (open.size === 0) worker.unref();
        room();
      }
      function failed(e: Error): void {
        if (!open.has(id)) return;
        close();
        reject(e);
      }
      function leave(e: Error): void {
        if (!open.has(id)) return;
        ask({ id, end: 'left' });
        failed(e);
      }

      const measurement: Open = {
        result,
        async write(ogg, plannedMs) {
          if (over) return;
          // A copy: a Buffer would be sent with all that is beside it in its pool.
          const copy = new Uint8Array(ogg);
          waiting += copy.length;
          ask({ id, ogg: copy, plannedMs }, [copy.buffer]);
          if (waiting > MOST_WAITING)
            await new Promise<void>((done) => {
              room = done;
            });
        },
        end() {
          if (over) return;
          over = true;
          ask({ id, end: 'whole' });
        },
        leave() {
          if (over) return false;
          leave(new Error('It was left before its end.'));
          return true;
        },
        take(answer) {
          if ('sound' in answer) {
            const { buffer, byteOffset, length } = answer.sound;
            told = told.then(() => listener?.(Buffer.from(buffer, byteOffset, length)));
            told.catch(leave);
          } else if ('taken' in answer)
            void told.then(
              () => {
                waiting -= answer.taken;
                if (waiting <= MOST_WAITING) room();
              },
              () => {}, // `leave` tells
            );
          else if ('fault' in answer) {
            const problem = fail(answer.fault.code, answer.fault.detail);
            failed(problem);
            if (answer.fault.excess) giveUp(problem);
          } else
            void told.then(
              () => {
                close();
                resolve(answer.measured);
              },
              () => {}, // `leave` tells
            );
        },
        ended(problem) {
          failed(problem);
          giveUp(problem);
        },
      };
      open.set(id, measurement);
      worker.ref();
      ask({ id, begin: { rate, tell: listener !== undefined } });
      return measurement;
    },
  };
}
