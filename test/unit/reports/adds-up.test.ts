import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { coverageCsv, makeCoverage } from '../../../daemon/catalogue/coverage.js';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { times } from '../../../daemon/domain/days.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { answeredStatuses, type CoverageStatus } from '../../../daemon/domain/recording/recording.js';
import { reportPeriod } from '../../../daemon/domain/report/period.js';
import type { ReportName } from '../../../daemon/domain/report/report.js';
import { reports } from '../../../daemon/reports/reports.js';
import { collect } from '../../../daemon/reports/writing.js';
import { opened } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const MINUTE = 60_000;
const FROM = '2026-10-24';
const TO = '2026-10-26';
const ZONE = 'UTC';
const BEGINS = Date.parse(`${FROM}T00:00:00Z`);
const ENDS = Date.parse('2026-10-27T00:00:00Z');
const NOW = ENDS + 3_600_000;
const OTHER = 'branch';

type Gap = { of: 'blind_windows' | 'witness_gaps'; pbx: string; from: number; minutes: number };

const aSpec = fc.record({
  // A day before the period and one after it are in no report of it.
  minute: fc.integer({ min: -1_440, max: 4 * 1_440 }),
  status: fc.constantFrom<CoverageStatus>(...answeredStatuses),
  answered: fc.boolean(),
  cdr: fc.boolean(),
  test: fc.constantFrom(false, false, false, true),
  held: fc.nat(3),
  plays: fc.nat(2),
});
const aGap = fc.record({
  of: fc.constantFrom<Gap['of']>('blind_windows', 'witness_gaps'),
  pbx: fc.constantFrom(FIRST, OTHER),
  from: fc.integer({ min: -300, max: 4 * 1_440 }),
  minutes: fc.integer({ min: 1, max: 600 }),
});
const aSiteOf = fc.record({
  calls: fc.array(aSpec, { minLength: 8, maxLength: 25 }),
  strangers: fc.array(fc.integer({ min: -1_440, max: 4 * 1_440 }), { maxLength: 4 }),
  gaps: fc.array(aGap, { maxLength: 5 }),
});

/** A catalogue with these calls, and a second look at its tables. */
async function site(
  t: Test,
  { calls, strangers, gaps }: typeof aSiteOf extends fc.Arbitrary<infer S> ? S : never,
) {
  const { catalogue, path } = await opened(t);
  const db = new Database(path);
  await catalogue.ledger.began(FIRST, BEGINS - 10 * 86_400_000);
  for (const matter of ['M1', 'M2'])
    await catalogue.holds.open({
      id: matter,
      name: matter,
      reason: 'X',
      query: null,
      openedBy: 'Eve',
      openedAt: BEGINS,
    });
  const account = db.prepare(
    `INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, '+15550123', '5550100', '', 0, '')`,
  );
  for (const [n, spec] of calls.entries()) {
    const id = `01JC${String(n).padStart(22, '0')}`;
    const startedAt = BEGINS + spec.minute * MINUTE;
    const answeredAt = spec.answered ? startedAt + 5_000 : null;
    const { status } = spec;
    await catalogue.calls.save(
      aCall(id, {
        startedAt,
        answeredAt,
        test: spec.test,
        outcome: spec.answered ? 'answered' : 'no_answer',
      }),
      { status: spec.answered ? status : 'none', why: noted('X'), rule: null, missingMs: 0 },
    );
    if (spec.answered && (status === 'recorded' || status === 'partial')) {
      const coverage = { status, why: null, rule: null, missingMs: 0 } as const;
      await catalogue.recordings.sealed(aRecording(id, id), new Uint8Array(3), coverage);
      for (const [bit, matter] of ['M1', 'M2'].entries())
        if (!spec.test && spec.held & (1 << bit)) await catalogue.holds.pick(matter, [id], 'Eve', BEGINS);
    }
    if (spec.cdr) account.run(`A${n}`, id, `${n}.1`, startedAt, answeredAt, startedAt + 35_000);
    const ada = { actor: 'person', actor_id: 'U', actor_name: 'Ada', address: '' } as const;
    const about = { object: 'call', object_id: id };
    for (let play = 0; play < spec.plays; play += 1) {
      await catalogue.audit.append(entryOf(ada, startedAt, 'play', about));
      await catalogue.audit.append(entryOf(ada, startedAt, 'play', { ...about, detail: { bytes: 9 } }));
      await catalogue.audit.append(
        entryOf(ada, startedAt, 'heard', { ...about, detail: { total_ms: 7_000 } }),
      );
    }
  }
  for (const [n, minute] of strangers.entries()) {
    const at = BEGINS + minute * MINUTE;
    account.run(`S${n}`, null, `9${n}.1`, at, at + 1_000, at + 9_000);
  }
  for (const { of, pbx, from, minutes } of gaps)
    db.prepare(`INSERT INTO ${of} (pbx, from_at, to_at, reason) VALUES (?, ?, ?, ?)`).run(
      ...[pbx, BEGINS + from * MINUTE, BEGINS + (from + minutes) * MINUTE],
      JSON.stringify(because('not_running')),
    );
  t.teardown(() => db.close());
  return { catalogue, db };
}

type Table = Record<string, unknown>[];
const sum = (table: Table, ...keys: string[]) =>
  table.reduce((all, row) => all + keys.reduce((n, key) => n + Number(row[key] ?? 0), 0), 0);

t.test('the rows of every report add up, and two reports of one thing agree with the tables', async (t) => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(aSiteOf, async (given) => {
      await t.test(`site ${++n}`, async (t) => {
        const { catalogue, db } = await site(t, given);
        const made = async (name: ReportName) => {
          const period = reportPeriod({ from: FROM, to: TO }, ZONE, NOW);
          const facts = { recipients: [], measures: [] };
          const report = reports[name]({ catalogue, period, now: NOW, say: times(ZONE), facts });
          const { rows, findings } = await collect(report, 10_000);
          const named = (columns: readonly { key: string }[], of: readonly (readonly unknown[])[]): Table =>
            of.map((row) => Object.fromEntries(columns.map(({ key }, at) => [key, row[at]])));
          return {
            answer: findings.answer.join(' '),
            rows: named(report.columns, rows),
            tables: Object.fromEntries(
              findings.tables.map((table) => [table.key, named(table.columns, table.rows)]),
            ) as Record<string, Table>,
          };
        };
        const one = (sql: string): number => db.prepare(sql).pluck().get() as number;
        const within = (at: string) => `${at} >= ${BEGINS} AND ${at} < ${ENDS}`;
        const oursAnswered = `FROM calls WHERE ${within('started_at')} AND test = 0 AND answered_at IS NOT NULL`;
        const strange = one(
          `SELECT count(*) FROM accounts WHERE call_id IS NULL AND answered_at IS NOT NULL AND ${within('started_at')}`,
        );
        const answered = one(`SELECT count(*) ${oursAnswered} AND coverage_status <> 'imported'`) + strange;

        const coverage = await made('coverage');
        const STATUSES = [
          'recorded',
          'partial',
          'not_recorded',
          'excluded',
          'declined',
          'not_kept',
          'pending',
        ];
        const days = coverage.tables.days!;
        for (const day of days)
          t.equal(sum([day], ...STATUSES), day.answered, `coverage: the columns of ${day.day} add up`);
        t.equal(sum(days, 'answered'), answered, 'coverage: its days are all answered calls');
        t.equal(coverage.rows.filter(({ status }) => status !== 'imported').length, answered);
        for (const { day, answered: its } of days)
          t.equal(
            coverage.rows.filter(
              ({ status, started_at: at }) =>
                status !== 'imported' && new Date(Number(at)).toISOString().startsWith(String(day)),
            ).length,
            its,
          );
        const by = /By status: ([^.]*)\./.exec(coverage.answer)?.[1] ?? '';
        t.equal(
          [...by.matchAll(/(\d+) /g)].reduce((all, [, figure]) => all + Number(figure), 0),
          answered,
          'coverage: the sentence adds up',
        );
        const asked = { from: FROM, to: TO, filter: 'all' as const };
        const page = await makeCoverage(catalogue, asked, ZONE, NOW);
        t.equal(page.totals.answered, answered, 'the page has the same calls');
        t.same(
          page.days
            .map(({ day, answered: its, percent }) => [day, its, percent])
            .filter(([, its]) => its !== 0),
          days.map(({ day, answered: its, percent }) => [day, its, percent === '' ? null : Number(percent)]),
        );
        let csv = 0;
        for await (const row of coverageCsv(catalogue, asked, ZONE, NOW)) csv += row.length > 0 ? 1 : 0;
        t.equal(csv, coverage.rows.length, 'and so has its CSV');

        // Minute by minute: a minute in which neither calls nor CDRs of a PBX were monitored is one.
        const lost = new Set<string>();
        for (const { pbx, from, minutes } of given.gaps)
          for (let m = Math.max(0, from); m < Math.min(3 * 1_440, from + minutes); m += 1)
            lost.add(`${pbx} ${m}`);
        const said = /monitoring gaps? of ([\d,]+) min/.exec(coverage.answer)?.[1] ?? '0';
        t.equal(Number(said.replace(',', '')), lost.size, 'coverage: no gap counts twice');

        const consent = await made('consent');
        const told = ['all', 'some', 'nobody', 'pending', 'not_needed'];
        for (const mode of consent.tables.modes!)
          t.equal(sum([mode], ...told), mode.calls, `consent: ${mode.mode}`);
        t.equal(sum(consent.tables.modes!, 'calls'), answered - strange, 'consent: the calls of coverage');
        t.equal(consent.rows.length, answered - strange);
        t.equal(
          sum(
            consent.tables.statuses!.filter(({ status }) => status !== 'all'),
            'calls',
          ),
          answered - strange,
        );

        const volume = await made('volume');
        const all = one(`SELECT count(*) FROM calls WHERE ${within('started_at')} AND test = 0`);
        for (const row of [volume.rows, ...['extension', 'queue'].map((key) => volume.tables[key]!)].flat())
          t.equal(sum([row], 'in', 'out', 'internal'), row.calls, 'volume: directions add up');
        t.equal(sum(volume.rows, 'calls'), all);
        t.equal(sum(volume.tables.hours!, 'calls'), all);
        t.equal(sum(volume.rows, 'answered'), one(`SELECT count(*) ${oursAnswered}`));

        const agents = await made('agents');
        t.equal(agents.rows.length, all);
        t.equal(sum(agents.tables.people!, 'calls'), all);

        const retention = await made('retention');
        const recordings = one(
          `SELECT count(*) FROM recordings r JOIN calls c ON c.id = r.call_id WHERE ${within('c.started_at')} AND c.test = 0`,
        );
        t.equal(retention.rows.length, recordings);
        t.equal(sum(retention.tables.by_rule!, 'kept', 'erased'), recordings, 'retention: rules add up');
        const storage = await made('storage');
        t.equal(sum(storage.rows, 'kept', 'erased'), recordings, 'storage: as many as retention has');
        t.equal(sum(agents.tables.people!, 'recorded'), sum(storage.rows, 'kept'));

        const holds = await made('holds');
        const held = one('SELECT count(DISTINCT recording_id) FROM hold_items');
        t.match(holds.answer, `hold ${held} recording`, 'holds: a recording counts once');

        const access = await made('access');
        const plays = `FROM audit WHERE action = 'play' AND at >= '${new Date(BEGINS).toISOString()}' AND at < '${new Date(ENDS).toISOString()}'`;
        t.equal(
          sum(access.tables.people!, 'plays'),
          one(`SELECT count(*) ${plays} AND entry ->> '$.detail.bytes' IS NULL`),
          'access: the end of a playback is no other one',
        );
        t.equal(sum(access.tables.people!, 'heard_ms'), sum(access.rows, 'heard_ms'));
      });
    }),
    { numRuns: 12, seed: 20261024, endOnFailure: true },
  );
});
