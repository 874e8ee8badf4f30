import t from 'tap';
import { Value } from 'typebox/value';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { FOUNDER, type Rights, RUNS_ONLY } from '../../../daemon/domain/people/person.js';
import * as schemas from '../../../web/people/schemas.js';
import { until } from '../../support/recorder.js';
import { proveAll } from '../../support/requests/prove-all.js';
import { addPerson, rights, send, signIn } from '../../support/web/accounts.js';
import { cookieOf, get, openDashboard, password, post, setUp } from '../../support/web/dashboard.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const reviewer = rights({ roles: ['reviewer'], scope: { ...NONE, queues: ['sales'] } });

t.test('the first person says whether they hear calls', async (t) => {
  for (const hears of [true, false]) {
    const { app, setup, catalogue } = await openDashboard(t);
    const made = await post(app, '/setup', { code: await setup.begin(), name: 'anna', password, hears });
    t.equal(made.statusCode, 200);
    const { roles, scope } = (await catalogue.people.list())[0]!;
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
    const anna = (await catalogue.people.byName('anna'))!;
    const own = await post(app, `/people/${anna.id}/invitation`, {}, { cookie: await annaAgain() });
    t.equal(own.statusCode, 403, 'nobody gets round their own old password');
    t.notOk(lines.join().includes(code) || lines.join().includes(code.replaceAll('-', '')));
    const hashes = (await catalogue.people.list()).map((u) => u.passwordHash).join();
    t.notOk((await get(app, '/people', await annaAgain())).body.includes(hashes.split(',')[0]!));

    async function annaAgain() {
      const cookie = cookieOf(await post(app, '/session', { name: 'anna', password }));
      proveAll(dashboard, cookie);
      return cookie;
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
      async () => (await catalogue.audit.entries({ outcome: 'refused', limit: 1 }))[0],
    );
    t.strictSame(
      await catalogue.audit.entries({ actions: ['session_end'], limit: 9 }),
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
    t.equal(await catalogue.people.get(ben.id), null);
    t.equal((await change(6, reviewer)).statusCode, 404);
  },
);

t.test('a live stream ends when its person loses a right, no matter who took it away', async (t) => {
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
  await console.people.change(ben.id, { disabled: true }, clock.ms);
  await bens();
  t.pass('the disabled one is let go');
  const anna = (await catalogue.people.byName('anna'))!;
  await console.people.shutOut(anna.id);
  await annas();
  t.pass('and so is who was signed out');
});

t.test('there is always an admin who can sign in', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue, dataDir, clock } = dashboard;
  const admin = await setUp(dashboard);
  const anna = (await catalogue.people.byName('anna'))!;
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
    await catalogue.people.get(anna.id),
    { version: 1, roles: FOUNDER.roles, disabledAt: null },
    'nothing is half done',
  );

  // Two admins, each of whom is taken away by somebody else at the same time.
  const other = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await other.start();
  t.teardown(() => other.stop());
  for (const round of [1, 2, 3]) {
    const id = `second${round}`;
    await catalogue.people.add({ ...RUNS_ONLY, id, name: id, passwordHash: 'x', createdAt: clock.ms });
    const done = await Promise.allSettled([
      catalogue.people.change(anna.id, round === 1 ? { disabled: true } : reviewer, clock.ms),
      round === 2 ? other.people.remove(id) : other.people.change(id, { roles: ['auditor'] }, clock.ms),
    ]);
    t.strictSame(done.map((d) => d.status).sort(), ['fulfilled', 'rejected'], `round ${round}`);
    await catalogue.people.change(anna.id, { ...FOUNDER, disabled: false }, clock.ms);
    if (await catalogue.people.get(id)) await catalogue.people.remove(id);
  }
});
