import type { ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';

const NICE = 10;

/** Has a process that was just started give way to calls. Where that is not allowed it does its work all the same. */
export function behindCalls({ pid }: ChildProcess): void {
  try {
    setPriority(pid!, NICE);
  } catch {}
}
