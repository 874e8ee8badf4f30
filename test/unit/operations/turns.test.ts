import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createSchedule } from '../../../daemon/ops/schedule.js';
import { repeatedly, retryDelay, serialQueue, singleFlight } from '../../../daemon/ops/turns.js';

/** A job that ends when it is told to, and how often it was begun. */
function byHand() {
  const ends: ((fault?: Error) => void)[] = [];
  return {
    ends,
    job: () =>
      new Promise<number>((resolve, reject) => {
        const n = ends.length;
        ends.push((fault) => (fault ? reject(fault) : resolve(n)));
      }),
  };
}

t.test('a single flight is joined, and another begins when it is over', async (t) => {
  const { ends, job } = byHand();
  const { run, idle } = singleFlight(job);
  const both = [run(), run()];
  t.equal(ends.length, 1);
  ends[0]!();
  t.same(await Promise.all(both), [0, 0]);
  const broken = run();
  const over = idle();
  ends[1]!(new Error('no'));
  await t.rejects(broken, /no/);
  await over;
  const last = run();
  ends[2]!();
  t.equal(await last, 2);
});

t.test('in a queue one comes after the other, whatever became of it', async (t) => {
  const { ends, job } = byHand();
  const queue = serialQueue();
  const first = queue.run(job);
  const second = queue.run(job);
  await turn();
  t.equal(ends.length, 1, 'the second waits');
  ends[0]!(new Error('no'));
  await t.rejects(first, /no/);
  await turn();
  ends[1]!();
  t.equal(await second, 1);
  await queue.idle();
});

t.test('what is repeated is never done twice at once, and a failure does not end it', async (t) => {
  const { ends, job } = byHand();
  const faults: unknown[] = [];
  const looking = repeatedly(
    5,
    async () => void (await job()),
    (err) => faults.push(err),
  );
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  looking.start();
  mock.timers.tick(5);
  t.equal(ends.length, 1);
  mock.timers.tick(50);
  await turn();
  t.equal(ends.length, 1, 'turns are left out');
  ends[0]!(new Error('no'));
  await turn();
  t.match(faults, [{ message: 'no' }]);
  mock.timers.tick(5);
  t.equal(ends.length, 2);
  let stopped = false;
  const stop = looking.stop().then(() => {
    stopped = true;
  });
  await turn();
  t.equal(stopped, false, 'stopping waits for what is under way');
  ends[1]!();
  await stop;
  mock.timers.tick(50);
  await turn();
  t.equal(ends.length, 2, 'it is stopped');
});

t.test('the last delay goes for all later failures', async (t) => {
  t.same(
    [0, 1, 2, 9].map((failures) => retryDelay([10, 20, 30], failures)),
    [10, 20, 30, 30],
  );
});

t.test('what is not a cron expression is refused with the setting that has it', async (t) => {
  const schedule = createSchedule({
    ...{ setting: 'scrub.schedule', expression: 'at night', timeZone: 'UTC' },
    ...{ missedToo: true, job: async () => {} },
  });
  t.throws(() => schedule.start(), { code: 'config_invalid', message: /scrub\.schedule.*at night/ });
  await schedule.stop();
});
