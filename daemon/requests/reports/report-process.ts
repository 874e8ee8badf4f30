import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { PassThrough, type Readable } from 'node:stream';
import { fail, type TapedeckError } from '../../domain/error.js';
import type { ReportMessage, ReportOrder } from '../../domain/report/order.js';
import { programFile } from '../../ops/process/program-files.js';

/** Calls that are going on, and people at the dashboard, come first. */
const NICE = 10;
const HEAP_MB = 320;
/** Rows live for a moment: with more room for them the process takes 30 MB more, and is not faster. */
const YOUNG_MB = 2;
/** Of what the process complains of, the end is kept, in characters. */
const MOST_SAID = 2_000;

/**
 * Has a report made by a process of its own, which reads the catalogue page by page while the recorder goes on with its calls. It
 * has no keys. Resolves when the report begins. The stream fails when the process does; destroying it, or `gone` before, ends the
 * process. Throws what the process reports.
 */
export function runReport(order: ReportOrder, gone: AbortSignal): Promise<Readable> {
  gone.throwIfAborted();
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MB}`,
      `--max-semi-space-size=${YOUNG_MB}`,
      programFile('dist/daemon/report.js'),
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: {}, cwd: '/' },
  );
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
  return new Promise((resolve, reject) => {
    child.on('message', (message: ReportMessage) => {
      if ('begun' in message) resolve(out);
      else failure = fail(message.error, message.detail);
    });
    child.once('error', (e) => {
      failure ??= fail('internal', 'The process that makes reports could not be started.', e);
    });
    child.once('spawn', () => {
      try {
        setPriority(child.pid!, NICE);
      } catch {
        // Where that is not allowed it is made all the same.
      }
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
        : fail('internal', 'The process that makes reports ended.', new Error(said));
      reject(failure);
      // Whoever has the stream is told by it; nobody may have it.
      out.once('error', () => {}).destroy(failure);
    });
  });
}
