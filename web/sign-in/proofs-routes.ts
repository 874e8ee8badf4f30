import type { FastifyRequest } from 'fastify';
import { fail } from '../../daemon/domain/error.js';
import { placeOf } from '../auth/passkeys.js';
import type { Needs } from '../deps.js';
import { answers, later } from '../server/answers.js';
import type { App } from '../server/types.js';
import { AssertionBody, CodeBody, PasswordBody, WebAuthnOptions } from './factor-schemas.js';
import { type SessionViewDeps, sessionView } from './session-routes.js';
import { SessionView } from './session-schemas.js';

type Deps = SessionViewDeps &
  Needs<'audit' | 'devices' | 'enter' | 'factors' | 'passkeys' | 'signIn' | 'tries', 'user'>;

const BY_PROVIDER = 'Sign in with the provider first; it is your second factor then.';

/** Proofs beside the password: what a session still owes, what shows again that it is its owner, and passkeys alone. */
export function proofRoutes(app: App, deps: Deps): void {
  const { catalogue, factors, passkeys, enter, signIn, tries, devices, audit } = deps;
  const tags = ['session'];
  const often = { max: 60, timeWindow: '1 minute' };
  const failed = (request: FastifyRequest, what: string) => {
    request.log.warn({ address: request.ip, user: request.session?.person.name }, what);
    audit.refused(audit.of(request, 'second_factor', { detail: { because: what } }));
  };

  app.post(
    '/session/second-factor',
    {
      config: { access: 'second_factor', audit: 'second_factor', rateLimit: often },
      schema: {
        tags,
        summary: 'Give a second factor',
        description:
          'A code of the authenticator app or a recovery code. The session gets a new token. After five wrong codes the next is looked at a minute later, and so on.',
        body: CodeBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { id } = request.session!.person;
      const device = await devices.known(request, id);
      const taken = await factors.take(id, request.body.code, device).catch((e: unknown) => {
        failed(request, 'a second factor was wrong');
        throw e;
      });
      if ('waitSeconds' in taken) throw later(reply, taken.waitSeconds, 'second_factor_slow');
      await enter.prove(request, reply, taken.proof, { tried: taken.proof === 'totp' });
      return sessionView(deps, request);
    },
  );

  app.post(
    '/session/proof',
    {
      config: { access: 'signed_in', audit: 'second_factor', rateLimit: often },
      schema: {
        tags,
        summary: 'Show again that it is still you',
        description: 'With the password; a code or a passkey does as well. Good for ten minutes.',
        body: PasswordBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      const known = await catalogue.user(person.id);
      const taken = tries.take(request.ip, person.name, await devices.known(request, person.id));
      if ('waitSeconds' in taken) throw later(reply, taken.waitSeconds);
      const { user, proof } = await signIn
        .byPassword(known, person.name, request.body.password, taken)
        .catch((e: unknown) => {
          failed(request, 'a password was wrong');
          throw e;
        });
      if (user.id !== person.id) throw fail('sign_in_failed');
      taken.succeeded();
      await enter.prove(request, reply, proof);
      return sessionView(deps, request);
    },
  );

  app.post(
    '/session/passkey/options',
    {
      config: { access: 'public', audit: { nothing: 'the same for everybody' }, rateLimit: often },
      schema: {
        tags,
        summary: 'Begin to sign in with a passkey',
        description:
          'Gives the options for navigator.credentials.get(), the same for everybody who is not signed in.',
        response: answers(WebAuthnOptions),
      },
    },
    async (request) => {
      const place = placeOf(request);
      if (!place) throw fail('passkey_refused', 'Passkeys need TLS and a name in the address.');
      return { options: await passkeys.ask(place, request.session?.person.id ?? null) };
    },
  );

  app.post(
    '/session/passkey',
    {
      config: { access: 'public', audit: ['sign_in', 'second_factor'], rateLimit: often },
      schema: {
        tags,
        summary: 'Sign in with a passkey',
        description:
          'Without a password, or as the second factor of a session that owes one. Who comes from the OpenID provider has to come from there each time.',
        body: AssertionBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const userId = await passkeys.answered(request.body.response).catch((e: unknown) => {
        failed(request, 'a passkey was refused');
        throw e;
      });
      const session = request.token === null ? request.session : null;
      if (session?.person.id === userId) await enter.prove(request, reply, 'passkey');
      // Whoever has given a password goes on as the one whose it is, or not at all.
      else if (session) throw fail('passkey_refused', 'It belongs to somebody else.');
      else {
        const user = await catalogue.user(userId);
        if (!user) throw fail('sign_in_failed');
        // Only the provider knows whether they still have an account there.
        if (user.source === 'oidc') throw fail('passkey_refused', BY_PROVIDER);
        await enter.begin(request, reply, user, ['passkey']);
      }
      return sessionView(deps, request);
    },
  );
}
