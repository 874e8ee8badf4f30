import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { isoOrNull } from '../../daemon/domain/days.js';
import { boxRights, callRights, mayDo, mayEver, type Person } from '../../daemon/domain/people/person.js';
import { reachOf } from '../../daemon/domain/people/reach.js';
import type { Session } from '../auth/sessions.js';
import type { Needs } from '../deps.js';
import { answers, later } from '../server/answers.js';
import { RECORDER_AWAY, recorderAway } from '../server/ask.js';
import type { App } from '../server/types.js';
import { type SecondFactorView, SessionView, SignInBody } from './session-schemas.js';

/** What it takes to say who is signed in. */
export type SessionViewDeps = Needs<
  'pbxes' | 'provider' | 'setup' | 'site' | 'version',
  'factors.state' | 'factors.passkeys'
>;
type Deps = SessionViewDeps &
  Needs<
    | 'audit'
    | 'cookie'
    | 'devices'
    | 'enter'
    | 'live'
    | 'playing'
    | 'sending'
    | 'sessions'
    | 'signIn'
    | 'tries',
    'people.byName'
  >;

/** Whoever it is that does not come in. */
const NOBODY = { id: '', name: '' };

/** Who is signed in, signing in and signing out. */
export function sessionRoutes(app: App, deps: Deps): void {
  const { catalogue, sessions, tries, devices, cookie, live, sending, signIn, enter, audit, playing } = deps;

  app.get(
    '/session',
    {
      config: { access: 'public', audit: { nothing: 'it says who asks' } },
      schema: {
        tags: ['session'],
        summary: 'Who is signed in, and what they may do',
        description: 'Answers without a session too: then `user` is null.',
        response: answers(SessionView),
      },
    },
    async (request) => sessionView(deps, request),
  );

  app.post(
    '/session',
    {
      config: { access: 'public', audit: 'sign_in', rateLimit: { max: 60, timeWindow: '1 minute' } },
      schema: {
        tags: ['session'],
        summary: 'Sign in',
        description:
          'Begins a new session and sets its cookie. A session that the browser had before ends. `second_factor.owes` says what is still to be given.',
        body: SignInBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      const known = await catalogue.people.byName(name);
      const taken = tries.take(request.ip, name, await devices.known(request, known?.id));
      if ('waitSeconds' in taken) {
        audit.refused(audit.by(NOBODY, request.ip, 'sign_in', { detail: { because: 'too many tries' } }));
        throw later(reply, taken.waitSeconds);
      }
      const { user, proof } = await signIn.byPassword(known, name, password, taken).catch((err: unknown) => {
        request.log.warn({ event: 'sign_in_failed', address: request.ip, err }, 'a sign-in failed');
        // What was typed as a name that nobody has may be a password.
        const because = recorderAway(err) ? RECORDER_AWAY : known ? 'wrong password' : 'unknown name';
        audit.refused(audit.by(known ?? NOBODY, request.ip, 'sign_in', { detail: { because } }));
        throw err;
      });
      taken.succeeded();
      const means = proof === 'password' ? { password } : { word: [proof] };
      await enter.begin(request, reply, user.id, means);
      return sessionView(deps, request);
    },
  );

  app.delete(
    '/session',
    {
      config: { access: 'second_factor', audit: 'sign_out' },
      schema: {
        tags: ['session'],
        summary: 'Sign out',
        description: 'Ends the session on the server, and every live stream that it had.',
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { id, tokenHash } = request.session!;
      await sessions.end(tokenHash);
      audit.note(audit.of(request, 'sign_out'));
      sending.end(id);
      playing.end(id);
      live.end(tokenHash, { signedOut: true });
      cookie.clear(reply);
      request.session = null;
      return sessionView(deps, request);
    },
  );
}

/** Who is signed in by this request's session, and what they still owe. */
export async function sessionView(
  { catalogue, setup, site, pbxes, version, provider }: SessionViewDeps,
  request: FastifyRequest,
): Promise<Static<typeof SessionView>> {
  const { session } = request;
  return {
    user: session && userView(session.person),
    second_factor: session && (await secondFactor(catalogue, session, request.hostname)),
    sign_in: { provider: provider?.name ?? null },
    setup_needed: session === null && (await setup.needed()),
    site: { name: site.name, time_zone: site.timeZone, region: site.region },
    pbxes: session ? [...pbxes] : [],
    version,
  };
}

/** What the pages show goes by this; what is answered goes by the rights themselves. */
function userView(person: Person): NonNullable<Static<typeof SessionView>['user']> {
  const mine = reachOf(person, 'view');
  return {
    id: person.id,
    name: person.name,
    roles: person.roles,
    may: boxRights.filter((right) => mayDo(person, right)),
    calls: callRights.filter((right) => mayEver(person, right)),
    reach: mine === 'all' ? 'all' : mine.length > 0 ? 'some' : 'none',
  };
}

async function secondFactor(
  catalogue: SessionViewDeps['catalogue'],
  { person, owes, proofs, failed }: Session,
  host: string,
): Promise<Static<typeof SecondFactorView>> {
  const [state, keys] = await Promise.all([
    catalogue.factors.state(person.id),
    catalogue.factors.passkeys(person.id),
  ]);
  const { count, lastAt } = failed;
  return {
    owes,
    required: state.required,
    totp: state.totp,
    passkeys: keys.length,
    passkeys_here: keys.filter((key) => key.host === host).length,
    recovery_codes: state.recoveryCodes,
    // Who has a second factor shows that one; who comes from a provider has no password to show.
    password: !state.totp && keys.length === 0 && !proofs.includes('provider_sign_in'),
    failed: count === 0 ? null : { count, last_at: isoOrNull(lastAt) },
  };
}
