import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import {
  ANN,
  answers,
  BOB,
  conversation,
  EMPTY,
  gate,
  goes,
  joins,
  lab,
  leaves,
  leg,
  rings,
  scripted,
} from '../../support/record-lab.js';
import { until } from '../../support/recorder.js';

/** Cy, who fetches the call of Ann and Bob, or comes to it, is a call of their own until then. */
const CY = leg('cy', '102', { linkedid: 'two', exten: '*8', dnid: '*8' });

/** Ann and Bob speak, and Cy has called; `onBegin` is what becomes of Cy's capture. */
async function fetching(t: Test, onBegin: () => Promise<void>) {
  const capture = scripted();
  const begun = gate();
  capture.onBegin = async (id) => {
    if (id !== 'cy') return;
    begun.open();
    await onBegin();
  };
  const l = await lab(t, { capture });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  l.hear(rings(CY), answers(CY));
  await begun.opened;
  return { l, capture };
}
/** Waits until both have ended as one call. */
async function ended(t: Test, { l, capture }: Awaited<ReturnType<typeof fetching>>) {
  await l.absorbed;
  await l.idle();
  t.ok(capture.asked.includes('drop C2-0'));
  t.equal(l.captured.at(-1), 'C1');
  t.same(l.recorder.now(), { calls: 0, recording: 0 });
}
let others = 0;
/** Waits until another call, which begins now, has been captured and has ended: so have by then those that wait for nothing. */
async function anotherCall({ l }: Awaited<ReturnType<typeof fetching>>) {
  const n = ++others;
  const dan = leg(`dan${n}`, '103', { linkedid: `other${n}`, dnid: '104', exten: '104' });
  const eve = leg(`eve${n}`, '104', { linkedid: `other${n}` });
  l.hear(...conversation(dan, eve, `other${n}`));
  const its = () => l.recorder.captures().find(({ callId }) => !['C1', 'C2'].includes(callId));
  await until('it to be captured', () => its() !== undefined);
  const { callId } = its()!;
  l.hear(leaves(dan, `other${n}`), leaves(eve, `other${n}`), goes(eve), goes(dan));
  await until('its end', () => l.captured.includes(callId));
}
const joined = () => [joins(CY), leaves(BOB), goes(BOB)];

t.test('a capture that fails while its call becomes part of another is not tried again', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const slow = gate();
  const { l, capture } = await fetching(t, async () => {
    await slow.opened;
    throw fail('pbx_timeout', 'The snoop is not ready after 3 s.');
  });
  l.hear(...joined());
  slow.open();
  await l.absorbed;
  await l.idle();
  mock.timers.tick(60_000);
  await l.idle();
  t.equal(capture.asked.filter((what) => what.startsWith('begin C2')).length, 1, capture.asked.join(', '));
  t.same(await l.states('C1'), ['0 ann capturing', '0 cy dropped']);
  t.equal(l.recorder.now().calls, 1);
  t.same(
    l.recorder.captures().map(({ callId }) => callId),
    ['C1'],
  );
});

t.test('a call ends after what has become part of it', async (t) => {
  const slow = gate();
  const house = await fetching(t, () => slow.opened);
  const { l } = house;
  l.hear(...joined(), leaves(CY), goes(CY), goes(ANN));
  await anotherCall(house);
  t.notOk(l.captured.includes('C1'), 'it waits');
  slow.open();
  await ended(t, house);
  t.same(await l.states('C1'), ['0 ann captured', '0 cy dropped']);
});

t.test(
  'a call whose end comes while the other is slow to become part of it goes on being worked on',
  async (t) => {
    const slow = gate();
    const house = await fetching(t, () => slow.opened);
    const { l } = house;
    l.hear(...joined());
    await anotherCall(house);
    l.hear(leaves(CY), goes(CY));
    await anotherCall(house);
    l.hear(goes(ANN));
    await anotherCall(house);
    t.notOk(l.captured.includes('C1'), 'it waits');
    slow.open();
    await ended(t, house);
  },
);
