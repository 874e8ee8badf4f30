import fc from 'fast-check';
import t from 'tap';
import type { Directive } from '../../../daemon/domain/call/directive.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import type { Leg, Mark } from '../../../daemon/domain/recording/recording.js';
import {
  CONSENT_CSV_COLUMNS,
  CONSENT_FILTERS,
  type ConsentCall,
  consentCells,
  createConsentReport,
  fitsConsent,
  judgeCall,
} from '../../../daemon/domain/telling/consent-report.js';
import type { Found, Played } from '../../../daemon/domain/telling/notice.js';
import { MODES } from '../../../daemon/domain/telling/schema.js';
import { spokeIn, type TellingFacts, toldOf, unwatchedIn } from '../../../daemon/domain/telling/told.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall } from '../../support/recordings/a-call.js';
import { runs } from '../../support/search/share-of-search.js';

const ZERO = 1_700_000_005_000;
const END = ZERO + 60_000;

/** On the call from and until these ms since the answer; `null` for a leg that only rang. */
const leg = (id: string, from: number | null, until: number | null = 60_000): Leg => ({
  ...{ id, party: { number: id, name: id.toUpperCase(), ours: id !== 'them' }, endpoint: id },
  ...{ seenAt: ZERO - 5_000, upAt: from === null ? null : ZERO + from },
  goneAt: until === null ? null : ZERO + until,
});
const mark = (kind: Mark['kind'], legId: string, atMs: number, untilMs: number | null): Mark => ({
  ...{ kind, legId, atMs, untilMs, text: '' },
});
const played = (more: Partial<Played> = {}): Played => ({
  ...{ ...aPlaying('A'), seq: 1, leg: 'us', heardBy: ['them', 'us'], found: null },
  ...more,
});
const said = (kind: Directive['kind']): Directive => ({
  ...{ callId: 'A', seq: 1, at: ZERO, kind, how: 'digits', who: '9', legId: 'them' },
});
const FOUND: Found = { found: true, in: 'both', fromMs: 80, untilMs: 4_000, share: 1, correlation: 0.9 };
const LACKS: Found = { found: false, excused: false };
const EXCUSED: Found = { found: false, excused: true };

const base: TellingFacts = {
  ...{ startedAt: ZERO - 5_000, answeredAt: ZERO, endedAt: END, marks: [] },
  legs: [leg('them', -5_000), leg('us', 0)],
  ...{
    mode: 'announce',
    statedIsEnough: false,
    purposeAndIdentity: false,
    coverage: 'recorded',
    unwatchedMs: 0,
    played: [played({ found: FOUND })],
    directives: [],
  },
};
const third = [...base.legs, leg('bob', 30_000)];

const table: [string, Partial<TellingFacts>, object][] = [
  ['everybody heard it', {}, { told: 'all', untold: [], found: 'yes', answer: 'none', findings: [] }],
  ['who came later was not told', { legs: third }, { told: 'some', untold: ['bob'], findings: ['untold'] }],
  [
    'who came later was told then',
    { legs: third, played: [played(), played({ seq: 2, heardBy: ['them', 'us', 'bob'] })] },
    { told: 'all', untold: [], found: 'not_looked' },
  ],
  ['who only rang does not count', { legs: [...base.legs, leg('bob', null)] }, { told: 'all' }],
  [
    'who was on the call while the others were gone does not count',
    { legs: [leg('them', -5_000), leg('us', 0, 30_000), leg('bob', 60_000, 60_000)] },
    { told: 'all' },
  ],
  ['nothing was played', { played: [] }, { told: 'nobody', untold: ['them', 'us'], found: 'none' }],
  [
    'it was cut short',
    { played: [played({ whole: false, heardBy: [] })] },
    { told: 'nobody', found: 'none', findings: ['untold'] },
  ],
  ['a tone is no prompt', { played: [played({ what: 'beep' })] }, { told: 'nobody' }],
  [
    'a tone is the notice where the mode says so',
    { mode: 'beep', played: [played({ what: 'beep' })] },
    { told: 'all', found: 'none' },
  ],
  [
    'the dialplan told the caller, and nobody our own',
    { played: [played({ what: 'dialplan', leg: 'them', heardBy: ['them'] })] },
    { told: 'some', untold: ['us'], found: 'none' },
  ],
  ['nobody is to be told', { mode: 'silent', played: [] }, { told: 'not_needed', untold: [], findings: [] }],
  ['it was not recorded', { coverage: 'excluded', played: [] }, { told: 'not_needed', untold: [] }],
  ['only a machine was there', { legs: [leg('them', -5_000)], played: [] }, { told: 'not_needed' }],
  ['it goes on', { endedAt: null, coverage: 'pending', legs: third }, { told: 'pending', findings: [] }],
  ['its recording is being made', { coverage: 'pending', played: [] }, { told: 'pending' }],
  ['it was destroyed at the end, and nobody knew', { coverage: 'not_kept', played: [] }, { told: 'nobody' }],
  [
    'the recording lacks it',
    { played: [played({ found: FOUND }), played({ found: LACKS }), played({ found: null })] },
    { told: 'all', found: 'no', findings: ['not_found'] },
  ],
  ['it was masked there', { played: [played({ found: EXCUSED })] }, { found: 'excused', findings: [] }],
  [
    'somebody refused, and it was destroyed',
    { coverage: 'declined', directives: [said('decline')] },
    { answer: 'refused', told: 'not_needed', found: 'none', findings: [] },
  ],
  [
    'somebody refused, and there is a recording',
    { directives: [said('decline')] },
    { answer: 'refused', findings: ['refused_kept'] },
  ],
  [
    'somebody refused, and took it back',
    { directives: [said('decline'), said('allow')] },
    { answer: 'agreed', findings: [] },
  ],
  ['nobody said yes', { mode: 'ask' }, { told: 'all', answer: 'none', findings: ['not_agreed'] }],
  [
    'nobody said yes, and keys were not heard for a time',
    { mode: 'announce_refusal', unwatchedMs: 4_000 },
    { told: 'all', answer: 'none', findings: ['keys_unheard'] },
  ],
  ['no key would have been an answer', { unwatchedMs: 4_000 }, { findings: [] }],
  [
    'there is an answer',
    { mode: 'ask', unwatchedMs: 4_000, directives: [said('allow')] },
    { answer: 'agreed', findings: [] },
  ],
  ['somebody said yes', { mode: 'ask', directives: [said('allow')] }, { answer: 'agreed', findings: [] }],
];
for (const [name, more, expected] of table)
  t.test(`who was told: ${name}`, async (t) => {
    t.match(toldOf({ ...base, ...more }), expected);
  });

t.test('who has others on hold, waits in a queue or is parked speaks with nobody', async (t) => {
  const call = { ...base, legs: [leg('them', -5_000), leg('us', 0, 20_000), leg('bob', 0)] };
  for (const kind of ['hold', 'queue', 'park'] as const) {
    t.same(spokeIn({ ...call, marks: [mark(kind, 'bob', 0, null)] }), ['them', 'us'], kind);
    t.same(
      spokeIn({ ...call, marks: [mark(kind, 'bob', 0, 59_000)] }),
      ['them', 'us', 'bob'],
      `then ${kind}`,
    );
  }
  t.same(spokeIn({ ...base, marks: [mark('hold', 'us', 0, 60_000)] }), []);
});

t.test('who spoke is who was there with another for any time at all', async (t) => {
  const stay = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    from: fc.integer({ min: 0, max: 12 }),
    lasts: fc.integer({ min: 0, max: 6 }),
    rang: fc.boolean(),
  });
  const away = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    from: fc.integer({ min: 0, max: 12 }),
    lasts: fc.integer({ min: 0, max: 6 }),
    kind: fc.constantFrom<Mark['kind']>('hold', 'park', 'queue', 'transfer'),
  });
  fc.assert(
    fc.property(fc.array(stay, { maxLength: 7 }), fc.array(away, { maxLength: 4 }), (stays, aways) => {
      const legs = stays.map((s) => leg(s.id, s.rang ? null : s.from, s.from + s.lasts));
      const marks = aways.map((a) => mark(a.kind, a.id, a.from, a.from + a.lasts));
      // Each ms by itself: who is there and not away.
      const met = new Set<string>();
      for (let ms = 0; ms < 20; ms++) {
        const within = (one: { id: string; from: number; lasts: number }, id: string) =>
          one.id === id && one.from <= ms && ms < one.from + one.lasts;
        const here = ['a', 'b', 'c', 'd'].filter(
          (id) =>
            stays.some((s) => !s.rang && within(s, id)) &&
            !aways.some((a) => a.kind !== 'transfer' && within(a, id)),
        );
        if (here.length > 1) for (const id of here) met.add(id);
      }
      t.same(spokeIn({ ...base, legs, marks }).toSorted(), [...met].sort());
    }),
    { numRuns: runs(400), endOnFailure: true },
  );
});

const call = (more: Partial<TellingFacts> = {}): ConsentCall => {
  const { mode, ...facts } = { ...base, ...more };
  const { id, pbx, direction, them, us } = aCall('A');
  return { ...{ id, pbx, direction, them, us }, ...facts, notice: mode && { ...aNotice('A'), mode } };
};

t.test('the totals of a report add up, and its pages have each call once', async (t) => {
  const any = fc.record({
    mode: fc.constantFrom(...MODES, null),
    coverage: fc.constantFrom<TellingFacts['coverage']>(
      'recorded',
      'partial',
      'pending',
      'declined',
      'not_kept',
    ),
    legs: fc.constantFrom(base.legs, third, [leg('them', 0)]),
    played: fc.array(
      fc
        .record({
          what: fc.constantFrom<Played['what']>('prompt', 'beep', 'dialplan'),
          whole: fc.boolean(),
          heardBy: fc.subarray(['them', 'us', 'bob']),
          found: fc.constantFrom(null, FOUND, LACKS, EXCUSED),
        })
        .map(played),
      { maxLength: 3 },
    ),
    directives: fc.array(fc.constantFrom<Directive['kind']>('decline', 'allow', 'keep').map(said), {
      maxLength: 2,
    }),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), fc.constantFrom(...CONSENT_FILTERS), (all, filter) => {
      const judged = all.map((one, i) => ({ ...judgeCall(call(one)), id: `${i}` }));
      const pages = [0, 1, 2, 3, 4].map((page) => {
        const report = createConsentReport({ filter, skip: page * 7, limit: 7 });
        for (const one of judged) report.add(one);
        return report.result();
      });
      const fitting = judged.filter((one) => fitsConsent(one, filter));
      t.same(
        pages.flatMap(({ listed }) => listed.map(({ id }) => id)),
        fitting.map(({ id }) => id),
      );
      for (const { totals, fitting: count } of pages) {
        t.equal(count, fitting.length);
        const sum = (by: Record<string, number>) => Object.values(by).reduce((a, b) => a + b, 0);
        for (const by of [totals.statuses, totals.told, totals.answers, totals.found])
          t.equal(sum(by), all.length);
        t.equal(totals.exceptions, judged.filter(({ findings }) => findings.length > 0).length);
        t.equal(totals.findings.untold, totals.told.some + totals.told.nobody);
        let calls = 0;
        for (const { mode, calls: its, ...told } of totals.modes) {
          t.equal(sum(told), its, mode ?? 'not decided');
          calls += its;
        }
        t.equal(calls, all.length);
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

t.test('the time in which nobody monitored a PBX counts as far as it is within the call', async (t) => {
  const during = (from: number, to: number | null) =>
    unwatchedIn({ answeredAt: ZERO, endedAt: END }, [{ pbx: FIRST, from, to, why: null }]);
  t.equal(during(ZERO - 9_000, ZERO + 1_000), 1_000);
  t.equal(during(ZERO + 1_000, ZERO + 3_000), 2_000);
  t.equal(during(END - 1_000, null), 1_000);
  t.equal(during(END, END + 1_000), 0);
  t.equal(during(ZERO - 2, ZERO - 1), 0);
  t.equal(unwatchedIn({ answeredAt: null, endedAt: END }, [{ pbx: FIRST, from: 0, to: null, why: null }]), 0);
});

t.test('no cell of the table is a formula', async (t) => {
  const legs = [leg('them', 0), { ...leg('us', 0), party: { number: '=1+1', name: '', ours: true } }];
  const heard = [played({ heardBy: ['them'] })];
  const them = { number: '+4930', name: '@SUM(A1)', ours: false };
  const cells = consentCells(judgeCall({ ...call({ legs, played: heard }), them }));
  t.equal(cells.length, CONSENT_CSV_COLUMNS.length);
  const row = Object.fromEntries(CONSENT_CSV_COLUMNS.map((name, i) => [name, cells[i]]));
  t.match(row, { findings: 'untold', them_number: "'+4930", them_name: "'@SUM(A1)", untold: "'=1+1" });
  t.match(row, { mode: 'announce', told: 'some', answer: 'none', found: 'not_looked', language: 'de' });
});
