import { constants, getPriority, setPriority } from 'node:os';

const NICE = 10;

/**
 * Has a process that was just started give way to calls, at least as much as it does already; 0 is the thread that asks. Where
 * that is not allowed it does its work all the same. People wait for it: what nobody waits for comes `last`.
 */
export function behindCalls({ pid, last = false }: { pid?: number | undefined; last?: boolean }): void {
  try {
    setPriority(pid!, last ? constants.priority.PRIORITY_LOW : Math.max(NICE, getPriority(pid!)));
  } catch {}
}
