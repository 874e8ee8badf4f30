import fc from 'fast-check';
import t from 'tap';
import {
  grants,
  type Person,
  type Rights,
  RUNS_ONLY,
  reach,
  roles,
} from '../../../daemon/domain/people/person.js';
import { faultOf, gains, grantable, tidy, tokenRightsOf } from '../../../daemon/domain/people/rights.js';
import { tokenIn } from '../../../web/auth/tokens.js';
import { aCall } from '../../support/recordings/a-call.js';
import { rights, send } from '../../support/web/accounts.js';
import { addCall, get, openDashboard, post, START, setUp } from '../../support/web/dashboard.js';

const NONE = { all: false, extensions: [], queues: [], dids: [] };
const reviewer = rights({ roles: ['reviewer'], scope: { ...NONE, queues: ['sales'] } });

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
  t.strictSame(tokenRightsOf(small), ['view', 'play', 'direct']);
  t.strictSame(tokenRightsOf(person(RUNS_ONLY)), ['oversee', 'audit', 'view', 'direct']);
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

  const [old] = (await catalogue.people.list()).filter(({ name }) => name === 'cop');
  const before = { id: 'OLD', name: 'Веn', passwordHash: '', createdAt: clock.ms };
  await catalogue.people.add({ ...before, ...reviewer });
  const change = { ...reviewer, name: 'Веn', disabled: true, based_on: 1 };
  t.equal((await send(app, 'PUT', '/people/OLD', admin, change)).statusCode, 200, 'an older name stays');
  const renamed = { ...reviewer, name: 'сор', disabled: false, based_on: 2 };
  t.equal((await send(app, 'PUT', '/people/OLD', admin, renamed)).json().error.code, 'user_exists');
  t.equal((await catalogue.people.get(old!.id))!.name, 'cop');
  const outsider = { ...reviewer, source: 'oidc' as const, subject: 'x' };
  t.equal(
    await catalogue.people.saveOutsider({ ...outsider, id: 'OUT', name: 'An\u200bna Paul', createdAt: 0 }),
    null,
  );
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

t.test('a stored right to what there is not does no harm', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { app, catalogue } = dashboard;
  const [anna] = await catalogue.people.list();
  const grants = ['download', 'redact', 'hold', 'erase'] as unknown as Rights['grants'];
  await catalogue.people.change(anna!.id, { ...anna!, grants }, anna!.createdAt);
  t.same((await catalogue.people.list())[0]!.grants, ['download']);
  const { people } = (await get(app, '/people', cookie)).json();
  t.same(people[0].grants, ['download']);
});
