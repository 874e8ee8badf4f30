import { fail } from '../../daemon/domain/error.js';
import { placeOf } from '../auth/place.js';
import type { Needs } from '../deps.js';
import { answers, later } from '../server/answers.js';
import { RECORDER_AWAY, recorderAway } from '../server/ask.js';
import type { App } from '../server/types.js';
import {
  AssertionAskBody,
  AssertionBody,
  PasswordBody,
  ProofCodeBody,
  WebAuthnOptions,
} from './factor-schemas.js';
import { type SessionViewDeps, sessionView } from './session-routes.js';
import { SessionView } from './session-schemas.js';

type Deps = SessionViewDeps & Needs<'ask' | 'audit' | 'devices' | 'enter' | 'signIn' | 'tries', 'people.get'>;

/** Proofs beside the password: what a session still owes, what shows again that it is its owner, and passkeys alone. */
export function proofRoutes(app: App, deps: Deps): void {
  const { catalogue, ask, enter, signIn, tries, devices, audit } = deps;
  const tags = ['session'];
  const often = { max: 60, timeWindow: '1 minute' };
  app.post(
    '/session/second-factor',
    {
      config: { access: 'second_factor', audit: 'second_factor', rateLimit: often },
      schema: {
        tags,
        summary: 'Give a second factor',
        description:
          'A code of the authenticator app or a recovery code, which the session owes or which proves one `act`, once. The session gets a new token. After five wrong codes the next is looked at a minute later, and so on.',
        body: ProofCodeBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const device = await devices.known(request, request.session!.person.id);
      const { code, act = null } = request.body;
      const slow = await enter.prove(request, reply, { code }, { act, device });
      if (slow) throw later(reply, slow.waitSeconds, 'second_factor_slow');
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
        description:
          'With the password, for who has no second factor; a code or a passkey for who has one, which counts for the one act that it names. A password is good for ten minutes for this kind of act, and first of all for the object that it names. The error `proof_needed` says which act is to be proved.',
        body: PasswordBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      const { act } = request.body;
      const known = await catalogue.people.get(person.id);
      const taken = tries.take(request.ip, person.name, await devices.known(request, person.id));
      if ('waitSeconds' in taken) throw later(reply, taken.waitSeconds);
      const { user, proof } = await signIn
        .byPassword(known, person.name, request.body.password, taken)
        .catch((e: unknown) => {
          const because = recorderAway(e) ? RECORDER_AWAY : 'a password was wrong';
          request.log.warn({ address: request.ip, user: person.name }, because);
          audit.refused(audit.of(request, 'second_factor', { detail: { because, act: act.kind } }));
          throw e;
        });
      if (user.id !== person.id) throw fail('sign_in_failed');
      taken.succeeded();
      const { password } = request.body;
      await enter.prove(request, reply, proof === 'password' ? { password } : { word: [proof] }, { act });
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
          'Gives the options for navigator.credentials.get(), the same for everybody who is not signed in. The challenge is good for this `act` only, in this session.',
        body: AssertionAskBody,
        response: answers(WebAuthnOptions),
      },
    },
    async (request) => {
      const place = placeOf(request);
      if (!place) throw fail('passkey_refused', 'Passkeys need TLS and a name in the address.');
      const { session } = request;
      const { act = null } = request.body;
      return ask('ask_passkey', {
        person: session?.person.id ?? null,
        session: session?.id ?? null,
        place,
        act,
      });
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
      const { response, act = null } = request.body;
      const means = { passkey: response };
      // Whoever has given a password goes on as the one whose it is, or not at all.
      if (request.token === null && request.session) await enter.prove(request, reply, means, { act });
      else await enter.begin(request, reply, null, means);
      return sessionView(deps, request);
    },
  );
}
