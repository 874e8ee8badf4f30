import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { programOf } from '../program-of.js';
import { repeat, sample } from '../search/share-of-search.js';

/** Of the steps, besides the first and the last, before which a program is really killed. */
const SHARE = 0.05;

/** Has the steps of a program counted: it ends itself by SIGKILL before the nth, or copies its folder before each. */
export function countSteps(dir: string, nth: string): (step: string) => void {
  let count = 0;
  return (step) => {
    count += 1;
    if (nth === EACH) {
      copy(dir, `${dir}-${count}`);
      process.stdout.write(`${step}\n`);
    } else if (count === Number(nth)) {
      process.stdout.write(step);
      process.kill(process.pid, 'SIGKILL');
      for (;;);
    }
  };
}
const EACH = 'each';

/** By another process: one that closes a file of a database loses its locks on it. */
function copy(from: string, to: string): void {
  // What an earlier run of the test has left beside its folder.
  rmSync(to, { recursive: true, force: true });
  const { status, stderr } = spawnSync('cp', ['--archive', from, to], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

/**
 * Runs a program of this folder with a directory to work in; it ends itself by SIGKILL before its nth step. Returns what it said, and
 * whether it was killed.
 */
export const killedAt = (
  program: string,
  dir: string,
  nth: number | typeof EACH,
): Promise<{ said: string; killed: boolean }> =>
  new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, program);
    const child = spawn(process.execPath, [...programOf(script), dir, String(nth)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (part) => {
      said += part;
    });
    child.on('error', reject);
    child.on('close', (_, signal) => resolve({ said, killed: signal === 'SIGKILL' }));
  });

/** A folder as a kill has left it. `at` names the place; `again`: what a copy had shown before is shown by a real kill. */
export type Killed = { dir: string; said: string; at: string; again: boolean };

/**
 * What a kill of a program leaves of `start`, before each of its steps, and when it has finished. A kill loses nothing that a process
 * has written: a copy of its folder made before a step is what a kill leaves there, so one run shows all of them. Before some of the
 * steps, or each with PROOFS=full, it is really killed as well.
 */
export async function* killedBeforeEach(t: Test, program: string, start: string): AsyncGenerator<Killed> {
  const dir = `${start}-each`;
  copy(start, dir);
  const { said, killed } = await killedAt(program, dir, EACH);
  const lines = said.split('\n');
  if (killed || lines.at(-1) !== 'finished') throw new Error(`${program} did not come to its end: ${said}`);
  const steps = lines.slice(0, -1);
  for (const [n, step] of steps.entries())
    yield { dir: `${dir}-${n + 1}`, said: step, at: `${n + 1} ${step}`, again: false };
  yield { dir, said: 'finished', at: 'finished', again: false };
  t.comment(`${steps.length} steps, real kills: ${repeat}`);
  for (const nth of sample([...steps.keys()], SHARE)) {
    const one = `${start}-killed-${nth + 1}`;
    copy(start, one);
    const end = await killedAt(program, one, nth + 1);
    // Works share a commit as they happen to come together, so another run may have a few steps fewer.
    const over = nth > steps.length * 0.8 && end.said === 'finished';
    t.ok(end.killed || over, `it was killed before step ${nth + 1}`);
    yield { dir: one, said: end.said, at: `killed ${nth + 1} ${end.said}`, again: true };
  }
}
