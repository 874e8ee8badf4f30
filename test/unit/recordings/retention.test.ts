import fc from 'fast-check';
import t from 'tap';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { planRetention, type RetentionItem } from '../../../daemon/domain/policy/retention.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRetain, makePlan } from '../../../daemon/recordings/retain.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { NOW, openHouse } from '../../support/recordings/erase-until-killed.js';
import { furnish, gone, whatIsLeft } from '../../support/recordings/four-recordings.js';
import { noted } from '../../support/words.js';

const DAY = 86_400_000;
const silent = { raise: () => {}, clear: () => {} };
const item = (id: string, more: Partial<RetentionItem> = {}): RetentionItem => ({
  id,
  sealedAt: NOW - DAY,
  keepUntil: null,
  keepRule: null,
  keepWhy: null,
  ...more,
});
const items = (due: number, total: number) =>
  Array.from({ length: total }, (_, i) => item(`R${i}`, i < due ? { keepUntil: NOW - 1 } : {}));

t.test('a plan has all that is due, nothing else, and the right share', async (t) => {
  const arbitrary = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 8 }),
      sealedAt: fc.integer({ min: NOW - 400 * DAY, max: NOW + 3 * DAY }),
      keepUntil: fc.option(fc.integer({ min: NOW - DAY, max: NOW + DAY })),
      keepRule: fc.option(fc.string()),
      keepWhy: fc.string().map(noted),
    }),
    { selector: (i) => i.id },
  );
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 1, max: 100 }), (all, breakerPercent) => {
      const { due, kept, breaker } = planRetention({ now: NOW, items: all, breakerPercent });
      const ids = (list: { item: RetentionItem }[]) => list.map((p) => p.item.id);
      const expected = all.filter((i) => i.keepUntil !== null && i.keepUntil <= NOW).map((i) => i.id);
      const right =
        due.every((p) => p.item.keepUntil !== null) &&
        JSON.stringify(ids(due)) === JSON.stringify(expected) &&
        due.length + kept.length === all.length &&
        breaker.share === (all.length === 0 ? 0 : due.length / all.length) &&
        breaker.tripped === (breaker.why !== null) &&
        (due.length > 0 || !breaker.tripped) &&
        (due.length < 2 || breaker.share <= breaker.limit || breaker.tripped);
      const shuffled = planRetention({ now: NOW, items: all.toReversed(), breakerPercent });
      const fewer = planRetention({ now: NOW, items: all.slice(1), breakerPercent });
      return (
        right &&
        shuffled.breaker.confirm === breaker.confirm &&
        (fewer.due.length === due.length) === (fewer.breaker.confirm === breaker.confirm)
      );
    }),
    { numRuns: 500 },
  );
  t.pass('for 500 catalogues');
});

t.test('the breaker', async (t) => {
  const trips = (due: number, total: number, breakerPercent: number) =>
    planRetention({ now: NOW, items: items(due, total), breakerPercent }).breaker.tripped;
  t.equal(trips(20, 100, 20), false, 'the share that is allowed');
  t.equal(trips(21, 100, 20), true, 'one more');
  t.equal(trips(1, 1, 20), false, 'one recording alone');
  t.equal(trips(2, 2, 20), true);
  t.equal(trips(2, 2, 100), false, 'switched off');
  const some = planRetention({ now: NOW, items: items(2, 3), breakerPercent: 20, total: 100 });
  t.match(some.breaker, { tripped: false, share: 0.02 }, 'of all, where only some are given');
  const at = (now: number, due = 1) =>
    planRetention({ now, items: [item('new', { sealedAt: NOW }), ...items(due, 50)], breakerPercent: 20 })
      .breaker;
  t.match(at(NOW + 7 * DAY), { tripped: false });
  t.match(at(NOW + 7 * DAY + 1), { tripped: true, why: { code: 'clock_past', params: { ms: 7 * DAY + 1 } } });
  t.match(at(NOW + 366 * DAY, 0), { tripped: false }, 'nothing due, nothing to stop');
  const late = [item('new', { sealedAt: NOW + 3 * DAY }), ...items(1, 50)];
  t.match(planRetention({ now: NOW, items: late, breakerPercent: 20 }).breaker, {
    tripped: true,
    why: { code: 'clock_behind', params: { ms: 3 * DAY } },
  });
});

t.test('one that cannot be erased does not keep the others, and is tried again', async (t) => {
  const dir = t.testdir();
  await furnish(dir);
  let broken = true;
  const house = await openHouse(dir, (verb) => {
    if (verb === 'store.remove' && broken) {
      broken = false;
      throw new Error('EIO');
    }
  });
  t.teardown(() => house.close());
  t.same(await house.retain.run(), { erased: 1, failed: 1, left: 1 });
  t.match(await whatIsLeft(house, dir, 'R1'), { state: 'erasing', key: false, file: true });
  t.same(await house.retain.run(), { erased: 1, failed: 0, left: 0 });
  t.same(await whatIsLeft(house, dir, 'R1'), gone);
});

t.test('what only claims to be gone is not called erased', async (t) => {
  const dir = t.testdir();
  await furnish(dir);
  const house = await openHouse(dir);
  t.teardown(() => house.close());
  for (const lie of ['key', 'file']) {
    const retain = createRetain({
      catalogue: house.catalogue,
      keys: { destroy: async () => true, has: () => lie === 'key' },
      store: { remove: async () => true, exists: async () => (lie === 'file' ? { bytes: 1 } : null) },
      clock: () => NOW,
      alarms: silent,
      config: { schedule: '* * * * *', timeZone: 'UTC', breakerPercent: 100 },
      log: createLog('silent', 'test'),
    });
    t.match(await retain.run(), { erased: 0, left: 2 }, lie);
  }
  t.match(await whatIsLeft(house, dir, 'R1'), { state: 'erasing', peaks: true });
});

t.test('an unusual run is refused until it is confirmed for exactly this set', async (t) => {
  const dir = t.testdir();
  await furnish(dir);
  const house = await openHouse(dir);
  t.teardown(() => house.close());
  const retain = createRetain({
    catalogue: house.catalogue,
    keys: house.keys,
    store: { remove: async () => true, exists: async () => null },
    clock: () => NOW,
    alarms: silent,
    config: { schedule: '* * * * *', timeZone: 'UTC', breakerPercent: 20 },
    log: createLog('silent', 'test'),
  });
  const { breaker, due, kept, total, forEver } = await retain.plan();
  t.match(breaker, { tripped: true, share: 0.5, limit: 0.2 });
  t.same([due.length, kept.map((k) => k.item.id), total, forEver], [2, ['R3', 'R4'], 4, 1]);
  await t.rejects(retain.run(), { code: 'retention_refused', message: new RegExp(breaker.confirm) });
  await t.rejects(retain.run({ confirm: 'erase-2-000000' }), { code: 'retention_refused' });
  t.equal((await house.catalogue.recordings.count()).kept, 4, 'nothing happened');
  const both = await Promise.all([retain.run({ confirm: breaker.confirm }), retain.run()]);
  t.same(
    both.map((r) => r.erased),
    [2, 0],
    'two runs at once take turns',
  );
});

t.test('a plan looks as far as there are recordings due, and no further', async (t) => {
  const all = Array.from({ length: 3_000 }, (_, i) => ({
    ...aCall(`C${i}`),
    coverage: { status: 'recorded' as const, why: null, rule: null, missingMs: 0 },
    decision: null,
    recording: aRecording(`R${i}`, `C${i}`, { keepUntil: i < 2_100 ? NOW - 1 : null, sealedAt: NOW }),
  }));
  const asked: number[] = [];
  const catalogue: Parameters<typeof makePlan>[0] = {
    policy: {
      newest: async () => ({
        version: 0,
        changedAt: null,
        changedBy: '',
        policy: defaultPolicy,
        fault: null,
      }),
    },
    recordings: {
      erasing: async () => [],
      kept: async (limit = all.length) => {
        asked.push(limit);
        return all.slice(0, limit);
      },
      count: async () => ({ kept: all.length, forEver: 900, newestSealedAt: NOW }),
    },
  };
  const plan = await makePlan(catalogue, NOW, 20);
  t.same([plan.due.length, asked], [2_100, [500, 2_000, 8_000]]);
  t.equal(plan.breaker.share, 0.7);
});

t.test(
  'the schedule: a bad one is refused, and what should have gone a day ago goes at the start',
  async (t) => {
    const dir = t.testdir();
    await furnish(dir);
    const house = await openHouse(dir);
    t.teardown(() => house.close());
    house.retain.start();
    while ((await house.catalogue.recordings.tombstones(9)).length < 2) await new Promise(setImmediate);
    await house.retain.stop();
    t.same(await whatIsLeft(house, dir, 'R1'), gone);
    const deps = {
      catalogue: house.catalogue,
      keys: house.keys,
      clock: () => NOW,
      alarms: silent,
      log: createLog('silent', 'test'),
    };
    const store = { remove: async () => true, exists: async () => null };
    const config = { schedule: 'sometimes', timeZone: 'UTC', breakerPercent: 20 };
    t.throws(() => createRetain({ ...deps, store, config }).start(), { code: 'config_invalid' });
  },
);
