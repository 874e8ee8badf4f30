import type { Verbs } from '../catalogue/catalogue.js';
import type { User } from '../catalogue/people.js';
import {
  type About,
  type Actor,
  type AuditAction,
  entryOf,
  type NewEntry,
} from '../domain/assurance/audit.js';
import { fail } from '../domain/error.js';
import type { By, Signed } from '../domain/operations/control/request.js';
import { actIn, type ControlBody, type ProvedName } from '../domain/operations/control.js';
import { type Act, ProofNeeded } from '../domain/people/act.js';
import type { GivenFactor } from '../domain/people/factor.js';
import { type BoxRight, mayDo, type Person } from '../domain/people/person.js';
import type { Proofs } from './proofs.js';

/** Somebody who asks for something, as the catalogue has them. */
export type Asker = {
  /** Null: the command line on the box, which may do everything. */
  person: Person | null;
  /** An entry of what they do now. */
  entry(action: AuditAction, about?: About): NewEntry;
};
/** Somebody who asks for what is theirs, in a session of their own. */
export type Self = { user: User; epoch: number; entry: Asker['entry'] };
/** Whether somebody has a second factor, and the app or passkey that they gave; null for all else. */
type Shown = { second: boolean; factor: GivenFactor | null };
export type Askers = ReturnType<typeof createAskers>;

/** The acts that need a proof: on the box, also by the command line; and on what is somebody's own. */
type OfOneself = { [N in ProvedName]: ControlBody<N>['by'] extends Signed ? N : never }[ProvedName];
type OfTheBox = Exclude<ProvedName, OfOneself>;

/** Whether something is asked for on the command line of the box. */
const onConsole = (by: By): by is Extract<By, { console: string }> => 'console' in by;

/** Who asks, and whether they may. That it is they who ask is the dashboard's word, a proof apart. */
export function createAskers(deps: {
  catalogue: Verbs<'people.get' | 'tokens.of' | 'people.standing'>;
  proofs: Pick<Proofs, 'signedIn' | 'use'>;
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
    const user = await deps.catalogue.people.get(id);
    if (!user || user.disabledAt !== null) throw fail('not_signed_in');
    const actor = { actor_id: user.id, actor_name: user.name, address };
    if (token === undefined) return { user, asker: asker(user, { actor: 'person', ...actor }) };
    const found = (await deps.catalogue.tokens.of(user.id)).find((one) => one.id === token);
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
     * minutes for this one act, and who has none their password, for this kind of act. Throws `ProofNeeded`, and
     * `local_account_needed` for somebody of a directory or a provider, whose word the recorder has not heard itself;
     * `second_factor_needed` where a role requires one.
     */
    async proved<N extends OfTheBox>(name: N, body: ControlBody<N>, right: BoxRight): Promise<Asker> {
      const by: By = body.by;
      const found = await askers.may(by, right);
      if (!onConsole(by)) await prove(by, actIn(name, body), { of: 'box' });
      return found;
    },

    /**
     * The same for a second person: a second factor that was given for exactly this approval, once, and which one it was. A
     * password is not enough, because the dashboard has seen it. Throws as `proved` does, and `approval_factor`.
     */
    async approver(
      body: ControlBody<'approve'>,
      right: BoxRight,
    ): Promise<{ asker: Asker; factor: GivenFactor | null }> {
      const asker = await askers.may(body.by, right);
      const { factor } = await prove(body.by, actIn('approve', body), { of: 'box', exact: true });
      return { asker, factor };
    },

    /**
     * Somebody in a session of their own, for what is theirs alone. Throws `not_signed_in`, and `forbidden` for an API token.
     */
    async self(by: Signed): Promise<Self> {
      if (by.token !== undefined) throw fail('forbidden', 'This cannot be done with an API token.');
      const now = await deps.catalogue.people.standing(by.person);
      if (!now) throw fail('not_signed_in');
      const { user, asker } = await signed(by);
      return { user, epoch: now.epoch, entry: asker.entry };
    },

    /** The same for somebody who has shown who they are. Throws as `proved` does. */
    async provedSelf<N extends OfOneself>(name: N, body: ControlBody<N>): Promise<Self> {
      await prove(body.by, actIn(name, body));
      return askers.self(body.by);
    },

    /**
     * The same for somebody who begins to add a second factor; `first`: they have none. For a first one the password of the
     * sign-in is enough: whoever has seen that typed could give it again. People of a directory or a provider have no password here,
     * so their first one is added without a proof: until then it is the dashboard's word that it is they.
     */
    async enrolling<N extends OfOneself>(name: N, body: ControlBody<N>): Promise<Self & { first: boolean }> {
      const { second } = await prove(body.by, actIn(name, body), { first: true });
      return { ...(await askers.self(body.by)), first: !second };
    },
  };

  /** Throws unless somebody has shown who they are for this; `first`: but for who has nothing yet by which they could. */
  async function prove(
    by: Signed,
    act: Act,
    {
      first = false,
      of = 'theirs',
      exact = false,
    }: { first?: boolean; of?: 'box' | 'theirs'; exact?: boolean } = {},
  ): Promise<Shown> {
    if (by.token !== undefined) throw new ProofNeeded(act);
    const { user } = await signed(by);
    // Who they are there, in which groups, and that their first second factor is theirs: all of it is the dashboard's word.
    if (of === 'box' && user.source !== 'local') throw fail('local_account_needed');
    const now = await deps.catalogue.people.standing(user.id);
    if (!now) throw fail('not_signed_in');
    const second = now.state.totp || now.state.passkeys > 0;
    if (now.state.required && !second && !first) throw fail('second_factor_needed');
    if (exact && !second) throw fail('approval_factor');
    if (!second && user.source !== 'local') {
      if (first) return { second, factor: null };
      throw fail('own_factor_needed');
    }
    const owner = { id: user.id, epoch: now.epoch };
    const used = deps.proofs.use(by.session, owner, act, { second });
    if (used) return { second, factor: used.factor };
    if (first && !second && deps.proofs.signedIn(by.session, owner)) return { second, factor: null };
    throw new ProofNeeded(act);
  }

  return askers;
}
