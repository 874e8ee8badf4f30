import { mock } from 'node:test';
import t from 'tap';
import type { RecordRule } from '../../../daemon/domain/policy/policy.js';
import { CALL, digit, inbound, NEW_YORK, NY_CALLER, telling } from '../../support/pbx/inform-lab.js';
import {
  ANN,
  answers,
  at,
  BOB,
  EMPTY,
  goes,
  joins,
  lab,
  leaves,
  OLGA,
  rings,
  scripted,
} from '../../support/record-lab.js';

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

t.test('who joins later is told too, and who is there then', async (t) => {
  const l = await telling(t);
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  l.over(0);
  await l.said();
  l.hear(leaves(BOB), goes(BOB), rings(ANN), answers(ANN), joins(ANN));
  await l.said();
  t.ok(l.prompts.asked.includes('whisper ann 1-tell'), l.prompts.asked.join());
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

const here = (legs: readonly object[]) =>
  ({ ...EMPTY, at: at(), legs, bridges: [{ id: 'b', legs: ['olga', 'bob'], mixed: false }] }) as never;

t.test(
  'what the dialplan was answered while nobody listened is asked for, and older than what was heard',
  async (t) => {
    for (const [given, later, captured, answers] of [
      ['no', null, false, [{ kind: 'decline', how: 'dialplan', legId: 'olga' }]],
      ['yes', null, true, [{ kind: 'allow', how: 'dialplan', legId: 'olga' }]],
      ['no', 'allow', true, [{ kind: 'decline' }, { kind: 'allow', how: 'digits' }]],
    ] as const) {
      const rules: RecordRule[] =
        given === 'yes' ? [{ name: 'Ask', reason: 'r', when: {}, outcome: 'ask' }] : [];
      const l = await lab(t, { rules, mint: () => CALL });
      await l.recorder.recover(EMPTY);
      l.prompts.state.consents.set('olga', given);
      await l.recorder.resync(here([OLGA, BOB]), { watchedUntil: null });
      await l.said();
      if (later) await l.recorder.direct(CALL, { kind: later, how: 'digits', who: '1', legId: 'olga' });
      await l.recorder.resync(here([OLGA, BOB]), { watchedUntil: null });
      await l.said();
      t.match(l.recorder.list(), [{ recorded: captured }], `${given}, then ${later}`);
      const said = await l.catalogue.directives.of(CALL);
      t.match(said, answers);
      t.equal(said.length, answers.length, 'once');
    }
  },
);

t.test('who may have answered by a key while nobody listened is asked again, once', async (t) => {
  const l = await telling(t, { mode: 'announce_refusal' });
  l.hear(...inbound(), joins(OLGA), joins(BOB));
  await l.said();
  l.up(0);
  l.over(0);
  await l.said();
  const heardAt = (await l.ledger()).played[0]!.endedAt;
  const away = async (watchedUntil: number) => {
    l.prompts.asked.length = 0;
    await l.recorder.resync(
      here([
        { ...OLGA, state: 'up' },
        { ...BOB, state: 'up' },
      ]),
      { watchedUntil },
    );
    await l.said();
    return l.prompts.asked.filter((one) => one.startsWith('whisper'));
  };
  t.same(await away(heardAt + 15_000), [], 'the time for an answer was over');
  t.same(await away(heardAt + 14_000), ['whisper bob 1-tell']);
  l.up(1);
  l.over(1);
  await l.said();
  l.hear(digit('bob', '9'));
  t.same(await away(heardAt + 14_000), [], 'not for the same gap again');
});
