import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import t from 'tap';
import { ulid } from 'ulid';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { TOKENS } from '../../support/requests/prove-all.js';
import {
  addRecording,
  cookieOf,
  openDashboard,
  password,
  post,
  setUp,
  signInAs,
} from '../../support/web/dashboard.js';

t.test('every route refuses a page of another person, does nothing and writes nothing', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue, routes } = dashboard;
  const cookie = await setUp(dashboard);
  await app.ready();
  const { id } = (await catalogue.people.byName('anna'))!;
  const { size } = await catalogue.audit.head();
  const ask = (method: string, url: string, query: string, headers: Record<string, string>) =>
    app.inject({
      method: method as 'GET',
      url: `${url.replace(/:\w+/g, 'x').replace('*', 'x')}${query}`,
      headers: { cookie, 'x-tapedeck': '1', ...headers },
    });
  const shut = routes.filter(({ access, url }) => access !== 'public' && url !== '/metrics');
  t.ok(shut.length > 60, `${shut.length} routes`);
  const answered: string[] = [];
  for (const { method, url } of shut) {
    const other = ulid();
    for (const [query, headers] of [
      ['', { 'x-tapedeck-person': other }],
      [`?opened_for=${other}`, {}],
      [`?opened_for=${id}&opened_for=${other}`, {}],
      [`?opened_for=${other}`, { 'x-tapedeck-person': id }],
    ] as const) {
      const { statusCode, body } = await ask(method, url, query, headers);
      const refused = statusCode === 409 && (method === 'HEAD' || body.includes('"person_changed"'));
      if (!refused) answered.push(`${method} ${url}${query}: ${statusCode}`);
    }
  }
  t.same(answered, []);
  t.equal((await catalogue.audit.head()).size, size, 'nobody is blamed for it');
  const own = await ask('GET', '/api/v1/calls', `?opened_for=${id}&q=x`, { 'x-tapedeck-person': id });
  t.equal(own.statusCode, 200);
  t.equal((await ask('GET', '/api/v1/audit.csv', `?opened_for=${id}&outcome=ok`, {})).statusCode, 200);
  const [entry] = await catalogue.audit.entries({ actions: ['export'], limit: 1 });
  t.strictSame(entry!.detail, { outcome: 'ok' }, 'it is no part of what was asked for');
  const proved = cookieOf(await post(app, '/session/proof', { password, act: TOKENS }, { cookie }));
  const again = await app.inject({
    url: '/api/v1/calls',
    headers: { cookie: proved, 'x-tapedeck-person': id },
  });
  t.equal(again.statusCode, 200, 'a new token of the same person is no other');
  const gone = await app.inject({ url: '/api/v1/session', headers: { cookie, 'x-tapedeck-person': ulid() } });
  t.equal(gone.statusCode, 200, 'who is signed in is said to every page');
});

t.test(
  'what is being sent ends with the session, the right and the token, and goes on under a new one',
  async (t) => {
    const dashboard = await openDashboard(t, { live: { pollMs: 20 } });
    const { app, catalogue, clock } = dashboard;
    const admin = await setUp(dashboard);
    const { call } = await addRecording(dashboard, Buffer.alloc(40_000_000, 'x'));
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
    let people = 0;
    const somebody = async () => {
      const id = ulid();
      const name = `p${people++}`;
      await catalogue.people.add({
        ...FOUNDER,
        id,
        name,
        passwordHash: `hash of ${password}`,
        createdAt: clock.ms,
      });
      return { id, cookie: await signInAs(dashboard, id) };
    };
    /** Begins to fetch the recording and stops reading; what came of it is known once that goes on. */
    const fetching = async (headers: Record<string, string>) => {
      const asked = request({ port, path: `/api/v1/calls/${call.id}/audio`, headers }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      t.equal(answer.statusCode, 200);
      await once(answer, 'readable');
      return async () => {
        answer.resume();
        return new Promise<'all' | 'cut'>((done) => {
          answer.once('end', () => done('all'));
          answer.once('error', () => done('cut'));
        });
      };
    };
    const cuts: [string, (who: { id: string; cookie: string }) => Promise<unknown>][] = [
      [
        'signing out',
        ({ cookie }) =>
          app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { cookie, 'x-tapedeck': '1' } }),
      ],
      [
        'somebody else who signs in',
        ({ cookie }) => post(app, '/session', { name: 'anna', password }, { cookie }),
      ],
      ['an end of all sessions', ({ id }) => catalogue.people.shutOut(id)],
      [
        'a right that is taken away',
        ({ id }) => catalogue.people.change(id, { roles: ['admin'], grants: [] }, clock.ms),
      ],
      ['being disabled', ({ id }) => catalogue.people.change(id, { disabled: true }, clock.ms)],
    ];
    for (const [name, cut] of cuts) {
      const who = await somebody();
      const rest = await fetching({ cookie: who.cookie });
      await cut(who);
      t.equal(await rest(), 'cut', name);
    }

    const who = await somebody();
    const token = { name: 'script', rights: ['view', 'play'] };
    const made = (await post(app, '/account/tokens', token, { cookie: who.cookie })).json();
    const byToken = await fetching({ authorization: `Bearer ${made.secret}` });
    await catalogue.tokens.remove(who.id, made.token.id);
    t.equal(await byToken(), 'cut', 'a token that is revoked');

    const kept = await somebody();
    const rest = await fetching({ cookie: kept.cookie });
    const proved = cookieOf(
      await post(app, '/session/proof', { password, act: TOKENS }, { cookie: kept.cookie }),
    );
    const other = await fetching({ cookie: admin });
    await catalogue.people.shutOut((await somebody()).id);
    t.equal(await rest(), 'all', 'a session that gave another proof goes on');
    t.equal(await other(), 'all', "others' sessions do not matter");
    t.not(proved, kept.cookie);
  },
);
