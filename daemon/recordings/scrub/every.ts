import { setTimeout as sleep } from 'node:timers/promises';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { Recording } from '../../domain/recording/recording.js';
import type { JobHandler } from '../../ops/jobs.js';

const PAGE = 500;

export type EveryDeps = {
  catalogue: Verbs<'recordings.after' | 'seals.figures'>;
  /** Reads one again, and puts what was found on its row. Returns the fault; undefined when it cannot be reached now. */
  check: (recording: Recording) => Promise<string | null | undefined>;
  /** Why now is no time to read; null when it is. */
  busy: () => string | null;
  /** When it is looked again whether now is a better time, in ms. */
  waitMs: number;
};

/**
 * The job that reads every recording again that was sealed when it was asked for, in the order of their ids: the cursor is
 * the id of the last one that was read.
 */
export function createCheckEvery({ catalogue, check, busy, waitMs }: EveryDeps): JobHandler {
  /** Waits until now is a good time to read, and has the job say why. */
  async function calm({ waits, signal }: Pick<Parameters<JobHandler>[0], 'waits' | 'signal'>) {
    let waited = false;
    for (let why = busy(); why !== null; why = busy()) {
      waited = true;
      await waits({ code: 'check_waits', detail: why });
      await sleep(waitMs, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
    if (waited) await waits(null);
  }

  return async ({ askedAt, progress, save, waits, signal }) => {
    let { cursor, done, faults } = progress;
    const total = progress.total ?? (await catalogue.seals.figures()).recordings;
    for (;;) {
      const page = await catalogue.recordings.after(cursor, PAGE);
      if (page.length === 0) break;
      for (const recording of page) {
        cursor = recording.id;
        if (recording.state !== 'sealed' || recording.sealedAt > askedAt) continue;
        await calm({ waits, signal });
        const fault = await check(recording);
        if (fault === undefined) continue;
        if (fault !== null) faults += 1;
        done += 1;
        await save({ cursor, done, total, faults });
      }
    }
    // Some may have been erased meanwhile.
    await save({ cursor, done, total: done, faults });
  };
}
