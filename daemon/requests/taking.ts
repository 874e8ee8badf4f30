import { fail } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { Person } from '../domain/people/person.js';
import { createBuckets, type Limit } from '../ops/buckets.js';

/** A busy receptionist opens some hundred recordings an hour; who wants to take them all away opens thousands. */
const LIMITS: Record<'each' | 'all', Limit> = {
  each: { burst: 200, hourly: 600 },
  all: { burst: 1_000, hourly: 5_000 },
};
const ALARM = 'recordings_taken';
/** It stands for so long after the last refusal, and a storm of refusals raises it this often, in ms. */
const STANDS_MS = 3_600_000;
const AGAIN_MS = 60_000;

export type Taking = ReturnType<typeof createTaking>;

/** Limits how many recordings one person, and all together, are given. The alarm says who was over the limit first. */
export function createTaking({ alarms, clock }: { alarms: Pick<Alarms, 'raise'>; clock: () => number }) {
  const buckets = createBuckets({ now: clock });
  let raisedAt = Number.NEGATIVE_INFINITY;

  function refuse(name: string | null, { hourly }: Limit): never {
    const now = clock();
    if (Math.abs(now - raisedAt) >= AGAIN_MS) {
      raisedAt = now;
      alarms.raise(ALARM, {
        severity: 'critical',
        why: { code: 'recordings_taken', params: { name, hourly } },
        forMs: STANDS_MS,
      });
    }
    throw fail('too_many', 'Too many recordings were opened within an hour.');
  }

  return {
    /** Counts a recording that this person is given. Throws `too_many`, which counts nothing. */
    take({ id, name }: Pick<Person, 'id' | 'name'>): void {
      const each = buckets.level(`person ${id}`, LIMITS.each);
      const all = buckets.level('all', LIMITS.all);
      if (each.left < 1) refuse(name, LIMITS.each);
      if (all.left < 1) refuse(null, LIMITS.all);
      each.left -= 1;
      all.left -= 1;
    },
  };
}
