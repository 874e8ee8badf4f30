import { join } from 'node:path';
import t from 'tap';
import { createWatch } from '../../../daemon/calls/watch.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { answeredUnseen, type CdrTimes, whenAnswered } from '../../../daemon/domain/call/answered.js';
import { emptyState, step } from '../../../daemon/domain/call/call.js';
import type { LegFacts, PbxEvent, Snapshot } from '../../../daemon/domain/call/event.js';
import { type Late, whyLate, whyUnwatched } from '../../../daemon/domain/call/late.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because, type Why } from '../../../daemon/domain/reason/reason.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { findGaps, type Stretch } from '../../../daemon/domain/recording/gaps.js';
import type { BlindWindow } from '../../../daemon/domain/recording/recording.js';
import { createLog } from '../../../daemon/ops/log.js';
import { patience } from '../../../daemon/ops/patience.js';
import { createStalls } from '../../../daemon/ops/stalls.js';
import { createAnswers } from '../../../daemon/pbx/answers.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import { until } from '../../support/recorder.js';
import { noted } from '../../support/words.js';

const T0 = Date.UTC(2026, 10, 25, 9);
const say = (ms: number) => new Date(ms).toISOString().slice(11, 19);
const log = createLog('silent', 'test');

/** A call that was answered at T0 and captured at once, but for what is told. */
const late = (more: Partial<Late>): Late => ({
  ...{ wantedAt: T0, heardAt: T0, unseen: false, askedAt: T0, begunAt: T0 + 100, stalls: [], gap: null },
  ...more,
});
const away = (from: number, to: number | null, why: Why): BlindWindow => ({
  pbx: FIRST,
  from: T0 + from,
  to: to === null ? null : T0 + to,
  why,
});

t.test('a late capture is explained by whoever the time was spent by', async (t) => {
  const stall = { from: T0 - 1_000, to: T0 + 4_000 };
  const told: [string, Partial<Late>, string][] = [
    ['in time', {}, ''],
    ['PBX slow', { begunAt: T0 + 2_000 }, 'The PBX took 2.0 s to start recording.'],
    [
      'PBX slow, after 0.5 s of our own',
      { askedAt: T0 + 500, begunAt: T0 + 2_000 },
      'The PBX took 1.5 s to start recording.',
    ],
    [
      'Tapedeck slow',
      { askedAt: T0 + 3_000, begunAt: T0 + 3_100 },
      'Tapedeck was busy and took 3.0 s to ask the PBX to record.',
    ],
    [
      'told late',
      { heardAt: T0 + 2_500, askedAt: T0 + 2_500, begunAt: T0 + 2_600 },
      'The PBX reported the answer 2.5 s late.',
    ],
    [
      'stood still before it heard',
      { heardAt: T0 + 4_000, askedAt: T0 + 4_000, begunAt: T0 + 4_100, stalls: [stall] },
      'Tapedeck was frozen from 08:59:59 to 09:00:04.',
    ],
    [
      'stood still while the PBX answered',
      { begunAt: T0 + 4_100, stalls: [stall] },
      'Tapedeck was frozen from 08:59:59 to 09:00:04.',
    ],
    [
      'not running',
      {
        ...{ heardAt: T0 + 9_000, askedAt: T0 + 9_000, begunAt: T0 + 9_500 },
        gap: away(-5_000, null, because('not_running')),
      },
      'Tapedeck was not running from 08:59:55 to 09:00:09.',
    ],
    [
      'no link',
      {
        ...{ heardAt: T0 + 9_000, askedAt: T0 + 9_000, begunAt: T0 + 9_500 },
        gap: away(-5_000, 8_900, noted('The PBX does not answer.')),
      },
      'The link to the PBX was lost from 08:59:55 to 09:00:08. The PBX does not answer.',
    ],
    [
      'no link, because we stood still',
      {
        ...{ heardAt: T0 + 4_500, askedAt: T0 + 4_500, begunAt: T0 + 4_600 },
        stalls: [stall],
        gap: away(-1_500, 4_500, noted('The PBX closed the event stream.')),
      },
      'Tapedeck was frozen from 08:59:59 to 09:00:04.',
    ],
    [
      'a first start',
      {
        ...{ heardAt: T0 + 9_000, askedAt: T0 + 9_000, begunAt: T0 + 9_500 },
        gap: { pbx: FIRST, from: Number.NEGATIVE_INFINITY, to: null, why: because('not_running') },
      },
      'Tapedeck was not running until 09:00:09.',
    ],
    [
      'a gap that was over',
      { begunAt: T0 + 2_000, gap: away(-9_000, -5_000, because('not_running')) },
      'The PBX took 2.0 s to start recording.',
    ],
    [
      'found in a list',
      { heardAt: T0 + 2_500, unseen: true, askedAt: T0 + 2_500, begunAt: T0 + 2_600 },
      'Tapedeck was not monitoring the PBX until 09:00:02.',
    ],
  ];
  for (const [what, more, words] of told) t.equal(inWords(whyLate(late(more)), say), words, what);
});

const leg = (more: Partial<LegFacts> = {}): LegFacts => ({
  ...{ id: 'a', channel: 'PJSIP/trunk-00000001', linkedid: 'a', state: 'up', number: '1', name: '' },
  ...{ connectedNumber: '', connectedName: '', context: 'from-trunk', exten: '5551000', dnid: '' },
  ...{ account: '', variables: {}, createdAt: T0 },
  ...more,
});
const rules = { pbx: FIRST, trunkContexts: ['from-trunk'], mint: () => 'C1' };
const listed = (at: number, more: Partial<Snapshot> = {}): Snapshot => ({
  ...{ kind: 'snapshot', at, legs: [leg()], bridges: [], snoops: [] },
  ...more,
});

t.test('the CDR of a leg tells when it was answered, unless it was begun anew since', async (t) => {
  const ringing: PbxEvent = { kind: 'leg', at: T0, leg: leg({ state: 'ring' }) };
  const known = step(emptyState, ringing, rules).state;
  const now = T0 + 30_000;
  const watched = { watchedUntil: T0 + 5_000, now };
  const at = (start: number, answer: number): CdrTimes => ({ startAt: T0 + start, answerAt: T0 + answer });
  const told = (state = known, cdr: CdrTimes | null = null) => {
    const { from, to } = whenAnswered(state, leg(), cdr, watched);
    return [Math.round(from - T0), Math.round(to - T0)];
  };
  t.same(told(known, at(0.4, 12_345.6)), [12_346, 12_346], 'as the CDR has it');
  t.same(told(emptyState, at(0.4, 12_345.6)), [12_346, 12_346], 'of a leg that was never seen, too');
  t.same(told(known), [5_000, 30_000], 'without: after it was last seen ringing, and before it was seen up');
  t.same(told(emptyState), [0, 30_000], 'and for one that was never seen, since it began');
  t.same(told(known, at(20_000, 20_000)), [5_000, 20_000], 'a transfer began a new CDR: before that');
  t.same(told(known, at(0.4, 30_700)), [30_000, 30_000], 'clocks that differ make no answer in the future');
  t.same(told(known, at(0.4, 4_000)), [4_000, 4_000], 'one that was heard, and not written down');
  t.same(
    whenAnswered(emptyState, leg({ createdAt: null }), null, { watchedUntil: null, now }),
    { from: now, to: now },
    'of nothing nothing comes',
  );

  t.same(answeredUnseen(known, listed(now)).length, 1);
  t.same(answeredUnseen(emptyState, listed(now)).length, 1);
  t.same(answeredUnseen(known, listed(now, { legs: [leg({ state: 'ring' })] })), [], 'it rings still');
  const answered = step(known, { kind: 'leg', at: T0 + 1_000, leg: leg() }, rules).state;
  t.same(answeredUnseen(answered, listed(now)), [], 'its answer was heard');
  const gone = step(known, { kind: 'leg-gone', at: T0 + 1_000, leg: leg(), cause: 16 }, rules).state;
  t.same(answeredUnseen(gone, listed(now)), [], 'it has gone since');
});

t.test(
  'a call is taken for answered as early as it can have been, and says between which times',
  async (t) => {
    const now = T0 + 30_000;
    for (const [from, to] of [
      [5_000, 20_000],
      [12_000, 12_000],
    ] as const) {
      const within = new Map([['a', { from: T0 + from, to: T0 + to }]]);
      const { effects } = step(emptyState, listed(now, { answered: within }), rules);
      const [changed] = effects as Extract<(typeof effects)[number], { kind: 'changed' }>[];
      t.equal(changed!.call.answeredAt, T0 + from);
      t.equal(changed!.call.startedAt, T0, 'it began when its channel did');
      const marks = changed!.call.marks.filter((m) => m.kind === 'answer');
      if (from === to) t.same(marks, []);
      else t.match(marks, [{ atMs: 0, untilMs: to - from, text: /unknown time/ }]);
    }
  },
);

t.test('the PBX is asked with care: it may refuse, be slow, and tell nonsense', async (t) => {
  const values: Record<string, string | null> = {
    'a CDR(answer,u)': '1795721651.889485',
    'a CDR(start,u)': '1795721650.300625',
    'ringing CDR(answer,u)': '0.000000',
    'ringing CDR(start,u)': '1795721650.300625',
    'text CDR(answer,u)': '2026-11-26 19:34:11',
    'text CDR(start,u)': '1795721650.300625',
    'half CDR(answer,u)': '1795721651.889485',
  };
  let now = 0;
  let most = 0;
  const answers = createAnswers({
    ours: (at) => at - 1_000,
    log,
    variable: async (channel, name) => {
      if (channel === 'refused') throw new Error('403');
      if (channel === 'slow') return new Promise(() => {});
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      return values[`${channel} ${name}`] ?? null;
    },
  });
  const many = Array.from({ length: 100 }, (_, i) => `nobody-${i}`);
  const told = await answers(['refused', 'slow', 'a', 'ringing', 'text', 'half', ...many]);
  t.same([...told.keys()], ['a'], 'one that does not answer keeps nobody from being asked');
  t.ok(Math.abs(told.get('a')!.answerAt - 1_795_721_650_889.485) < 0.01, 'on our clock');
  t.ok(most <= 16, `${most} questions at once`);
});

t.test('where the captured party has left the call, nobody stopped writing', async (t) => {
  const stretch = (more: Partial<Stretch>): Stretch => ({
    ...{ atMs: 0, themMs: 5_000, usMs: 5_000, because: null, themFault: null, usFault: null },
    ...more,
  });
  const reason = (more: Partial<Stretch>) => inWords(findGaps([stretch(more)], 10_000).gaps[0]!.why);
  t.match(reason({ leftMs: 5_010 }), /party had left the call/);
  t.match(reason({ leftMs: 10_000 }), /Asterisk stopped writing/);
  t.match(reason({}), /Asterisk stopped writing/);
});

t.test('a process that stood still does not take that for a slow peer', async (t) => {
  const block = (ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  const stalls = createStalls({ now: () => performance.now() });
  stalls.start();
  t.teardown(() => stalls.stop());
  let late = 0;
  const stop = patience(1_000, () => {
    late += 1;
  });
  const from = performance.now();
  block(1_500);
  const [stall] = stalls.during(from, performance.now());
  t.ok(stall && stall.to - stall.from >= 1_500, 'it is known at once');
  await new Promise(setImmediate);
  t.equal(late, 0, 'and the answer that came meanwhile is read before anybody is late');
  t.same(stalls.during(0, from - 10_000), []);
  await until('it is late in the end', () => late === 1);
  stop();
});

t.test('monitoring gaps are known while they last, and by their longest part', async (t) => {
  let now = T0;
  const kept = {
    ...{ watched: async () => {}, lastWatched: async () => T0 - 60_000 },
    ...{
      open: async () => true,
      close: async () => null,
      windows: async () => [],
    },
  };
  const watch = createWatch({ pbx: '', kept, clock: () => now, log });
  await watch.start();
  t.equal(watch.watchedUntil(), T0 - 60_000);
  t.match(watch.gapDuring(T0 - 1_000, T0), { from: T0 - 60_000, to: null });
  await watch.up(T0 + 1_000);
  t.equal(watch.gapDuring(T0 + 1_000, T0 + 2_000), null, 'it is over');
  watch.down(T0 + 5_000, noted('The PBX does not answer.'));
  watch.down(T0 + 6_000, noted('Another reason.'));
  now = T0 + 9_000;
  t.equal(watch.watchedUntil(), T0 + 5_000);
  const gap = watch.gapDuring(T0, now)!;
  t.equal(
    inWords(whyUnwatched(gap, now), say),
    'The link to the PBX was lost from 09:00:05 to 09:00:09. The PBX does not answer.',
  );
  watch.stoodStill(T0 + 6_000);
  t.match(watch.gapDuring(T0, now), { to: null }, 'a stall does not end a gap');
  await watch.up(T0 + 9_000);
  now = T0 + 30_000;
  watch.stoodStill(T0 + 20_000);
  t.match(watch.gapDuring(T0 + 15_000, now), { from: T0 + 20_000, to: now, why: { code: 'stood_still' } });
  await watch.stop();
});

t.test('a run that never reached the PBX is part of the next monitoring gap', async (t) => {
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(join(t.testdir(), 'catalogue.db')) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  for (const now of [T0, T0 + 60_000])
    await createWatch({ pbx: '', kept: catalogue.watch, clock: () => now, log }).start();
  t.same(await catalogue.watch.windows(), [{ pbx: FIRST, from: T0, to: null, why: because('not_running') }]);
});
