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
import { seconds } from '../../support/recorder.js';

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
  t.same(l.captured, ['C1']);
  t.same(l.recorder.now(), { calls: 0, recording: 0 });
}
const joined = () => [joins(CY), leaves(BOB), goes(BOB)];

t.test('a capture that fails while its call becomes part of another is not tried again', async (t) => {
  const slow = gate();
  const { l, capture } = await fetching(t, async () => {
    await slow.opened;
    throw fail('pbx_timeout', 'The snoop is not ready after 3 s.');
  });
  l.hear(...joined());
  slow.open();
  await l.absorbed;
  await l.idle();
  await seconds(0.7);
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
  const { l, capture } = await fetching(t, () => slow.opened);
  l.hear(...joined(), leaves(CY), goes(CY), goes(ANN));
  await seconds(0.2);
  t.same(l.captured, [], 'it waits');
  slow.open();
  await ended(t, { l, capture });
  t.same(await l.states('C1'), ['0 ann captured', '0 cy dropped']);
});

t.test(
  'a call whose end comes while the other is slow to become part of it goes on being worked on',
  async (t) => {
    const slow = gate();
    const { l, capture } = await fetching(t, () => slow.opened);
    l.hear(...joined());
    await seconds(0.2);
    l.hear(leaves(CY), goes(CY));
    await seconds(0.2);
    l.hear(goes(ANN));
    await seconds(0.2);
    t.same(l.captured, [], 'it waits');
    slow.open();
    await ended(t, { l, capture });
  },
);
