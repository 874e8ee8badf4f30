import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { programOf } from '../program-of.js';

/**
 * Runs a program of this folder with a directory to work in; it ends itself by SIGKILL before its nth step. Returns what it said, and
 * whether it was killed.
 */
export const killedAt = (
  program: string,
  dir: string,
  nth: number,
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
