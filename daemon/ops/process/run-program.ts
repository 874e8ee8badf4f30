import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { programEnvironment } from './environment.js';

const run = promisify(execFile);

/** `out` is all that it printed, on both outputs. */
export type Ran = { code: number; out: string };

/** Runs a program. Never a shell, and nothing secret in its arguments. */
export type Run = (program: string, args: readonly string[], timeoutMs?: number) => Promise<Ran>;

const TIMEOUT_MS = 60_000;
/** Of a dialplan or a journal, in bytes. */
const MOST_OUTPUT = 256 << 20;

type Ended = { code: number; stdout: string; stderr: string };
const end = (program: string, args: readonly string[], timeout: number): Promise<Ended> =>
  run(program, [...args], { timeout, maxBuffer: MOST_OUTPUT, env: programEnvironment() }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (e: { code?: number | string; stdout?: string; stderr?: string; message: string }) => ({
      code: e.code === 'ENOENT' ? 127 : typeof e.code === 'number' ? e.code : 1,
      stdout: e.stdout ?? '',
      stderr: e.stdout || e.stderr ? (e.stderr ?? '') : e.message,
    }),
  );

/** Runs a program and returns how it ended, with all that it printed. Never throws: 127 is a program that is not there. */
export const runProgram: Run = async (program, args, timeoutMs = TIMEOUT_MS) => {
  const { code, stdout, stderr } = await end(program, args, timeoutMs);
  return { code, out: `${stdout}${stderr}` };
};

/** Returns what a program prints on its standard output, or null where it is not there, fails or takes longer. */
export async function outputOf(
  program: string,
  args: readonly string[],
  timeoutMs = TIMEOUT_MS,
): Promise<string | null> {
  const { code, stdout } = await end(program, args, timeoutMs);
  return code === 0 ? stdout : null;
}
