import fc from 'fast-check';
import t from 'tap';
import { type Directive, directed } from '../../../daemon/domain/call/directive.js';
import { askedOf, courseOf, fateOf } from '../../../daemon/domain/policy/course.js';
import { ALL_KNOWN, type CallFacts } from '../../../daemon/domain/policy/facts.js';
import { decideRecord, type RecordRule } from '../../../daemon/domain/policy/policy.js';
import { holdsFor } from '../../../daemon/domain/policy/standing/standing.js';
import { ANN, call, GIVEN, NOW, policy, rule } from '../../support/catalogue/standing.js';
import { runs } from '../../support/search/share-of-search.js';

t.test('whenever it ends, it held before and does not after', async () => {
  const times = fc.integer({ min: 0, max: 30 });
  fc.assert(
    fc.property(
      fc.constantFrom('consent', 'objection'),
      times,
      fc.option(times),
      fc.option(times),
      times,
      times,
      (kind, givenAt, until, withdrawnAt, from, length) => {
        const to = from + length;
        const inForce = (at: number) => at >= givenAt && at < (until ?? 99) && at < (withdrawnAt ?? 99);
        const moments = Array.from({ length: length + 1 }, (_, i) => from + i);
        const holds = holdsFor({ kind, givenAt, until, withdrawnAt }, from, to);
        return holds === (kind === 'objection' ? moments.some(inForce) : moments.every(inForce));
      },
    ),
    { numRuns: runs(2000) },
  );
  t.pass('in every case that was tried');
});

/** Anything that may be known of a call, what stands, what the rules are, and what was said. */
const some = <T>(...of: T[]) => fc.subarray(of);
const standings = fc.array(
  fc.record({
    kind: fc.constantFrom('consent' as const, 'objection' as const),
    number: fc.constantFrom(ANN, '+33140'),
    extensions: some('201', '202'),
    queues: some('sales'),
    givenAt: fc.constant(GIVEN),
  }),
  { maxLength: 4 },
);
const facts = fc
  .record({
    direction: fc.constantFrom('in' as const, 'out' as const, 'internal' as const),
    number: fc.constantFrom('', ANN, '+33140'),
    added: some(ANN, '+33140'),
    extensions: some('201', '202'),
    queue: fc.constantFrom('', 'sales'),
    ringing: fc.record({ extensions: some('201', '202'), numbers: some(ANN, '+33140') }),
    known: fc.record({
      ...{ number: fc.boolean(), extension: fc.boolean(), queue: fc.boolean() },
      ...{ account: fc.constant(true), variable: fc.constant(true) },
    }),
    given: standings,
  })
  .map(({ given, ...more }) => call(more, ...given));
const outcomes = fc.constantFrom('record', 'skip', 'on_demand', 'ask');
const rules = fc
  .array(
    fc.record({
      outcome: outcomes,
      queue: fc.constantFrom(undefined, 'sales'),
      open: fc.constantFrom(undefined, 'capture'),
    }),
    { maxLength: 4 },
  )
  .map((list) =>
    list.map(
      ({ outcome, queue, open }, i): RecordRule => ({
        ...rule(outcome as RecordRule['outcome'], queue ? { queue: [queue] } : {}),
        name: `R${i}`,
        ...(open && { while_open: 'capture' as const }),
      }),
    ),
  );
const directives = fc
  .array(fc.constantFrom('decline', 'allow', 'keep', 'mask', 'resume'), { maxLength: 5 })
  .map((kinds) =>
    kinds.map((kind, i) => ({
      ...{
        callId: 'C',
        seq: i,
        at: NOW + i,
        kind: kind as Directive['kind'],
        how: 'digits' as const,
        who: '',
        legId: null,
      },
    })),
  );
const objects = (of: CallFacts) =>
  of.standing.holding.some(
    ({ kind, number, extensions, queues }) =>
      kind === 'objection' &&
      [...(of.direction === 'internal' ? [] : [of.number]), ...of.added].includes(number) &&
      (extensions.length + queues.length === 0 ||
        extensions.some((name) => of.extensions.includes(name)) ||
        queues.includes(of.queue)),
  );

t.test('a call to which somebody objects is never captured, whatever the rules and people say', async (t) => {
  fc.assert(
    fc.property(rules, facts, directives, (list, of, said) => {
      if (!objects(of)) return true;
      const decision = decideRecord(policy(...list), of);
      const { course } = courseOf(decision, null, directed(said, []), askedOf([], false));
      return (
        course === 'destroy' &&
        fateOf(decision, directed(said, []), { answeredAt: null, endedAt: NOW, legs: [] }, NOW).fate ===
          'destroy'
      );
    }),
    { numRuns: runs(3000) },
  );
  t.pass('in every case that was tried');
});

t.test('nor is it for a moment before that is known', async (t) => {
  fc.assert(
    fc.property(rules, facts, some('201', '202'), some(ANN, '+33140'), (list, of, extensions, numbers) => {
      // What becomes known: who answers of those who are rung, and what was not known.
      const later: CallFacts = {
        ...of,
        extensions: [...of.extensions, ...(of.known.extension ? of.ringing.extensions : extensions)],
        added: [...of.added, ...of.ringing.numbers],
        queue: of.known.queue ? of.queue : 'sales',
        number: of.known.number ? of.number : (numbers[0] ?? of.number),
        ringing: { extensions: [], numbers: [] },
        known: ALL_KNOWN,
      };
      if (!objects(later)) return true;
      const { course } = courseOf(
        decideRecord(policy(...list), of),
        null,
        directed([], []),
        askedOf([], false),
      );
      return course !== 'capture';
    }),
    { numRuns: runs(3000) },
  );
  t.pass('in every case that was tried');
});

t.test('a refusal in the call wins over every consent', async (t) => {
  fc.assert(
    fc.property(rules, facts, directives, (list, of, said) => {
      const state = directed(said, []);
      if (!state.declined) return true;
      const decision = decideRecord(policy(...list), of);
      return (
        courseOf(decision, null, state, askedOf([], false)).course === 'destroy' &&
        fateOf(decision, state, { answeredAt: null, endedAt: NOW, legs: [] }, NOW).fate === 'destroy'
      );
    }),
    { numRuns: runs(2000) },
  );
  t.pass('in every case that was tried');
});
