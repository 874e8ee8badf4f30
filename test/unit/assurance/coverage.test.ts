import Database from 'better-sqlite3';
import t from 'tap';
import { ulid } from 'ulid';
import { makeCoverage, viewCoverage } from '../../../daemon/catalogue/coverage.js';
import { gather } from '../../../daemon/domain/assurance/cdr.js';
import {
  type CoverageRow,
  FILTERS,
  judge,
  percentOf,
  type Span,
} from '../../../daemon/domain/assurance/coverage.js';
import { caveatsOf, type Grounds } from '../../../daemon/domain/assurance/coverage-caveats.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import type { Coverage } from '../../../daemon/domain/recording/recording.js';
import { aCdr, ledger, link, reportOf } from '../../support/ledger.js';
import { until } from '../../support/recorder.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { get, openDashboard, setUp } from '../../support/web/dashboard.js';
import { noted } from '../../support/words.js';

/** 25 November 2026, 09:00 UTC. */
const T0 = Date.UTC(2026, 10, 25, 9);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const recorded: Coverage = { status: 'recorded', why: null, rule: null, missingMs: 0 };

/** What the catalogue gives of a call of half a minute and its account. */
function row(
  coverage: Coverage | null,
  { pbxMs = 30_000, recordingMs = 30_000, at = T0, pbx = true } = {},
): CoverageRow {
  const { id, direction, startedAt, answeredAt, endedAt, them, us } = aCall(ulid(at), { startedAt: at });
  return {
    on: FIRST,
    pbx: pbx
      ? {
          id,
          linkedid: '1.1',
          startedAt,
          answeredAt,
          endedAt: answeredAt! + pbxMs,
          src: '1',
          dst: '2',
          name: '',
          alone: false,
        }
      : null,
    call: coverage && {
      ...{ id, direction, startedAt, answeredAt, endedAt: endedAt!, them, us, coverage, blind: false },
      recordingMs: coverage.status === 'recorded' ? recordingMs : null,
    },
  };
}
const always = { since: 0, last: T0 * 2 };
const judged = (r: CoverageRow, witness: typeof always | null = always) => {
  const j = judge(r, witness, T0 + 10 * MINUTE);
  return j && [j.status, j.finding];
};
const status = (status: Coverage['status'], reason = 'Said why.'): Coverage => ({
  ...recorded,
  status,
  why: reason === '' ? null : noted(reason),
});

t.test('each answered call has exactly one status, and a disagreement is named', async (t) => {
  t.strictSame(judged(row(recorded)), ['recorded', null]);
  t.strictSame(judged(row(status('partial'))), ['partial', null]);
  t.strictSame(judged(row(status('excluded'))), ['excluded', null]);
  t.strictSame(judged(row(status('declined'))), ['declined', null]);
  t.strictSame(judged(row(status('pending', ''))), ['pending', null]);
  t.strictSame(
    judged(row(status('not_recorded'))),
    ['not_recorded', null],
    'a loss with a reason is explained',
  );
  t.strictSame(judged(row(status('not_recorded', ''))), ['not_recorded', 'unexplained']);
  t.strictSame(judged(row(status('none', ''))), ['not_recorded', 'unexplained']);
  t.strictSame(judged(row(null)), ['not_recorded', 'missing']);
  t.strictSame(judged(row(recorded, { pbx: false })), ['recorded', 'surplus']);
  t.strictSame(judged(row(recorded, { pbx: false }), null), ['recorded', 'unwitnessed'], 'no CDRs ever came');
  t.strictSame(
    judged(row(recorded, { pbx: false }), { since: T0 + MINUTE, last: T0 * 2 }),
    ['recorded', 'unwitnessed'],
    'they did not come yet',
  );
  const away = row(recorded, { pbx: false });
  away.call!.blind = true;
  t.strictSame(judged(away), ['recorded', 'unwitnessed'], 'nobody listened when it ended');
  const unanswered = row(recorded);
  t.strictSame(judged({ ...unanswered, pbx: { ...unanswered.pbx!, answeredAt: null } }), [
    'recorded',
    'surplus',
  ]);
  const nobody = row(status('none', ''));
  const neither = {
    on: FIRST,
    pbx: { ...nobody.pbx!, answeredAt: null },
    call: { ...nobody.call!, answeredAt: null },
  };
  t.equal(judge(neither, always, T0), null, 'nobody answered');
  t.strictSame(
    judged({ ...nobody, call: neither.call }),
    ['not_recorded', 'unexplained'],
    'only the PBX says so',
  );
});

t.test('lengths differ when they are more than 2 s and more than 2 % apart', async (t) => {
  t.strictSame(judged(row(recorded, { pbxMs: 32_000 })), ['recorded', null]);
  t.strictSame(judged(row(recorded, { pbxMs: 33_000 })), ['recorded', 'differs']);
  t.strictSame(judged(row(recorded, { recordingMs: 27_000 })), ['recorded', 'differs']);
  t.match(
    inWords(judge(row(recorded, { recordingMs: 27_000 }), always, T0 * 2)?.why ?? null),
    /30 s.*27 s/,
    'both are given',
  );
  const hour = row(recorded, { pbxMs: 3_600_000, recordingMs: 3_540_000 });
  hour.call!.endedAt = hour.call!.answeredAt! + 3_600_000;
  t.strictSame(judged(hour), ['recorded', null], '60 s of an hour are 1.7 %');
});

t.test('one call lost in a thousand is found, and the figure says so', async (t) => {
  const rows = Array.from({ length: 1000 }, (_, i) =>
    row(i === 613 ? null : recorded, { at: T0 + i * MINUTE }),
  );
  const period = { from: '2026-11-25', to: '2026-11-26', zone: 'Europe/Berlin' };
  const made = reportOf(rows, period, { filter: 'exceptions', witness: () => always, now: T0 * 2 });
  t.match(made.totals, { answered: 1000, eligible: 1000, covered: 999, missing: 1, not_recorded: 1 });
  t.equal(made.percent, 99.9);
  t.equal(made.listed.length, 1);
  t.equal(made.listed[0]!.startedAt, T0 + 613 * MINUTE);
  t.strictSame(
    made.days.map(({ day, answered }) => [day, answered]),
    [
      ['2026-11-26', 160],
      ['2026-11-25', 840],
    ],
    'days are those of the site',
  );
  t.equal(percentOf({ covered: 999_999, eligible: 1_000_000 }), 99.99, 'never rounded up to all');
  t.equal(percentOf({ covered: 0, eligible: 0 }), null);
  const sum = FILTERS.slice(1, 3).concat('excluded', 'declined', 'recorded', 'pending');
  const of = (filter: (typeof FILTERS)[number]) =>
    reportOf(rows, period, { filter, witness: () => always, now: T0 * 2 }).listed.length;
  t.equal(
    sum.map(of).reduce((a, b) => a + b),
    of('all'),
    'every call is in one status',
  );
});

t.test('the page and its CSV give the same, with the evidence, and no cell is a formula', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { app, catalogue, clock } = dashboard;
  const at = clock.ms - HOUR;
  const nasty = { src: '=HYPERLINK("http://evil.example")', name: "@SUM(1)'; DROP TABLE accounts;--" };
  const [lost, kept] = [aCdr('1.1', { startAt: at, ...nasty }), aCdr('1.2', { startAt: at + MINUTE })];
  const call = aCall(ulid(at), { startedAt: at + MINUTE, linkedids: ['1.2'] });
  await catalogue.calls.save(call, recorded);
  await catalogue.ledger.add([lost, kept], 'AMI', clock.ms);
  await catalogue.ledger.saveAccounts(gather([lost, kept], [call]), []);

  t.equal((await get(app, '/coverage')).statusCode, 401);
  const seen = (await get(app, '/coverage?from=2026-07-01&to=2026-07-31', cookie)).json();
  t.match(seen, {
    percent: 50,
    target_percent: 99.9,
    totals: { answered: 2, eligible: 2, covered: 1, missing: 1 },
    calls_total: 1,
    calls: [
      { call_id: null, linkedid: '1.1', finding: 'missing', pbx_ms: 30_000, them: { number: nasty.src } },
    ],
  });
  t.match(seen.calls[0].cdrs, [{ channel: lost.channel, disposition: 'ANSWERED' }], 'with the evidence');
  t.match((await get(app, '/coverage?status=recorded', cookie)).json().calls, [
    { call_id: call.id, cdrs: [] },
  ]);
  t.equal((await get(app, '/coverage?status=nonsense', cookie)).statusCode, 400);
  t.equal((await get(app, '/coverage?from=yesterday', cookie)).statusCode, 400);
  const reversed = await get(app, '/coverage?from=2026-07-31&to=2026-07-01', cookie);
  t.equal(reversed.statusCode, 400, 'a period that ends before it begins is not answered with another');
  t.match(reversed.json().error, { code: 'request_invalid', detail: /2026-07-31, is after .*2026-07-01/ });
  t.equal((await get(app, '/coverage.csv?from=2026-07-31&to=2026-07-01', cookie)).statusCode, 400);
  t.equal((await get(app, '/coverage?from=2020-01-01&to=2026-07-01', cookie)).statusCode, 400, 'nor cut');
  t.match((await get(app, '/coverage?from=2020-01-01&to=2020-01-31', cookie)).json(), {
    percent: null,
    calls: [],
    caveats: ['not_installed'],
  });
  t.same((await get(app, '/coverage?from=2030-01-01&to=2030-01-31', cookie)).json().caveats, ['future']);
  const csv = await get(app, '/coverage.csv?status=all', cookie);
  t.match(csv.headers['content-disposition'], /tapedeck-coverage-.*\.csv/);
  const lines = csv.body.trim().split('\r\n');
  t.equal(lines.length, 3);
  t.match(csv.body, `'=HYPERLINK(""http://evil.example"")`);
  t.match(csv.body, `'@SUM(1)'; DROP TABLE accounts;--`);
  t.equal(
    (await catalogue.ledger.rows({ from: 0, to: clock.ms })).items.length,
    2,
    'and the tables are still there',
  );
});

t.test('a report says what it cannot vouch for', async (t) => {
  const gap = { pbx: FIRST, from: T0, to: T0 + MINUTE, why: null };
  const span = (since: number, witness: Span['witness'] = always): Span => ({ pbx: FIRST, since, witness });
  const sound: Grounds = {
    ...{
      from: T0,
      to: T0 + HOUR,
      now: T0 + 2 * HOUR,
      spans: [{ pbx: FIRST, since: T0 - HOUR, witness: always }],
      blind: [],
      unfilled: [],
    },
    totals: { unwitnessed: 0, pending: 0 },
  };
  t.same(caveatsOf(sound), []);
  for (const [change, caveat] of [
    [{ spans: [] }, 'not_installed'],
    [{ spans: [span(T0 + HOUR)] }, 'not_installed'],
    [{ spans: [span(T0 + 1)] }, 'partly_not_installed'],
    [{ spans: [span(T0), span(T0 + 1)] }, 'pbx_added'],
    [{ now: T0 }, 'future'],
    [{ blind: [gap] }, 'monitoring_gaps'],
    [{ unfilled: [gap] }, 'cdr_gaps'],
    [{ spans: [span(T0, null)] }, 'no_witness'],
    [{ spans: [span(T0), span(T0, null)] }, 'no_witness'],
    [{ totals: { unwitnessed: 1, pending: 0 } }, 'unwitnessed'],
    [{ totals: { unwitnessed: 0, pending: 1 } }, 'pending'],
  ] as const)
    t.same(caveatsOf({ ...sound, ...change }), [caveat]);
});

t.test('a CDR gap that was read from another source afterwards is filled', async (t) => {
  const { catalogue, report, assure } = await ledger(t);
  await assure.up();
  await catalogue.listening.open(FIRST, T0, noted('The connection to AMI was closed.'));
  await catalogue.listening.close(FIRST, T0 + MINUTE);
  const gap = async () => {
    const made = await makeCoverage(catalogue, { filter: 'all' }, 'UTC', T0 + HOUR);
    const view = await viewCoverage(catalogue, made, 99.9);
    return { filled: view.witness_gaps[0]!.filled_from, caveat: view.caveats.includes('cdr_gaps') };
  };
  t.same(await gap(), { filled: [], caveat: true });
  await catalogue.ledger.noteSource(FIRST, 'cdr_csv', T0 + 30_000, '');
  t.same(await gap(), { filled: [], caveat: true }, 'read while it lasted');
  await catalogue.ledger.noteSource(FIRST, 'cdr_csv', T0 + 2 * MINUTE, '');
  t.same(await gap(), { filled: ['cdr_csv'], caveat: false });
  t.equal((await report()).totals.answered, 0);
});

t.test('a CDR that cannot be compared keeps no other from it', async (t) => {
  const { assure, catalogue, clock, standing } = await ledger(t);
  await assure.up();
  const spoilt = new Database(catalogue.path);
  t.teardown(() => spoilt.close());
  assure.hear(aCdr(link(1)));
  await until('it is written', () => catalogue.ledger.witness(FIRST));
  spoilt.exec(`UPDATE cdrs SET cdr = json_remove(cdr, '$.linkedid', '$.uniqueid', '$.channel')`);
  assure.hear(aCdr(link(2)));
  clock.ms = T0 + 2 * MINUTE;
  await until('the other is missed', () => standing.has(`call_missed ${link(2)}`));
});

t.test('two PBXs with the same uniqueids are counted, witnessed and watched each for itself', async (t) => {
  const { catalogue, clock } = await ledger(t);
  const there = 'warehouse';
  const made: Record<string, string> = {};
  for (const pbx of [FIRST, there]) {
    const call = aCall(ulid(T0), { pbx, startedAt: T0, answeredAt: T0 + 5_000, linkedids: [link(1)] });
    made[pbx] = call.id;
    await catalogue.calls.save(call);
    await catalogue.recordings.sealed(aRecording(ulid(T0), call.id), new Uint8Array(), recorded);
    await catalogue.ledger.began(pbx, T0 - HOUR);
    await catalogue.ledger.add([aCdr(link(1), { pbx })], 'AMI', T0);
  }
  for (const pbx of [FIRST, there]) {
    const { cdrs, calls } = await catalogue.ledger.related(pbx, [link(1)]);
    t.same([cdrs.map((c) => c.pbx), calls.map((c) => c.id)], [[pbx], [made[pbx]]]);
    await catalogue.ledger.saveAccounts(gather(cdrs, calls), []);
    t.equal((await catalogue.ledger.due(pbx, T0 * 2, 9)).length, 1);
  }
  await catalogue.ledger.add([aCdr(link(2), { pbx: there })], 'AMI', T0);
  const strange = await catalogue.ledger.related(there, [link(2)]);
  await catalogue.ledger.saveAccounts(gather(strange.cdrs, strange.calls), []);
  await catalogue.watch.open(there, T0 + HOUR, noted('Its link was lost.'));
  await catalogue.ledger.noteSource(there, 'cdr_csv', T0, 'It is not there.');
  clock.ms = T0 + HOUR * 2;
  const view = async (pbx?: string) => {
    const asked = { from: '2026-11-25', to: '2026-11-25', filter: 'all' as const, pbx };
    const report = await makeCoverage(catalogue, asked, 'UTC', clock.ms);
    const { totals, calls, blind, sources } = await viewCoverage(catalogue, report, 99.9);
    return {
      answered: totals.answered,
      recorded: totals.recorded,
      calls: calls.map((c) => [c.pbx, c.call_id]).sort(),
      blind: blind.map((w) => w.pbx),
      sources: sources.map((s) => `${s.pbx} ${s.name} ${s.count}`),
    };
  };
  const [mine, theirs, strangers] = [
    [FIRST, made[FIRST]],
    [there, made[there]],
    [there, null],
  ];
  t.same(await view(), {
    ...{ answered: 3, recorded: 2, calls: [mine, strangers, theirs].sort(), blind: [there] },
    sources: [' AMI 1', 'warehouse AMI 2', 'warehouse cdr_csv 0'],
  });
  t.same(await view(FIRST), {
    ...{ answered: 1, recorded: 1, calls: [mine], blind: [], sources: [' AMI 1'] },
  });
  t.same(await view(there), {
    ...{ answered: 2, recorded: 1, calls: [strangers, theirs].sort(), blind: [there] },
    sources: ['warehouse AMI 2', 'warehouse cdr_csv 0'],
  });
  t.equal(await catalogue.watch.open(there, T0 + HOUR, noted('again')), false);
  t.equal(await catalogue.watch.open(FIRST, T0 + HOUR, noted('The other one.')), true);
  t.match(await catalogue.watch.close(there, T0 + 2 * HOUR), { pbx: there, from: T0 + HOUR });
  t.same(
    (await catalogue.watch.windows({ pbx: FIRST })).map((w) => w.to),
    [null],
    'the other one is still open',
  );
});
