import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { User } from '../../daemon/catalogue/people.js';
import type { Ldap } from '../../daemon/directory/ldap.js';
import { fail, TapedeckError } from '../../daemon/domain/error.js';
import type { Outsider } from '../../daemon/domain/people/directory.js';
import type { Log } from '../../daemon/ops/log.js';
import type { Ask } from '../server/ask.js';

export type Directory = ReturnType<typeof createDirectory>;

/** People of an LDAP directory: made here when they first sign in, and looked after from then on. */
export function createDirectory({
  ldap,
  catalogue,
  ask,
  log,
}: {
  ldap: Pick<Ldap, 'find' | 'check'>;
  catalogue: Verbs<'people.get' | 'people.outsiders'>;
  ask: Ask;
  log: Pick<Log, 'info' | 'warn'>;
}) {
  const save = (outsider: Outsider) => savedOutsider({ catalogue, ask }, 'ldap', outsider);

  async function checkAgain(user: User): Promise<void> {
    const found = await ldap.find(user.name);
    const gone = async (why: string) => {
      log.info({ user: user.name }, why);
      await ask('outsider_gone', { id: user.id });
    };
    if (found?.subject !== user.subject)
      return gone('is not in the directory any more; the sessions have ended');
    // Who is in no group any more that has a role is shut out by being saved.
    await save(found).catch((e: unknown) => {
      if (!(e instanceof TapedeckError) || e.code !== 'no_role') throw e;
      log.info({ user: user.name }, 'is in no group any more that has a role; the sessions have ended');
    });
  }

  return {
    /** Whoever has this name and password there; null for nobody. Throws `no_role`, `name_taken` and what `Ldap` throws. */
    async signIn(name: string, password: string): Promise<User | null> {
      const found = await ldap.check(name, password);
      return found ? save(found) : null;
    },

    /** Asks the same of the directory as for one of its people, but for the password, and forgets it. */
    async pretend(name: string): Promise<null> {
      await ldap.find(name);
      return null;
    },

    /**
     * Looks at everybody who came from there: who is gone, disabled or in no group that counts loses roles, sessions and
     * tokens, and the roles of the others are those of now. While directory or recorder do not answer, all stays as it is.
     */
    async recheck(): Promise<void> {
      for (const user of await catalogue.people.outsiders('ldap'))
        try {
          await checkAgain(user);
        } catch (err) {
          if (!(err instanceof TapedeckError)) throw err;
          log.warn({ err }, 'who is still in the directory cannot be found out');
          return;
        }
    },
  };
}

/** Somebody from outside as the recorder has them from now on. Throws `no_role` and `name_taken`. */
export async function savedOutsider(
  { catalogue, ask }: { catalogue: Verbs<'people.get'>; ask: Ask },
  source: 'ldap' | 'oidc',
  { subject, name, groups, extensions }: Outsider,
): Promise<User> {
  const { id } = await ask('save_outsider', { source, subject, name, groups, extensions });
  const user = await catalogue.people.get(id);
  if (!user) throw fail('sign_in_failed');
  return user;
}
