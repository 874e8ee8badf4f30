import { ulid } from 'ulid';
import { fail } from '../../daemon/domain/error.js';
import { clean } from '../../daemon/domain/party.js';
import { SessionView, SetupBody } from '../schemas.js';
import type { App } from '../types.js';
import { answers } from './answers.js';
import type { RouteDeps } from './deps.js';
import { sessionView } from './session.js';

/** The first user. */
export function setupRoutes(app: App, deps: RouteDeps): void {
  const { passwords, sessions, setup, cookie, now } = deps;

  app.post(
    '/setup',
    {
      config: { public: true, rateLimit: { max: 10, timeWindow: '1 minute' } },
      schema: {
        tags: ['session'],
        summary: 'Make the first user',
        description:
          'Works once, while there is no user, with the code that the dashboard printed on its console. Signs in.',
        body: SetupBody,
        response: answers(SessionView),
      },
    },
    async (request, reply) => {
      const { code, password } = request.body;
      const name = clean(request.body.name, 60);
      setup.check(code);
      if (name === '') throw fail('request_invalid', 'body.name: must have a letter');
      passwords.check(password, name);
      const user = {
        id: ulid(now()),
        name,
        passwordHash: await passwords.hash(password),
        createdAt: now(),
      };
      await setup.claim(code, user);
      request.log.info({ address: request.ip }, 'the first user was made');
      if (request.session) await sessions.end(request.session.tokenHash);
      cookie.set(reply, await sessions.begin(user.id));
      return sessionView(deps, user.name);
    },
  );
}
