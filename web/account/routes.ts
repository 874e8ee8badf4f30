import type { FastifyRequest } from 'fastify';
import { isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import {
  AccountView,
  EndedView,
  PasswordBody,
  PasswordChangedView,
  SessionsView,
} from '../people/schemas.js';
import { grantableView, rightsView, sessionsView } from '../people/views.js';
import { answers, IdParams, later } from '../server/answers.js';
import type { App } from '../server/types.js';

type Deps = Needs<
  'ask' | 'audit' | 'cookie' | 'devices' | 'passwords' | 'sessions' | 'site' | 'tries',
  'people.get'
>;

/** What is one's own: what one may do, one's password and where one is signed in. No API token opens any of it. */
export function accountRoutes(app: App, deps: Deps): void {
  const { catalogue, passwords, sessions, tries, devices, cookie, site, ask, audit } = deps;

  const told = (request: FastifyRequest, which: string, count: number) => {
    const detail = { because: `ended ${which}` };
    if (count > 0) audit.note(audit.of(request, 'session_end', { detail }));
    return { ended: count };
  };

  app.get(
    '/account',
    {
      config: { access: 'signed_in', audit: { nothing: 'what somebody may do, to themselves' } },
      schema: {
        tags: ['account'],
        summary: 'Who you are here',
        description: 'And what you may do.',
        response: answers(AccountView),
      },
    },
    async (request) => {
      const user = await catalogue.people.get(request.session!.person.id);
      if (!user) throw fail('not_signed_in');
      return {
        id: user.id,
        name: user.name,
        ...rightsView(user),
        password: user.passwordHash !== '',
        password_at: isoOrNull(user.passwordAt),
        grantable: grantableView(),
      };
    },
  );

  app.post(
    '/account/password',
    {
      config: {
        access: 'signed_in',
        audit: 'password_change',
        rateLimit: { max: 20, timeWindow: '1 minute' },
      },
      schema: {
        tags: ['account'],
        summary: 'Change your password',
        description:
          'Needs the old one. Ends all your other sessions and all your API tokens, and gives this session a new cookie.',
        body: PasswordBody,
        response: answers(PasswordChangedView),
      },
    },
    async (request, reply) => {
      const { old, password } = request.body;
      const { person } = request.session!;
      const taken = tries.take(request.ip, person.name, await devices.known(request, person.id));
      if ('waitSeconds' in taken) throw later(reply, taken.waitSeconds);
      const user = await catalogue.people.get(person.id);
      // Guesses are measured and refused here; the recorder looks at it again.
      if (!(await passwords.verify(user?.passwordHash ?? null, old, taken))) {
        const about = { object: 'person', object_id: person.id, detail: { because: 'wrong password' } };
        audit.refused(audit.of(request, 'password_change', about));
        throw fail('old_password_wrong');
      }
      taken.succeeded();
      if (old.normalize('NFKC') === password.normalize('NFKC'))
        throw fail('password_weak', 'It is the one that you have now.');
      passwords.check(password, person.name, site.name);
      const hash = await passwords.hash(password);
      const change = () => ask('change_password', { by: signed(request), old, hash });
      const { ended, tokens_ended } = await sessions.keepOnly(request.session!, change);
      const renewed = await sessions.renew(request.session!, { atOnce: true });
      if (renewed) cookie.set(reply, renewed.token);
      request.log.info({ person: person.id, ended, tokens: tokens_ended.length }, 'a password was changed');
      return { ended, tokens_ended };
    },
  );

  app.get(
    '/account/sessions',
    {
      config: { access: 'signed_in', audit: { nothing: 'where somebody is signed in, to themselves' } },
      schema: {
        tags: ['account'],
        summary: 'Where you are signed in',
        description: 'The session used last first.',
        response: answers(SessionsView),
      },
    },
    async (request) => {
      const { person, id } = request.session!;
      return sessionsView(await sessions.of(person.id), id);
    },
  );

  app.delete(
    '/account/sessions',
    {
      config: { access: 'signed_in', audit: 'session_end' },
      schema: {
        tags: ['account'],
        summary: 'Sign out everywhere else',
        description: 'Ends all your sessions but this one.',
        response: answers(EndedView),
      },
    },
    async (request) => {
      const { person, id } = request.session!;
      return told(request, 'all others', await sessions.endOthers(person.id, id));
    },
  );

  app.delete(
    '/account/sessions/:id',
    {
      config: { access: 'signed_in', audit: 'session_end' },
      schema: {
        tags: ['account'],
        summary: 'End one of your sessions',
        description: 'And its live streams. None but your own can be named.',
        params: IdParams,
        response: answers(EndedView),
      },
    },
    async (request) => {
      const one = await sessions.endOne(request.session!.person.id, request.params.id);
      return told(request, 'one', Number(one));
    },
  );
}
