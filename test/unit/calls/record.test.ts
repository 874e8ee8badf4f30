import t from 'tap';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import { fail } from '../../../daemon/domain/error.js';
import { defaultPolicy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
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
  leg,
  OLGA,
  rings,
  scripted,
  spoolName,
  T0,
} from '../../support/record-lab.js';
import { worded } from '../../support/words.js';

const rule = (when: RecordRule['when'], name = 'Not this one'): RecordRule => ({
  name,
  reason: 'Because.',
  when,
  outcome: 'skip',
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
  t.match(await l.catalogue.calls.get('C1'), { outcome: 'answered', coverage: { status: 'pending' } });
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
  const call = await l.catalogue.calls.get('C1');
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
  t.match(worded((await l.catalogue.calls.get('C1'))?.coverage), {
    status: 'excluded',
    rule: 'Bob',
    reason: 'Because.',
  });
  l.hear(goes(BOB), goes(OLGA));
  await l.idle();
  t.same(capture.asked, []);
  t.match(worded((await l.catalogue.calls.get('C1'))?.coverage), {
    status: 'excluded',
    rule: 'Bob',
    reason: 'Because.',
  });
  t.same(l.captured, []);
});

t.test('a call is decided by the policy that was in force when it began, and says by which', async (t) => {
  const dir = t.testdir();
  const capture = scripted();
  const l = await lab(t, { at: dir, capture, rules: [rule({ extension: ['999'] }, 'Nobody')] });
  await l.recorder.recover(EMPTY);
  l.hear(rings(OLGA));
  await l.idle();
  const none = { ...defaultPolicy, record: [rule({}, 'Nothing')] };
  t.equal(await l.catalogue.policy.save(none, 'test', T0, 1), 2);
  l.hear(...conversation(OLGA, BOB));
  await l.idle();
  l.hear(leaves(BOB), goes(BOB), answers(CY), joins(CY));
  await l.idle();
  t.same(capture.asked, ['begin C1-0 olga'], 'nor does what happens later bring it under the new one');
  await l.recorder.stop();

  capture.running.add('C1-0');
  const after = await lab(t, { at: dir, capture, mint: () => 'C2' });
  const { recorder, catalogue } = after;
  await recorder.recover({
    ...EMPTY,
    at: at(),
    legs: [OLGA, CY],
    bridges: [{ id: 'b', legs: ['olga', 'cy'], waiting: false }],
  });
  after.hear(goes(CY), goes(OLGA));
  await after.idle();
  t.match(await catalogue.calls.get('C1'), {
    coverage: { status: 'pending' },
    decision: { version: 1, outcome: 'record', rule: null, why: { code: 'recorded_by_default' } },
  });
  after.hear(...conversation({ ...ANN, linkedid: 'two' }, { ...BOB, linkedid: 'two' }));
  await after.idle();
  t.match(
    (await catalogue.calls.open())[0]?.decision,
    { version: 2, outcome: 'skip', rule: 'Nothing' },
    'the next one is',
  );
});

t.test('a call to an emergency number is never captured, whatever the rules say', async (t) => {
  const capture = scripted();
  const all: RecordRule = { name: 'All', reason: '', when: {}, outcome: 'record' };
  const l = await lab(t, { capture, rules: [all] });
  await l.recorder.recover(EMPTY);
  const line = leg('line', '', { context: 'from-trunk' });
  l.hear(...conversation({ ...ANN, dnid: '112', exten: '112' }, line), goes(line), goes(ANN));
  await l.idle();
  t.same(capture.asked, []);
  t.match((await l.catalogue.calls.get('C1'))?.coverage, { status: 'excluded', rule: 'Emergency numbers' });
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
  t.match((await l.catalogue.calls.get('C1'))?.coverage, { status: 'excluded', rule: 'Cy' });
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
  t.match(await l.catalogue.calls.get('C1'), {
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
  t.match(await l.catalogue.calls.get('C2'), { outcome: 'failed' }, 'another call does not wait for it');
  t.equal(
    (await l.catalogue.calls.get('C1'))?.marks.filter((m) => m.kind === 'hold').length,
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
  t.match(await l.catalogue.calls.get('C2'), { id: 'C1' }, 'its id is another name of the call');
  t.same(await l.states('C1'), ['0 ann capturing', '0 cy dropped']);
  t.equal((await l.catalogue.calls.list({ limit: 10 })).length, 1);
});
