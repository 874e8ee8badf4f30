import t from 'tap';
import type { RecordRule } from '../../../daemon/domain/policy/policy.js';
import type { Telling } from '../../../daemon/domain/telling/schema.js';
import { CALL, digit, inbound, NEW_YORK, NY_CALLER, telling } from '../../support/pbx/inform-lab.js';
import {
  ANN,
  answers,
  BOB,
  conversation,
  EMPTY,
  goes,
  joins,
  lab,
  leaves,
  OLGA,
  pass,
  rings,
} from '../../support/record-lab.js';
import { until } from '../../support/recorder.js';

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
    await until(`try ${n}`, () => l.prompts.asked.includes(`whisper bob ${n}-tell`));
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
    // One that is over is taken away a little later.
    if (!late) t.ok(l.prompts.asked.includes('hangup 0-tell'), 'the prompt is cut off');
  }
  const l = await telling(t, { mode: 'announce_refusal' });
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  l.over(0);
  await l.said();
  pass(1_600);
  l.hear(digit('bob', '9'));
  await l.said();
  t.match(l.recorder.list(), [{ recorded: true }], 'much later it is a key like any other of our own side');
  l.hear(leaves(BOB), digit('olga', '9'), joins(BOB));
  await l.said();
  t.match(l.recorder.list(), [{ recorded: true }], 'and of who talks with nobody');
  l.hear(digit('olga', '9'));
  await l.said();
  t.match(l.recorder.list(), [{ recorded: false, declined: true }], 'nobody told the caller to be quick');
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

t.test(
  'what the law wants in the recording is said there once everybody has agreed, and nothing before',
  async (t) => {
    const overrides = [{ id: 'unknown', least: 'ask' as const, prompt_in_recording: true, note: 'Counsel' }];
    const l = await telling(t, { overrides });
    l.hear(...inbound(), joins(OLGA), joins(BOB));
    await l.said();
    t.same(l.capture.asked, []);
    l.up(0);
    await l.said();
    t.same(l.prompts.asked, ['whisper bob 0-tell', 'play ask-en-1 0-tell']);
    l.over(0);
    l.hear(digit('olga', '1'));
    await l.said();
    t.same(l.capture.asked, [`begin ${CALL}-0 olga`]);
    await until('the second prompt', () => l.prompts.asked.includes('whisper bob 1-tell'));
    l.up(1);
    await l.said();
    t.ok(l.prompts.asked.includes('play announce-en-9 1-tell'), l.prompts.asked.join());
    l.over(1);
    await l.said();
    t.match((await l.ledger()).played, [
      { prompt: { kind: 'ask' } },
      { prompt: { kind: 'announce' }, whole: true },
    ]);

    const other = await telling(t, { overrides });
    other.hear(...inbound(), joins(OLGA), joins(BOB));
    await other.said();
    other.hear(goes(OLGA), goes(BOB));
    await other.said();
    t.match(await other.coverage(), { status: 'excluded', why: { code: 'no_consent' } });
    t.same(other.capture.asked, [], 'not for a moment');
  },
);
