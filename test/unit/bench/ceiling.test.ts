import t from 'tap';
import { ceilingOf } from '../../bench/capacity/ceiling.js';

const plan = { steps: [50, 100, 200, 400], between: true, timeLeft: () => true };

/** Carries so many calls whole, and is unlucky in the runs that are named. */
function machine(most: number, unlucky: (calls: number, run: number) => boolean = () => false) {
  const runs: number[] = [];
  return {
    runs,
    run: async (calls: number) => {
      runs.push(calls);
      return calls <= most && !unlucky(calls, runs.filter((n) => n === calls).length);
    },
  };
}

t.test('the ceiling is found between the steps, to a tenth', async (t) => {
  for (const most of [7, 60, 131, 250, 399]) {
    const { carried, not } = await ceilingOf(plan, machine(most).run);
    t.ok(carried <= most && not! > most, `${most} lies between ${carried} and ${not}`);
    t.ok(not! - carried <= Math.max(4, carried * 0.1));
  }
});

t.test('one unlucky run decides nothing', async (t) => {
  const { carried, not } = await ceilingOf(
    plan,
    machine(400, (calls, run) => calls === 100 && run === 1).run,
  );
  t.same({ carried, not }, { carried: 400, not: null });
});

t.test('one lucky run decides nothing either', async (t) => {
  const lucky = machine(400, (calls, run) => calls >= 200 && run > 1);
  const { carried, not } = await ceilingOf({ ...plan, between: false }, lucky.run);
  t.same({ carried, not }, { carried: 100, not: 200 });
});

t.test('what is known to fail is not tried', async (t) => {
  const { run, runs } = machine(1_000);
  const { carried, not } = await ceilingOf({ ...plan, below: 150 }, run);
  t.ok(carried > 130 && not === 150);
  t.ok(runs.every((calls) => calls < 150));
});

t.test('a machine that carries nothing has no ceiling', async (t) => {
  t.same(await ceilingOf({ ...plan, between: false }, machine(0).run), { carried: 0, not: 50 });
});

t.test('nothing more is begun without time for it, and what is named was carried twice', async (t) => {
  const { run, runs } = machine(1_000);
  const found = await ceilingOf({ ...plan, timeLeft: () => runs.length < 2 }, run);
  t.same(found, { carried: 100, not: null });
  t.same(runs, [50, 100, 100]);
});
