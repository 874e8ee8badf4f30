import type { User } from '../../daemon/catalogue/people.js';
import { fail } from '../../daemon/domain/error.js';
import type { Directory } from './directory.js';
import type { Passwords } from './passwords.js';

export type SignIn = ReturnType<typeof createSignIn>;

/**
 * Who has this name and this password. A name of this catalogue is never asked for in the directory with its password.
 *
 * A refusal is the same for every name, and takes the same work: a hash is computed, and the directory is asked for the name,
 * at the same time, whether or not either can matter. What is left to be measured from outside: of one who is in the directory,
 * the password is tried there too, which shows only where that directory takes longer than a hash (0.2 s).
 */
export function createSignIn({
  passwords,
  directory,
}: {
  passwords: Passwords;
  directory: Directory | null;
}) {
  return {
    /**
     * `user` has this name here, if anybody has. `known`: they signed in from here before. Throws `sign_in_failed`; where there
     * is a directory, what that throws, whoever it was that was refused.
     */
    async byPassword(
      user: User | null,
      name: string,
      password: string,
      { known = false } = {},
    ): Promise<{ user: User; proof: 'password' | 'directory' }> {
      const ours = user !== null && user.source !== 'ldap';
      const mine = user?.source === 'local' && user.disabledAt === null ? user.passwordHash : null;
      const there = ours ? directory?.pretend(name) : directory?.signIn(name, password);
      // It may be that nobody waits for it.
      there?.catch(() => {});
      if ((await passwords.verify(mine, password, { known })) && user) return { user, proof: 'password' };
      const found = await there;
      if (found && found.disabledAt === null) return { user: found, proof: 'directory' };
      throw fail('sign_in_failed');
    },
  };
}
