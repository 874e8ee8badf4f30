import t from 'tap';
import { Value } from 'typebox/value';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import * as schemas from '../../../web/people/schemas.js';
import { until } from '../../support/recorder.js';
import { addPerson, rights, send, sha, signIn } from '../../support/web/accounts.js';
import { addCall, cookieOf, get, openDashboard, password, post, setUp } from '../../support/web/dashboard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const reviewer = rights({ roles: ['reviewer'], scope: { ...NONE, queues: ['sales'] } });

t.test(
  'a token does what it was made for, as long as its owner may, and opens nothing of their own',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock, routes, lines } = dashboard;
    const admin = await setUp(dashboard);
    const ben = await addPerson(
      dashboard,
      admin,
      'ben',
      rights({ roles: ['auditor'], grants: ['download'] }),
    );
    const call = await addCall(catalogue);
    const make = (given: object, cookie = ben.cookie) =>
      post(app, '/account/tokens', { name: 'script', ...given }, { cookie });
    t.equal((await make({ rights: [] })).statusCode, 400);
    t.equal((await make({ rights: ['erase'] })).statusCode, 400);
    t.equal((await make({ rights: ['view'], days: 367 })).statusCode, 400);
    const agent = await addPerson(
      dashboard,
      admin,
      'agent',
      rights({ roles: ['agent'], extensions: ['201'] }),
    );
    t.equal(
      (await make({ rights: ['oversee'] }, agent.cookie)).statusCode,
      403,
      'not more than they may themselves',
    );

    const made = (await make({ rights: ['view', 'oversee'] })).json();
    t.match(made.secret, /^td_[\w-]{43}$/);
    t.equal(Buffer.from(made.secret.slice(3), 'base64url').length, 32);
    t.equal(Date.parse(made.token.expires_at) - clock.ms, 90 * DAY);
    const bearer = { authorization: `Bearer ${made.secret}` };
    const status = async (path: string, headers = bearer) =>
      (await get(app, path, undefined, headers)).statusCode;
    t.equal(await status('/calls'), 200);
    t.equal(await status(`/calls/${call.id}`), 200);
    t.equal(await status('/policy'), 200);
    t.equal(await status('/people'), 200, 'who may do what can be read by who oversees');
    t.equal(await status('/openapi.json'), 200);
    t.equal(await status(`/calls/${call.id}/audio`), 403, 'it was not made for that');
    const test = await app.inject({
      ...{ method: 'POST', url: '/api/v1/policy/test', payload: { direction: 'in' } },
      headers: bearer,
    });
    t.equal(test.statusCode, 200, 'it needs no header of ours');
    for (const authorization of [bearer.authorization, `Bearer td_${'A'.repeat(43)}`])
      for (const path of ['/policy/test', '/session/passkey/options'])
        t.match(
          (await post(app, path, {}, { authorization, origin: 'https://elsewhere.example' })).json().error,
          { code: 'forbidden_origin' },
          'but with one a page of another site is refused as without',
        );
    t.equal(await status('/policy', { ...bearer, cookie: admin } as typeof bearer), 200);
    const cookieIgnored = await get(app, '/calls', ben.cookie, {
      authorization: `Bearer td_${'A'.repeat(43)}`,
    });
    t.match(cookieIgnored.json().error, { code: 'token_refused' }, 'a cookie beside it is not looked at');

    for (const { method, url, access } of routes) {
      if (!/^\/api\/v1\/(account|people)/.test(url) || (url === '/api/v1/people' && /GET|HEAD/.test(method)))
        continue;
      t.not(access, 'public');
      const answer = await app.inject({
        ...{ method: method as 'GET', url: url.replace(/:\w+/g, ben.id) },
        headers: { ...bearer, cookie: admin, 'x-tapedeck': '1', 'content-type': 'application/json' },
        ...(/GET|HEAD/.test(method) ? {} : { payload: '{}' }),
      });
      t.equal(answer.statusCode, 403, `${method} ${url}`);
    }
    t.equal(
      (await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: bearer })).statusCode,
      403,
    );
    t.equal(await status('/live'), 403);

    const metrics = (headers: Record<string, string>) =>
      app.inject({ url: '/metrics', headers, remoteAddress: '10.9.9.9' });
    t.equal((await metrics(bearer)).statusCode, 200);
    const narrow = (await make({ rights: ['view'] })).json();
    t.equal((await metrics({ authorization: `Bearer ${narrow.secret}` })).statusCode, 403);

    clock.ms += 5 * MINUTE;
    await status('/calls');
    const tokensOf = async () => (await get(app, '/account/tokens', ben.cookie)).json();
    const usedAt = new Date(clock.ms).toISOString();
    const used = await until('its last use, which nobody waits for', async () => {
      const { tokens } = await tokensOf();
      const one = tokens.find((token: { id: string }) => token.id === made.token.id);
      return one.used_at === usedAt && one;
    });
    t.equal(used.used_from, '127.0.0.1');
    const listed = await tokensOf();
    t.strictSame([...Value.Errors(schemas.TokensView, listed)], []);
    t.strictSame(listed.possible, ['oversee', 'audit', 'view', 'play', 'download', 'export']);

    await catalogue.people.change(ben.id, reviewer, clock.ms);
    t.equal(await status('/policy'), 403, 'what they lost it lost');
    t.equal(await status('/calls'), 200);
    await catalogue.people.change(ben.id, { disabled: true }, clock.ms);
    t.equal(await status('/calls'), 401);
    await catalogue.people.change(ben.id, { disabled: false }, clock.ms);
    t.equal(await status('/calls'), 200);
    const again = await signIn(dashboard, 'ben');
    t.equal((await send(app, 'DELETE', `/account/tokens/${made.token.id}`, agent.cookie)).statusCode, 404);
    t.equal((await send(app, 'DELETE', `/account/tokens/${made.token.id}`, again)).statusCode, 200);
    t.equal(await status('/calls'), 401, 'revoked');
    t.equal(await status('/calls', { authorization: `Bearer ${narrow.secret}` }), 200);
    clock.ms += 90 * DAY;
    t.equal(await status('/calls', { authorization: `Bearer ${narrow.secret}` }), 401, 'expired');

    const kept = (await catalogue.tokens.byHash(sha(narrow.secret)))!;
    t.notOk(JSON.stringify(kept).includes(narrow.secret));
    for (const secret of [made.secret, narrow.secret]) t.notOk(lines.join().includes(secret), 'not logged');
    const tries = [];
    for (let n = 0; n < 40; n++) tries.push(await status('/calls', { authorization: `Bearer td_${n}` }));
    t.equal(tries.at(-1), 429, 'guessing is limited');
  },
);

t.test('a token is made, and rights are given, within ten minutes of a proof', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, clock } = dashboard;
  const admin = await setUp(dashboard);
  const ben = await addPerson(dashboard, admin, 'ben', reviewer);
  clock.ms += 11 * MINUTE;
  const asks: ((cookie: string) => ReturnType<typeof send>)[] = [
    (cookie) => post(app, '/account/tokens', { name: 'x', rights: ['view'] }, { cookie }),
    (cookie) => post(app, `/people/${ben.id}/invitation`, {}, { cookie }),
    (cookie) => post(app, '/people', { name: 'carl', ...reviewer }, { cookie }),
    (cookie) =>
      send(app, 'PUT', `/people/${ben.id}`, cookie, {
        ...FOUNDER,
        name: 'ben',
        disabled: false,
        based_on: 1,
      }),
    (cookie) => send(app, 'PUT', '/second-factor-roles', cookie, { roles: [] }),
  ];
  let cookie = admin;
  const given: string[] = [];
  for (const ask of asks) {
    let answer = await ask(cookie);
    const { code, act } = answer.json().error ?? {};
    if (code === 'proof_needed') {
      cookie = cookieOf(await post(app, '/session/proof', { password, act }, { cookie }));
      given.push(act.kind);
      answer = await ask(cookie);
    }
    t.equal(answer.statusCode, 200, answer.body);
  }
  t.strictSame(given, ['tokens', 'people', 'factor_roles'], 'once for each kind of act');
});

t.test(
  'tokens go when a password is set for somebody, and where they are signed out everywhere',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, store, clock } = dashboard;
    const admin = await setUp(dashboard);
    const ben = await addPerson(dashboard, admin, 'ben', reviewer);
    const make = async () => {
      const cookie = await signIn(dashboard, 'ben');
      const { secret } = (
        await post(app, '/account/tokens', { name: 'x', rights: ['view'] }, { cookie })
      ).json();
      const works = async () =>
        (await get(app, '/calls', undefined, { authorization: `Bearer ${secret}` })).statusCode === 200;
      t.ok(await works());
      return { cookie, works };
    };
    const own = await make();
    await send(app, 'DELETE', '/account/sessions', own.cookie);
    const same = { old: `${password} of ben`, password: `${password} again` };
    const answer = await post(app, '/account/password', same, { cookie: own.cookie });
    t.match(answer.json(), { tokens_ended: ['x'] }, 'told to the person who changes it');
    t.notOk(await own.works(), 'by their owner');
    const [changed] = await catalogue.audit.entries({
      objectId: ben.id,
      actions: ['password_change'],
      limit: 1,
    });
    t.match(changed, { actor_name: 'ben', detail: { tokens_ended: ['x'] } }, 'and it is on record which');
    await catalogue.people.setPassword(ben.id, `hash of ${password} of ben`, clock.ms);

    const reset = await make();
    const ended = await catalogue.people.setPassword(ben.id, `hash of ${password} of ben`, clock.ms);
    t.match(ended, { tokens: ['x'] });
    t.notOk(await reset.works(), 'on the console');

    const linked = await make();
    const { code } = (await post(app, `/people/${ben.id}/invitation`, {}, { cookie: admin })).json();
    t.ok(await linked.works(), 'a link alone changes nothing');
    await post(app, '/welcome', { code, password: `${password} of ben` });
    t.notOk(await linked.works(), 'by a link');

    const signedOut = await make();
    await send(app, 'DELETE', '/account/sessions', signedOut.cookie);
    store.sessions.end(ben.id, { keep: null });
    t.ok(await signedOut.works());
    t.strictSame((await send(app, 'DELETE', `/people/${ben.id}/sessions`, admin)).json(), { ended: 0 });
    t.notOk(await signedOut.works(), 'by an admin');
    const [entry] = await catalogue.audit.entries({ objectId: ben.id, actions: ['session_end'], limit: 1 });
    t.match(entry, { actor_name: 'anna', detail: { because: 'ended all sessions and tokens of ben' } });

    const lost = await make();
    await catalogue.factors.reset(ben.id);
    t.notOk(await lost.works(), 'with their factors');
  },
);
