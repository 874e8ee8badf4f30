import t from 'tap';
import { directed } from '../../../daemon/domain/call/directive.js';
import { factsOf } from '../../../daemon/domain/call/facts-of.js';
import { dates, shownTimes, startOfDay, times } from '../../../daemon/domain/days.js';
import { askedOf, courseOf, fateOf } from '../../../daemon/domain/policy/course.js';
import { ALL_KNOWN, type CallFacts } from '../../../daemon/domain/policy/facts.js';
import { endText } from '../../../daemon/domain/policy/lists/list-file.js';
import { decideRecord, defaultPolicy, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import { createReplay } from '../../../daemon/domain/policy/replay.js';
import { createStandingIndex, stateOf } from '../../../daemon/domain/policy/standing/standing.js';
import { givenText } from '../../../daemon/domain/policy/standing/standing-file.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { ANN, call, GIVEN, holding, NOW, one, policy, rule, site } from '../../support/catalogue/standing.js';
import { aCall } from '../../support/recordings/a-call.js';

const brief = (facts: CallFacts, ...rules: RecordRule[]) => {
  const { outcome, rule, open, meanwhile, agreed } = decideRecord(policy(...rules), facts);
  return [rule ?? '-', outcome, agreed && 'agreed', ...(open ? ['open', meanwhile] : [])]
    .filter(Boolean)
    .join(' ');
};

t.test('one holds from the day it was given to its end or its withdrawal, in any notation', async (t) => {
  const index = createStandingIndex('DE');
  const kinds = (number: string, from: number, to = from) =>
    index
      .holding(number, from, to)
      .map(({ kind }) => kind)
      .sort()
      .reverse();
  index.put(one({ until: NOW + 50 }));
  index.put(one({ id: 2, kind: 'consent', number: '030 1234567' }));
  for (const number of ['0301234567', ANN, '0049 30 1234567', '49301234567'])
    t.same(kinds(number, NOW), ['objection', 'consent'], number);
  t.match(index.holding('0301234567', NOW, NOW), [{ number: '0301234567' }, {}], 'as the call has it');
  t.same(kinds('0301234568', NOW), []);
  t.same(kinds('', NOW), [], 'a withheld number');
  t.same(kinds(ANN, GIVEN - 1), []);
  t.same(kinds(ANN, GIVEN), ['objection', 'consent']);
  t.same(kinds(ANN, NOW + 49, NOW + 60), ['objection', 'consent'], 'it held when the call began');
  t.same(kinds(ANN, NOW + 50), ['consent']);
  t.same(kinds(ANN, GIVEN - 9, GIVEN), ['objection'], 'a consent has to hold all the time');
  t.equal(index.anyObjection(), true);
  index.put(one({ until: NOW + 50, withdrawnAt: NOW + 10, withdrawnBy: 'bob' }));
  index.put(one({ id: 2, kind: 'consent', number: '030 1234567', withdrawnAt: NOW + 10 }));
  t.equal(index.anyObjection(), false);
  t.same(kinds(ANN, NOW + 9), ['objection', 'consent']);
  t.same(kinds(ANN, NOW + 9, NOW + 10), ['objection'], 'a consent that is withdrawn in the call is none');
  t.same(kinds(ANN, NOW + 10), []);
  t.equal(stateOf(one({ until: NOW }), NOW - 1), 'in_force');
  t.equal(stateOf(one({ until: NOW }), NOW), 'expired');
  t.equal(stateOf(one({ until: NOW, withdrawnAt: 5 }), NOW), 'withdrawn');
});

t.test('an objection is decided before the rules, and says when it was given', async (t) => {
  const facts = call({}, holding('consent'), holding('objection'));
  t.equal(brief(facts, rule('record')), 'Objection skip', 'it beats a consent too');
  t.equal(
    inWords(decideRecord(defaultPolicy, facts).why),
    "The other party's objection of 2026-05-03 to being recorded holds.",
  );
  t.equal(brief(call({ test: true }, holding('objection'))), '- record', 'a test call is nobody’s');
  const inside = { direction: 'internal', number: '201' } as const;
  t.equal(brief(call(inside, holding('objection', { number: '201' }))), '- record', 'no outside party');
  const added = { ...inside, added: [ANN] };
  t.equal(brief(call(added, holding('objection'))), 'Objection skip', 'one who was added');
});

t.test('while it is not known whether an objection holds nothing is captured', async (t) => {
  const others = { standing: { holding: [], anyObjection: true } };
  const unknown = { ...ALL_KNOWN, number: false };
  t.equal(brief(call({ ...others, known: unknown })), '- record open wait', 'the number is not known');
  const somebody = { direction: 'out', number: '030999', dialled: '030999', known: unknown } as const;
  t.equal(brief(call(somebody)), '- record', 'there is no objection');
  t.equal(brief(call({ ...others, known: unknown }), rule('skip')), 'R skip', 'it is left out anyhow');
  const dialling = {
    ...others,
    ...({ direction: 'internal', number: '201', dialled: '00301234567' } as const),
    known: { ...ALL_KNOWN, extension: false },
  };
  t.equal(brief(call(dialling)), '- record open wait', 'what is dialled may go outside');
  t.equal(brief(call({ ...dialling, dialled: '202' })), '- record');

  const scoped = holding('objection', { extensions: ['202'], queues: ['sales'] });
  t.equal(brief(call({}, scoped)), '- record', 'of another extension');
  t.equal(brief(call({ extensions: ['201', '202'] }, scoped)), 'Objection skip');
  t.equal(brief(call({ queue: 'sales' }, scoped)), 'Objection skip');
  for (const fact of ['extension', 'queue'] as const)
    t.equal(brief(call({ known: { ...ALL_KNOWN, [fact]: false } }, scoped)), '- record open wait', fact);
  t.equal(
    brief(call({ ringing: { extensions: ['202'], numbers: [] } }, scoped)),
    '- record open wait',
    'it is being rung',
  );
  t.equal(
    brief(
      call({ ringing: { extensions: [], numbers: ['+33140'] } }, holding('objection', { number: '+33140' })),
    ),
    '- record open wait',
    'who objects is being rung',
  );
  const away = holding('objection', { extensions: ['warehouse/201'] });
  t.equal(brief(call({}, away)), '- record', 'the extension of that name is on another PBX');
  t.equal(brief(call({ pbx: 'warehouse' }, away)), 'Objection skip');
});

t.test('a consent is the yes that a rule asks for, where each outside party has given one', async (t) => {
  const agreed = call({}, holding('consent'));
  t.equal(brief(agreed, rule('ask')), 'R ask agreed');
  t.equal(
    inWords(decideRecord(policy(rule('ask')), agreed).why),
    "Because. The other party's consent of 2026-05-03 to being recorded holds.",
  );
  t.equal(brief(agreed), '- record agreed');
  t.equal(
    inWords(decideRecord(defaultPolicy, agreed).why),
    'No rule matches; every call is recorded by default.',
  );
  t.equal(brief(agreed, rule('skip')), 'R skip', 'it forces nothing');
  t.equal(brief(call({ added: ['+33140'] }, holding('consent')), rule('ask')), 'R ask');
  const both = [holding('consent'), holding('consent', { number: '+33140' })];
  t.equal(brief(call({ added: ['+33140'] }, ...both), rule('ask')), 'R ask agreed');
  t.equal(brief(call({}, holding('consent', { queues: ['sales'] })), rule('ask')), 'R ask', 'of a queue');
  t.equal(
    brief(call({ queue: 'sales' }, holding('consent', { queues: ['sales'] })), rule('ask')),
    'R ask agreed',
  );
  t.equal(brief(call({ direction: 'internal' }, holding('consent')), rule('ask')), 'R ask', 'of nobody');

  const said = directed([], []);
  const decision = decideRecord(policy(rule('ask')), agreed);
  t.match(courseOf(decision, rule('ask'), said, askedOf([], false)), { course: 'capture' });
  t.match(fateOf(decision, said, { answeredAt: null, endedAt: NOW, legs: [] }, NOW), { fate: 'keep' });
  const without = decideRecord(policy(rule('ask')), call());
  t.match(courseOf(without, rule('ask'), said, askedOf([], false)), {
    course: 'stop',
    why: { code: 'consent_awaited' },
  });
  t.match(fateOf(without, said, { answeredAt: null, endedAt: NOW, legs: [] }, NOW), { fate: 'destroy' });
});

t.test('a replay counts what stood at the time of each call', async (t) => {
  const index = createStandingIndex('DE');
  index.put(one({ number: '+49901820', givenAt: 1_500, withdrawnAt: 2_500 }));
  index.put(one({ id: 2, number: '+49901821', kind: 'consent', givenAt: 0 }));
  const from = (id: string, number: string, startedAt: number) =>
    aCall(id, {
      them: { number, name: '', ours: false },
      startedAt,
      answeredAt: startedAt + 1,
      endedAt: startedAt + 9,
    });
  const standing = {
    holding: (number: string, start: number, end: number | null) => index.holding(number, start, end ?? NOW),
    anyObjection: index.anyObjection,
  };
  const replay = createReplay(
    policy(rule('skip')),
    policy(rule('ask')),
    site,
    () => true,
    undefined,
    standing,
  );
  for (const c of [
    from('before', '+49901820', 1_000),
    from('during', '+49901820', 2_000),
    from('after', '+49901820', 3_000),
    from('agreed', '+49901821', 1_000),
  ])
    replay.add(c);
  const { found } = replay.result();
  t.same(
    found.more.examples.map(({ call, after }) => [call.id, after.outcome]),
    [
      ['before', 'ask'],
      ['after', 'ask'],
    ],
  );
  t.same(
    found.newly.examples.map(({ call, after }) => [call.id, after.outcome]),
    [['agreed', 'record']],
    'nobody is asked',
  );
  t.equal(factsOf(from('x', '', 1_000), site, undefined, standing).standing.holding.length, 0, 'withheld');
});

t.test('what was given with a day is read as that day, also where clocks change at midnight', async (t) => {
  const days = [
    ['Europe/Berlin', '2026-03-29'],
    ['America/Havana', '2026-03-08'],
    ['America/Sao_Paulo', '2018-11-04'],
    ['America/Sao_Paulo', '2019-02-17'],
    ['Pacific/Apia', '2011-12-31'],
  ] as const;
  for (const [zone, day] of days) {
    const began = startOfDay(day, zone);
    t.equal(givenText(began, zone), day, zone);
    t.equal(givenText(began + 1, zone), shownTimes(zone)(began).slice(0, 16), `${zone}, later`);
    const before = dates(zone)(began - 1);
    t.equal(endText(began, zone), before, `${zone}, an end`);
    t.equal(endText(began - 1, zone), shownTimes(zone)(began - 1).slice(0, 16), `${zone}, an earlier end`);
  }
});

t.test('a zone has one formatter, however many rows are written in it', async (t) => {
  for (const made of [dates, times]) t.equal(made('Asia/Tokyo'), made('Asia/Tokyo'));
});
