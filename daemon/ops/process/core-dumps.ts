import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the kernel lets a process dump: bytes of a core file, soft and hard, as /proc/PID/limits says; null if it cannot be known. */
export function coreLimit(pid: number | 'self' = 'self'): { soft: string; hard: string } | null {
  try {
    const line = /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'));
    return line ? { soft: line[1]!, hard: line[2]! } : null;
  } catch {
    return null;
  }
}

/**
 * Memory holds keys and speech: no core dump of this process, nor of those that it starts from now on (ffmpeg inherits it).
 * Node cannot set a limit itself, so prlimit (util-linux) does. Gives false when that could not be done. Under systemd it is
 * done already (LimitCORE=0). A dump that the kernel hands to a program ("|" in core_pattern) asks for the limit too.
 */
export async function noCoreDumps(): Promise<boolean> {
  if (coreLimit()?.hard === '0') return true;
  await new Promise<void>((resolve) => {
    execFile('prlimit', ['--core=0:0', '--pid', String(process.pid)], { timeout: 5_000 }, () => resolve());
  });
  return coreLimit()?.hard === '0';
}
