import t from 'tap';
import { Value } from 'typebox/value';
import * as schemas from '../../../web/people/schemas.js';
import { addPerson, rights, send, sha, signIn } from '../../support/web/accounts.js';
import { cookieOf, get, openDashboard, password, post, setUp } from '../../support/web/dashboard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const reviewer = rights({ roles: ['reviewer'], scope: { ...NONE, queues: ['sales'] } });

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
  const hashes = (await catalogue.people.list()).map((u) => u.passwordHash);
  await catalogue.people.setPassword(ben.id, hashes[0]!, clock.ms);
  t.equal((await get(app, '/account', fresh)).statusCode, 401, 'the console ends all');
});
