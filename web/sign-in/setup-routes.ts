import { ulid } from 'ulid';
import { FOUNDER, RUNS_ONLY } from '../../daemon/domain/people/person.js';
import { personSaid } from '../../daemon/domain/people/person-changes.js';
import type { Needs } from '../deps.js';
import { answers, personName } from '../server/answers.js';
import type { App } from '../server/types.js';
import { type SessionViewDeps, sessionView } from './session-routes.js';
import { SessionView, SetupBody } from './session-schemas.js';

type Deps = SessionViewDeps & Needs<'audit' | 'enter' | 'now' | 'passwords'>;

/** The first user. */
export function setupRoutes(app: App, deps: Deps): void {
  const { passwords, setup, enter, site, now, audit } = deps;

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
      const user = {
        ...(hears ? FOUNDER : RUNS_ONLY),
        id: ulid(now()),
        name,
        passwordHash: await passwords.hash(password),
        createdAt: now(),
      };
      const added = audit.by(user, request.ip, 'person_add', {
        object: 'person',
        object_id: user.id,
        detail: { ...personSaid(user), because: 'set-up code' },
      });
      await setup.claim(code, user, added);
      request.log.info({ address: request.ip }, 'the first user was made');
      await enter.begin(request, reply, user, ['password']);
      return sessionView(deps, request);
    },
  );
}
