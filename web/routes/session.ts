import type { Static } from 'typebox';
import { fail } from '../../daemon/domain/error.js';
import { SessionView, SignInBody } from '../schemas.js';
import type { App } from '../types.js';
import { answers } from './answers.js';
import type { RouteDeps } from './deps.js';

/** Who is signed in, signing in and signing out. */
export function sessionRoutes(app: App, deps: RouteDeps): void {
  const { catalogue, passwords, sessions, tries, cookie, live } = deps;

  app.get(
    '/session',
    {
      config: { public: true },
      schema: {
        tags: ['session'],
        summary: 'Who is signed in',
        description: 'Answers without a session too: then `user` is null.',
        response: answers(SessionView),
      },
    },
    async (request) => sessionView(deps, request.session?.userName ?? null),
  );

  app.post(
    '/session',
    {
      config: { public: true, rateLimit: { max: 60, timeWindow: '1 minute' } },
      schema: {
        tags: ['session'],
        summary: 'Sign in',
        description: 'Begins a new session and sets its cookie. A session that the browser had before ends.',
        body: SignInBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      const taken = tries.take(request.ip, name);
      if ('waitSeconds' in taken) {
        reply.header('retry-after', taken.waitSeconds);
        throw fail('too_many', `Try again in ${Math.ceil(taken.waitSeconds / 60)} min.`);
      }
      const user = await catalogue.userByName(name);
      if (!(await passwords.verify(user?.passwordHash ?? null, password)) || !user) {
        request.log.warn({ address: request.ip }, 'a sign-in failed');
        throw fail('sign_in_failed');
      }
      taken.succeeded();
      if (request.session) await sessions.end(request.session.tokenHash);
      cookie.set(reply, await sessions.begin(user.id));
      return sessionView(deps, user.name);
    },
  );

  app.delete(
    '/session',
    {
      schema: {
        tags: ['session'],
        summary: 'Sign out',
        description: 'Ends the session on the server, and every live stream that it had.',
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { tokenHash } = request.session!;
      await sessions.end(tokenHash);
      live.end(tokenHash);
      cookie.clear(reply);
      return sessionView(deps, null);
    },
  );
}

export async function sessionView(
  { setup, site, version }: Pick<RouteDeps, 'setup' | 'site' | 'version'>,
  name: string | null,
): Promise<Static<typeof SessionView>> {
  return {
    user: name === null ? null : { name },
    setup_needed: name === null && (await setup.needed()),
    site: { name: site.name, time_zone: site.timeZone },
    version,
  };
}
