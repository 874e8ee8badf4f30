import type { Static } from 'typebox';
import { Type } from 'typebox';
import { iso } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { personName } from '../../daemon/domain/people/name.js';
import { mayDo, type Rights } from '../../daemon/domain/people/person.js';
import { faultOf, tidy } from '../../daemon/domain/people/rights.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';
import {
  AddedView,
  EndedView,
  InvitedView,
  PeopleView,
  PersonBody,
  PersonChangeBody,
  PersonView,
  RemoveQuery,
  SeenView,
  SessionsView,
} from './schemas.js';
import { grantableView, personView, sessionsView } from './views.js';

type Deps = Needs<'ask' | 'audit' | 'sessions', 'calls.seen' | 'people.get' | 'people.list'>;

const SessionParams = Type.Object({
  id: Type.String({ maxLength: 100 }),
  session: Type.String({ maxLength: 100 }),
});

/** Who may sign in, and what each may do. */
export function peopleRoutes(app: App, deps: Deps): void {
  const { catalogue, ask, sessions, audit } = deps;
  const known = async (id: string) => {
    const user = await catalogue.people.get(id);
    if (!user) throw fail('person_unknown');
    return user;
  };

  app.get(
    '/people',
    {
      config: { access: 'oversee', audit: { nothing: "who may do what, and nobody's calls" } },
      schema: {
        tags: ['people'],
        summary: 'Everybody who may sign in',
        description: 'With what they may do. Neither passwords nor their hashes are given to anybody.',
        response: answers(PeopleView),
      },
    },
    async (request) => ({
      people: (await catalogue.people.list()).map(personView),
      may_change: mayDo(request.session!.person, 'people'),
      you: request.session!.person.id,
      grantable: grantableView(),
    }),
  );

  app.get(
    '/people/seen',
    {
      config: { access: 'people', audit: { nothing: 'numbers of our own, to choose from' } },
      schema: {
        tags: ['people'],
        summary: 'Extensions, queues and DIDs of the newest calls',
        description: 'To choose a scope from; the most frequent first.',
        response: answers(SeenView),
      },
    },
    async () => catalogue.calls.seen(),
  );

  app.post(
    '/people',
    {
      config: { access: 'people', audit: 'person_add' },
      schema: {
        tags: ['people'],
        summary: 'Add somebody',
        description:
          'Returns the code of a link with which they choose their password. Needs a proof of the last ten minutes.',
        body: PersonBody,
        response: answers(AddedView),
      },
    },
    async (request) => {
      const { name, ...given } = request.body;
      const asked = { by: signed(request), name: personName(name), rights: rightsOf(given) };
      const { id, invitation } = await ask('add_person', asked);
      request.log.info({ person: id, by: request.session!.person.id }, 'somebody was added');
      const { code, expires_at } = invitation;
      return { person: personView(await known(id)), invitation: { code, expires_at: iso(expires_at) } };
    },
  );

  app.put(
    '/people/:id',
    {
      config: { access: 'people', audit: 'person_change' },
      schema: {
        tags: ['people'],
        summary: 'Change somebody',
        description:
          'Holds at once for whoever is signed in. 409 for the last admin, or when based on an old version. Needs a proof of the last ten minutes.',
        params: IdParams,
        body: PersonChangeBody,
        response: answers(PersonView),
      },
    },
    async (request) => {
      const { based_on, name, disabled, ...given } = request.body;
      const { id, name: before } = await known(request.params.id);
      await ask('change_person', {
        by: signed(request),
        id,
        // Somebody may have had a name for longer than there has been a rule for names.
        name: name === before ? name : personName(name),
        rights: rightsOf(given),
        ...(disabled === undefined ? {} : { disabled }),
        based_on,
      });
      request.log.info({ person: id, by: request.session!.person.id }, 'somebody was changed');
      return personView(await known(id));
    },
  );

  app.delete(
    '/people/:id',
    {
      config: { access: 'people', audit: 'person_remove' },
      schema: {
        tags: ['people'],
        summary: 'Remove somebody',
        description:
          'Ends their sessions and tokens. Their entries stay in the audit log under their name. Needs a proof of the last ten minutes.',
        params: IdParams,
        querystring: RemoveQuery,
        response: answers(PersonView),
      },
    },
    async (request) => {
      const user = await known(request.params.id);
      await ask('remove_person', { by: signed(request), id: user.id, based_on: request.query.based_on });
      request.log.info({ person: user.id, by: request.session!.person.id }, 'somebody was removed');
      return personView(user);
    },
  );

  app.post(
    '/people/:id/invitation',
    {
      config: { access: 'people', audit: 'person_change' },
      schema: {
        tags: ['people'],
        summary: 'Make a link for a new password',
        description:
          'For somebody else who has none yet or forgot it. It takes the place of the one before; a password that there is works until it is used. Needs a proof of the last ten minutes.',
        params: IdParams,
        response: answers(InvitedView),
      },
    },
    async (request) => {
      const { id } = await known(request.params.id);
      const { code, expires_at } = await ask('invite_person', { by: signed(request), id });
      request.log.info({ person: id, by: request.session!.person.id }, 'a link was made');
      return { code, expires_at: iso(expires_at) };
    },
  );

  app.get(
    '/people/:id/sessions',
    {
      config: { access: 'people', audit: { nothing: 'where people are signed in is in the log itself' } },
      schema: {
        tags: ['people'],
        summary: 'Where somebody is signed in',
        description: 'The session used last first.',
        params: IdParams,
        response: answers(SessionsView),
      },
    },
    async (request) => {
      const user = await known(request.params.id);
      return sessionsView(await sessions.of(user.id), request.session!.id);
    },
  );

  app.delete(
    '/people/:id/sessions',
    {
      config: { access: 'people', audit: 'session_end' },
      schema: {
        tags: ['people'],
        summary: 'Sign somebody out everywhere',
        description: 'Ends all their sessions, live streams and API tokens.',
        params: IdParams,
        response: answers(EndedView),
      },
    },
    async (request) => {
      const user = await known(request.params.id);
      request.log.info(
        { person: user.id, by: request.session!.person.id },
        'their sessions and tokens were ended',
      );
      const open = await sessions.of(user.id);
      await ask('shut_out', { by: signed(request), id: user.id });
      await sessions.endAll(user.id);
      return { ended: open.length };
    },
  );

  app.delete(
    '/people/:id/sessions/:session',
    {
      config: { access: 'people', audit: 'session_end' },
      schema: {
        tags: ['people'],
        summary: "End one of somebody's sessions",
        description: 'And its live streams.',
        params: SessionParams,
        response: answers(EndedView),
      },
    },
    async (request) => {
      const user = await known(request.params.id);
      const ended = await sessions.endOne(user.id, request.params.session);
      const detail = { name: user.name, because: `ended one session of ${user.name}` };
      if (ended)
        audit.note(audit.of(request, 'session_end', { object: 'person', object_id: user.id, detail }));
      return { ended: Number(ended) };
    },
  );
}

/** Throws `person_invalid`. */
function rightsOf(given: Omit<Static<typeof PersonBody>, 'name'>): Rights {
  const rights = tidy(given);
  const fault = faultOf(rights);
  if (fault !== null) throw fail('person_invalid', fault);
  return rights;
}
