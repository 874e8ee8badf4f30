import t from 'tap';
import { ulid } from 'ulid';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { type CallRight, type Person, reach, type TokenRight } from '../../../daemon/domain/people/person.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { hashed, newToken } from '../../../daemon/ops/secrets/codes.js';
import { admit } from '../../../web/auth/access.js';
import type { RouteEntry } from '../../../web/server/server.js';
import { type Dashboard, get, openDashboard, post, START, signInAs } from '../../support/web/dashboard.js';
import { addCalls, addPeople, person, streamOf, who } from '../../support/web/reach.js';
import { type Asker, askers, type Kind, kinds, type Row, rights, tokens } from '../../support/web/rights.js';
import { createSigner } from '../../support/web/signer.js';

/** Somebody with a session, a token and, where that is asked for, a passkey. */
async function addHaving(dashboard: Dashboard, change: Partial<Person>, passkey: boolean) {
  const { catalogue, store } = dashboard;
  const user = { ...person(change), name: ulid(), passwordHash: 'x', createdAt: START };
  await catalogue.people.add(user);
  const cookie = await signInAs(dashboard, user.id, passkey ? ['passkey'] : ['password']);
  await signInAs(dashboard, user.id);
  const sessions = store.sessions.of(user.id);
  const own = hashed(cookie.split('=')[1]!);
  const names = {
    ...{ person: user.id, token: ulid(), passkey: ulid() },
    session: sessions.find(({ tokenHash }) => tokenHash !== own)!.id,
  };
  await catalogue.tokens.add(
    {
      ...{ id: names.token, userId: user.id, name: 'x', rights: ['view'] },
      ...{ createdAt: START, expiresAt: START + 1e9 },
    },
    hashed(newToken()),
  );
  if (passkey)
    await catalogue.factors.addPasskey({
      ...{ id: names.passkey, userId: user.id, name: 'x', publicKey: new Uint8Array(9), counter: 0 },
      ...{ transports: [], host: 'localhost', addedAt: START, usedAt: null },
    });
  return { id: user.id, cookie, names };
}
type Names = Awaited<ReturnType<typeof addHaving>>['names'];

/** What of somebody's is meant by an address. */
const thingIn = (path: string): keyof Names =>
  path.includes('/sessions')
    ? 'session'
    : path.includes('/tokens/')
      ? 'token'
      : path.includes('/passkeys/')
        ? 'passkey'
        : 'person';

/** Whether somebody still has it. */
async function has({ catalogue, store }: Dashboard, names: Names, thing: keyof Names): Promise<boolean> {
  const id = names[thing];
  if (thing === 'person') return (await catalogue.people.get(id)) !== null;
  if (thing === 'passkey') return (await catalogue.factors.passkey(id)) !== null;
  const all = thing === 'session' ? store.sessions.of(names.person) : await catalogue.tokens.of(names.person);
  return all.some((one) => one.id === id);
}

/** The row's name of a route: one for all methods of what is not there. */
const rowOf = ({ method, url }: { method: string; url: string }): string => {
  if (url === '/api/*') return 'ALL /api/*';
  return `${method === 'HEAD' ? 'GET' : method} ${url}`;
};
const routeOf = (row: string) => row.split('?')[0]!;

/** The line that a row is missing, with what its access leads to for these calls. */
function lineFor(route: RouteEntry, calls: Map<Kind, CallRecord>): string {
  const right = /^call:(\w+)$/.exec(route.access)?.[1] as CallRight | undefined;
  const statuses = (kind?: Kind) =>
    askers.map((asker) => {
      if (asker === 'stranger') return route.access === 'public' ? '200' : '401';
      const one = person(who[asker]);
      try {
        admit({ person: one, owes: 'nothing' }, route.access);
      } catch {
        return '403';
      }
      if (kind === undefined) return '200';
      const call = calls.get(kind);
      if (!call || call.test || reach(one, 'view', call).length === 0) return '404';
      return !right || reach(one, right, call).length > 0 ? '200' : '403';
    });
  const is = route.url.includes('/calls/:id')
    ? `{\n${kinds.map((kind) => `      ${kind}: '${statuses(kind).join(' ')}',\n`).join('')}    }`
    : `'${statuses().join(' ')}'`;
  return `  '${rowOf(route)}': {\n    is: ${is},\n  },`;
}

t.test('who may use which route on what is as the table says', async (t) => {
  const signer = createSigner();
  const dashboard = await openDashboard(t, {
    metrics: { allow: [], token: () => null },
    control: signer.control,
    recorder: signer.recorder,
  });
  signer.begin(dashboard);
  const { app, routes, catalogue, clock } = dashboard;
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const ids = await addPeople(dashboard);
  const callIds = await addCalls(dashboard, signer.sign);

  const known = new Set(Object.keys(rights).map(routeOf));
  const calls = new Map<Kind, CallRecord>();
  for (const kind of kinds) {
    const call = await catalogue.calls.get(callIds[kind]);
    if (call) calls.set(kind, call);
  }
  const missing = new Map(
    routes.filter((r) => !known.has(rowOf(r))).map((r) => [rowOf(r), lineFor(r, calls)]),
  );
  for (const [row, line] of missing)
    t.fail(
      `${row} has no row in test/support/web/rights.ts. Add this line there after the routes that are like it, and correct the statuses where this route says something else (what it sends goes into "send", the rights by which a token opens it into "token"):\n\n${line}\n`,
    );
  const there = new Set(routes.map(rowOf));
  for (const row of known)
    if (!there.has(row))
      t.fail(`${row} has a row in test/support/web/rights.ts and is no route: take it out there.`);

  let asks = 0;
  /** Each from an address of its own: what is limited by address is another test's. */
  const from = () => `10.${(++asks >> 16) & 255}.${(asks >> 8) & 255}.${asks & 255}`;
  /** The requests of a row: one for each kind of call or thing. */
  function* requestsOf(row: string, { is, send }: Row) {
    const [method, path] = row.replace('ALL /api/*', 'PATCH /api/v1/nothing').split(' ') as [
      'GET' | 'DELETE',
      string,
    ];
    for (const [kind, statuses] of typeof is === 'string' ? [['', is] as const] : Object.entries(is)) {
      const ask = (who: { cookie: string | undefined } | { authorization: string }, names: Names | null) => {
        const url = path
          .replace('/calls/:id', `/calls/${callIds[kind as Kind]}`)
          .replace('/people/:id', `/people/${names?.person}`)
          .replace(/:\w+/g, () => names?.[thingIn(path)] ?? ulid())
          .replace('*', 'anything');
        const payload = typeof send === 'function' ? send(names?.person ?? 'eve') : send;
        const headers = {
          'x-tapedeck': '1',
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...Object.fromEntries(Object.entries(who).filter(([, value]) => value)),
        } as Record<string, string>;
        return { method, url, headers, payload: payload && JSON.stringify(payload), remoteAddress: from() };
      };
      const ofThing = typeof is !== 'string' && !path.includes('/calls/');
      yield { method, path, kind, statuses: statuses.trim().split(/\s+/), ask, ofThing };
    }
  }

  const cookies = new Map<Asker, string>();
  /** A new session after whatever may have ended the one before. */
  const cookieFor = async (asker: Asker, method: string): Promise<string | undefined> => {
    if (asker === 'stranger') return undefined;
    const cookie = cookies.get(asker) ?? (await signInAs(dashboard, ids.get(asker)!));
    if (method === 'GET') cookies.set(asker, cookie);
    else cookies.delete(asker);
    return cookie;
  };
  const nobodys: Names = { person: ulid(), session: ulid(), token: ulid(), passkey: ulid() };
  for (const [row, what] of Object.entries(rights))
    for (const { method, path, kind, statuses, ask, ofThing } of requestsOf(row, what)) {
      t.equal(statuses.length, askers.length, `${row} has a status for each`);
      for (const [i, asker] of askers.entries()) {
        const says = `${row}, ${kind || 'as it is'}, ${asker}`;
        const thing = thingIn(path);
        const own = kind === 'own' && asker !== 'stranger';
        const owner =
          ofThing && kind !== 'unknown'
            ? await addHaving(dashboard, own ? who[asker] : {}, thing === 'passkey')
            : null;
        const cookie = own ? owner!.cookie : await cookieFor(asker, method);
        const request = ask({ cookie }, owner?.names ?? nobodys);
        if (request.url === '/api/v1/live') {
          const response = await streamOf(address + request.url, request.headers);
          response.destroy();
          t.equal(`${response.statusCode}`, statuses[i], says);
          continue;
        }
        const answer = await app.inject(request);
        t.equal(`${answer.statusCode}`, statuses[i], `${says}: ${answer.body.slice(0, 200)}`);
        if (owner && method === 'DELETE') {
          const ends = answer.statusCode === 200 && (own || path.includes('/people/'));
          t.equal(await has(dashboard, owner.names, thing), !ends, `${says}: what it was asked of`);
        }
        const hidden =
          kind === 'foreign'
            ? ['extension', 'exporter', 'agent'].includes(asker)
            : kind === 'test' || (kind === 'unknown' && !ofThing);
        if (answer.statusCode === 404 && hidden)
          t.equal(answer.json().error.code, 'call_unknown', `${says} is as if there were none`);
        const headed = routes.some((r) => r.method === 'HEAD' && `GET ${r.url}` === routeOf(row));
        if (method === 'GET' && headed)
          t.equal(
            `${(await app.inject({ ...request, method: 'HEAD' })).statusCode}`,
            statuses[i],
            `HEAD ${says}`,
          );
      }
    }

  const founder = ids.get('founder')!;
  for (const made of tokens) {
    const secret = `td_${newToken()}`;
    const given = made.split(' ') as TokenRight[];
    const times = { createdAt: clock.ms, expiresAt: clock.ms + 1e9 };
    await catalogue.tokens.add(
      { id: ulid(), userId: founder, name: made, rights: given, ...times },
      hashed(secret),
    );
    for (const [row, what] of Object.entries(rights))
      for (const { kind, statuses, ask, ofThing } of requestsOf(row, what)) {
        const { url, ...request } = ask({ authorization: `Bearer ${secret}` }, nobodys);
        const [needs = '', is = statuses.at(-1)] = what.token?.split(': ') ?? [];
        const opens = needs.split(' ').every((right) => right === '' || given.some((g) => g === right));
        if (url === '/api/v1/live' || (ofThing && kind !== 'unknown')) continue;
        const answer = `${(await app.inject({ ...request, url })).statusCode}`;
        const says = `${row}, ${kind || 'as it is'}, a token for "${made}"`;
        if (what.token !== undefined && opens) t.equal(answer, is, says);
        // What is open to everybody is open to a token; all else is refused, and a call that it does not see is not there.
        else if (statuses[0] !== '401') t.equal(answer, statuses[0], says);
        else t.ok(answer === '403' || (answer === '404' && url.includes('/calls/')), `${says}: ${answer}`);
      }
  }
});

t.test('a token for how the box does tells of no call', async (t) => {
  const missed = 'An answered call was not recorded: Somebody with Anna, 09:00, 12 s.';
  const about = { from: 'Somebody', to: 'Anna', at: START, ms: 12_000, why: null };
  const told = { message: missed, hint: missed, why: { code: 'call_missed' as const, params: about } };
  const alarm = (cleared_at: string | null) => ({
    ...{ key: 'call_missed 1.17', severity: 'critical' as const, ...told },
    ...{ raised_at: new Date(START).toISOString(), cleared_at },
  });
  const dashboard = await openDashboard(t, {
    control: {
      status: async () => ({
        daemon: 'up',
        ...downStatus('', ''),
        health: {
          ...{
            level: 'red',
            problems: [{ code: 'alarm', severity: 'critical', ...told }],
          },
        },
        alarms: [alarm(null)],
        past_alarms: [alarm(new Date(START).toISOString())],
        calls: [
          {
            ...{
              id: ulid(),
              pbx: '',
              direction: 'in',
              since: new Date(START).toISOString(),
              answered_at: null,
            },
            them: { number: '+4930', name: 'Somebody', ours: false },
            us: { number: '101', name: '', ours: true },
            ...{ recorded: true, why: '' },
          },
        ],
      }),
      metrics: async () => null,
    },
  });
  const { app } = dashboard;
  const ids = await addPeople(dashboard);
  const cookie = await signInAs(dashboard, ids.get('founder')!);
  const tokenFor = async (...rights: string[]) => {
    const made = await post(app, '/account/tokens', { name: rights.join(' '), rights }, { cookie });
    return { authorization: `Bearer ${made.json().secret}` };
  };
  const bare = await tokenFor('oversee');
  const more = await tokenFor('oversee', 'view');
  const status = await get(app, '/status', undefined, bare);
  t.equal(status.json().calls.length, 0);
  t.notMatch(status.body, /Somebody|1\.17/, 'nor what alarms say of one');
  const said = 'An alarm is active. Sign in to see it.';
  t.match(status.json(), {
    health: { problems: [{ code: 'alarm', severity: 'critical', message: said, why: null }] },
    alarms: [{ key: 'alarm', severity: 'critical', message: said, why: null }],
    past_alarms: [{ key: 'alarm', message: said, why: null }],
  });
  const all = (await get(app, '/status', undefined, more)).json();
  t.match(all, {
    calls: [{}],
    alarms: [{ message: missed, why: { params: about } }],
    health: { problems: [{ message: missed }] },
  });
  for (const path of [
    '/quality',
    '/consent-report',
    '/consent-report.csv',
    '/coverage',
    '/coverage.csv',
    '/retention',
    '/retention.csv',
    '/calls',
  ]) {
    t.equal((await get(app, path, undefined, bare)).statusCode, 403, path);
    t.equal((await get(app, path, undefined, more)).statusCode, 200, path);
  }
});
