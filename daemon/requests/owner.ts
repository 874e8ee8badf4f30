import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord, putOnRecord } from '../catalogue/entries.js';
import type { Ended, User } from '../catalogue/people.js';
import type { NewEntry } from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { OWNER } from '../domain/operations/control/owner.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { personName } from '../domain/people/name.js';
import { FOUNDER } from '../domain/people/person.js';
import { personSaid } from '../domain/people/person-changes.js';
import { damageOf } from '../domain/recording/scrub.js';
import type { Askers } from './askers.js';
import { type TellDeps, tellFactors } from './factors.js';
import type { PasswordVerbs } from './password-check.js';
import { refuseOtherHash } from './passwords.js';
import { onCommandLine, rightsOf, tellApprover } from './people.js';

/** How the command line names what has no name of its own. */
const APP = 'app';
const CODES = 'recovery-codes';

/** What the command line on the box asks for and nobody else can: account recovery, and what it has done itself. */
export function createOwnerRequests(
  deps: TellDeps & {
    catalogue: Verbs<
      | 'audit.append'
      | 'audited'
      | 'recordings.get'
      | 'factors.passkeys'
      | 'factors.resealTotp'
      | 'factors.totp'
      | 'people.get'
      | 'people.list'
    >;
    askers: Pick<Askers, 'of'>;
    passwords: Pick<PasswordVerbs, 'isPasswordHash'>;
  },
): Pick<ControlHandlers, keyof typeof OWNER> {
  const { catalogue, askers, passwords, clock, mint } = deps;
  const about = (id: string, detail: NewEntry['detail']) => ({ object: 'person', object_id: id, detail });
  async function known(id: string): Promise<User> {
    const user = await catalogue.people.get(id);
    if (!user) throw fail('person_unknown');
    return user;
  }

  return {
    async add_user({ by, name, rights: given, hash }) {
      const { entry } = await askers.of(by);
      refuseOtherHash(hash, passwords);
      if (!given && (await catalogue.people.list()).length > 0)
        throw fail('request_invalid', 'rights: have to be said of everybody but the first');
      const at = clock();
      const person = { ...(given ? rightsOf(given) : FOUNDER), id: mint(at), name: personName(name) };
      const added = entry('person_add', about(person.id, personSaid(person)));
      await onRecord(catalogue, added, (c) => c.people.add({ ...person, passwordHash: hash, createdAt: at }));
      if (given) tellApprover(deps, null, person, onCommandLine(by.console));
      return { id: person.id };
    },

    async set_password({ by, id, hash }) {
      const { entry } = await askers.of(by);
      refuseOtherHash(hash, passwords);
      const { name } = await known(id);
      const { tokens } = await onRecord<Ended>(
        catalogue,
        ({ tokens }) =>
          entry(
            'password_change',
            about(id, { name, ...(tokens.length > 0 ? { tokens_ended: tokens } : {}) }),
          ),
        (c) => c.people.setPassword(id, hash, clock()),
      );
      return { tokens_ended: tokens };
    },

    async reset_factors({ by, id }) {
      const { entry } = await askers.of(by);
      const user = await known(id);
      const changes = ['all second factors were removed'];
      await onRecord(catalogue, entry('person_change', about(id, { name: user.name, changes })), (c) =>
        c.factors.reset(id),
      );
      tellFactors(deps, user, 'all_removed', { by: by.console });
      return {};
    },

    async remove_factors({ by, id, which }) {
      const { entry } = await askers.of(by);
      const user = await known(id);
      const chosen = (names: string[], addedAt: number) =>
        'since' in which ? addedAt >= which.since : names.includes(which.named);
      const app = await catalogue.factors.totp(id);
      const totp = app !== null && chosen([APP], app.addedAt);
      const passkeys = (await catalogue.factors.passkeys(id)).filter((key) =>
        chosen([key.name, key.id], key.addedAt),
      );
      const removed = [
        ...(totp ? ['the authenticator app'] : []),
        ...passkeys.map(({ name }) => `the passkey ${name}`),
        'the recovery codes',
      ];
      if ('named' in which && which.named !== CODES && removed.length === 1)
        throw fail('request_invalid', `${user.name} has no factor "${which.named}".`);
      const changes = [`removed: ${removed.join(', ')}`];
      await onRecord(catalogue, entry('person_change', about(id, { name: user.name, changes })), (c) =>
        c.factors.takeBack(id, { totp, passkeys: passkeys.map((key) => key.id) }),
      );
      tellFactors(deps, user, 'some_removed', { factor: removed.join(', '), by: by.console });
      return { removed };
    },

    async write_entry({ by, action, ...what }) {
      const { entry } = await askers.of(by);
      await putOnRecord(catalogue, entry(action, what));
      return {};
    },

    async put_finding({ by, recording: id, fault, found: how }) {
      const { entry } = await askers.of(by);
      const recording = await catalogue.recordings.get(id);
      if (!recording) throw fail('recording_absent');
      const found = (news: boolean) =>
        news && fault !== null ? entry('damage', damageOf(recording, how, fault)) : null;
      await onRecord(catalogue, found, (c) => c.seals.checked(id, clock(), fault));
      return {};
    },

    async reseal_totp({ person, before, after }) {
      await catalogue.factors.resealTotp(person, Buffer.from(before, 'base64'), Buffer.from(after, 'base64'));
      return {};
    },
  };
}
