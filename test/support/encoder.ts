import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './recorder.js';

const MAIN = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));
/** A user id that nobody has, of a group of its own. */
export const ENCODER = 48_103;

/**
 * `tapedeck encoder` as a user of its own where we are root; otherwise as ours. Its socket is in a folder of its own, which `group`
 * may reach; without one, root alone. `ffmpeg`: what it runs in the place of ffmpeg.
 */
export function createEncoderProgram({ ffmpeg, group = 0 }: { ffmpeg?: string; group?: number } = {}) {
  const root = process.getuid?.() === 0;
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-encoder-'));
  const run = join(dir, 'run');
  mkdirSync(run);
  chmodSync(dir, 0o755);
  if (root) chownSync(run, ENCODER, group);
  chmodSync(run, 0o2710);
  const socket = join(run, 'sock');
  const as = root ? [`--reuid=${ENCODER}`, `--regid=${ENCODER}`, '--clear-groups'] : [];
  let child: ChildProcess | null = null;
  let said = '';
  const over = () => child === null || child.exitCode !== null || child.signalCode !== null;

  async function end(signal: NodeJS.Signals): Promise<void> {
    const one = child;
    if (!one || over()) return;
    const gone = new Promise((resolve) => one.once('exit', resolve));
    one.kill(signal);
    await gone;
  }

  return {
    socket,
    pid: () => child?.pid,
    said: () => said,
    async start(): Promise<void> {
      said = '';
      child = spawn(
        'setpriv',
        [
          ...[...as, '--pdeathsig', 'KILL', '--inh-caps=-all', process.execPath, MAIN, 'encoder'],
          ...['--socket', socket, ...(ffmpeg ? ['--ffmpeg', ffmpeg] : [])],
        ],
        { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
      );
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', (data: Buffer) => {
          if (said.length < 1 << 20) said += data;
        });
      await until('the encoder', () => /the encoder is ready/.test(said) || over(), 30_000);
      if (over()) throw new Error(`tapedeck encoder ended: ${said}`);
    },
    end,
    async stop(): Promise<void> {
      await end('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
export type EncoderProgram = ReturnType<typeof createEncoderProgram>;
