import { join } from 'node:path';
import { hash, verify } from '@node-rs/argon2';
import t, { type Test } from 'tap';
import { RUNS_ONLY } from '../../../daemon/domain/people/person.js';
import { createPasswords } from '../../../web/auth/passwords.js';
import { createTries } from '../../../web/auth/tries.js';
import { aStore } from '../../support/dashboard-store.js';
import { TOKENS } from '../../support/requests/prove-all.js';
import { rights, sha } from '../../support/web/accounts.js';
import {
  addCall,
  cookieOf,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
} from '../../support/web/dashboard.js';

const MINUTE = 60_000;
const NONE = { all: false, extensions: [], queues: [], dids: [] };
const reviewer = rights({ roles: ['reviewer'], scope: { ...NONE, queues: ['sales'] } });

/** Both look at a password: the dashboard first, then the recorder. */
const LOOKERS = ['dashboard', 'recorder'] as const;
type Looker = (typeof LOOKERS)[number];

/** A dashboard in which the look at a password waits until it is told to go on. */
async function withSlowPasswords(t: Test) {
  let going: () => void = () => {};
  let slow: Looker | null = null;
  const looked: (() => void)[] = [];
  const verifyPassword = (by: Looker) => async (hash: string, p: string) => {
    if (slow === by)
      await new Promise<void>((go) => {
        going = go;
        for (const tell of looked.splice(0)) tell();
      });
    return hash === `hash of ${p}`;
  };
  const dashboard = await openDashboard(t, {
    passwords: {
      checkPassword: () => {},
      hashPassword: async (p) => `hash of ${p}`,
      verifyPassword: verifyPassword('dashboard'),
    },
    recorder: { passwords: { isPasswordHash: () => true, verifyPassword: verifyPassword('recorder') } },
  });
  return {
    dashboard,
    /** What is asked, with this done while one of them looks at the password. */
    async meanwhile<T>(by: Looker, asking: () => Promise<T>, work: () => Promise<unknown>): Promise<T> {
      slow = by;
      const reached = new Promise<void>((tell) => looked.push(tell));
      const answer = asking();
      await reached;
      slow = null;
      await work();
      going();
      return answer;
    },
  };
}

t.test('what is done to keep somebody out holds for who is just signing in, too', async (t) => {
  const { dashboard, meanwhile } = await withSlowPasswords(t);
  const { app, catalogue, store, clock } = dashboard;
  const cookie = await setUp(dashboard);
  const anna = (await catalogue.people.byName('anna'))!;
  /** Those that open anything: what is left of one that was ended goes when it is asked for. */
  const open = async () => {
    const now = await catalogue.people.standing(anna.id);
    return store.sessions.of(anna.id).filter(({ epoch }) => epoch === now?.epoch).length;
  };
  const signingIn = () => post(app, '/session', { name: 'anna', password });
  const proving = (as: string) => () =>
    post(app, '/session/proof', { password, act: TOKENS }, { cookie: as });

  await catalogue.people.add({ ...RUNS_ONLY, id: 'b', name: 'b', passwordHash: 'x', createdAt: clock.ms });
  for (const by of LOOKERS) {
    const late = await meanwhile(by, signingIn, () =>
      catalogue.people.setPassword(anna.id, 'hash of another one', clock.ms),
    );
    t.match(late.json().error, { code: 'sign_in_failed' }, `${by}: the password was changed`);
    t.equal(await open(), 0);
    t.strictSame(late.cookies, []);
    await catalogue.people.setPassword(anna.id, `hash of ${password}`, clock.ms);
    const disabled = await meanwhile(by, signingIn, () =>
      catalogue.people.change(anna.id, { disabled: true }, clock.ms),
    );
    t.match(disabled.json().error, { code: 'sign_in_failed' }, `${by}: she was disabled`);
    await catalogue.people.change(anna.id, { disabled: false }, clock.ms);
    t.equal((await signingIn()).statusCode, 200, 'and in order it goes');

    const mine = cookieOf(await signingIn());
    t.not(mine, cookie);
    const ended = await meanwhile(by, proving(mine), () => catalogue.people.shutOut(anna.id));
    t.match(ended.json().error, { code: 'sign_in_failed' }, `${by}: her session was ended, for good`);
    t.equal(await open(), 0);
  }
  const again = cookieOf(await signingIn());
  const proved = await proving(again)();
  t.equal(proved.statusCode, 200);
  t.equal(await open(), 1, 'the one that goes on takes the place of the one before');
  const stolen = await meanwhile('dashboard', proving(cookieOf(proved)), () =>
    post(
      app,
      '/account/password',
      { old: password, password: 'five other unrelated quiet words' },
      { cookie: cookieOf(proved) },
    ),
  );
  t.match(stolen.json().error, { code: 'sign_in_failed' }, 'nor by the old token of one that stays');
  t.equal(await open(), 1);
  const said = await catalogue.audit.entries({ actions: ['sign_in', 'second_factor'], limit: 99 });
  t.equal(said.filter((e) => e.outcome === 'ok').length, 7, 'what came to nothing is not on record as done');
});

t.test('refused requests count against the address that made them', async (t) => {
  let asked = 0;
  const dashboard = await openDashboard(t, {
    recorder: {
      passes: {
        take() {
          asked += 1;
          return false;
        },
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

t.test('ten thousand guesses come to few for each name, and keep nobody out who is known', async (t) => {
  const dir = t.testdir();
  for (const addresses of [1, 200])
    for (const names of [1, 500]) {
      const clock = { ms: START };
      const store = aStore(t, join(dir, `${addresses} ${names}`, 'web.db')).open();
      const tries = createTries({ store, now: () => clock.ms });
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
    const { app, catalogue, store } = dashboard;
    await setUp(dashboard);
    const anna = (await catalogue.people.byName('anna'))!;
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
    t.equal(store.devices.knows(anna.id, sha(device.value)), true, 'of which the hash is kept');
    for (let n = 0; n < 30; n++) await from('10.0.0.5', 'wrong');
    t.equal((await from('10.0.0.5', password)).statusCode, 429, 'her address is used up');
    for (const address of ['10.0.0.5', '10.7.7.7'])
      t.equal((await from(address, password, `tapedeck_device=${device.value}`)).statusCode, 200, address);
    const guesses = [];
    for (let n = 0; n < 15; n++)
      guesses.push((await from('10.0.0.5', 'x', `tapedeck_device=${device.value}`)).statusCode);
    t.equal(guesses.at(-1), 429, 'nor does it let anybody guess without an end');
    for (let n = 0; n < 25; n++) store.devices.remember(anna.id, `d${n}`, START + n);
    t.equal(store.devices.knows(anna.id, 'd24'), true);
    t.equal(store.devices.knows(anna.id, 'd0'), false, 'the oldest are forgotten');
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

t.test('every name costs the same work: the time does not reveal whether the person exists', async (t) => {
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
  await catalogue.people.add({ ...reviewer, id: 'i', name: 'invited', passwordHash: '', createdAt: START });
  for (const name of ['anna', 'nobody', 'invited']) {
    worked.length = 0;
    const { statusCode } = await post(app, '/session', { name, password: 'wrong' });
    t.equal(statusCode, 401);
    t.same(worked, ['$argon2id$v=19$m=8192,t=2,p=1'], name);
  }
});

t.test('a machine that is too busy to hash a password keeps no dashboard from starting', async (t) => {
  let hashed = (_: string) => {};
  const hash = new Promise<string>((done) => {
    hashed = done;
  });
  const { app } = await openDashboard(t, {
    passwords: { hashPassword: () => hash, verifyPassword: async () => false, checkPassword: () => {} },
  });
  await app.ready();
  hashed('hash of nobody');
  t.pass('it is ready while the hash that it begins with is still awaited');
});
