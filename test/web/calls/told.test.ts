import { parse } from 'csv-parse/sync';
import t from 'tap';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { Leg, Mark } from '../../../daemon/domain/recording/recording.js';
import { CallDetail } from '../../../web/calls/schemas.js';
import { ConsentView } from '../../../web/consent/schemas.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { addCall, type Dashboard, get, openDashboard, START, setUp } from '../../support/web/dashboard.js';
import { ajar } from '../../support/web/put.js';

const ZERO = START + 5_000;
const leg = (id: string, from: number, until: number, name = id): Leg => ({
  ...{ id, party: { number: `10${id}`, name, ours: id !== 'L' }, endpoint: id },
  ...{ seenAt: ZERO + from, upAt: ZERO + from, goneAt: ZERO + until },
});
const RECORDED = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;

/** A call of L and M of half a minute, into which B comes, recorded and with its decision. */
async function aToldCall({ catalogue }: Dashboard, more: { startedAt?: number; marks?: Mark[] } = {}) {
  const call = await addCall(catalogue, {
    ...{ startedAt: START, answeredAt: ZERO, endedAt: ZERO + 30_000 },
    legs: [leg('L', -5_000, 30_000), leg('M', 0, 30_000), leg('B', 10_000, 30_000, 'Bob')],
    ...more,
  });
  await catalogue.calls.decideCoverage(call.id, RECORDED);
  await catalogue.notices.decide({ ...aNotice(call.id), number: '+14155550100', rule: 'Sales' });
  return call;
}

t.test('a call tells how its people were told, by whom it was heard, and what they answered', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const call = await aToldCall(d);
  const { notices, directives } = d.catalogue;
  const at = { startedAt: ZERO + 120, endedAt: ZERO + 4_200 };
  const whole = await notices.tell({ ...aPlaying(call.id), ...at, leg: 'M' });
  const found = {
    found: true,
    in: 'both',
    fromMs: 180.4,
    untilMs: 4_260,
    share: 1,
    correlation: 0.9,
  } as const;
  await notices.found(whole.seq, found);
  const failed = { whole: false, heardBy: [], failed: because('pbx_refused'), startedAt: null };
  await notices.tell({ ...aPlaying(call.id), ...failed, leg: 'gone', endedAt: ZERO + 11_000 });
  const said = { callId: call.id, legId: 'L' } as const;
  await directives.add({ ...said, at: ZERO + 12_000, kind: 'decline', how: 'digits', who: '9' });
  await directives.add({ ...said, at: ZERO + 13_000, kind: 'mask', how: 'digits', who: '*7' });
  await directives.add({ ...said, at: ZERO + 14_000, kind: 'allow', how: 'button', who: 'Ada', legId: null });

  await d.catalogue.watch.open(call.pbx, ZERO + 20_000, because('not_running'));
  await d.catalogue.watch.close(call.pbx, ZERO + 24_000);
  const body = (await get(d.app, `/calls/${call.id}`, cookie)).json();
  t.strictSame(ajar(CallDetail, body), []);
  t.match(
    body.marks.filter((mark: { kind: string }) => mark.kind === 'unwatched'),
    [{ at_ms: 20_000, until_ms: 24_000, text: 'Tapedeck was not running.', leg: null }],
    'and when keys were not heard',
  );
  t.match(body.told, {
    ...{ mode: 'announce', language: 'de', policy_version: 1, rule: 'Sales', number: '+14155550100' },
    number_place: { region: 'US', subdivision: 'CA' },
    site: { region: 'DE', subdivision: '' },
    because: [{ code: 'default' }, { code: 'jurisdiction', id: 'DE', name: 'Germany', needs: 'ask' }],
    jurisdictions: [{ id: 'DE', as_of: '2026-01-01', overridden: false, from: 'number' }],
    purpose: 'none',
    ...{ result: 'some', answer: 'refused', found: 'yes', findings: ['untold', 'refused_kept'] },
    untold: [{ leg: 2, party: { name: 'Bob' } }],
    played: [
      {
        ...{ what: 'prompt', from_ms: 120, until_ms: 4_200, whole: true, failed: null },
        prompt: { kind: 'announce', language: 'de', hash: 'a'.repeat(64), name: '', duration_ms: 9 },
        to: { leg: 1, party: { number: '10M', name: 'M', ours: true } },
        heard_by: [{ leg: 0, party: { name: 'L' } }, { leg: 1 }],
        found: { found: true, in: 'both', from_ms: 180, until_ms: 4_260, share: 1, correlation: 0.9 },
      },
      {
        ...{ from_ms: null, until_ms: 11_000, whole: false, heard_by: [], found: null },
        ...{ to: { leg: null, party: null }, failed: { why: { code: 'pbx_refused' } } },
      },
    ],
    answers: [
      { kind: 'decline', how: 'digits', key: '9', who: '', at_ms: 12_000, by: { leg: 0 } },
      { kind: 'allow', how: 'button', key: null, who: 'Ada', at_ms: 14_000, by: null, stated: true },
    ],
  });
  t.equal(body.told.answers.length, 2, 'a mask is no answer');
  await directives.add({ ...said, at: ZERO + 15_000, kind: 'allow', how: 'digits', who: '1' });
  const then = (await get(d.app, `/calls/${call.id}`, cookie)).json();
  t.match(then.told, { answer: 'agreed' });
  t.match(then.directives, [{ leg: 0 }, { leg: 0 }, { leg: null }, { leg: 0 }]);

  const other = await addCall(d.catalogue, { startedAt: START - 60_000 });
  t.equal((await get(d.app, `/calls/${other.id}`, cookie)).json().told, null, 'nothing was decided');
});

t.test('the report on consent has the exceptions, figures that add up, pages and a table', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const calls = [];
  for (let i = 0; i < 130; i++) {
    const call = await aToldCall(d, { startedAt: START + i });
    calls.push(call.id);
    const heardBy = i < 120 ? ['L', 'M'] : ['L', 'M', 'B'];
    await d.catalogue.notices.tell({ ...aPlaying(call.id), heardBy });
  }
  const period = 'from=2026-07-01&to=2026-07-27';
  const view = (await get(d.app, `/consent-report?${period}`, cookie)).json();
  t.strictSame(ajar(ConsentView, view), []);
  t.match(view, {
    ...{ filter: 'exceptions', page: 1, pages: 2, calls_total: 120, time_zone: 'Europe/Berlin' },
    totals: {
      ...{ calls: 130, exceptions: 120, findings: { untold: 120, not_found: 0 } },
      told: { all: 10, some: 120, nobody: 0, pending: 0, not_needed: 0 },
      modes: [{ mode: 'announce', calls: 130, all: 10, some: 120 }],
    },
  });
  t.equal(view.calls.length, 100);
  t.match(view.calls[0], { call_id: calls[119], untold: [{ name: 'Bob' }], rule: 'Sales', answer: 'none' });
  const second = (await get(d.app, `/consent-report?${period}&page=2`, cookie)).json();
  t.same(
    [...view.calls, ...second.calls].map((one: { call_id: string }) => one.call_id),
    calls.slice(0, 120).reverse(),
    'each once, newest first',
  );
  t.equal((await get(d.app, `/consent-report?${period}&page=3`, cookie)).json().calls.length, 0);
  t.match((await get(d.app, `/consent-report?${period}&pbx=warehouse`, cookie)).json(), {
    totals: { calls: 0 },
  });

  const csv = await get(d.app, `/consent-report.csv?${period}&show=all`, cookie);
  t.match(csv.headers['content-disposition'], /tapedeck-consent-2026-07-01-2026-07-27\.csv/);
  const rows = parse(csv.body, { bom: true, columns: true }) as Record<string, string>[];
  t.equal(rows.length, 130);
  t.match(rows[129], { call_id: calls[0], findings: 'untold', told: 'some', untold: 'Bob 10B' });
  for (const bad of ['from=2026-08-01&to=2026-07-01', 'show=x', 'page=0', 'pbx=%20'])
    t.equal((await get(d.app, `/consent-report?${bad}`, cookie)).statusCode, 400, bad);
});

t.test('one person has only so many reports made at once', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  await aToldCall(d);
  const four = await Promise.all(Array.from({ length: 4 }, () => get(d.app, '/consent-report', cookie)));
  t.same(four.map((answer) => answer.statusCode).sort(), [200, 200, 200, 429]);
  t.equal((await get(d.app, '/consent-report', cookie)).statusCode, 200, 'those that are done do not count');
});
