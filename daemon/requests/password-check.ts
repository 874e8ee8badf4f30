import { fail } from '../domain/error.js';
import { createBuckets, type Limit } from '../ops/buckets.js';
import { serialQueue } from '../ops/turns.js';

/** Wrong passwords of one person: how many at once, and how many an hour after that. */
const PER_PERSON: Limit = { burst: 10, hourly: 10 };
const MOST_WAITING = 10;

/** Of ops/secrets/password. */
export type PasswordVerbs = {
  verifyPassword(stored: string, password: string): Promise<boolean>;
  /** Whether a text is what we keep in place of a password. */
  isPasswordHash(text: string): boolean;
};
export type PasswordCheck = ReturnType<typeof createPasswordCheck>;

/**
 * Compares passwords, one at a time, because each takes 64 MiB and a fifth of a second of one core, which calls may need. The
 * dashboard has limits for guessing too; these hold where it was taken over.
 */
export function createPasswordCheck(deps: {
  passwords: Pick<PasswordVerbs, 'verifyPassword'>;
  clock: () => number;
}) {
  const queue = serialQueue();
  const buckets = createBuckets({ now: deps.clock });
  let waiting = 0;

  return {
    /** Whether this is the password of somebody; false where they have none here. Throws `too_many`. */
    async fits(person: string, stored: string, password: string): Promise<boolean> {
      if (stored === '') return false;
      const tries = buckets.level(person, PER_PERSON);
      if (tries.left < 1)
        throw fail('too_many', `Try again in ${Math.ceil(buckets.wait(tries, PER_PERSON) / 60)} min.`);
      if (waiting >= MOST_WAITING) throw fail('too_many', 'Too many people are signing in at once.');
      // Taken before it is looked at, so that many at once do not pass together.
      tries.left -= 1;
      waiting += 1;
      try {
        const fits = await queue.run(() => deps.passwords.verifyPassword(stored, password));
        if (fits) tries.left = Math.min(PER_PERSON.burst, tries.left + 1);
        return fits;
      } finally {
        waiting -= 1;
      }
    },
  };
}
