import { ulid } from 'ulid';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { User } from '../../daemon/catalogue/people.js';
import type { Ldap } from '../../daemon/directory/ldap.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import { fail, TapedeckError } from '../../daemon/domain/error.js';
import { type GroupRule, madeBy, type Outsider, sameDn } from '../../daemon/domain/people/directory.js';
import { personChanges, personSaid } from '../../daemon/domain/people/person-changes.js';
import type { Log } from '../../daemon/ops/log.js';
import type { Audit } from '../audit/audit.js';

export type Directory = ReturnType<typeof createDirectory>;

/** People of an LDAP directory: made here when they first sign in, and looked after from then on. */
export function createDirectory({
  ldap,
  rules,
  catalogue,
  audit,
  log,
  now,
}: {
  ldap: Pick<Ldap, 'find' | 'check'>;
  rules: readonly GroupRule[];
  catalogue: Pick<Catalogue, 'users' | 'outsiders'>;
  audit: Pick<Audit, 'audited' | 'own'>;
  log: Pick<Log, 'info' | 'warn'>;
  now: () => number;
}) {
  const save = (outsider: Outsider) =>
    savedOutsider({ catalogue, audit, now }, 'ldap', outsider, rules, sameDn);

  async function checkAgain(user: User): Promise<void> {
    const found = await ldap.find(user.name);
    const still = found?.subject === user.subject && madeBy(found, rules, sameDn) !== null;
    if (still) await save(found);
    else {
      log.info({ user: user.name }, 'is not in the directory any more; the sessions have ended');
      await gone(audit, user, 'not in the directory any more');
    }
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
     * tokens, and the roles of the others are those of now. While the directory does not answer, all stays as it is.
     */
    async recheck(): Promise<void> {
      for (const user of await catalogue.outsiders('ldap'))
        try {
          await checkAgain(user);
        } catch (err) {
          if (!(err instanceof TapedeckError)) throw err;
          log.warn({ err }, 'the directory cannot be asked who is still there');
          return;
        }
    },
  };
}

/**
 * Somebody from outside as they are here from now on. Throws `no_role`, and who was somebody here before is it no more; and
 * `name_taken`.
 */
export async function savedOutsider(
  deps: { catalogue: Pick<Catalogue, 'users'>; audit: Pick<Audit, 'audited' | 'own'>; now: () => number },
  source: 'ldap' | 'oidc',
  outsider: Outsider,
  rules: readonly GroupRule[],
  same: (group: string, named: string) => boolean,
): Promise<User> {
  const made = madeBy(outsider, rules, same);
  const { name, subject } = outsider;
  const { audit, now } = deps;
  const before = (await deps.catalogue.users()).find((u) => u.source === source && u.subject === subject);
  if (!made) {
    if (before && before.roles.length > 0) await gone(audit, before, 'in no group any more that has a role');
    throw fail('no_role');
  }
  const verbs = audit.audited<User | null>((user) => user && entryOf(audit, before, user));
  const saved = await verbs.saveOutsider({
    ...made,
    ...{ id: ulid(now()), name, source, subject, createdAt: now() },
  });
  if (!saved) throw fail('name_taken');
  return saved;
}

async function gone(audit: Pick<Audit, 'audited' | 'own'>, { id, name }: User, why: string): Promise<void> {
  const detail = { name, changes: [`${why}: roles, sessions and tokens are gone`] };
  const entry = audit.own('person_change', { object: 'person', object_id: id, detail });
  await audit.audited(entry).outsiderGone(id);
}

/** What the directory, or the provider, has made of somebody here; null where that is what they were. */
function entryOf(audit: Pick<Audit, 'own'>, before: User | undefined, user: User): NewEntry | null {
  const of = { object: 'person', object_id: user.id };
  const { name, source } = user;
  if (!before) return audit.own('person_add', { ...of, detail: { ...personSaid(user), because: source } });
  const changes = personChanges(before, user);
  return changes.length === 0 ? null : audit.own('person_change', { ...of, detail: { name, changes } });
}
