import { join } from 'node:path';
import type Database from 'better-sqlite3';
import t from 'tap';
import { createToldCalls } from '../../../daemon/catalogue/sqlite/calls/told-calls.js';
import { createCalls } from '../../../daemon/catalogue/sqlite/calls.js';
import { createReader } from '../../../daemon/catalogue/sqlite/checked.js';
import { type Db, openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { createLedger } from '../../../daemon/catalogue/sqlite/ledger.js';
import { createDue } from '../../../daemon/catalogue/sqlite/retention/due.js';
import { createHoldReleases } from '../../../daemon/catalogue/sqlite/retention/hold-releases.js';
import { createHolds } from '../../../daemon/catalogue/sqlite/retention/holds.js';
import { createSeals } from '../../../daemon/catalogue/sqlite/seals.js';
import { startOf } from '../../../daemon/domain/assurance/coverage.js';
import { ANY_CALL } from '../../../daemon/domain/retention/hold.js';
import { FIRST_DUE } from '../../../daemon/domain/retention/plan.js';
import { fillCatalogue } from '../../support/catalogue/many-rows.js';

const ROWS = 20_000;
const LATE = 2_000_000_000_000;

/** Lists the statements that are run on a database, with what they are run with. */
function noting(db: Db) {
  const asked: { sql: string; values: unknown[] }[] = [];
  const noted = new Proxy(db, {
    get(target, what) {
      if (what !== 'prepare') return Reflect.get(target, what).bind?.(target) ?? Reflect.get(target, what);
      return (sql: string) => {
        const statement = target.prepare(sql);
        for (const verb of ['all', 'get'] as const) {
          const run: (...values: unknown[]) => unknown = statement[verb].bind(statement);
          statement[verb] = (...values: unknown[]) => {
            asked.push({ sql, values });
            return run(...values) as unknown[];
          };
        }
        return statement;
      };
    },
  });
  return { noted, asked };
}

/** How SQLite does the statements that `ask` runs, each once. */
const plansIn =
  (db: Db, asked: { sql: string; values: unknown[] }[]) =>
  (ask: () => void): string[] => {
    asked.length = 0;
    ask();
    const each = new Map(asked.toReversed().map(({ sql, values }) => [sql, values]));
    return [...each]
      .toReversed()
      .map(([sql, values]) =>
        (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[])
          .map((step) => step.detail)
          .join(' | '),
      );
  };

t.test('what is asked all the time reads from an index what it needs, and no more', async (t) => {
  const db = await openDb(join(t.testdir({}), 'catalogue.db'));
  t.teardown(() => db.close());
  fillCatalogue(db, ROWS);
  const { noted, asked } = noting(db);
  const reader = createReader((bad) => t.fail(`${bad.table} ${bad.key}: ${bad.fault}`));
  const plansOf = plansIn(db, asked);
  const due = createDue(noted, reader);
  const slices = plansOf(() => {
    t.match(due.keptSlice(null, LATE), { rule: null, kept: ROWS / 2, forEver: ROWS / 2, due: 0 });
    t.match(due.keptSlice({ rule: null, until: -1, id: '' }, LATE), {
      kept: ROWS / 2,
      forEver: 0,
      due: ROWS / 2,
    });
    t.equal(due.dueSlice(FIRST_DUE, LATE).next?.id, `R${String(9_998).padStart(10, '0')}`);
  });
  for (const plan of slices) {
    t.match(
      plan,
      /SEARCH (r|recordings) USING COVERING INDEX recordings_(by_rule|due)/,
      'no row is looked at',
    );
    t.notMatch(plan, /TEMP B-TREE/, 'nothing is sorted');
  }
  for (const plan of plansOf(() => {
    const calls = createCalls(noted, reader);
    const from = calls.startBefore(LATE, 4_999) ?? 0;
    calls.list({ text: '+4930123456', region: 'DE', from, to: LATE, limit: 9 }, null);
  }))
    t.match(
      plan,
      /^SEARCH calls USING (COVERING )?INDEX calls_by_start \(started_at/,
      'one slice of the calls',
    );
  const pages = plansOf(() => {
    for (const which of ['erasable', 'protected', 'later'] as const) due.page(which, FIRST_DUE, LATE, 9);
    due.erasable(FIRST_DUE, LATE, 9);
    due.undated('', 9);
    due.tombstones(9);
    due.newestSealedAt();
  });
  for (const plan of pages)
    t.notMatch(plan, /TEMP B-TREE/, 'a page is read in its order, whatever comes after it');

  for (const plan of plansOf(() => {
    t.match(due.page('protected', FIRST_DUE, LATE, 9), { items: [], next: { id: 'R0000009998' } });
    t.match(due.page('protected', { until: 1_709_239_880_000, id: 'R0000009998' }, LATE, 9), {
      items: [],
      next: { id: 'R0000019998' },
    });
    db.exec(`INSERT INTO matters (id, name, reason, query, opened_by, opened_at, revision)
      VALUES ('M', 'M', '', NULL, 'ada', 1, 1)`);
    db.exec(
      "INSERT INTO hold_items (matter, recording_id, why, at, by) SELECT 'M', id, 'picked', 1, 'ada' FROM recordings",
    );
    t.match(due.page('erasable', FIRST_DUE, LATE, 9), { items: [], next: { id: 'R0000009998' } });
    t.match(due.erasable(FIRST_DUE, LATE, 1), { items: [], next: { id: 'R0000009998' } });
  }))
    t.match(
      plan,
      /^SEARCH r USING (COVERING )?INDEX recordings_due \(\(keep_until,id\)>\(\?,\?\) AND/,
      'some thousand due ones are looked at, however few of them are sought',
    );

  const seals = createSeals(noted, reader);
  const next = plansOf(() => t.equal(seals.toCheck(Number.MAX_SAFE_INTEGER, 20).length, 20));
  t.equal(next.length, 2, 'those without a signature, then those that were read longest ago');
  t.match(next[0], /seal_checks USING INDEX seal_checks_unsigned/);
  t.match(next[1], /seal_checks USING (COVERING )?INDEX seal_checks_due/);
  for (const plan of next) {
    t.match(plan, /recordings USING INDEX sqlite_autoindex_recordings_1 \(id=\?\)/, 'one row for each');
    t.notMatch(plan, /TEMP B-TREE/, 'nothing is sorted');
  }

  const calls = createCalls(noted, reader);
  const [today] = plansOf(() => calls.coverageSince(1_700_000_000_000 + (ROWS - 100) * 60_000));
  t.match(today, /SEARCH calls USING INDEX calls_by_start \(started_at>\?\)/, 'only the calls of the day');
  const [first] = plansOf(() => t.equal(calls.list({ pbx: '', limit: 9 }, null).items.length, 9));
  t.match(first, /SCAN calls USING (COVERING )?INDEX calls_by_start/, 'most calls are of the first PBX');
  const [other] = plansOf(() => t.equal(calls.list({ pbx: 'warehouse', limit: 9 }, null).items.length, 0));
  t.match(other, /SEARCH calls USING INDEX calls_elsewhere \(pbx=\?\)/, 'only the calls of that PBX');

  db.exec("INSERT INTO call_reach SELECT 'extension', '101', started_at, id FROM calls");
  let slices101 = 0;
  for (let from: Parameters<typeof calls.list>[1] = null; slices101 === 0 || from !== null; slices101 += 1) {
    const reach = [{ kind: 'extension', name: '101' } as const];
    const slice = calls.list({ reach, coverage: 'partial', limit: 1 }, from);
    t.same(slice.items, []);
    from = slice.next;
  }
  t.ok(slices101 <= ROWS / 5_000 + 1, `somebody's few rare calls are found in ${slices101} slices`);

  const ledger = createLedger(
    noted,
    createReader(() => {}),
    { readable: calls.readable, current: calls.current },
  );
  const [since] = plansOf(() => t.equal(ledger.spans()[0]?.since, 1_700_000_000_000));
  t.match(since, /SCAN calls USING INDEX calls_by_start/, 'the first call is the first of the index');
  t.notMatch(since, /FOR ORDER BY/, 'nothing is sorted');

  const span = { from: 1_700_000_000_000, to: 1_700_000_000_000 + 10_000 * 60_000 };
  db.exec(`INSERT INTO accounts SELECT 'A' || rowid, NULL, '1.' || rowid, started_at, answered_at, ended_at, '', '', '', 0, ''
    FROM calls WHERE rowid % 2 = 0`);
  const covered: number[] = [];
  const compared = plansOf(() => {
    for (let to: number | null = span.to; to !== null; ) {
      const slice = ledger.rows({ ...span, to });
      t.ok(slice.items.length <= 600, 'some hundred calls are read at once');
      covered.push(...slice.items.map(startOf));
      to = slice.next;
    }
  });
  t.equal(covered.length, 15_000, 'calls of ours, and those that only the PBX knows');
  t.same(
    covered,
    covered.toSorted((a, b) => b - a),
    'newest first',
  );
  for (const plan of compared)
    t.match(
      plan,
      /SEARCH (c|calls|a|accounts) USING (COVERING )?INDEX (calls_by_start|accounts_strange) \(started_at>\? AND started_at<\?\)/,
      'of its own time',
    );

  const told = createToldCalls(noted, reader);
  const to = { startedAt: 1_700_000_000_000 + 60_000_000, id: 'C' };
  const [slice, ...plans] = plansOf(() =>
    told.page({ from: 1_700_000_000_000, to: 1_800_000_000_000, before: to, limit: 9 }),
  );
  const ofPage =
    /USING (COVERING )?INDEX calls_by_start \((started_at|\(started_at,id\))>.* AND \(started_at,id\)<\(\?,\?\)\)/;
  t.match(slice, ofPage, 'some thousand calls are looked at');
  t.match(plans[0], ofPage, 'from where the last page ended');
  t.match(
    plans[0],
    /SEARCH n USING PRIMARY KEY [^|]*$/,
    'calls are in their order: nothing is sorted after that',
  );
  t.match(plans[1], /SEARCH tellings USING INDEX tellings_by_call/);
  t.match(plans[2], /SEARCH directives USING INDEX directives_by_call/);
});

t.test('a matter is worked out slice by slice, and no slice reads calls of another one', async (t) => {
  const db = await openDb(join(t.testdir({}), 'catalogue.db'));
  t.teardown(() => db.close());
  fillCatalogue(db, ROWS);
  const { noted, asked } = noting(db);
  const plansOf = plansIn(db, asked);
  const holds = createHolds(
    noted,
    createReader((bad) => t.fail(`${bad.table} ${bad.key}: ${bad.fault}`)),
  );
  const releases = createHoldReleases(
    noted,
    createReader(() => {}),
    () => {},
  );
  const first = 1_700_000_000_000;
  const from = first + 100 * 60_000;
  for (const [id, query] of Object.entries({
    all: { ...ANY_CALL, from, direction: 'in' as const },
    none: { ...ANY_CALL, from, to: first + ROWS * 60_000, text: 'nobody', extensions: ['999'] },
    numbers: { ...ANY_CALL, numbers: Array.from({ length: 40 }, (_, n) => `02079460${n + 100}`) },
  })) {
    const matter = { id, name: id, reason: 'Letter', query, openedBy: 'ada', openedAt: 1 };
    holds.open(matter);
    let pages = 0;
    const plans = plansOf(() => {
      for (let done = false; !done; pages += 1) {
        const before = holds.get(id)!.held.query;
        done = db.transaction(() => holds.apply(id, 20_000, 9))();
        t.ok(holds.get(id)!.held.query - before <= 500, 'so many are held in one transaction');
      }
      for (let at: Parameters<typeof holds.unrecorded>[1] = null; ; ) {
        const { next } = holds.unrecorded(id, at, 50);
        if (next === null) break;
        at = next;
      }
    });
    t.equal(holds.get(id)!.held.query, id === 'all' ? ROWS - 100 : 0);
    if (id === 'all') {
      const letting = { what: 'query' as const, query };
      let looks = 0;
      for (let after: number | null = 0; after !== null; looks += 1) {
        const page: ReturnType<typeof releases.leaving> = releases.leaving(
          id,
          letting,
          { after, upto: ROWS },
          500,
        );
        t.same(page.items, [], 'the query asks for all that is held');
        after = page.next;
      }
      t.ok(looks >= 10, `${looks} looks, however few are let go`);
    }
    t.ok(id === 'none' ? pages === 1 : pages > 15, `${id}: ${pages} pages`);
    const slices = plans.filter((plan) => /SEARCH calls/.test(plan));
    t.ok(slices.length >= 2);
    for (const plan of slices)
      t.match(
        plan,
        /SEARCH calls USING (COVERING )?INDEX calls_by_start \(\(started_at,id\)[<>]\(\?,\?\)( AND \(started_at,id\)<\(\?,\?\))?\)/,
        'from the beginning of the slice to its end',
      );
    for (const plan of plans) t.notMatch(plan, /SCAN (calls|r|recordings|i)\b|TEMP B-TREE/);
  }
});

t.test('without its plus, and without its order, SQLite would read all', async (t) => {
  const db: Database.Database = await openDb(join(t.testdir({}), 'catalogue.db'));
  t.teardown(() => db.close());
  fillCatalogue(db, 1_000);
  const plan = (sql: string) =>
    (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map((s) => s.detail).join(' | ');
  t.match(
    plan(
      'SELECT coverage_status, count(*) FROM calls WHERE started_at >= 9 AND answered_at IS NOT NULL AND test = 0 GROUP BY coverage_status',
    ),
    /SCAN calls USING INDEX calls_by_coverage/,
  );
});
