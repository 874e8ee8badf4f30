import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { ifDone } from '../audit/audit.js';
import { placeOf } from '../auth/passkeys.js';
import type { Needs } from '../deps.js';
import { answers, nameOf } from '../server/answers.js';
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
  'audit' | 'enter' | 'factors' | 'passkeys',
  'factorState' | 'passkey' | 'passkeys' | 'rolesWithFactor' | 'totp'
>;

/** One's own second factors, and who has to have one. */
export function factorRoutes(app: App, deps: Deps): void {
  const { catalogue, factors, passkeys, enter, audit } = deps;
  const tags = ['second factors'];
  /** Throws unless this session may change its owner's factors. */
  const changing = ({ session }: FastifyRequest) => {
    factors.mayChange(session!);
    return session!;
  };
  const changed = (request: FastifyRequest, what: string) =>
    audit.of(request, 'second_factor', { detail: { changes: [what] } });
  /** The factor is there: the session has it too, and goes on. */
  async function added(request: FastifyRequest, reply: FastifyReply, proof: 'totp' | 'passkey') {
    const { person } = request.session!;
    const recovery_codes = await factors.firstRecoveryCodes(person.id);
    await enter.prove(request, reply, proof);
    request.log.info({ user: person.name, proof }, 'a second factor was added');
    return { recovery_codes };
  }
  async function removed(request: FastifyRequest, which: 'totp' | { passkey: string }, what: string) {
    const { person } = request.session!;
    const entry = changed(request, `the ${what} was removed`);
    const gone = await audit.audited(ifDone(entry)).removeFactor(person.id, which);
    if (!gone) throw fail('last_factor');
    const proof = which === 'totp' ? which : 'passkey';
    request.log.info({ user: person.name, proof }, 'a second factor was removed');
    return {};
  }

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
        catalogue.factorState(id),
        catalogue.totp(id),
        catalogue.passkeys(id),
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
          'Makes a secret, which counts once a code of it was given. Needs a proof of the last ten minutes.',
        response: answers(TotpView),
      },
    },
    async (request) => {
      const { person, tokenHash } = changing(request);
      return factors.beginTotp(person, tokenHash);
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
      const { person, tokenHash } = changing(request);
      const entry = changed(request, 'an authenticator app was added');
      await factors.confirmTotp(person, tokenHash, request.body.code, entry);
      return added(request, reply, 'totp');
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
      changing(request);
      return removed(request, 'totp', 'authenticator app');
    },
  );

  app.post(
    '/account/factors/passkeys/options',
    {
      config: { access: 'second_factor', audit: { nothing: 'it counts once the browser has made it' } },
      schema: {
        tags,
        summary: 'Begin with a passkey',
        description: 'Gives the options for navigator.credentials.create().',
        response: answers(WebAuthnOptions),
      },
    },
    async (request) => {
      const { person, tokenHash } = changing(request);
      const place = placeOf(request);
      if (!place) throw fail('passkey_refused', 'Passkeys need TLS and a name in the address.');
      return { options: await passkeys.beginAdding(person, place, tokenHash) };
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
      const { person, tokenHash } = changing(request);
      const name = nameOf(request.body.name);
      const entry = changed(request, `the passkey ${name} was added`);
      await passkeys.add(person, name, request.body.response, tokenHash, entry);
      return added(request, reply, 'passkey');
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
      const { person } = changing(request);
      const passkey = await catalogue.passkey(request.params.id);
      if (passkey?.userId !== person.id) throw fail('not_found');
      return removed(request, { passkey: passkey.id }, `passkey ${passkey.name}`);
    },
  );

  app.post(
    '/account/factors/recovery-codes',
    {
      config: { access: 'signed_in', audit: 'second_factor' },
      schema: {
        tags,
        summary: 'New recovery codes',
        description: 'Ten new ones in the place of the old, shown this once.',
        response: answers(RecoveryCodesView),
      },
    },
    async (request) => {
      const { person } = changing(request);
      const { totp, passkeys: keys } = await catalogue.factorState(person.id);
      if (!totp && keys === 0)
        throw fail('request_invalid', 'There is no second factor that they would stand for.');
      request.log.info({ user: person.name }, 'recovery codes were made');
      const entry = changed(request, 'new recovery codes were made');
      return { recovery_codes: await factors.newRecoveryCodes(person.id, entry) };
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
    async () => ({ roles: await catalogue.rolesWithFactor() }),
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
      factors.mayChange(request.session!);
      const said = `second factor required of: ${request.body.roles.join(', ') || 'nobody'}`;
      const entry = audit.of(request, 'policy_change', {
        object: 'second_factor',
        detail: { changes: [said] },
      });
      await audit.audited(entry).setRolesWithFactor(request.body.roles);
      const roles = await catalogue.rolesWithFactor();
      request.log.info({ roles, by: request.session!.person.name }, 'who needs a second factor was changed');
      return { roles };
    },
  );
}
