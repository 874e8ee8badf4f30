import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Log } from '../../ops/log.js';
import { adoptPlan } from '../adopt.js';
import type { FfmpegRun, OwnFfmpeg } from '../ffmpeg.js';
import { opusPlan, recodePlan, soundPlan } from '../opus.js';
import { amount, createFrameReader, type Frame, frame, PIECE_BYTES } from './frames.js';
import { jobOf, LONGEST_RUN_MS, type Order, readOrder } from './orders.js';
import { createSender } from './sender.js';

/** Recordings that are made at once after their calls (16 at most) and during them (32), and what a test call and `doctor` ask. */
const MOST_RUNS = 60;
/** A connection beyond those is told so, up to this many more; the rest are closed. */
const SPARE_CONNECTIONS = 12;
/** How long an order may take to arrive, in ms. */
const ORDER_MS = 10_000;
/** How long the other side may take to close after the last frame, in ms. */
const GOODBYE_MS = 5_000;
/** What is asked of an input ahead of ffmpeg, in bytes. */
const WINDOW_BYTES = 128 << 10;

/**
 * The encoder: runs ffmpeg for whoever may connect to its socket, and keeps nothing. One connection is one run; a connection that
 * is closed ends its ffmpeg. `limitMs` bounds every run, `orderMs` the wait for an order.
 */
export function createEncoderServer({
  ffmpeg,
  log,
  mostRuns = MOST_RUNS,
  limitMs = LONGEST_RUN_MS,
  orderMs = ORDER_MS,
}: {
  ffmpeg: OwnFfmpeg;
  log: Log;
  mostRuns?: number;
  limitMs?: number;
  orderMs?: number;
}) {
  const open = new Set<Socket>();
  let runs = 0;

  function serve(socket: Socket): void {
    let run: FfmpegRun | null = null;
    let inputs: { pipe: PassThrough; granted: number }[] = [];
    /** `over`: the last frame was sent, and whatever still comes is thrown away. */
    let state: 'waiting' | 'running' | 'over' = 'waiting';
    let counted = false;
    const send = createSender(socket);
    open.add(socket);
    const late = setTimeout(() => socket.destroy(), orderMs);

    function last(bytes: Buffer): void {
      if (state === 'over') return;
      state = 'over';
      clearTimeout(late);
      socket.end(bytes);
      setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    }
    function fault(e: unknown): void {
      const error = e instanceof TapedeckError ? e : fail('internal', (e as Error).message, e);
      if (state !== 'over' && !socket.destroyed)
        log.warn({ code: error.code, detail: error.detail }, 'A run of ffmpeg failed');
      last(frame('fault', Buffer.from(JSON.stringify({ code: error.code, detail: error.detail }))));
    }

    const grant = (n: number, bytes: number): void => {
      const input = inputs[n]!;
      if (state !== 'running' || socket.destroyed) return;
      input.granted += bytes;
      send(frame('want', amount(bytes), n));
    };

    async function give(made: FfmpegRun): Promise<void> {
      run = made;
      made.done.catch(fault); // who reads nothing keeps the loop below waiting
      for (const n of inputs.keys()) grant(n, WINDOW_BYTES);
      for await (const chunk of made.stdout) {
        const bytes = chunk as Buffer;
        for (let at = 0; at < bytes.length; at += PIECE_BYTES)
          await send(frame('output', bytes.subarray(at, at + PIECE_BYTES)));
        if (socket.destroyed) return;
      }
      await made.done;
      last(frame('done'));
    }

    async function begin(order: Order): Promise<void> {
      if (order.kind === 'version')
        return last(frame('answer', Buffer.from(JSON.stringify(await ffmpeg.version()))));
      const limit = Math.min(order.limitMs, limitMs);
      /** The only one, of all kinds but `encode`. */
      const input = (): PassThrough => {
        inputs = [{ pipe: new PassThrough(), granted: 0 }];
        return inputs[0]!.pipe;
      };
      if (order.kind === 'decode') return give(ffmpeg.decode(input(), order.rate, limit));
      if (order.kind === 'sound') return give(ffmpeg.sound(soundPlan(order), input(), limit));
      if (order.kind === 'recode') return give(ffmpeg.recode(recodePlan(order), input(), limit));
      if (order.kind === 'adopt') return give(ffmpeg.adopt(adoptPlan(order), input(), limit));
      if (order.kind === 'measure') return give(ffmpeg.measure(input(), order.foreign, limit));
      if (order.kind === 'prompt') return give(ffmpeg.prompt(input(), order, limit));
      if (order.kind === 'speech') return give(ffmpeg.speech(order, limit));
      const plan = opusPlan(jobOf(order));
      inputs = plan.inputs.map(() => ({ pipe: new PassThrough(), granted: 0 }));
      return give(
        ffmpeg.encodeStreams(
          plan,
          inputs.map(({ pipe }) => pipe),
          limit,
        ),
      );
    }

    function take({ kind, input, payload }: Frame): void {
      if (kind === 'order') {
        if (state !== 'waiting') throw fail('request_invalid', 'A second order.');
        clearTimeout(late);
        if (runs >= mostRuns)
          throw fail('encode_failed', `The encoder has ${runs} runs of ffmpeg under way.`);
        const order = readOrder(payload);
        state = 'running';
        counted = true;
        runs += 1;
        begin(order).catch(fault);
        return;
      }
      const one = inputs[input];
      if (!one) throw fail('request_invalid', 'There is no such input.');
      if (kind === 'inputEnd') return void one.pipe.end();
      if (payload.length > one.granted || one.pipe.writableEnded)
        throw fail('request_invalid', 'More than was asked for.');
      one.granted -= payload.length;
      // ffmpeg may have had enough of it before its end.
      if (!one.pipe.destroyed) one.pipe.write(payload, (e) => e || grant(input, payload.length));
    }

    const read = createFrameReader(['order', 'input', 'inputEnd']);
    socket.on('data', (chunk) => {
      try {
        if (state !== 'over') for (const one of read(chunk)) take(one);
      } catch (e) {
        run?.kill();
        fault(e);
      }
    });
    socket.on('error', () => {}); // 'close' comes next
    socket.on('close', () => {
      clearTimeout(late);
      open.delete(socket);
      run?.kill();
      if (counted) void (run?.done ?? Promise.resolve()).catch(() => {}).then(() => (runs -= 1));
    });
  }

  const server = createServer(serve);
  server.maxConnections = mostRuns + SPARE_CONNECTIONS;
  return {
    /** Listens at a path, or on a socket that this process was given. Throws what keeps it from that. */
    async listen(at: { path: string } | { fd: number }): Promise<void> {
      server.listen(at);
      await once(server, 'listening');
    },
    /** Ends every run, and the listening. */
    async stop(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
