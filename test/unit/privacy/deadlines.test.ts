import fc from 'fast-check';
import t from 'tap';
import {
  canExtend,
  confirmBy,
  confirmUrgency,
  deadlineOf,
  forgetAt,
  lastDay,
  monthsAfter,
  urgencyOf,
} from '../../../daemon/domain/privacy/deadline.js';
import type { PrivacyKind, PrivacyRequest } from '../../../daemon/domain/privacy/request.js';

const at = (text: string) => Date.parse(text);
const asked = (received: string, zone = 'Europe/Berlin', kind: PrivacyKind = 'access') => ({
  ...{ received, zone, kind, extended: null, state: 'open' as const },
});
const EXTENDED = { by: 'Ada', at: 1, reason: 'Many calls' };

t.test('a month ends on the day with the same number, or on the last one of a shorter month', async (t) => {
  for (const [day, months, then] of [
    ['2026-05-03', 1, '2026-06-03'],
    ['2026-01-31', 1, '2026-02-28'],
    ['2028-01-31', 1, '2028-02-29'],
    ['2026-01-31', 3, '2026-04-30'],
    ['2026-11-30', 3, '2027-02-28'],
    ['2026-12-31', 1, '2027-01-31'],
    ['2028-02-29', -24, '2026-02-28'],
    ['2026-02-28', 24, '2028-02-28'],
  ] as const)
    t.equal(monthsAfter(day, months), then, `${day} and ${months} months`);
});

t.test('the GDPR gives one month and two more, the CCPA 45 days and 45 more', async (t) => {
  t.equal(lastDay(asked('2026-03-31'), false), '2026-04-30');
  t.equal(lastDay(asked('2026-03-31'), true), '2026-06-30');
  for (const kind of ['know', 'delete'] as const) {
    t.equal(lastDay(asked('2026-01-01', 'UTC', kind), false), '2026-02-15');
    t.equal(lastDay(asked('2026-01-01', 'UTC', kind), true), '2026-04-01');
  }
});

t.test('the CCPA has receipt confirmed within ten business days, and the GDPR does not', async (t) => {
  t.equal(confirmBy(asked('2026-05-04', 'UTC', 'know')), '2026-05-18', 'received on a Monday');
  t.equal(confirmBy(asked('2026-05-08', 'UTC', 'delete')), '2026-05-22', 'on a Friday');
  t.equal(confirmBy(asked('2026-05-09', 'UTC', 'correct')), '2026-05-22', 'on a Saturday');
  t.equal(confirmBy(asked('2026-05-04')), null);
});

t.test('how urgent that is depends on what was written down', async (t) => {
  const request = { ...asked('2026-05-04', 'UTC', 'know'), confirmed: null };
  for (const [now, urgency] of [
    ['2026-05-14T23:59:59Z', 'none'],
    ['2026-05-15T00:00:00Z', 'soon'],
    ['2026-05-18T23:59:59Z', 'soon'],
    ['2026-05-19T00:00:00Z', 'over'],
  ] as const) {
    t.equal(confirmUrgency(request, at(now)), urgency, now);
    t.equal(confirmUrgency({ ...request, confirmed: '2026-05-06' }, at(now)), 'none', `${now}, confirmed`);
  }
  t.equal(confirmUrgency({ ...asked('2026-05-04'), confirmed: null }, at('2026-06-01Z')), 'none', 'GDPR');
});

t.test('a deadline is over at the end of its last day at the site, also where clocks change', async (t) => {
  // Germany was an hour ahead when it was received, and is two hours ahead on the last day.
  t.same(deadlineOf(asked('2026-03-10')), { day: '2026-04-10', at: at('2026-04-10T22:00:00Z') });
  t.same(deadlineOf(asked('2026-10-01')), { day: '2026-11-01', at: at('2026-11-01T23:00:00Z') });
  // On this day there are 25 hours.
  t.same(deadlineOf(asked('2026-09-25')), { day: '2026-10-25', at: at('2026-10-25T23:00:00Z') });
  t.same(deadlineOf(asked('2026-05-03', 'America/Los_Angeles')).at, at('2026-06-04T07:00:00Z'));
  t.same(deadlineOf(asked('2026-05-03', 'Pacific/Auckland')).at, at('2026-06-03T12:00:00Z'));
  t.same(deadlineOf({ ...asked('2026-05-03'), extended: EXTENDED }).day, '2026-08-03');
});

t.test('it is near from seven days before its last day, and over when that has passed', async (t) => {
  const request = asked('2026-05-03');
  t.equal(urgencyOf(request, at('2026-05-26T21:59:59Z')), 'none');
  t.equal(urgencyOf(request, at('2026-05-26T22:00:00Z')), 'soon');
  t.equal(urgencyOf(request, at('2026-06-03T21:59:59Z')), 'soon');
  t.equal(urgencyOf(request, at('2026-06-03T22:00:00Z')), 'over');
  t.equal(urgencyOf({ ...request, extended: EXTENDED }, at('2026-06-10T22:00:00Z')), 'none');
});

t.test('it can be extended once, and only before it has passed', async (t) => {
  const request = asked('2026-05-03');
  t.equal(canExtend(request, at('2026-06-03T21:59:59Z')), true);
  t.equal(canExtend(request, at('2026-06-03T22:00:00Z')), false);
  t.equal(canExtend({ ...request, state: 'extended', extended: EXTENDED }, at('2026-05-04Z')), false);
  t.equal(canExtend({ ...request, state: 'closed' }, at('2026-05-04Z')), false);
});

t.test('what names the person is kept for 24 months after the answer', async (t) => {
  const closed = { by: 'Ada', at: 1, day: '2026-05-03', outcome: 'given', grounds: [], note: '' };
  const request = { zone: 'Europe/Berlin', closed } as Pick<PrivacyRequest, 'closed' | 'zone'>;
  t.equal(forgetAt(request), at('2028-05-03T22:00:00Z'));
  t.equal(forgetAt({ ...request, closed: null }), null);
});

t.test('for every day and zone the deadline is 28 to 31 days away, and the extended one later', async () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Apia', 'Australia/Lord_Howe'];
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40_000 }),
      fc.constantFrom(...zones),
      fc.constantFrom<PrivacyKind>('access', 'erasure', 'know'),
      (days, zone, kind) => {
        const received = new Date(days * 86_400_000).toISOString().slice(0, 10);
        const request = asked(received, zone, kind);
        const between = (day: string) => (at(day) - at(received)) / 86_400_000;
        const [first, second] = [between(lastDay(request, false)), between(lastDay(request, true))];
        const { at: end } = deadlineOf(request);
        const right = kind === 'know' ? first === 45 && second === 90 : first >= 28 && first <= 31;
        return right && second > first && urgencyOf(request, end) === 'over';
      },
    ),
  );
});
