import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { fail } from '../../../daemon/domain/error.js';
import { type Job, newJob, type Progress } from '../../../daemon/domain/operations/job.js';
import { createJobs, type JobHandler, type JobStore } from '../../../daemon/ops/jobs.js';
import { until } from '../../support/recorder.js';

const T0 = Date.UTC(2026, 6, 26);
const DAY = 86_400_000;
let minted = 0;

/** A recorder's jobs on the catalogue at this path, and a clock that stands still until it is turned. */
async function recorder(
  t: Test,
  path: string,
  handlers: Record<string, JobHandler>,
  change: (store: JobStore) => Partial<JobStore> = () => ({}),
) {
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  const clock = { ms: T0 };
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
  const jobs = createJobs({
    ...{ store: { ...catalogue, ...change(catalogue) }, handlers, log },
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
const place = (t: Test) => join(t.testdir({}), 'catalogue.db');
const over = (
  house: { catalogue: { job(id: string): Promise<Job | null> } },
  id: string,
  state: Job['state'],
) => until(`job ${id} ${state}`, async () => (await house.catalogue.job(id))?.state === state);

/** Counts to so many; `each` is what happens at each number. */
const counts =
  (total: number, each: (n: number, signal: AbortSignal) => unknown = () => {}): JobHandler =>
  async ({ progress, save, signal }) => {
    for (let n = Number(progress.cursor) + 1; n <= total; n++) {
      await each(n, signal);
      signal.throwIfAborted();
      await save({ cursor: String(n), done: n, total, faults: 0 });
    }
  };
/** Waits until it is told to stop, as work does that takes long. */
const stands = (signal: AbortSignal) => delay(60_000, undefined, { signal, ref: false });

t.test('jobs run one at a time, in the order in which they are asked for', async (t) => {
  const seen: string[] = [];
  const handler: JobHandler = async ({ params }) => {
    seen.push(`begin ${params.n}`);
    await delay(5);
    seen.push(`end ${params.n}`);
  };
  const house = await recorder(t, place(t), { work: handler });
  await t.rejects(house.jobs.ask('work'), { code: 'daemon_unreachable' }, 'not before the start');
  house.jobs.start();
  const asked = await Promise.all([3, 1, 2].map((n) => house.jobs.ask('work', { n })));
  for (const { job } of asked) await over(house, job.id, 'done');
  t.same(seen, ['begin 3', 'end 3', 'begin 1', 'end 1', 'begin 2', 'end 2']);
  t.match(
    (await house.catalogue.jobs(2)).map((j) => j.params),
    [{ n: 2 }, { n: 1 }],
  );
});

t.test('the same job asked for twice is one, until it is over', async (t) => {
  let held = true;
  const house = await recorder(t, place(t), {
    work: async ({ signal }) => {
      while (held) await delay(1, undefined, { signal });
    },
  });
  house.jobs.start();
  const first = await house.jobs.ask('work', { a: 1, b: 'x' });
  t.equal(first.already, false);
  const again = await house.jobs.ask('work', { b: 'x', a: 1 });
  t.match(again, { already: true, job: { id: first.job.id } });
  t.equal((await house.jobs.ask('work', { a: 2 })).already, false);
  await over(house, first.job.id, 'running');
  t.match(await house.jobs.ask('work', { a: 1, b: 'x' }), { already: true, job: { state: 'running' } });
  held = false;
  await over(house, first.job.id, 'done');
  t.equal((await house.jobs.ask('work', { a: 1, b: 'x' })).already, false);
});

t.test('cursor and progress are written together, at most once a second, and at the end', async (t) => {
  const written: Progress[] = [];
  const house = await recorder(
    t,
    place(t),
    {
      work: counts(10, (n) => {
        house.clock.ms += n === 5 ? 1_000 : 100;
      }),
    },
    (store) => ({
      saveJob: (job) => {
        written.push(job);
        return store.saveJob(job);
      },
    }),
  );
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  await over(house, job.id, 'done');
  t.same(
    written.map(({ cursor, done }) => [cursor, done]),
    [
      ['', 0],
      ['5', 5],
      ['10', 10],
    ],
  );
  t.match(await house.catalogue.job(job.id), { done: 10, total: 10, endedAt: house.clock.ms, error: null });
});

t.test('after the recorder was killed a job goes on at its cursor, before any other', async (t) => {
  const path = place(t);
  const killed = await recorder(t, path, {
    work: counts(9, (n, signal) => {
      killed.clock.ms += 1_000;
      return n === 4 ? stands(signal) : null;
    }),
    other: counts(1),
  });
  killed.jobs.start();
  const { job } = await killed.jobs.ask('work');
  await killed.jobs.ask('other');
  await until('the fourth', async () => (await killed.catalogue.job(job.id))?.cursor === '3');

  const seen: unknown[] = [];
  const next = await recorder(t, path, {
    work: counts(9, (n) => seen.push(n)),
    other: counts(1, () => seen.push('other')),
  });
  next.jobs.start();
  await over(next, job.id, 'done');
  await until('the other', () => seen.includes('other'));
  t.same(seen, [4, 5, 6, 7, 8, 9, 'other']);
});

t.test('a stop writes how far a job is, and loses nothing', async (t) => {
  const path = place(t);
  const first = await recorder(t, path, {
    work: counts(9, (n, signal) => (n === 4 ? stands(signal) : null)),
  });
  first.jobs.start();
  const { job } = await first.jobs.ask('work');
  await until('the third', async () => (await first.jobs.newest())[0]?.cursor === '3');
  t.equal((await first.catalogue.job(job.id))?.cursor, '', 'the clock stands still: it is not written yet');
  await first.stop();
  const seen: unknown[] = [];
  const next = await recorder(t, path, { work: counts(9, (n) => seen.push(n)) });
  t.match(await next.catalogue.job(job.id), { state: 'running', cursor: '3' });
  next.jobs.start();
  await over(next, job.id, 'done');
  t.same(seen, [4, 5, 6, 7, 8, 9]);
});

t.test('a job is cancelled while it waits, and while it runs', async (t) => {
  const begun: unknown[] = [];
  const house = await recorder(t, place(t), {
    work: async ({ params, signal }) => {
      begun.push(params.n);
      await stands(signal);
    },
  });
  house.jobs.start();
  const runs = (await house.jobs.ask('work', { n: 1 })).job;
  const waits = (await house.jobs.ask('work', { n: 2 })).job;
  const last = (await house.jobs.ask('work', { n: 3 })).job;
  await over(house, runs.id, 'running');
  t.match(await house.jobs.cancel(waits.id), { state: 'cancelled', endedAt: T0 });
  t.match(await house.jobs.cancel(runs.id), { state: 'cancelled' });
  await over(house, last.id, 'running');
  t.same(begun, [1, 3]);
  t.match(await house.catalogue.job(runs.id), { state: 'cancelled' }, 'what ran did not write over it');
  for (const id of [runs.id, 'NOSUCH']) await t.rejects(house.jobs.cancel(id), { code: 'job_unknown' });
});

t.test('a job is cancelled while the recorder is away, starting or stopping', async (t) => {
  const path = place(t);
  const first = await recorder(t, path, { work: (work) => stands(work.signal) });
  first.jobs.start();
  const { job } = await first.jobs.ask('work', { n: 1 });
  const kept = (await first.jobs.ask('work', { n: 2 })).job;
  await over(first, job.id, 'running');
  const stopped = first.jobs.stop();
  await t.rejects(first.jobs.cancel(job.id), { code: 'daemon_unreachable' }, 'whoever asks does it then');
  t.match(await first.catalogue.cancelJob(job.id, T0 + 1), { state: 'cancelled', endedAt: T0 + 1 });
  await stopped;
  t.match(await first.catalogue.job(job.id), { state: 'cancelled' });
  await first.stop();

  const begun: unknown[] = [];
  const next = await recorder(t, path, { work: async ({ params }) => void begun.push(params.n) });
  await t.rejects(next.jobs.cancel(kept.id), { code: 'daemon_unreachable' });
  next.jobs.start();
  await over(next, kept.id, 'done');
  t.same(begun, [2]);
});

t.test('a run finds at its next save that its row was ended by another process', async (t) => {
  const house = await recorder(t, place(t), {
    work: counts(1_000_000, async () => {
      house.clock.ms += 1_000;
      await delay(1);
    }),
    other: counts(1),
  });
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  const other = (await house.jobs.ask('other')).job;
  await until('some progress', async () => Number((await house.catalogue.job(job.id))?.cursor) > 2);
  await house.catalogue.cancelJob(job.id, T0);
  await over(house, other.id, 'done');
  t.match(await house.catalogue.job(job.id), { state: 'cancelled', endedAt: T0 });
});

t.test('a job that fails is tried again, later each time, and has failed at last', async (t) => {
  let tries = 0;
  const house = await recorder(t, place(t), {
    work: async () => {
      tries += 1;
      throw fail('ffmpeg_missing', '/usr/bin/ffmpeg');
    },
    other: counts(1),
  });
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  const failed = (failures: number) =>
    until(`failure ${failures}`, async () => (await house.catalogue.job(job.id))?.failures === failures);
  await failed(1);
  t.match(await house.catalogue.job(job.id), {
    ...{ state: 'waiting', nextAt: T0 + 1_000 },
    error: { code: 'ffmpeg_missing', detail: '/usr/bin/ffmpeg' },
  });
  await over(house, (await house.jobs.ask('other')).job.id, 'done');
  t.equal(tries, 1, 'another job has its turn meanwhile');
  house.clock.ms += 1_000;
  await failed(2);
  t.match(await house.catalogue.job(job.id), { state: 'waiting', nextAt: T0 + 61_000 });
  house.clock.ms += 60_000;
  await failed(3);
  t.match(await house.catalogue.job(job.id), { state: 'failed', endedAt: T0 + 61_000 });
  t.equal((await house.jobs.ask('work')).already, false, 'it can be asked for again');
});

t.test(
  'failures are counted from the last progress on; what is not an error of ours leaves its code alone',
  async (t) => {
    const house = await recorder(t, place(t), {
      work: counts(3, (n) => {
        house.clock.ms += 1_000;
        if (house.clock.ms < T0 + n * 10_000) throw new Error('at /home/somebody');
      }),
    });
    house.jobs.start();
    const { job } = await house.jobs.ask('work');
    await until('a failure', async () => (await house.catalogue.job(job.id))?.failures === 1);
    t.match(await house.catalogue.job(job.id), { error: { code: 'internal', detail: '' } });
    for (const n of [1, 2, 3]) {
      await until('its turn', async () => (await house.catalogue.job(job.id))?.failures === 1);
      house.clock.ms = T0 + n * 10_000;
      await until('progress', async () => Number((await house.catalogue.job(job.id))?.cursor) >= n);
    }
    await over(house, job.id, 'done');
    t.match(await house.catalogue.job(job.id), { failures: 0, error: null });
  },
);

t.test('a job that cannot write its progress pauses, says why, and goes on when it can', async (t) => {
  let full = false;
  const seen: number[] = [];
  const house = await recorder(
    t,
    place(t),
    {
      work: counts(6, (n) => {
        seen.push(n);
        house.clock.ms += 1_000;
        if (n === 3) full = true;
      }),
    },
    (store) => ({
      saveJob: (job) => (full ? Promise.reject(fail('disk_full', 'catalogue.db')) : store.saveJob(job)),
    }),
  );
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  await until('the pause', async () => (await house.jobs.newest())[0]?.error?.code === 'disk_full');
  await delay(20);
  t.same(seen, [1, 2, 3], 'nothing is done that could not be remembered');
  t.match(await house.catalogue.job(job.id), { state: 'running', cursor: '2', failures: 0 });
  full = false;
  await over(house, job.id, 'done');
  t.same(seen, [1, 2, 3, 4, 5, 6]);
  t.match(await house.jobs.newest(), [{ error: null }]);
});

t.test(
  'a full disk that the work itself meets is no failure of it, and a stop does not wait for room',
  async (t) => {
    let full = true;
    const house = await recorder(
      t,
      place(t),
      {
        work: async ({ save }) => {
          house.clock.ms += 1_000;
          if (full) throw fail('disk_full');
          await save({ cursor: 'a', done: 1, total: 1, faults: 0 });
        },
      },
      (store) => ({
        saveJob: (job) => (job.cursor === 'a' ? Promise.reject(fail('disk_full')) : store.saveJob(job)),
      }),
    );
    house.jobs.start();
    const { job } = await house.jobs.ask('work');
    await until('the wait', async () => (await house.catalogue.job(job.id))?.error !== null);
    t.match(await house.catalogue.job(job.id), {
      state: 'waiting',
      failures: 0,
      error: { code: 'disk_full' },
    });
    full = false;
    house.clock.ms += 1_000;
    await until('the pause', async () => (await house.jobs.newest())[0]?.cursor === 'a');
    await house.jobs.stop();
    t.match(await house.catalogue.job(job.id), { state: 'running', cursor: '' }, 'it is there, to go on');
  },
);

t.test('a job of a kind that this version does not know waits untouched, and is said once', async (t) => {
  const path = place(t);
  const house = await recorder(t, path, { work: counts(2) });
  const foreign = newJob('F', 'brew_tea', { sugar: true }, T0);
  await house.catalogue.addJob(foreign);
  house.jobs.start();
  await over(house, (await house.jobs.ask('work')).job.id, 'done');
  await delay(20);
  t.same(await house.catalogue.job('F'), foreign);
  t.equal(house.said.filter((text) => /version of Tapedeck that knows it/.test(text)).length, 1);
  await house.stop();
  const next = await recorder(t, path, { brew_tea: counts(1) });
  next.jobs.start();
  await over(next, 'F', 'done');
});

t.test('ended jobs are forgotten after 90 days, open ones never', async (t) => {
  const path = place(t);
  const house = await recorder(t, path, { work: counts(1) });
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  await over(house, job.id, 'done');
  await house.catalogue.addJob(newJob('F', 'brew_tea', {}, T0));
  house.clock.ms += 90 * DAY;
  await delay(20);
  t.match(await house.catalogue.jobs(9), [{ id: 'F' }, { id: job.id }]);
  house.clock.ms += DAY + 1;
  await until('the end', async () => (await house.catalogue.jobs(9)).length === 1);
  t.match(await house.catalogue.jobs(9), [{ id: 'F' }]);
});

t.test('wherever it is interrupted, no item is left out', async (t) => {
  const dir = t.testdir({});
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.record({ at: fc.nat({ max: 30 }), how: fc.constantFrom('stop', 'kill', 'fail') }), {
        maxLength: 4,
      }),
      fc.integer({ min: 1, max: 1_500 }),
      async (total, faults, stepMs) => {
        const path = join(dir, `${++n}.db`);
        const seen: number[] = [];
        let id = '';
        for (const { at, how } of [...faults, { at: -1, how: 'end' }]) {
          const house = await recorder(t, path, {
            work: counts(total, (item, signal) => {
              seen.push(item);
              house.clock.ms += stepMs;
              if (item !== at) return;
              if (how === 'fail') throw new Error('no');
              return stands(signal);
            }),
          });
          house.clock.ms += n * DAY; // what failed is due
          house.jobs.start();
          id ||= (await house.jobs.ask('work')).job.id;
          await until('an end or the fault', async () => {
            const job = (await house.catalogue.job(id))!;
            return (
              job.state === 'done' || (job.state === 'waiting' && job.failures > 0) || seen.at(-1) === at
            );
          });
          // A kill leaves the row as it was last written, and what ran stands for ever.
          if (how !== 'kill') await house.stop();
        }
        const next = await recorder(t, path, { work: counts(total, (item) => seen.push(item)) });
        next.clock.ms += 1_000 * DAY;
        next.jobs.start();
        await until('the end', async () => (await next.catalogue.job(id))?.state === 'done');
        await next.stop();
        for (let item = 1; item <= total; item++) if (!seen.includes(item)) return false;
        const back = seen.filter((item, i) => i > 0 && item <= seen[i - 1]!).length;
        return back <= faults.length + 1;
      },
    ),
    { numRuns: 25 },
  );
});
