import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { because, together, type Why } from '../../../daemon/domain/reason/reason.js';
import { daysLater } from '../../../daemon/domain/retention/calendar.js';
import { namesDueSince, namesShorter, withoutWords } from '../../../daemon/domain/retention/names.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createNamesRemoval } from '../../../daemon/recordings/retain/names.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { aCall } from '../../support/recordings/a-call.js';
import { retaining } from '../../support/recordings/retaining.js';
import { runs } from '../../support/search/share-of-search.js';

const DAY = 86_400_000;
const T0 = 1_700_000_000_000;
const site = { timeZone: 'UTC', region: 'GB' };
const log = createLog('silent', 'test');

async function opened(t: Test, policy: Partial<Policy>, calls: number) {
  const catalogue = createSqliteCatalogue({ path: `${t.testdir()}/catalogue.db` });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  await catalogue.policy.save({ ...defaultPolicy, ...policy }, 'ada', T0, 0);
  for (let n = 0; n < calls; n += 1) await catalogue.calls.save(aCall(`C${n}`, { startedAt: T0 + n }));
  const remove = createNamesRemoval({ catalogue, site, listsOf: () => [], log });
  return { catalogue, remove };
}
const named = async (catalogue: Catalogue) =>
  (await catalogue.calls.list({ limit: 500 })).filter(({ them }) => them.name !== '').length;

t.test('names and numbers go after the days of the policy, and never without it', async (t) => {
  const { catalogue, remove } = await opened(t, { metadata_days: 5 }, 3);
  t.match(await remove(T0 + 5 * DAY, () => false), { days: 5, removed: 0 });
  t.match(await remove(T0 + 5 * DAY + 2 * 3_600_000, () => false), { removed: 3, protected: 0 });
  t.equal(await named(catalogue), 0);
  await catalogue.policy.save(defaultPolicy, 'ada', T0, 1);
  t.equal(await remove(T0 + 900 * DAY, () => false), null);
});

t.test('a minimum of the policy keeps them, also where a fact that it asks for was not stored', async (t) => {
  const limits = [
    { name: 'Orders', reason: '', kind: 'min' as const, days: 100, when: { queue: ['orders'] } },
    { name: 'Desk', reason: '', kind: 'min' as const, days: 50, when: { account: ['desk'] } },
  ];
  const { catalogue, remove } = await opened(t, { metadata_days: 5, limits }, 2);
  await catalogue.calls.save(aCall('ORDER', { queue: 'orders' }));
  await catalogue.calls.save(aCall('OLD', { facts: null }));
  t.match(await remove(T0 + 40 * DAY, () => false), { removed: 2, protected: 2 });
  t.match(await catalogue.calls.get('ORDER'), { them: { name: 'Ada Caller' } });
  t.match(await remove(T0 + 99 * DAY, () => false), { removed: 0, protected: 2 });
  t.match(await remove(T0 + 101 * DAY, () => false), { removed: 2, protected: 0 });
});

t.test('a run that is stopped between two pages is finished by the next one', async (t) => {
  const { catalogue, remove } = await opened(t, { metadata_days: 1 }, 120);
  let looks = 0;
  t.match(await remove(T0 + 9 * DAY, () => looks++ > 0), { removed: 20 });
  t.equal(await named(catalogue), 100);
  t.match(await remove(T0 + 9 * DAY, () => false), { removed: 100 });
});

t.test('fewer days stop the next run until somebody confirms it, and a wrong clock does', async (t) => {
  const { catalogue, remove } = await opened(t, { metadata_days: 1 }, 2);
  const at = (now: number, count = 1_000) => {
    const made = retaining(catalogue, { count });
    const keys = { destroyAll: async () => {}, has: () => false };
    const store = { remove: async () => true, exists: async () => null };
    const ran = (run: { policy: number | null }) =>
      catalogue.audit.append({
        ...{ at: new Date(now).toISOString(), actor: 'tapedeck', actor_id: '', actor_name: '', address: '' },
        ...{ action: 'retention_run', object: '', object_id: '', reason: '', outcome: 'ok' },
        detail: { policy: run.policy },
      });
    const retain = createRetain({
      catalogue,
      keys,
      store,
      clock: () => now,
      log,
      ...made,
      removeNames: remove,
      ran,
    });
    return { plan: () => made.plan(now), run: (confirm?: string) => retain.run(confirm ? { confirm } : {}) };
  };
  const first = at(T0 + 3 * DAY, 1);
  const { breaker, names } = await first.plan();
  t.same(names, { days: 1, due: 2 });
  t.match(breaker.why, {
    code: 'retention_shortened',
    params: { rules: 'names and numbers', from: 0, to: 1 },
  });
  await t.rejects(first.run(), { code: 'retention_refused' });
  t.equal(await named(catalogue), 2);
  await first.run(breaker.confirm);
  t.equal(await named(catalogue), 0);
  await catalogue.calls.save(aCall('NEXT', { startedAt: T0 + 3 * DAY }));
  const later = at(T0 + 99 * DAY);
  t.match((await later.plan()).breaker.why, { code: 'clock_past_run' });
  await t.rejects(later.run(), { code: 'retention_refused' });
  t.match(
    (await at(T0 + 5 * DAY, 1).plan()).breaker,
    { why: null, tripped: false },
    'the same version goes on',
  );
});

t.test('nothing goes before its days are over by the calendar', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: T0, max: T0 + 900 * DAY }),
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
      (now, days, zone) => daysLater(namesDueSince(now, days, zone), days, zone) <= now,
    ),
    { numRuns: runs(300) },
  );
  t.same(
    [
      namesShorter(defaultPolicy, { ...defaultPolicy, metadata_days: 9 }),
      namesShorter(defaultPolicy, defaultPolicy),
    ],
    [true, false],
  );
});

t.test('a reason loses what was quoted or typed in it, and stays a reason', async (t) => {
  const quoting = because('error', { error: 'pbx_refused', detail: 'Ada Caller' });
  const gap = because('gap', { from: 0, until: 9, side: 'us', why: quoting });
  const typed = because('erased_by_hand', { by: 'Grace', approvedBy: null, reason: 'Ada Caller asked.' });
  const all = withoutWords(together(gap, typed, because('masked'))) as Why;
  t.notMatch(JSON.stringify(all), /Ada/);
  t.match(all, {
    code: 'several',
    params: { whys: [{ code: 'gap' }, { params: { by: 'Grace' } }, { code: 'masked' }] },
  });
});
