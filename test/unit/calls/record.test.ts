import t, { type Test } from 'tap';
import { createRecorder } from '../../../daemon/calls/record.js';
import { createWatch } from '../../../daemon/calls/watch.js';
import { createSegments } from '../../../daemon/capture/segments.js';
import { type Capture, createCapture, type PbxRecorder } from '../../../daemon/capture/snoop.js';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import type { CdrTimes } from '../../../daemon/domain/call/answered.js';
import type { LegFacts, PbxEvent, Snapshot } from '../../../daemon/domain/call/event.js';
import { fail } from '../../../daemon/domain/error.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { defaultPolicy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import { because, type Why } from '../../../daemon/domain/reason/reason.js';
import {
  type BlindWindow,
  spoolName as nameOf,
  type SegmentName,
  snoopId,
} from '../../../daemon/domain/recording/recording.js';
import { createLog } from '../../../daemon/ops/log.js';
import { until } from '../../support/recorder.js';
import { noted, worded } from '../../support/words.js';

const T0 = 1_700_000_000_000;
const log = createLog('silent', 'test');
/** What no one can guess of a spool file's name. */
const token = '0123456789abcdef'.repeat(2);
const spoolName = (callId: string, seq: number, side: 'in' | 'out') => nameOf({ callId, seq, token }, side);

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
  const running = new Set<string>();
  const capture = {
    asked,
    running,
    /** What is to happen before a capture begins; may throw. */
    onBegin: async (_leg: string): Promise<void> => {},
    hear: () => {},
    async begin({ callId, seq }: SegmentName, legId: string) {
      asked.push(`begin ${callId}-${seq} ${legId}`);
      await capture.onBegin(legId);
      return { inStartedAt: T0 + 1000, outStartedAt: T0 + 1000 };
    },
    async finished({ callId, seq }: SegmentName) {
      asked.push(`finished ${callId}-${seq}`);
    },
    async end({ callId, seq }: SegmentName) {
      asked.push(`end ${callId}-${seq}`);
    },
    async drop({ callId, seq }: SegmentName) {
      asked.push(`drop ${callId}-${seq}`);
    },
    live: async ({ callId, seq }: SegmentName) => {
      const runs = running.has(`${callId}-${seq}`);
      return { in: runs, out: runs };
    },
    release: async (id: string) => void asked.push(`release ${id}`),
    stop: () => {},
  };
  return capture satisfies Capture;
}

const EMPTY: Snapshot = { kind: 'snapshot', at: T0, legs: [], bridges: [], snoops: [] };

type Options = {
  rules?: RecordRule[];
  capture?: Capture;
  at?: string;
  muteTrap?: boolean;
  mint?: () => string;
};

const say = (ms: number) => `T0${ms === T0 ? '' : (ms - T0) / 1000}`;

/** A recorder with a catalogue of its own, ready for events once it has been told what the PBX has. */
async function lab(
  t: Test,
  { rules = [], capture = scripted(), at = t.testdir(), muteTrap = false, mint }: Options = {},
) {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(at) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  if (rules.length > 0) {
    const { version } = await catalogue.policy();
    await catalogue.savePolicy({ ...defaultPolicy, record: rules }, 'test', T0, version);
  }
  const removed: string[] = [];
  const broken = { writes: 0 };
  const born = new Map<string, number>();
  const hindrance: { why: Why | null } = { why: null };
  const audio: { held: { ms: number; closed: boolean } | null } = { held: null };
  const captured: string[] = [];
  const results: string[] = [];
  const told = new Map<string, CdrTimes>();
  const gap: { last: BlindWindow | null } = {
    last: { from: T0 - 30_000, to: null, why: because('not_running') },
  };
  const stalls: { from: number; to: number }[] = [];
  const saved: string[] = [];
  const absorbed = gate();
  const seen: Catalogue = {
    ...catalogue,
    saveCall: async (call, coverage) => {
      saved.push(call.id);
      if (broken.writes-- > 0) throw new Error('database or disk is full');
      return catalogue.saveCall(call, coverage);
    },
    absorbCall: (from, into) => catalogue.absorbCall(from, into).finally(absorbed.open),
  };
  let n = 0;
  const recorder = createRecorder({
    catalogue: seen,
    capture,
    segments: createSegments({
      capture,
      save: seen.saveSegment,
      removeSpool: async (name) => void removed.push(name),
      lookBack: async () => {},
      spoolBorn: async (name) => born.get(name) ?? null,
      token: () => token,
      log,
    }),
    hindrance: () => hindrance.why,
    muteTrap: () => muteTrap,
    spoolAudio: async () => audio.held,
    rules: { trunkContexts: ['from-trunk'], mint: mint ?? (() => `C${++n}`) },
    log,
    answers: async () => told,
    gapDuring: (from, to) => (gap.last && gap.last.from < to && (gap.last.to ?? to) > from ? gap.last : null),
    stalls: () => stalls,
    say,
    clock: () => T0 + clock * 10,
    onCapture: (result) => results.push(result),
    onCaptured: (id) => captured.push(id),
  });
  t.teardown(() => recorder.stop());
  const { recover } = recorder;
  recorder.recover = async (snapshot, known) => {
    await recover(snapshot, known);
    if (gap.last) gap.last.to ??= snapshot.at; // it is watched from now on
  };
  return {
    dir: at,
    told,
    gap,
    stalls,
    born,
    broken,
    hindrance,
    audio,
    catalogue,
    recorder,
    removed,
    captured,
    results,
    saved,
    absorbed: absorbed.opened,
    hear: (...events: PbxEvent[]) => events.forEach(recorder.hear),
    /** What is in hand has been done. */
    idle: () => recorder.idle(),
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
  createdAt: null,
  ...more,
});
const ANN = leg('ann', '100', { dnid: '101', exten: '101' });
const BOB = leg('bob', '101');
const CY = leg('cy', '102');
const OLGA = leg('olga', '+15550142', { context: 'from-trunk', exten: '5551000', dnid: '5551000' });

const OLGA_TOO = { ...OLGA, id: 'olga2', linkedid: 'two' };
const CY_TOO = { ...CY, id: 'cy2', linkedid: 'two' };

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
  t.match(worded(call?.coverage), {
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
  t.same(capture.asked, ['begin C1-0 ann', 'begin C1-1 cy']);
  l.hear(goes(BOB), goes(CY));
  await l.idle();
  t.same(await l.states('C1'), ['1 cy captured', '0 ann dropped']);
  t.same(l.captured, ['C1']);
});

t.test('a call that policy excludes at its answer is never captured', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture, rules: [rule({ extension: ['101'] }, 'Bob')] });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  t.same(capture.asked, []);
  t.match(worded((await l.catalogue.call('C1'))?.coverage), {
    status: 'excluded',
    rule: 'Bob',
    reason: 'Because.',
  });
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.same(capture.asked, []);
  t.match(worded((await l.catalogue.call('C1'))?.coverage), {
    status: 'excluded',
    rule: 'Bob',
    reason: 'Because.',
  });
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
  t.same(await l.states('C1'), ['0 ann captured', '1 dee capturing']);
  l.hear(joins(CY));
  await l.idle();
  l.hear(goes(CY), goes(dee), goes(BOB));
  await l.idle();
  t.same((await l.states('C1')).sort(), ['0 ann dropped', '1 dee dropped']);
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

t.test(
  'when the anchor goes, the next segment is of who comes: who stays is heard on the same side as before',
  async (t) => {
    const capture = scripted();
    const l = await lab(t, { capture });
    await l.recorder.recover(EMPTY);
    l.hear(...conversation(ANN, BOB));
    await l.idle();
    l.hear(leaves(ANN), joins(CY), goes(ANN));
    await l.idle();
    t.same(capture.asked, ['begin C1-0 ann', 'finished C1-0', 'begin C1-1 cy']);
    l.hear(goes(CY), goes(BOB));
    await l.idle();
    t.same(await l.states('C1'), ['0 ann captured', '1 cy captured']);
  },
);

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
  t.match(await l.catalogue.call('C2'), { outcome: 'failed' }, 'another call does not wait for it');
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
  capture.finished = async (segment) => {
    await finished(segment);
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
async function stoppedInACall(t: Test, options: Options = {}): Promise<string> {
  const l = await lab(t, options);
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann capturing']);
  return l.dir;
}
const listed = (...legs: LegFacts[]): Snapshot => ({
  kind: 'snapshot',
  at: at(),
  legs,
  bridges: [{ id: 'b', legs: legs.map((l) => l.id), waiting: false }],
  snoops: [],
});

t.test('after a restart a capture that runs on is taken up, and not begun again', async (t) => {
  const capture = scripted();
  capture.running.add('C1-0');
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

t.test('after a stop between two captures of a call the first is ended, and kept', async (t) => {
  const at = await stoppedInACall(t);
  const capture = scripted();
  for (const name of ['C1-0', 'C1-1']) capture.running.add(name);
  const l = await lab(t, { at, capture });
  const [first] = await l.catalogue.segments('C1');
  await l.catalogue.saveSegment({ ...first!, seq: 1, legId: 'bob' });
  await l.recorder.recover(listed(ANN, BOB));
  await l.idle();
  t.same(capture.asked, ['end C1-0', 'finished C1-0']);
  t.same(await l.states('C1'), ['0 ann captured', '1 bob capturing']);
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
    isWide: async () => false,
    async record(snoop, name) {
      if (pbx.refuse(`record ${name}`)) throw fail('pbx_failed', '422 unknown format');
      asked.push(`record ${snoop} ${name}`);
      tell({ kind: 'spool-started', at: T0 + 7, name });
    },
    stopRecording: async (name) => void asked.push(`stop ${name}`),
    discard: async (name) => void asked.push(`discard ${name}`),
    isRecording: async () => false,
    keepFromCdrs: async () => {},
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
  t.match(worded((await l.catalogue.call('C1'))?.coverage), {
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
  const kept = (await l.catalogue.segments('C1')).filter((s) => s.state === 'capturing');
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
    t.match((await l.catalogue.call('C2'))?.coverage, {
      status: 'not_recorded',
      why: noted('disk_full: 3 MB are left.'),
    });
    l.hindrance.why = null;
    l.recorder.retry();
    await until('the capture', () => l.recorder.now().recording === 1);
    t.match(worded(await l.catalogue.segments('C1')), [
      { state: 'capturing', because: 'disk_full: 3 MB are left.' },
    ]);
  },
);

t.test('a call that ended unseen ended when its audio did, or with a PBX that died', async (t) => {
  for (const closed of [true, false]) {
    const l = await lab(t, { at: t.testdir({ [String(closed)]: {} }) });
    await l.recorder.recover(EMPTY);
    l.hear(...conversation(ANN, BOB));
    await l.idle();
    const answeredAt = (await l.catalogue.call('C1'))!.answeredAt!;
    // Every scripted capture begins a second after T0.
    l.audio.held = { ms: answeredAt + 5_000 - (T0 + 1_000), closed };
    await l.recorder.resync({ ...EMPTY, at: answeredAt + 60_000 }, { watchedUntil: answeredAt + 7_000 });
    await l.idle();
    const talk = (await l.catalogue.call('C1'))!.endedAt! - answeredAt;
    t.equal(
      talk,
      closed ? 5_000 : 7_000,
      closed ? 'with the audio' : 'what a dead PBX had in hand is missing',
    );
  }
});

t.test('a capture of which only one side runs is closed, and both are begun anew', async (t) => {
  const capture = scripted();
  capture.live = async () => ({ in: true, out: false });
  const l = await lab(t, { capture, at: await stoppedInACall(t) });
  await l.recorder.recover(listed(ANN, BOB));
  await l.idle();
  t.same(capture.asked, ['end C1-0', 'begin C1-1 ann']);
  t.match(worded((await l.catalogue.segments('C1')).at(-1), say), {
    seq: 1,
    because: /^Tapedeck was not running from T0-30 to T0/,
  });
});

t.test('snoops of ours that nobody follows go; those of others stay', async (t) => {
  const capture = scripted();
  capture.running.add('C1-0');
  const l = await lab(t, { capture, at: await stoppedInACall(t) });
  const stray = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const snoops = [snoopId('C1', 0, 'in'), snoopId(stray, 3, 'out'), 'somebody-elses-in'];
  await l.recorder.recover({ ...listed(ANN, BOB), snoops });
  await l.idle();
  t.same(capture.asked, [`release ${snoopId(stray, 3, 'out')}`]);
});

t.test('when the connection comes back, captures that stopped meanwhile are begun anew', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB), ...conversation(OLGA_TOO, CY_TOO, 'c'));
  await l.idle();
  capture.running.add('C2-0');
  const both = {
    ...listed(ANN, BOB, OLGA_TOO, CY_TOO),
    bridges: [
      { id: 'b', legs: ['ann', 'bob'], waiting: false },
      { id: 'c', legs: ['olga2', 'cy2'], waiting: false },
    ],
  };
  await l.recorder.resync(both, { watchedUntil: T0 });
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann', 'begin C2-0 olga2', 'begin C1-1 ann']);
  t.same(await l.states('C2'), ['0 olga2 capturing'], 'one that runs on is left alone');
});

t.test('a call that is seen first in the middle began when its channels did', async (t) => {
  const l = await lab(t);
  const old = (leg: LegFacts): LegFacts => ({ ...leg, createdAt: T0 - 60_000 });
  await l.recorder.recover(listed(old(ANN), old(BOB)));
  await l.idle();
  t.match(await l.catalogue.call('C1'), { startedAt: T0 - 60_000, answeredAt: T0 - 60_000 });
  t.match(worded(await l.catalogue.segments('C1'), say), [
    { because: /^Tapedeck was not running from T0-30 to T0/ },
  ]);
});

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

t.test(
  'where it falls silent then, a change of source while nobody watched begins a new segment',
  async (t) => {
    const taken = async (name: string, muteTrap: boolean, ...there: LegFacts[]) => {
      const at = await stoppedInACall(t, { muteTrap, at: t.testdir({ [name]: {} }) });
      const capture = scripted();
      capture.running.add('C1-0');
      const l = await lab(t, { at, capture, muteTrap });
      await l.recorder.recover(listed(...there));
      await l.idle();
      return { asked: capture.asked, last: (await l.catalogue.segments('C1')).at(-1)! };
    };
    const { asked, last } = await taken('changed', true, ANN, CY);
    t.same(asked, ['end C1-0', 'finished C1-0', 'begin C1-1 ann']);
    t.match(last, { because: { code: 'source_changed_unwatched' }, fed: /^cy / });
    t.same((await taken('the same', true, ANN, BOB)).asked, [], 'the same source: nothing to cure');
    t.same((await taken('alone', true, ANN)).asked, [], 'nor where nobody feeds it');
    t.same((await taken('no trap', false, ANN, CY)).asked, []);
  },
);

t.test('a capture that goes over to another leg after a restart is not one that was taken up', async (t) => {
  const at = await stoppedInACall(t, { muteTrap: true });
  const capture = scripted();
  capture.running.add('C1-0');
  const l = await lab(t, { at, capture, muteTrap: true });
  await l.recorder.recover(listed(BOB, CY));
  await l.idle();
  const dan = leg('dan', '103');
  l.hear(rings(dan), answers(dan), leaves(BOB), joins(dan));
  await l.idle();
  t.same(capture.asked.slice(-3), ['end C1-1', 'finished C1-1', 'begin C1-2 cy']);
  t.match(worded((await l.catalogue.segments('C1')).at(-1)), { because: /unless it is captured anew/ });
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
  const l = await lab(t, { capture, muteTrap: true });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(leaves(BOB), joins(CY));
  await until('the end of the first', () => capture.asked.includes('finished C1-0'));
  l.hear(joins(BOB), goes(ANN));
  await l.idle();
  t.same(capture.asked.slice(0, 3), ['begin C1-0 ann', 'end C1-0', 'finished C1-0']);
  t.match(capture.asked[3], /^begin C1-\d (bob|cy)$/);
  t.equal(capture.asked.length, 4);
  t.match(worded((await l.catalogue.segments('C1')).at(-1)), { because: /source of the audio changed/ });
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
    const [old, anew] = await l.catalogue.segments('C1');
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
  const [old, anew] = await l.catalogue.segments('C1');
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
  clock += 500; // five seconds that are captured: why its capture began when it did explains nothing of what comes
  l.hear({ kind: 'spool-finished', at: at(), name: spoolName(id, 0, 'in') });
  await until('the next segment', () => capture.asked.includes(`begin ${id}-1 ann`));
  await l.idle();
  t.match(worded((await l.catalogue.segments(id)).at(-1)), {
    because: 'The PBX stopped recording by itself.',
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
  t.match(await l.catalogue.call('C1'), { outcome: 'answered', coverage: { status: 'pending' } });
});

t.test('when nobody watched is on record, whatever ended the watching', async (t) => {
  const path = catalogueFile(t.testdir());
  let now = T0;
  const watching = async (story: (watch: ReturnType<typeof createWatch>) => Promise<void>) => {
    const catalogue = createSqliteCatalogue({ path });
    await catalogue.start();
    const watch = createWatch({ catalogue, clock: () => now, log });
    await watch.start();
    await story(watch);
    const windows = await catalogue.blindWindows();
    await watch.stop();
    await catalogue.stop();
    return windows;
  };
  t.same(await watching((w) => w.up()), [], 'a first start was never blind');
  now += 60_000;
  const stopped = { from: T0, to: T0 + 60_000, why: because('not_running') };
  t.same(await watching((w) => w.up()), [stopped]);
  now += 10_000;
  const lost = await watching(async (w) => {
    await w.up();
    w.down(now + 5_000, noted('The PBX does not answer.'));
    w.down(now + 6_000, noted('Another reason.'));
    now += 20_000;
    await w.up();
  });
  t.match(worded(lost[0]), { from: now - 15_000, to: now, reason: 'The PBX does not answer.' });
  t.equal(lost.length, 3);
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
