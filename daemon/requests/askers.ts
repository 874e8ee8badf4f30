import type { Catalogue } from '../catalogue/catalogue.js';
import type { User } from '../catalogue/people.js';
import { type About, type Actor, type AuditAction, entryOf, type NewEntry } from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { By, Signed } from '../domain/operations/control/request.js';
import { type BoxRight, mayDo, type Person } from '../domain/people/person.js';
import type { Proofs } from './proofs.js';

/** Somebody who asks for something, as the catalogue has them. */
export type Asker = {
  /** Null: the command line on the box, which may do everything. */
  person: Person | null;
  /** An entry of what they do now. */
  entry(action: AuditAction, about?: About): NewEntry;
};
export type Askers = ReturnType<typeof createAskers>;

/** Whether something is asked for on the command line of the box. */
const onConsole = (by: By): by is Extract<By, { console: string }> => 'console' in by;

/** Who asks, and whether they may. That it is they who ask is the dashboard's word, a proof apart. */
export function createAskers(deps: {
  catalogue: Pick<Catalogue, 'user' | 'tokensOf' | 'factorState'>;
  proofs: Pick<Proofs, 'fresh'>;
  clock: () => number;
}) {
  const asker = (person: Person | null, actor: Actor, token?: string): Asker => ({
    person,
    entry(action, about = {}) {
      const entry = entryOf(actor, deps.clock(), action, about);
      return token === undefined ? entry : { ...entry, detail: { ...entry.detail, token } };
    },
  });

  /** Throws `not_signed_in` for somebody who was removed or disabled, or whose token is gone. */
  async function signed({ person: id, address, token }: Signed): Promise<{ user: User; asker: Asker }> {
    const user = await deps.catalogue.user(id);
    if (!user || user.disabledAt !== null) throw fail('not_signed_in');
    const actor = { actor_id: user.id, actor_name: user.name, address };
    if (token === undefined) return { user, asker: asker(user, { actor: 'person', ...actor }) };
    const found = (await deps.catalogue.tokensOf(user.id)).find((one) => one.id === token);
    if (!found || found.expiresAt <= deps.clock()) throw fail('not_signed_in');
    const person = { ...user, only: found.rights };
    return { user, asker: asker(person, { actor: 'token', ...actor }, token) };
  }

  const askers = {
    /** Throws `not_signed_in`. */
    async of(by: By): Promise<Asker> {
      if (!onConsole(by)) return (await signed(by)).asker;
      return asker(null, { actor: 'console', actor_id: '', actor_name: by.console, address: '' });
    },

    /** Throws `not_signed_in`, and `forbidden` for who does not have this right. */
    async may(by: By, right: BoxRight): Promise<Asker> {
      const found = await askers.of(by);
      if (found.person && !mayDo(found.person, right)) throw fail('forbidden');
      return found;
    },

    /**
     * The same, for what nobody may do on the dashboard's word alone: somebody with a second factor has given it within ten
     * minutes, and who has none their password. Throws `proof_needed`, and `own_factor_needed` for somebody of a directory or
     * a provider, whose word the recorder has not heard itself.
     */
    async proved(by: By, right: BoxRight | null): Promise<Asker> {
      const found = right === null ? await askers.of(by) : await askers.may(by, right);
      if (!onConsole(by)) await prove(by);
      return found;
    },
  };

  async function prove(by: Signed): Promise<void> {
    if (by.token !== undefined) throw fail('proof_needed');
    const { user } = await signed(by);
    const { totp, passkeys } = await deps.catalogue.factorState(user.id);
    const second = totp || passkeys > 0;
    if (!second && user.source !== 'local') throw fail('own_factor_needed');
    if (!deps.proofs.fresh(by.session, user.id, { second })) throw fail('proof_needed');
  }

  return askers;
}
