import t, { type Test } from 'tap';
import { createCapture, type PbxRecorder } from '../../../daemon/capture/snoop.js';
import type { LegFacts, PbxEvent } from '../../../daemon/domain/call/event.js';
import { fail } from '../../../daemon/domain/error.js';
import {
  ANN,
  answers,
  at,
  BOB,
  CY,
  conversation,
  EMPTY,
  gate,
  goes,
  joins,
  lab,
  leaves,
  log,
  OLGA,
  pass,
  rings,
  scripted,
  snoopId,
  spoolName,
  T0,
} from '../../support/record-lab.js';
import { until } from '../../support/recorder.js';
import { noted, worded } from '../../support/words.js';

const OLGA_TOO = { ...OLGA, id: 'olga2', linkedid: 'two' };
const CY_TOO = { ...CY, id: 'cy2', linkedid: 'two' };

/** A PBX as the capture asks it; what it does is told by events, as a real one does. */
function scriptedPbx(hear: () => (event: PbxEvent) => void) {
  const asked: string[] = [];
  const tell = (event: PbxEvent) => queueMicrotask(() => hear()(event));
  const pbx: PbxRecorder & { asked: string[]; refuse: (what: string) => boolean } = {
    asked,
    refuse: () => false,
    async snoop(legId, side, id) {
      if (pbx.refuse(`snoop ${side}`)) throw fail('pbx_failed', 'Channel not found');
      asked.push(`snoop ${legId} ${side}`);
      tell({ kind: 'snoop-up', at: T0, id });
    },
    isWide: async () => false,
    async record(snoop, name) {
      if (pbx.refuse(`record ${name}`)) throw fail('pbx_failed', '422 unknown format');
      asked.push(`record ${snoop} ${name}`);
      tell({ kind: 'spool-started', at: T0 + 7, name });
    },
    stopRecording: async (name) => void asked.push(`stop ${name}`),
    discard: async (name) => void asked.push(`discard ${name}`),
    isRecording: async () => false,
    mute: async () => true,
    pause: async () => true,
    keepFromCdrs: async (channel) => void asked.push(`keep ${channel}`),
    hangup: async (channel) => void asked.push(`hangup ${channel}`),
  };
  return pbx;
}

async function labWithPbx(t: Test, refuse: (what: string) => boolean = () => false) {
  let hear: (event: PbxEvent) => void = () => {};
  const pbx = scriptedPbx(() => hear);
  pbx.refuse = refuse;
  const capture = createCapture({
    pbx,
    spoolSize: async () => null,
    mutesOnce: () => false,
    log,
    onSilent: () => {},
  });
  t.teardown(() => capture.stop());
  const l = await lab(t, { capture });
  hear = l.recorder.hear;
  await l.recorder.recover(EMPTY);
  return { ...l, pbx };
}

t.test('both sides of a leg are recorded, each when its snoop is ready', async (t) => {
  const l = await labWithPbx(t);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  t.same(l.pbx.asked, [
    'snoop olga in',
    'snoop olga out',
    `record ${snoopId('C1', 0, 'in')} ${spoolName('C1', 0, 'in')}`,
    `record ${snoopId('C1', 0, 'out')} ${spoolName('C1', 0, 'out')}`,
    `keep ${snoopId('C1', 0, 'in')}`,
    `keep ${snoopId('C1', 0, 'out')}`,
  ]);
  t.match(await l.catalogue.segments.of('C1'), [
    { inStartedAt: T0 + 7, outStartedAt: T0 + 7, state: 'capturing' },
  ]);
});

t.test('snoops are kept out of CDRs once all captures have begun, and soon where one does not', async (t) => {
  const l = await labWithPbx(t);
  const { record } = l.pbx;
  const late = gate();
  l.pbx.record = async (snoop, ...how) => {
    if (snoop === snoopId('C2', 0, 'out')) await late.opened;
    return record(snoop, ...how);
  };
  l.hear(...conversation(OLGA, BOB), ...conversation(OLGA_TOO, CY_TOO, 'c'));
  const asked = (what: string) => l.pbx.asked.some((one) => one.startsWith(what));
  const kept = (call: string, side: 'in' | 'out') => asked(`keep ${snoopId(call, 0, side)}`);
  await until('the first', () => asked(`record ${snoopId('C1', 0, 'out')}`));
  t.notOk(kept('C1', 'in'), 'the first has begun, and the second has not');
  await until('the first is kept', () => kept('C1', 'in') && kept('C1', 'out') && kept('C2', 'in'));
  late.open();
  await until('the second', () => kept('C2', 'out'));
});

t.test('when one side cannot be recorded neither is left running', async (t) => {
  const bad = spoolName('C1', 0, 'out');
  const l = await labWithPbx(t, (what) => what === `record ${bad}`);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  for (const side of ['in', 'out'] as const) {
    t.ok(
      l.pbx.asked.includes(`discard ${spoolName('C1', 0, side)}`),
      `the recording of ${side} is thrown away`,
    );
    t.ok(l.pbx.asked.includes(`hangup ${snoopId('C1', 0, side)}`), `the snoop of ${side} is hung up`);
  }
  const hungUp = l.pbx.asked.filter((what) => what.startsWith('hangup '));
  t.same(
    hungUp.filter((what) => !what.startsWith('hangup tapedeck-')),
    [],
    'and nobody who talks',
  );
  t.same(l.recorder.now(), { calls: 1, recording: 0 });
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.match(worded((await l.catalogue.calls.get('C1'))?.coverage), {
    status: 'not_recorded',
    reason: /422 unknown format/,
  });
});

t.test('a capture that fails is tried again while the leg is up, and the gap has its reason', async (t) => {
  const capture = scripted();
  let times = 0;
  capture.onBegin = async () => {
    if (++times <= 2) throw fail('pbx_timeout', 'The snoop is not ready after 3 s.');
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await until('the third try', () => l.recorder.now().recording === 1);
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann', 'begin C1-1 ann', 'begin C1-2 ann']);
  const kept = (await l.catalogue.segments.of('C1')).filter((s) => s.state === 'capturing');
  t.match(worded(kept), [{ seq: 2, because: /did not act on it in time/ }]);
  t.same(l.results, ['failed', 'failed', 'begun'], 'each is counted');
});

t.test(
  'while something hinders captures the row says what, and when it is over the call is captured',
  async (t) => {
    const capture = scripted();
    const l = await lab(t, { capture });
    l.hindrance.why = noted('disk_full: 3 MB are left.');
    await l.recorder.recover(EMPTY);
    l.hear(...conversation(ANN, BOB), ...conversation(OLGA_TOO, CY_TOO, 'c'));
    await l.idle();
    t.same(capture.asked, []);
    l.hear(goes(CY_TOO), goes(OLGA_TOO));
    await l.idle();
    t.match((await l.catalogue.calls.get('C2'))?.coverage, {
      status: 'not_recorded',
      why: noted('disk_full: 3 MB are left.'),
    });
    l.hindrance.why = null;
    l.recorder.retry();
    await until('the capture', () => l.recorder.now().recording === 1);
    await l.idle();
    t.match(worded(await l.catalogue.segments.of('C1')), [
      { state: 'capturing', because: 'disk_full: 3 MB are left.' },
    ]);
  },
);

t.test('where the PBX falls silent at a change of source, each change begins a new segment', async (t) => {
  for (const muteTrap of [true, false]) {
    const capture = scripted();
    const l = await lab(t, { capture, muteTrap, at: t.testdir({ [String(muteTrap)]: {} }) });
    await l.recorder.recover(EMPTY);
    l.hear(...conversation(OLGA, BOB));
    await l.idle();
    l.hear(leaves(BOB), goes(BOB));
    await l.idle();
    t.same(capture.asked, ['begin C1-0 olga'], 'nobody feeds it: nothing to cure');
    l.hear(rings(CY), answers(CY), joins(CY));
    await l.idle();
    l.hear({ kind: 'hold', at: at(), leg: CY });
    await l.idle();
    l.hear({ kind: 'unhold', at: at(), leg: CY });
    await l.idle();
    const anew = [
      'end C1-0',
      'finished C1-0',
      'begin C1-1 olga',
      'end C1-1',
      'finished C1-1',
      'begin C1-2 olga',
    ];
    t.same(capture.asked, ['begin C1-0 olga', ...(muteTrap ? anew : [])]);
  }
});

t.test('a capture goes over to another leg before the last one has been put away', async (t) => {
  const capture = scripted();
  const closing = gate();
  capture.finished = async ({ callId, seq }) => {
    if (seq === 0) await closing.opened;
    capture.asked.push(`finished ${callId}-${seq}`);
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(leaves(ANN), joins(CY), goes(ANN));
  await until('the other leg to be captured', () => capture.asked.includes('begin C1-1 cy'));
  closing.open();
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann', 'begin C1-1 cy', 'finished C1-0']);
  l.hear(goes(BOB), goes(CY));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann captured', '1 cy captured']);
});

t.test('a leg that is left while its mute is being cured is not captured anew', async (t) => {
  const capture = scripted();
  const { finished } = capture;
  const ended = gate();
  capture.finished = (segment) => finished(segment).finally(ended.open);
  const l = await lab(t, { capture, muteTrap: true });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(leaves(BOB), joins(CY));
  await ended.opened; // and the hooks are not off yet
  l.hear(joins(BOB), goes(ANN));
  await l.idle();
  t.same(capture.asked.slice(0, 3), ['begin C1-0 ann', 'end C1-0', 'finished C1-0']);
  t.match(capture.asked[3], /^begin C1-\d (bob|cy)$/);
  t.equal(capture.asked.length, 4);
  t.match(worded((await l.catalogue.segments.of('C1')).at(-1)), { because: /audio source changed/ });
});

t.test(
  'a capture that cannot be ended because the link is lost goes on, and is begun anew when it is back',
  async (t) => {
    const capture = scripted();
    const end = capture.end;
    capture.end = async (segment) => {
      await end(segment);
      throw fail('pbx_timeout', 'The PBX does not answer.');
    };
    const l = await lab(t, { capture, muteTrap: true });
    await l.recorder.recover(EMPTY);
    l.hear(...conversation(ANN, BOB));
    await l.idle();
    capture.running.add('C1-0');
    l.hear(leaves(BOB), joins(CY));
    await l.idle();
    l.recorder.renew('C1', 0);
    await l.idle();
    t.same(await l.states('C1'), ['0 ann capturing'], 'what runs is kept');
    t.same([...new Set(capture.asked)], ['begin C1-0 ann', 'end C1-0']);

    capture.end = end;
    await l.recorder.resync(
      {
        ...EMPTY,
        at: at(),
        legs: [ANN, CY],
        bridges: [{ id: 'b', legs: ['ann', 'cy'], waiting: false }],
        snoops: [],
      },
      { watchedUntil: T0 },
    );
    await l.idle();
    const [old, anew] = await l.catalogue.segments.of('C1');
    t.match(old, { state: 'captured' });
    t.match(worded(anew), { state: 'capturing', legId: 'ann', because: /went silent/ });
  },
);

t.test('a mute that is heard is cured, and it is known since when it was', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  t.match(l.recorder.captures(), [{ callId: 'C1', seq: 0, held: false, feed: /^bob/ }]);
  l.recorder.renew('C1', 0);
  l.recorder.renew('C1', 7);
  await l.idle();
  await l.recorder.muted('C1', 0, 'out', T0 + 4_000);
  const [old, anew] = await l.catalogue.segments.of('C1');
  t.match(old, { state: 'captured', mutedFrom: { in: null, out: T0 + 4_000 } });
  t.match(worded(anew), { state: 'capturing', because: /went silent/ });
});

t.test('a recording that Asterisk ends while the leg is up is begun anew', async (t) => {
  const capture = scripted();
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const l = await lab(t, { capture, mint: () => id });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  pass(500); // five seconds that are captured: why its capture began when it did explains nothing of what comes
  l.hear({ kind: 'spool-finished', at: at(), name: spoolName(id, 0, 'in') });
  await until('the next segment', () => capture.asked.includes(`begin ${id}-1 ann`));
  await l.idle();
  t.match(worded((await l.catalogue.segments.of(id)).at(-1)), {
    because: 'The PBX stopped recording without being asked to.',
  });
});

t.test('a step that the catalogue refuses is tried again, and the call is not forgotten', async (t) => {
  const l = await lab(t);
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.broken.writes = 2;
  l.hear(goes(BOB), goes(ANN));
  await until('the end of the call', () => l.captured.length === 1);
  t.match(await l.catalogue.calls.get('C1'), { outcome: 'answered', coverage: { status: 'pending' } });
});

t.test('a conference is one source: who comes and goes makes no seams', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture, muteTrap: true });
  await l.recorder.recover(EMPTY);
  const mixes = (leg: LegFacts): PbxEvent => ({
    ...(joins(leg, 'mix') as Extract<PbxEvent, { kind: 'bridged' }>),
    conference: '300',
  });
  l.hear(rings(ANN), answers(ANN), mixes(ANN), rings(BOB), answers(BOB), mixes(BOB));
  await l.idle();
  l.hear(rings(CY), answers(CY), mixes(CY));
  await l.idle();
  l.hear(leaves(BOB, 'mix'), goes(BOB));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann']);
});
