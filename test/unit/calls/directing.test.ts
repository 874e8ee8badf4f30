import t from 'tap';
import { directed } from '../../../daemon/domain/call/directive.js';
import type { RecordRule } from '../../../daemon/domain/policy/policy.js';
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
  OLGA,
  pass,
  rings,
  scripted,
} from '../../support/record-lab.js';
import { worded } from '../../support/words.js';

const by = { how: 'button', who: 'Anna', legId: null } as const;
const rule = (outcome: RecordRule['outcome'], more: Partial<RecordRule> = {}): RecordRule => ({
  ...{ name: 'The rule', reason: 'Because.', when: {}, outcome },
  ...more,
});

async function talking(t: Parameters<typeof lab>[0], rules: RecordRule[] = []) {
  const capture = scripted();
  const l = await lab(t, { capture, rules });
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.idle();
  return { ...l, capture };
}

t.test('a mask mutes what is captured and is in its row before the PBX is asked', async (t) => {
  const l = await talking(t);
  const rows: string[] = [];
  const { mute } = l.capture;
  l.capture.mute = async (segment) => {
    rows.push(...(await l.catalogue.directives.of('C1')).map(({ kind }) => kind));
    await mute(segment);
  };
  await l.recorder.direct('C1', { ...by, kind: 'mask' });
  t.same(rows, ['mask']);
  t.match(l.recorder.list(), [{ masked: true, recorded: true }]);
  await l.recorder.direct('C1', { ...by, kind: 'mask' });
  await l.recorder.direct('C1', { ...by, kind: 'resume' });
  await l.recorder.direct('C1', { ...by, kind: 'resume' });
  t.same(l.capture.asked, ['begin C1-0 ann', 'mute C1-0', 'unmute C1-0'], 'once each');
  const { masks } = directed(await l.catalogue.directives.of('C1'), []);
  t.match(masks, [{ from: Number, until: Number }]);
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(l.captured, ['C1']);
});

t.test(
  'while a call is masked no capture is begun, also after a transfer, until it is resumed',
  async (t) => {
    const l = await talking(t);
    await l.recorder.direct('C1', { ...by, kind: 'mask' });
    // Ann is transferred away: Bob goes on with Cy.
    l.hear(rings(CY), answers(CY), joins(CY), leaves(ANN), goes(ANN));
    await l.idle();
    t.notOk(
      l.capture.asked.some((what) => what.startsWith('begin C1-1')),
      'nobody is captured anew',
    );
    await l.recorder.direct('C1', { ...by, kind: 'resume' });
    t.match(l.capture.asked.at(-1), /^begin C1-1/);
    t.match((await l.catalogue.segments.of('C1')).at(-1), { because: { code: 'masked' } });
  },
);

t.test('where the PBX mutes a recording for good, it is captured anew to be heard', async (t) => {
  const l = await talking(t);
  l.capture.unmutes = false;
  t.match(l.recorder.captures(), [{ seq: 0, maskedSince: null }]);
  await l.recorder.direct('C1', { ...by, kind: 'mask' });
  t.match(l.recorder.captures(), [{ seq: 0, maskedSince: Number }]);
  await l.recorder.direct('C1', { ...by, kind: 'resume' });
  const asked = ['begin C1-0 ann', 'mute C1-0', 'unmute C1-0', 'end C1-0', 'finished C1-0', 'begin C1-1 ann'];
  t.same(l.capture.asked, asked);
  t.match(l.recorder.captures(), [{ seq: 1, maskedSince: null }]);
  t.match((await l.catalogue.segments.of('C1')).at(-1), { because: { code: 'masked' } });
  await l.recorder.direct('C1', { ...by, kind: 'mask' });
  t.equal(l.capture.asked.at(-1), 'mute C1-1', 'and can be muted again');
});

t.test('where the PBX does not mute, the capture ends, and begins anew afterwards', async (t) => {
  const l = await talking(t);
  l.capture.mute = async () => {
    throw new Error('It says no.');
  };
  await l.recorder.direct('C1', { ...by, kind: 'mask' });
  t.same(l.capture.asked.slice(1), ['end C1-0', 'finished C1-0']);
  await l.recorder.direct('C1', { ...by, kind: 'resume' });
  t.equal(l.capture.asked.at(-1), 'begin C1-1 ann');
});

t.test('a restart finds a mask, and mutes again what it takes up', async (t) => {
  const before = await talking(t);
  await before.recorder.direct('C1', { ...by, kind: 'mask' });
  await before.recorder.stop();
  const capture = scripted();
  capture.running.add('C1-0');
  const l = await lab(t, { capture, at: before.dir });
  await l.recorder.recover({
    ...EMPTY,
    legs: [ANN, BOB],
    bridges: [{ id: 'b', legs: ['ann', 'bob'], waiting: false }],
  });
  await l.idle();
  t.same(capture.asked, ['mute C1-0']);
  await l.recorder.direct('C1', { ...by, kind: 'resume' });
  t.same(capture.asked, ['mute C1-0', 'unmute C1-0']);
});

t.test('a refusal ends the capture and destroys what there was, also from before a transfer', async (t) => {
  const l = await talking(t);
  l.hear(rings(CY), answers(CY), joins(CY), leaves(ANN), goes(ANN));
  await l.idle();
  t.equal((await l.catalogue.segments.of('C1')).length, 2);
  await l.recorder.direct('C1', { ...by, how: 'digits', kind: 'decline' });
  t.same(
    (await l.catalogue.segments.of('C1')).map(({ state }) => state),
    ['dropped', 'dropped'],
  );
  t.equal(l.removed.length, 4, 'both files of each');
  t.match(worded((await l.catalogue.calls.get('C1'))?.coverage), {
    status: 'declined',
    reason: /keys pressed on a phone/,
  });
  l.hear(goes(BOB), goes(CY));
  await l.idle();
  t.match(await l.catalogue.calls.get('C1'), { coverage: { status: 'declined' } });
  t.same(l.captured, []);
});

t.test('who changes their mind is recorded from then on', async (t) => {
  const l = await talking(t);
  await l.recorder.direct('C1', { ...by, kind: 'decline' });
  t.match(l.recorder.list(), [{ declined: true, recorded: false }]);
  await l.recorder.direct('C1', { ...by, kind: 'allow' });
  t.match(await l.catalogue.calls.get('C1'), { coverage: { status: 'pending' } });
  t.equal(l.capture.asked.at(-1), 'begin C1-1 ann');
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(await l.states('C1'), ['0 ann dropped', '1 ann captured']);
});

t.test('a refusal outlives a restart, and the uniting of calls', async (t) => {
  const before = await talking(t);
  await before.recorder.direct('C1', { ...by, kind: 'decline' });
  await before.recorder.stop();
  const capture = scripted();
  let n = 1;
  const l = await lab(t, { capture, at: before.dir, mint: () => `C${++n}` });
  await l.recorder.recover({
    ...EMPTY,
    legs: [ANN, BOB],
    bridges: [{ id: 'b', legs: ['ann', 'bob'], waiting: false }],
  });
  // Cy speaks with Olga, and then both come to Ann and Bob.
  const [cy, olga] = [CY, OLGA].map((one) => ({ ...one, linkedid: 'two' })) as [typeof CY, typeof OLGA];
  l.hear(...conversation(olga, cy, 'c'));
  await l.idle();
  t.match(capture.asked, ['begin C2-0 olga']);
  l.hear(leaves(olga, 'c'), leaves(cy, 'c'), joins(olga), joins(cy));
  await l.idle();
  t.match(await l.catalogue.calls.get('C1'), { coverage: { status: 'declined' } });
  t.equal(l.recorder.now().recording, 0);
  t.same(
    (await l.catalogue.segments.of('C1')).filter(
      ({ state }) => state === 'captured' || state === 'capturing',
    ),
    [],
  );
});

t.test('a consultation follows the refusal of the call that it is for', async (t) => {
  const l = await talking(t);
  await l.recorder.direct('C1', { ...by, how: 'digits', kind: 'decline' });
  // Bob puts Ann on hold and asks Cy.
  const bob = leg('bob2', '101', { linkedid: 'two', dnid: '102', exten: '102' });
  const cy = { ...CY, linkedid: 'two' };
  l.hear({ kind: 'hold', at: Date.now(), leg: BOB });
  l.hear(...conversation(bob, cy, 'c'));
  await l.idle();
  t.match(await l.catalogue.calls.get('C2'), { consultFor: 'C1', coverage: { status: 'declined' } });
  t.equal(l.recorder.now().recording, 0);
});

t.test('on demand: captured from the answer, and handed on for whoever decides', async (t) => {
  const l = await talking(t, [rule('on_demand')]);
  t.same(l.capture.asked, ['begin C1-0 ann']);
  await l.recorder.direct('C1', { ...by, kind: 'keep' });
  t.match(l.recorder.list(), [{ kept: true, outcome: 'on_demand' }]);
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.same(l.captured, ['C1']);
});

t.test('on demand, nothing before somebody asks', async (t) => {
  for (const more of [{ keep: 'from_now' }, { capture_before: false }] as const) {
    const l = await talking(t, [rule('on_demand', more)]);
    t.same(l.capture.asked, []);
    await l.recorder.direct('C1', { ...by, kind: 'keep' });
    t.same(l.capture.asked, ['begin C1-0 ann']);
    t.match((await l.catalogue.segments.of('C1'))[0], { because: { code: 'not_asked_for_until_then' } });
  }
  const l = await talking(t, [rule('on_demand', { keep: 'from_now' })]);
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  t.match(await l.catalogue.calls.get('C1'), {
    coverage: { status: 'not_kept', rule: 'The rule', why: { code: 'not_asked_for' } },
  });
});

t.test('a call can be kept until a minute after it, and not longer', async (t) => {
  const l = await talking(t, [rule('on_demand')]);
  l.hear(goes(BOB), goes(ANN));
  await l.idle();
  pass(1_000);
  await t.rejects(l.recorder.direct('C1', { ...by, kind: 'mask' }), { code: 'call_over' });
  await l.recorder.direct('C1', { ...by, kind: 'keep' });
  t.same(l.captured, ['C1', 'C1'], 'looked at again');
  pass(10_000);
  await t.rejects(l.recorder.direct('C1', { ...by, kind: 'keep' }), { code: 'call_over' });
  await t.rejects(l.recorder.direct('C9', { ...by, kind: 'keep' }), { code: 'call_unknown' });
});

t.test('only with a yes', async (t) => {
  const l = await talking(t, [rule('ask')]);
  t.same(l.capture.asked, []);
  t.match(l.recorder.list(), [{ recorded: false, why: { code: 'consent_awaited' } }]);
  for (const legId of [null, 'ann'])
    await l.recorder.direct('C1', { ...by, how: 'dialplan', kind: 'allow', legId });
  t.same(l.capture.asked, [], 'among ourselves it takes a yes of everybody');
  await l.recorder.direct('C1', { ...by, how: 'digits', kind: 'allow', legId: 'bob' });
  t.same(l.capture.asked, ['begin C1-0 ann']);
  await l.recorder.direct('C1', { ...by, how: 'digits', kind: 'decline' });
  t.same(await l.states('C1'), ['0 ann dropped']);

  const other = await talking(t, [rule('ask')]);
  other.hear(goes(BOB), goes(ANN));
  await other.idle();
  t.match(await other.catalogue.calls.get('C1'), {
    coverage: { status: 'excluded', rule: 'The rule', why: { code: 'no_consent' } },
  });
});

t.test('a mask that nobody ends does so by itself after its time, with an alarm', async (t) => {
  const before = await talking(t);
  await before.recorder.direct('C1', { ...by, kind: 'mask' });
  await before.recorder.stop();
  pass(30_000);
  const capture = scripted();
  capture.running.add('C1-0');
  const l = await lab(t, { capture, at: before.dir });
  await l.recorder.recover({
    ...EMPTY,
    legs: [ANN, BOB],
    bridges: [{ id: 'b', legs: ['ann', 'bob'], waiting: false }],
  });
  while (l.raised.length === 0) await new Promise(setImmediate);
  t.same(l.raised, ['mask_timed_out']);
  t.match((await l.catalogue.directives.of('C1')).at(-1), { kind: 'resume', how: 'timer' });
  t.match(l.recorder.list(), [{ masked: false }]);
});

t.test(
  'an outside party cannot mask a call by a feature code; the dialplan can, before they are connected',
  async (t) => {
    const l = await lab(t);
    await l.recorder.recover(EMPTY);
    const said = (what: 'mask' | 'resume' | 'decline') =>
      l.hear({ kind: 'said', at: at(), what, legId: 'olga', linkedid: '' });
    l.hear(rings(OLGA), answers(OLGA));
    await l.said();
    said('mask');
    await l.said();
    const kinds = async () => (await l.catalogue.directives.of('C1')).map(({ kind }) => kind);
    t.same(await kinds(), ['mask']);
    l.hear(rings(BOB), answers(BOB), joins(OLGA), joins(BOB));
    said('resume');
    await l.said();
    t.same(await kinds(), ['mask'], 'nor end one');
    said('decline');
    await l.said();
    t.same(await kinds(), ['mask', 'decline'], 'anybody may refuse');
  },
);

t.test('who dials a code after a call keeps that, for a minute', async (t) => {
  const l = await talking(t, [rule('on_demand')]);
  l.hear(goes(BOB), goes(ANN));
  await l.said();
  const again = (id: string) => leg(id, '100', { linkedid: id, exten: '*73', dnid: '*73' });
  const dials = (id: string) => {
    l.hear(rings(again(id)), answers(again(id)));
    l.hear({ kind: 'said', at: at(), what: 'keep', legId: id, linkedid: id });
  };
  const other = leg('dan', '104', { linkedid: 'dan', exten: '*73', dnid: '*73' });
  l.hear(rings(other), answers(other), {
    kind: 'said',
    at: at(),
    what: 'keep',
    legId: 'dan',
    linkedid: 'dan',
  });
  await l.said();
  t.same(await l.catalogue.directives.of('C1'), [], 'not by somebody else');
  dials('ann2');
  await l.said();
  t.match(await l.catalogue.directives.of('C1'), [{ kind: 'keep', how: 'user_event', legId: null }]);
});

t.test('keys, events of the PBX and a long number that is typed are heard, each of its call', async (t) => {
  const l = await talking(t);
  const press = async (legId: string, keys: string) => {
    for (const digit of keys) l.hear({ kind: 'digit', at: at(), legId, digit });
    await l.said();
  };
  const kept = async () => (await l.catalogue.directives.of('C1')).map((d) => `${d.kind} ${d.how} ${d.who}`);
  await press('bob', '*7');
  t.same(await kept(), ['mask digits *7']);
  await press('bob', '*8');
  l.hear({ kind: 'said', at: at(), what: 'mask', legId: 'bob', linkedid: '' });
  await l.said();
  l.hear({ kind: 'said', at: at(), what: 'resume', legId: null, linkedid: 'one' });
  await l.said();
  t.same((await kept()).slice(1), ['resume digits *8', 'mask user_event ', 'resume user_event ']);
  const first = at() + 10;
  await press('ann', '4111111111111111');
  const burst = (await l.catalogue.directives.of('C1')).at(-1)!;
  t.match(burst, { kind: 'mask', how: 'rule', who: '', at: first }, 'from the first digit on');
  l.hear({
    ...{ kind: 'consent', at: at(), legId: 'ann', answer: 'no', prompt: '', language: 'en', digit: '9' },
  });
  await l.said();
  t.equal((await kept()).at(-1), 'decline dialplan 9');
  t.notMatch(JSON.stringify(await l.catalogue.directives.of('C1')), /4111/, 'no digit is kept');
});
