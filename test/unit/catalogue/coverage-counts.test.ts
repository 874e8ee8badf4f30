import t, { type Test } from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { coverageCsv, coverageRows, makeCoverage } from '../../../daemon/catalogue/coverage.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import {
  bounds,
  type CoverageRow,
  FILTERS,
  type Judged,
  judge,
  startOf,
} from '../../../daemon/domain/assurance/coverage.js';
import {
  countsOf,
  QUARTER_MS,
  type Settled,
  settle,
} from '../../../daemon/domain/assurance/coverage-counts.js';
import { csvRows, periodOf, SHOWN } from '../../../daemon/domain/assurance/coverage-view.js';
import { startOfDay } from '../../../daemon/domain/days.js';
import { FIRST, type PbxId } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { CoverageStatus } from '../../../daemon/domain/recording/recording.js';
import { opened } from '../../support/catalogue/opened.js';
import { aCdr, reportOf } from '../../support/ledger.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { dice, newSeed } from '../../support/search/dice.js';
import { runs } from '../../support/search/share-of-search.js';

/** In a normal run a share of them, as of every search. */
const CHANGES = runs(10_000);
/** Changes between two comparisons of whole reports. */
const COMPARED = 1_000;
/** Changes that share a commit. */
const AT_ONCE = 20;
/** Of a call that was absorbed into another one, or removed, there is nothing to change. */
const REFUSED = /^(call_unknown|SQLITE_CONSTRAINT_(FOREIGNKEY|NOTNULL))$/;
const DAY = 86_400_000;
/** 28 March 2026, before clocks are changed in Europe. */
const T0 = Date.UTC(2026, 2, 28);
const STATUSES: CoverageStatus[] = [
  ...Array.from({ length: 9 }, () => 'recorded' as const),
  ...([
    'none',
    'pending',
    'partial',
    'excluded',
    'declined',
    'not_kept',
    'not_recorded',
    'imported',
  ] as const),
];

type Compared = {
  catalogue: Catalogue;
  one: <T>(of: readonly T[]) => T;
  days: readonly string[];
  zones: readonly string[];
};

/** What is listed, as far as it tells one call from another. */
const listed = (all: readonly Judged[]) =>
  all.map((j) => [j.startedAt, j.on, j.call?.id ?? j.pbx!.id, j.status, j.finding, j.missingMs]);
const inOrder = (all: readonly Judged[]) => listed(all).map(String).sort();

/** Compares the report of any days from counts with the one from every call. */
async function compare(t: Test, name: string, { catalogue, one, days, zones }: Compared): Promise<void> {
  const { ledger } = catalogue;
  for (const zone of zones)
    for (const on of [undefined, 'shop'] as const) {
      const filter = one(FILTERS);
      const asked = { from: days[0]!, to: one(days), filter, pbx: on };
      const now = startOfDay(days[0]!, 'UTC') + one([2 * DAY, 2 * DAY + 45_000, 9 * DAY]);
      const period = periodOf(asked, zone, now);
      const spans = await ledger.spans();
      const rows = [];
      for await (const slice of coverageRows(catalogue, { ...bounds(period), pbx: on })) rows.push(...slice);
      const witness = (pbx: PbxId) => spans.find((span) => span.pbx === pbx)?.witness ?? null;
      const slow = reportOf(rows, period, { filter, witness, now });
      const fast = await makeCoverage(catalogue, asked, zone, now);
      const what = `${name}: ${filter}, ${zone}, ${on ?? 'all'}`;
      t.same(fast.totals, slow.totals, what);
      t.same([fast.percent, fast.days], [slow.percent, slow.days], `${what}, by day`);
      t.equal(fast.total, slow.listed.length, `${what}, how many`);
      t.equal(fast.listed.length, Math.min(SHOWN, slow.listed.length));
      // Which of those that began in the same moment come first is left to chance.
      if (fast.total <= SHOWN) t.same(inOrder(fast.listed), inOrder(slow.listed), `${what}, listed`);
      else
        t.same(
          fast.listed.map((j) => j.startedAt),
          slow.listed.slice(0, SHOWN).map((j) => j.startedAt),
          `${what}, the newest`,
        );
      const csv: string[] = [];
      for await (const cells of coverageCsv(catalogue, asked, zone, now)) csv.push(cells.join());
      t.same(csv.sort(), [...csvRows(slow.listed, zone)].map((cells) => cells.join()).sort(), `${what}, CSV`);
    }
}

/** Compares the counts of each quarter that has not changed since with a recount. */
async function recount(t: Test, name: string, { ledger }: Catalogue): Promise<void> {
  const quarterOf = (at: number) => Math.floor(at / QUARTER_MS) * QUARTER_MS;
  const range = { from: 0, to: T0 + 30 * DAY };
  const rows = new Map<number, CoverageRow[]>();
  for await (const slice of coverageRows({ ledger }, range))
    for (const row of slice) {
      const at = quarterOf(startOf(row));
      rows.set(at, [...(rows.get(at) ?? []), row]);
    }
  const kept = new Map((await ledger.counts(range)).items.map(({ at, counts }) => [at, counts]));
  const wrong = [...new Set([...rows.keys(), ...kept.keys()])].filter((at) => {
    const counts = kept.has(at) ? kept.get(at) : [];
    if (!counts) return false;
    const one = (on: PbxId, { status, finding, calls }: Settled) => `${on} ${status} ${finding} ${calls}`;
    const had = counts.flatMap(({ on, counted }) => counted.map((its) => one(on, its))).sort();
    const has = countsOf(rows.get(at) ?? []).map((its) => one(its.on, its));
    return had.join() !== has.sort().join();
  });
  t.same(wrong, [], `${name}, quarters that were not marked as changed`);
}

t.test('a report from counts says what one from every call says, after any changes', async (t) => {
  const seed = newSeed();
  t.comment(`seed ${seed}`);
  const roll = dice(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(roll() * of.length)]!;
  const { catalogue, path } = await opened(t);
  const { calls, recordings, ledger, watch, listening, names, testCalls } = catalogue;
  const pbx = (): PbxId => one([FIRST, FIRST, 'shop']);
  const known: string[] = [];
  const accounts: string[] = [];
  let minted = 0;
  const mint = (of: string) => `${of}${String(minted++).padStart(6, '0')}`;
  const time = () => T0 + Math.floor(roll() * 5 * DAY);
  // Of many calls both accounts, and the recording, are of the same length.
  const lasting = () => (roll() < 0.8 ? 10_000 : Math.floor(roll() * 3_600_000));
  const call = (id: string) => {
    const startedAt = time();
    const answeredAt = roll() < 0.85 ? startedAt + 5_000 : null;
    const endedAt = roll() < 0.9 ? startedAt + 5_000 + lasting() : null;
    return aCall(id, { startedAt, answeredAt, endedAt, pbx: pbx(), test: roll() < 0.02 });
  };
  const coverage = () => ({
    status: one(STATUSES),
    why: roll() < 0.5 ? because('not_seen') : null,
    rule: null,
    missingMs: 0,
  });
  const account = async () => {
    const [cdr] = [aCdr(mint('1.'), { pbx: pbx(), startAt: time() })];
    const { startAt: startedAt, linkedid, pbx: on } = cdr;
    const endedAt = startedAt + 5_000 + lasting();
    const id = roll() < 0.3 && accounts.length > 0 ? one(accounts) : mint('A');
    accounts.push(id);
    await ledger.add([cdr], 'AMI', T0);
    const callId = roll() < 0.8 && known.length > 0 ? one(known) : null;
    const answeredAt = roll() < 0.9 ? startedAt + 5_000 : null;
    const made = { id, linkedid, pbx: on, callId, startedAt, answeredAt, endedAt, alone: roll() < 0.1 };
    await ledger.saveAccounts([{ ...made, cdrs: [cdr] }], []);
  };
  const db = await openDb(path);
  t.teardown(() => db.close());
  /** As an import, an erasure or a repair may leave them. */
  const byHand = [
    'DELETE FROM accounts WHERE id = (SELECT id FROM accounts ORDER BY id LIMIT 1 OFFSET ?)',
    "UPDATE accounts SET call_id = NULL, name = '' WHERE id = (SELECT id FROM accounts ORDER BY id LIMIT 1 OFFSET ?)",
    'UPDATE accounts SET started_at = started_at + 7200000 WHERE id = (SELECT id FROM accounts ORDER BY id LIMIT 1 OFFSET ?)',
    'UPDATE recordings SET duration_ms = duration_ms + 60000 WHERE id = (SELECT id FROM recordings ORDER BY id LIMIT 1 OFFSET ?)',
    `INSERT INTO recordings (id, of_id, call_id, state, duration_ms, plain_bytes, sealed_bytes, plain_sha256, sealed_sha256, file,
      sealed_at, left_db, right_db, keep_reason) SELECT 'H' || hex(randomblob(8)), 'H' || hex(randomblob(8)), id, 'sealed', 600000,
      1, 1, '', '', '', 1, 0, 0, '' FROM calls ORDER BY id LIMIT 1 OFFSET ?`,
    "DELETE FROM recordings WHERE id = (SELECT id FROM recordings WHERE id LIKE 'H%' ORDER BY id LIMIT 1 OFFSET ? % 10)",
    'UPDATE calls SET started_at = started_at + 86400000 WHERE id = (SELECT id FROM calls ORDER BY id LIMIT 1 OFFSET ?)',
    "UPDATE calls SET coverage_reason = '{broken' WHERE id = (SELECT id FROM calls ORDER BY id LIMIT 1 OFFSET ?)",
  ].map((sql) => db.prepare(sql));
  const unwatched = async ({ open, close }: typeof watch) => {
    const [on, from] = [pbx(), time()];
    await open(on, from, because('not_seen'));
    if (roll() < 0.98) await close(on, from + Math.floor(roll() * 1_200_000));
  };
  const deeds: [number, () => Promise<unknown>][] = [
    [0.25, () => calls.save(call(known[known.push(mint('C')) - 1]!), coverage())],
    [0.1, () => calls.save(call(one(known)), roll() < 0.5 ? coverage() : undefined)],
    [0.1, () => calls.decideCoverage(one(known), coverage())],
    [0.28, account],
    [
      0.12,
      async () => {
        const [callId, durationMs] = [one(known), lasting()];
        const id = mint('R');
        await recordings.sealed(aRecording(id, callId, { durationMs }), Buffer.alloc(9), coverage());
      },
    ],
    [0.03, () => calls.absorb(known.splice(Math.floor(roll() * known.length), 1)[0]!, one(known))],
    [0.01, () => names.remove([one(known)], T0 + 9 * DAY)],
    [0.005, async () => Promise.all((await testCalls.left()).map(({ id }) => testCalls.remove(id)))],
    [0.005, () => unwatched(watch)],
    [0.005, () => unwatched(listening)],
    [0.08, async () => one(byHand).run(Math.floor(roll() * known.length))],
    [0.05, () => ledger.count()],
  ];
  const deed = () => {
    let left = roll() * deeds.reduce((sum, [share]) => sum + share, 0);
    const [, chosen] =
      deeds.find(([share]) => {
        left -= share;
        return left <= 0;
      }) ?? deeds[0]!;
    return chosen();
  };

  const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu'];
  const days = ['2026-03-28', '2026-03-29', '2026-04-01'];
  const same = (name: string) => compare(t, name, { catalogue, one, days, zones });
  await same('nothing yet');
  // CDRs were heard from the second day on, until some time in the fourth.
  const witnessed = db.prepare(
    `UPDATE cdr_sources SET since = ${T0 + DAY + 400_000}, last_at = ? WHERE name = 'AMI'`,
  );
  await calls.save(call(known[known.push(mint('C')) - 1]!), coverage());
  for (let n = AT_ONCE; n <= CHANGES; n += AT_ONCE) {
    for (const done of await Promise.allSettled(Array.from({ length: AT_ONCE }, deed)))
      if (done.status === 'rejected' && !REFUSED.test(done.reason.code)) throw done.reason;
    if (n % 100 === 0) await recount(t, `after ${n} changes`, catalogue);
    if (n % COMPARED === 0) {
      if (n > COMPARED) witnessed.run(Math.floor(T0 + (2 + roll() * 2) * DAY));
      await same(`after ${n} changes`);
      while ((await ledger.count()) > 0);
      const counted = db.prepare('SELECT count(*) FROM coverage_counts').pluck().get() as number;
      t.ok(counted > 100, `${counted} rows of counts`);
      await same(`after ${n} changes, all counted`);
    }
  }
});

t.test('a day that begins within a quarter of an hour is counted call by call', async (t) => {
  const { catalogue } = await opened(t);
  const roll = dice(1);
  const first = Date.UTC(1971, 4, 1);
  for (let n = 0; n < 300; n += 1)
    await catalogue.calls.save(aCall(`C${n}`, { startedAt: first + Math.floor(roll() * 3 * 3_600_000) }), {
      ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
    });
  while ((await catalogue.ledger.count()) > 0);
  // Until 1972 Liberia was 44 minutes and 30 seconds behind Greenwich.
  for (const days of [['1971-04-30'], ['1971-05-01'], ['1971-04-30', '1971-05-01']])
    await compare(t, days.join(), { catalogue, one: (of) => of.at(-1)!, days, zones: ['Africa/Monrovia'] });
});

t.test('days before 1970 have no calls, and their report has an end', async (t) => {
  const { catalogue } = await opened(t);
  await catalogue.calls.save(aCall('C0', { startedAt: 0, answeredAt: 5_000, endedAt: 15_000 }));
  for (const [from, to] of [
    ['1000-01-01', '1000-01-02'],
    ['1969-12-01', '1969-12-30'],
    ['1969-12-01', '1970-01-01'],
  ] as const) {
    const range = bounds({ from, to, zone: 'UTC' });
    const { next } = await catalogue.ledger.counts(range);
    // Otherwise the report would never end, and this test with it.
    if (!t.equal(next, null, `${from} to ${to}`)) continue;
    const { totals } = await makeCoverage(catalogue, { from, to, filter: 'all' }, 'UTC', T0);
    t.equal(totals.answered, to === '1970-01-01' ? 1 : 0, `${from} to ${to}`);
  }
});

t.test('calls without a CDR are settled together only where each of them is judged the same', (t) => {
  const seed = newSeed();
  t.comment(`seed ${seed}`);
  const roll = dice(seed);
  const near = (ms: number) => T0 + Math.floor(roll() * ms);
  let settled = 0;
  for (let n = 0; n < 5_000; n += 1) {
    const share = roll() < 0.8 ? 0 : roll();
    const rows = Array.from({ length: 1 + Math.floor(roll() * 3) }, (_, i): CoverageRow => {
      const { legs: _legs, ...call } = aCall(`C${i}`, { startedAt: near(QUARTER_MS) });
      const endedAt = call.startedAt + 5_000 + Math.floor(roll() * 300_000);
      const coverage = { status: 'recorded' as const, why: null, rule: null, missingMs: 0 };
      const blind = roll() < share;
      return { on: FIRST, pbx: null, call: { ...call, endedAt, coverage, recordingMs: null, blind } };
    });
    const witness =
      roll() < 0.1 ? null : { since: T0 - 900_000 + Math.floor(roll() * 1_500_000), last: near(3_000_000) };
    const now = near(1_500_000);
    const blind = rows.every(({ call }) => call!.blind)
      ? 'all'
      : rows.some(({ call }) => call!.blind)
        ? 'some'
        : 'none';
    const { starts, ends, on, ...counted } = countsOf(rows)[0]!;
    const kept = { on, counted: [counted], unwitnessed: { starts, ends, blind } as const };
    const found = settle(kept, witness, now)?.[0];
    if (!found) continue;
    settled += 1;
    const each = rows.map((row) => judge(row, witness, now)?.finding);
    if (!each.every((finding) => finding === found.finding))
      t.fail(`${found.finding}, and not ${each.join()}`, { rows, witness, now });
  }
  t.ok(settled > 3_000, `${settled} were settled`);
  t.end();
});
