import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { programEnvironment } from '../../../ops/process/environment.js';

const run = promisify(execFile);

export type Ran = { code: number; out: string };

/** What setup starts. Never a shell, and nothing secret in its arguments. */
export type Run = (program: string, args: readonly string[], timeoutMs?: number) => Promise<Ran>;

const TIMEOUT_MS = 60_000;
/** Runs a program and returns how it ended, with all that it printed. Never throws: 127 is a program that is not there. */
export const runProgram: Run = (program, args, timeoutMs = TIMEOUT_MS) =>
  run(program, [...args], {
    timeout: timeoutMs,
    maxBuffer: 64e6,
    env: programEnvironment(),
  }).then(
    ({ stdout, stderr }) => ({ code: 0, out: `${stdout}${stderr}` }),
    (e: { code?: number | string; stdout?: string; stderr?: string; message: string }) => ({
      code: e.code === 'ENOENT' ? 127 : typeof e.code === 'number' ? e.code : 1,
      out: `${e.stdout ?? ''}${e.stderr ?? ''}` || e.message,
    }),
  );
