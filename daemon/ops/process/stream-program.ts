import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { type ErrorCode, fail, TapedeckError } from '../../domain/error.js';
import { behindCalls } from './behind-calls.js';
import { programFile } from './program-files.js';

/*
 * What a program that makes a file, and the process that has it made, say to each other as JSON over the channel between them. The
 * file itself is what the program writes to its output. The first message to the program is the order.
 */

export type ProgramError = { error: ErrorCode; detail: string };
/** The answer to what the program asked. */
export type ProgramAnswer = { value: unknown } | ProgramError;
/** What the program says: it needs an answer; here the file comes; it came to nothing. */
export type ProgramMessage<Asked, Begun> = { ask: Asked } | { begun: Begun } | ProgramError;

/** Of what the process complains of, the end is kept, in characters. */
const MOST_SAID = 2_000;

/**
 * Has a file made by a process of its own, which reads what it needs while the recorder goes on with its calls. `built` is its program,
 * from the folder of package.json; `makes` is what it makes, in the plural; `answer` answers what it asks. Resolves when the file
 * begins. The stream fails when the process does; destroying it, or `gone` before, ends the process. Throws what the process reports.
 */
export function streamProgram<Begun, Asked = never>({
  built,
  options = [],
  order,
  makes,
  gone,
  answer,
}: {
  built: string;
  /** For Node. */
  options?: readonly string[];
  order: object;
  makes: string;
  gone: AbortSignal;
  answer: [Asked] extends [never] ? null : (asked: Asked) => Promise<unknown>;
}): Promise<{ begun: Begun; stream: Readable }> {
  gone.throwIfAborted();
  const child = spawn(process.execPath, [...options, programFile(built)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {},
    cwd: '/',
  });
  const out = new PassThrough();
  let failure: TapedeckError | null = null;
  let said = '';
  // As in encode/ffmpeg: one that could not be started has no id to be killed by.
  const end = () => (child.pid ? child.kill('SIGKILL') : false);
  gone.addEventListener('abort', end, { once: true });
  out.once('close', end);
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  child.stdout!.pipe(out, { end: false });
  const reply = (about: ProgramAnswer) => child.connected && child.send(about, () => {});
  return new Promise((resolve, reject) => {
    child.on('message', (message: ProgramMessage<Asked, Begun>) => {
      if ('ask' in message && answer !== null)
        answer(message.ask).then(
          (value) => reply({ value: value ?? null }),
          (e: unknown) => reply(asError(e)),
        );
      else if ('begun' in message) resolve({ begun: message.begun, stream: out });
      else if ('error' in message) failure = fail(message.error, message.detail);
    });
    child.once('error', (e) => {
      failure ??= fail('internal', `The process that makes ${makes} could not be started.`, e);
    });
    child.once('spawn', () => {
      behindCalls(child);
      child.send(order, () => {});
    });
    child.once('close', (code) => {
      gone.removeEventListener('abort', end);
      if (code === 0 && failure === null) {
        out.end();
        return;
      }
      failure ??= gone.aborted
        ? fail('request_invalid', 'Nobody waits for it any more.')
        : fail('internal', `The process that makes ${makes} ended.`, new Error(said));
      reject(failure);
      // Whoever has the stream is told by it; nobody may have it.
      out.once('error', () => {}).destroy(failure);
    });
  });
}

const asError = (e: unknown): ProgramError =>
  e instanceof TapedeckError
    ? { error: e.code, detail: e.detail }
    : { error: 'internal', detail: (e as Error).message };
