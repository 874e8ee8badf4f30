import fc from 'fast-check';
import t from 'tap';
import { digestOfShown } from '../../../daemon/domain/approval/approval.js';
import {
  factorFault,
  INDEPENDENT_AFTER_MS,
  mayApprove,
  type Tie,
  tieKinds,
} from '../../../daemon/domain/approval/second-person.js';

const person = fc.constantFrom('ada', 'ben', 'cy');
const time = fc.integer({ min: 0, max: 30 * 86_400_000 });
const ties: fc.Arbitrary<Tie[]> = fc.array(
  fc.record({ actor: person, subject: person, what: fc.constantFrom(...tieKinds), at: time }),
  { maxLength: 6 },
);
const between = (list: readonly Tie[], a: string, b: string) =>
  list.filter((x) => (x.actor === a && x.subject === b) || (x.actor === b && x.subject === a));

t.test('nobody is a second person for themselves', async (t) => {
  fc.assert(
    fc.property(person, ties, time, (asker, ties, now) => {
      return mayApprove({ asker, approver: asker, ties, now })?.code === 'own';
    }),
  );
  t.pass('in every case that was tried');
});

t.test('nobody is within 7 days of a tie in either direction, and afterwards they are', async (t) => {
  fc.assert(
    fc.property(person, person, ties, time, (asker, approver, ties, now) => {
      fc.pre(asker !== approver);
      const tied = between(ties, asker, approver).some(({ at }) => now < at + INDEPENDENT_AFTER_MS);
      const fault = mayApprove({ asker, approver, ties, now });
      const turned = mayApprove({ asker: approver, approver: asker, ties, now });
      return (fault?.code === 'tied') === tied && JSON.stringify(fault) === JSON.stringify(turned);
    }),
  );
  t.pass('in every case that was tried');
});

t.test('who may approve now may do so later, and from the time that is named', async (t) => {
  fc.assert(
    fc.property(person, person, ties, time, time, (asker, approver, ties, now, more) => {
      fc.pre(asker !== approver);
      const at = (now: number) => mayApprove({ asker, approver, ties, now });
      const fault = at(now);
      if (fault === null) return at(now + more) === null;
      const { until } = fault;
      return until !== null && at(until - 1) !== null && at(until) === null;
    }),
  );
  t.pass('in every case that was tried');
});

t.test('a second factor counts once it is 7 days old', async (t) => {
  t.same(factorFault([], 5), { code: 'factor_missing', until: null });
  t.same(factorFault([10, 5], 6), { code: 'factor_new', until: 5 + INDEPENDENT_AFTER_MS });
  t.equal(factorFault([10, 5], 5 + INDEPENDENT_AFTER_MS), null);
});

t.test('what is shown has one digest however it is written, and at most 64 KB', async (t) => {
  t.equal(digestOfShown({ a: 1, b: ['x'] }), digestOfShown({ b: ['x'], a: 1 }));
  t.not(digestOfShown({ ids: ['a', 'b'] }), digestOfShown({ ids: ['b', 'a'] }));
  t.throws(() => digestOfShown('x'.repeat(65_536)), { code: 'request_invalid' });
});
