import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import { type AssureDeps, createAssure } from '../../../daemon/assurance/assure.js';
import { makeCoverage, viewCoverage } from '../../../daemon/catalogue/coverage.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createCdrJournal } from '../../../daemon/cdr/journal.js';
import { type Cdr, cdrKey, gather } from '../../../daemon/domain/assurance/cdr.js';
import {
  bounds,
  type CoverageRow,
  FILTERS,
  judge,
  percentOf,
  report,
} from '../../../daemon/domain/assurance/coverage.js';
import { caveatsOf, type Grounds } from '../../../daemon/domain/assurance/coverage-caveats.js';
import { times as timesIn } from '../../../daemon/domain/days.js';
import type { Alarm, Alarms } from '../../../daemon/domain/operations/alarm.js';
import { catalogueFile, cdrJournalFile } from '../../../daemon/domain/paths.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import type { Coverage } from '../../../daemon/domain/recording/recording.js';
import { createLog } from '../../../daemon/ops/log.js';
import { csvRow, translateCdr, translateCdrEvent } from '../../../daemon/pbx/cdr.js';
import { createStamps } from '../../../daemon/pbx/stamps.js';
import { eventsOf, follow, readTrace, traces } from '../../support/pbx/traces.js';
import { until } from '../../support/recorder.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { get, openDashboard, setUp } from '../../support/web/dashboard.js';
import { noted } from '../../support/words.js';

/** 25 November 2026, 09:00 UTC. */
const T0 = Date.UTC(2026, 10, 25, 9);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const recorded: Coverage = { status: 'recorded', why: null, rule: null, missingMs: 0 };
const log = createLog('silent', 'test');

const channel = (endpoint: string, linkedid: string) =>
  `PJSIP/${endpoint}-${linkedid.replace(/\D/g, '').slice(-8).padStart(8, '0')}`;

function aCdr(linkedid: string, more: Partial<Cdr> = {}): Cdr {
  const startAt = more.startAt ?? T0;
  return {
    ...{ linkedid, uniqueid: linkedid, channel: channel('trunk', linkedid), peer: channel('101', linkedid) },
    ...{ src: '+15550123', dst: '5550100', name: 'Ada Caller', context: 'from-trunk', app: 'Dial' },
    ...{ startAt, answerAt: startAt + 5_000, endAt: startAt + 35_000, disposition: 'ANSWERED', ahead: 0 },
    ...more,
  };
}

t.test('what Asterisk 16 and 22 say of thirty kinds of call is gathered to what was followed', async (t) => {
  for (const { name } of traces()) {
    const followed = follow(eventsOf(name));
    const cdrs = readTrace(name).flatMap((h) => translateCdrEvent(h.raw, ['UTC'], h.at) ?? []);
    const accounts = gather(cdrs, followed.calls);
    const answered = followed.calls.filter((c) => c.answeredAt !== null);
    t.same(
      accounts.flatMap((a) => (a.answeredAt === null ? [] : a.callId)).sort(),
      answered.map((c) => c.id).sort(),
      `${name}: each answered call has one account, and no account is without a call`,
    );
    for (const call of answered.filter((c) => followed.ended.has(c.id))) {
      const account = accounts.find((a) => a.callId === call.id)!;
      const pbx = account.endedAt - account.answeredAt!;
      const ours = call.endedAt! - call.answeredAt!;
      t.ok(Math.abs(pbx - ours) <= 1_000, `${name}: ${pbx} ms by the PBX, ${Math.round(ours)} by us`);
    }
    t.equal(
      gather(cdrs, []).filter((a) => a.answeredAt !== null).length,
      new Set(answered.map((c) => c.linkedids[0])).size,
      `${name}: as many calls are counted by the CDRs alone, but for consultations, which share a linkedid`,
    );
  }
});

t.test('CDRs of our own snoops are no calls', async (t) => {
  const all = readTrace('answered/22').filter((h) => h.raw.Event === 'Cdr');
  t.ok(all.filter((h) => String(h.raw.Channel).startsWith('Snoop/')).length >= 4, 'there are such CDRs');
  t.equal(all.flatMap((h) => translateCdrEvent(h.raw, ['UTC'], h.at) ?? []).length, 1);
});

const AMI = {
  event: 'Cdr',
  source: '100',
  destination: '101',
  destinationcontext: 'internal',
  callerid: '"Ext 100" <100>',
  channel: 'PJSIP/100-00000013',
  destinationchannel: 'PJSIP/101-00000014',
  lastapplication: 'Dial',
  starttime: '2026-11-25 09:00:00',
  answertime: '2026-11-25 09:00:05',
  endtime: '2026-11-25 09:00:35',
  duration: '35',
  billableseconds: '30',
  disposition: 'ANSWERED',
  uniqueid: `${T0 / 1000}.82`,
  linkedid: `${T0 / 1000}.82`,
};

t.test('times are read in the zone that the PBX writes them in', async (t) => {
  const startOf = (starttime: string, zones: string[], more = {}) => {
    const [day, clock] = starttime.split(' ') as [string, string];
    const later = (s: number) =>
      `${day} ${clock.slice(0, 6)}${String(Number(clock.slice(6)) + s).padStart(2, '0')}`;
    const raw = { ...AMI, starttime, answertime: later(5), endtime: later(35), ...more };
    return translateCdrEvent(raw, zones, T0 + 36_000)!.startAt - T0;
  };
  t.equal(startOf('2026-11-25 09:00:00', ['UTC', 'Europe/Berlin']), 0);
  t.equal(startOf('2026-11-25 10:00:00', ['UTC', 'Europe/Berlin']), 0, 'the zone of the site');
  t.equal(startOf('2026-11-25 09:00:00', ['Europe/Berlin', 'UTC']), 0, 'usegmtime = yes');
  t.equal(startOf('2026-11-25 14:30:00', ['Europe/Berlin', 'UTC']), 0, 'a zone that nobody named');
  t.equal(startOf('2026-11-25 10:00:00', ['Europe/Berlin'], { uniqueid: 'made-by-hand' }), 0);
  // Clocks are set back at 01:00 UTC: 02:30 comes twice.
  const fold = Date.UTC(2026, 9, 25, 1, 30);
  const raw = { ...AMI, starttime: '2026-10-25 02:30:00', answertime: '2026-10-25 02:30:05' };
  const night = { ...raw, endtime: '2026-10-25 02:30:35', uniqueid: `${fold / 1000}.1` };
  t.equal(translateCdrEvent(night, ['Europe/Berlin'], fold + 40_000)!.startAt, fold, 'the second 02:30');
  t.equal(
    translateCdrEvent({ ...night, uniqueid: `${fold / 1000 - 3600}.1` }, ['Europe/Berlin'], fold)!.startAt,
    fold - 3_600_000,
    'the first 02:30',
  );
  const over = { ...night, starttime: '2026-10-25 02:59:50', answertime: '2026-10-25 02:00:00' };
  const c = translateCdrEvent(
    { ...over, endtime: '2026-10-25 02:00:25', uniqueid: `${(fold - 1_810_000) / 1000}.1` },
    ['Europe/Berlin'],
    fold,
  )!;
  t.same([c.answerAt! - c.startAt, c.endAt - c.startAt], [5_000, 35_000], 'a call over the change of clocks');
});

t.test('a row of a file or of a database is the same record', async (t) => {
  const over = translateCdrEvent(AMI, ['UTC'], T0 + 36_000)!;
  const csv = [
    'acct100',
    '100',
    '101',
    'internal',
    '"Ext 100" <100>',
    AMI.channel,
    AMI.destinationchannel,
    'Dial',
  ];
  csv.push(
    'PJSIP/101,30',
    AMI.starttime,
    AMI.answertime,
    AMI.endtime,
    '35',
    '30',
    'ANSWERED',
    'DOCUMENTATION',
  );
  const times = [AMI.uniqueid, '', '', AMI.linkedid, '44'];
  t.strictSame(
    translateCdr(csvRow([...csv, ...times]), ['UTC'], T0 + MINUTE),
    over,
    'cdr_csv with all columns',
  );
  const bare = translateCdr(csvRow(csv), ['UTC'], T0 + MINUTE)!;
  t.strictSame(bare, { ...over, uniqueid: '', linkedid: '' }, 'cdr_csv as it comes');
  t.equal(cdrKey(bare), cdrKey(over));
  const freepbx = {
    ...{
      calldate: '2026-11-25 09:00:00',
      clid: '"Ext 100" <100>',
      src: '100',
      dst: '101',
      dcontext: 'internal',
    },
    ...{
      channel: AMI.channel,
      dstchannel: AMI.destinationchannel,
      lastapp: 'Dial',
      lastdata: '',
      duration: 35,
    },
    ...{ billsec: 30, disposition: 'ANSWERED', amaflags: 3, uniqueid: AMI.uniqueid, linkedid: AMI.linkedid },
  };
  t.strictSame(
    translateCdr(freepbx, ['UTC'], T0 + MINUTE),
    over,
    "FreePBX's table, which has no answer and no end",
  );
  t.equal(csvRow(['too', 'few']), null);
});

t.test('records that make no sense are nothing, and hostile ones are kept small', async (t) => {
  for (const change of [
    { event: 'Hangup' },
    { starttime: '0000-00-00 00:00:00' },
    { starttime: '2026-13-77 99:00:00' },
    { starttime: ['a', 'b'] },
    { channel: '', uniqueid: '' },
    { duration: '1e300', endtime: '' },
    { duration: '-5', endtime: '2020-01-01 00:00:00' },
  ])
    t.equal(translateCdrEvent({ ...AMI, ...change }, ['UTC'], T0 + MINUTE), null, JSON.stringify(change));
  const hostile = translateCdrEvent(
    {
      ...AMI,
      source: `'; DROP TABLE cdrs;--${'x'.repeat(1e6)}`,
      callerid: '"=cmd|\' /C calc\'!A0\u202e\u0000" <x>',
    },
    ['UTC'],
    T0 + MINUTE,
  )!;
  t.ok(hostile.src.length <= 64);
  t.equal(hostile.name, "=cmd|' /C calc'!A0");
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(AMI)), fc.anything()), (change) => {
      const c = translateCdrEvent({ ...AMI, ...change }, ['UTC', 'Asia/Kathmandu'], T0 + MINUTE);
      if (c)
        t.ok(c.startAt <= (c.answerAt ?? c.startAt) && (c.answerAt ?? c.startAt) <= c.endAt && cdrKey(c));
    }),
    { numRuns: 500 },
  );
});

/** What the catalogue gives of a call of half a minute and its account. */
function row(
  coverage: Coverage | null,
  { pbxMs = 30_000, recordingMs = 30_000, at = T0, pbx = true } = {},
): CoverageRow {
  const { id, direction, startedAt, answeredAt, endedAt, them, us } = aCall(ulid(at), { startedAt: at });
  return {
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
  const neither = { pbx: { ...nobody.pbx!, answeredAt: null }, call: { ...nobody.call!, answeredAt: null } };
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
  const made = report(rows, period, { filter: 'exceptions', witness: always, now: T0 * 2 });
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
    report(rows, period, { filter, witness: always, now: T0 * 2 }).listed.length;
  t.equal(
    sum.map(of).reduce((a, b) => a + b),
    of('all'),
    'every call is in one status',
  );
});

/** The story over a real catalogue, with a clock to be turned by hand and alarms to be looked at. */
async function ledger(t: Test, more: Partial<AssureDeps> = {}, dir = t.testdir()) {
  const path = catalogueFile(dir);
  const catalogue = { path, ...createSqliteCatalogue({ path }) };
  await catalogue.start();
  const clock = { ms: T0 };
  const standing = new Map<string, Pick<Alarm, 'severity' | 'message' | 'hint'>>();
  const alarms: Alarms = {
    raise: (key, a) => void standing.set(key, a),
    clear: (key) => void standing.delete(key),
  };
  const assure = createAssure({
    ...{ catalogue, alarms, sources: [], trunkContexts: ['from-trunk'], mint: ulid },
    ...{ say: (at) => new Date(at).toISOString().slice(0, 19), clock: () => clock.ms, log },
    journal: createCdrJournal({ file: cdrJournalFile(dir) }),
    lost: () => {},
    pace: { grace: 20_000, look: 10, read: 1e9 },
    ...more,
  });
  assure.start();
  t.teardown(async () => {
    await assure.stop();
    await catalogue.stop();
  });
  const period = { from: '2026-11-24', to: '2026-11-26', zone: 'UTC' };
  return {
    ...{ catalogue, clock, standing, assure },
    /** A call with its recording, as the other stories leave it. */
    async record(n: number, startedAt: number) {
      const call = aCall(ulid(startedAt), { startedAt, linkedids: [`${T0 / 1000}.${n}`] });
      await catalogue.saveCall(call);
      await catalogue.recordingSealed(aRecording(ulid(startedAt), call.id), new Uint8Array(), recorded);
      return call;
    },
    report: async (filter: (typeof FILTERS)[number] = 'exceptions') =>
      report(await catalogue.coverageRows(bounds(period)), period, {
        filter,
        witness: await catalogue.witness(),
        now: clock.ms,
      }),
  };
}
const link = (n: number) => `${T0 / 1000}.${n}`;

t.test(
  'a call of which there is no row raises an alarm that names it, and a late row clears it',
  async (t) => {
    const { assure, clock, standing, record, report } = await ledger(t);
    await assure.up();
    for (const n of [1, 2, 3]) {
      if (n === 3) clock.ms = T0 + 40_000;
      if (n !== 2) await record(n, T0 + n * 1000);
      assure.hear(aCdr(link(n), { startAt: T0 + n * 1000 }));
    }
    await until('the CDRs are written', async () => (await report('all')).totals.unwitnessed === 0);
    t.same([...standing], [], 'late events have their time');
    clock.ms = T0 + 60_000;
    const alarm = await until('an alarm', () => standing.get(`call_missed ${link(2)}`));
    t.match(alarm, { severity: 'critical', message: /Ada Caller with 5550100, 2026-11-25T09:00:02, 30 s/ });
    t.equal(standing.size, 1);
    t.match((await report()).totals, { answered: 3, recorded: 2, missing: 1 });

    await record(2, T0 + 2000);
    await assure.up();
    await until('all clear', () => standing.size === 0);
    t.match(await report(), { percent: 100, totals: { recorded: 3, missing: 0, differs: 0, surplus: 0 } });
  },
);

t.test('the very first CDR counts when it could not be written before a kill', async (t) => {
  const dir = t.testdir();
  const journal = createCdrJournal({ file: cdrJournalFile(dir) });
  const cdr = aCdr(link(1), { startAt: T0 - 60_000, endAt: T0 - 30_000 });
  journal.append({ at: cdr.endAt + 900, cdr });
  journal.stop();
  const { catalogue } = await ledger(t, {}, dir);
  await until('it is written', async () => (await catalogue.cdrSources())[0]?.count === 1);
});

t.test('a CDR that comes late takes a call off the list of those without one', async (t) => {
  const { assure, catalogue, clock, record, report } = await ledger(t);
  await assure.up();
  clock.ms = T0 - 1000;
  await record(1, T0);
  assure.hear(aCdr(link(9), { startAt: T0 - 40_000, endAt: T0, disposition: 'NO ANSWER', answerAt: null }));
  await until('it is heard', () => catalogue.witness());
  clock.ms = T0 + 10 * MINUTE;
  assure.hear(aCdr(link(8), { startAt: clock.ms - 5000, disposition: 'NO ANSWER', answerAt: null }));
  await until('there is a witness', async () => (await report()).totals.surplus === 1);
  assure.hear(aCdr(link(1)));
  await until('it is found', async () => (await report()).totals.surplus === 0);
  t.match((await report('all')).totals, { answered: 1, recorded: 1 });
});

t.test(
  'a call in a time when nobody watched gets a row, which says so; test calls are not counted',
  async (t) => {
    const { assure, catalogue, clock, standing, report } = await ledger(t);
    await catalogue.openBlindWindow(T0 - MINUTE, noted('The daemon did not run.'));
    await catalogue.closeBlindWindow(T0 + MINUTE);
    await assure.up();
    await catalogue.saveCall(aCall(ulid(T0), { startedAt: T0, linkedids: [link(7)], test: true }), recorded);
    assure.hear(aCdr(link(7)));
    assure.hear(aCdr(link(1)));
    assure.hear(aCdr(link(1), { peer: 'PJSIP/102-x', answerAt: null, disposition: 'NO ANSWER' }));
    clock.ms = T0 + 2 * MINUTE;
    await until('it was looked at', () => standing.size === 1);
    const calls = await catalogue.calls({ limit: 10 });
    t.match(calls, [
      {
        direction: 'in',
        linkedids: [link(1)],
        them: { number: '+15550123', name: 'Ada Caller', ours: false },
        us: { number: '101', ours: true },
        answeredAt: T0 + 5_000,
        endedAt: T0 + 35_000,
        coverage: { status: 'not_recorded', missingMs: 30_000 },
      },
    ]);
    t.match(
      inWords(calls[0]!.coverage.why, timesIn('UTC')),
      /was lost from .*08:59:00 to .*09:01:00.*did not run/,
    );
    t.match((await report()).totals, { answered: 1, not_recorded: 1, missing: 0 });
    await assure.up();
    t.equal((await catalogue.calls({ limit: 10 })).length, 1, 'and once only');

    const transferred = { channel: 'PJSIP/101-0000000a', peer: 'PJSIP/102-0000000b', uniqueid: link(2) };
    const times = { startAt: T0 + 35_000, answerAt: T0 + 35_000, endAt: T0 + 95_000 };
    assure.hear(aCdr(link(1), { ...transferred, ...times }));
    const whole = await until('what came later is in the row', async () => {
      const found = await catalogue.calls({ limit: 10 });
      return found[0]!.endedAt === T0 + 95_000 && found;
    });
    t.match(whole, [{ id: calls[0]!.id, coverage: { status: 'not_recorded', missingMs: 90_000 } }]);
    t.match((await report()).totals, { answered: 1, not_recorded: 1, differs: 0 });
  },
);

t.test('many lost calls are named at first and counted then', async (t) => {
  const { assure, clock, standing } = await ledger(t);
  await assure.up();
  for (let n = 0; n < 40; n++) assure.hear(aCdr(link(n), { channel: `PJSIP/t-${n}`, src: `+1555${n}` }));
  clock.ms = T0 + 2 * MINUTE;
  const many = await until('they are counted', () => {
    const alarm = standing.get('calls_missed');
    return alarm?.message.startsWith('30 ') && alarm;
  });
  t.match(many.message, '30 more answered calls were not recorded');
  t.equal(standing.size, 11);
  clock.ms += 2 * 86_400_000;
  await until('a day later they do not stand any more', () => standing.size === 0);
  standing.set('calls_missed', many);
  await assure.up();
  t.equal(standing.size, 0, 'nor does what was said before a restart');
});

t.test('lost calls whose CDRs have no ids are told apart', async (t) => {
  const { assure, clock, standing } = await ledger(t);
  await assure.up();
  for (const n of [1, 2])
    assure.hear(aCdr('', { channel: `PJSIP/trunk-0000000${n}`, peer: '', startAt: T0 + n * MINUTE }));
  clock.ms = T0 + 5 * MINUTE;
  await until('both are named', () => standing.size === 2);
  await assure.up();
  t.equal(standing.size, 2, 'once each');
});

t.test("a call is found by its CDRs, whatever the PBX's clock shows and is set to", async (t) => {
  for (const apart of [HOUR, -HOUR])
    t.test(`${apart} ms`, async (t) => {
      const { assure, catalogue, clock, record, report } = await ledger(t);
      const pbx = { ahead: apart };
      const ask = async () => clock.ms + pbx.ahead;
      const stamps = createStamps({ now: () => clock.ms, ask, deliver: () => {} });
      await stamps.measure();
      await assure.up();
      await record(1, T0);
      const cdr = aCdr(link(1), { startAt: T0 + apart });
      clock.ms = T0 + MINUTE;
      assure.hear(stamps.written(cdr));
      await until('it is compared', async () => (await report('all')).totals.unwitnessed === 0);
      t.match((await report()).totals, { answered: 1, recorded: 1, missing: 0, surplus: 0, differs: 0 });

      pbx.ahead = 0;
      stamps.forget();
      await stamps.measure();
      const read = await catalogue.addCdrs([stamps.written(cdr)], 'cdr_csv', clock.ms);
      t.same(read, [], 'and the same record, read when that clock is right again, is nothing new');
    });
});

t.test('a source that brings what is known already has not been heard', async (t) => {
  const { assure, catalogue } = await ledger(t);
  await assure.up();
  for (const minutes of [1, 2]) await catalogue.addCdrs([aCdr(link(1))], 'cdr_csv', T0 + minutes * MINUTE);
  t.same(await catalogue.witness(), { since: T0 + MINUTE, last: T0 + MINUTE });
  t.match(await catalogue.cdrSources(), [{ name: 'cdr_csv', count: 1 }]);
});

t.test('when CDRs stop coming, that is said', async (t) => {
  const pace = { grace: 20_000, look: 10, read: MINUTE };
  const { assure, catalogue, clock, standing, record } = await ledger(t, { pace });
  await assure.up();
  await record(1, T0);
  assure.hear(aCdr(link(1)));
  await until('it is heard', () => catalogue.witness());
  clock.ms = T0 + 10 * MINUTE;
  for (const n of [2, 3, 4]) await record(n, T0 + n * MINUTE);
  clock.ms = T0 + 11 * MINUTE;
  await until('the silence is heard', () => standing.has('cdr_silent'));
  assure.hear(aCdr(link(4), { startAt: T0 + 4 * MINUTE }));
  await until('it is over', () => !standing.has('cdr_silent'));
});

t.test('the page and its CSV give the same, with the evidence, and no cell is a formula', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { app, catalogue, clock } = dashboard;
  const at = clock.ms - HOUR;
  const nasty = { src: '=HYPERLINK("http://evil.example")', name: "@SUM(1)'; DROP TABLE accounts;--" };
  const [lost, kept] = [aCdr('1.1', { startAt: at, ...nasty }), aCdr('1.2', { startAt: at + MINUTE })];
  const call = aCall(ulid(at), { startedAt: at + MINUTE, linkedids: ['1.2'] });
  await catalogue.saveCall(call, recorded);
  await catalogue.addCdrs([lost, kept], 'AMI', clock.ms);
  await catalogue.saveAccounts(gather([lost, kept], [call]), []);

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
    (await catalogue.coverageRows({ from: 0, to: clock.ms })).length,
    2,
    'and the tables are still there',
  );
});

t.test('a report says what it cannot vouch for', async (t) => {
  const gap = { from: T0, to: T0 + MINUTE, why: null };
  const sound: Grounds = {
    ...{
      from: T0,
      to: T0 + HOUR,
      now: T0 + 2 * HOUR,
      since: T0 - HOUR,
      witness: always,
      blind: [],
      unfilled: [],
    },
    totals: { unwitnessed: 0, pending: 0 },
  };
  t.same(caveatsOf(sound), []);
  for (const [change, caveat] of [
    [{ since: null }, 'not_installed'],
    [{ since: T0 + HOUR }, 'not_installed'],
    [{ since: T0 + 1 }, 'partly_not_installed'],
    [{ now: T0 }, 'future'],
    [{ blind: [gap] }, 'monitoring_gaps'],
    [{ unfilled: [gap] }, 'cdr_gaps'],
    [{ witness: null }, 'no_witness'],
    [{ totals: { unwitnessed: 1, pending: 0 } }, 'unwitnessed'],
    [{ totals: { unwitnessed: 0, pending: 1 } }, 'pending'],
  ] as const)
    t.same(caveatsOf({ ...sound, ...change }), [caveat]);
});

t.test('a CDR gap that was read from another source afterwards is filled', async (t) => {
  const { catalogue, report, assure } = await ledger(t);
  await assure.up();
  await catalogue.openWitnessGap(T0, noted('The connection to AMI was closed.'));
  await catalogue.closeWitnessGap(T0 + MINUTE);
  const gap = async () => {
    const made = await makeCoverage(catalogue, { filter: 'all' }, 'UTC', T0 + HOUR);
    const view = await viewCoverage(catalogue, made, 99.9);
    return { filled: view.witness_gaps[0]!.filled_from, caveat: view.caveats.includes('cdr_gaps') };
  };
  t.same(await gap(), { filled: [], caveat: true });
  await catalogue.noteSource('cdr_csv', T0 + 30_000, '');
  t.same(await gap(), { filled: [], caveat: true }, 'read while it lasted');
  await catalogue.noteSource('cdr_csv', T0 + 2 * MINUTE, '');
  t.same(await gap(), { filled: ['cdr_csv'], caveat: false });
  t.equal((await report()).totals.answered, 0);
});

t.test('a CDR that cannot be compared keeps no other from it', async (t) => {
  const { assure, catalogue, clock, standing } = await ledger(t);
  await assure.up();
  const spoilt = new Database(catalogue.path);
  t.teardown(() => spoilt.close());
  assure.hear(aCdr(link(1)));
  await until('it is written', () => catalogue.witness());
  spoilt.exec(`UPDATE cdrs SET cdr = json_remove(cdr, '$.linkedid', '$.uniqueid', '$.channel')`);
  assure.hear(aCdr(link(2)));
  clock.ms = T0 + 2 * MINUTE;
  await until('the other is missed', () => standing.has(`call_missed ${link(2)}`));
});
