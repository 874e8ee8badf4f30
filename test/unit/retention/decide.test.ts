import fc from 'fast-check';
import t from 'tap';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { clockStart, daysLater, LAST_MS } from '../../../daemon/domain/retention/calendar.js';
import { decideRetention } from '../../../daemon/domain/retention/decide.js';
import { boundsOf } from '../../../daemon/domain/retention/limits.js';
import type { Limit, RetentionRule } from '../../../daemon/domain/retention/rule.js';
import { clockStarts } from '../../../daemon/domain/retention/starts.js';
import { runs } from '../../support/search/share-of-search.js';

const ZONES = [
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Asia/Kathmandu', 'Asia/Beirut'],
  ...['Australia/Lord_Howe', 'Pacific/Apia', 'Pacific/Kiritimati', 'Africa/Casablanca', 'America/St_Johns'],
];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const zone = fc.constantFrom(...ZONES);
const moment = fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2040, 0, 1) });
const days = fc.integer({ min: 1, max: 4_000 });
const QUEUES = ['sales', 'support', 'claims'];
const when = fc.oneof(
  fc.constant({}),
  fc.constantFrom(...QUEUES).map((queue) => ({ queue: [queue] })),
  fc.constantFrom<'in' | 'out'>('in', 'out').map((direction) => ({ direction: [direction] })),
);
const rule: fc.Arbitrary<RetentionRule> = fc.record({
  name: fc.constantFrom('R1', 'R2', 'R3'),
  reason: fc.constant('Because.'),
  when,
  keep_days: fc.option(days),
  from: fc.constantFrom(...clockStarts),
});
const limit: fc.Arbitrary<Limit> = fc.record({
  name: fc.constantFrom('L1', 'L2', 'L3', 'L4'),
  reason: fc.constant('The law.'),
  kind: fc.constantFrom<'min' | 'max'>('min', 'max'),
  days,
  when,
  beats: fc.subarray(['L1', 'L2', 'L3', 'L4']),
});
const limits = fc.uniqueArray(limit, { selector: ({ name }) => name });
const call = fc.record({
  queue: fc.constantFrom('', ...QUEUES),
  direction: fc.constantFrom<'in' | 'out'>('in', 'out'),
});
type Call = { queue: string; direction: 'in' | 'out' };
const matching = (of: Call, { when }: { when: RetentionRule['when'] }): boolean =>
  (when.queue?.includes(of.queue) ?? true) && (when.direction?.includes(of.direction) ?? true);
const decide = (policy: Partial<Policy>, of: Call, endedAt: number, timeZone = 'UTC') =>
  decideRetention(
    { ...defaultPolicy, ...policy },
    imagine({ ...of, number: '0123' }, endedAt, { timeZone, region: '' }),
    endedAt,
  );

t.test('the date is never before the minimum, and never after a maximum that no minimum beats', async (t) => {
  fc.assert(
    fc.property(
      ...([fc.array(rule, { maxLength: 4 }), limits, call, moment, zone] as const),
      (retention, all, of, endedAt, timeZone) => {
        const { keepUntil, minUntil, conflict, rule, keepDays, keepFrom } = decide(
          ...([{ retention, limits: all }, of, endedAt, timeZone] as const),
        );
        const first = retention.find((one) => matching(of, one));
        const apply = all.filter((one) => matching(of, one));
        const mins = apply.filter(({ kind }) => kind === 'min');
        const maxes = apply.filter(({ kind }) => kind === 'max');
        const until = (one: Limit) => daysLater(endedAt, one.days, timeZone);
        const beaten = (one: Limit) => apply.some(({ beats }) => beats?.includes(one.name));
        return (
          rule === (first?.name ?? null) &&
          keepDays === (first?.keep_days ?? null) &&
          keepFrom >= endedAt &&
          (keepUntil === null || minUntil === null || minUntil <= keepUntil) &&
          (conflict === null || keepUntil === null) &&
          mins.every((one) => beaten(one) || (minUntil !== null && minUntil >= until(one))) &&
          (conflict !== null ||
            maxes.every((one) => beaten(one) || (keepUntil !== null && keepUntil <= until(one))))
        );
      },
    ),
    { numRuns: runs(2_000) },
  );
  t.pass('for 2,000 policies');
});

t.test('without limits, the rule alone decides; without rules, nothing is ever erased', async (t) => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), call, moment, zone, (retention, of, endedAt, timeZone) => {
      const first = retention.find((one) => matching(of, one));
      const { keepUntil, minUntil } = decide({ retention }, of, endedAt, timeZone);
      const expected =
        first?.keep_days == null
          ? null
          : daysLater(clockStart(first.from!, endedAt, timeZone), first.keep_days, timeZone);
      return keepUntil === expected && minUntil === null;
    }),
  );
  t.match(decide({}, { queue: 'sales', direction: 'in' }, 0), {
    ...{ keepUntil: null, minUntil: null, keepDays: null, rule: null, conflict: null },
    why: { code: 'kept_by_default' },
  });
});

t.test('what the limits come to does not depend on their order', async (t) => {
  const shuffled = limits.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  fc.assert(
    fc.property(shuffled, ([all, other]) => {
      const [a, b] = [boundsOf(all), boundsOf(other)];
      return (
        a.min?.days === b.min?.days &&
        a.max?.days === b.max?.days &&
        (a.conflict === null) === (b.conflict === null)
      );
    }),
    { numRuns: runs(2_000) },
  );
  t.pass('for 2,000 sets of limits');
});

t.test('two limits that cannot both be met: one beats the other, or the recording is kept', async (t) => {
  const of = (kind: 'min' | 'max', name: string, days: number, beats?: string[]): Limit => ({
    ...{ name, reason: '', kind, days, when: {}, beats },
  });
  const min = of('min', 'Law', 100);
  const max = of('max', 'Office', 30);
  t.match(boundsOf([min, max]), { conflict: { min: 'Law', max: 'Office' } });
  t.match(boundsOf([of('min', 'Law', 100, ['Office']), max]), {
    conflict: null,
    max: null,
    min: { days: 100 },
  });
  t.match(boundsOf([min, of('max', 'Office', 30, ['Law'])]), {
    conflict: null,
    min: null,
    max: { days: 30 },
  });
  t.match(
    boundsOf([of('min', 'Law', 100, ['Office']), of('max', 'Office', 30, ['Law'])]),
    { conflict: { min: 'Law', max: 'Office' } },
    'each beats the other: nobody has decided',
  );
  t.match(
    boundsOf([of('min', 'Law', 100, ['Office']), max, of('max', 'Court', 50, ['Law'])]),
    { conflict: null, min: null, max: { name: 'Office' } },
    'what is beaten itself beats nothing',
  );
  const kept = decide(
    { retention: [{ name: 'R', reason: '', when: {}, keep_days: 1 }], limits: [min, max] },
    ...([{ queue: '', direction: 'in' }, 0] as const),
  );
  t.match(kept, { keepUntil: null, minUntil: 100 * DAY, conflict: { min: 'Law', max: 'Office' } });
});

t.test('days are those of the calendar', async (t) => {
  const berlin = (text: string) => Date.parse(text);
  const later = (from: string, days: number, zone = 'Europe/Berlin') =>
    new Date(daysLater(berlin(from), days, zone)).toISOString();
  t.equal(later('2026-03-28T12:00:00+01:00', 1), '2026-03-29T10:00:00.000Z', 'a day of 23 hours');
  t.equal(later('2026-10-24T12:00:00+02:00', 1), '2026-10-25T11:00:00.000Z', 'a day of 25 hours');
  t.equal(later('2026-03-28T02:30:00+01:00', 1), '2026-03-29T01:30:00.000Z', 'a time that was left out');
  t.equal(
    later('2026-10-24T02:30:00+02:00', 1),
    '2026-10-25T01:30:00.000Z',
    'the second of a time that came twice',
  );
  t.equal(later('2024-02-29T10:00:00+01:00', 365), '2025-02-28T09:00:00.000Z');
  t.equal(later('2024-02-28T10:00:00+01:00', 1), '2024-02-29T09:00:00.000Z');
  t.equal(
    later('2011-12-29T12:00:00-10:00', 1, 'Pacific/Apia'),
    '2011-12-30T22:00:00.000Z',
    'a day that Samoa left out',
  );
  t.equal(daysLater(LAST_MS, 36_500, 'UTC'), LAST_MS);
  const start = (from: (typeof clockStarts)[number], ended: string) =>
    new Date(clockStart(from, berlin(ended), 'Europe/Berlin')).toISOString();
  t.equal(start('month_end', '2024-02-29T23:59:59+01:00'), '2024-02-29T23:00:00.000Z');
  t.equal(start('month_end', '2024-03-01T00:00:00+01:00'), '2024-03-31T22:00:00.000Z', 'into summer time');
  t.equal(start('year_end', '2025-12-31T23:30:00+01:00'), '2025-12-31T23:00:00.000Z');
  t.equal(start('year_end', '2026-01-01T00:30:00+01:00'), '2026-12-31T23:00:00.000Z');
  fc.assert(
    fc.property(moment, days, zone, (at, count, zone) => {
      const [here, next] = [daysLater(at, count, zone), daysLater(at, count + 1, zone)];
      return Math.abs(here - at - count * DAY) <= 25 * HOUR && here <= next && here > at - HOUR;
    }),
    { numRuns: runs(3_000) },
  );
  t.pass('and more days never end earlier');
});
