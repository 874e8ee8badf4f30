import fc from 'fast-check';
import t from 'tap';
import { extensionIn, madeBy, sameDn } from '../../../daemon/domain/people/directory.js';
import { lacksFactor, owes, waitAfter } from '../../../daemon/domain/people/factor.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { unqualified } from '../../../daemon/domain/place.js';
import { createKept } from '../../../daemon/ops/kept.js';
import { proveAll } from '../../support/requests/prove-all.js';
import { createAuthenticator } from '../../support/web/authenticator.js';
import {
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  setUp,
  signInAs,
} from '../../support/web/dashboard.js';
import { ask, codeOf, signIn, why, withApp } from '../../support/web/sign-in.js';

const MINUTE = 60_000;
const STEP = 30_000;
const ORIGIN = { origin: 'http://localhost', host: 'localhost' };

type Person = { dashboard: Dashboard; cookie: string };

t.test('a session that owes a second factor reaches only what says so', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const { app, routes, clock } = dashboard;
  const half = await signIn(dashboard);
  const view = (await get(app, '/session', half.cookie)).json();
  t.match(view.second_factor, { owes: 'factor', totp: true, recovery_codes: 10 });
  await app.ready();
  const reached = new Set<string>();
  for (const { method, url, access } of routes) {
    if (access === 'public' || method === 'HEAD') continue;
    const response = await app.inject({
      method: method as 'GET',
      url: url.replace(/:\w+/, 'x').replace('*', 'x'),
      headers: { 'x-tapedeck': '1', cookie: half.cookie, 'content-type': 'application/json' },
      payload: method === 'GET' ? undefined : '{}',
    });
    if (access === 'second_factor') reached.add(`${method} ${url}`);
    else t.equal(why(response), 'second_factor_needed', `${method} ${url}`);
    if (method === 'DELETE' && url.endsWith('/session')) Object.assign(half, await signIn(dashboard));
  }
  t.strictSame([...reached].sort(), [
    'DELETE /api/v1/session',
    'POST /api/v1/account/factors/passkeys',
    'POST /api/v1/account/factors/passkeys/options',
    'POST /api/v1/account/factors/totp',
    'POST /api/v1/session/second-factor',
    'PUT /api/v1/account/factors/totp',
  ]);
  // Who knows the password alone must not put a factor of their own beside the owner's.
  t.equal(why(await ask(half, 'POST', '/account/factors/totp', {})), 'second_factor_needed');
  t.equal(
    why(await ask(half, 'POST', '/account/factors/passkeys/options', {}, ORIGIN)),
    'second_factor_needed',
  );

  const full = await ask(half, 'POST', '/session/second-factor', { code: codeOf(secret, clock.ms) });
  t.equal(full.statusCode, 200);
  t.equal(full.json().second_factor.owes, 'nothing');
  t.not(cookieOf(full), half.cookie, 'the session has a new token');
  t.equal((await get(app, '/calls', half.cookie)).statusCode, 401, 'and the old one is worth nothing');
  t.equal((await get(app, '/calls', cookieOf(full))).statusCode, 200);
});

t.test('what is owed can be given for ten minutes', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const half = await signIn(dashboard);
  dashboard.clock.ms += 10 * MINUTE;
  const late = await ask(half, 'POST', '/session/second-factor', {
    code: codeOf(secret, dashboard.clock.ms),
  });
  t.equal(why(late), 'not_signed_in');
});

t.test('a role that requires a second factor asks those at once who have none', async (t) => {
  const dashboard = await openDashboard(t, { live: { pollMs: 5, beatMs: 20, statusMs: 1000 } });
  const { app, catalogue, clock } = dashboard;
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  await catalogue.people.add({
    ...{ ...FOUNDER, roles: ['reviewer'] as const, id: 'ben', name: 'ben', createdAt: 1 },
    roles: ['reviewer'],
    passwordHash: `hash of ${password}`,
  });
  const ben = await signIn(dashboard, 'ben');
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const stream = await fetch(`${url}/api/v1/live`, { headers: { cookie: anna.cookie } });
  const ended = stream.text();

  const made = await ask(anna, 'POST', '/account/tokens', { name: 'reader', rights: ['view'] });
  const byToken = () => get(app, '/calls', '', { authorization: `Bearer ${made.json().secret}` });
  t.equal((await byToken()).statusCode, 200, made.body.slice(0, 100));

  t.strictSame((await ask(anna, 'GET', '/second-factor-roles')).json(), { roles: [] });
  t.equal((await ask(ben, 'PUT', '/second-factor-roles', { roles: [] })).statusCode, 403, 'a setting');
  t.equal((await ask(anna, 'PUT', '/second-factor-roles', { roles: ['chief'] })).statusCode, 400);
  t.equal((await ask(anna, 'PUT', '/second-factor-roles', { roles: ['admin'] })).statusCode, 200);
  t.equal((await get(app, '/calls', ben.cookie)).statusCode, 200, 'not for other roles');
  t.equal(why(await get(app, '/calls', anna.cookie)), 'second_factor_needed');
  await ended;
  t.pass('a live stream ends');
  t.match((await get(app, '/session', anna.cookie)).json().second_factor, {
    owes: 'enrolment',
    required: true,
  });
  const { id } = (await catalogue.people.byName('anna'))!;
  t.ok(lacksFactor(await catalogue.factors.state(id)), 'tokens of hers are worth nothing either');

  t.equal((await byToken()).statusCode, 401);
  t.equal(
    why(await ask(anna, 'POST', '/account/tokens', { name: 'x', rights: ['view'] })),
    'second_factor_needed',
    'and she makes no other',
  );

  const { secret } = (await ask(anna, 'POST', '/account/factors/totp', {})).json();
  const added = await ask(anna, 'PUT', '/account/factors/totp', { code: codeOf(secret, clock.ms) });
  anna.cookie = cookieOf(added);
  t.equal((await get(app, '/calls', anna.cookie)).statusCode, 200);
  t.equal((await byToken()).statusCode, 200, 'with a factor the token is good again');
  t.equal(
    why(await ask(anna, 'DELETE', '/account/factors/totp')),
    'proof_needed',
    'it proves nothing itself',
  );
  proveAll(dashboard, anna.cookie, ['totp']);
  t.equal(why(await ask(anna, 'DELETE', '/account/factors/totp')), 'last_factor');
  await ask(anna, 'PUT', '/second-factor-roles', { roles: [] });
  t.equal((await ask(anna, 'DELETE', '/account/factors/totp')).statusCode, 200);
  t.equal((await catalogue.factors.state(id)).recoveryCodes, 0, 'codes do not outlive what they stand for');
});

t.test(
  'who is disabled does not come in by another door, and a half sign-in makes no browser known',
  async (t) => {
    const { dashboard } = await withApp(t);
    const { catalogue, clock, app } = dashboard;
    const half = await post(app, '/session', { name: 'anna', password });
    t.notOk(half.cookies.some(({ name }) => name.includes('device')));
    const { id } = (await catalogue.people.byName('anna'))!;
    await catalogue.people.add({
      ...FOUNDER,
      id: 'ben',
      name: 'ben',
      createdAt: 1,
      passwordHash: 'hash of x',
    });
    const key = createAuthenticator();
    const known = await catalogue.factors.addPasskey({
      ...{ id: key.id, userId: id, name: 'x', publicKey: key.publicKey, counter: 0, transports: [] },
      ...{ host: 'localhost', addedAt: clock.ms, usedAt: null },
    });
    t.ok(known);
    const nobody: Person = { dashboard, cookie: '' };
    const use = async () => {
      const { options } = (await ask(nobody, 'POST', '/session/passkey/options', {}, ORIGIN)).json();
      const response = key.sign(options.challenge, { host: 'localhost', origin: 'http://localhost' }, id);
      return ask(nobody, 'POST', '/session/passkey', { response }, ORIGIN);
    };
    const came = await use();
    t.equal(came.statusCode, 200);
    t.ok(came.cookies.some(({ name }) => name.includes('device')));
    await catalogue.people.change(id, { disabled: true }, clock.ms);
    t.equal(why(await use()), 'sign_in_failed');
  },
);

t.test('a new password, however it came about, takes the second factor from nobody', async (t) => {
  const { dashboard, anna, secret } = await withApp(t);
  const { catalogue, clock, app } = dashboard;
  const { id } = (await catalogue.people.byName('anna'))!;
  await catalogue.people.add({ ...FOUNDER, id: 'ben', name: 'ben', createdAt: 1, passwordHash: 'x' });
  const ben: Person = { dashboard, cookie: await signInAs(dashboard, 'ben') };
  const owed = async (given: string) => {
    t.equal((await get(app, '/calls', anna.cookie)).statusCode, 401, 'what was signed in is out');
    const half = await signIn(dashboard, 'anna', given);
    t.match((await get(app, '/session', half.cookie)).json().second_factor, { owes: 'factor', totp: true });
    t.equal(why(await get(app, '/calls', half.cookie)), 'second_factor_needed');
    clock.ms += STEP;
    const full = await ask(half, 'POST', '/session/second-factor', { code: codeOf(secret, clock.ms) });
    t.equal(full.json().second_factor.owes, 'nothing');
    anna.cookie = cookieOf(full);
  };
  const { code } = (await ask(ben, 'POST', `/people/${id}/invitation`, {})).json();
  const chosen = await post(app, '/welcome', { code, password: 'chosen with a link of an admin' });
  t.match(chosen.json(), { done: true });
  t.strictSame(chosen.cookies, [], 'the link signs nobody in');
  await owed('chosen with a link of an admin');
  await catalogue.people.setPassword(id, 'hash of given at the console', clock.ms);
  await owed('given at the console');

  // Who is invited and has to have a factor makes one before anything else.
  await catalogue.factors.setRoles(['reviewer']);
  const rights = { scope: { ...FOUNDER.scope }, extensions: [], grants: [] };
  const invited = await ask(ben, 'POST', '/people', { name: 'Cleo', roles: ['reviewer'], ...rights });
  t.equal(why(invited), 'second_factor_needed', 'which is so for the one who invites as well');
  await catalogue.factors.setRoles([]);
  const added = (await ask(ben, 'POST', '/people', { name: 'Cleo', roles: ['reviewer'], ...rights })).json();
  await catalogue.factors.setRoles(['reviewer']);
  await post(app, '/welcome', { code: added.invitation.code, password: 'cleo chose this one herself' });
  const cleo = await signIn(dashboard, 'Cleo', 'cleo chose this one herself');
  t.match((await get(app, '/session', cleo.cookie)).json().second_factor, { owes: 'enrolment' });
  t.equal(why(await get(app, '/calls', cleo.cookie)), 'second_factor_needed');
});

t.test('the console is the way back in: all factors go and every session ends', async (t) => {
  const { dashboard, anna } = await withApp(t);
  const { catalogue, app } = dashboard;
  const { id } = (await catalogue.people.byName('anna'))!;
  await catalogue.factors.reset(id);
  t.equal((await get(app, '/calls', anna.cookie)).statusCode, 401);
  t.strictSame(await catalogue.factors.state(id), {
    totp: false,
    passkeys: 0,
    recoveryCodes: 0,
    required: false,
  });
  t.equal((await get(app, '/calls', (await signIn(dashboard)).cookie)).statusCode, 200);
});

t.test('what is owed, how long is waited, and what is kept for a while', async (t) => {
  const has = { totp: true, passkeys: 0, required: false };
  const none = { ...has, totp: false };
  t.equal(owes(['password'], none), 'nothing');
  t.equal(owes(['password'], { ...none, required: true }), 'enrolment');
  t.equal(owes(['password'], has), 'factor');
  t.equal(owes(['password', 'totp'], has), 'nothing');
  t.equal(owes(['passkey'], { ...none, passkeys: 1 }), 'nothing');
  t.equal(owes(['provider_sign_in'], { ...none, required: true }), 'enrolment');
  t.equal(owes(['provider_sign_in', 'provider'], { ...none, required: true }), 'nothing');
  t.equal(
    owes(['password', 'totp'], { ...none, required: true }),
    'enrolment',
    'one that is gone does not count',
  );
  t.strictSame(
    [0, 4, 5, 6, 11, 12, 1000].map(waitAfter).map((ms) => ms / MINUTE),
    [0, 0, 1, 2, 60, 60, 60],
  );

  let now = 0;
  const kept = createKept<number>({ now: () => now, forMs: 10, most: 2 });
  const name = kept.keep(1);
  t.equal(kept.take(name), 1);
  t.equal(kept.take(name), null, 'once');
  const old = kept.keep(2);
  now = 10;
  t.equal(kept.take(old), null, 'for a while');
  const names = [1, 2, 3].map((n) => kept.keep(n));
  t.strictSame(
    names.map((n) => kept.take(n)),
    [null, 2, 3],
    'not without end',
  );
});

t.test('groups make a role only by their own name', async (t) => {
  t.ok(sameDn('CN=Reviewers, OU=Groups,DC=example , DC=com', 'cn=reviewers,ou=groups,dc=example,dc=com'));
  t.notOk(sameDn('cn=a\\, b,dc=x', 'cn=a\\,b,dc=x'), 'a comma in a name is no border');
  t.notOk(sameDn('cn=a,cn=admins,dc=x', 'cn=admins,dc=x'));
  const value = fc.stringMatching(/^[a-z ,=\\]{0,12}$/);
  fc.assert(
    fc.property(value, value, (a, b) => {
      const escaped = (s: string) => s.replace(/[\\,=]/g, '\\$&');
      const [x, y] = [`cn=${escaped(a)},dc=x`, `cn=${escaped(b)},dc=x`];
      return !sameDn(x, y) || a.trim() === b.trim();
    }),
  );
  const same = (a: string, b: string) => a === b;
  const rules = [
    { group: 'r', roles: ['reviewer' as const], extensions: ['101'], grants: ['download' as const] },
    { group: 'a', roles: ['auditor' as const], every_call: true },
  ];
  t.equal(madeBy({ groups: ['x'], extensions: [] }, rules, same), null);
  t.equal(madeBy({ groups: [], extensions: [] }, [], same), null, 'no rule: nobody');
  t.strictSame(madeBy({ groups: ['r', 'x'], extensions: ['7'] }, rules, same), {
    roles: ['reviewer'],
    grants: ['download'],
    scope: { all: false, extensions: ['101'], queues: [], dids: [] },
    extensions: ['7'],
  });
  t.match(madeBy({ groups: ['a', 'r'], extensions: [] }, rules, same), {
    roles: ['reviewer', 'auditor'],
    scope: { all: true },
  });
  t.equal(extensionIn(' 1 01'), '101');
  t.equal(extensionIn('+49 30 101'), null);
  fc.assert(fc.property(fc.string(), (s) => /^[0-9*#]{1,15}$/.test(unqualified(extensionIn(s) ?? '0').name)));
});
