import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Capture, createCapture, type PbxRecorder } from '../daemon/capture/snoop.js';
import type { Catalogue } from '../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../daemon/catalogue/sqlite/catalogue.js';
import { fail } from '../daemon/domain/error.js';
import type { LegFacts, PbxEvent } from '../daemon/domain/event.js';
import { defaultPolicy, type RecordRule } from '../daemon/domain/policy.js';
import { snoopId, spoolName } from '../daemon/domain/recording.js';
import { createLog } from '../daemon/ops/log.js';
import { createRecorder } from '../daemon/record.js';

const T0 = 1_700_000_000_000;
const log = createLog('silent', 'test');

/** A promise to be settled by hand. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** A capture that does as it is told, and keeps a list of what was asked of it. */
function scripted() {
  const asked: string[] = [];
  const live = new Set<string>();
  const capture = {
    asked,
    live,
    /** What is to happen before a capture begins; may throw. */
    onBegin: async (_leg: string): Promise<void> => {},
    hear: () => {},
    async begin(callId: string, seq: number, legId: string) {
      asked.push(`begin ${callId}-${seq} ${legId}`);
      await capture.onBegin(legId);
      return { inStartedAt: T0 + 1000, outStartedAt: T0 + 1000 };
    },
    async finished(callId: string, seq: number) {
      asked.push(`finished ${callId}-${seq}`);
    },
    async end(callId: string, seq: number) {
      asked.push(`end ${callId}-${seq}`);
    },
    async drop(callId: string, seq: number) {
      asked.push(`drop ${callId}-${seq}`);
    },
    isLive: async (callId: string, seq: number) => live.has(`${callId}-${seq}`),
    stop: () => {},
  };
  return capture satisfies Capture;
}

const EMPTY: PbxEvent = { kind: 'snapshot', at: T0, legs: [], bridges: [] };

type Options = { rules?: RecordRule[]; capture?: Capture; at?: string };

/** A recorder with a catalogue of its own, ready for events once it has been told what the PBX has. */
async function lab(t: Test, { rules = [], capture = scripted(), at = t.testdir() }: Options = {}) {
  const catalogue = createSqliteCatalogue({ path: join(at, 'catalogue.db') });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  if (rules.length > 0) {
    const { version } = await catalogue.policy();
    await catalogue.savePolicy({ ...defaultPolicy, record: rules }, 'test', T0, version);
  }
  const removed: string[] = [];
  const captured: string[] = [];
  const saved: string[] = [];
  const absorbed = gate();
  const seen: Catalogue = {
    ...catalogue,
    saveCall: (call, coverage) => {
      saved.push(call.id);
      return catalogue.saveCall(call, coverage);
    },
    absorbCall: (from, into) => catalogue.absorbCall(from, into).finally(absorbed.open),
  };
  let n = 0;
  const recorder = createRecorder({
    catalogue: seen,
    capture,
    removeSpool: async (name) => void removed.push(name),
    rules: { trunkContexts: ['from-trunk'], mint: () => `C${++n}` },
    log,
    onCaptured: (id) => captured.push(id),
  });
  return {
    dir: at,
    catalogue,
    recorder,
    removed,
    captured,
    saved,
    absorbed: absorbed.opened,
    hear: (...events: PbxEvent[]) => events.forEach(recorder.hear),
    /** What is in hand has been done. */
    idle: () => recorder.stop(),
    states: async (id: string) => (await catalogue.segments(id)).map((s) => `${s.seq} ${s.legId} ${s.state}`),
  };
}

let clock = 0;
const leg = (id: string, number: string, more: Partial<LegFacts> = {}): LegFacts => ({
  id,
  channel: `PJSIP/${number}-00000001`,
  linkedid: 'one',
  state: 'up',
  number,
  name: '',
  connectedNumber: '',
  connectedName: '',
  context: 'internal',
  exten: '',
  dnid: '',
  ...more,
});
const ANN = leg('ann', '100', { dnid: '101', exten: '101' });
const BOB = leg('bob', '101');
const CY = leg('cy', '102');
const OLGA = leg('olga', '+15550142', { context: 'from-trunk', exten: '5551000', dnid: '5551000' });

const at = () => T0 + ++clock * 10;
const rings = (l: LegFacts): PbxEvent => ({
  kind: 'leg',
  at: at(),
  leg: { ...l, state: l.exten ? 'ring' : 'ringing' },
});
const answers = (l: LegFacts): PbxEvent => ({ kind: 'leg', at: at(), leg: l });
const goes = (l: LegFacts): PbxEvent => ({ kind: 'leg-gone', at: at(), leg: l, cause: 16 });
const joins = (l: LegFacts, bridge = 'b'): PbxEvent => ({
  kind: 'bridged',
  at: at(),
  leg: l,
  bridge,
  waiting: false,
});
const leaves = (l: LegFacts, bridge = 'b'): PbxEvent => ({ kind: 'unbridged', at: at(), leg: l, bridge });
/** `a` calls `b` and they speak. */
const conversation = (a: LegFacts, b: LegFacts, bridge = 'b') => [
  rings(a),
  rings(b),
  answers(b),
  answers(a),
  joins(a, bridge),
  joins(b, bridge),
];
const rule = (when: RecordRule['when'], name = 'Not this one'): RecordRule => ({
  name,
  reason: 'Because.',
  when,
  record: false,
});

t.test('a call is captured once, from its answer, and handed on when it has ended', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(rings(ANN), rings(BOB));
  await l.idle();
  t.same(capture.asked, [], 'not while it rings');
  l.hear(answers(BOB), answers(ANN), joins(ANN), joins(BOB));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann']);
  t.same(l.recorder.now(), { calls: 1, recording: 1 });
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann', 'finished C1-0']);
  t.same(await l.states('C1'), ['0 ann captured']);
  t.same(l.captured, ['C1']);
  t.match(await l.catalogue.call('C1'), { outcome: 'answered', coverage: { status: 'pending' } });
  t.same(l.recorder.now(), { calls: 0, recording: 0 });
});

t.test('a call that could not be captured says so, with the reason', async (t) => {
  const capture = scripted();
  capture.onBegin = async () => {
    throw fail('pbx_timeout', 'The snoop is not ready after 3 s.');
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear({ kind: 'hold', at: at(), leg: ANN }, { kind: 'unhold', at: at(), leg: ANN });
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann'], 'it is not tried again at every event');
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  const call = await l.catalogue.call('C1');
  t.match(call?.coverage, {
    status: 'not_recorded',
    reason: /did not act on it in time.*snoop is not ready/,
  });
  t.equal(call!.coverage.missingMs, call!.endedAt! - call!.answeredAt!, 'and how much is missing');
  t.same(await l.states('C1'), ['0 ann dropped']);
  t.same(l.captured, [], 'nothing is handed on');
});

t.test('when one leg cannot be captured the next anchor is tried', async (t) => {
  const capture = scripted();
  capture.onBegin = async (id) => {
    if (id === 'ann') throw fail('pbx_failed', '500');
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(leaves(ANN), joins(CY), goes(ANN));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann', 'begin C1-1 bob']);
  l.hear(goes(BOB), goes(CY));
  await l.idle();
  t.same(await l.states('C1'), ['1 bob captured', '0 ann dropped']);
  t.same(l.captured, ['C1']);
});

t.test('a call that policy excludes at its answer is never captured', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture, rules: [rule({ extension: ['101'] }, 'Bob')] });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  t.same(capture.asked, []);
  t.match((await l.catalogue.call('C1'))?.coverage, { status: 'excluded', rule: 'Bob', reason: 'Because.' });
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.same(capture.asked, []);
  t.match((await l.catalogue.call('C1'))?.coverage, { status: 'excluded', rule: 'Bob', reason: 'Because.' });
  t.same(l.captured, []);
});

t.test('a call to an emergency number is never captured, whatever the rules say', async (t) => {
  const capture = scripted();
  const all: RecordRule = { name: 'All', reason: '', when: {}, record: true };
  const l = await lab(t, { capture, rules: [all] });
  await l.recorder.recover(EMPTY);
  const line = leg('line', '', { context: 'from-trunk' });
  l.hear(...conversation({ ...ANN, dnid: '112', exten: '112' }, line), goes(line), goes(ANN));
  await l.idle();
  t.same(capture.asked, []);
  t.match((await l.catalogue.call('C1'))?.coverage, { status: 'excluded', rule: 'Emergency numbers' });
});

t.test('a call that becomes excluded loses what was captured, in the PBX and in the spool', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture, rules: [rule({ extension: ['102'] }, 'Cy')] });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 olga']);
  l.hear(leaves(BOB), goes(BOB), answers(CY), joins(CY));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 olga', 'drop C1-0']);
  t.same(l.removed, [spoolName('C1', 0, 'in'), spoolName('C1', 0, 'out')]);
  t.same(await l.states('C1'), ['0 olga dropped']);
  l.hear(goes(CY), goes(OLGA));
  await l.idle();
  t.match((await l.catalogue.call('C1'))?.coverage, { status: 'excluded', rule: 'Cy' });
  t.same(l.captured, []);
});

t.test('what was captured of an earlier anchor goes as well when a call becomes excluded', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture, rules: [rule({ extension: ['102'] }, 'Cy')] });
  await l.recorder.recover(EMPTY);
  const dee = leg('dee', '103');
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(leaves(ANN), joins(dee), goes(ANN));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann captured', '1 bob capturing']);
  l.hear(joins(CY));
  await l.idle();
  l.hear(goes(CY), goes(dee), goes(BOB));
  await l.idle();
  t.same((await l.states('C1')).sort(), ['0 ann dropped', '1 bob dropped']);
  t.same(l.removed.length, 4);
  t.same(l.captured, []);
});

t.test('a rule by queue counts from when the caller is in the queue', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture, rules: [rule({ queue: ['support'] }, 'Support')] });
  await l.recorder.recover(EMPTY);
  const queue = (name: string): PbxEvent => ({
    kind: 'queue',
    at: at(),
    legId: 'olga',
    step: 'join',
    queue: name,
    agent: '',
  });
  l.hear(rings(OLGA), answers(OLGA), queue('support'), rings(BOB), answers(BOB), joins(OLGA), joins(BOB));
  await l.idle();
  t.same(await l.states('C1').then((s) => s.filter((x) => !x.endsWith('dropped'))), []);
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.match(await l.catalogue.call('C1'), {
    queue: 'support',
    coverage: { status: 'excluded', rule: 'Support' },
  });

  const other = leg('otto', '+15550143', {
    context: 'from-trunk',
    linkedid: 'two',
    exten: '5551000',
    dnid: '5551000',
  });
  const bob = { ...BOB, id: 'bob2', linkedid: 'two' };
  l.hear(...conversation(other, bob, 'c'), { ...queue('sales'), legId: 'otto' } as PbxEvent);
  await l.idle();
  t.same(await l.states('C2'), ['0 otto capturing'], 'another queue is recorded');
});

t.test('when the anchor goes, the next segment is of who stays', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(leaves(ANN), joins(CY), goes(ANN));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann', 'finished C1-0', 'begin C1-1 bob']);
  l.hear(goes(CY), goes(BOB));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann captured', '1 bob captured']);
});

t.test('a slow PBX builds no backlog: of all that happens meanwhile only the newest counts', async (t) => {
  const capture = scripted();
  const slow = gate();
  const begun = gate();
  capture.onBegin = () => {
    begun.open();
    return slow.opened;
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await begun.opened;
  const before = l.saved.length;
  for (let i = 0; i < 500; i++)
    l.hear({ kind: 'hold', at: at(), leg: ANN }, { kind: 'unhold', at: at(), leg: ANN });
  const other = { ...leg('dee', '103', { linkedid: 'two', exten: '104', dnid: '104' }) };
  l.hear(rings(other), goes(other));
  slow.open();
  await l.idle();
  t.ok(l.saved.filter((id) => id === 'C1').length - before <= 2, 'written once for a thousand events');
  t.match(await l.catalogue.call('C2'), { outcome: 'cancelled' }, 'another call does not wait for it');
  t.equal(
    (await l.catalogue.call('C1'))?.marks.filter((m) => m.kind === 'hold').length,
    500,
    'and none is lost',
  );
});

t.test('a call does not wait for another whose capture hangs', async (t) => {
  const capture = scripted();
  const slow = gate();
  const second = gate();
  capture.onBegin = (id) => {
    if (id === 'ann') return slow.opened;
    second.open();
    return Promise.resolve();
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(
    ...conversation(ANN, BOB),
    ...conversation({ ...OLGA, linkedid: 'two' }, { ...CY, linkedid: 'two' }, 'c'),
  );
  await second.opened;
  t.same(capture.asked, ['begin C1-0 ann', 'begin C2-0 olga']);
  slow.open();
  await l.idle();
});

t.test('a step that fails does not stop the call from being followed', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  const { finished } = capture;
  capture.finished = async (callId, seq) => {
    await finished(callId, seq);
    throw fail('pbx_timeout', 'The recording has not ended after 3 s.');
  };
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann captured'], 'an end that is not confirmed keeps the audio');
  t.same(l.captured, ['C1']);
});

t.test('a call that turns out to be part of another gives up its capture', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(rings(ANN), rings(BOB));
  await l.idle();
  const picker = leg('cy', '102', { linkedid: 'two', exten: '*8', dnid: '*8' });
  l.hear(rings(picker), answers(picker));
  await l.idle();
  t.same(capture.asked, ['begin C2-0 cy']);
  l.hear(answers(ANN), joins(ANN), joins(picker), goes(BOB));
  await l.absorbed;
  await l.idle();
  t.ok(capture.asked.includes('drop C2-0'));
  t.ok(capture.asked.includes('begin C1-0 ann'));
  t.match(await l.catalogue.call('C2'), { id: 'C1' }, 'its id is another name of the call');
  t.same(await l.states('C1'), ['0 ann capturing', '0 cy dropped']);
  t.equal((await l.catalogue.calls({ limit: 10 })).length, 1);
});

/** A recorder was stopped in the middle of a call: its directory. */
async function stoppedInACall(t: Test): Promise<string> {
  const l = await lab(t);
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann capturing']);
  return l.dir;
}
const listed = (...legs: LegFacts[]): PbxEvent => ({
  kind: 'snapshot',
  at: at(),
  legs,
  bridges: [{ id: 'b', legs: legs.map((l) => l.id), waiting: false }],
});

t.test('after a restart a capture that runs on is taken up, and not begun again', async (t) => {
  const capture = scripted();
  capture.live.add('C1-0');
  const l = await lab(t, { at: await stoppedInACall(t), capture });
  await l.recorder.recover(listed(ANN, BOB));
  await l.idle();
  t.same(capture.asked, []);
  t.same(l.recorder.now(), { calls: 1, recording: 1 });
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(capture.asked, ['finished C1-0']);
  t.same(await l.states('C1'), ['0 ann captured']);
  t.same(l.captured, ['C1']);
});

t.test('after a restart a call that goes on without its capture gets a new segment', async (t) => {
  const capture = scripted();
  const l = await lab(t, { at: await stoppedInACall(t), capture });
  await l.recorder.recover(listed(ANN, BOB));
  await l.idle();
  t.same(capture.asked, ['begin C1-1 ann']);
  t.same(await l.states('C1'), ['0 ann captured', '1 ann capturing']);
});

t.test('after a restart a call that has ended meanwhile is handed on', async (t) => {
  const l = await lab(t, { at: await stoppedInACall(t) });
  await l.recorder.recover(EMPTY);
  await l.idle();
  t.same(await l.states('C1'), ['0 ann captured']);
  t.same(l.captured, ['C1']);
  t.type((await l.catalogue.call('C1'))?.endedAt, 'number');
});

t.test('what happens until open calls have been taken up waits', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  t.same(capture.asked, []);
  t.equal(await l.catalogue.call('C1'), null);
  await l.recorder.recover(EMPTY);
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann']);
});

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
    async record(snoop, name) {
      if (pbx.refuse(`record ${name}`)) throw fail('pbx_failed', '422 unknown format');
      asked.push(`record ${snoop} ${name}`);
      tell({ kind: 'spool-started', at: T0 + 7, name });
    },
    stopRecording: async (name) => void asked.push(`stop ${name}`),
    discard: async (name) => void asked.push(`discard ${name}`),
    isRecording: async () => false,
    hangup: async (channel) => void asked.push(`hangup ${channel}`),
  };
  return pbx;
}

async function labWithPbx(t: Test, refuse: (what: string) => boolean = () => false) {
  let hear: (event: PbxEvent) => void = () => {};
  const pbx = scriptedPbx(() => hear);
  pbx.refuse = refuse;
  const capture = createCapture({ pbx, spoolSize: async () => null, log, onSilent: () => {} });
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
  const [a, b] = [spoolName('C1', 0, 'in'), spoolName('C1', 0, 'out')];
  t.same(l.pbx.asked, [
    'snoop olga in',
    'snoop olga out',
    `record ${snoopId('C1', 0, 'in')} ${a}`,
    `record ${snoopId('C1', 0, 'out')} ${b}`,
  ]);
  t.match(await l.catalogue.segments('C1'), [
    { inStartedAt: T0 + 7, outStartedAt: T0 + 7, state: 'capturing' },
  ]);
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
  t.same(l.recorder.now(), { calls: 1, recording: 0 });
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.match((await l.catalogue.call('C1'))?.coverage, { status: 'not_recorded', reason: /422 unknown format/ });
});
