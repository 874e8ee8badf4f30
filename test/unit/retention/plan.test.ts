import fc from 'fast-check';
import t from 'tap';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { createTally, type GuardedItem, type RetentionPlan } from '../../../daemon/domain/retention/plan.js';
import { type SafetyGiven, safetyFault, shortened } from '../../../daemon/domain/retention/safety.js';
import { runs } from '../../support/search/share-of-search.js';

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;
const LIMIT = { percent: 20, count: 10_000 };

/** A recording as the cursor meets it. */
type Item = {
  id: string;
  until: number | null;
  rule: string | null;
  minUntil: number | null;
  matters: string[];
};
const ruledBy = (keep: number | null): Policy => ({
  ...defaultPolicy,
  retention: [{ name: 'Sales', reason: '', when: {}, keep_days: keep }],
});
const policy = { version: 3, policy: ruledBy(30) };

/** The plan of these, read in slices of so many. */
function planOf(items: readonly Item[], now = NOW, cut = 3, begun: string[] = []): RetentionPlan {
  const tally = createTally(now);
  for (const rule of new Set(items.map((i) => i.rule))) {
    const of = items.filter((i) => i.rule === rule);
    for (let at = 0; at < of.length; at += cut) {
      const part = of.slice(at, at + cut);
      tally.addKept({
        rule,
        kept: part.length,
        forEver: part.filter((i) => i.until === null).length,
        due: part.filter((i) => i.until !== null && i.until <= now).length,
        next: null,
      });
    }
  }
  const due = items
    .filter((i): i is Item & { until: number } => i.until !== null && i.until <= now)
    .sort((a, b) => a.until - b.until || (a.id < b.id ? -1 : 1));
  for (let at = 0; at < due.length; at += cut) {
    const part = due.slice(at, at + cut);
    tally.addDue({
      ids: part.map((i) => i.id),
      guarded: part.filter(
        (i): i is Item & GuardedItem & { until: number } => i.matters.length > 0 || i.minUntil !== null,
      ),
      next: null,
    });
  }
  tally.addBegun(begun);
  return tally.plan(
    { named: { days: null, due: 0 }, newestSealedAt: now, lastRunAt: null, policy, accepted: policy },
    LIMIT,
  );
}

const items = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[A-Z0-9]{1,6}$/),
    until: fc.option(fc.integer({ min: NOW - 3 * DAY, max: NOW + 3 * DAY })),
    rule: fc.option(fc.constantFrom('Sales', 'Support')),
    minUntil: fc.option(fc.integer({ min: NOW - DAY, max: NOW + DAY })),
    matters: fc.array(fc.constantFrom('M1', 'M2'), { maxLength: 2 }),
  }),
  { selector: (i) => i.id },
);
const stays = (i: Item, now: number) => i.matters.length > 0 || (i.minUntil ?? 0) > now;
const isDue = (i: Item, now: number) => i.until !== null && i.until <= now;

t.test('a plan counts what is due, what is protected and nothing else, however it is cut', async (t) => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 9 }), (all, cut) => {
      const plan = planOf(all, NOW, cut);
      const due = all.filter((i) => isDue(i, NOW));
      const going = due.filter((i) => !stays(i, NOW));
      const held = due.filter((i) => i.matters.length > 0);
      return (
        plan.kept === all.length &&
        plan.forEver === all.filter((i) => i.until === null).length &&
        plan.due === due.length &&
        plan.erasable === going.length &&
        plan.protected.legalHold === held.length &&
        plan.protected.minimum === due.length - going.length - held.length &&
        plan.rules.reduce((n, r) => n + r.kept, 0) === all.length &&
        plan.rules.reduce((n, r) => n + r.protected, 0) === due.length - going.length &&
        plan.breaker.confirm === planOf(all, NOW, cut + 1).breaker.confirm
      );
    }),
    { numRuns: runs(500) },
  );
  t.pass('for 500 lists');
});

t.test('what is due stays due, unless something protects it', async (t) => {
  fc.assert(
    fc.property(items, fc.integer({ min: 0, max: 3 * DAY }), (all, later) => {
      const [now, then] = [planOf(all), planOf(all, NOW + later)];
      return (
        then.due >= now.due &&
        then.erasable >= now.erasable &&
        then.protected.legalHold >= now.protected.legalHold
      );
    }),
    { numRuns: runs(500) },
  );
  t.pass('for 500 lists');
});

t.test('the word to confirm changes with the set that would be erased, and with nothing else', async (t) => {
  fc.assert(
    fc.property(items, (all) => {
      const plan = planOf(all);
      const goes = all.filter((i) => isDue(i, NOW) && !stays(i, NOW));
      const without = (gone: Item) => planOf(all.filter((i) => i !== gone)).breaker.confirm;
      return (
        /^erase-\d+-[0-9a-f]{12}$/.test(plan.breaker.confirm) &&
        goes.every((one) => without(one) !== plan.breaker.confirm) &&
        all.filter((i) => !goes.includes(i)).every((one) => without(one) === plan.breaker.confirm)
      );
    }),
    { numRuns: runs(200) },
  );
  const [one, other] = ['A', 'B'].map((id) =>
    planOf([{ id, until: NOW, rule: null, minUntil: null, matters: [] }]),
  );
  t.not(one!.breaker.confirm, other!.breaker.confirm, 'as many, but others');
  t.not(
    planOf([], NOW, 1, ['A']).breaker.confirm,
    planOf([], NOW, 1, ['B']).breaker.confirm,
    'nor those begun',
  );
  t.match(planOf([], NOW, 1, ['B', 'A']), { begun: 2, erasable: 2, kept: 0, due: 0 });
});

t.test('more rules than a page can show are counted, and not listed', async (t) => {
  const all = Array.from({ length: 600 }, (_, n) => ({
    ...{ id: `R${n}`, until: null, rule: `Rule ${n}`, minUntil: null, matters: [] },
  }));
  const plan = planOf(all);
  t.match([plan.kept, plan.rules.length], [600, 500]);
});

const given = (more: Partial<SafetyGiven> = {}): SafetyGiven => ({
  ...{ now: NOW, erasable: 1, total: 100, names: 0, newestSealedAt: NOW, lastRunAt: NOW - DAY },
  ...{ policy, accepted: policy },
  ...more,
});
const fault = (more: Partial<SafetyGiven>, limit = LIMIT) => safetyFault(given(more), limit);

t.test('the safety limit', async (t) => {
  t.equal(fault({ erasable: 20 }), null, 'the share that is allowed');
  t.match(fault({ erasable: 21 }), { code: 'many_due', params: { due: 21, total: 100, percent: 20 } });
  t.equal(fault({ erasable: 1, total: 1 }), null, 'one recording alone');
  t.equal(fault({ erasable: 2, total: 2 }, { percent: 100, count: 9 }), null, 'switched off');
  t.equal(fault({ erasable: 9, total: 1_000 }, { percent: 20, count: 9 }), null);
  t.match(fault({ erasable: 10, total: 1_000 }, { percent: 20, count: 9 }), {
    ...{ code: 'over_count', params: { due: 10, count: 9 } },
  });
});

t.test('a clock that jumped', async (t) => {
  t.equal(fault({ newestSealedAt: NOW - 7 * DAY }), null);
  t.match(fault({ newestSealedAt: NOW - 7 * DAY - 1 }), { code: 'clock_past', params: { ms: 7 * DAY + 1 } });
  t.equal(fault({ newestSealedAt: NOW + 60_000 }), null, 'two clocks that agree');
  t.match(fault({ newestSealedAt: NOW + 60_001 }), { code: 'clock_behind' });
  t.match(fault({ lastRunAt: NOW + 60_001 }), { code: 'clock_behind_run' }, 'before the last run');
  t.match(
    fault({ lastRunAt: NOW - 7 * DAY - 1 }),
    { code: 'clock_past_run' },
    'a call was sealed by that clock too',
  );
  t.equal(fault({ lastRunAt: null, newestSealedAt: null }), null, 'nothing to compare with');
  t.equal(fault({ erasable: 0, newestSealedAt: NOW - 366 * DAY }), null, 'nothing to erase, nothing to stop');
});

t.test('a policy that erases nothing, or more than before', async (t) => {
  const now = (keep: number | null) => ({ version: 4, policy: ruledBy(keep) });
  t.match(fault({ policy: { version: 4, policy: defaultPolicy } }), {
    code: 'policy_empty',
    params: { version: 4 },
  });
  t.match(fault({ policy: now(null) }), { code: 'policy_empty' }, 'all is kept forever');
  const empty = { version: 4, policy: defaultPolicy };
  t.equal(fault({ policy: empty, accepted: empty }), null, 'somebody has confirmed that');
  t.match(fault({ policy: now(29) }), {
    ...{ code: 'retention_shortened', params: { rules: 'Sales', from: 3, to: 4 } },
  });
  t.equal(fault({ policy: now(30) }), null);
  t.equal(fault({ policy: now(31) }), null, 'it is kept for longer');
  t.equal(fault({ policy: now(1), accepted: null }), null, 'nothing to compare with');
  const two = (name: string, keep: number): Policy => ({
    ...ruledBy(30),
    retention: [{ name, reason: '', when: {}, keep_days: keep }, ...ruledBy(30).retention],
  });
  t.same(shortened(ruledBy(30), two('New', 7)), ['New'], 'a new rule for a shorter time than any');
  t.same(shortened(ruledBy(30), two('New', 30)), []);
  t.same(shortened(ruledBy(null), ruledBy(30)), ['Sales'], 'from forever');
  t.same(shortened(defaultPolicy, ruledBy(30)), ['Sales'], 'the first rule of all');
  const limited = (kind: 'min' | 'max', days: number): Policy => ({
    ...ruledBy(30),
    limits: [{ name: 'Law', reason: '', kind, days, when: {} }],
  });
  t.same(shortened(ruledBy(30), limited('max', 7)), ['Law'], 'a new maximum');
  t.same(shortened(limited('max', 9), limited('max', 7)), ['Law'], 'a shorter one');
  t.same(shortened(limited('max', 7), limited('max', 9)), [], 'a longer one');
  t.same(shortened(ruledBy(30), limited('min', 7)), [], 'a minimum shortens nothing');
});
