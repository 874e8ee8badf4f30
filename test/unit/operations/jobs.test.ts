import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { newJob, type Progress } from '../../../daemon/domain/operations/job.js';
import type { JobHandler } from '../../../daemon/ops/jobs.js';
import { outcome } from '../../../daemon/ops/turns.js';
import { counts, DAY, over, place, recorder, stands, T0 } from '../../support/jobs-lab.js';
import { until } from '../../support/recorder.js';

t.test('jobs run one at a time, in the order in which they are asked for', async (t) => {
  const seen: string[] = [];
  const handler: JobHandler = async ({ params }) => {
    seen.push(`begin ${params.n}`);
    await turn();
    seen.push(`end ${params.n}`);
  };
  const house = await recorder(t, place(t), { work: handler });
  await t.rejects(house.jobs.ask('work'), { code: 'daemon_unreachable' }, 'not before the start');
  house.jobs.start();
  const asked = await Promise.all([3, 1, 2].map((n) => house.jobs.ask('work', { n })));
  for (const { job } of asked) await over(house, job.id, 'done');
  t.same(seen, ['begin 3', 'end 3', 'begin 1', 'end 1', 'begin 2', 'end 2']);
  t.match(
    (await house.catalogue.jobs.list(2)).map((j) => j.params),
    [{ n: 2 }, { n: 1 }],
  );
});

t.test('the same job asked for twice is one, until it is over', async (t) => {
  const held = outcome();
  const house = await recorder(t, place(t), { work: () => held.done });
  house.jobs.start();
  const first = await house.jobs.ask('work', { a: 1, b: 'x' });
  t.equal(first.already, false);
  const again = await house.jobs.ask('work', { b: 'x', a: 1 });
  t.match(again, { already: true, job: { id: first.job.id } });
  t.equal((await house.jobs.ask('work', { a: 2 })).already, false);
  await over(house, first.job.id, 'running');
  t.match(await house.jobs.ask('work', { a: 1, b: 'x' }), { already: true, job: { state: 'running' } });
  held.resolve();
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
      save: (job) => {
        written.push(job);
        return store.save(job);
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
  t.match(await house.catalogue.jobs.get(job.id), {
    done: 10,
    total: 10,
    endedAt: house.clock.ms,
    error: null,
  });
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
  await until('the fourth', async () => (await killed.catalogue.jobs.get(job.id))?.cursor === '3');

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
  t.equal(
    (await first.catalogue.jobs.get(job.id))?.cursor,
    '',
    'the clock stands still: it is not written yet',
  );
  await first.stop();
  const seen: unknown[] = [];
  const next = await recorder(t, path, { work: counts(9, (n) => seen.push(n)) });
  t.match(await next.catalogue.jobs.get(job.id), { state: 'running', cursor: '3' });
  next.jobs.start();
  await over(next, job.id, 'done');
  t.same(seen, [4, 5, 6, 7, 8, 9]);
});

t.test('a job of a kind that this version does not know waits untouched, and is said once', async (t) => {
  const path = place(t);
  const house = await recorder(t, path, { work: counts(2) });
  const foreign = newJob('F', 'brew_tea', { sugar: true }, T0);
  await house.catalogue.jobs.add(foreign);
  house.jobs.start();
  // Each is looked for among those that are open.
  for (let n = 0; n < 3; n += 1) await over(house, (await house.jobs.ask('work')).job.id, 'done');
  t.same(await house.catalogue.jobs.get('F'), foreign);
  t.equal(house.said.filter((text) => /version of Tapedeck that knows it/.test(text)).length, 1);
  await house.stop();
  const next = await recorder(t, path, { brew_tea: counts(1) });
  next.jobs.start();
  await over(next, 'F', 'done');
});

t.test('ended jobs are forgotten after 90 days, open ones never', async (t) => {
  const path = place(t);
  let forgot = 0;
  const house = await recorder(t, path, { work: counts(1) }, (store) => ({
    forget: async (before) => {
      await store.forget(before);
      forgot += 1;
    },
  }));
  house.jobs.start();
  const { job } = await house.jobs.ask('work');
  await over(house, job.id, 'done');
  await house.catalogue.jobs.add(newJob('F', 'brew_tea', {}, T0));
  house.clock.ms += 90 * DAY;
  await until('old ones to be forgotten', () => forgot === 2);
  t.match(await house.catalogue.jobs.list(9), [{ id: 'F' }, { id: job.id }]);
  house.clock.ms += DAY + 1;
  await until('the end', async () => (await house.catalogue.jobs.list(9)).length === 1);
  t.match(await house.catalogue.jobs.list(9), [{ id: 'F' }]);
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
            const job = (await house.catalogue.jobs.get(id))!;
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
        await until('the end', async () => (await next.catalogue.jobs.get(id))?.state === 'done');
        await next.stop();
        for (let item = 1; item <= total; item++) if (!seen.includes(item)) return false;
        const back = seen.filter((item, i) => i > 0 && item <= seen[i - 1]!).length;
        return back <= faults.length + 1;
      },
    ),
    { numRuns: 25 },
  );
});
