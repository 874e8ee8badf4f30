import { fail } from '../../daemon/domain/error.js';
import { nameOf } from '../../daemon/domain/people/name.js';
import { type Person, tokenRights } from '../../daemon/domain/people/person.js';
import { tokenRightsOf } from '../../daemon/domain/people/rights.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { DAYS, TokenBody, TokenMadeView, TokensView, TokenView } from '../people/schemas.js';
import { tokenView } from '../people/views.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';

type Deps = Needs<'ask', 'tokens.of' | 'people.get'>;

/** One's own API tokens. No token opens any of these. */
export function tokenRoutes(app: App, { catalogue, ask }: Deps): void {
  /** Whether only the provider knows if they still have an account; it is asked only when they sign in. */
  const ofProvider = async ({ id }: Person) => (await catalogue.people.get(id))?.source === 'oidc';

  app.get(
    '/account/tokens',
    {
      config: { access: 'signed_in', audit: { nothing: 'names of tokens, to their owner' } },
      schema: {
        tags: ['account'],
        summary: 'Your API tokens',
        description: 'Without the tokens themselves, of which only hashes are kept.',
        response: answers(TokensView),
      },
    },
    async (request) => {
      const { person } = request.session!;
      return {
        tokens: (await catalogue.tokens.of(person.id)).map(tokenView),
        possible: (await ofProvider(person)) ? [] : tokenRightsOf(person),
      };
    },
  );

  app.post(
    '/account/tokens',
    {
      config: { access: 'signed_in', audit: 'token_add', rateLimit: { max: 20, timeWindow: '1 minute' } },
      schema: {
        tags: ['account'],
        summary: 'Make an API token',
        description:
          'For some of what you may do. It can never do more than you can at that time; with your rights it loses its own. Needs a proof of the last ten minutes. Not for people who come from the OpenID provider, which is asked only when they sign in.',
        body: TokenBody,
        response: answers(TokenMadeView),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const rights = tokenRights.filter((right) => request.body.rights.includes(right));
      const { days = DAYS } = request.body;
      const asked = { by: signed(request), name: nameOf(request.body.name), rights, days };
      const { id, secret } = await ask('make_token', asked);
      const made = (await catalogue.tokens.of(person.id)).find((token) => token.id === id);
      if (!made) throw fail('not_found');
      request.log.info({ person: person.id, token: id }, 'a token was made');
      return { secret, token: tokenView(made) };
    },
  );

  app.delete(
    '/account/tokens/:id',
    {
      config: { access: 'signed_in', audit: 'token_remove' },
      schema: {
        tags: ['account'],
        summary: 'Revoke an API token',
        description: 'It works no more from now on.',
        params: IdParams,
        response: answers(TokenView),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const token = (await catalogue.tokens.of(person.id)).find(({ id }) => id === request.params.id);
      if (!token) throw fail('not_found');
      await ask('remove_token', { by: signed(request), id: token.id });
      request.log.info({ person: person.id, token: token.id }, 'a token was revoked');
      return tokenView(token);
    },
  );
}
