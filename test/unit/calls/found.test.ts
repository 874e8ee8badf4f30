import t, { type Test } from 'tap';
import { createSegments } from '../../../daemon/capture/segments.js';
import { createCapture } from '../../../daemon/capture/snoop.js';
import type { LegFacts, Snapshot } from '../../../daemon/domain/call/event.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { parseSnoop, type SnoopName, snoopId } from '../../../daemon/domain/recording/recording.js';
import {
  ANN,
  at,
  BOB,
  conversation,
  EMPTY,
  gate,
  goes,
  lab,
  log,
  type Options,
  rings,
  scripted,
  spoolName,
  T0,
  token,
} from '../../support/record-lab.js';

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const NEW = '01BX5ZZKBKACTAV9WEVGEMMVRZ';
const name: SnoopName = { callId: CALL, seq: 0, token, swapped: false };

/** Both legs talk, and these snoops listen to `ann`. */
function talking(...names: SnoopName[]): Snapshot {
  const legs: LegFacts[] = [ANN, BOB];
  const snoops = names.flatMap((one) => [snoopId(one, 'in'), snoopId(one, 'out')]);
  return {
    ...{ kind: 'snapshot', at: at(), legs, snoops },
    bridges: [{ id: 'b', legs: ['ann', 'bob'], waiting: false }],
    snooped: new Map(snoops.map((id) => [id, 'ann'])),
  };
}

/** A recorder starts whose predecessor has written that the call rings, and was killed as it was answered. */
async function killedAtTheAnswer(t: Test, options: Options = {}) {
  const first = await lab(t, { mint: () => CALL, ...(options.rules && { rules: options.rules }) });
  await first.recorder.recover(EMPTY);
  first.hear(rings(ANN), rings(BOB));
  await first.idle();
  const capture = scripted();
  return { capture, l: await lab(t, { capture, at: first.dir, ...options }) };
}

t.test('a capture that was asked for before its row was written is taken up', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  capture.running.add(`${CALL}-0`);
  await l.recorder.recover(talking(name));
  await l.idle();
  t.same(capture.asked, [], 'nothing is begun, ended or removed');
  t.same(l.recorder.now(), { calls: 1, recording: 1 });
  t.match(await l.catalogue.segments.of(CALL), [{ ...name, legId: 'ann', state: 'capturing' }]);
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(await l.states(CALL), ['0 ann captured']);
  t.same(l.captured, [CALL]);
});

t.test('so is one of a call that was not written either, and goes by its name', async (t) => {
  const capture = scripted();
  capture.running.add(`${CALL}-3`);
  const l = await lab(t, { capture, mint: () => NEW });
  const swapped = { ...name, seq: 3, swapped: true };
  await l.recorder.recover(talking(swapped));
  await l.idle();
  t.same(capture.asked, []);
  t.match(await l.catalogue.segments.of(NEW), [{ ...swapped, legId: 'ann', state: 'capturing' }]);
  t.equal((await l.catalogue.calls.get(CALL))?.id, NEW, 'the first name leads to it too');
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(l.captured, [NEW]);
});

t.test('so is one of a call that another had absorbed', async (t) => {
  const first = await lab(t, { mint: () => NEW });
  await first.recorder.recover(EMPTY);
  first.hear(rings(ANN), rings(BOB));
  await first.idle();
  await first.catalogue.calls.absorb(CALL, NEW);
  const capture = scripted();
  capture.running.add(`${CALL}-0`);
  const l = await lab(t, { capture, at: first.dir });
  await l.recorder.recover(talking(name));
  await l.idle();
  t.same(capture.asked, []);
  t.match(await l.catalogue.segments.of(NEW), [{ ...name, legId: 'ann', state: 'capturing' }]);
});

t.test('of a call that may not be recorded it is removed with its files', async (t) => {
  const capture = scripted();
  capture.running.add(`${CALL}-0`);
  const l = await lab(t, {
    ...{ capture, mint: () => NEW },
    rules: [{ name: 'None', reason: '', when: { extension: ['101'] }, outcome: 'skip' }],
  });
  await l.recorder.recover(talking(name));
  await l.idle();
  t.same(capture.asked, [`drop ${CALL}-0`]);
  t.same(l.removed, [spoolName(CALL, 0, 'in'), spoolName(CALL, 0, 'out')]);
  t.same(await l.states(NEW), ['0 ann dropped']);
  t.match(await l.catalogue.calls.get(NEW), { coverage: { status: 'excluded' } });
});

t.test('one of which a side does not run is kept as far as it goes, and both are begun anew', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  capture.live = async () => ({ in: true, out: false });
  l.born.set(spoolName(CALL, 0, 'in'), at());
  await l.recorder.recover(talking(name));
  await l.idle();
  t.same(capture.asked.slice(0, 1), [`end ${CALL}-0`]);
  t.same(capture.asked.at(-1), `begin ${CALL}-1 ann`);
  t.same((await l.states(CALL)).sort(), ['0 ann captured', '1 ann capturing']);
});

t.test('snoops that are not recorded yet are removed, and others are asked for', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  await l.recorder.recover(talking(name));
  await l.idle();
  t.same(capture.asked, [
    ...[`release ${snoopId(name, 'in')}`, `release ${snoopId(name, 'out')}`],
    `begin ${CALL}-1 ann`,
  ]);
  t.same((await l.states(CALL)).sort(), ['0 ann dropped', '1 ann capturing']);
});

t.test('of two captures of a call the newest goes on, and the other is ended and kept', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  for (const seq of [0, 1]) capture.running.add(`${CALL}-${seq}`);
  await l.recorder.recover(talking({ ...name, seq: 1 }, name));
  await l.idle();
  t.same(capture.asked, [`end ${CALL}-0`, `finished ${CALL}-0`]);
  t.same((await l.states(CALL)).sort(), ['0 ann captured', '1 ann capturing']);
});

t.test('one whose leg is in no call is thrown away', async (t) => {
  const capture = scripted();
  capture.running.add(`${CALL}-0`);
  const l = await lab(t, { capture });
  await l.recorder.recover({ ...talking(name), legs: [], bridges: [] });
  await l.idle();
  t.same(capture.asked, [`drop ${CALL}-0`]);
  t.same(l.removed, [spoolName(CALL, 0, 'in'), spoolName(CALL, 0, 'out')]);
});

t.test('a process that lives knows its captures: another is removed when the link is back', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  await l.recorder.resync(talking(name), { watchedUntil: null });
  await l.idle();
  for (const side of ['in', 'out'] as const)
    t.ok(capture.asked.includes(`release ${snoopId(name, side)}`), side);
  t.notOk(await l.catalogue.calls.get(CALL));
});

/** Both files of a capture, of which Asterisk began to write the first at this time. */
function leave(
  { spooled, born }: Awaited<ReturnType<typeof lab>>,
  seq = 0,
  bornAt: number | null = T0 + 500,
) {
  for (const side of ['in', 'out'] as const) {
    const file = spoolName(CALL, seq, side);
    spooled.push(file);
    if (bornAt !== null) born.set(file, bornAt + (side === 'out' ? 4 : 0));
  }
}

t.test('one that ended with its call while nobody watched is taken up by its files', async (t) => {
  const { l } = await killedAtTheAnswer(t);
  leave(l);
  l.audio.held = { ms: 90_000, closed: true };
  await l.recorder.recover({ ...EMPTY, at: T0 + 600_000 });
  await l.idle();
  t.match(await l.catalogue.segments.of(CALL), [
    { ...name, legId: 'ann', state: 'captured', inStartedAt: T0 + 500, outStartedAt: T0 + 504 },
  ]);
  t.match(
    await l.catalogue.calls.get(CALL),
    {
      outcome: 'answered',
      answeredAt: T0 + 500,
      endedAt: T0 + 90_500,
      coverage: { status: 'pending' },
    },
    'what was captured tells that and when it was answered, and when it ended',
  );
  t.same(l.captured, [CALL]);
});

t.test('of a call that rang and ended unseen without any, it is still not known', async (t) => {
  const { l } = await killedAtTheAnswer(t);
  await l.recorder.recover({ ...EMPTY, at: T0 + 600_000 });
  await l.idle();
  t.match(await l.catalogue.calls.get(CALL), { answeredAt: null, coverage: { status: 'none' } });
  t.same(l.captured, []);
});

t.test('the files of a call that may not be recorded go then, too', async (t) => {
  const rules = [{ name: 'None', reason: '', when: { extension: ['101'] }, outcome: 'skip' as const }];
  const { l } = await killedAtTheAnswer(t, { rules });
  leave(l);
  await l.recorder.recover({ ...EMPTY, at: T0 + 600_000 });
  await l.idle();
  t.same(l.removed, [spoolName(CALL, 0, 'in'), spoolName(CALL, 0, 'out')]);
  t.same(await l.states(CALL), ['0 ann dropped']);
  t.match(await l.catalogue.calls.get(CALL), { coverage: { status: 'excluded' } });
  t.same(l.captured, []);
});

t.test('of a call that goes on they are kept, and the next capture has the next number', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  leave(l);
  await l.recorder.recover(talking());
  await l.idle();
  t.same(capture.asked, [`begin ${CALL}-1 ann`]);
  t.same((await l.states(CALL)).sort(), ['0 ann captured', '1 ann capturing']);
});

t.test('files that cannot be seen from here count from the beginning of their call', async (t) => {
  const { l } = await killedAtTheAnswer(t);
  const { startedAt } = (await l.catalogue.calls.get(CALL))!;
  leave(l, 0, null);
  await l.recorder.recover({ ...EMPTY, at: T0 + 600_000 });
  await l.idle();
  t.match(await l.catalogue.segments.of(CALL), [{ inStartedAt: startedAt, state: 'captured' }]);
  t.same(l.captured, [CALL]);
});

t.test('files of other calls and of captures that run are left alone', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  capture.running.add(`${CALL}-0`);
  leave(l);
  l.spooled.push(spoolName(NEW, 0, 'in'));
  await l.recorder.recover(talking(name));
  await l.idle();
  t.same(capture.asked, []);
  t.same(await l.states(CALL), ['0 ann capturing']);
  t.same(await l.states(NEW), []);
});

/** Segments that are written when they are let. */
function segmentsOf(capture: ReturnType<typeof scripted>, write: (state: string) => Promise<void>) {
  const none = async () => {};
  const deps = { removeSpool: none, lookBack: none, spoolBorn: async () => null, token: () => token, log };
  const spooled = async () => [];
  return createSegments({ ...deps, spooled, capture, save: ({ state }) => write(state) });
}
const wanted = { callId: CALL, seq: 0, legId: 'ann', swapped: false, fed: '' };

t.test('the PBX is asked while the row is being written', async (t) => {
  const capture = scripted();
  const [asked, disk] = [gate(), gate()];
  capture.onBegin = async () => asked.open();
  const written: string[] = [];
  const segments = segmentsOf(capture, async (state) => {
    await disk.opened;
    written.push(state);
  });
  const begun = segments.begin(wanted, because('masked'));
  await asked.opened;
  t.same(written, []);
  disk.open();
  t.match(await begun, { ...name, legId: 'ann', because: { code: 'masked' } });
  t.same(written, ['capturing', 'capturing'], 'and once more when it has begun');
});

t.test('a capture whose row is refused is thrown away', async (t) => {
  const capture = scripted();
  const refusing = segmentsOf(capture, async () => Promise.reject(new Error('no such call')));
  await t.rejects(refusing.begin(wanted, null), /no such call/);
  t.same(capture.asked, [`begin ${CALL}-0 ann`, `drop ${CALL}-0`]);
});

t.test('the id of a snoop has all that a row needs but its leg', (t) => {
  for (const swapped of [false, true])
    for (const side of ['in', 'out'] as const) {
      const one = { ...name, seq: 12, swapped };
      t.same(parseSnoop(snoopId(one, side)), { ...one, side });
      t.same(parseSnoop(snoopId(one, side).toUpperCase()), { ...one, side }, 'ids are case-insensitive');
      t.ok(snoopId({ ...one, seq: 9_999 }, side).length < 128, 'no longer than we read');
    }
  t.match(parseSnoop(`tapedeck-${CALL}-0-in`), { callId: CALL, token: '' }, 'of a version before');
  for (const id of [`tapedeck-${CALL}-0-tell`, `tapedeck-${CALL}-0-${token}x-in`, 'somebody-elses-in'])
    t.equal(parseSnoop(id), null, id);
  t.end();
});

t.test('a snoop that a version before has named is hung up by that name', async (t) => {
  const hungUp: string[] = [];
  const nothing = async () => {};
  const capture = createCapture({
    pbx: {
      ...{ snoop: nothing, record: nothing, keepFromCdrs: nothing, stopRecording: nothing, discard: nothing },
      ...{ isWide: async () => false, isRecording: async () => true, mute: async () => true },
      pause: async () => true,
      hangup: async (id) => void hungUp.push(id),
    },
    ...{ spoolSize: async () => null, mutesOnce: () => false, log, onSilent: () => {} },
  });
  for (const side of ['in', 'out']) capture.found(name, `tapedeck-${CALL}-0-${side}`);
  await capture.end(name);
  t.same(hungUp, [`tapedeck-${CALL}-0-in`, `tapedeck-${CALL}-0-out`]);
  await capture.end(name);
  t.same(hungUp.slice(2), [snoopId(name, 'in'), snoopId(name, 'out')]);
});

t.test('a call that ends as it is taken up keeps what was captured without a row', async (t) => {
  const { l, capture } = await killedAtTheAnswer(t);
  capture.running.add(`${CALL}-0`);
  const recovered = l.recorder.recover(talking(name));
  l.hear(...conversation(ANN, BOB), goes(BOB), goes(ANN));
  await recovered;
  await l.idle();
  t.same(await l.states(CALL), ['0 ann captured']);
  t.same(l.captured, [CALL]);
});
