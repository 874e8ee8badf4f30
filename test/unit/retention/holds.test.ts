import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { termsInSql } from '../../../daemon/catalogue/sqlite/retention/hold-query.js';
import { searchText } from '../../../daemon/domain/call/search.js';
import { reachKeys } from '../../../daemon/domain/people/reach.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { CallRecord, Direction } from '../../../daemon/domain/recording/recording.js';
import { guardOf } from '../../../daemon/domain/retention/guard.js';
import {
  ANY_CALL,
  type Holdable,
  type HoldQuery,
  holdsCall,
  isWider,
  queryFault,
  termsOf,
} from '../../../daemon/domain/retention/hold.js';
import { opened, recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { runs } from '../../support/search/share-of-search.js';
import { noted } from '../../support/words.js';

const NUMBERS = [
  ...[
    '+442079460123',
    '02079460123',
    '020 7946 0123',
    '0123',
    '101',
    '207',
    '+4930123456',
    '030 123456',
    '7946',
  ],
  ...[
    '9442079460123',
    '"%_\\',
    '',
    '*72',
    'Müller',
    'MÜLLER Straße',
    'muller',
    'İstanbul',
    '1 2',
    '10%',
    'a_b',
    '\\',
  ],
];
const text = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const cleanText = text.map((s) => s.replace(/[\p{Cc}\p{Cs}]/gu, ''));
const pbx = fc.constantFrom('', 'warehouse');
const name = fc.oneof(
  fc.constantFrom('101', '207', 'warehouse/207', '/warehouse/207', 'sales', 'x/y'),
  cleanText,
);
const party = fc.record({ number: cleanText, name: cleanText, ours: fc.boolean() });

const call: fc.Arbitrary<CallRecord> = fc
  .record({
    pbx,
    direction: fc.constantFrom<Direction>('in', 'out', 'internal'),
    startedAt: fc.integer({ min: 0, max: 20 }),
    them: party,
    us: party,
    legs: fc.array(party, { maxLength: 3 }),
    did: name,
    dialled: cleanText,
    queue: name,
    test: fc.boolean(),
  })
  .map(({ legs, ...given }) =>
    aCall('C', {
      ...given,
      legs: legs.map((party, n) => ({
        ...{ id: `l${n}`, party, endpoint: '', seenAt: 0, upAt: null, goneAt: null },
      })),
    }),
  );
const few = (of: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<string[]>([]) },
    fc.array(
      of.filter((s) => s !== ''),
      { maxLength: 3 },
    ),
  );
const time = fc.option(fc.integer({ min: 0, max: 20 }));
const full: fc.Arbitrary<HoldQuery> = fc.record({
  text: fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    text,
    fc.array(text, { maxLength: 3 }).map((s) => s.join(' ')),
  ),
  numbers: few(fc.oneof(fc.constantFrom(...NUMBERS), cleanText)),
  extensions: few(name),
  queues: few(name),
  dids: few(name),
  from: time,
  to: time,
  direction: fc.option(fc.constantFrom<Direction>('in', 'out', 'internal')),
  pbx: fc.option(pbx),
  region: fc.constantFrom('GB', 'DE', ''),
});

const parts = Object.keys(ANY_CALL) as (keyof HoldQuery)[];
const query = fc.tuple(full, fc.subarray(parts, { minLength: 1, maxLength: 3 })).map(([given, some]) => ({
  ...ANY_CALL,
  ...Object.fromEntries(some.map((part) => [part, given[part]])),
})) as fc.Arbitrary<HoldQuery>;

const holdable = (c: CallRecord): Holdable => ({
  ...{ pbx: c.pbx, direction: c.direction, startedAt: c.startedAt },
  ...{ search: searchText(c), reach: reachKeys(c) },
});

t.test('the matcher and the SQL of a query hold the same calls', async (t) => {
  const { catalogue, path } = await opened(t);
  const db = new Database(path);
  t.teardown(() => db.close());
  let held = 0;
  let total = 0;
  await fc.assert(
    fc.asyncProperty(call, query, async (c, q) => {
      total += 1;
      const id = `C${total}`;
      await catalogue.calls.save({ ...c, id });
      const { sql, values } = termsInSql(termsOf(q));
      const asked = db.prepare(`SELECT 1 FROM calls WHERE id = ? AND ${sql}`);
      const found = asked.get(id, ...values) !== undefined;
      const matched = !c.test && holdsCall(termsOf(q), holdable(c));
      held += matched ? 1 : 0;
      return found === matched;
    }),
    { numRuns: runs(2000) },
  );
  t.ok(held > total / 10 && held < total, `${held} of ${total} calls were held`);
});

t.test(
  'one call in a catalogue is caught at its seal exactly if the query finds it when it is applied',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(call, query, async (c, q) => {
        const { catalogue } = await opened(t, `${t.testdir({})}/${Math.random()}/catalogue.db`);
        const matter = { id: 'M', name: 'M', reason: 'r', query: q, openedBy: 'ada', openedAt: 1 };
        const seal = async () => {
          await catalogue.calls.save(c);
          await catalogue.recordings.sealed(aRecording('R', 'C'), new Uint8Array(3), recorded);
        };
        await catalogue.holds.open(matter);
        while (!(await catalogue.holds.apply('M', 10, 1)));
        await seal();
        const caught = (await catalogue.holds.of(['R'])).length;
        await catalogue.holds.open({ ...matter, id: 'N', name: 'N' });
        while (!(await catalogue.holds.apply('N', 10, 1)));
        const applied = (await catalogue.holds.of(['R'])).length;
        await catalogue.stop();
        return applied === 2 * caught;
      }),
      { numRuns: 60 },
    );
    t.pass('at both times');
  },
);

t.test('a wider query holds every call that the one before holds', async (t) => {
  let wider = 0;
  fc.assert(
    fc.property(call, query, query, fc.subarray(parts), (c, before, other, changed) => {
      const after = {
        ...before,
        ...Object.fromEntries(changed.map((key) => [key, other[key]])),
      } as HoldQuery;
      if (!isWider(before, after)) return true;
      wider += 1;
      return !holdsCall(termsOf(before), holdable(c)) || holdsCall(termsOf(after), holdable(c));
    }),
    { numRuns: runs(5000) },
  );
  t.ok(wider > 500, `${wider} were wider`);
  const q = { ...ANY_CALL, numbers: ['0301'], from: 5, to: 9 };
  t.ok(isWider(q, { ...q, numbers: ['0301', '0302'], from: 4, to: null }));
  for (const less of [
    { numbers: ['0302'] },
    { from: 6 },
    { to: 8 },
    { direction: 'in' },
    { text: 'x' },
    { region: 'DE' },
  ])
    t.notOk(isWider(q, { ...q, ...less } as HoldQuery), JSON.stringify(less));
});

t.test('a query needs a condition, and one that makes sense', async (t) => {
  t.match(queryFault(ANY_CALL), /at least one condition/);
  t.match(queryFault({ ...ANY_CALL, numbers: ['x'] }), /not a telephone number/);
  t.match(queryFault({ ...ANY_CALL, from: 5, to: 5 }), /ends before it begins/);
  t.match(queryFault({ ...ANY_CALL, text: ' ! ' }), null);
  t.match(queryFault({ ...ANY_CALL, text: ' - ' }), /no letter or digit/);
  for (const more of [
    { text: 'ada' },
    { from: 0 },
    { direction: 'in' as const },
    { pbx: '' },
    { queues: ['sales'] },
  ])
    t.equal(queryFault({ ...ANY_CALL, ...more }), null);
});

t.test('the guard keeps what anything keeps, and names it', async (t) => {
  const names = fc.array(fc.string());
  const guarded = fc.record({
    minUntil: fc.option(fc.nat(20)),
    rule: fc.option(fc.string()),
    matters: names,
    applying: names,
  });
  fc.assert(
    fc.property(guarded, fc.nat(20), (given, now) => {
      const kept = given.matters.length + given.applying.length > 0 || (given.minUntil ?? 0) > now;
      const why = guardOf(given, now);
      return (why !== null) === kept;
    }),
  );
  fc.assert(
    fc.property(
      guarded,
      fc.nat(20),
      (given, now) => guardOf({ ...given, matters: ['A'] }, now)?.code === 'legal_hold',
    ),
  );
  t.same(
    guardOf({ minUntil: 5, rule: 'MiFID', matters: [] }, 4),
    because('before_minimum', { until: 5, rule: 'MiFID' }),
  );
  t.equal(guardOf({ minUntil: 5, matters: [] }, 5), null);
});

t.test('a held row is not erased, deleted or let go, also by what does not ask', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.calls.save(aCall('C'));
  await catalogue.recordings.sealed(aRecording('R', 'C'), new Uint8Array(3), recorded);
  await catalogue.holds.open({ id: 'M', name: 'M', reason: 'r', query: null, openedBy: 'ada', openedAt: 1 });
  await catalogue.holds.pick('M', ['R'], 'ada', 1);
  const db = new Database(path);
  t.teardown(() => db.close());
  for (const sql of [
    "UPDATE recordings SET state = 'erasing' WHERE id = 'R'",
    "UPDATE recordings SET state = 'erased'",
    "DELETE FROM recordings WHERE id = 'R'",
  ])
    t.throws(() => db.exec(sql), { code: 'SQLITE_CONSTRAINT_TRIGGER', message: /legal hold/ }, sql);
  for (const sql of ['DELETE FROM hold_items', "UPDATE hold_items SET recording_id = 'X'"])
    t.throws(() => db.exec(sql), { code: 'SQLITE_CONSTRAINT_TRIGGER', message: /only by a release/ }, sql);
  t.same(await catalogue.schemaFaults(), []);
  db.exec('DROP TRIGGER held_not_erased');
  t.same(await catalogue.schemaFaults(), ['The trigger held_not_erased is missing.']);
  await t.rejects(catalogue.recordings.eraseIntended('R', noted('Over.'), 1), { code: 'kept_by_hold' });
});
