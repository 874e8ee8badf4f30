import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/* What is measured while something else goes on. */

const EVERY_MS = 100;

/** What a process has in memory, in MB; 0 for one that has ended. */
export function memoryOf(pid: number): number {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
    return (Number(kb) * 1_024) / 1e6;
  } catch {
    return 0;
  }
}

/** The process that makes a report for another one; undefined while there is none. */
export function reportOf(parent: number): number | undefined {
  return childrenOf(parent).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('daemon/report.js');
    } catch {
      return false;
    }
  });
}

/** Each thread has the children that it has started. */
const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

/** So many of one kind may be unanswered: more of them would only measure themselves. */
const MOST_OPEN = 20;

/**
 * Does each job every 100 ms, however long it takes, until `work` is over. Returns how long each took, in ms, sorted; one that failed
 * took for ever.
 */
export async function beside<T>(
  work: Promise<T>,
  jobs: readonly (() => unknown)[],
): Promise<{ done: T; took: number[][] }> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  ended.catch(() => {});
  const each = jobs.map((job) => ({ job, took: [] as number[], open: new Set<Promise<void>>() }));
  const began = performance.now();
  for (let n = 1; !over; n += 1) {
    for (const { job, took, open } of each) {
      if (open.size === MOST_OPEN) continue;
      const at = performance.now();
      const one: Promise<void> = (async () => job())()
        .then(
          () => void took.push(performance.now() - at),
          () => void took.push(Number.POSITIVE_INFINITY),
        )
        .finally(() => open.delete(one));
      open.add(one);
    }
    await wait(Math.max(0, began + n * EVERY_MS - performance.now()));
  }
  for (const { open } of each) await Promise.all(open);
  return { done: await ended, took: each.map(({ took }) => took.sort((a, b) => a - b)) };
}

/** The value that a share of the sorted ones do not exceed. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
