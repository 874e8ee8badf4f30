import { ulid } from 'ulid';
import type { Catalogue } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import type { Invitation, User } from '../catalogue/people.js';
import { isApprover } from '../domain/approval/second-person.js';
import type { NewEntry } from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { PEOPLE } from '../domain/operations/control/people.js';
import type { By } from '../domain/operations/control/request.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import type { GroupRule } from '../domain/people/directory.js';
import { personName } from '../domain/people/name.js';
import type { Person, Rights } from '../domain/people/person.js';
import { personChanges, personSaid } from '../domain/people/person-changes.js';
import { faultOf, tidy } from '../domain/people/rights.js';
import { hashed, newCode, plainCode } from '../ops/secrets/codes.js';
import type { Asker, Askers } from './askers.js';
import { type TellDeps, TOLD_FOR_MS } from './factors.js';
import { createOutsiderRequests } from './outsiders.js';
import type { PasswordCheck, PasswordVerbs } from './password-check.js';
import { createPasswordRequests } from './passwords.js';
import type { Proofs } from './proofs.js';
import type { Refusals } from './refusals.js';
import { createSetupRequests } from './setup.js';
import { createTokenRequests } from './tokens.js';

/** How long a link is good. */
const LINK_MS = 3 * 86_400_000;

export type PeopleDeps = {
  catalogue: Catalogue;
  askers: Askers;
  proofs: Proofs;
  passwordCheck: PasswordCheck;
  passwords: Pick<PasswordVerbs, 'isPasswordHash'>;
  refusals: Refusals;
  /** What groups make somebody here, by `[ldap]` and `[oidc]`. */
  rules: Record<'ldap' | 'oidc', readonly GroupRule[]>;
  alarms: TellDeps['alarms'];
  clock: () => number;
  /** Makes an id. */
  mint?: (at: number) => string;
};

/** Who may sign in, what each may do, and what is theirs alone. */
export function createPeopleRequests(deps: PeopleDeps): Pick<ControlHandlers, keyof typeof PEOPLE> {
  const { catalogue, askers, clock, mint = ulid } = deps;
  const about = (id: string, detail: NewEntry['detail']) => ({ object: 'person', object_id: id, detail });

  /** Throws `person_unknown`. */
  async function known(id: string): Promise<User> {
    const user = await catalogue.people.get(id);
    if (!user) throw fail('person_unknown');
    return user;
  }

  /**
   * A link by which somebody chooses a password that nobody else knows: good once, only its hash kept. The code stands behind
   * the # of the address, which browsers send to no server. Whoever used one is not signed in by it.
   */
  function link(userId: string): { code: string; invitation: Invitation } {
    const code = newCode();
    const madeAt = clock();
    const codeHash = hashed(plainCode(code));
    return { code, invitation: { userId, codeHash, madeAt, expiresAt: madeAt + LINK_MS } };
  }

  return {
    ...createPasswordRequests(deps),
    ...createSetupRequests({ ...deps, mint }),
    ...createOutsiderRequests({ ...deps, mint }),
    ...createTokenRequests({ ...deps, mint }),

    async add_person(body) {
      const asker = await askers.proved('add_person', body, 'people');
      const { name, rights } = body;
      const id = mint(clock());
      const { code, invitation } = link(id);
      const user = { ...rightsOf(rights), id, name: personName(name), passwordHash: '', createdAt: clock() };
      await onRecord(catalogue, asker.entry('person_add', about(id, personSaid(user))), (c) =>
        c.people.add(user, invitation, asker.person?.id),
      );
      tellApprover(deps, null, user, nameOfAsker(body.by, asker));
      return { id, invitation: { code, expires_at: invitation.expiresAt } };
    },

    async change_person(body) {
      const asker = await askers.proved('change_person', body, 'people');
      const { id, name, rights, disabled, based_on } = body;
      const before = await known(id);
      // Somebody may have had a name for longer than there has been a rule for names.
      const kept = name === before.name ? name : personName(name);
      const change = { ...rightsOf(rights), name: kept, ...(disabled === undefined ? {} : { disabled }) };
      const after = await onRecord<User>(
        catalogue,
        (after) =>
          asker.entry(
            'person_change',
            about(id, { name: after.name, changes: personChanges(before, after) }),
          ),
        (c) => c.people.change(id, change, clock(), based_on, asker.person?.id),
      );
      tellApprover(deps, before, after, nameOfAsker(body.by, asker));
      return {};
    },

    async remove_person(body) {
      const asker = await askers.proved('remove_person', body, 'people');
      const { id, based_on } = body;
      const { name } = await known(id);
      await onRecord(catalogue, asker.entry('person_remove', about(id, { name })), (c) =>
        c.people.remove(id, based_on),
      );
      return {};
    },

    async invite_person(body) {
      const asker = await askers.proved('invite_person', body, 'people');
      const { id } = body;
      const user = await known(id);
      // Otherwise anyone at their open browser could set a new password without the old one.
      if (user.id === asker.person?.id)
        throw fail('forbidden', 'Your own password is changed on your account page.');
      if (user.source !== 'local')
        throw fail('person_invalid', 'The password of this person is not kept here.');
      const { code, invitation } = link(id);
      const said = { name: user.name, changes: ['a link to choose a new password with'] };
      await onRecord(catalogue, asker.entry('person_change', about(id, said)), (c) =>
        c.people.invite(invitation, asker.person?.id),
      );
      return { code, expires_at: invitation.expiresAt };
    },

    async shut_out({ by, id }) {
      const asker = await askers.may(by, 'people');
      const { name } = await known(id);
      const said = { name, because: `ended all sessions and tokens of ${name}` };
      await onRecord(catalogue, asker.entry('session_end', about(id, said)), (c) => c.people.shutOut(id));
      return {};
    },

    async set_factor_roles(body) {
      const asker = await askers.proved('set_factor_roles', body, 'settings');
      const { roles } = body;
      const said = `second factor required of: ${roles.join(', ') || 'nobody'}`;
      const entry = asker.entry('policy_change', { object: 'second_factor', detail: { changes: [said] } });
      await onRecord(catalogue, entry, (c) => c.factors.setRoles(roles));
      return {};
    },
  };
}

type Account = Person & { disabledAt?: number | null };

/** Tells outside the dashboard that somebody can approve from now on who could not before. */
export function tellApprover(
  { alarms }: Pick<TellDeps, 'alarms'>,
  before: Account | null,
  after: Account,
  by: string,
): void {
  const can = (one: Account | null) => one !== null && (one.disabledAt ?? null) === null && isApprover(one);
  if (!can(after) || can(before)) return;
  const why = { code: 'approver_new', params: { name: after.name, by } } as const;
  alarms.raise(`approver_new ${after.id}`, { severity: 'warning', why, forMs: TOLD_FOR_MS });
}
const nameOfAsker = (by: By, { person }: Asker): string =>
  'console' in by ? onCommandLine(by.console) : (person?.name ?? '');

/** Somebody on the command line, as an alarm names them. */
export const onCommandLine = (name: string): string => `${name} (command line)`;

/** Throws `person_invalid`. */
export function rightsOf(given: Rights): Rights {
  const rights = tidy(given);
  const fault = faultOf(rights);
  if (fault !== null) throw fail('person_invalid', fault);
  return rights;
}
