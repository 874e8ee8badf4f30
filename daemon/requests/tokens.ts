import type { Verbs } from '../catalogue/catalogue.js';
import { onRecord } from '../catalogue/entries.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { nameOf } from '../domain/people/name.js';
import { tokenRights } from '../domain/people/person.js';
import { tokenRightsOf } from '../domain/people/rights.js';
import { hashed, newToken } from '../ops/secrets/codes.js';
import type { Askers } from './askers.js';

const MOST = 50;
const DAY_MS = 86_400_000;
const BY_PROVIDER =
  'You sign in with the provider, and what it ends later ends a session but no token. Ask an admin for an account of Tapedeck itself.';

/**
 * API tokens for programs: `td_` and 256 bits, of which the catalogue has the hash. One is never more than its owner is now,
 * and never more than it was made for.
 */
export function createTokenRequests(deps: {
  catalogue: Verbs<'audited' | 'tokens.of' | 'tokens.used'>;
  askers: Askers;
  clock: () => number;
  mint: (at: number) => string;
}): Pick<ControlHandlers, 'make_token' | 'remove_token' | 'token_used'> {
  const { catalogue, askers, clock, mint } = deps;

  return {
    async make_token(body) {
      const { by, name: given, rights: wanted, days } = body;
      // Only the provider knows if they still have an account; it is asked only when they sign in. No proof changes that.
      if ((await askers.self(by)).user.source === 'oidc') throw fail('forbidden', BY_PROVIDER);
      const { user, entry } = await askers.provedSelf('make_token', body);
      const name = nameOf(given);
      const possible = tokenRightsOf(user);
      const beyond = wanted.filter((right) => !possible.includes(right));
      if (beyond.length > 0) throw fail('forbidden', `You may not do this yourself: ${beyond.join(', ')}.`);
      if ((await catalogue.tokens.of(user.id)).length >= MOST)
        throw fail('request_invalid', `You have ${MOST} tokens; revoke one first.`);
      const rights = tokenRights.filter((right) => wanted.includes(right));
      const secret = `td_${newToken()}`;
      const createdAt = clock();
      const id = mint(createdAt);
      const token = { id, userId: user.id, name, rights, createdAt, expiresAt: createdAt + days * DAY_MS };
      const about = { object: 'token', object_id: id, detail: { name, rights, days } };
      await onRecord(catalogue, entry('token_add', about), (c) => c.tokens.add(token, hashed(secret)));
      return { id, secret };
    },

    async remove_token({ by, id }) {
      const { user, entry } = await askers.self(by);
      const token = (await catalogue.tokens.of(user.id)).find((one) => one.id === id);
      if (!token) throw fail('not_found');
      const removed = entry('token_remove', { object: 'token', object_id: id, detail: { name: token.name } });
      const gone = await onRecord<boolean>(
        catalogue,
        (gone) => (gone ? removed : null),
        (c) => c.tokens.remove(user.id, id),
      );
      if (!gone) throw fail('not_found');
      return {};
    },

    async token_used({ id, address }) {
      await catalogue.tokens.used(id, clock(), address);
      return {};
    },
  };
}
