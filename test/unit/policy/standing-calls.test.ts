import t from 'tap';
import { createNumbersInLists } from '../../../daemon/catalogue/listed.js';
import { createStandingByNumber } from '../../../daemon/catalogue/standing.js';
import type { RecordRule } from '../../../daemon/domain/policy/policy.js';
import type { HoldingStanding, StandingOf } from '../../../daemon/domain/policy/standing/standing.js';
import { one } from '../../support/catalogue/standing.js';
import {
  answers,
  BOB,
  CY,
  conversation,
  EMPTY,
  goes,
  joins,
  lab,
  leaves,
  OLGA,
  rings,
  scripted,
  T0,
} from '../../support/record-lab.js';
import { worded } from '../../support/words.js';

const asks: RecordRule = { name: 'Ask', reason: 'We ask.', when: {}, outcome: 'ask' };
const by = { how: 'digits', who: '*7', legId: null } as const;

/** What stands for every outside number. */
const always = (kind: HoldingStanding['kind']): StandingOf => ({
  holding: (number) => [{ kind, number, extensions: [], queues: [], givenAt: Date.UTC(2026, 4, 3) }],
  anyObjection: () => kind === 'objection',
});

async function talking(t: Parameters<typeof lab>[0], of: StandingOf | null, rules: RecordRule[] = []) {
  const capture = scripted();
  const l = await lab(t, { capture, rules });
  if (of) l.standing.of = of;
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  return { ...l, capture };
}

t.test('a call with a number that objects is never captured, and says why', async (t) => {
  const l = await talking(t, always('objection'));
  t.match(l.recorder.list(), [{ outcome: 'skip', recorded: false, why: { code: 'objection' } }]);
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.same(l.capture.asked, []);
  const { coverage, decision } = (await l.catalogue.calls.get('C1'))!;
  t.match(worded(coverage), {
    ...{ status: 'excluded', rule: 'Objection' },
    reason: "The other party's objection of 2026-05-03 to being recorded holds.",
  });
  t.match(decision, { outcome: 'skip', rule: 'Objection', why: { params: { day: '2026-05-03' } } });
});

t.test('an objection that is entered in the call has what was captured destroyed', async (t) => {
  const l = await talking(t, null);
  t.same(l.capture.asked, ['begin C1-0 olga']);
  l.standing.of = always('objection');
  l.hear(rings(CY), answers(CY), joins(CY), leaves(BOB), goes(BOB));
  await l.idle();
  t.same(await l.states('C1'), ['0 olga dropped']);
  l.hear(goes(OLGA), goes(CY));
  await l.idle();
  t.match((await l.catalogue.calls.get('C1'))!.coverage, { status: 'excluded', why: { code: 'objection' } });
  t.same(l.captured, []);
});

t.test('with a standing consent nobody is asked, and it is kept with the decision', async (t) => {
  const asked = await talking(t, null, [asks]);
  t.same(asked.capture.asked, []);
  const l = await talking(t, always('consent'), [asks]);
  t.same(l.capture.asked, ['begin C1-0 olga']);
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.same(l.captured, ['C1']);
  t.match((await l.catalogue.calls.get('C1'))!.decision, { outcome: 'ask', rule: 'Ask', agreed: true });
});

t.test('a refusal in the call wins over a standing consent', async (t) => {
  const l = await talking(t, always('consent'), [asks]);
  await l.recorder.direct('C1', { ...by, kind: 'decline' });
  t.same(await l.states('C1'), ['0 olga dropped']);
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.match((await l.catalogue.calls.get('C1'))!.coverage, { status: 'declined' });
  t.same(l.captured, []);
});

t.test('a consent that is withdrawn in the call does not have it kept', async (t) => {
  const l = await talking(t, always('consent'), [asks]);
  l.standing.of = { holding: () => [], anyObjection: () => false };
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.match((await l.catalogue.calls.get('C1'))!.decision, { outcome: 'ask', rule: 'Ask' });
  t.notOk((await l.catalogue.calls.get('C1'))!.decision!.agreed);
});

t.test('an objection that is entered in the call ends its capture at once, and only its', async (t) => {
  const l = await talking(t, null);
  const catalogue = { consents: { list: async () => [] } } as never;
  const standing = createStandingByNumber({
    ...{ catalogue, region: 'US', clock: () => T0 + 5_000 },
    onChanged: l.recorder.numbersChanged,
  });
  l.standing.of = standing;
  await standing.changed([one({ number: '+1 555 0199', givenAt: T0 })]);
  await l.idle();
  t.same(await l.states('C1'), ['0 olga capturing'], 'another number');
  const objection = one({ id: 2, number: '1 (555) 0142', givenAt: T0 });
  await standing.changed([objection]);
  await l.idle();
  t.same(await l.states('C1'), ['0 olga dropped']);
  const now = (await l.catalogue.calls.get('C1'))!;
  t.match(now.coverage, { status: 'excluded', why: { code: 'objection' }, rule: 'Objection' });
  t.equal(now.endedAt, null);
  t.match(l.recorder.list(), [{ outcome: 'skip', recorded: false, why: { code: 'objection' } }]);
  await standing.changed([{ ...objection, withdrawnAt: T0 + 9_000, withdrawnBy: 'ada' }]);
  await l.idle();
  t.match(l.recorder.list(), [{ recorded: false }], 'it held at a time of this call');
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.same(l.captured, []);
});

t.test('a consent that is entered in the call begins its capture at once', async (t) => {
  const l = await talking(t, null, [asks]);
  t.same(l.capture.asked, []);
  l.standing.of = always('consent');
  l.recorder.numbersChanged((number) => number === BOB.number);
  await l.idle();
  t.same(l.capture.asked, [], 'only numbers of outside parties count');
  l.recorder.numbersChanged((number) => number === OLGA.number);
  await l.idle();
  t.same(l.capture.asked, ['begin C1-0 olga']);
});

t.test('a number that is put on a list in the call, and taken off it again, is seen at once', async (t) => {
  const skips: RecordRule = { name: 'No', reason: 'No.', when: { list: ['VIP'] }, outcome: 'skip' };
  const l = await talking(t, null, [skips]);
  const catalogue = { lists: {} } as never;
  const lists = createNumbersInLists({
    ...{ catalogue, region: 'US', clock: () => T0 },
    onChanged: l.recorder.numbersChanged,
  });
  l.lists.of = lists.namesFor;
  const listed = {
    ...{ id: 1, list: 'VIP', number: OLGA.number, note: '', until: null },
    addedAt: 1,
    addedBy: 'a',
  };
  await lists.changed({ added: [listed], removed: [] });
  await l.idle();
  t.same(await l.states('C1'), ['0 olga dropped']);
  await lists.changed({ added: [], removed: [1] });
  await l.idle();
  t.match(l.recorder.list(), [{ recorded: true }]);
  t.match((await l.catalogue.calls.get('C1'))!.coverage, { status: 'pending' });
});
