import Database from 'better-sqlite3';
import t from 'tap';
import type { ReadEntry } from '../../../daemon/catalogue/audit.js';
import { iso } from '../../../daemon/domain/days.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { goAway } from '../../support/requests/asking.js';
import { TOKENS } from '../../support/requests/prove-all.js';
import { actions, del, log, put, told } from '../../support/web/audit-log.js';
import {
  addRecording,
  cookieOf,
  get,
  openDashboard,
  password,
  post,
  setUp,
} from '../../support/web/dashboard.js';
import { withApp } from '../../support/web/sign-in.js';

const MINUTE = 60_000;
const UNREACHABLE = { statusCode: 503, code: 'daemon_unreachable' };
const of = (answer: { statusCode: number; json(): { error?: { code: string } } }) => ({
  ...{ statusCode: answer.statusCode, code: answer.json().error?.code },
});

t.test('while the recorder is away nobody signs in, and who is signed in goes on looking', async (t) => {
  const d = await openDashboard(t);
  const { app, store } = d;
  const cookie = await setUp(d);
  const other = cookieOf(await post(app, '/session', { name: 'anna', password }));
  const made = await post(app, '/account/tokens', { name: 'x', rights: ['view'] }, { cookie });
  const bearer = { authorization: `Bearer ${made.json().secret}` };
  const { call } = await addRecording(d, Buffer.alloc(50_000, 1));
  const anna = (await d.catalogue.people.byName('anna'))!.id;
  await told(d);
  const before = (await log(d)).length;
  const sessions = store.sessions.of(anna);
  const back = goAway(d);

  for (const given of [password, 'wrong']) {
    const came = await post(app, '/session', { name: 'anna', password: given });
    const expected = given === password ? UNREACHABLE : { statusCode: 401, code: 'sign_in_failed' };
    t.strictSame(of(came), expected, 'it says so where the password is right');
    t.strictSame(came.cookies, []);
  }
  t.match((await post(app, '/session', { name: 'anna', password })).json().error.message, /not responding/);
  t.strictSame(of(await post(app, '/session/proof', { password, act: TOKENS }, { cookie })), UNREACHABLE);
  t.strictSame(store.sessions.of(anna), sessions, 'whoever was signed in is, as before');

  const policy = { record: [], retention: [], emergency_numbers: ['112'] };
  for (const [what, answer] of [
    ['a recording', await get(app, `/calls/${call.id}/audio`, cookie)],
    ['a table', await get(app, '/retention.csv', cookie)],
    ['the policy', await put(d, '/policy', { based_on: 0, policy }, cookie)],
    ['a run', await post(app, '/retention/run', {}, { cookie })],
    ['a token', await post(app, '/account/tokens', { name: 'y', rights: ['view'] }, { cookie })],
  ] as const)
    t.strictSame(of(answer), UNREACHABLE, `${what} is the recorder's`);

  const times: string[] = [];
  const looked = async (path: string, as = cookie) => {
    d.clock.ms += 1000;
    times.push(iso(d.clock.ms));
    t.equal((await get(app, path, as)).statusCode, 200, path);
  };
  await looked(`/calls/${call.id}`);
  await looked('/coverage');
  await looked('/quality');
  await looked(`/calls/${call.id}`, other);
  t.equal((await get(app, '/calls', undefined, bearer)).statusCode, 200, 'a token, too');
  t.equal((await del(d, '/session', other)).statusCode, 200, 'and whoever goes is gone');
  times.push(iso(d.clock.ms));
  t.equal((await get(app, '/account', other)).statusCode, 401);
  t.equal((await log(d)).length, before, 'nothing of it can be written yet');

  d.clock.ms += 20 * MINUTE;
  back();
  await told(d);
  const later = (await log(d)).slice(before).filter((e) => e.outcome === 'ok');
  t.same(
    later.map((e) => [e.action, e.object, e.at, e.detail.happened]),
    [
      ['view', 'call', iso(d.clock.ms), times[0]],
      ['report', 'coverage', iso(d.clock.ms), times[1]],
      ['report', 'quality', iso(d.clock.ms), times[2]],
      ['view', 'call', iso(d.clock.ms), times[3]],
      ['sign_out', '', iso(d.clock.ms), times[4]],
    ],
    'it is told in order, with both times',
  );
  t.strictSame([...new Set(later.map((e) => e.actor_name))], ['anna']);
  t.same(
    (await log(d))
      .slice(before)
      .filter((e) => e.outcome === 'refused')
      .map((e) => e.detail.because),
    ['wrong password'],
    'and the wrong password',
  );
  const again = cookieOf(await post(app, '/session', { name: 'anna', password }));
  t.equal((await get(app, `/calls/${call.id}/audio`, again)).statusCode, 200, 'and all is as before');
});

t.test('who comes from a directory is not taken for somebody with a wrong password then', async (t) => {
  const rules = [{ group: 'cn=recordings', roles: ['reviewer' as const], every_call: true }];
  const found = { subject: 'dora', name: 'dora', groups: ['cn=recordings'], extensions: [] };
  const ldap = {
    find: async () => found,
    check: async (_name: string, given: string) => (given === password ? found : null),
  };
  const d = await openDashboard(t, { directory: { ldap, rules } });
  await setUp(d);
  const come = (given = password) => post(d.app, '/session', { name: 'dora', password: given });
  const back = goAway(d);
  t.strictSame(of(await come()), UNREACHABLE);
  t.equal(of(await come('wrong')).code, 'sign_in_failed');
  back();
  await told(d);
  const said = (await log(d)).filter((e) => e.action === 'sign_in' && e.outcome === 'refused');
  t.same(
    said.map((e) => e.detail.because),
    ['the recorder did not respond', 'unknown name'],
  );
  t.equal((await come()).statusCode, 200);
});

t.test('a second factor is not given while the recorder is away, and not used up', async (t) => {
  const { dashboard: d, codes } = await withApp(t);
  const half = cookieOf(await post(d.app, '/session', { name: 'anna', password }));
  const give = () => post(d.app, '/session/second-factor', { code: codes[0] }, { cookie: half });
  const back = goAway(d);
  t.strictSame(of(await give()), UNREACHABLE);
  t.strictSame(of(await get(d.app, '/calls', half)), { statusCode: 403, code: 'second_factor_needed' });
  back();
  t.equal((await give()).statusCode, 200);
});

t.test('what the recorder does to keep somebody out holds at their next request', async (t) => {
  const d = await openDashboard(t);
  const { app, catalogue, store, clock } = d;
  await setUp(d);
  const anna = (await catalogue.people.byName('anna'))!;
  const deeds: Record<string, (id: string) => Promise<unknown>> = {
    disabled: (id) => catalogue.people.change(id, { disabled: true }, clock.ms),
    removed: (id) => catalogue.people.remove(id),
    'given another password': (id) => catalogue.people.setPassword(id, 'hash of another', clock.ms),
    'shut out': (id) => catalogue.people.shutOut(id),
  };
  for (const [what, deed] of Object.entries(deeds)) {
    await catalogue.people.add({ ...anna, id: what, name: what });
    const cookies = [];
    for (let n = 0; n < 2; n++) cookies.push(cookieOf(await post(app, '/session', { name: what, password })));
    for (const cookie of cookies) t.equal((await get(app, '/calls', cookie)).statusCode, 200);
    const back = goAway(d);
    await deed(what);
    for (const cookie of cookies)
      t.equal(
        (await get(app, '/calls', cookie)).statusCode,
        401,
        `${what}, although nobody told the dashboard`,
      );
    t.strictSame(store.sessions.of(what), [], 'and nothing is left of the session');
    back();
  }
});

t.test('the dashboard says that it starts and ends, and what it has not told when it ends', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const started = (await d.catalogue.audit.entries({ limit: 10, actions: ['start'] })) as ReadEntry[];
  t.match(started, [{ actor: 'tapedeck', detail: { process: 'dashboard' } }]);
  const back = goAway(d);
  await get(d.app, '/coverage', cookie);
  back();
  await d.app.close();
  t.equal(d.store.telling.waiting(), 0);
  t.same((await actions(d)).at(-1), 'report', 'with its last words');
  const [last] = await d.catalogue.audit.entries({ limit: 1 });
  t.match(last, { action: 'stop', actor: 'tapedeck' });
});

t.test('while the catalogue is converted, who is signed in sees how far that is', async (t) => {
  const d = await openDashboard(t);
  const cookie = await setUp(d);
  const made = await post(d.app, '/account/tokens', { name: 'x', rights: ['view'] }, { cookie });
  const bearer = { authorization: `Bearer ${made.json().secret}` };
  const db = new Database(catalogueFile(d.dataDir));
  t.teardown(() => db.close());
  db.pragma(`user_version = ${Number(db.pragma('user_version', { simple: true })) - 1}`);
  for (const headers of [{ cookie }, bearer]) {
    const asked = await d.app.inject({ url: '/api/v1/session', headers });
    t.strictSame(of(asked), { statusCode: 503, code: 'catalogue_older' }, 'nobody is looked up');
    for (const url of ['/api/v1/upgrade', '/help/', '/'])
      t.not((await d.app.inject({ url, headers })).statusCode, 503, `${url} says the same to everybody`);
  }
  t.strictSame((await d.app.inject({ url: '/api/v1/upgrade', headers: { cookie } })).json(), {
    upgrade: null,
  });
});
