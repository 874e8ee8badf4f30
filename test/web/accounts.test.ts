import { createHash } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Value } from 'typebox/value';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import {
  FOUNDER,
  grants,
  type Person,
  type Rights,
  RUNS_ONLY,
  reach,
  roles,
} from '../../daemon/domain/people/person.js';
import { faultOf, gains, grantable, tidy, tokenRightsOf } from '../../daemon/domain/people/rights.js';
import { createPasswords } from '../../web/auth/passwords.js';
import { tokenIn } from '../../web/auth/tokens.js';
import { createTries } from '../../web/auth/tries.js';
import * as schemas from '../../web/people/schemas.js';
import { until } from '../support/recorder.js';
import { aCall } from '../support/recordings/a-call.js';
import {
  addCall,
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
} from '../support/web/dashboard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const rights = (change: Partial<Rights>): Rights => ({
  ...{ roles: [], scope: NONE, extensions: [], grants: [] },
  ...change,
});
const reviewer = rights({ roles: ['reviewer'], scope: { ...NONE, queues: ['sales'] } });
const sha = (text: string) => createHash('sha256').update(text).digest('hex');

const send = (
  app: Dashboard['app'],
  method: 'PUT' | 'DELETE',
  path: string,
  cookie: string,
  payload?: unknown,
) =>
  app.inject({
    ...{ method, url: `/api/v1${path}`, headers: { cookie, 'x-tapedeck': '1' } },
    ...(payload === undefined ? {} : { payload: payload as object }),
  });

/** Adds somebody and lets them choose a password by their link. Gives their id and cookie. */
async function addPerson(dashboard: Dashboard, admin: string, name: string, given: Rights) {
  const { app } = dashboard;
  const added = await post(app, '/people', { name, ...given }, { cookie: admin });
  if (added.statusCode !== 200) throw new Error(added.body);
  const { person, invitation } = added.json();
  await post(app, '/welcome', { code: invitation.code, password: `${password} of ${name}` });
  return { id: person.id as string, cookie: await signIn(dashboard, name) };
}
async function signIn({ app }: Dashboard, name: string, headers = {}): Promise<string> {
  const answer = await post(app, '/session', { name, password: `${password} of ${name}` }, headers);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return cookieOf(answer);
}

t.test('rights are written in the one way, and only those that fit together', async (t) => {
  const given = rights({
    roles: ['reviewer', 'admin', 'reviewer'] as Rights['roles'],
    scope: { all: false, extensions: [' 101 ', '101', ''], queues: ['a\u202eb'], dids: [] },
    extensions: ['7'],
    grants: ['export', 'download', 'export'],
  });
  t.strictSame(tidy(given), {
    roles: ['admin', 'reviewer'],
    scope: { all: false, extensions: ['101'], queues: ['a b'], dids: [] },
    extensions: [],
    grants: ['download', 'export'],
  });
  t.strictSame(
    tidy(rights({ roles: ['reviewer'], scope: { ...NONE, all: true, dids: ['1'] } })).scope.dids,
    [],
  );
  t.equal(faultOf(tidy(given)), null);
  for (const wrong of [
    rights({}),
    rights({ roles: ['reviewer'] }),
    rights({ roles: ['agent'] }),
    rights({ roles: ['admin'], grants: ['download'] }),
    rights({ roles: ['auditor'], grants: ['export'] }),
  ])
    t.type(faultOf(tidy(wrong)), 'string', JSON.stringify(wrong));
  const person = (of: Rights): Person => ({ ...of, id: 'p', name: 'p' });
  const [small, large] = [person(reviewer), person({ ...reviewer, grants: ['download'] })];
  t.ok(gains(small, large) && !gains(large, small) && !gains(small, small));
  t.ok(gains(small, person({ ...reviewer, scope: { ...NONE, queues: ['sales', 'hr'] } })));
  t.ok(gains(small, person({ ...reviewer, scope: { ...NONE, all: true } })));
  t.notOk(gains(person({ ...reviewer, scope: { ...NONE, all: true } }), small));
  t.strictSame(tokenRightsOf(small), ['view', 'play']);
  t.strictSame(tokenRightsOf(person(RUNS_ONLY)), ['oversee', 'audit', 'view']);
  const call = aCall('a', { queue: 'sales', answeredAt: 5 });
  t.ok(reach(small, 'play', call).length > 0);
  t.strictSame(reach({ ...small, only: ['view'] }, 'play', call), [], 'a token has what it was made for');
});

t.test('whatever is asked for, what is kept fits the roles and is kept the same again', async () => {
  const words = fc.array(fc.string({ unit: 'binary', maxLength: 90 }), { maxLength: 4 });
  const asked = fc.record({
    roles: fc.array(fc.constantFrom(...roles), { maxLength: 5 }),
    scope: fc.record({ all: fc.boolean(), extensions: words, queues: words, dids: words }),
    extensions: words,
    grants: fc.array(fc.constantFrom(...grants), { maxLength: 6 }),
  });
  fc.assert(
    fc.property(asked, (given) => {
      const kept = tidy(given);
      if (JSON.stringify(tidy(kept)) !== JSON.stringify(kept)) return false;
      const { scope, extensions } = kept;
      const listed = [...scope.extensions, ...scope.queues, ...scope.dids, ...extensions];
      if (listed.some((number) => number === '' || /[\p{Cc}\u202a-\u202e]/u.test(number))) return false;
      if (faultOf(kept) !== null) return true;
      const person = { ...kept, id: 'p', name: 'p' };
      return !gains(person, person) && kept.grants.every((g) => grantable(kept.roles).includes(g));
    }),
  );
  fc.assert(
    fc.property(fc.string(), (text) => tokenIn(text) === null || text.toLowerCase().includes('bearer td_')),
  );
});

t.test('the first person says whether they hear calls', async (t) => {
  for (const hears of [true, false]) {
    const { app, setup, catalogue } = await openDashboard(t);
    const made = await post(app, '/setup', { code: await setup.begin(), name: 'anna', password, hears });
    t.equal(made.statusCode, 200);
    const { roles, scope } = (await catalogue.users())[0]!;
    t.strictSame(roles, hears ? ['admin', 'reviewer'] : ['admin']);
    t.equal(scope.all, hears);
  }
});

t.test(
  'somebody is added, chooses a password by a link that works once, and gets what they were given',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock, lines } = dashboard;
    const admin = await setUp(dashboard);
    const added = await post(app, '/people', { name: ' Ben  Orchard', ...reviewer }, { cookie: admin });
    const { person, invitation } = added.json();
    t.strictSame([...Value.Errors(schemas.AddedView, added.json())], []);
    t.match(person, { name: 'Ben Orchard', roles: ['reviewer'], version: 1, password: false });
    t.equal(
      (await post(app, '/people', { name: 'ben orchard', ...reviewer }, { cookie: admin })).statusCode,
      409,
    );
    for (const bad of [
      { ...reviewer, name: '\u202e' },
      { ...reviewer, name: 'x', roles: ['king'] },
      { ...reviewer, name: 'x', scope: NONE },
      { ...reviewer, name: 'x', passwordHash: 'x' },
      { ...reviewer, name: 'x', grants: ['everything'] },
    ])
      t.equal((await post(app, '/people', bad, { cookie: admin })).statusCode, 400, JSON.stringify(bad));

    const tries = (code: string, given?: string) => post(app, '/welcome', { code, password: given });
    t.equal((await post(app, '/session', { name: 'Ben Orchard', password: '' })).statusCode, 400);
    t.equal((await post(app, '/session', { name: 'Ben Orchard', password: 'x' })).statusCode, 401);
    t.match(await tries('AAAA-AAAA-AAAA-AAAA-AAAA'), { statusCode: 403 });
    t.strictSame((await tries(invitation.code)).json(), {
      name: 'Ben Orchard',
      done: false,
      tokens_ended: [],
    });
    clock.ms += 3 * DAY;
    t.match(await tries(invitation.code, password), { statusCode: 403 }, 'too old');
    const again = await post(app, `/people/${person.id}/invitation`, {}, { cookie: await annaAgain() });
    const { code } = again.json();
    t.equal((await tries(invitation.code)).statusCode, 403, 'the old one is gone');
    const both = await Promise.all([tries(code, `${password} 1`), tries(code, `${password} 2`)]);
    t.strictSame(both.map((r) => r.statusCode).sort(), [200, 403], 'of two who use it at once one does');
    t.notOk(
      both.some((r) => r.cookies.length > 0),
      'nobody is signed in by a link',
    );
    t.equal((await tries(code)).statusCode, 403, 'used up');
    const anna = (await catalogue.userByName('anna'))!;
    const own = await post(app, `/people/${anna.id}/invitation`, {}, { cookie: await annaAgain() });
    t.equal(own.statusCode, 403, 'nobody gets round their own old password');
    t.notOk(lines.join().includes(code) || lines.join().includes(code.replaceAll('-', '')));
    const hashes = (await catalogue.users()).map((u) => u.passwordHash).join();
    t.notOk((await get(app, '/people', await annaAgain())).body.includes(hashes.split(',')[0]!));

    async function annaAgain() {
      return cookieOf(await post(app, '/session', { name: 'anna', password }));
    }
  },
);

t.test(
  'rights change at once where somebody is signed in, and a wider one gives them a new token',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock } = dashboard;
    const admin = await setUp(dashboard);
    const ben = await addPerson(dashboard, admin, 'ben', reviewer);
    const status = async (cookie: string, path = '/policy') => (await get(app, path, cookie)).statusCode;
    const change = (version: number, given: Rights, more = {}) =>
      send(app, 'PUT', `/people/${ben.id}`, admin, {
        ...given,
        name: 'ben',
        disabled: false,
        based_on: version,
        ...more,
      });
    t.equal(await status(ben.cookie), 403);
    t.equal((await change(1, rights({ roles: ['auditor'] }))).statusCode, 200);

    const answer = await get(app, '/policy', ben.cookie);
    t.equal(answer.statusCode, 200, 'they may now');
    const fresh = cookieOf(answer);
    t.not(fresh, 'tapedeck_session=');
    t.not(fresh, ben.cookie, 'and has a new token');
    t.equal(await status(ben.cookie), 200, 'what was on its way with the old one gets through');
    t.equal((await get(app, '/policy', ben.cookie)).cookies.length, 0, 'and is given no other');
    clock.ms += 31_000;
    t.equal(await status(ben.cookie), 401);
    t.equal(await status(fresh), 200, 'which a late use of the old one does not end');
    t.equal(
      (await get(app, '/account/sessions', fresh)).json().sessions.length,
      1,
      'it is one session all the time',
    );

    t.equal((await change(1, reviewer)).json().error.code, 'person_conflict', 'based on what was before');
    t.equal((await change(2, reviewer)).statusCode, 200);
    t.equal(await status(fresh), 403, 'they may not any more');
    await until(
      'the refusal',
      async () => (await catalogue.auditEntries({ outcome: 'refused', limit: 1 }))[0],
    );
    t.strictSame(
      await catalogue.auditEntries({ actions: ['session_end'], limit: 9 }),
      [],
      'that an old token is over is no end of a session on record',
    );
    t.equal((await get(app, '/calls', fresh)).cookies.length, 0, 'less needs no new token');
    t.equal((await change(3, reviewer, { name: 'Anna' })).json().error.code, 'user_exists');

    t.equal((await change(3, reviewer, { disabled: true })).statusCode, 200);
    t.equal(await status(fresh, '/calls'), 401);
    const refused = await post(app, '/session', { name: 'ben', password: `${password} of ben` });
    t.equal(refused.json().error.code, 'sign_in_failed', 'as for one who is not there');
    t.equal((await change(4, reviewer)).statusCode, 200);
    const back = await signIn(dashboard, 'ben');
    const leaving = await signIn(dashboard, 'ben');
    t.equal((await change(5, { ...reviewer, grants: ['export'] })).statusCode, 200);
    await get(app, '/calls', leaving);
    await send(app, 'DELETE', '/session', leaving);
    t.equal(await status(leaving, '/calls'), 401, 'signing out ends it under both tokens');
    t.equal((await send(app, 'DELETE', `/people/${ben.id}?based_on=1`, admin)).statusCode, 409);
    t.equal((await send(app, 'DELETE', `/people/${ben.id}?based_on=6`, admin)).statusCode, 200);
    t.equal(await status(back, '/calls'), 401);
    t.equal(await catalogue.user(ben.id), null);
    t.equal((await change(6, reviewer)).statusCode, 404);
  },
);

t.test('live streams end with what their person lost, whoever took it', async (t) => {
  const dashboard = await openDashboard(t, { live: { pollMs: 5, beatMs: 60_000, statusMs: 60_000 } });
  const { app, catalogue, dataDir, clock } = dashboard;
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const admin = await setUp(dashboard);
  const ben = await addPerson(dashboard, admin, 'ben', reviewer);
  const listen = async (cookie: string) => {
    const response = await fetch(`${address}/api/v1/live`, { headers: { cookie } });
    const reader = response.body!.getReader();
    await reader.read();
    return async () => {
      while (!(await reader.read()).done);
    };
  };
  const [bens, annas] = [await listen(ben.cookie), await listen(admin)];
  // As the console does: in another process, on a catalogue of its own.
  const console = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await console.start();
  t.teardown(() => console.stop());
  await console.changeUser(ben.id, { disabled: true }, clock.ms);
  await bens();
  t.pass('the disabled one is let go');
  const anna = (await catalogue.userByName('anna'))!;
  await console.shutOut(anna.id);
  await annas();
  t.pass('and so is who was signed out');
});

t.test('no name looks like another, or like what it is not', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue, clock } = dashboard;
  const admin = await setUp(dashboard, 'Anna Paul');
  const add = async (name: string) =>
    (await post(app, '/people', { name, ...reviewer }, { cookie: admin })).json();
  for (const name of [
    'Ann\u200ba',
    'Ann\u00ada',
    'Be\u202en',
    'Be\u2066n\u2069',
    '\u3164',
    'An\u{e0041}na',
    'Аnna', // with a Cyrillic A
    'Βen', // with a Greek B
    'ᎪᏴᎬ', // Cherokee
    '---',
  ])
    t.equal((await add(name)).error?.code, 'name_unclear', JSON.stringify(name));
  t.match((await add('Ann\u200ba')).error.detail, 'It contains an invisible character (U+200B).');
  for (const name of ['anna paul', 'Ａnna Paul', 'Anna  Paul', 'Anna PauI'])
    t.equal((await add(name)).error?.code, 'user_exists', name);
  t.match((await add('Anna PauI')).error.detail, '"Anna PauI" looks like "Anna Paul".');
  for (const name of ['Анна', 'Ελένη', '山田 Taro', '김 민수', 'Łukasz Żółć', "O'Brien-Ng", 'ben.2', 'سارة'])
    t.equal((await add(name)).person?.name, name);
  t.equal((await add('cop')).person.name, 'cop');
  t.equal((await add('сор')).error.code, 'user_exists', 'all of it Cyrillic');
  t.equal((await add('Ｂｏｂ')).person.name, 'Bob', 'one form of each letter');

  const [old] = (await catalogue.users()).filter(({ name }) => name === 'cop');
  const before = { id: 'OLD', name: 'Веn', passwordHash: '', createdAt: clock.ms };
  await catalogue.addUser({ ...before, ...reviewer });
  const change = { ...reviewer, name: 'Веn', disabled: true, based_on: 1 };
  t.equal((await send(app, 'PUT', '/people/OLD', admin, change)).statusCode, 200, 'an older name stays');
  const renamed = { ...reviewer, name: 'сор', disabled: false, based_on: 2 };
  t.equal((await send(app, 'PUT', '/people/OLD', admin, renamed)).json().error.code, 'user_exists');
  t.equal((await catalogue.user(old!.id))!.name, 'cop');
  const outsider = { ...reviewer, source: 'oidc' as const, subject: 'x' };
  t.equal(
    await catalogue.saveOutsider({ ...outsider, id: 'OUT', name: 'An\u200bna Paul', createdAt: 0 }),
    null,
  );
});

t.test('there is always an admin who can sign in', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue, dataDir, clock } = dashboard;
  const admin = await setUp(dashboard);
  const anna = (await catalogue.userByName('anna'))!;
  await post(app, '/people', { name: 'invited', ...RUNS_ONLY }, { cookie: admin });
  const body = { ...reviewer, name: 'anna', disabled: false, based_on: 1 };
  const refused = [
    await send(app, 'PUT', `/people/${anna.id}`, admin, body),
    await send(app, 'PUT', `/people/${anna.id}`, admin, {
      ...FOUNDER,
      name: 'anna',
      disabled: true,
      based_on: 1,
    }),
    await send(app, 'DELETE', `/people/${anna.id}?based_on=1`, admin),
  ];
  for (const answer of refused) t.match(answer.json().error, { code: 'last_admin' });
  t.match(
    await catalogue.user(anna.id),
    { version: 1, roles: FOUNDER.roles, disabledAt: null },
    'nothing is half done',
  );

  // Two admins, each of whom is taken away by somebody else at the same time.
  const other = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await other.start();
  t.teardown(() => other.stop());
  for (const round of [1, 2, 3]) {
    const id = `second${round}`;
    await catalogue.addUser({ ...RUNS_ONLY, id, name: id, passwordHash: 'x', createdAt: clock.ms });
    const done = await Promise.allSettled([
      catalogue.changeUser(anna.id, round === 1 ? { disabled: true } : reviewer, clock.ms),
      round === 2 ? other.removeUser(id) : other.changeUser(id, { roles: ['auditor'] }, clock.ms),
    ]);
    t.strictSame(done.map((d) => d.status).sort(), ['fulfilled', 'rejected'], `round ${round}`);
    await catalogue.changeUser(anna.id, { ...FOUNDER, disabled: false }, clock.ms);
    if (await catalogue.user(id)) await catalogue.removeUser(id);
  }
});

t.test('who is signed in is listed in full to themselves and to admins, and ended one by one', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, clock } = dashboard;
  const admin = await setUp(dashboard);
  const ben = await addPerson(dashboard, admin, 'ben', reviewer);
  clock.ms += MINUTE;
  const phone = await signIn(dashboard, 'ben', { 'user-agent': 'Phone\u202e "x"'.padEnd(400, 'y') });
  clock.ms += MINUTE;
  const third = await signIn(dashboard, 'ben', { 'user-agent': 'Firefox' });
  const listed = async (path: string, cookie: string) => {
    const answer = await get(app, path, cookie);
    t.strictSame([...Value.Errors(schemas.SessionsView, answer.json())], []);
    return answer.json().sessions as { id: string; this_one: boolean; agent: string; address: string }[];
  };
  const own = await listed('/account/sessions', third);
  t.equal(own.length, 3);
  t.match(own[0], { this_one: true, agent: 'Firefox', address: '127.0.0.1' });
  t.match(own[1], { this_one: false, agent: /^Phone "x"y+$/ });
  t.equal(own[1]!.agent.length, 250);
  const body = (await get(app, '/account/sessions', third)).body;
  for (const cookie of [phone, third]) {
    const token = cookie.split('=')[1]!;
    t.notOk(body.includes(token) || body.includes(sha(token)), 'neither a token nor its hash');
  }

  t.equal((await get(app, `/people/${ben.id}/sessions`, third)).statusCode, 403);
  t.equal((await listed(`/people/${ben.id}/sessions`, admin)).length, 3);
  const annas = (await listed('/account/sessions', admin))[0]!.id;
  const stolen = await send(app, 'DELETE', `/account/sessions/${annas}`, third);
  t.strictSame(stolen.json(), { ended: 0 }, 'that of somebody else is not there');
  t.equal((await get(app, '/account', admin)).statusCode, 200);
  t.strictSame((await send(app, 'DELETE', `/account/sessions/${own[1]!.id}`, third)).json(), { ended: 1 });
  t.equal((await get(app, '/account', phone)).statusCode, 401);
  t.strictSame((await send(app, 'DELETE', '/account/sessions', third)).json(), { ended: 1 });
  t.equal((await get(app, '/account', ben.cookie)).statusCode, 401);
  t.strictSame((await send(app, 'DELETE', `/people/${ben.id}/sessions`, admin)).json(), { ended: 1 });
  t.equal((await get(app, '/account', third)).statusCode, 401);

  const old = await signIn(dashboard, 'ben');
  clock.ms += 31 * MINUTE;
  t.equal(
    (
      await listed(
        `/people/${ben.id}/sessions`,
        cookieOf(await post(app, '/session', { name: 'anna', password })),
      )
    ).length,
    0,
  );
  t.equal((await get(app, '/account', old)).statusCode, 401, 'one that ended by itself is listed no more');
});

t.test('sessions last as long as tapedeck.toml says', async (t) => {
  const dashboard = await openDashboard(t, { sessionLimits: { idleMs: 5 * MINUTE, longestMs: HOUR } });
  const { app, clock } = dashboard;
  const cookie = await setUp(dashboard);
  for (let used = 0; used < HOUR; used += 4 * MINUTE) {
    t.equal((await get(app, '/account', cookie)).statusCode, 200);
    clock.ms += 4 * MINUTE;
  }
  t.equal((await get(app, '/account', cookie)).statusCode, 401);
  const idle = cookieOf(await post(app, '/session', { name: 'anna', password }));
  clock.ms += 5 * MINUTE;
  t.equal((await get(app, '/account', idle)).statusCode, 401);
});

t.test('a password is changed with the old one, and what else was signed in ends', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue, clock } = dashboard;
  const admin = await setUp(dashboard);
  const ben = await addPerson(dashboard, admin, 'ben', reviewer);
  const other = await signIn(dashboard, 'ben');
  const change = (old: string, next: string, cookie = ben.cookie) =>
    post(app, '/account/password', { old, password: next }, { cookie });
  const old = `${password} of ben`;
  t.match((await change('wrong', password)).json().error, { code: 'old_password_wrong' });
  t.equal((await change('wrong', password)).statusCode, 403, 'not 401: they are signed in');
  t.match((await change(old, old)).json().error, { code: 'password_weak' });
  const done = await change(old, `${password} again`);
  t.strictSame(done.json(), { ended: 1, tokens_ended: [] });
  t.equal((await get(app, '/account', other)).statusCode, 401);
  t.equal((await get(app, '/account', ben.cookie)).statusCode, 401, 'their own has a new token');
  const fresh = cookieOf(done);
  t.match((await get(app, '/account', fresh)).json(), { password_at: new Date(clock.ms).toISOString() });
  t.equal((await post(app, '/session', { name: 'ben', password: old })).statusCode, 401);

  const guesses = [];
  for (let n = 0; n < 15; n++) guesses.push((await change('wrong', password, fresh)).statusCode);
  t.ok(guesses.filter((status) => status === 403).length <= 10, 'guessing the old one is limited too');
  t.equal(guesses.at(-1), 429);
  clock.ms += 6 * HOUR;
  const hashes = (await catalogue.users()).map((u) => u.passwordHash);
  await catalogue.setPassword(ben.id, hashes[0]!, clock.ms);
  t.equal((await get(app, '/account', fresh)).statusCode, 401, 'the console ends all');
});

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
    const listed = (await get(app, '/account/tokens', ben.cookie)).json();
    t.strictSame([...Value.Errors(schemas.TokensView, listed)], []);
    t.match(
      listed.tokens.find((token: { id: string }) => token.id === made.token.id),
      {
        used_at: new Date(clock.ms).toISOString(),
        used_from: '127.0.0.1',
      },
    );
    t.strictSame(listed.possible, ['oversee', 'audit', 'view', 'play', 'download', 'export']);

    await catalogue.changeUser(ben.id, reviewer, clock.ms);
    t.equal(await status('/policy'), 403, 'what they lost it lost');
    t.equal(await status('/calls'), 200);
    await catalogue.changeUser(ben.id, { disabled: true }, clock.ms);
    t.equal(await status('/calls'), 401);
    await catalogue.changeUser(ben.id, { disabled: false }, clock.ms);
    t.equal(await status('/calls'), 200);
    const again = await signIn(dashboard, 'ben');
    t.equal((await send(app, 'DELETE', `/account/tokens/${made.token.id}`, agent.cookie)).statusCode, 404);
    t.equal((await send(app, 'DELETE', `/account/tokens/${made.token.id}`, again)).statusCode, 200);
    t.equal(await status('/calls'), 401, 'revoked');
    t.equal(await status('/calls', { authorization: `Bearer ${narrow.secret}` }), 200);
    clock.ms += 90 * DAY;
    t.equal(await status('/calls', { authorization: `Bearer ${narrow.secret}` }), 401, 'expired');

    const kept = (await catalogue.token(sha(narrow.secret)))!;
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
  const asks = (cookie: string) => [
    post(app, '/account/tokens', { name: 'x', rights: ['view'] }, { cookie }),
    post(app, '/people', { name: 'carl', ...reviewer }, { cookie }),
    post(app, `/people/${ben.id}/invitation`, {}, { cookie }),
    send(app, 'PUT', `/people/${ben.id}`, cookie, {
      ...FOUNDER,
      name: 'ben',
      disabled: false,
      based_on: 1,
    }),
    send(app, 'PUT', '/second-factor-roles', cookie, { roles: [] }),
  ];
  for (const answer of await Promise.all(asks(admin)))
    t.match(answer.json().error, { code: 'proof_needed' }, 'whoever finds her browser open');
  const proved = await post(app, '/session/proof', { password }, { cookie: admin });
  for (const answer of await Promise.all(asks(cookieOf(proved))))
    t.equal(answer.statusCode, 200, answer.body);
});

t.test(
  'tokens go when a password is set for somebody, and where they are signed out everywhere',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock } = dashboard;
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
    const [changed] = await catalogue.auditEntries({
      objectId: ben.id,
      actions: ['password_change'],
      limit: 1,
    });
    t.match(changed, { actor_name: 'ben', detail: { tokens_ended: ['x'] } }, 'and it is on record which');
    await catalogue.setPassword(ben.id, `hash of ${password} of ben`, clock.ms);

    const reset = await make();
    const ended = await catalogue.setPassword(ben.id, `hash of ${password} of ben`, clock.ms);
    t.match(ended, { tokens: ['x'] });
    t.notOk(await reset.works(), 'on the console');

    const linked = await make();
    const { code } = (await post(app, `/people/${ben.id}/invitation`, {}, { cookie: admin })).json();
    t.ok(await linked.works(), 'a link alone changes nothing');
    await post(app, '/welcome', { code, password: `${password} of ben` });
    t.notOk(await linked.works(), 'by a link');

    const signedOut = await make();
    await send(app, 'DELETE', '/account/sessions', signedOut.cookie);
    await catalogue.endSessions(ben.id, { keep: null });
    t.ok(await signedOut.works());
    t.strictSame((await send(app, 'DELETE', `/people/${ben.id}/sessions`, admin)).json(), { ended: 0 });
    t.notOk(await signedOut.works(), 'by an admin');
    const [entry] = await catalogue.auditEntries({ objectId: ben.id, actions: ['session_end'], limit: 1 });
    t.match(entry, { actor_name: 'anna', detail: { because: 'ended all sessions and tokens of ben' } });

    const lost = await make();
    await catalogue.resetFactors(ben.id);
    t.notOk(await lost.works(), 'with their factors');
  },
);

/** A dashboard in which the look at a password waits until it is told to go on. */
async function withSlowPasswords(t: Test) {
  let going: () => void = () => {};
  let slow = false;
  const looked: (() => void)[] = [];
  const dashboard = await openDashboard(t, {
    passwords: {
      checkPassword: () => {},
      hashPassword: async (p) => `hash of ${p}`,
      async verifyPassword(hash, p) {
        if (slow)
          await new Promise<void>((go) => {
            going = go;
            for (const tell of looked.splice(0)) tell();
          });
        return hash === `hash of ${p}`;
      },
    },
  });
  return {
    dashboard,
    /** What is asked, with this done while the password is looked at. */
    async meanwhile<T>(asking: () => Promise<T>, work: () => Promise<unknown>): Promise<T> {
      slow = true;
      const reached = new Promise<void>((tell) => looked.push(tell));
      const answer = asking();
      await reached;
      slow = false;
      await work();
      going();
      return answer;
    },
  };
}

t.test('what is done to keep somebody out holds for who is just signing in, too', async (t) => {
  const { dashboard, meanwhile } = await withSlowPasswords(t);
  const { app, catalogue, clock } = dashboard;
  const cookie = await setUp(dashboard);
  const anna = (await catalogue.userByName('anna'))!;
  const open = async () => (await catalogue.sessionsOf(anna.id)).length;
  const signingIn = () => post(app, '/session', { name: 'anna', password });
  const proving = (as: string) => () => post(app, '/session/proof', { password }, { cookie: as });

  const late = await meanwhile(signingIn, () =>
    catalogue.setPassword(anna.id, 'hash of another one', clock.ms),
  );
  t.match(late.json().error, { code: 'sign_in_failed' }, 'the password was changed');
  t.equal(await open(), 0);
  t.strictSame(late.cookies, []);
  await catalogue.setPassword(anna.id, `hash of ${password}`, clock.ms);
  const disabled = await meanwhile(signingIn, async () => {
    await catalogue.addUser({ ...RUNS_ONLY, id: 'b', name: 'b', passwordHash: 'x', createdAt: clock.ms });
    await catalogue.changeUser(anna.id, { disabled: true }, clock.ms);
  });
  t.match(disabled.json().error, { code: 'sign_in_failed' }, 'she was disabled');
  await catalogue.changeUser(anna.id, { disabled: false }, clock.ms);
  t.equal((await signingIn()).statusCode, 200, 'and in order it goes');

  const mine = cookieOf(await signingIn());
  t.not(mine, cookie);
  const ended = await meanwhile(proving(mine), () => catalogue.shutOut(anna.id));
  t.match(ended.json().error, { code: 'sign_in_failed' }, 'her session was ended, and does not come back');
  t.equal(await open(), 0);
  const again = cookieOf(await signingIn());
  const proved = await proving(again)();
  t.equal(proved.statusCode, 200);
  t.equal(await open(), 1, 'the one that goes on takes the place of the one before');
  const stolen = await meanwhile(proving(cookieOf(proved)), () =>
    post(
      app,
      '/account/password',
      { old: password, password: 'five other unrelated quiet words' },
      { cookie: cookieOf(proved) },
    ),
  );
  t.match(stolen.json().error, { code: 'sign_in_failed' }, 'nor by the old token of one that stays');
  t.equal(await open(), 1);
  const said = await catalogue.auditEntries({ actions: ['sign_in', 'second_factor'], limit: 99 });
  t.equal(said.filter((e) => e.outcome === 'ok').length, 5, 'what came to nothing is not on record as done');
});

t.test('what is refused is counted against whoever asks', async (t) => {
  let asked = 0;
  const dashboard = await openDashboard(t, {
    control: {
      takePass: async () => {
        asked += 1;
        return false;
      },
    },
  });
  const { app, catalogue } = dashboard;
  const from = (remoteAddress: string, url: string, method: 'GET' | 'POST' = 'GET') =>
    app.inject({
      ...{ method, url: `/api/v1${url}`, remoteAddress, payload: method === 'POST' ? {} : undefined },
      headers: { authorization: `TestCall ${'A'.repeat(22)}`, 'x-tapedeck': '1' },
    });
  const strict = [];
  for (let n = 0; n < 61; n++)
    strict.push((await from('10.0.0.1', '/session/second-factor', 'POST')).statusCode);
  t.strictSame([...new Set(strict.slice(0, 60))], [401]);
  t.equal(strict.at(-1), 429, 'by the limit of the route');
  const { id } = await addCall(catalogue);
  let last = 0;
  for (let n = 0; n < 3001; n++) last = (await from('10.0.0.2', `/calls/${id}/audio`)).statusCode;
  t.equal(last, 429);
  t.equal(asked, 3000, 'and the recorder is not asked about passes without an end');
  t.equal((await from('10.0.0.3', `/calls/${id}/audio`)).statusCode, 401, 'nobody else waits for it');
});

t.test('the API description says what opens each route', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { paths, components } = (await get(dashboard.app, '/openapi.json', cookie)).json();
  t.match(components.securitySchemes, { token: { type: 'http', scheme: 'bearer' } });
  const security = (path: string, method: string) => paths[`/api/v1${path}`][method].security;
  t.strictSame(security('/calls', 'get'), [{ session: [] }, { token: [] }]);
  t.strictSame(security('/welcome', 'post'), []);
  for (const [path, method] of [
    ['/account', 'get'],
    ['/account/tokens', 'post'],
    ['/people', 'post'],
    ['/session', 'delete'],
  ] as const)
    t.notOk(JSON.stringify(security(path, method) ?? '').includes('token'), path);
});

t.test('extensions, queues and numbers to choose from are those of the calls', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue } = dashboard;
  const cookie = await setUp(dashboard);
  for (const n of [0, 1, 2])
    await addCall(catalogue, {
      startedAt: START + n,
      queue: n === 0 ? 'sales' : 'support',
      did: n === 2 ? '' : '5551000',
    });
  t.strictSame((await get(app, '/people/seen', cookie)).json(), {
    extensions: [{ number: '201', name: 'Anna' }],
    queues: ['support', 'sales'],
    dids: ['5551000'],
  });
});

t.test('ten thousand guesses come to few for each name, and keep nobody out who is known', async (t) => {
  for (const addresses of [1, 200])
    for (const names of [1, 500]) {
      const clock = { ms: START };
      const tries = createTries({ now: () => clock.ms });
      const home = tries.take('10.0.0.5', 'user0');
      if ('waitSeconds' in home) return t.fail('the owner was there first');
      home.succeeded();
      const guessed = new Map<string, number>();
      for (let n = 0; n < 10_000; n++) {
        clock.ms += 60; // 10,000 in ten minutes
        const name = `user${n % names}`;
        const taken = tries.take(`10.1.${n % addresses}.9`, name);
        if (!('waitSeconds' in taken)) guessed.set(name, (guessed.get(name) ?? 0) + 1);
        if (n % 500 === 499) {
          const owner = tries.take('10.0.0.5', 'user0');
          if ('waitSeconds' in owner) t.fail(`the owner waits ${owner.waitSeconds} s`);
          else owner.succeeded();
        }
      }
      const most = Math.max(...guessed.values());
      t.ok(most <= 20, `${most} for one name from ${addresses} addresses on ${names} names`);
      const rest = 60 * MINUTE - 10_000 * 60;
      for (let n = 0; n < 5_000; n++) {
        clock.ms += rest / 5_000;
        const taken = tries.take(`10.1.${n % addresses}.9`, 'user0');
        if (!('waitSeconds' in taken)) guessed.set('user0', (guessed.get('user0') ?? 0) + 1);
      }
      t.ok(guessed.get('user0')! <= 20, `${guessed.get('user0')} in an hour`);
    }
});

t.test(
  'a browser in which somebody signed in lets them in while others guess, also from behind their address',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue } = dashboard;
    await setUp(dashboard);
    const anna = (await catalogue.userByName('anna'))!;
    const from = (remoteAddress: string, given: string, cookie = '') =>
      post(app, '/session', { name: 'anna', password: given }, { cookie }, { remoteAddress });
    const first = await from('10.0.0.5', password);
    const device = first.cookies.find(({ name }) => name === 'tapedeck_device')!;
    t.match(device, { httpOnly: true, sameSite: 'Strict', path: '/' });
    t.equal(
      (await get(app, '/account', `tapedeck_device=${device.value}`)).statusCode,
      401,
      'it opens nothing',
    );
    t.equal(await catalogue.knowsDevice(anna.id, sha(device.value)), true, 'of which the hash is kept');
    for (let n = 0; n < 30; n++) await from('10.0.0.5', 'wrong');
    t.equal((await from('10.0.0.5', password)).statusCode, 429, 'her address is used up');
    for (const address of ['10.0.0.5', '10.7.7.7'])
      t.equal((await from(address, password, `tapedeck_device=${device.value}`)).statusCode, 200, address);
    const guesses = [];
    for (let n = 0; n < 15; n++)
      guesses.push((await from('10.0.0.5', 'x', `tapedeck_device=${device.value}`)).statusCode);
    t.equal(guesses.at(-1), 429, 'nor does it let anybody guess without an end');
    for (let n = 0; n < 25; n++) await catalogue.rememberDevice(anna.id, `d${n}`, START + n);
    t.equal(await catalogue.knowsDevice(anna.id, 'd24'), true);
    t.equal(await catalogue.knowsDevice(anna.id, 'd0'), false, 'the oldest are forgotten');
  },
);

t.test('who signs in from where they did before does not stand in line behind a crowd', async (t) => {
  const line: (() => void)[] = [];
  const order: string[] = [];
  const passwords = createPasswords({
    checkPassword: () => {},
    hashPassword: async () => '',
    verifyPassword: async (_hash, given) => {
      order.push(given);
      await new Promise<void>((done) => line.push(done));
      return true;
    },
  });
  const crowd = Array.from({ length: 60 }, (_, n) => passwords.verify('h', `guess ${n}`).catch(() => false));
  const owner = passwords.verify('h', 'owner', { known: true });
  const feed = setInterval(() => line.shift()?.(), 0);
  t.ok(await owner, 'although the line is full');
  t.ok(order.indexOf('owner') <= 4, `they were number ${order.indexOf('owner')}`);
  await Promise.all(crowd);
  clearInterval(feed);
});

t.test(
  'whoever is named, the same work is done: how long it takes does not say whether there is such a person',
  async (t) => {
    const cost = { algorithm: 2, memoryCost: 8192, timeCost: 2, parallelism: 1 } as const;
    const worked: string[] = [];
    const dashboard = await openDashboard(t, {
      passwords: {
        checkPassword: () => {},
        hashPassword: (p) => hash(p, cost),
        verifyPassword: (h, p) => {
          worked.push(h.split('$').slice(0, 4).join('$'));
          return verify(h, p);
        },
      },
    });
    const { app, catalogue } = dashboard;
    await setUp(dashboard);
    await catalogue.addUser({ ...reviewer, id: 'i', name: 'invited', passwordHash: '', createdAt: START });
    for (const name of ['anna', 'nobody', 'invited']) {
      worked.length = 0;
      const { statusCode } = await post(app, '/session', { name, password: 'wrong' });
      t.equal(statusCode, 401);
      t.same(worked, ['$argon2id$v=19$m=8192,t=2,p=1'], name);
    }
  },
);

t.test('a stored right to what there is not does no harm', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { app, catalogue } = dashboard;
  const [anna] = await catalogue.users();
  const grants = ['download', 'redact', 'hold', 'erase'] as unknown as Rights['grants'];
  await catalogue.changeUser(anna!.id, { ...anna!, grants }, anna!.createdAt);
  t.same((await catalogue.users())[0]!.grants, ['download']);
  const { people } = (await get(app, '/people', cookie)).json();
  t.same(people[0].grants, ['download']);
});
