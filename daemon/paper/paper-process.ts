import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';
import { fail } from '../domain/error.js';
import { behindCalls } from '../ops/process/behind-calls.js';
import { programFile } from '../ops/process/program-files.js';

/** What is to be made: the first message to the process. */
export type PaperOrder = { dataDir: string; certificate: number };

const HEAP_MB = 320;
/** Of what the process complains of, the end is kept, in characters. */
const MOST_SAID = 2_000;

/**
 * Has a PDF made by a process of its own, because its layout takes the processor for as long as a minute. Returns it as a stream,
 * which fails where the process does; destroying it ends the process.
 */
export function runPaper(order: PaperOrder): Readable {
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MB}`, programFile('dist/daemon/paper.js')],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: {}, cwd: '/' },
  );
  const out = new PassThrough();
  let said = '';
  const broke = (e: unknown) => out.destroy(fail('internal', 'The process that makes PDFs ended early.', e));
  child.once('error', broke);
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MOST_SAID);
  });
  child.stdout!.pipe(out, { end: false });
  child.once('spawn', () => {
    behindCalls(child);
    child.send(order, () => {});
  });
  child.once('close', (code) => {
    if (code === 0) out.end();
    else broke(new Error(said));
  });
  out.once('close', () => {
    if (child.pid && child.exitCode === null) child.kill('SIGKILL');
  });
  return out;
}
