import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programFile } from './program-files.js';

/**
 * Starts a program of ours as a process that is asked over a channel: `built` (from the folder of package.json), or `source` where
 * we run from source ourselves, as tests do. It inherits nothing of the environment, and keeps this process no longer alive.
 */
export function startProgram(built: string, source: URL, heapMb: number): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts');
  const child = fork(fromSource ? fileURLToPath(source) : programFile(built), [], {
    execArgv: [
      ...(fromSource ? ['--import', import.meta.resolve('tsx')] : []),
      `--max-old-space-size=${heapMb}`,
    ],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: {},
    cwd: '/',
  });
  child.unref();
  child.channel?.unref();
  return child;
}
