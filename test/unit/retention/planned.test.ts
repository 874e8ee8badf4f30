import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { readPlan } from '../../../daemon/catalogue/retention/planned.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { FIRST_DUE, protection } from '../../../daemon/domain/retention/plan.js';
import type { EraseRun } from '../../../daemon/domain/retention/run.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { itemsOf } from '../../../web/retention/items.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import { retaining, ruled } from '../../support/recordings/retaining.js';
import { holdFor, keepOne, ruledOf } from '../../support/recordings/retention-lab.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 6, 1, 3);
const LIMIT = { percent: 100, count: 1_000_000 };

const ada = { actor: 'person' as const, id: 'A', name: 'Ada' };

async function opened(t: Test, policy = ruled, at = NOW) {
  const catalogue = createSqliteCatalogue({
    path: await freshCatalogue(join(t.testdir({}), 'catalogue.db')),
  });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  await catalogue.policy.save(policy, 'test', at, 0);
  const clock = { now: at };
  const board = alarmBoard();
  const ran: (EraseRun & { items: string[] })[] = [];
  const gone = new Set<string>();
  const refused: string[] = [];
  const retain = (given = LIMIT) =>
    createRetain({
      ...{ catalogue, clock: () => clock.now, log: createLog('silent', 'test') },
      ...retaining(catalogue, given),
      keys: { destroyAll: async () => {}, has: () => false },
      store: { remove: async () => true, exists: async () => null },
      alarms: board.alarms,
      ran: async (run) => {
        const all = (await catalogue.recordings.tombstones(99)).map((call) => call.recording!.id).reverse();
        ran.push({ ...run, items: all.filter((id) => !gone.has(id)) });
        for (const id of all) gone.add(id);
      },
      refused: async (why) => refused.push(why.code),
    });
  return { catalogue, clock, board, ran, refused, retain };
}

t.test('golden: a policy and its recordings, and what a run keeps and removes', async (t) => {
  const ZONE = 'Europe/Berlin';
  const rule = (name: string, queue: string[], keep: number | null, more = {}) => ({
    ...{ name, reason: `For ${name}.`, when: queue.length > 0 ? { queue } : {}, keep_days: keep },
    ...more,
  });
  const limit = (name: string, kind: 'min' | 'max', days: number, queue: string[]) => ({
    ...{ name, kind, days, reason: '', when: { queue } },
    ...{ legal_basis: '', source: '', as_of: '2026-01-01' },
  });
  const policy = {
    ...defaultPolicy,
    retention: [
      rule('orders', ['orders'], null),
      rule('trading', ['trading'], 30),
      rule('tax', ['tax'], 90, { from: 'year_end' }),
      rule('everything else', [], 30),
    ],
    limits: [limit('MiFID', 'min', 1_826, ['trading']), limit('Pennsylvania', 'max', 7, ['survey'])],
  } as Policy;
  const { catalogue } = await opened(t, policy);
  const at = (day: string) => Date.parse(`${day}T10:00:00Z`);
  for (const [id, queue, day] of [
    ['A', 'orders', '2019-01-01'],
    ['B', 'trading', '2026-05-01'],
    ['C', 'trading', '2021-06-29'],
    ['D', 'tax', '2025-12-31'],
    ['E', 'tax', '2026-01-02'],
    ['F', '', '2026-05-31'],
    ['G', '', '2026-06-01'],
    ['H', 'survey', '2026-06-20'],
    ['I', '', '2026-05-30'],
    ['J', '', '2026-06-30'],
  ] as const)
    await keepOne(catalogue, id, ruledOf(policy, queue, at(day), ZONE));
  await holdFor(catalogue, 'Smith v. Example', ['I']);

  const now = NOW;
  const plan = await readPlan(catalogue, now, LIMIT, 'UTC');
  const list = async (which: 'erasable' | 'protected' | 'later') => {
    const { items: calls } = await catalogue.due.page(which, FIRST_DUE, now, 99);
    const held = await catalogue.holds.of(calls.map((call) => call.recording!.id));
    return calls.map(({ recording }) => {
      const { id, keepUntil, keepRule, keepWhy } = recording!;
      const why = which === 'protected' ? protection(recording!, held, now) : keepWhy;
      return [id, new Date(keepUntil!).toISOString().slice(0, 10), keepRule, inWords(why)].join(' | ');
    });
  };
  t.same(
    await list('erasable'),
    [
      'D | 2026-03-31 | tax | For tax.',
      'C | 2026-06-29 | trading | For trading. The limit "MiFID" keeps it for at least 1,826 days.',
      'H | 2026-06-27 | everything else | For everything else. The limit "Pennsylvania" allows keeping it for at most 7 days.',
      'F | 2026-06-30 | everything else | For everything else.',
    ].toSorted((a, b) => a.slice(4, 14).localeCompare(b.slice(4, 14))),
  );
  t.same(await list('protected'), [
    'I | 2026-06-29 | everything else | It is under legal hold: Smith v. Example.',
  ]);
  t.same(await list('later'), [
    'G | 2026-07-01 | everything else | For everything else.',
    'J | 2026-07-30 | everything else | For everything else.',
    'E | 2027-03-31 | tax | For tax.',
    'B | 2031-05-01 | trading | For trading. The limit "MiFID" keeps it for at least 1,826 days.',
  ]);
  t.match(plan, { kept: 10, forEver: 1, due: 5, erasable: 4, protected: { legalHold: 1, minimum: 0 } });
  t.same(plan.rules.map((r) => [r.rule, r.kept, r.forEver, r.due, r.protected]).sort(), [
    ['everything else', 5, 0, 3, 1],
    ['orders', 1, 1, 0, 0],
    ['tax', 2, 0, 1, 0],
    ['trading', 2, 0, 1, 0],
  ]);
});

t.test('the plan, the page, the table and the run are about the same recordings', async (t) => {
  const item = fc.record({
    until: fc.option(fc.integer({ min: -3, max: 3 })),
    min: fc.option(fc.integer({ min: -2, max: 2 })),
    held: fc.boolean(),
    rule: fc.option(fc.constantFrom('Sales', 'Support')),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (items, size) => {
        const { catalogue, retain, ran, clock } = await opened(t);
        const ids = items.map((_, n) => `R${n}`);
        for (const [n, { until, min, rule }] of items.entries())
          await keepOne(catalogue, ids[n]!, {
            ...{
              keepUntil: until === null ? null : NOW + until * DAY,
              minUntil: min === null ? null : NOW + min * DAY,
              keepRule: rule,
              sealedAt: NOW,
            },
          });
        const held = ids.filter((_, n) => items[n]!.held);
        if (held.length > 0) await holdFor(catalogue, 'M', held);
        const goes = ids.filter((_, n) => {
          const { until, min, held } = items[n]!;
          return until !== null && until <= 0 && !held && (min ?? 0) <= 0;
        });
        const plan = await readPlan(catalogue, NOW, LIMIT, 'UTC');
        const shown: string[] = [];
        for (let after = null, more = true; more; ) {
          const page = await itemsOf(catalogue, 'due', { now: NOW, after, limit: size });
          shown.push(...page.items.map((i) => i.recording.id));
          after = page.next as never;
          more = page.next !== null;
        }
        const first = await retain().run();
        const erased = ran.at(-1)!.items;
        const second = await retain().run();
        clock.now += 1;
        await catalogue.stop();
        const same = (a: readonly string[], b: readonly string[]) =>
          a.toSorted().join() === b.toSorted().join();
        return (
          plan.erasable === goes.length &&
          same(shown, goes) &&
          same(erased, goes) &&
          first.erased === goes.length &&
          first.failed + first.left + first.protected === 0 &&
          second.erased === 0 // and once more changes nothing
        );
      },
    ),
    { numRuns: 25 },
  );
  t.pass('for 25 catalogues');
});

t.test('a run never erases more than the plan that was confirmed', async (t) => {
  const { catalogue, retain, ran } = await opened(t);
  for (let n = 0; n < 6; n++) await keepOne(catalogue, `R${n}`, { keepUntil: NOW - DAY + n, sealedAt: NOW });
  const plan = await readPlan(catalogue, NOW, { percent: 20, count: 9 }, 'UTC');
  const careful = retain({ percent: 20, count: 9 });
  await keepOne(catalogue, 'S', { keepUntil: NOW - 2 * DAY, sealedAt: NOW });
  await t.rejects(careful.run({ confirm: plan.breaker.confirm }), { code: 'retention_refused' });
  t.same(ran, []);
});

t.test('the safety limit is told of, and what is overdue until it is erased', async (t) => {
  const { catalogue, clock, board, refused, retain, ran } = await opened(t);
  for (let n = 0; n < 4; n++) await keepOne(catalogue, `R${n}`, { keepUntil: NOW - 4 * DAY, sealedAt: NOW });
  await holdFor(catalogue, 'M', ['R3']);
  const careful = retain({ percent: 20, count: 9 });
  await t.rejects(careful.run(), { code: 'retention_refused' });
  t.same(refused, ['many_due']);
  t.match(board.standing.get('retention_overdue'), {
    message: /^3 recordings have been due for more than 3 days/,
  });
  const { breaker } = await readPlan(catalogue, NOW, { percent: 20, count: 9 }, 'UTC');
  t.match(await careful.run({ confirm: breaker.confirm, run: { ...RETENTION_RUN, requestedBy: ada } }), {
    erased: 3,
    protected: 0,
  });
  t.match(ran, [{ why: 'retention', by: 'Ada', erased: 3, items: ['R0', 'R1', 'R2'], policy: 1 }]);
  t.equal(board.standing.has('retention_overdue'), false, 'a legal hold is no delay');
  await keepOne(catalogue, 'S', { keepUntil: NOW + DAY, sealedAt: NOW });
  clock.now = NOW + 3 * DAY;
  await retain().run();
  t.equal(board.standing.has('retention_overdue'), false);
});

t.test(
  'recordings named by a person: reason and name stand on each, and what is protected stays',
  async (t) => {
    const { catalogue, retain, ran } = await opened(t);
    for (const id of ['A', 'B', 'C']) await keepOne(catalogue, id);
    await holdFor(catalogue, 'M', ['B']);
    const why = {
      code: 'erased_by_hand',
      params: { by: 'Ada', approvedBy: 'Gus', reason: 'Asked for' },
    } as const;
    const asked = {
      ...{ kind: 'by_hand' as const, requestedBy: ada, approvedBy: { id: 'G', name: 'Gus' } },
      ...{ reference: '', reason: 'Asked for' },
    };
    t.same(await retain().eraseAll(['A', 'B', 'C', 'none'], why, asked), {
      ...{ erased: 2, failed: 0, left: 1, protected: 1 },
    });
    t.match(ran, [{ why: 'by_hand', by: 'Ada', approvedBy: 'Gus', items: ['A', 'C'], policy: null }]);
    t.match((await catalogue.calls.get('CA'))?.recording, { state: 'erased', eraseWhy: why });
    t.match(await catalogue.recordings.get('B'), { state: 'sealed' });
  },
);
