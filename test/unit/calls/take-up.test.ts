import t, { type Test } from 'tap';
import { createWatch } from '../../../daemon/calls/watch.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import type { LegFacts, Snapshot } from '../../../daemon/domain/call/event.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { freshCatalogue } from '../../support/catalogue/fresh.js';
import {
  ANN,
  answers,
  at,
  BOB,
  CY,
  conversation,
  EMPTY,
  goes,
  joins,
  lab,
  leaves,
  leg,
  log,
  OLGA,
  type Options,
  rings,
  say,
  scripted,
  snoopId,
  T0,
} from '../../support/record-lab.js';
import { noted, worded } from '../../support/words.js';

const OLGA_TOO = { ...OLGA, id: 'olga2', linkedid: 'two' };
const CY_TOO = { ...CY, id: 'cy2', linkedid: 'two' };

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
  const [first] = await l.catalogue.segments.of('C1');
  await l.catalogue.segments.save({ ...first!, seq: 1, legId: 'bob' });
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
  t.type((await l.catalogue.calls.get('C1'))?.endedAt, 'number');
});

t.test('what happens until open calls have been taken up waits', async (t) => {
  const capture = scripted();
  const l = await lab(t, { capture });
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  t.same(capture.asked, []);
  t.equal(await l.catalogue.calls.get('C1'), null);
  await l.recorder.recover(EMPTY);
  await l.idle();
  t.same(capture.asked, ['begin C1-0 ann']);
});

t.test('a call that ended unseen ended when its audio did, or with a PBX that died', async (t) => {
  for (const closed of [true, false]) {
    const l = await lab(t, { at: t.testdir({ [String(closed)]: {} }) });
    await l.recorder.recover(EMPTY);
    l.hear(...conversation(ANN, BOB));
    await l.idle();
    const answeredAt = (await l.catalogue.calls.get('C1'))!.answeredAt!;
    // Every scripted capture begins a second after T0.
    l.audio.held = { ms: answeredAt + 5_000 - (T0 + 1_000), closed };
    await l.recorder.resync({ ...EMPTY, at: answeredAt + 60_000 }, { watchedUntil: answeredAt + 7_000 });
    await l.idle();
    const talk = (await l.catalogue.calls.get('C1'))!.endedAt! - answeredAt;
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
  t.match(worded((await l.catalogue.segments.of('C1')).at(-1), say), {
    seq: 1,
    because: /^Tapedeck was not running from T0-30 to T0/,
  });
});

t.test('a capture that a kill kept from beginning is not said to have ended', async (t) => {
  const at = await stoppedInACall(t);
  const l = await lab(t, { at });
  const [segment] = await l.catalogue.segments.of('C1');
  await l.catalogue.segments.save({ ...segment!, inStartedAt: null, outStartedAt: null });
  await l.recorder.recover(listed(ANN, BOB));
  await l.idle();
  t.same((await l.states('C1')).sort(), ['0 ann dropped', '1 ann capturing']);
  const next = (await l.catalogue.segments.of('C1')).find(({ seq }) => seq === 1);
  t.match(worded(next, say), { because: /^Tapedeck was not running from T0-30 to \S+\.$/ });
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
  t.match(await l.catalogue.calls.get('C1'), { startedAt: T0 - 60_000, answeredAt: T0 - 60_000 });
  t.match(worded(await l.catalogue.segments.of('C1'), say), [
    { because: /^Tapedeck was not running from T0-30 to T0/ },
  ]);
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
      return { asked: capture.asked, last: (await l.catalogue.segments.of('C1')).at(-1)! };
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
  t.match(worded((await l.catalogue.segments.of('C1')).at(-1)), {
    because: /go silent unless they are restarted/,
  });
});

t.test('when nobody watched is on record, whatever ended the watching', async (t) => {
  const path = catalogueFile(t.testdir());
  let now = T0;
  const watching = async (story: (watch: ReturnType<typeof createWatch>) => Promise<void>) => {
    const catalogue = createSqliteCatalogue({ path: await freshCatalogue(path) });
    await catalogue.start();
    const watch = createWatch({ pbx: '', kept: catalogue.watch, clock: () => now, log });
    await watch.start();
    await story(watch);
    const windows = await catalogue.watch.windows();
    await watch.stop();
    await catalogue.stop();
    return windows;
  };
  t.same(await watching((w) => w.up()), [], 'a first start was never blind');
  now += 60_000;
  const stopped = { pbx: FIRST, from: T0, to: T0 + 60_000, why: because('not_running') };
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

t.test('a first start that does not reach the PBX leaves a gap from its beginning', async (t) => {
  const first = async (
    story: (watch: ReturnType<typeof createWatch>, wait: (ms: number) => void) => unknown,
  ) => {
    let now = T0;
    const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(t.testdir({}))) });
    await catalogue.start();
    const watch = createWatch({ pbx: '', kept: catalogue.watch, clock: () => now, log });
    await watch.start();
    await story(watch, (ms) => {
      now += ms;
      watch.beat();
    });
    await watch.stop();
    const windows = await catalogue.watch.windows();
    await catalogue.stop();
    return windows;
  };
  const hung = await first((_, wait) => [5_000, 10_000, 20_000].forEach(wait));
  t.same(hung, [{ pbx: FIRST, from: T0, to: null, why: because('not_reached') }], 'nothing answers at all');
  const late = await first(async (watch, wait) => {
    wait(60_000);
    await watch.up();
  });
  t.match(late, [{ from: T0, to: T0 + 60_000 }], 'it was reached after a minute');
  const refused = await first(async (watch, wait) => {
    wait(9_000);
    watch.down(T0 + 9_000, noted('Refused.'));
    wait(60_000);
  });
  t.match(
    refused.map((gap) => worded(gap)),
    [{ from: T0, to: null, reason: 'Refused.' }],
    'it was refused, late',
  );
  const soon = await first(async (watch, wait) => {
    wait(9_000);
    await watch.up();
  });
  t.same(soon, [], 'a start of some seconds is none');
});
