import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { catalogueFile, webFile } from '../../../daemon/domain/paths.js';
import { tablesOf } from '../../support/catalogue/tables.js';
import { addRecording, openDashboard, setUp, signInAs } from '../../support/web/dashboard.js';
import { openHouse } from '../../support/web/requests.js';
import { raw } from '../../support/web/wire.js';

type Dashboard = Awaited<ReturnType<typeof openDashboard>>;
type Route = Dashboard['routes'][number];
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';

const READS = ['GET', 'HEAD', 'OPTIONS'];

/** Ends only when the reader goes: it is looked at by itself. */
const STREAM = '/api/v1/live';

/** What every answer says, whoever asked and however it went. */
function wellHeaded(t: Test, name: string, headers: Record<string, unknown>, signedIn: boolean): void {
  const said = (header: string) => String(headers[header] ?? '');
  const faults = [
    /default-src 'none'/.test(said('content-security-policy')) || 'no policy',
    /frame-ancestors 'none'/.test(said('content-security-policy')) || 'may be framed',
    !/unsafe|\*|https?:/.test(said('content-security-policy')) || 'a policy with holes',
    said('x-content-type-options') === 'nosniff' || 'no nosniff',
    said('referrer-policy') === 'same-origin' || 'tells where somebody comes from',
    /camera=\(\)/.test(said('permissions-policy')) || 'no permissions policy',
    said('cross-origin-resource-policy') === 'same-origin' || 'may be read from elsewhere',
    said('strict-transport-security') === 'max-age=31536000' || 'no HSTS',
    said('access-control-allow-origin') === '' || 'open to other sites',
    said('server') + said('x-powered-by') === '' || 'says what it is made of',
    !signedIn || said('cache-control') === 'no-store' || `may be kept: ${said('cache-control')}`,
  ].filter((fault) => fault !== true);
  t.strictSame(faults, [], name);
}

const overTls = { options: {}, authority: () => null };

/**
 * What both databases have: of the log nothing, nor how far it was told, and of a session not when it was used last. Whoever
 * looks leaves no more than that.
 */
function tablesIn(t: Test, dataDir: string): () => object {
  const open = (path: string) => {
    const db = new Database(path, { readonly: true });
    t.teardown(() => db.close());
    return db;
  };
  const [catalogue, store] = [open(catalogueFile(dataDir)), open(webFile(dataDir))];
  return () => {
    const { sessions, ...kept } = tablesOf(store, { without: ['telling', 'source'] });
    const lasting = (sessions as { seen_at: number }[]).map(({ seen_at: _, ...session }) => session);
    return { ...tablesOf(catalogue, { without: ['audit', 'audit_words', 'told'] }), kept, lasting };
  };
}

const pathOf = ({ url }: Route, id: string) => url.replace(/:\w+/g, id).replace('*', 'index.html');

t.test('every answer of every route has all the headers, errors included', async (t) => {
  const dashboard = await openDashboard(t, { tls: overTls });
  const { app, routes } = dashboard;
  await app.ready();
  const cookie = await setUp(dashboard);
  const { call } = await addRecording(dashboard, Buffer.from('sound'));
  const ask = async (method: Method, url: string, headers: Record<string, string>, payload?: string) =>
    app.inject({ method, url, headers: { 'x-tapedeck': '1', ...headers }, payload });
  const json = { 'content-type': 'application/json' };
  let asked = 0;
  for (const route of routes) {
    const method = route.method as Method;
    if (route.url === STREAM || (method === 'DELETE' && route.url.endsWith('/session'))) continue;
    const reads = method === 'GET' || method === 'HEAD';
    const kept = route.access === 'public' && method === 'GET';
    for (const [how, url, headers, payload] of [
      ['as it is meant', pathOf(route, call.id), { cookie, ...json }, reads ? undefined : '{}'],
      ['without a session', pathOf(route, call.id), json, reads ? undefined : '{}'],
      [
        'with an unknown id',
        pathOf(route, '01J00000000000000000000000'),
        { cookie, ...json },
        reads ? undefined : '{}',
      ],
      [
        'with a bad query',
        `${pathOf(route, call.id)}?limit=x&from=y&a=b`,
        { cookie, ...json },
        reads ? undefined : '{}',
      ],
      ['with junk', pathOf(route, call.id), { cookie, ...json }, reads ? undefined : '{"a":'],
      [
        'as a form',
        pathOf(route, call.id),
        { cookie, 'content-type': 'text/plain' },
        reads ? undefined : 'a=b',
      ],
      [
        'from elsewhere',
        pathOf(route, call.id),
        { cookie, ...json, 'sec-fetch-site': 'cross-site' },
        reads ? undefined : '{}',
      ],
      [
        'by another name',
        pathOf(route, call.id),
        { cookie, ...json, host: 'evil.example' },
        reads ? undefined : '{}',
      ],
    ] as [string, string, Record<string, string>, string | undefined][]) {
      const answer = await ask(method, url, headers, payload);
      asked += 1;
      t.ok(
        answer.statusCode < 500 || answer.statusCode === 503,
        `${method} ${url} ${how}: ${answer.statusCode}`,
      );
      wellHeaded(
        t,
        `${method} ${url} ${how} (${answer.statusCode})`,
        answer.headers,
        !kept || answer.statusCode >= 400,
      );
    }
  }
  t.ok(asked > 200, `${asked} answers`);
  for (const url of ['/api/v1/calls/%', `/api/v1/calls/${'x'.repeat(300)}`, '/api/v1/%zz', '/nowhere/%ff'])
    wellHeaded(t, url, (await ask('GET', url, { cookie })).headers, true);
});

t.test('no page of another site changes anything, and under no foreign name is anything told', async (t) => {
  const house = await openHouse(t);
  const { app, routes, dataDir } = house.dashboard;
  const cookie = await signInAs(house.dashboard, house.anna);
  const tables = tablesIn(t, dataDir);
  const before = tables();
  const foreign: [what: string, headers: Record<string, string>][] = [
    ['the page of another site', { origin: 'https://evil.example' }],
    ['the page of another program of this machine', { origin: 'http://localhost:9' }],
    ['a page that says of itself that it is of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page without an address', { origin: 'null' }],
    ['a form', { 'x-tapedeck': '' }],
  ];
  let asked = 0;
  for (const route of routes) {
    const ask = (headers: Record<string, string>) =>
      app.inject({
        method: route.method as Method,
        url: pathOf(route, house.call),
        remoteAddress: `10.1.${asked >> 8}.${asked++ & 255}`,
        headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json', ...headers },
        ...(READS.includes(route.method) ? {} : { payload: '{}' }),
      });
    const name = `${route.method} ${route.url}`;
    const elsewhere = await ask({ host: 'evil.example' });
    t.equal(elsewhere.statusCode, 421, `${name} under the name of another`);
    if (READS.includes(route.method)) continue;
    for (const [what, headers] of foreign) {
      const answer = await ask(headers);
      t.equal(answer.statusCode, 403, `${name} by ${what}`);
      t.equal(answer.json().error.code, 'forbidden_origin');
    }
  }
  t.ok(asked > 200, `${asked} requests`);
  t.strictSame(tables(), before);
});

t.test('what only reads changes nothing', async (t) => {
  const house = await openHouse(t);
  const { app, routes, dataDir, clock } = house.dashboard;
  const cookie = await signInAs(house.dashboard, house.anna);
  const tables = tablesIn(t, dataDir);
  const before = tables();
  clock.ms += 2 * 60_000;
  for (const route of routes) {
    if (!READS.includes(route.method) || route.url === STREAM) continue;
    for (const query of ['', '?q=x&download=1&from=2026-07-01'])
      await app.inject({
        method: route.method as Method,
        url: pathOf(route, house.call) + query,
        headers: { cookie },
      });
    t.strictSame(tables(), before, `${route.method} ${route.url}`);
  }
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve, reject) => {
    const asking = request(`${address}${STREAM}`, { headers: { cookie }, agent: false }, (answer) => {
      answer.once('data', () => resolve(void asking.destroy()));
    });
    asking.on('error', reject).end();
  });
  t.strictSame(tables(), before, 'the live stream');
});

t.test('a live stream and what never became a request have them too', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const cookie = await setUp(dashboard);
  const stream = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const asking = request({ port, path: STREAM, headers: { cookie } }, (answer) => {
      resolve(answer.headers);
      asking.destroy();
    });
    asking.on('error', reject);
    asking.end();
  });
  t.match(stream, {
    'content-type': /event-stream/,
    'cache-control': 'no-store',
    'permissions-policy': /camera/,
    'content-security-policy': /frame-ancestors 'none'/,
  });
  for (const [sent, status] of [
    ['GARBAGE\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\nHost: localhost\r\n${'X: y\r\n'.repeat(30_000)}\r\n`, 431],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  ] as const) {
    const answer = await raw(port, sent);
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), sent.slice(0, 20));
    t.match(answer, /content-security-policy: default-src 'none'.*cache-control|cache-control: no-store/s);
    t.match(answer, /"code":"request_invalid"/);
  }
});
