import type { FastifyInstance, FastifyReply } from 'fastify';
import { FOUNDER, GRANTABLE, type Person, type Rights } from '../../../daemon/domain/people/person.js';
import { faultOf, tidy, tokenRightsOf } from '../../../daemon/domain/people/rights.js';
import type { PersonView, TokenView } from '../../../web/people/schemas.js';
import { grantableView } from '../../../web/people/views.js';
import type { State } from './fake-data.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:152.0) Gecko/20100101 Firefox/152.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1';

type Refuse = (
  reply: FastifyReply,
  status: number,
  code: string,
  message: string,
  hint?: string,
  detail?: string,
) => unknown;

/** Made-up people, sessions and tokens for the pages. `auditor`: you may look and change nothing. */
export function fakePeople(state: State, now: number, auditor: boolean) {
  const iso = (ms: number) => new Date(ms).toISOString();
  const person = (id: string, name: string, rights: Partial<Rights>, more: Partial<PersonView> = {}) => ({
    ...{ id, name, roles: [], scope: NONE, extensions: [], grants: [], ...rights },
    ...{
      version: 3,
      created_at: iso(now - 90 * DAY),
      disabled_at: null,
      password: true,
      invited_until: null,
      source: 'local' as const,
    },
    signed_in_at: iso(now - 40 * MINUTE),
    ...more,
  });
  const hostile = state === 'hostile';
  const people: PersonView[] = [
    person(
      'anna',
      hostile ? '<img src=x onerror="window.pwned=1">\u202eannA'.slice(0, 60) : 'Anna Berg',
      FOUNDER,
    ),
  ];
  if (state !== 'empty')
    people.push(
      person('ben', 'Ben Orchard', { roles: ['agent'], extensions: ['112', '113'], grants: ['download'] }),
      person(
        'carla',
        'Carla Reyes',
        {
          roles: ['reviewer'],
          scope: { ...NONE, queues: ['sales', 'support'], extensions: ['101'], dids: ['+441632960100'] },
          grants: ['download'],
        },
        { signed_in_at: iso(now - 3 * DAY) },
      ),
      person(
        'dan',
        'Dan Wolff',
        { roles: ['admin'], grants: [] },
        { signed_in_at: null, password: false, invited_until: iso(now + 2 * DAY) },
      ),
      person('eve', 'Eve Hartmann-Szczepańska of the external auditors', { roles: ['auditor'] }),
      person(
        'finn',
        'Finn',
        { roles: ['reviewer'], scope: { ...NONE, all: true } },
        { disabled_at: iso(now - DAY) },
      ),
    );
  const session = (id: string, agent: string, address: string, ago: number, this_one = false) => ({
    ...{ id, agent, address, this_one, created_at: iso(now - ago), seen_at: iso(now - ago / 3) },
    expires_at: iso(now - ago + 12 * 60 * MINUTE),
  });
  let sessions = [
    session('s1', FIREFOX, '192.168.1.20', 30 * MINUTE, true),
    session('s2', SAFARI, '192.168.1.77', 300 * MINUTE),
    session('s3', '', '2001:db8::77', 500 * MINUTE),
  ];
  let tokens: TokenView[] =
    state === 'empty'
      ? []
      : [
          {
            ...{ id: 't1', name: 'Monitoring', rights: ['oversee'], created_at: iso(now - 20 * DAY) },
            ...{ expires_at: iso(now + 70 * DAY), used_at: iso(now - 2 * MINUTE), used_from: '192.168.1.5' },
          },
          {
            ...{
              id: 't2',
              name: 'Nightly export',
              rights: ['view', 'export'],
              created_at: iso(now - 400 * DAY),
            },
            ...{ expires_at: iso(now - 35 * DAY), used_at: null, used_from: '' },
          },
        ];
  const you = () => people[0]!;
  const invitation = () => ({ code: 'ABCD-EFGH-JKMN-PQRS-TVWX', expires_at: iso(now + 3 * DAY) });

  function routes(api: FastifyInstance, refuse: Refuse): void {
    const unknown = (reply: FastifyReply) => refuse(reply, 404, 'person_unknown', 'There is no such person.');
    api.get('/people', () => ({ people, may_change: !auditor, you: you().id, grantable: grantableView() }));
    api.get('/people/seen', () => ({
      extensions: [
        { number: '101', name: 'Reception' },
        { number: '112', name: 'Anna Berg' },
      ],
      queues: ['sales', 'support'],
      dids: ['+441632960100'],
    }));
    api.post<{ Body: Rights & { name: string } }>('/people', ({ body }, reply) => {
      if (people.some((p) => p.name.toLowerCase() === body.name.toLowerCase()))
        return refuse(reply, 409, 'user_exists', 'That name is already taken.', 'Choose another name.');
      const fault = faultOf(tidy(body));
      if (fault) return refuse(reply, 400, 'person_invalid', 'These permissions conflict.', '', fault);
      const { code, expires_at } = invitation();
      const added = person(`p${people.length}`, body.name, tidy(body), {
        ...{ version: 1, password: false, signed_in_at: null, invited_until: expires_at },
      });
      people.push(added);
      return { person: added, invitation: { code, expires_at } };
    });
    type Change = Rights & { name: string; disabled: boolean; based_on: number };
    api.put<{ Params: { id: string }; Body: Change }>('/people/:id', ({ params, body }, reply) => {
      const found = people.find((p) => p.id === params.id);
      if (!found) return unknown(reply);
      if (found.version !== body.based_on)
        return refuse(reply, 409, 'person_conflict', 'Somebody else changed this person in the meantime.');
      if (found.roles.includes('admin') && !body.roles.includes('admin') && found === you())
        return refuse(
          reply,
          409,
          'last_admin',
          'This is the last admin who can sign in.',
          'Make somebody else an admin first; without one nobody could let people in.',
        );
      const { name, disabled } = body;
      return Object.assign(found, tidy(body), {
        name,
        disabled_at: disabled ? iso(now) : null,
        version: found.version + 1,
      });
    });
    api.delete<{ Params: { id: string } }>('/people/:id', ({ params }, reply) => {
      const at = people.findIndex((p) => p.id === params.id);
      return at < 0 ? unknown(reply) : people.splice(at, 1)[0];
    });
    api.post('/people/:id/invitation', invitation);
    api.get('/people/:id/sessions', () => ({ sessions: sessions.map((s) => ({ ...s, this_one: false })) }));

    api.get('/account/factors', () => ({
      required: true,
      totp: { added_at: iso(now - 40 * DAY) },
      passkeys: [
        {
          ...{ id: 'key', name: hostile ? '<b onclick="window.pwned=1">' : 'Laptop', host: 'localhost' },
          ...{ added_at: iso(now - 20 * DAY), used_at: iso(now - DAY) },
        },
      ],
      recovery_codes: 7,
    }));
    api.get('/second-factor-roles', () => ({ roles: ['admin'] }));
    api.get('/account', () => {
      const { id, name, roles, scope, extensions, grants } = you();
      return {
        ...{ id, name, roles, scope, extensions, grants, password: true, grantable: GRANTABLE },
        password_at: iso(now - 40 * DAY),
      };
    });
    api.post<{ Body: { old: string } }>('/account/password', ({ body }, reply) => {
      if (body.old !== 'correct horse battery')
        return refuse(
          reply,
          403,
          'old_password_wrong',
          'The old password is not right.',
          'Type the password that you sign in with now.',
        );
      const before = sessions.length;
      sessions = sessions.filter((s) => s.this_one);
      const tokens_ended = tokens.splice(0).map(({ name }) => name);
      return { ended: before - sessions.length, tokens_ended };
    });
    api.get('/account/sessions', () => ({ sessions }));
    api.delete('/account/sessions', () => {
      sessions = sessions.filter((s) => s.this_one);
      return { ended: 2 };
    });
    api.delete<{ Params: { id: string } }>('/account/sessions/:id', ({ params }) => {
      sessions = sessions.filter((s) => s.id !== params.id);
      return { ended: 1 };
    });
    api.get('/account/tokens', () => ({ tokens, possible: tokenRightsOf(you() as Person) }));
    api.post<{ Body: Pick<TokenView, 'name' | 'rights'> & { days: number } }>(
      '/account/tokens',
      ({ body }) => {
        const token: TokenView = {
          ...{ id: `t${tokens.length + 1}`, name: body.name, rights: body.rights, created_at: iso(now) },
          ...{ expires_at: iso(now + body.days * DAY), used_at: null, used_from: '' },
        };
        tokens = [token, ...tokens];
        return { secret: `td_${'x7Kq'.repeat(10)}abc`, token };
      },
    );
    api.delete<{ Params: { id: string } }>('/account/tokens/:id', ({ params }) => {
      const gone = tokens.find((token) => token.id === params.id);
      tokens = tokens.filter((token) => token !== gone);
      return gone;
    });
    api.post<{ Body: { code: string; password?: string } }>('/welcome', ({ body }, reply) =>
      body.code === 'ABCD-EFGH-JKMN-PQRS-TVWX'
        ? { name: 'Dan Wolff', done: body.password !== undefined, tokens_ended: [] }
        : refuse(
            reply,
            403,
            'invitation_unknown',
            'This link is not right, was used before, or is too old.',
            'Ask an admin of Tapedeck for a new one.',
          ),
    );
  }
  return { people, routes };
}
