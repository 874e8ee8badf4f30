import { setPriority } from 'node:os';

const NICE = 10;

/** Has a process that was just started give way to calls; 0 is the thread that asks. Where that is not allowed it does its work all the same. */
export function behindCalls({ pid }: { pid?: number | undefined }): void {
  try {
    setPriority(pid!, NICE);
  } catch {}
}
