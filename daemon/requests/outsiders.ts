import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import type { User } from '../catalogue/people.js';
import { type AuditAction, entryOf, type NewEntry, TAPEDECK } from '../domain/assurance/audit.js';
import { clean } from '../domain/call/party.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { type GroupRule, madeBy, sameDn } from '../domain/people/directory.js';
import { personChanges, personSaid } from '../domain/people/person-changes.js';

const LONGEST = 200;

/** How the groups of each source are compared with those that rules name. */
const SAME: Record<'ldap' | 'oidc', (group: string, named: string) => boolean> = {
  ldap: sameDn,
  oidc: (group, named) => group === named,
};

/** People of a directory or a provider, who are here what their groups make them. */
export function createOutsiderRequests(deps: {
  catalogue: Verbs<'audited' | 'people.get' | 'people.list'>;
  rules: Record<'ldap' | 'oidc', readonly GroupRule[]>;
  clock: () => number;
  mint: (at: number) => string;
}): Pick<ControlHandlers, 'save_outsider' | 'outsider_gone'> {
  const { catalogue, rules, clock, mint } = deps;
  const own = (action: AuditAction, id: string, detail: NewEntry['detail']): NewEntry =>
    entryOf(TAPEDECK, clock(), action, { object: 'person', object_id: id, detail });

  async function gone({ id, name }: User, why: string): Promise<void> {
    const changes = [`${why}: roles, sessions and tokens are gone`];
    await onRecord(catalogue, own('person_change', id, { name, changes }), (c) => c.people.outsiderGone(id));
  }

  /** What the source has made of somebody here; null where that is what they were. */
  function entryFor(before: User | undefined, user: User): NewEntry | null {
    if (!before) return own('person_add', user.id, { ...personSaid(user), because: user.source });
    const changes = personChanges(before, user);
    return changes.length === 0 ? null : own('person_change', user.id, { name: user.name, changes });
  }

  return {
    async save_outsider({ source, subject, name: given, groups, extensions }) {
      const name = clean(given, LONGEST);
      if (name === '') throw fail('request_invalid', 'name: must have a letter');
      const made = madeBy({ groups, extensions }, rules[source], SAME[source]);
      const before = (await catalogue.people.list()).find(
        (u) => u.source === source && u.subject === subject,
      );
      if (!made) {
        if (before && before.roles.length > 0) await gone(before, 'in no group any more that has a role');
        throw fail('no_role');
      }
      const saved = await onRecord<User | null>(
        catalogue,
        (user) => user && entryFor(before, user),
        (c) =>
          c.people.saveOutsider({
            ...made,
            ...{ id: mint(clock()), name, source, subject, createdAt: clock() },
          }),
      );
      if (!saved) throw fail('name_taken');
      return { id: saved.id };
    },

    async outsider_gone({ id }) {
      const user = await catalogue.people.get(id);
      if (!user || user.source === 'local') throw fail('person_unknown');
      await gone(user, 'not in the directory any more');
      return {};
    },
  };
}
