import t, { type Test } from 'tap';
import type { DirectiveKind } from '../../../daemon/domain/call/directive.js';
import type { KeptDecision } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { Notice } from '../../../daemon/domain/telling/notice.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall } from '../../support/recordings/a-call.js';
import { answeredAt, preserveLab, toneWav } from '../../support/recordings/preserve-lab.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

const leg = (id: string, ours: boolean, upAt = answeredAt) => ({
  ...{ id, party: { number: id, name: '', ours }, endpoint: id, seenAt: upAt, upAt, goneAt: null },
});
/** Two outside parties and an extension; the third outside party came when all was captured. */
const LEGS = [leg('them', false), leg('us', true), leg('too', false), leg('late', false, answeredAt + 2_000)];

/** An ended call of this outcome, of which these things were said. Now is a minute after its answer. */
async function open(
  t: Test,
  outcome: KeptDecision['outcome'],
  talkMs: number,
  said: (DirectiveKind | [DirectiveKind, string])[] = [],
) {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneWav(3), out: toneWav(3) }], { talkMs });
  const call = {
    ...aCall(id),
    legs: LEGS,
    answeredAt,
    endedAt: answeredAt + talkMs,
    outcome: 'answered' as const,
  };
  const why = because('rule', { reason: 'Because.' });
  await lab.catalogue.calls.save(call, undefined, { version: 0, outcome, rule: 'The rule', why });
  for (const one of said) await (typeof one === 'string' ? lab.say(id, one) : lab.say(id, ...one));
  return lab;
}

t.test('what nobody asked for is destroyed once the minute after its call is over', async (t) => {
  const lab = await open(t, 'on_demand', 0);
  const call = await lab.run(id);
  t.match(call, { coverage: { status: 'not_kept', rule: 'The rule', why: { code: 'not_asked_for' } } });
  t.same([lab.spool(), lab.sealed(), call.recording], [[], [], null]);
  t.same(await lab.catalogue.segments.callsToPreserve(), []);
});

t.test('until then it waits, over restarts too, and is made once somebody asks', async (t) => {
  const lab = await open(t, 'on_demand', 3_000);
  lab.preserver.enqueue('', id);
  await lab.settled();
  t.equal(lab.spool().length, 2);
  t.equal((await lab.catalogue.calls.get(id))?.coverage.status, 'pending');
  t.same(await lab.catalogue.segments.callsToPreserve(), [id], 'a start finds it');
  await lab.say(id, 'keep');
  const call = await lab.run(id);
  t.match(call, { coverage: { status: 'recorded' }, recording: { state: 'sealed' } });
});

t.test('what somebody asked for in time is made', async (t) => {
  const lab = await open(t, 'on_demand', 0, ['keep']);
  t.match(await lab.run(id), { coverage: { status: 'recorded' }, recording: { state: 'sealed' } });
});

t.test('a refusal and a missing yes leave nothing, whatever was captured', async (t) => {
  for (const [outcome, said, coverage] of [
    ['record', ['decline'], { status: 'declined', why: { code: 'declined' } }],
    ['on_demand', ['keep', 'decline'], { status: 'declined' }],
    ...(
      [
        [],
        ['allow'],
        [['allow', 'us'], 'allow'],
        [
          ['allow', 'them'],
          ['allow', 'us'],
        ],
      ] as const
    ).map(
      (said) => ['ask', said, { status: 'excluded', rule: 'The rule', why: { code: 'no_consent' } }] as const,
    ),
    [
      'record',
      [
        ['decline', 'them'],
        ['allow', 'us'],
        ['allow', 'too'],
      ],
      { status: 'declined' },
    ],
    ['ask', ['allow', 'decline'], { status: 'declined' }],
    ['skip', ['keep'], { status: 'excluded', rule: 'The rule' }],
  ] as const) {
    const lab = await open(t, outcome, 0, [...said] as Parameters<typeof open>[3]);
    const call = await lab.run(id);
    t.match(call.coverage, coverage, `${outcome}, ${said.join(', ')}`);
    t.same([lab.spool(), lab.sealed(), call.recording], [[], [], null]);
  }
});

t.test('who agreed, or took a refusal back, is recorded', async (t) => {
  const all: [DirectiveKind, string][] = [
    ['allow', 'them'],
    ['allow', 'too'],
  ];
  for (const [outcome, said] of [
    ['ask', all],
    ['record', ['decline', 'allow']],
    ['record', [['decline', 'them'], ...all]],
  ] as [KeptDecision['outcome'], Parameters<typeof open>[3]][]) {
    const lab = await open(t, outcome, 0, said);
    t.match(await lab.run(id), { coverage: { status: 'recorded' }, recording: { state: 'sealed' } });
  }
});

t.test(
  'of captures that were begun at different times those are kept that everybody had agreed to',
  async (t) => {
    const lab = await preserveLab(t);
    const anew = { in: toneWav(1), out: toneWav(1), atMs: 3_000, because: because('source_changed') };
    await lab.add(id, [{ in: toneWav(2), out: toneWav(2) }, anew], { talkMs: 4_000 });
    const call = {
      ...aCall(id),
      legs: LEGS,
      answeredAt,
      endedAt: answeredAt + 4_000,
      outcome: 'answered' as const,
    };
    const why = because('rule', { reason: 'Because.' });
    await lab.catalogue.calls.save(
      call,
      { status: 'pending', why: because('consent_awaited'), rule: null, missingMs: 0 },
      { version: 0, outcome: 'ask', rule: 'The rule', why },
    );
    for (const who of ['them', 'too']) await lab.say(id, 'allow', who);
    t.match(await lab.run(id), {
      coverage: { status: 'recorded', missingMs: 0 },
      recording: { gaps: [{ atMs: 2_000, untilMs: 4_000, why: { code: 'consent_awaited' } }] },
    });
    t.match(await lab.catalogue.segments.of(id), [{ state: 'preserved' }, { state: 'dropped' }]);
    t.same(lab.spool(), []);
  },
);

t.test('what came before somebody asked is told as a gap, and makes nothing partial', async (t) => {
  for (const code of [
    'not_asked_for_until_then',
    'consent_awaited',
    'declined_until_then',
    'nobody_to_tell',
  ] as const) {
    const lab = await preserveLab(t);
    await lab.add(id, [{ in: toneWav(3), out: toneWav(3), atMs: 2_000, because: because(code) }], {
      talkMs: 5_000,
    });
    t.match(await lab.run(id), {
      coverage: { status: 'recorded', missingMs: 0 },
      recording: { gaps: [{ atMs: 0, why: { code } }] },
    });
  }
});

t.test('nothing is kept of who was not told to the end, where the law wants that', async (t) => {
  const cut = { whole: false, heardBy: [] };
  const failed = { ...cut, failed: because('prompt_interrupted') };
  const silent = { mode: 'silent' as const, because: [] };
  const lawless = { because: [{ code: 'default' as const, mode: 'announce' as const }] };
  for (const [what, notice, played, coverage] of [
    ['told', {}, [cut, { heardBy: ['them', 'us'] }], { status: 'recorded' }],
    ['cut off', {}, [cut], { status: 'not_kept', why: { code: 'ended_before_told' } }],
    ['never begun', {}, [], { status: 'not_kept', why: { code: 'ended_before_told' } }],
    ['not playable', {}, [failed], { status: 'not_recorded', why: { code: 'not_told' }, missingMs: 3_000 }],
    ['where one may consent', lawless, [cut], { status: 'recorded' }],
    ['silent', silent, [], { status: 'recorded' }],
    [
      'asked, no answer',
      { mode: 'ask' as const },
      [{ heardBy: ['them'] }],
      { status: 'excluded', why: { code: 'no_consent' } },
    ],
    ['told to our own side alone', {}, [{ heardBy: ['us'] }], { status: 'not_kept' }],
  ] as const) {
    const lab = await open(t, 'record', 3_000);
    await lab.catalogue.notices.decide({ ...aNotice(id), ...notice } as Notice);
    for (const one of played) await lab.catalogue.notices.tell({ ...aPlaying(id), ...one });
    const call = await lab.run(id);
    t.match(call.coverage, coverage, what);
    t.equal(call.recording !== null, coverage.status === 'recorded', what);
    t.same(lab.spool(), [], what);
  }
});
