import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { nameOf } from '../../daemon/domain/people/name.js';
import { placeOf } from '../auth/place.js';
import { signed } from '../auth/signed.js';
import { forApp } from '../auth/totp.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import {
  CodeBody,
  FactorRoles,
  FactorsView,
  NewFactorView,
  PasskeyBody,
  RecoveryCodesView,
  TotpView,
  WebAuthnOptions,
} from './factor-schemas.js';

type Deps = Needs<
  'ask' | 'enter' | 'site',
  'factors.state' | 'factors.passkeys' | 'factors.roles' | 'factors.totp'
>;

/** One's own second factors, and who has to have one. */
export function factorRoutes(app: App, deps: Deps): void {
  const { catalogue, ask, enter, site } = deps;
  const tags = ['second factors'];
  /** Throws `second_factor_needed`: who has only the password must not add a factor of their own beside the owner's. */
  const changing = (request: FastifyRequest) => {
    if (request.session!.owes === 'factor') throw fail('second_factor_needed');
    return signed(request);
  };
  /** The factor is there: the session has it too, and goes on. */
  async function added(request: FastifyRequest, reply: FastifyReply, proof: 'totp' | 'passkey') {
    await enter.goOn(request, reply, proof);
    request.log.info({ user: request.session!.person.name, proof }, 'a second factor was added');
  }
  const removed = (request: FastifyRequest, proof: 'totp' | 'passkey') =>
    request.log.info({ user: request.session!.person.name, proof }, 'a second factor was removed');

  app.get(
    '/account/factors',
    {
      config: { access: 'signed_in', audit: { nothing: 'what somebody has, to themselves' } },
      schema: {
        tags,
        summary: 'Your second factors',
        description: 'Those that you have, and how many recovery codes are left.',
        response: answers(FactorsView),
      },
    },
    async ({ session }) => {
      const { id } = session!.person;
      const [state, totp, keys] = await Promise.all([
        catalogue.factors.state(id),
        catalogue.factors.totp(id),
        catalogue.factors.passkeys(id),
      ]);
      return {
        required: state.required,
        totp: totp && { added_at: iso(totp.addedAt) },
        passkeys: keys.map((key) => ({
          ...{ id: key.id, name: key.name, host: key.host, added_at: iso(key.addedAt) },
          used_at: isoOrNull(key.usedAt),
        })),
        recovery_codes: state.recoveryCodes,
      };
    },
  );

  app.post(
    '/account/factors/totp',
    {
      config: { access: 'second_factor', audit: { nothing: 'it counts once a code of it was given' } },
      schema: {
        tags,
        summary: 'Begin with an authenticator app',
        description:
          'Makes a secret, which counts once a code of it was given. Needs a proof of the last ten minutes for the object "add app".',
        response: answers(TotpView),
      },
    },
    async (request) => {
      const { secret } = await ask('begin_totp', { by: changing(request) });
      return forApp(secret, { site: site.name, person: request.session!.person.name });
    },
  );

  app.put(
    '/account/factors/totp',
    {
      config: {
        access: 'second_factor',
        audit: 'second_factor',
        rateLimit: { max: 30, timeWindow: '1 minute' },
      },
      schema: {
        tags,
        summary: 'Add the authenticator app',
        description:
          'With a code of the secret that was made last. Takes the place of an app that was there.',
        body: CodeBody,
        response: answers(NewFactorView),
      },
    },
    async (request, reply) => {
      const made = await ask('confirm_totp', { by: changing(request), code: request.body.code });
      await added(request, reply, 'totp');
      return made;
    },
  );

  app.delete(
    '/account/factors/totp',
    {
      config: { access: 'signed_in', audit: 'second_factor' },
      schema: {
        tags,
        summary: 'Remove the authenticator app',
        description:
          'Refused when it is the last factor and a role requires one. Needs a proof of the last ten minutes.',
        response: answers(Type.Object({})),
      },
    },
    async (request) => {
      await ask('remove_factor', { by: changing(request) });
      removed(request, 'totp');
      return {};
    },
  );

  app.post(
    '/account/factors/passkeys/options',
    {
      config: { access: 'second_factor', audit: { nothing: 'it counts once the browser has made it' } },
      schema: {
        tags,
        summary: 'Begin with a passkey',
        description:
          'Gives the options for navigator.credentials.create(). Needs a proof of the last ten minutes for the object "add passkey".',
        response: answers(WebAuthnOptions),
      },
    },
    async (request) => {
      const by = changing(request);
      const place = placeOf(request);
      if (!place) throw fail('passkey_refused', 'Passkeys need TLS and a name in the address.');
      return ask('begin_passkey', { by, place });
    },
  );

  app.post(
    '/account/factors/passkeys',
    {
      config: {
        access: 'second_factor',
        audit: 'second_factor',
        rateLimit: { max: 30, timeWindow: '1 minute' },
      },
      schema: {
        tags,
        summary: 'Add the passkey',
        description: 'With what the browser has made of the options. The session gets a new token.',
        body: PasskeyBody,
        response: answers(NewFactorView),
      },
    },
    async (request, reply) => {
      const { name, response } = request.body;
      const made = await ask('add_passkey', { by: changing(request), name: nameOf(name), response });
      await added(request, reply, 'passkey');
      return made;
    },
  );

  app.delete(
    '/account/factors/passkeys/:id',
    {
      config: { access: 'signed_in', audit: 'second_factor' },
      schema: {
        tags,
        summary: 'Remove a passkey',
        description:
          'Refused when it is the last factor and a role requires one. Needs a proof of the last ten minutes.',
        params: Type.Object({ id: Type.String({ maxLength: 1024 }) }),
        response: answers(Type.Object({})),
      },
    },
    async (request) => {
      await ask('remove_factor', { by: changing(request), passkey: request.params.id });
      removed(request, 'passkey');
      return {};
    },
  );

  app.post(
    '/account/factors/recovery-codes',
    {
      config: { access: 'signed_in', audit: 'second_factor' },
      schema: {
        tags,
        summary: 'New recovery codes',
        description:
          'Ten new ones in the place of the old, shown this once. Needs a proof of the last ten minutes for the object "make recovery codes".',
        response: answers(RecoveryCodesView),
      },
    },
    async (request) => {
      const made = await ask('new_recovery_codes', { by: changing(request) });
      request.log.info({ user: request.session!.person.name }, 'recovery codes were made');
      return made;
    },
  );

  app.get(
    '/second-factor-roles',
    {
      config: { access: 'oversee', audit: { nothing: "a rule, and nobody's calls" } },
      schema: {
        tags,
        summary: 'Who has to have a second factor',
        description: 'By role; whoever has several roles has to if one of them requires it.',
        response: answers(FactorRoles),
      },
    },
    async () => ({ roles: await catalogue.factors.roles() }),
  );

  app.put(
    '/second-factor-roles',
    {
      config: { access: 'settings', audit: 'policy_change' },
      schema: {
        tags,
        summary: 'Say who has to have a second factor',
        description:
          'Holds at once: sessions without one owe it from now on. Needs a proof of the last ten minutes.',
        body: FactorRoles,
        response: answers(FactorRoles),
      },
    },
    async (request) => {
      await ask('set_factor_roles', { by: signed(request), roles: request.body.roles });
      const roles = await catalogue.factors.roles();
      request.log.info({ roles, by: request.session!.person.name }, 'who needs a second factor was changed');
      return { roles };
    },
  );
}
