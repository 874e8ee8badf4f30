import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { Job } from '../../daemon/domain/operations/job.js';
import { createJobs, type JobHandler, type JobStore } from '../../daemon/ops/jobs.js';
import { freshCatalogue } from './catalogue/fresh.js';
import { until } from './recorder.js';

export const T0 = Date.UTC(2026, 6, 26);
export const DAY = 86_400_000;
let minted = 0;

/** A recorder's jobs on the catalogue at this path, and a clock that stands still until it is turned. */
export async function recorder(
  t: Test,
  path: string,
  handlers: Record<string, JobHandler>,
  change: (store: JobStore) => Partial<JobStore> = () => ({}),
) {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
  await catalogue.start();
  const clock = { ms: T0 };
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
  const jobs = createJobs({
    ...{ store: { ...catalogue.jobs, ...change(catalogue.jobs) }, handlers, log },
    ...{ clock: () => clock.ms, mint: () => `J${String(++minted).padStart(6, '0')}` },
    pace: { lookMs: 5, retryMs: [1_000, 60_000], fullMs: [2] },
  });
  const stop = async () => {
    await jobs.stop();
    await catalogue.stop();
  };
  t.teardown(stop);
  return { jobs, catalogue, clock, said, stop };
}
export const place = (t: Test) => join(t.testdir({}), 'catalogue.db');
export const over = (
  house: { catalogue: { jobs: { get(id: string): Promise<Job | null> } } },
  id: string,
  state: Job['state'],
) => until(`job ${id} ${state}`, async () => (await house.catalogue.jobs.get(id))?.state === state);

/** Counts to so many; `each` is what happens at each number. */
export const counts =
  (total: number, each: (n: number, signal: AbortSignal) => unknown = () => {}): JobHandler =>
  async ({ progress, save, signal }) => {
    for (let n = Number(progress.cursor) + 1; n <= total; n++) {
      await each(n, signal);
      signal.throwIfAborted();
      await save({ cursor: String(n), done: n, total, faults: 0 });
    }
  };
/** Waits until it is told to stop, as work does that takes long. */
export const stands = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
