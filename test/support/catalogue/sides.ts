import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { requestsIn } from '../box/restarter.js';
import { programOf } from '../program-of.js';

const PROGRAM = join(import.meta.dirname, 'two-users.ts');
/** Ids that nobody has; the dashboard is of the recorder's group. */
export const RECORDER = 48_101;
export const DASHBOARD = 48_102;

/** A process that is told what to do line by line, and ended with us. */
export type Side = { tell(line: string): Promise<unknown>; kill(): Promise<void>; pid: number };

/** A data directory as the unit makes it, and the two users who have its catalogue open, each in processes of their own. */
export function createSides(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  chmodSync(dir, 0o755);
  const path = catalogueFile(join(dir, 'data'));
  for (const folder of [dirname(dirname(path)), dirname(path)])
    execFileSync('install', ['-d', '-o', `${RECORDER}`, '-g', `${RECORDER}`, '-m', '2750', folder]);
  const requests = requestsIn(join(dir, 'run'));
  for (const [folder, mode] of [
    [dirname(requests), '755'],
    [requests, '700'],
  ] as const)
    execFileSync('install', ['-d', '-o', `${RECORDER}`, '-g', `${RECORDER}`, '-m', mode, folder]);
  const sides: ChildProcess[] = [];
  t.teardown(() => {
    for (const side of sides) side.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  function as(user: number, argv: string[]): ChildProcess {
    const ids = [`--reuid=${user}`, `--regid=${RECORDER}`, '--clear-groups', '--pdeathsig', 'KILL'];
    const child = spawn('setpriv', [...ids, ...argv], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '', RUNTIME_DIRECTORY: requests },
    });
    sides.push(child);
    return child;
  }
  function side(user: number, argv: string[]): Side {
    const child = as(user, argv);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    return {
      pid: child.pid!,
      async tell(line) {
        child.stdin!.write(`${line}\n`);
        const { value, done } = await lines.next();
        if (done) throw new Error(`It ended before it answered "${line}".`);
        return JSON.parse(value);
      },
      async kill() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  const program = (user: number, name: string) =>
    side(user, [process.execPath, ...programOf(PROGRAM), name, path]);

  return {
    dir,
    path,
    /** Where the writer leaves its requests to systemd. */
    requests,
    writer: () => program(RECORDER, 'writer'),
    reader: () => program(DASHBOARD, 'reader'),
    /** Somebody who has taken the dashboard over: Python with these lines, which answers with lines of JSON. */
    intruder: (code: string) => side(DASHBOARD, ['/usr/bin/python3', '-u', '-c', code, path]),
  };
}
