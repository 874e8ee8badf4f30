import { createHash } from 'node:crypto';
import t from 'tap';
import { ulid } from 'ulid';
import { plainCode } from '../../../daemon/ops/secrets/codes.js';
import { createPasswords } from '../../../web/auth/passwords.js';
import { network } from '../../../web/auth/tries.js';
import { cookieOf, get, openDashboard, password, post, setUp } from '../../support/web/dashboard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What answers without a session. Whoever adds a route to this list should have a reason. */
const PUBLIC = [
  'GET /api/v1/session',
  'POST /api/v1/session',
  'POST /api/v1/session/passkey/options',
  'POST /api/v1/session/passkey',
  'POST /api/v1/session/provider',
  'GET /api/v1/session/provider/callback',
  'POST /api/v1/setup',
  'POST /api/v1/welcome',
  'GET /api/v1/health',
  // While the catalogue is upgraded nobody can sign in, and the page shows how far it is.
  'GET /api/v1/upgrade',
  'GET /metrics',
  'GET /ca.crt',
  // Whoever has an evidence pack verifies it by this page.
  'GET /verify.html',
  // It leads to a page.
  'GET /api/docs',
  // The documentation says nothing about this machine.
  'GET /help',
  'GET /help/*',
  'GET /*',
];

t.test('every route but the listed ones needs a session', async (t) => {
  const { app, routes } = await openDashboard(t);
  await app.ready();
  t.ok(routes.length > 20);
  for (const { method, url } of routes) {
    const path = url.replace(/:\w+/g, ulid()).replace('*', 'anything');
    const response = await app.inject({
      method: method as 'GET',
      url: path,
      headers: { 'x-tapedeck': '1', 'content-type': 'application/json' },
      payload: method === 'GET' || method === 'HEAD' ? undefined : '{}',
    });
    const name = `${method.replace('HEAD', 'GET')} ${url}`;
    if (PUBLIC.includes(name)) t.not(response.statusCode, 401, name);
    else t.equal(response.statusCode, 401, name);
    t.match(
      response.headers['content-security-policy'],
      // The page that verifies evidence packs is one file, whose script is named by its hash.
      name === 'GET /verify.html'
        ? /default-src 'none';.*script-src 'sha256-[A-Za-z0-9+/]{43}='/
        : /default-src 'none';script-src 'self'/,
      `${name} has a policy`,
    );
    t.equal(response.headers['x-content-type-options'], 'nosniff');
    t.match(response.headers['content-security-policy'], /frame-ancestors 'none'/);
    t.notMatch(response.headers['content-security-policy'], /unsafe/);
    t.ok(response.headers['cache-control'], name);
  }
  for (const path of [
    '/api',
    '/api/v1',
    '/api/v2/calls',
    '/%61pi/v1/calls',
    '/api/v1/calls/',
    '/api//v1/calls',
  ])
    t.notMatch((await app.inject(path)).body, /"calls"/, path);
});

t.test('the first user is made with the code from the console, once', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, setup, catalogue, lines } = dashboard;
  t.equal((await get(app, '/session')).json().setup_needed, true);
  const body = { code: 'AAAA-AAAA-AAAA-AAAA-AAAA', name: ' Anna ', password };
  t.equal((await post(app, '/setup', body)).statusCode, 403, 'there is no code before it is printed');

  const code = (await setup.begin())!;
  t.match(code, /^([0-9A-Z]{4}-){4}[0-9A-Z]{4}$/);
  t.equal((await post(app, '/setup', body)).json().error.code, 'setup_code_wrong');
  const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`;
  const made = await post(app, '/setup', { ...body, code: typed });
  t.equal(made.statusCode, 200);
  t.match(made.json().user, { name: 'Anna', roles: ['admin', 'reviewer'], reach: 'all' });
  t.equal((await get(app, '/calls', cookieOf(made))).statusCode, 200, 'and is signed in');

  t.equal((await post(app, '/setup', { ...body, code, name: 'eve' })).statusCode, 403, 'the code is used up');
  t.equal(await setup.begin(), null, 'and there is no other');
  t.equal((await get(app, '/session')).json().setup_needed, false);
  t.equal((await catalogue.people.list()).length, 1);
  t.notOk(lines.join().includes(plainCode(code)) || lines.join().includes(code), 'the code is not logged');
});

t.test('of two who claim the set-up at once, one wins', async (t) => {
  const { app, setup, catalogue } = await openDashboard(t);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const code = await setup.begin();
  const claim = (name: string) =>
    fetch(`${address}/api/v1/setup`, {
      method: 'POST',
      headers: { 'x-tapedeck': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ code, name, password }),
    });
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map(claim));
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 403, 403, 403]);
  t.equal((await catalogue.people.list()).length, 1);
});

t.test('a session is new at every sign-in, and only its hash is kept', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, store, clock } = dashboard;
  await setUp(dashboard);
  const planted = `tapedeck_session=${'A'.repeat(43)}`;
  const signedIn = await post(app, '/session', { name: 'ANNA', password }, { cookie: planted });
  t.equal(signedIn.statusCode, 200);
  const cookie = cookieOf(signedIn);
  t.not(cookie, planted);
  t.equal((await get(app, '/calls', planted)).statusCode, 401, 'a cookie set beforehand is worth nothing');
  const [set] = signedIn.cookies;
  t.match(set, { httpOnly: true, sameSite: 'Strict', path: '/' });
  t.equal(Buffer.from(set!.value, 'base64url').length, 32);
  t.notOk(store.sessions.byToken(set!.value, clock.ms));
  t.ok(store.sessions.byToken(createHash('sha256').update(set!.value).digest('hex'), clock.ms));

  const again = await post(app, '/session', { name: 'anna', password }, { cookie });
  t.not(cookieOf(again), cookie);
  t.equal((await get(app, '/calls', cookie)).statusCode, 401, 'the one before has ended');
  for (const bad of ['', 'x', `${'A'.repeat(42)}=`, '%00', `${set!.value}A`])
    t.equal((await get(app, '/calls', `tapedeck_session=${bad}`)).statusCode, 401, bad);
});

t.test('a session ends at sign-out, half an hour after its last use, and after twelve hours', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, clock } = dashboard;
  const signIn = async () => cookieOf(await post(app, '/session', { name: 'anna', password }));
  const status = async (cookie: string, headers = {}) =>
    (await get(app, '/calls', cookie, headers)).statusCode;
  const first = await setUp(dashboard);

  const out = await app.inject({
    method: 'DELETE',
    url: '/api/v1/session',
    headers: { cookie: first, 'x-tapedeck': '1' },
  });
  t.equal(out.statusCode, 200);
  t.equal(out.json().user, null);
  t.equal(await status(first), 401, 'signed out on the server');

  const idle = await signIn();
  clock.ms += 29 * MINUTE;
  t.equal(await status(idle), 200);
  clock.ms += 29 * MINUTE;
  t.equal(await status(idle, { 'x-tapedeck-background': '1' }), 200);
  clock.ms += 1 * MINUTE;
  t.equal(await status(idle), 401, 'what a page asks by itself is no sign of life');

  const long = await signIn();
  for (let used = 0; used < 12 * HOUR; used += 20 * MINUTE) {
    t.equal(await status(long), 200, `${used / MINUTE} min`);
    clock.ms += 20 * MINUTE;
  }
  t.equal(await status(long), 401);

  const early = await signIn();
  clock.ms -= HOUR;
  t.equal(await status(early), 401, 'a clock that was set back ends it');
});

t.test('an unknown name costs the same work as a known one, two at a time', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, verified } = dashboard;
  await setUp(dashboard);
  const wrong = await post(app, '/session', { name: 'anna', password: 'wrong' });
  const unknown = await post(app, '/session', { name: 'nobody', password: 'wrong' });
  t.equal(verified.length, 2);
  t.equal(verified[0], `hash of ${password}`);
  t.match(verified[1], /^hash of .{32}$/, 'the hash of a password that nobody has');
  t.equal(wrong.statusCode, 401);
  const told = ({ request_id: _, ...rest }: Record<string, string>) => rest;
  t.strictSame(told(wrong.json().error), told(unknown.json().error), 'and the answers are the same');

  let now = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const passwords = createPasswords({
    checkPassword: () => {},
    hashPassword: async () => '',
    verifyPassword: async () => {
      most = Math.max(most, ++now);
      await new Promise<void>((done) => waiting.push(done));
      now -= 1;
      return true;
    },
  });
  const all = Promise.allSettled(Array.from({ length: 100 }, () => passwords.verify('hash', 'p')));
  const feed = setInterval(() => waiting.shift()?.(), 0);
  const results = await all;
  clearInterval(feed);
  t.equal(most, 2);
  t.equal(
    results.filter(({ status }) => status === 'fulfilled').length,
    52,
    'fifty wait, the others are refused',
  );
});

t.test('a flood of requests is refused, and leaves the files of the page to the others', async (t) => {
  const { app } = await openDashboard(t);
  const url = '/api/v1/health';
  const from = async (remoteAddress: string, path = url) =>
    (await app.inject({ url: path, remoteAddress })).statusCode;
  for (let n = 0; n < 3000; n++) await app.inject({ url: '/assets/none.js', remoteAddress: '10.0.0.5' });
  t.equal(await from('10.0.0.5'), 200, 'opening the page takes nothing from requests');
  for (let n = 0; n < 2999; n++) await app.inject({ url, remoteAddress: '10.0.0.5' });
  t.equal(await from('10.0.0.5'), 429);
  t.not(await from('10.0.0.5', '/assets/none.js'), 429);
  t.equal(await from('10.0.0.6'), 200, 'another address is served');
});

t.test('guessing is slowed by name and by address, and does not lock out who is known', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, clock } = dashboard;
  await setUp(dashboard);
  const from = async (remoteAddress: string, name: string, given = 'wrong', headers = {}) =>
    (await post(app, '/session', { name, password: given }, headers, { remoteAddress })).statusCode;

  t.equal(await from('10.0.0.5', 'anna', password), 200);
  const guesses = [];
  for (let n = 0; n < 40; n++) guesses.push(await from(`10.0.1.${n}`, 'anna'));
  t.equal(guesses.filter((status) => status === 401).length, 10, 'few tries for a name, from everywhere');
  t.equal(await from('10.0.9.9', 'anna', password), 429);
  t.equal(
    await from('10.0.0.5', 'Anna', password),
    200,
    'but from where Anna signed in before, she still can',
  );
  const { headers } = await post(
    app,
    '/session',
    { name: 'anna', password },
    {},
    { remoteAddress: '10.0.9.9' },
  );
  t.ok(Number(headers['retry-after']) > 0);
  clock.ms += HOUR;
  t.equal(await from('10.0.9.9', 'anna', password), 200, 'and an hour later everybody can');

  const spoofed = [];
  for (let n = 0; n < 40; n++)
    spoofed.push(await from('10.2.0.1', `user${n}`, 'x', { 'x-forwarded-for': `10.3.0.${n}` }));
  t.equal(spoofed.filter((status) => status === 401).length, 20, 'few tries for an address, for all names');
  t.equal(network('::ffff:10.0.0.5'), '10.0.0.5');
  t.equal(network('2001:db8:1:2:aaaa::1'), network('2001:db8:1:2:bbbb:cccc:dddd:1'));
  t.not(network('2001:db8::1'), network('2001:db8:0:1::1'));
});
