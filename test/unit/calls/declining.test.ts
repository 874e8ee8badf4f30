import t from 'tap';
import { ANN, BOB, CY, conversation, EMPTY, goes, lab, leg } from '../../support/record-lab.js';

const by = { how: 'button', who: 'Anna', legId: null } as const;

async function talking(t: Parameters<typeof lab>[0], undoMs?: number) {
  const l = await lab(t, { ...(undoMs !== undefined && { undoMs }) });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  return l;
}

t.test('a decline on the dashboard stops the capture, and who said it takes it back in time', async (t) => {
  const l = await talking(t);
  await l.recorder.direct('C1', { ...by, kind: 'decline' });
  t.same(await l.states('C1'), ['0 ann captured'], 'nothing is captured, and nothing is destroyed yet');
  t.match(l.recorder.list(), [{ declined: true, recorded: false }]);
  await t.rejects(l.recorder.direct('C1', { ...by, who: 'Ben', kind: 'undo' }), { code: 'decline_stands' });
  await l.recorder.direct('C1', { ...by, kind: 'undo' });
  t.same(await l.states('C1'), ['0 ann captured', '1 ann capturing']);
  t.match((await l.catalogue.segments.of('C1')).at(-1), { because: { code: 'declined_until_then' } });
  await t.rejects(l.recorder.direct('C1', { ...by, kind: 'undo' }), { code: 'decline_stands' }, 'once');
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(l.captured, ['C1'], 'the call is kept');
  t.equal(l.removed.length, 0);
});

t.test('a decline that nobody takes back destroys what there was', async (t) => {
  const ends: [what: string, undoMs: number, how: (l: Awaited<ReturnType<typeof talking>>) => unknown][] = [
    ['once its time is up', 0, (l) => l.heard],
    [
      'when somebody on the call refuses, too',
      60_000,
      (l) => l.recorder.direct('C1', { ...by, how: 'digits', legId: 'bob', kind: 'decline' }),
    ],
    ['before a yes is passed on', 60_000, (l) => l.recorder.direct('C1', { ...by, kind: 'allow' })],
    ['when the call ends', 60_000, (l) => l.hear(goes(BOB), goes(ANN))],
  ];
  for (const [what, undoMs, happens] of ends) {
    const l = await talking(t, undoMs);
    await l.recorder.direct('C1', { ...by, kind: 'decline' });
    await happens(l);
    await l.idle();
    while ((await l.states('C1'))[0] !== '0 ann dropped') await new Promise(setImmediate);
    t.equal(l.removed.length, 2, what);
    await t.rejects(l.recorder.direct('C1', { ...by, kind: 'undo' }), what);
  }
});

t.test('a consultation waits with the call that it is for', async (t) => {
  const ends = [
    ['undo', by, 'pending', 2],
    ['decline', { ...by, how: 'digits', legId: 'ann' }, 'declined', 0],
  ] as const;
  for (const [kind, said, status, recording] of ends) {
    const l = await talking(t, 60_000);
    await l.recorder.direct('C1', { ...by, kind: 'decline' });
    const bob = leg('bob2', '101', { linkedid: 'two', dnid: '102', exten: '102' });
    l.hear({ kind: 'hold', at: Date.now(), leg: BOB });
    l.hear(...conversation(bob, { ...CY, linkedid: 'two' }, 'c'));
    await l.idle();
    t.match(await l.catalogue.calls.get('C2'), { consultFor: 'C1', coverage: { status: 'pending' } });
    t.equal(l.recorder.now().recording, 0, 'nothing of it is captured');
    await l.recorder.direct('C1', { ...said, kind });
    await l.idle();
    t.match(await l.catalogue.calls.get('C2'), { coverage: { status } }, kind);
    t.equal(l.recorder.now().recording, recording);
  }
});

t.test('a restart before that time is up destroys it', async (t) => {
  const before = await talking(t);
  await before.recorder.direct('C1', { ...by, kind: 'decline' });
  await before.recorder.stop();
  const l = await lab(t, { at: before.dir });
  await l.recorder.recover({
    ...EMPTY,
    legs: [ANN, BOB],
    bridges: [{ id: 'b', legs: ['ann', 'bob'], waiting: false }],
  });
  await l.idle();
  t.same(await l.states('C1'), ['0 ann dropped']);
  await t.rejects(l.recorder.direct('C1', { ...by, kind: 'undo' }), { code: 'decline_stands' });
});
