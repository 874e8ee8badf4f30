import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { LightMyRequestResponse } from 'fastify';
import { Secret, TOTP } from 'otpauth';
import t, { type Test } from 'tap';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { extensionIn, madeBy, sameDn } from '../../daemon/domain/people/directory.js';
import { lacksFactor, owes, waitAfter } from '../../daemon/domain/people/factor.js';
import { FOUNDER } from '../../daemon/domain/people/person.js';
import { createFactorSecrets, resealFactors } from '../../daemon/vault/factor-secrets.js';
import { createKept } from '../../web/auth/kept.js';
import { placeOf } from '../../web/auth/passkeys.js';
import { forApp, stepOf } from '../../web/auth/totp.js';
import { createAuthenticator } from '../support/web/authenticator.js';
import {
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  setUp,
  signInAs,
} from '../support/web/dashboard.js';

const MINUTE = 60_000;
const STEP = 30_000;
const ORIGIN = { origin: 'http://localhost', host: 'localhost' };

type Person = { dashboard: Dashboard; cookie: string };

const ask = (
  { dashboard, cookie }: Person,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  payload?: unknown,
  headers: Record<string, string> = {},
): Promise<LightMyRequestResponse> =>
  dashboard.app.inject({
    ...{ method, url: `/api/v1${path}` },
    headers: {
      'x-tapedeck': '1',
      cookie,
      ...(payload !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload !== undefined && { payload: JSON.stringify(payload) }),
  });
const codeOf = (secret: string, now: number) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now });
const wrongCode = (secret: string, now: number) => {
  const right = [-STEP, 0, STEP].map((off) => codeOf(secret, now + off));
  for (let n = 0; ; n++) if (!right.includes(`${n}`.padStart(6, '0'))) return `${n}`.padStart(6, '0');
};
const why = (response: LightMyRequestResponse) => response.json().error?.code;

async function signIn(dashboard: Dashboard, name = 'anna', given = password): Promise<Person> {
  const response = await post(dashboard.app, '/session', { name, password: given });
  if (response.statusCode !== 200) throw new Error(response.body);
  return { dashboard, cookie: cookieOf(response) };
}

/** Anna with an authenticator app. */
async function withApp(t: Test) {
  const dashboard = await openDashboard(t);
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  const { secret } = (await ask(anna, 'POST', '/account/factors/totp', {})).json();
  const added = await ask(anna, 'PUT', '/account/factors/totp', { code: codeOf(secret, dashboard.clock.ms) });
  if (added.statusCode !== 200) throw new Error(added.body);
  const before = anna.cookie;
  anna.cookie = cookieOf(added);
  dashboard.clock.ms += STEP;
  return {
    dashboard,
    anna,
    secret: secret as string,
    before,
    codes: added.json().recovery_codes as string[],
  };
}

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

t.test('an app is added with a right code only, and the session that adds it goes on anew', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, clock, catalogue, dataDir } = dashboard;
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  const begun = (await ask(anna, 'POST', '/account/factors/totp', {})).json();
  t.match(begun.uri, /^otpauth:\/\/totp\/Test:anna\?issuer=Test&secret=[A-Z2-7]{32}&/);
  t.ok(begun.qr.size > 20 && /^(M\d+ \d+h\d+v1h-\d+z)+$/.test(begun.qr.path));
  const { id } = (await catalogue.userByName('anna'))!;
  const wrong = await ask(anna, 'PUT', '/account/factors/totp', { code: wrongCode(begun.secret, clock.ms) });
  t.equal(why(wrong), 'factor_wrong');
  t.equal(await catalogue.totp(id), null, 'nothing counts before');
  const added = await ask(anna, 'PUT', '/account/factors/totp', { code: codeOf(begun.secret, clock.ms) });
  t.equal(added.json().recovery_codes.length, 10);
  t.equal((await get(app, '/calls', anna.cookie)).statusCode, 401);
  t.equal((await get(app, '/calls', cookieOf(added))).statusCode, 200);
  const again = await signIn(dashboard);
  t.equal(
    why(await ask(again, 'POST', '/session/second-factor', { code: codeOf(begun.secret, clock.ms) })),
    'factor_wrong',
    'the code that added it was used by that',
  );

  await catalogue.checkpoint();
  t.ok(existsSync(catalogueFile(dataDir)));
  for (const name of [catalogueFile(dataDir), `${catalogueFile(dataDir)}-wal`]) {
    const bytes = existsSync(name) ? readFileSync(name) : Buffer.alloc(0);
    const secret = Buffer.from(Secret.fromBase32(begun.secret).bytes);
    t.notOk(bytes.includes(secret) || bytes.includes(begun.secret), `the secret is not in ${name}`);
    for (const code of added.json().recovery_codes) t.notOk(bytes.includes(code.replaceAll('-', '')), name);
  }
});

t.test('a code is good for its step and one on either side, once', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const { clock } = dashboard;
  const give = async (code: string) =>
    (await ask(await signIn(dashboard), 'POST', '/session/second-factor', { code })).statusCode;
  clock.ms += 10 * STEP;
  const at = clock.ms;
  t.equal(await give(codeOf(secret, at - 2 * STEP)), 403, 'two steps old');
  t.equal(await give(codeOf(secret, at + 2 * STEP)), 403, 'two steps early');
  t.equal(await give(codeOf(secret, at - STEP)), 200, 'one step old');
  t.equal(await give(codeOf(secret, at - STEP)), 403, 'the same again');
  t.equal(await give(codeOf(secret, at)), 200);
  t.equal(await give(codeOf(secret, at + STEP)), 200, 'one step early');
  t.equal(await give(codeOf(secret, at)), 403, 'an older one than the last');
  clock.ms += 10 * STEP;
  const code = codeOf(secret, clock.ms);
  const sessions = await Promise.all(Array.from({ length: 4 }, () => signIn(dashboard)));
  const answers = await Promise.all(
    sessions.map((session) => ask(session, 'POST', '/session/second-factor', { code })),
  );
  t.equal(answers.filter((a) => a.statusCode === 200).length, 1, 'of many at once, one');
});

t.test('after five wrong codes, in whatever sessions, the next waits; its owner is told', async (t) => {
  const { dashboard, secret, codes } = await withApp(t);
  const { clock, app } = dashboard;
  const wrong = async () =>
    ask(await signIn(dashboard), 'POST', '/session/second-factor', { code: wrongCode(secret, clock.ms) });
  for (let n = 0; n < 5; n++) t.equal(why(await wrong()), 'factor_wrong');
  const sixth = await signIn(dashboard);
  const right = await ask(sixth, 'POST', '/session/second-factor', { code: codeOf(secret, clock.ms) });
  t.equal(right.statusCode, 429, 'also a right one');
  t.equal(why(right), 'second_factor_slow');
  t.equal(right.headers['retry-after'], '60');
  clock.ms += MINUTE;
  t.equal(why(await wrong()), 'factor_wrong');
  t.equal((await wrong()).headers['retry-after'], '120', 'and longer each time');
  const recovered = await ask(await signIn(dashboard), 'POST', '/session/second-factor', { code: codes[0] });
  t.equal(recovered.statusCode, 200, 'a recovery code, which cannot be guessed, is taken at once');
  t.match(recovered.json().second_factor.failed, { count: 6, last_at: /^2026-/ });
  t.match((await get(app, '/session', cookieOf(recovered))).json().second_factor.failed, { count: 6 });
  clock.ms += STEP;
  const next = await ask(await signIn(dashboard), 'POST', '/session/second-factor', {
    code: codeOf(secret, clock.ms),
  });
  t.equal(next.statusCode, 200, 'a right one begins the count anew');
  t.equal(next.json().second_factor.failed, null, 'and it is told once');
});

t.test('who knows the password alone does not keep its owner waiting', async (t) => {
  const { dashboard, secret, codes } = await withApp(t);
  const { clock, catalogue } = dashboard;
  const give = async (code: string, device = '') => {
    const half = await signIn(dashboard);
    return ask({ ...half, cookie: `${half.cookie}; ${device}` }, 'POST', '/session/second-factor', { code });
  };
  for (let n = 0; n < 8; n++) t.equal(why(await give(`AAAA-AAAA-AAAA-AAA${n}`)), 'factor_wrong');
  const came = await give(codeOf(secret, clock.ms));
  t.equal(came.statusCode, 200, 'wrong recovery codes, which lead nowhere, raise no wait');
  const known = came.cookies.find(({ name }) => name === 'tapedeck_device')!;
  const device = `tapedeck_device=${known.value}`;

  for (let n = 0; n < 9; n++) {
    clock.ms += 61 * MINUTE;
    await give(wrongCode(secret, clock.ms));
  }
  t.equal((await give(codeOf(secret, clock.ms))).statusCode, 429, 'a browser that is not known waits');
  const own = await give(codeOf(secret, clock.ms), device);
  t.equal(own.statusCode, 200, 'and hers does not');
  t.match(own.json().second_factor.failed, { count: 9 }, 'where she is told of the others');
  for (let n = 0; n < 5; n++) await give(wrongCode(secret, clock.ms), device);
  t.equal((await give(codeOf(secret, clock.ms), device)).statusCode, 429, 'nor is it for guessing');
  t.equal((await give(codes[0]!, device)).statusCode, 200);
  const { id } = (await catalogue.userByName('anna'))!;
  t.strictSame(await catalogue.failedFactors(id), { count: 0, lastAt: null });
});

t.test('a hundred wrong codes at once do not pass together', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const half = await signIn(dashboard);
  const code = wrongCode(secret, dashboard.clock.ms);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ask(half, 'POST', '/session/second-factor', { code })),
  );
  t.equal(answers.filter((a) => why(a) === 'factor_wrong').length, 5);
  t.equal(answers.filter((a) => a.statusCode === 429).length, 45);
});

t.test('recovery codes are ten, work once each, and a new set takes the place of the old', async (t) => {
  const { dashboard, anna, codes } = await withApp(t);
  const { catalogue } = dashboard;
  t.equal(new Set(codes).size, 10);
  for (const code of codes) t.match(code, /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
  const give = async (code: string) =>
    ask(await signIn(dashboard), 'POST', '/session/second-factor', { code });
  const typed = ` ${codes[1]!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')} `;
  const first = await give(typed);
  t.equal(first.statusCode, 200);
  t.equal(first.json().second_factor.recovery_codes, 9);
  t.equal((await give(codes[1]!)).statusCode, 403);
  const { id } = (await catalogue.userByName('anna'))!;
  t.equal((await catalogue.factorState(id)).recoveryCodes, 9);
  const fresh = (await ask(anna, 'POST', '/account/factors/recovery-codes', {})).json().recovery_codes;
  t.equal((await give(codes[2]!)).statusCode, 403, 'the old ones are gone');
  t.equal((await give(fresh[0])).statusCode, 200);
});

t.test('a role that requires a second factor asks those at once who have none', async (t) => {
  const dashboard = await openDashboard(t, { live: { pollMs: 5, beatMs: 20, statusMs: 1000 } });
  const { app, catalogue, clock } = dashboard;
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  await catalogue.addUser({
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
  const { id } = (await catalogue.userByName('anna'))!;
  t.ok(lacksFactor(await catalogue.factorState(id)), 'tokens of hers are worth nothing either');

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
  t.equal(why(await ask(anna, 'DELETE', '/account/factors/totp')), 'last_factor');
  await ask(anna, 'PUT', '/second-factor-roles', { roles: [] });
  t.equal((await ask(anna, 'DELETE', '/account/factors/totp')).statusCode, 200);
  t.equal((await catalogue.factorState(id)).recoveryCodes, 0, 'codes do not outlive what they stand for');
});

t.test('factors are changed within ten minutes of a proof, or after another', async (t) => {
  const { dashboard, anna, secret } = await withApp(t);
  const { clock, verified, app } = dashboard;
  clock.ms += 11 * MINUTE;
  const changes = [
    ['POST', '/account/factors/totp', {}],
    ['PUT', '/account/factors/totp', { code: '123456' }],
    ['DELETE', '/account/factors/totp', undefined],
    ['POST', '/account/factors/recovery-codes', {}],
    ['DELETE', '/account/factors/passkeys/x', undefined],
    ['POST', '/account/factors/passkeys/options', {}],
  ] as const;
  for (const [method, path, body] of changes)
    t.equal(
      why(await ask(anna, method, path, body, path.includes('passkeys') ? ORIGIN : {})),
      'proof_needed',
      path,
    );
  t.equal(why(await ask(anna, 'POST', '/session/proof', { password: 'wrong' })), 'sign_in_failed');
  const proved = await ask(anna, 'POST', '/session/proof', { password });
  t.equal(proved.statusCode, 200);
  t.not(cookieOf(proved), anna.cookie, 'with a new token');
  anna.cookie = cookieOf(proved);
  t.equal((await ask(anna, 'POST', '/account/factors/recovery-codes', {})).statusCode, 200);
  t.ok(verified.length > 0);
  clock.ms += 11 * MINUTE;
  t.equal(why(await ask(anna, 'POST', '/account/factors/recovery-codes', {})), 'proof_needed');
  const byCode = await ask(anna, 'POST', '/session/second-factor', { code: codeOf(secret, clock.ms) });
  anna.cookie = cookieOf(byCode);
  t.equal((await ask(anna, 'POST', '/account/factors/recovery-codes', {})).statusCode, 200);
  for (let at = 22; at < 12 * 60; at += 25) {
    clock.ms += 25 * MINUTE;
    const more = await ask(anna, 'POST', '/session/proof', { password });
    if (more.statusCode !== 200) break;
    anna.cookie = cookieOf(more);
  }
  clock.ms += 2 * MINUTE;
  t.equal(
    (await get(app, '/calls', anna.cookie)).statusCode,
    401,
    'proofs do not make a session last longer',
  );
});

t.test(
  'who is disabled does not come in by another door, and a half sign-in makes no browser known',
  async (t) => {
    const { dashboard } = await withApp(t);
    const { catalogue, clock, app } = dashboard;
    const half = await post(app, '/session', { name: 'anna', password });
    t.notOk(half.cookies.some(({ name }) => name.includes('device')));
    const { id } = (await catalogue.userByName('anna'))!;
    await catalogue.addUser({ ...FOUNDER, id: 'ben', name: 'ben', createdAt: 1, passwordHash: 'hash of x' });
    const key = createAuthenticator();
    const known = await catalogue.addPasskey({
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
    await catalogue.changeUser(id, { disabled: true }, clock.ms);
    t.equal(why(await use()), 'sign_in_failed');
  },
);

t.test('a new password, however it came about, takes the second factor from nobody', async (t) => {
  const { dashboard, anna, secret } = await withApp(t);
  const { catalogue, clock, app } = dashboard;
  const { id } = (await catalogue.userByName('anna'))!;
  await catalogue.addUser({ ...FOUNDER, id: 'ben', name: 'ben', createdAt: 1, passwordHash: 'x' });
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
  await catalogue.setPassword(id, 'hash of given at the console', clock.ms);
  await owed('given at the console');

  // Who is invited and has to have a factor makes one before anything else.
  await catalogue.setRolesWithFactor(['reviewer']);
  const rights = { scope: { ...FOUNDER.scope }, extensions: [], grants: [] };
  const invited = await ask(ben, 'POST', '/people', { name: 'Cleo', roles: ['reviewer'], ...rights });
  t.equal(why(invited), 'second_factor_needed', 'which is so for the one who invites as well');
  await catalogue.setRolesWithFactor([]);
  const added = (await ask(ben, 'POST', '/people', { name: 'Cleo', roles: ['reviewer'], ...rights })).json();
  await catalogue.setRolesWithFactor(['reviewer']);
  await post(app, '/welcome', { code: added.invitation.code, password: 'cleo chose this one herself' });
  const cleo = await signIn(dashboard, 'Cleo', 'cleo chose this one herself');
  t.match((await get(app, '/session', cleo.cookie)).json().second_factor, { owes: 'enrolment' });
  t.equal(why(await get(app, '/calls', cleo.cookie)), 'second_factor_needed');
});

t.test('the console is the way back in: all factors go and every session ends', async (t) => {
  const { dashboard, anna } = await withApp(t);
  const { catalogue, app } = dashboard;
  const { id } = (await catalogue.userByName('anna'))!;
  await catalogue.resetFactors(id);
  t.equal((await get(app, '/calls', anna.cookie)).statusCode, 401);
  t.strictSame(await catalogue.factorState(id), {
    totp: false,
    passkeys: 0,
    recoveryCodes: 0,
    required: false,
  });
  t.equal((await get(app, '/calls', (await signIn(dashboard)).cookie)).statusCode, 200);
});

t.test(
  'a passkey signs in without a password and is bound to its place, its challenge and its owner',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock } = dashboard;
    const anna: Person = { dashboard, cookie: await setUp(dashboard) };
    const { id: annaId } = (await catalogue.userByName('anna'))!;
    const here = { host: 'localhost', origin: 'http://localhost' };
    const key = createAuthenticator();
    const challenge = async (path: string, who: Person) =>
      (await ask(who, 'POST', path, {}, ORIGIN)).json().options?.challenge as string;
    const add = async (told: Parameters<typeof key.make>[1], change?: (c: string) => string) => {
      const asked = await challenge('/account/factors/passkeys/options', anna);
      return ask(
        anna,
        'POST',
        '/account/factors/passkeys',
        {
          name: 'laptop',
          response: key.make(change ? change(asked) : asked, told),
        },
        ORIGIN,
      );
    };
    t.equal(why(await add({ ...here, origin: 'http://evil.test' })), 'passkey_refused', 'another origin');
    t.equal(why(await add({ ...here, host: 'evil.test' })), 'passkey_refused', 'another host');
    t.equal(why(await add({ ...here, verified: false })), 'passkey_refused', 'its owner was not verified');
    t.equal(why(await add(here, (c) => `${c}A`)), 'passkey_refused', 'another challenge');
    const added = await add({ ...here, counter: 1 });
    t.equal(added.statusCode, 200, added.body);
    t.equal(added.json().recovery_codes.length, 10);
    anna.cookie = cookieOf(added);
    t.match((await get(app, '/session', anna.cookie)).json().second_factor, { owes: 'nothing', passkeys: 1 });

    const nobody: Person = { dashboard, cookie: '' };
    let counter = 1;
    const give = async (
      who: Person,
      told: Partial<Parameters<typeof key.sign>[1]> = {},
      { userId = annaId, by = key }: { userId?: string; by?: typeof key } = {},
    ) => {
      const asked = await challenge('/session/passkey/options', who);
      counter += 1;
      const response = by.sign(asked, { ...here, counter, ...told }, userId);
      return { response, answer: await ask(who, 'POST', '/session/passkey', { response }, ORIGIN) };
    };
    const options = (await ask(nobody, 'POST', '/session/passkey/options', {}, ORIGIN)).json().options;
    t.match(options, { rpId: 'localhost', userVerification: 'required' });
    t.strictSame(options.allowCredentials ?? [], [], 'nothing is told of anybody');
    const good = await give(nobody);
    t.equal(good.answer.statusCode, 200, good.answer.body);
    t.match(good.answer.json(), { user: { name: 'anna' }, second_factor: { owes: 'nothing' } });
    t.equal((await get(app, '/calls', cookieOf(good.answer))).statusCode, 200);
    t.equal(
      why(await ask(nobody, 'POST', '/session/passkey', { response: good.response }, ORIGIN)),
      'passkey_refused',
      'the same answer again',
    );
    t.equal(why((await give(nobody, { origin: 'https://localhost' })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, { host: 'tapedeck.office.lan' })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, { verified: false })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, { counter: 1 })).answer), 'passkey_refused', 'a counter that went back');
    t.equal(why((await give(nobody, {}, { userId: 'somebody' })).answer), 'passkey_refused');
    t.equal(why((await give(nobody, {}, { by: createAuthenticator() })).answer), 'passkey_refused');

    const half = await signIn(dashboard);
    t.equal((await get(app, '/session', half.cookie)).json().second_factor.owes, 'factor');
    const second = await give(half);
    t.equal(second.answer.json().second_factor.owes, 'nothing', 'it is a second factor too');
    t.equal((await get(app, '/calls', half.cookie)).statusCode, 401);

    await catalogue.addUser({
      ...FOUNDER,
      id: 'ben',
      name: 'ben',
      createdAt: 1,
      passwordHash: `hash of ${password}`,
    });
    const ben = await signIn(dashboard, 'ben');
    t.equal(why((await give(ben)).answer), 'passkey_refused', "another's passkey in one's own session");
    const refused = await ask(ben, 'DELETE', `/account/factors/passkeys/${key.id}`);
    t.equal(refused.statusCode, 404, "and another's is not there to be removed");

    const asked = await challenge('/session/passkey/options', nobody);
    clock.ms += 5 * MINUTE;
    const late = key.sign(asked, { ...here, counter: 99 }, annaId);
    t.equal(
      why(await ask(nobody, 'POST', '/session/passkey', { response: late }, ORIGIN)),
      'passkey_refused',
    );
  },
);

t.test('there are passkeys over TLS and on localhost, under a name', async (t) => {
  const place = (origin?: string) => placeOf({ headers: { origin } });
  t.strictSame(place('https://tapedeck.office.lan:8443'), {
    host: 'tapedeck.office.lan',
    origin: 'https://tapedeck.office.lan:8443',
  });
  t.strictSame(place('http://localhost:8090'), { host: 'localhost', origin: 'http://localhost:8090' });
  for (const none of [
    undefined,
    'http://tapedeck.office.lan',
    'https://10.0.0.5',
    'https://[::1]',
    'null',
    'x',
  ])
    t.equal(place(none), null, `${none}`);
});

t.test('no answer of a browser that is no answer is a fault of ours', async (t) => {
  const dashboard = await openDashboard(t);
  const anna: Person = { dashboard, cookie: await setUp(dashboard) };
  const text = fc.oneof(fc.string(), fc.base64String(), fc.constant('AAAA'), fc.string({ unit: 'binary' }));
  const assertion = fc.record({
    ...{ id: text, rawId: text, type: text },
    response: fc.record({ clientDataJSON: text, authenticatorData: text, signature: text, userHandle: text }),
  });
  const made = fc.record({
    ...{ id: text, rawId: text, type: text },
    response: fc.record({ clientDataJSON: text, attestationObject: text }),
  });
  await fc.assert(
    fc.asyncProperty(assertion, made, text, async (response, attestation, code) => {
      for (const [path, body] of [
        ['/session/passkey', { response }],
        ['/account/factors/passkeys', { name: 'x', response: attestation }],
        ['/session/second-factor', { code }],
      ] as const) {
        const { statusCode } = await ask(anna, 'POST', path, body, ORIGIN);
        if (statusCode < 400 || statusCode >= 500) return false;
      }
      return true;
    }),
    { numRuns: 15 },
  );
  t.pass();
});

t.test('a code is six digits of one secret and one step', async (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.integer({ min: 0, max: 4e12 }),
      fc.string(),
      (secret, now, typed) => {
        const right = codeOf(new Secret({ buffer: Uint8Array.from(secret).buffer }).base32, now);
        const step = Math.floor(now / STEP);
        if (stepOf(secret, `${right.slice(0, 3)} ${right.slice(3)}`, now) === null) return false;
        const found = stepOf(secret, typed, now);
        return found === null || Math.abs(found - step) <= 1;
      },
    ),
  );
  // RFC 6238, appendix B, of SHA-1: the last six digits.
  const secret = Buffer.from('12345678901234567890');
  t.equal(stepOf(secret, '287082', 59_000), 1);
  t.equal(stepOf(secret, '081804', 1111111109_000), 37037036);
  t.equal(stepOf(secret, '353130', 20000000000_000), 666666666);
  const odd = forApp(secret, { site: 'A:B & C', person: 'é:x?' });
  t.equal(new URL(odd.uri).searchParams.get('issuer'), 'A B & C');
});

t.test('what is kept of an app opens with the master key and for its owner only', async (t) => {
  const [key, other] = [randomBytes(32), randomBytes(32)];
  const under = (current: Uint8Array, next: Uint8Array | null = null, by: Uint8Array[] = [current]) =>
    createFactorSecrets(() => ({ current, next, reread: () => by }));
  const secrets = under(key);
  const secret = randomBytes(20);
  const sealed = secrets.seal('anna', secret);
  t.strictSame(secrets.open('anna', sealed), secret);
  t.strictSame(under(other, key).open('anna', sealed), secret, 'while keys change');
  t.strictSame(under(other, null, [other, key]).open('anna', sealed), secret, 'or when they have');
  t.throws(() => secrets.open('ben', sealed), { code: 'factor_unreadable' });
  t.throws(() => under(other).open('anna', sealed), { code: 'factor_unreadable' });
  const during = under(key, other, [key, other]).seal('anna', secret);
  t.strictSame(under(other).open('anna', during), secret, 'what is added meanwhile has the key that stays');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bad = Buffer.from(sealed);
      bad[at]! ^= change;
      try {
        secrets.open('anna', bad);
        return false;
      } catch {
        return true;
      }
    }),
  );
  for (const short of [0, 1, 12, 27]) t.throws(() => secrets.open('anna', sealed.subarray(0, short)));
});

t.test('a new master key takes the apps along', async (t) => {
  const { dashboard, secret } = await withApp(t);
  const { catalogue, masterKey } = dashboard;
  const { id } = (await catalogue.userByName('anna'))!;
  const next = randomBytes(32);
  const anew = createFactorSecrets(() => ({ current: next, next: null, reread: () => [next] }));
  const sealed = async () => (await catalogue.totp(id))!.sealed;
  const before = await sealed();
  t.throws(() => anew.open(id, before));
  for (const _ of [1, 2]) await resealFactors(catalogue, masterKey, next);
  t.strictSame(anew.open(id, await sealed()), Buffer.from(Secret.fromBase32(secret).bytes));
  const after = await sealed();
  await catalogue.resealTotp(id, before, randomBytes(48));
  t.strictSame(await sealed(), after, 'what was changed meanwhile is left alone');
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
  fc.assert(fc.property(fc.string(), (s) => /^[0-9*#]{1,15}$/.test(extensionIn(s) ?? '0')));
});
