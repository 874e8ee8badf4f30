import { randomBytes } from 'node:crypto';
import { fail } from '../../daemon/domain/error.js';
import type { checkPassword, hashPassword, verifyPassword } from '../../daemon/ops/secrets/password.js';

/** The three verbs of daemon/ops/secrets/password.ts; tests put counters in their place. */
export type PasswordVerbs = {
  hashPassword: typeof hashPassword;
  verifyPassword: typeof verifyPassword;
  checkPassword: typeof checkPassword;
};

/** One hash takes 64 MiB and a fifth of a second of one core. */
const AT_ONCE = 2;
const WAITING = 50;

export type Passwords = ReturnType<typeof createPasswords>;

/** Password work, two at a time: people signing in must not take the machine from the recorder. */
export function createPasswords(verbs: PasswordVerbs) {
  const line: (() => void)[] = [];
  /** Those who sign in from where they did before: a crowd of guesses does not keep them waiting. */
  const first: (() => void)[] = [];
  let busy = 0;
  let nobody: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>, known = false): Promise<T> {
    if (busy >= AT_ONCE) {
      const mine = known ? first : line;
      if (mine.length >= WAITING) throw fail('too_many', 'Too many people are signing in at once.');
      await new Promise<void>((turn) => mine.push(turn));
    } else {
      busy += 1;
    }
    try {
      return await work();
    } finally {
      const next = first.shift() ?? line.shift();
      if (next) next();
      else busy -= 1;
    }
  }

  /** The hash of a password that nobody has. */
  function nobodys(): Promise<string> {
    nobody ??= inTurn(() => verbs.hashPassword(randomBytes(24).toString('base64'))).catch((e) => {
      nobody = undefined;
      throw e;
    });
    return nobody;
  }

  return {
    /** Call once at start, so that unknown names are answered as slowly as others, and the first no more slowly than the second. */
    warm: async (): Promise<void> => void (await nobodys()),
    /** Throws `password_weak`. */
    check: verbs.checkPassword,
    hash: (password: string): Promise<string> => inTurn(() => verbs.hashPassword(password)),
    /**
     * Takes as long for a user that does not exist or has no password (null, empty) as for one that does. `known`: they
     * signed in from here before, and waits for none but the likes of them.
     */
    async verify(hash: string | null, password: string, { known = false } = {}): Promise<boolean> {
      const against = hash || (await nobodys());
      const fits = await inTurn(() => verbs.verifyPassword(against, password), known);
      return fits && against === hash;
    },
  };
}
