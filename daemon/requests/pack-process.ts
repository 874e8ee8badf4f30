import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { PassThrough, type Readable } from 'node:stream';
import type { AuditEvent } from '../domain/assurance/audit.js';
import type { PackAnswer, PackError, PackMessage, PackOrder } from '../domain/assurance/packing.js';
import { fail, TapedeckError } from '../domain/error.js';
import type { Streamed } from '../domain/operations/control.js';
import { programFile } from '../ops/process/program-files.js';

/** Calls that are going on come first. */
const NICE = 10;
/** Of what the process complains of, the end is kept, in characters. */
const MOST_SAID = 2_000;

type Asks = {
  /** Puts the export on record. Throws `audit_unwritable`. */
  write(detail: AuditEvent['detail']): Promise<unknown>;
  /** Signs the log as it is now; gives the note. */
  sign(): Promise<string>;
};

/**
 * Has an evidence pack made by a process of its own, which reads files and parses what is in them while the recorder goes on with
 * its calls. It gets the key of the one recording over a channel that only the two of them have; entries and signatures are the
 * recorder's. Resolves when the pack begins, which is after its entry was written. The stream fails when the process does;
 * destroying it, or `gone` before, ends the process. Throws what the process reports.
 */
export async function runPack(
  order: PackOrder,
  asks: Asks,
  gone: AbortSignal,
): Promise<Streamed<'make_evidence', Readable>> {
  gone.throwIfAborted();
  const child = spawn(process.execPath, [programFile('dist/daemon/evidence.js')], {
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

  const answer = (about: PackAnswer) => child.connected && child.send(about, () => {});
  const answered = (work: Promise<string | null>) =>
    work.then(
      (value) => answer({ value }),
      (e: unknown) => answer(asError(e)),
    );
  return new Promise((resolve, reject) => {
    child.on('message', (message: PackMessage) => {
      if ('write' in message) void answered(asks.write(message.write).then(() => null));
      else if ('sign' in message) void answered(asks.sign());
      else if ('begun' in message) resolve({ head: message.begun, stream: out });
      else failure = fail(message.error, message.detail);
    });
    child.once('error', (e) => {
      failure ??= fail('internal', 'The process that makes evidence packs could not be started.', e);
    });
    child.once('close', (code) => {
      gone.removeEventListener('abort', end);
      if (code === 0 && failure === null) {
        out.end();
        return;
      }
      failure ??= gone.aborted
        ? fail('request_invalid', 'Nobody waits for it any more.')
        : fail('internal', 'The process that makes evidence packs ended.', new Error(said));
      reject(failure);
      // Whoever has the stream is told by it; nobody may have it.
      out.once('error', () => {}).destroy(failure);
    });
    void once(child, 'spawn').then(
      () => {
        yieldTo(child.pid!);
        child.send(order, () => {});
      },
      () => {},
    );
  });
}

/** Where that is not allowed it is made all the same. */
function yieldTo(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {}
}

const asError = (e: unknown): PackError =>
  e instanceof TapedeckError
    ? { error: e.code, detail: e.detail }
    : { error: 'internal', detail: (e as Error).message };
