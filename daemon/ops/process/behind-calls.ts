import { getPriority, setPriority } from 'node:os';

const NICE = 10;

/**
 * Has a process that was just started give way to calls, at least as much as it does already; 0 is the thread that asks. Where
 * that is not allowed it does its work all the same.
 */
export function behindCalls({ pid }: { pid?: number | undefined }): void {
  try {
    setPriority(pid!, Math.max(NICE, getPriority(pid!)));
  } catch {}
}
