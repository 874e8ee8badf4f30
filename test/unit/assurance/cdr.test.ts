import fc from 'fast-check';
import t from 'tap';
import { cdrKey, gather } from '../../../daemon/domain/assurance/cdr.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { csvRow, translateCdr, translateCdrEvent } from '../../../daemon/pbx/cdr.js';
import { eventsOf, follow, readTrace, traces } from '../../support/pbx/traces.js';
import { runs } from '../../support/search/share-of-search.js';

/** 25 November 2026, 09:00 UTC. */
const T0 = Date.UTC(2026, 10, 25, 9);
const MINUTE = 60_000;

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
  const short = { ...AMI, duration: '0', endtime: '', answertime: '' };
  t.match(
    translateCdrEvent(short, ['UTC'], T0 + MINUTE),
    { startAt: T0, answerAt: T0, endAt: T0 },
    'nothing was answered before it began',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(AMI)), fc.anything()), (change) => {
      const c = translateCdrEvent({ ...AMI, ...change }, ['UTC', 'Asia/Kathmandu'], T0 + MINUTE);
      if (c)
        t.ok(c.startAt <= (c.answerAt ?? c.startAt) && (c.answerAt ?? c.startAt) <= c.endAt && cdrKey(c));
    }),
    { numRuns: runs(500) },
  );
});

t.test('the same uniqueid, linkedid and channel on two PBXs are two calls', async (t) => {
  const { cdrs, calls } = tracedCall();
  const there = cdrs.map((cdr) => ({ ...cdr, pbx: 'warehouse' }));
  const [call] = calls;
  const twin = { ...call!, id: 'OTHER', pbx: 'warehouse' };
  const byCall = (accounts: ReturnType<typeof gather>) =>
    accounts.map((a) => [a.pbx, a.callId, a.cdrs.every((c) => c.pbx === a.pbx)]).sort();
  t.same(
    byCall(gather([...cdrs, ...there], [call!, twin])),
    [
      [FIRST, call!.id, true],
      ['warehouse', 'OTHER', true],
    ],
    'each tells of the call on its PBX',
  );
  t.same(
    byCall(gather([...cdrs, ...there], [call!])),
    [
      [FIRST, call!.id, true],
      ['warehouse', null, true],
    ],
    'a call on one is no witness of the other',
  );
  const strangers = gather([...cdrs, ...there], []);
  t.equal(strangers.length, 2, 'nor do those hang together of which nothing else is known');
  t.equal(new Set(strangers.map((a) => a.id)).size, 2);
  t.equal(new Set([...cdrs, ...there].map(cdrKey)).size, 2 * cdrs.length);
  const bare = [...cdrs, ...there].map((cdr) => ({ ...cdr, linkedid: '', uniqueid: '' }));
  t.equal(new Set(gather(bare, []).map((a) => a.id)).size, 2, 'known by their channels only');
});

/** One answered call, as an Asterisk told it. */
function tracedCall() {
  const name = traces()[0]!.name;
  const { calls } = follow(eventsOf(name));
  const cdrs = readTrace(name).flatMap((h) => translateCdrEvent(h.raw, ['UTC'], h.at) ?? []);
  const [call] = calls.filter((c) => c.answeredAt !== null);
  return { calls: [call!], cdrs: gather(cdrs, calls).find((a) => a.callId === call!.id)!.cdrs };
}
