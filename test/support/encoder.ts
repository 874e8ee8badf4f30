import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRemoteFfmpeg } from '../../daemon/encode/apart/remote.js';
import { until } from './recorder.js';

const MAIN = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));
const UNIT = fileURLToPath(new URL('../../systemd/tapedeck-encoder.service', import.meta.url));
/** A user id that nobody has, of a group of its own. */
export const ENCODER = 48_103;

/** The system calls that its unit denies by name. */
const denied = (): string[] =>
  [...readFileSync(UNIT, 'utf8').matchAll(/^SystemCallFilter=~(.*)$/gm)]
    .flatMap(([, list]) => list!.split(' '))
    .filter((name) => !name.startsWith('@'));

/**
 * `tapedeck encoder`. Where we are root it is as its unit has it: a user of its own, a socket that was opened for it and that
 * `owner` alone may connect to, and without the system calls that the unit denies by name. Otherwise it runs as our user. `ffmpeg`:
 * what it runs in the place of ffmpeg.
 */
export function createEncoderProgram({ ffmpeg, owner = 0 }: { ffmpeg?: string; owner?: number } = {}) {
  const root = process.getuid?.() === 0;
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-encoder-'));
  chmodSync(dir, 0o755);
  // systemd's folder for it is root's.
  const run = join(dir, 'run');
  mkdirSync(run, { mode: 0o755 });
  const socket = join(run, 'sock');
  const program = [process.execPath, MAIN, 'encoder', ...(ffmpeg ? ['--ffmpeg', ffmpeg] : [])];
  const setpriv = ['setpriv', '--pdeathsig', 'KILL'];
  const argv = root
    ? [
        ...[...setpriv, 'systemd-socket-activate', '-l', socket],
        ...[...setpriv, `--reuid=${ENCODER}`, `--regid=${ENCODER}`, '--clear-groups', '--no-new-privs'],
        ...['enosys', ...denied().flatMap((name) => ['-s', name]), ...program],
      ]
    : [...setpriv, ...program, '--socket', socket];
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
    /** Whether it has a user of its own. */
    separate: root,
    pid: () => child?.pid,
    said: () => said,
    /** Throws with what it said when it does not answer. */
    async start(): Promise<void> {
      said = '';
      rmSync(socket, { force: true });
      child = spawn(argv[0]!, argv.slice(1), {
        ...{ cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
      });
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', (data: Buffer) => {
          if (said.length < 1 << 20) said += data;
        });
      await until('the socket of the encoder', () => existsSync(socket) || over());
      if (root && !over()) {
        chmodSync(socket, 0o600);
        chownSync(socket, owner, 0);
      }
      const ready = () => /the encoder is ready/.test(said);
      // The first connection starts it. One that comes between the making of the socket and listening on it is refused.
      const started = async () => {
        await createRemoteFfmpeg({ socket })
          .version()
          .catch(() => {});
        return ready() || over();
      };
      await until('the encoder', started);
      if (!ready()) throw new Error(`tapedeck encoder ended: ${said}`);
    },
    end,
    async stop(): Promise<void> {
      await end('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
export type EncoderProgram = ReturnType<typeof createEncoderProgram>;
