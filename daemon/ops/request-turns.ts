import { fail } from '../domain/error.js';

/**
 * Lets works begin one at a time, each in a turn of the event loop of its own, so that what the PBX says is heard in between. No
 * more than `atOnce` are under way; up to `waiting` wait for their turn, in their order. Returns what a work gives; throws
 * `recorder_busy` for one that is too many.
 */
export function createTurns({ atOnce, waiting }: { atOnce: number; waiting: number }) {
  const line: (() => void)[] = [];
  let running = 0;
  let soon = false;

  function schedule(): void {
    if (soon || line.length === 0 || running >= atOnce) return;
    soon = true;
    setImmediate(() => {
      soon = false;
      running += 1;
      line.shift()!();
      schedule();
    });
  }

  return async <T>(work: () => T | Promise<T>): Promise<T> => {
    if (line.length >= waiting) throw fail('recorder_busy');
    await new Promise<void>((begin) => {
      line.push(begin);
      schedule();
    });
    try {
      return await work();
    } finally {
      running -= 1;
      schedule();
    }
  };
}
