import { mock } from 'node:test';
import t, { type Test } from 'tap';
import type { PbxEvent } from '../../../daemon/domain/call/event.js';
import type { RecordRule } from '../../../daemon/domain/policy/policy.js';
import type { Telling } from '../../../daemon/domain/telling/schema.js';
import { PROMPT_MS } from '../../support/pbx/whispers.js';
import {
  ANN,
  answers,
  at,
  BOB,
  conversation,
  EMPTY,
  goes,
  joins,
  lab,
  leaves,
  OLGA,
  type Options,
  pass,
  rings,
  scripted,
} from '../../support/record-lab.js';

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** A recorder that tells people. What is played is over when the test says so. */
async function telling(t: Test, policy: Telling = {}, more: Options = {}) {
  const capture = scripted();
  let n = 0;
  const mint = () => CALL.slice(0, -1) + 'VWXYZ'[n++];
  const l = await lab(t, { telling: policy, capture, mint, ...more });
  await l.recorder.recover(EMPTY);
  const id = (n: number) => `tapedeck-${CALL}-${n}-tell`;
  return {
    ...l,
    capture,
    up(n: number): void {
      l.hear({ kind: 'snoop-up', at: at(), id: id(n) }, { kind: 'prompt-started', at: at(), id: id(n) });
    },
    over(n: number, ms = PROMPT_MS): void {
      pass(ms / 10);
      l.hear({ kind: 'prompt-finished', at: at(), id: id(n), ok: true });
    },
    ledger: () => l.catalogue.notices.of(CALL),
    coverage: async () => (await l.catalogue.calls.get(CALL))?.coverage,
  };
}
const digit = (legId: string, digit: string): PbxEvent => ({ kind: 'digit', at: at(), legId, digit });
/** Olga calls Bob, and both are up. */
const inbound = (olga = OLGA) => [rings(olga), rings(BOB), answers(olga), answers(BOB)];
/** New York lets one party consent. */
const NEW_YORK: Telling = { subdivision: 'NY' };
const NY_CALLER = { ...OLGA, number: '+12125550142' };

t.test('nothing is captured until somebody is there to be told, and then both hear the prompt', async (t) => {
  const l = await telling(t);
  l.hear(...inbound());
  await l.said();
  t.match(l.recorder.list(), [{ recorded: false, why: { code: 'nobody_to_tell' } }]);
  t.same(l.capture.asked, []);
  l.hear(joins(OLGA), joins(BOB));
  await l.said();
  t.same(l.capture.asked, [`begin ${CALL}-0 olga`], 'captured first, so that the recording has the prompt');
  t.same(l.prompts.asked, ['whisper bob 0-tell']);
  l.up(0);
  await l.said();
  t.equal(l.recorder.captures()[0]?.told, true, 'silence is no mute');
  t.same(l.prompts.asked.slice(1), ['play announce-en-9 0-tell']);
  l.over(0);
  await l.said();
  const { notice, played } = await l.ledger();
  t.match(notice, {
    mode: 'announce',
    language: 'en',
    number: '+15550142',
    because: [{ code: 'default', mode: 'announce' }, { code: 'jurisdiction' }],
  });
  t.match(played, [
    { what: 'prompt', leg: 'bob', whole: true, heardBy: ['olga', 'bob'], prompt: { kind: 'announce' } },
  ]);
  t.equal(played.length, 1);
  l.hear(goes(BOB), goes(OLGA));
  await l.said();
  t.match(await l.coverage(), { status: 'pending' });
  t.match(await l.catalogue.segments.of(CALL), [{ because: { code: 'nobody_to_tell' } }]);
});

t.test('a policy that says nothing of it tells nobody', async (t) => {
  const l = await lab(t);
  await l.recorder.recover(EMPTY);
  l.hear(...conversation(ANN, BOB));
  await l.said();
  t.same(l.prompts.asked, []);
  t.match(l.recorder.list(), [{ recorded: true }]);
});

t.test('a voicemail that answers is no conversation', async (t) => {
  const l = await telling(t);
  l.hear(rings(OLGA), answers(OLGA));
  await l.said();
  l.hear(goes(OLGA));
  await l.said();
  t.same(l.capture.asked, []);
  t.match(await l.coverage(), { status: 'excluded', why: { code: 'nobody_to_tell' } });
});

t.test('of who was not told to the end nothing is kept, where the law wants that', async (t) => {
  const l = await telling(t);
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  pass(100);
  l.hear(goes(OLGA), goes(BOB));
  await l.said();
  t.match((await l.ledger()).played, [{ whole: false, heardBy: [] }]);
  t.match(await l.coverage(), { status: 'pending' }, 'it is decided when it is sealed, see kept.test');
});

t.test(
  'a prompt that cannot be brought to the PBX: not a byte is captured, and an alarm rises',
  async (t) => {
    const l = await telling(t);
    l.prompts.state.broken = true;
    l.hear(...inbound(), joins(OLGA), joins(BOB));
    await l.said();
    t.same(l.capture.asked, []);
    t.same(l.raised, ['telling_failed']);
    t.match(l.recorder.list(), [{ recorded: false, why: { code: 'not_told' } }]);
    pass(500);
    l.hear(goes(OLGA), goes(BOB));
    await l.said();
    const covered = await l.coverage();
    t.match(covered, { status: 'not_recorded', why: { code: 'not_told' } });
    t.ok(covered!.missingMs >= 5_000, 'so much is missing');
    t.match((await l.ledger()).played, [{ whole: false, failed: { code: 'error' }, prompt: { hash: null } }]);
  },
);

t.test(
  'where nobody has to be told, a prompt that cannot be played keeps no call from being recorded',
  async (t) => {
    const l = await telling(t, NEW_YORK, { region: 'US' });
    l.prompts.state.broken = true;
    l.hear(...inbound(NY_CALLER), joins(NY_CALLER), joins(BOB));
    await l.said();
    t.same(l.raised, ['telling_failed']);
    t.match(l.recorder.list(), [{ recorded: true }]);
  },
);

t.test('a prompt that fails three times ends what was captured and destroys it', async (t) => {
  const l = await telling(t);
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  for (const n of [0, 1, 2]) {
    while (!l.prompts.asked.includes(`whisper bob ${n}-tell`)) await new Promise((r) => setTimeout(r, 10));
    l.up(n);
    l.over(n, 100);
  }
  await l.said();
  t.match(l.capture.asked, [`begin ${CALL}-0 olga`, `drop ${CALL}-0`]);
  t.match(l.recorder.list(), [{ recorded: false, why: { code: 'not_told' } }]);
  t.equal((await l.ledger()).played.length, 3);
});

t.test('a key refuses while the prompt is played and a little later, and says who it was', async (t) => {
  for (const late of [false, true]) {
    const l = await telling(t, { mode: 'announce_refusal' });
    l.hear(...inbound(), joins(OLGA), joins(BOB));
    await l.said();
    t.ok(l.prompts.state.keysHeard);
    l.up(0);
    if (late) l.over(0);
    await l.said();
    l.hear(digit('olga', '5'));
    await l.said();
    t.match(l.recorder.list(), [{ recorded: true }], 'another key');
    l.hear(digit('olga', '9'));
    await l.said();
    t.match(l.recorder.list(), [{ recorded: false, declined: true }]);
    t.match(await l.catalogue.directives.of(CALL), [
      { kind: 'decline', how: 'digits', who: '9', legId: 'olga' },
    ]);
    t.ok(l.capture.asked.includes(`drop ${CALL}-0`));
    t.equal(l.prompts.asked.includes('hangup 0-tell'), !late, 'the prompt is cut off');
  }
  const l = await telling(t, { mode: 'announce_refusal' });
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  l.over(0);
  await l.said();
  pass(1_600);
  l.hear(digit('olga', '9'));
  await l.said();
  t.match(l.recorder.list(), [{ recorded: true }], 'much later it is a key like any other');
});

t.test('who is asked is captured from their yes on', async (t) => {
  const rule: RecordRule = { name: 'Ask', reason: 'r', when: {}, outcome: 'ask' };
  for (const more of [{ rules: [rule] }, {}]) {
    const policy: Telling = { ...NEW_YORK, ...(more.rules ? {} : { mode: 'ask' }) };
    const l = await telling(t, policy, { ...more, region: 'US' });
    l.hear(...inbound(NY_CALLER), joins(NY_CALLER), joins(BOB));
    await l.said();
    t.same(l.capture.asked, []);
    t.same(l.prompts.asked, ['whisper bob 0-tell'], 'they are asked all the same');
    l.up(0);
    l.over(0);
    await l.said();
    t.match(l.recorder.list(), [{ recorded: false, why: { code: 'consent_awaited' } }]);
    l.hear(digit('olga', '1'));
    await l.said();
    t.same(l.capture.asked, [`begin ${CALL}-0 olga`]);
    t.match(await l.ledger(), { notice: { mode: 'ask', rule: more.rules ? 'Ask' : null } });
  }
});

t.test('a rule that comes to decide in mid-call has its own prompt played, to everybody', async (t) => {
  const rule: RecordRule = {
    ...{ name: 'Sales', reason: 'r', when: { queue: ['sales'] }, outcome: 'record' },
    tell: 'announce_refusal',
  };
  const l = await telling(t, {}, { rules: [rule] });
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  await l.said();
  t.same(l.prompts.asked, ['whisper bob 0-tell', 'play announce-en-9 0-tell']);
  l.prompts.asked.length = 0;
  l.hear({ kind: 'queue', at: at(), legId: 'olga', step: 'join', queue: 'sales', agent: '' });
  await l.said();
  t.same(l.prompts.asked, ['hangup 0-tell', 'whisper bob 1-tell'], 'the one before is cut off');
  l.up(1);
  l.over(1);
  await l.said();
  t.match(l.prompts.asked.slice(2), ['play announce_refusal-en-9 1-tell']);
  const { notice, played } = await l.ledger();
  t.match(notice, { mode: 'announce_refusal', rule: 'Sales' });
  t.match(played, [
    { prompt: { kind: 'announce' }, whole: false, heardBy: [] },
    { prompt: { kind: 'announce_refusal' }, whole: true, heardBy: ['olga', 'bob'] },
  ]);
  l.hear(digit('olga', '9'));
  await l.said();
  t.match(l.recorder.list(), [{ recorded: false }], 'its key refuses');
});

t.test('where the law wants the question in the recording, that is captured', async (t) => {
  const overrides = [{ id: 'unknown', least: 'ask' as const, prompt_in_recording: true, note: 'Counsel' }];
  const l = await telling(t, { overrides });
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  t.same(l.capture.asked, [`begin ${CALL}-0 olga`]);
  l.hear(goes(OLGA), goes(BOB));
  await l.said();
  t.match(await l.coverage(), { status: 'pending' }, 'it is destroyed when it is sealed: nobody agreed');
});

t.test('who joins later is told too, and who is there then', async (t) => {
  const l = await telling(t);
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  l.over(0);
  await l.said();
  l.hear(leaves(BOB), goes(BOB), rings(ANN), answers(ANN), joins(ANN));
  await l.said();
  t.equal(l.prompts.asked.at(-1), 'whisper ann 1-tell');
  l.up(1);
  l.over(1);
  await l.said();
  t.match((await l.ledger()).played, [
    { heardBy: ['olga', 'bob'] },
    { heardBy: ['olga', 'ann'], leg: 'ann' },
  ]);
});

t.test('what the dialplan has told is not told again, but to outsiders who join', async (t) => {
  const l = await telling(t);
  l.hear(rings(OLGA), answers(OLGA));
  l.hear({
    ...{ kind: 'consent', at: at(), legId: 'olga', answer: 'told' },
    ...{ prompt: 'tapedeck/announce', language: 'de', digit: '' },
  });
  l.hear(rings(BOB), answers(BOB), joins(OLGA), joins(BOB));
  await l.said();
  t.same(l.prompts.asked, []);
  t.same(l.capture.asked, [`begin ${CALL}-0 olga`]);
  t.match((await l.ledger()).played, [
    {
      what: 'dialplan',
      leg: 'olga',
      heardBy: ['olga'],
      prompt: { name: 'tapedeck/announce', language: 'de' },
    },
  ]);
  const pat = { ...OLGA, id: 'pat', number: '+15550143' };
  l.hear(leaves(BOB), goes(BOB), rings(pat), answers(pat), joins(pat));
  await l.said();
  t.same(l.prompts.asked, ['whisper pat 0-tell']);
});

t.test('of repeated tones the ledger has the first that somebody heard, and the last', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.teardown(() => mock.timers.reset());
  const l = await telling(t, { ...NEW_YORK, mode: 'beep' }, { region: 'US' });
  const tone = async (n: number) => {
    if (n > 0) mock.timers.tick(15_000);
    await l.said();
    l.up(n);
    l.over(n);
    await l.said();
  };
  l.hear(...inbound(NY_CALLER), joins(NY_CALLER), joins(BOB));
  await l.said();
  t.same(l.prompts.asked, ['whisper bob 0-tell']);
  await tone(0);
  t.match(await l.ledger(), { notice: { mode: 'beep', beepSeconds: 15 }, played: [{ what: 'beep' }] });
  await tone(1);
  await tone(2);
  t.equal((await l.ledger()).played.length, 1, 'while they go on there is no row for each');
  l.hear(goes(BOB), goes(NY_CALLER));
  await l.said();
  const { played } = await l.ledger();
  t.same(
    played.map(({ what, whole, heardBy }) => ({ what, whole, heardBy: [...heardBy].sort() })),
    [0, 1].map(() => ({ what: 'beep', whole: true, heardBy: ['bob', 'olga'] })),
  );
  t.ok(played[1]!.startedAt! - played[0]!.startedAt! > 0, 'the second row is of a later tone');
});

t.test('what the dialplan told while nobody listened is asked for', async (t) => {
  const l = await lab(t, { telling: {}, mint: () => CALL });
  l.prompts.state.consents.set('olga', 'told');
  const bridges = [{ id: 'b', legs: ['olga', 'bob'], mixed: false }];
  await l.recorder.recover(EMPTY);
  await l.recorder.resync({ ...EMPTY, at: at(), legs: [OLGA, BOB], bridges } as never, {
    watchedUntil: null,
  });
  await l.said();
  l.prompts.asked.length = 0;
  await l.recorder.resync({ ...EMPTY, at: at(), legs: [OLGA, BOB], bridges } as never, {
    watchedUntil: null,
  });
  await l.said();
  t.match((await l.catalogue.notices.of(CALL)).played, [
    { what: 'dialplan', leg: 'olga', heardBy: ['olga'] },
  ]);
});

t.test('after a restart nobody is told twice, and what was cut off by it is told as that', async (t) => {
  const dir = t.testdir();
  const capture = scripted();
  const l = await telling(t, {}, { at: dir, capture });
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  await l.recorder.stop();
  await l.catalogue.stop();
  capture.running.add(`${CALL}-0`);
  const again = await lab(t, { at: dir, capture });
  const now = {
    ...EMPTY,
    at: at(),
    legs: [OLGA, BOB],
    bridges: [{ id: 'b', legs: ['olga', 'bob'], mixed: false }],
    snoops: [`tapedeck-${CALL}-0-tell`],
  };
  await again.recorder.recover(now as never);
  await again.said();
  t.same(again.prompts.asked, ['hangup 0-tell', 'whisper bob 1-tell'], 'it is told anew');
  t.match((await again.catalogue.notices.of(CALL)).played, [
    { whole: false, failed: { code: 'prompt_interrupted' } },
  ]);
});
