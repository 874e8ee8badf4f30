import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import { counts, over, place, recorder, stands, T0 } from '../../support/jobs-lab.js';
import { until } from '../../support/recorder.js';

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
  await until('the last to begin', () => begun.length === 2);
  t.same(begun, [1, 3]);
  t.match(await house.catalogue.jobs.get(runs.id), { state: 'cancelled' }, 'what ran did not write over it');
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
  t.match(await first.catalogue.jobs.cancel(job.id, T0 + 1), { state: 'cancelled', endedAt: T0 + 1 });
  await stopped;
  t.match(await first.catalogue.jobs.get(job.id), { state: 'cancelled' });
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
      await turn();
    }),
    other: counts(1),
  });
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  const other = (await house.jobs.ask('other')).job;
  await until('some progress', async () => Number((await house.catalogue.jobs.get(job.id))?.cursor) > 2);
  await house.catalogue.jobs.cancel(job.id, T0);
  await over(house, other.id, 'done');
  t.match(await house.catalogue.jobs.get(job.id), { state: 'cancelled', endedAt: T0 });
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
    until(`failure ${failures}`, async () => (await house.catalogue.jobs.get(job.id))?.failures === failures);
  await failed(1);
  t.match(await house.catalogue.jobs.get(job.id), {
    ...{ state: 'waiting', nextAt: T0 + 1_000 },
    error: { code: 'ffmpeg_missing', detail: '/usr/bin/ffmpeg' },
  });
  await over(house, (await house.jobs.ask('other')).job.id, 'done');
  t.equal(tries, 1, 'another job has its turn meanwhile');
  house.clock.ms += 1_000;
  await failed(2);
  t.match(await house.catalogue.jobs.get(job.id), { state: 'waiting', nextAt: T0 + 61_000 });
  house.clock.ms += 60_000;
  await failed(3);
  t.match(await house.catalogue.jobs.get(job.id), { state: 'failed', endedAt: T0 + 61_000 });
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
    await until('a failure', async () => (await house.catalogue.jobs.get(job.id))?.failures === 1);
    t.match(await house.catalogue.jobs.get(job.id), { error: { code: 'internal', detail: '' } });
    for (const n of [1, 2, 3]) {
      await until('its turn', async () => (await house.catalogue.jobs.get(job.id))?.failures === 1);
      house.clock.ms = T0 + n * 10_000;
      await until('progress', async () => Number((await house.catalogue.jobs.get(job.id))?.cursor) >= n);
    }
    await over(house, job.id, 'done');
    t.match(await house.catalogue.jobs.get(job.id), { failures: 0, error: null });
  },
);

t.test('a job that cannot write its progress pauses, says why, and goes on when it can', async (t) => {
  let full = false;
  let refused = 0;
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
      save: (job) => {
        if (!full) return store.save(job);
        refused += 1;
        return Promise.reject(fail('disk_full', 'catalogue.db'));
      },
    }),
  );
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  await until('the pause', async () => (await house.jobs.newest())[0]?.error?.code === 'disk_full');
  await until('it to be tried again', () => refused > 3);
  t.same(seen, [1, 2, 3], 'nothing is done that could not be remembered');
  t.match(await house.catalogue.jobs.get(job.id), { state: 'running', cursor: '2', failures: 0 });
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
        save: (job) => (job.cursor === 'a' ? Promise.reject(fail('disk_full')) : store.save(job)),
      }),
    );
    house.jobs.start();
    const { job } = await house.jobs.ask('work');
    await until('the wait', async () => (await house.catalogue.jobs.get(job.id))?.error !== null);
    t.match(await house.catalogue.jobs.get(job.id), {
      state: 'waiting',
      failures: 0,
      error: { code: 'disk_full' },
    });
    full = false;
    house.clock.ms += 1_000;
    await until('the pause', async () => (await house.jobs.newest())[0]?.cursor === 'a');
    await house.jobs.stop();
    t.match(
      await house.catalogue.jobs.get(job.id),
      { state: 'running', cursor: '' },
      'it is there, to go on',
    );
  },
);
