import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { Value } from 'typebox/value';
import { type ErrorCode, fail, TapedeckError } from '../../domain/error.js';
import { printable } from '../../domain/printable.js';
import { outcome } from '../../ops/turns.js';
import type { Ffmpeg, FfmpegRun } from '../ffmpeg.js';
import { createFrameReader, type Frame, frame, PIECE_BYTES } from './frames.js';
import {
  adoptOrder,
  encodeOrder,
  LONGEST_RUN_MS,
  measureOrder,
  type Order,
  recodeOrder,
  soundOrder,
  VersionAnswer,
} from './orders.js';
import { createSender } from './sender.js';

/** How long the encoder may take beyond what ffmpeg may, in ms. */
const GRACE_MS = 5_000;
const VERSION_MS = 15_000;
/** What a fault of the encoder's may be; any other is one of its output. */
const FAULTS: readonly ErrorCode[] = ['encode_failed', 'ffmpeg_missing', 'speech_missing'];
const DETAIL_CHARS = 700;

/**
 * ffmpeg as the encoder runs it, a program with a user and a sandbox of its own, at a Unix socket. What it gives back is as little
 * believed as ffmpeg's own output. Throws `encoder_away` where it is not reached, or breaks off.
 */
export function createRemoteFfmpeg({ socket }: { socket: string }): Ffmpeg {
  return {
    async version() {
      const run = start(socket, { kind: 'version' }, [], VERSION_MS);
      run.stdout.resume();
      await run.done;
      const { answer } = run;
      if (!Value.Check(VersionAnswer, answer))
        throw fail('encode_failed', 'The encoder does not tell the version of its ffmpeg.');
      return { version: printable(answer.version), libopus: answer.libopus };
    },
    encode(plan, limitMs = LONGEST_RUN_MS) {
      const inputs = plan.inputs.map((path) => () => createReadStream(path, { highWaterMark: PIECE_BYTES }));
      return start(socket, encodeOrder(plan.job, within(limitMs)), inputs, limitMs + GRACE_MS);
    },
    sound(plan, source, limitMs = LONGEST_RUN_MS) {
      return start(socket, soundOrder(plan.form, within(limitMs)), [() => source], limitMs + GRACE_MS);
    },
    recode(plan, source, limitMs = LONGEST_RUN_MS) {
      return start(socket, recodeOrder(plan.job, within(limitMs)), [() => source], limitMs + GRACE_MS);
    },
    decode(source, rate, limitMs = LONGEST_RUN_MS) {
      const order: Order = { kind: 'decode', limitMs: within(limitMs), rate };
      return start(socket, order, [() => source], limitMs + GRACE_MS);
    },
    adopt(plan, source, limitMs = LONGEST_RUN_MS) {
      return start(socket, adoptOrder(plan.job, within(limitMs)), [() => source], limitMs + GRACE_MS);
    },
    measure(source, foreign, limitMs = LONGEST_RUN_MS) {
      return start(socket, measureOrder(foreign, within(limitMs)), [() => source], limitMs + GRACE_MS);
    },
    prompt(source, { rate, level }, limitMs = LONGEST_RUN_MS) {
      const order: Order = { kind: 'prompt', limitMs: within(limitMs), rate, level };
      return start(socket, order, [() => source], limitMs + GRACE_MS);
    },
    speech({ language, text }, limitMs = LONGEST_RUN_MS) {
      return start(
        socket,
        { kind: 'speech', limitMs: within(limitMs), language, text },
        [],
        limitMs + GRACE_MS,
      );
    },
  };
}

const within = (limitMs: number) => Math.min(Math.max(limitMs, 1), LONGEST_RUN_MS);

type Input = { source: Readable; wanted: number; more: () => void };

function start(
  path: string,
  order: Order,
  open: (() => Readable)[],
  limitMs: number,
): FfmpegRun & { answer: unknown } {
  const run: { answer: unknown } = { answer: undefined };
  let settled = false;
  const { done, resolve, reject } = outcome();
  const socket = connect(path);
  const send = createSender(socket);
  const inputs = open.map((source): Input => ({ source: source(), wanted: 0, more: () => {} }));
  for (const { source } of inputs) source.on('error', () => {}); // `feed` tells
  const timer = setTimeout(
    () => finish(fail('encode_failed', `The encoder took more than ${Math.round(limitMs / 1000)} s`)),
    Math.min(limitMs, LONGEST_RUN_MS + GRACE_MS),
  );
  const stdout = new PassThrough({
    destroy(error, callback) {
      finish(error ?? new Error('Its output was closed'));
      callback(error);
    },
  });
  stdout.on('error', () => {}); // who only awaits done learns it there

  function finish(error?: Error): void {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.destroy();
    for (const { source, more } of inputs) {
      source.destroy();
      more();
    }
    if (!error) {
      stdout.end();
      resolve();
      return;
    }
    const explained =
      error instanceof TapedeckError ? error : fail('encode_failed', `${error.message}.`, error);
    stdout.destroy(explained);
    reject(explained);
  }

  /** Sends an input as far as it is wanted. */
  async function feed(input: Input, n: number): Promise<void> {
    for await (const chunk of input.source) {
      const bytes = chunk as Buffer;
      for (let at = 0; at < bytes.length; ) {
        while (input.wanted === 0 && !settled)
          await new Promise<void>((more) => {
            input.more = more;
          });
        if (settled) return;
        const piece = bytes.subarray(at, at + Math.min(input.wanted, PIECE_BYTES));
        input.wanted -= piece.length;
        at += piece.length;
        await send(frame('input', piece, n));
      }
    }
    if (!settled) send(frame('inputEnd', undefined, n));
  }

  function take({ kind, input, payload }: Frame): void {
    if (kind === 'output') {
      if (stdout.write(payload) || socket.isPaused()) return;
      socket.pause();
      stdout.once('drain', () => socket.resume());
    } else if (kind === 'want') {
      const one = inputs[input];
      if (!one || payload.length !== 4) throw new Error('It wants an input that it was not told of');
      one.wanted += payload.readUInt32BE();
      one.more();
    } else if (kind === 'answer') {
      run.answer = parsed(payload);
      finish();
    } else if (kind === 'fault') finish(faultIn(payload));
    else finish();
  }

  const read = createFrameReader(['want', 'output', 'done', 'answer', 'fault']);
  socket.on('connect', () => {
    send(frame('order', Buffer.from(JSON.stringify(order))));
    for (const [n, input] of inputs.entries())
      feed(input, n).catch((e: Error) =>
        finish(fail('encode_failed', `Its source failed: ${e.message}.`, e)),
      );
  });
  socket.on('data', (chunk) => {
    try {
      for (const one of read(chunk)) {
        if (settled) return;
        take(one);
      }
    } catch (e) {
      finish(fail('encode_failed', `The encoder is not understood: ${(e as Error).message}.`, e));
    }
  });
  socket.on('error', (e: NodeJS.ErrnoException) =>
    finish(fail('encoder_away', `${path} (${e.code ?? e.message})`, e)),
  );
  socket.on('close', () => finish(fail('encoder_away', `${path}: it broke off.`)));

  return Object.assign(run, {
    ...{ stdout, done },
    kill: () => finish(new Error('It was stopped')),
  });
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return null;
  }
}

/** What the encoder says went wrong, cleaned and capped: ffmpeg's last words are among it. */
function faultIn(payload: Buffer): TapedeckError {
  const said = parsed(payload) as { code?: unknown; detail?: unknown } | null;
  const code = FAULTS.find((known) => known === said?.code) ?? 'encode_failed';
  const detail = typeof said?.detail === 'string' ? said.detail : 'The encoder does not say why.';
  return fail(code, printable(detail.replaceAll(/\s+/g, ' ')).slice(0, DETAIL_CHARS));
}
