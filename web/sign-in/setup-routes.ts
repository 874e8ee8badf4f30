import { personName } from '../../daemon/domain/people/name.js';
import { plainAddress } from '../auth/came-from.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { type SessionViewDeps, sessionView } from './session-routes.js';
import { SessionView, SetupBody } from './session-schemas.js';

type Deps = SessionViewDeps & Needs<'ask' | 'enter' | 'passwords'>;

/** The first user. */
export function setupRoutes(app: App, deps: Deps): void {
  const { passwords, setup, enter, site, ask } = deps;

  app.post(
    '/setup',
    {
      config: {
        access: 'public',
        audit: ['person_add', 'sign_in'],
        rateLimit: { max: 10, timeWindow: '1 minute' },
      },
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
      const { code, password, hears = true } = request.body;
      setup.check(code);
      const name = personName(request.body.name);
      passwords.check(password, name, site.name);
      const hash = await passwords.hash(password);
      const { id } = await ask('claim_setup', { code, name, hash, hears, address: plainAddress(request.ip) });
      setup.done();
      request.log.info({ address: request.ip }, 'the first user was made');
      await enter.begin(request, reply, id, { password });
      return sessionView(deps, request);
    },
  );
}
