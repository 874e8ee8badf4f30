import { setTimeout as wait } from 'node:timers/promises';
import type { Verbs } from '../catalogue/catalogue.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/**
 * Counts what became of calls, and how people were told, in each quarter of an hour in which some have changed, so that a report of a year
 * reads totals. Each step takes a few ms, with a pause after it for calls in progress: after an upgrade or an import there may be a
 * million calls to count. Reports count for themselves what is not counted yet.
 */
export type CountingDeps = {
  catalogue: Verbs<'ledger.count'>;
  log: Log;
  /** How often it looks for changed quarters, and how long it pauses between steps, in ms. */
  pace?: { everyMs: number; pauseMs: number };
};

const PACE = { everyMs: 60_000, pauseMs: 50 };

export function createCounting({ catalogue, log, pace = PACE }: CountingDeps) {
  const ended = new AbortController();

  async function countAll(): Promise<void> {
    while (!ended.signal.aborted && (await catalogue.ledger.count()) > 0)
      await wait(pace.pauseMs, null, { signal: ended.signal }).catch(() => {});
  }

  const counting = repeatedly(pace.everyMs, countAll, (err) =>
    log.warn({ err }, 'Calls could not be counted for reports; retrying'),
  );
  return {
    start(): void {
      counting.start();
      void counting.now();
    },
    stop(): Promise<void> {
      ended.abort();
      return counting.stop();
    },
  };
}
