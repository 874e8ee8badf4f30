import t from 'tap';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { ANY_CALL } from '../../../daemon/domain/retention/hold.js';
import { FIRST_DUE } from '../../../daemon/domain/retention/plan.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { aCall } from '../../support/recordings/a-call.js';
import { NOW, openHouse } from '../../support/recordings/erase-until-killed.js';
import { furnish, gone, whatIsLeft, whole } from '../../support/recordings/four-recordings.js';
import { retaining } from '../../support/recordings/retaining.js';

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
  t.same(await house.retain.run(), { erased: 1, failed: 1, left: 1, protected: 0 });
  t.match(await whatIsLeft(house, dir, 'R1'), { state: 'erasing', key: false, file: true });
  t.same(await house.retain.run(), { erased: 1, failed: 0, left: 0, protected: 0 });
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
      keys: { destroyAll: async () => {}, has: () => lie === 'key' },
      store: { remove: async () => true, exists: async () => (lie === 'file' ? { bytes: 1 } : null) },
      clock: () => NOW,
      ...retaining(house.catalogue),
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
  const made = retaining(house.catalogue, { percent: 20 });
  const retain = createRetain({
    catalogue: house.catalogue,
    keys: house.keys,
    store: { remove: async () => true, exists: async () => null },
    clock: () => NOW,
    ...made,
    log: createLog('silent', 'test'),
  });
  const { breaker, ...plan } = await made.plan(NOW);
  t.match(breaker, { tripped: true, share: 0.5, limit: 0.2 });
  t.match(plan, { due: 2, erasable: 2, kept: 4, forEver: 1 });
  await t.rejects(retain.run(), { code: 'retention_refused', message: new RegExp(breaker.confirm) });
  await t.rejects(retain.run({ confirm: 'erase-2-000000' }), { code: 'retention_refused' });
  t.match(await made.plan(NOW), { kept: 4 }, 'nothing happened');
  const both = await Promise.all([retain.run({ confirm: breaker.confirm }), retain.run()]);
  t.same(
    both.map((r) => r.erased),
    [2, 0],
    'two runs at once take turns',
  );
});

const byHand = {
  code: 'erased_by_hand',
  params: { by: 'Ada', approvedBy: null, reason: 'Asked for' },
} as const;

t.test('that a run was stopped stands until one is let through, or less is due', async (t) => {
  for (const how of ['confirmed', 'erased by hand'] as const) {
    const dir = t.testdir();
    await furnish(dir);
    const house = await openHouse(dir);
    const standing = new Set<string>();
    const made = {
      ...retaining(house.catalogue, { percent: 40 }),
      alarms: { raise: (key: string) => standing.add(key), clear: (key: string) => standing.delete(key) },
    };
    const retain = createRetain({
      ...{ catalogue: house.catalogue, keys: house.keys, clock: () => NOW, ...made },
      store: { remove: async () => true, exists: async () => null },
      log: createLog('silent', 'test'),
    });
    // What should have gone a day ago is tried at the start, and stopped.
    retain.start();
    while (!standing.has('retention_refused')) await new Promise(setImmediate);
    const { breaker } = await made.plan(NOW);
    const due = (await house.catalogue.due.erasable(FIRST_DUE, NOW, 9)).items.map(({ id }) => id);
    await t.rejects(retain.run(), { code: 'retention_refused' });
    t.ok(standing.has('retention_refused'), 'a run that is stopped again changes nothing');
    if (how === 'confirmed') await retain.run({ confirm: breaker.confirm });
    else await retain.eraseAll(due, byHand, RETENTION_RUN);
    t.notOk(standing.has('retention_refused'), how);
    await retain.stop();
    await house.close();
  }
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
      ...retaining(house.catalogue),
      log: createLog('silent', 'test'),
    };
    const store = { remove: async () => true, exists: async () => null };
    const config = { ...deps.config, schedule: 'sometimes' };
    t.throws(() => createRetain({ ...deps, store, config }).start(), { code: 'config_invalid' });
  },
);

t.test(
  'a hold that is opened during a run keeps what it asks for, and the run goes on with the rest',
  async (t) => {
    const dir = t.testdir();
    await furnish(dir);
    const query = { ...ANY_CALL, text: 'Ada' };
    let opened = false;
    let looks = 0;
    const house = await openHouse(dir, (verb) => {
      // The run waits for it: it is worked out once that has been seen.
      if (opened && verb === 'catalogue.holds.applying' && ++looks === 2) void workOut();
      if (opened || verb !== 'catalogue.recordings.eraseIntended') return;
      opened = true;
      const matter = { id: 'M', name: 'Smith', reason: 'Letter', query, openedBy: 'Eve', openedAt: NOW };
      void house.catalogue.holds.open(matter);
    });
    const workOut = async () => {
      while (!(await house.catalogue.holds.apply('M', 1, NOW)));
    };
    t.teardown(() => house.close());
    const { catalogue } = house;
    await catalogue.calls.save(aCall('CR2', { them: { number: '+15550199', name: 'Bob', ours: false } }));
    t.same(await house.retain.run(), { erased: 1, failed: 0, left: 0, protected: 1 });
    t.same(await whatIsLeft(house, dir, 'R1'), whole, 'the matter holds it');
    t.same(await whatIsLeft(house, dir, 'R2'), gone, 'nothing holds it');
    t.match(await catalogue.holds.get('M'), { state: 'open', held: { query: 3, picked: 0 } });
  },
);
