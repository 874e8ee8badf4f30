import t from 'tap';
import { createCounting } from '../../../daemon/assurance/counting.js';
import { opened, recorded } from '../../support/catalogue/opened.js';
import { log } from '../../support/ledger.js';
import { until } from '../../support/recorder.js';
import { aCall } from '../../support/recordings/a-call.js';

t.test('calls are counted in steps, also those of the time before it started', async (t) => {
  const { catalogue } = await opened(t);
  const T0 = Date.UTC(2026, 0, 1);
  const save = (n: number) => catalogue.calls.save(aCall(`C${n}`, { startedAt: T0 + n * 900_000 }), recorded);
  await Promise.all(Array.from({ length: 700 }, (_, n) => save(n)));
  let steps = 0;
  const count = async () => {
    steps += 1;
    return catalogue.ledger.count();
  };
  const counting = createCounting({
    ...{ catalogue: { ledger: { count } }, log },
    pace: { everyMs: 20, pauseMs: 1 },
  });
  const left = async () => {
    const { items } = await catalogue.ledger.counts({ from: T0, to: T0 + 800 * 900_000 });
    return items.filter(({ counts }) => counts === null).length;
  };
  t.equal(await left(), 700);
  counting.start();
  await until('all are counted', async () => (await left()) === 0);
  t.ok(steps >= 3, `${steps} steps`);
  await save(3);
  await until('what has changed is counted again', async () => (await left()) === 0);
  await counting.stop();
  const before = steps;
  await save(4);
  t.equal(await left(), 1);
  t.equal(steps, before, 'it has stopped');
});
