import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createCsvReader } from '../../daemon/cdr/csv.js';
import { outsiderOf } from '../../daemon/directory/oidc.js';
import { entryOf } from '../../daemon/domain/assurance/audit.js';
import { canonical } from '../../daemon/domain/assurance/canonical.js';
import { harmless } from '../../daemon/domain/csv.js';
import { catalogueFile, controlSocket, ownerSocket } from '../../daemon/domain/paths.js';
import { type ControlDeps, createControl as createDaemonControl } from '../../daemon/operations/control.js';
import { loadConfig } from '../../daemon/ops/config.js';
import { guardedBy, guardedLookup, isNobodys } from '../../daemon/ops/targets.js';
import { createMessages } from '../../daemon/pbx/ami-messages.js';
import { csvRow, translateCdr } from '../../daemon/pbx/cdr.js';
import { createHeader, headerLength, openHeader } from '../../daemon/vault/age.js';
import { openMasterKeys } from '../../daemon/vault/master-key.js';
import { lock, parseLocked, unlock } from '../../daemon/vault/passphrase.js';
import { createHosts, sameOrigin } from '../../web/auth/hosts.js';
import { served } from '../../web/calls/range.js';
import { limitConnections } from '../../web/server/connections.js';
import { createControl } from '../../web/server/control.js';
import { tablesOf } from '../support/catalogue/tables.js';
import {
  addCall,
  addRecording,
  cookieOf,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
  signInAs,
} from '../support/web/dashboard.js';
import { openHouse } from '../support/web/requests.js';
import { noted } from '../support/words.js';

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
  const db = new Database(catalogueFile(dataDir), { readonly: true });
  t.teardown(() => db.close());
  const before = tablesOf(db, { without: ['audit'] });
  const foreign: [what: string, headers: Record<string, string>][] = [
    ['the page of another site', { origin: 'https://evil.example' }],
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
  t.strictSame(tablesOf(db, { without: ['audit'] }), before);
});

t.test('what only reads changes nothing', async (t) => {
  const house = await openHouse(t);
  const { app, routes, dataDir, clock } = house.dashboard;
  const cookie = await signInAs(house.dashboard, house.anna);
  const db = new Database(catalogueFile(dataDir), { readonly: true });
  t.teardown(() => db.close());
  // The log, what it has apart of the words that were looked for, and when a session was used last.
  const tables = () => {
    const { sessions, ...rest } = tablesOf(db, { without: ['audit', 'audit_words'] });
    return { ...rest, sessions: (sessions as { seen_at: number }[]).map(({ seen_at: _, ...s }) => s) };
  };
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

/** What comes back on a connection until it ends, or nothing comes for a while. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (part) => (got += part));
    socket.on('close', () => resolve(got));
    socket.on('error', (e: NodeJS.ErrnoException) =>
      e.code === 'ECONNRESET' || e.code === 'EPIPE' ? null : reject(e),
    );
  });
}

t.test('no request is smuggled in with another', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const cookie = await setUp(dashboard);
  const head = `POST /api/v1/policy/test HTTP/1.1\r\nHost: localhost\r\nX-Tapedeck: 1\r\nContent-Type: application/json\r\nCookie: ${cookie}\r\n`;
  const inner = 'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n\r\n';
  for (const [what, sent] of [
    [
      'both lengths',
      `${head}Content-Length: ${5 + inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: ${2 + inner.length}\r\n\r\n{}${inner}`],
    ['a length with a sign', `${head}Content-Length: +2\r\n\r\n{}${inner}`],
    [
      'a chunked that is not the last',
      `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ['an unknown encoding', `${head}Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    ['a space before the colon', `${head}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    ['a bare line feed', `${head}Content-Length: 2\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['a folded header', `${head}X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${inner}`],
    ['a chunk with a bad size', `${head}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n${inner}`],
  ] as const) {
    const answer = await raw(port, sent);
    t.notMatch(answer, /setup_needed/, `${what}: nothing answers the inner request`);
    t.match(answer, /^HTTP\/1\.1 400 /, what);
  }
});

t.test('one network does not take all connections, and slow ones do not keep others waiting', async (t) => {
  const sockets: Socket[] = [];
  // From one network, as a server sees it: this machine itself is not counted.
  const server = createServer((socket) => void socket.on('error', () => {}));
  server.prependListener('connection', (socket: Socket) =>
    Object.defineProperty(socket, 'remoteAddress', { value: '192.0.2.7' }),
  );
  limitConnections(server, { all: 100, ofOne: 5 });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const closed: number[] = [];
  for (let n = 0; n < 8; n++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.on('close', () => closed.push(n));
    sockets.push(socket);
    await wait(5);
  }
  await wait(50);
  t.strictSame(closed, [5, 6, 7], 'what is beyond its share is closed');
  sockets[0]!.destroy();
  await wait(50);
  const next = connect(port, '127.0.0.1').on('error', () => {});
  let ended = false;
  next.on('close', () => (ended = true));
  sockets.push(next);
  await wait(50);
  t.notOk(ended, 'and there is room again for each that goes');

  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const at = dashboard.app.server.address() as AddressInfo;
  const body = 'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX-Tapedeck: 1\r\n';
  const refused: string[] = [];
  for (let n = 0; n < 1_000; n++) {
    // Of 250 addresses, so that no limit is in the way.
    const from = { port: at.port, host: '127.0.0.1', localAddress: `127.0.1.${(n % 250) + 1}` };
    const socket = connect(from).on('error', () => {});
    socket.write(
      n % 2
        ? 'GET / HTTP/1.1\r\nX-Slow: '
        : `${body}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
    );
    socket.on('data', (part) => refused.push(String(part)));
    sockets.push(socket);
  }
  const open = () =>
    new Promise<number>((resolve) => dashboard.app.server.getConnections((_, n) => resolve(n)));
  while ((await open()) < 1_000) await wait(10);
  const began = performance.now();
  const answer = await fetch(`http://127.0.0.1:${at.port}/api/v1/health`);
  t.ok([200, 503].includes(answer.status));
  t.ok(performance.now() - began < 5_000, 'others are answered meanwhile');
  t.strictSame(refused, [], 'headers and bodies are waited for');
  t.ok((await open()) >= 1_000, 'all of them at once');
  for (const socket of sockets) socket.destroy();
});

t.test('a body that is longer than any is refused without being listened to', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const cookie = await setUp(dashboard);
  const piece = 'x'.repeat(65_536);
  for (const [what, first, cookies, status] of [
    ['a sign-in', 'POST /api/v1/session', '', 413],
    ['with a session', 'POST /api/v1/policy/test', cookie, 413],
    ['without a session', 'POST /api/v1/policy/test', '', 401],
    ['from elsewhere', 'POST /api/v1/session', 'x\r\nSec-Fetch-Site: cross-site', 403],
    ['where there is nothing', 'POST /nowhere', cookie, 413],
    ['a page', 'GET /', '', 200],
  ] as const)
    for (const chunked of [false, true]) {
      const head = `${first} HTTP/1.1\r\nHost: localhost\r\nX-Tapedeck: 1\r\nContent-Type: application/json\r\nCookie: ${cookies}\r\n`;
      const { taken, got } = await pour(
        port,
        `${head}${chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 1000000000'}\r\n\r\n`,
        chunked ? `10000\r\n${piece}\r\n` : piece,
      );
      const name = `${what}${chunked ? ', in chunks' : ''}`;
      t.ok(taken < 16_000_000, `${name}: ${taken} bytes were taken`);
      // The answer may be lost when the connection ends before it is read.
      if (got !== '') t.match(got, new RegExp(`^HTTP/1\\.1 ${status} .*connection: close`, 'is'), name);
    }
});

t.test('who sends requests far ahead of the answers is not heard out', async (t) => {
  const dashboard = await openDashboard(t);
  await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = dashboard.app.server.address() as AddressInfo;
  const line = 'GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\n';
  const answers = async (n: number) => {
    const got = await raw(port, `${`${line}\r\n`.repeat(n - 1)}${line}Connection: close\r\n\r\n`);
    return got.split('HTTP/1.1 ').length - 1;
  };
  t.equal(await answers(5), 5, 'a few are answered');
  t.ok((await answers(2_000)) <= 10, 'of many a few');
  for (let n = 0; n < 3; n++) t.equal(await answers(10), 10);
  t.notMatch(dashboard.lines.join('\n'), /"level":50/, 'and it is no fault of ours');
});

/** Writes again and again until the other end has had enough; how many bytes it took, and what it answered. */
function pour(port: number, head: string, piece: string): Promise<{ taken: number; got: string }> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(head);
      const more = () => {
        while (socket.writable && socket.bytesWritten < 100_000_000)
          if (!socket.write(piece)) return void socket.once('drain', more);
        socket.destroy();
      };
      more();
    });
    socket.on('data', (part) => (got += part));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ taken: socket.bytesWritten, got }));
  });
}

t.test('codes of the first start and of links are guessed a few times and no more', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, setup, catalogue } = dashboard;
  const code = await setup.begin();
  const first = (remoteAddress: string, given: unknown) =>
    post(app, '/setup', { code: given, name: 'anna', password }, {}, { remoteAddress });
  const wrong = 'AAAA-AAAA-AAAA-AAAA-AAAA';
  const guesses = [];
  for (let n = 0; n < 30; n++) guesses.push((await first('10.0.0.5', wrong)).statusCode);
  t.ok(guesses.filter((status) => status === 403).length <= 10);
  t.equal((await first('10.0.0.5', code)).statusCode, 429, 'then the right one is not looked at either');
  const made = await first('10.0.0.6', code);
  t.equal(made.statusCode, 200, 'nor does it keep anybody else from it');

  const rights = { roles: ['agent'], extensions: ['201'], grants: [] };
  const scope = { all: false, extensions: [], queues: [], dids: [] };
  const added = await post(app, '/people', { name: 'ben', scope, ...rights }, { cookie: cookieOf(made) });
  const link = added.json().invitation.code;
  const welcome = (remoteAddress: string, given: string, more = {}) =>
    post(app, '/welcome', { code: given, ...more }, {}, { remoteAddress });
  const tried = [];
  for (let n = 0; n < 40; n++) tried.push((await welcome('10.0.0.5', wrong)).statusCode);
  t.ok(tried.filter((status) => status === 403).length <= 20);
  t.equal((await welcome('10.0.0.5', link, { password })).statusCode, 429);
  t.equal((await catalogue.userByName('ben'))!.passwordHash, '', 'it was not used');
  t.equal((await welcome('10.0.0.6', link, { password })).statusCode, 200);
});

t.test('no way leads out of the folder of the pages, nor of the recordings, on any route', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, routes, dataDir } = dashboard;
  await app.ready();
  const cookie = await setUp(dashboard);
  writeFileSync(join(dataDir, 'ui', 'inside.txt'), 'inside');
  const page = (await app.inject({ url: '/' })).body;
  const ups = [
    '../../',
    '..%2f',
    '%2e%2e/',
    '%2e%2e%2f',
    '..%5c',
    '..\\',
    '.%2e/',
    '..;/',
    '....//',
    '%252e%252e%252f',
    '..%c0%af',
    '%c0%ae%c0%ae/',
    '..%ef%bc%8f',
    '.%00./',
    '%u002e%u002e/',
  ];
  const goals = ['secret.txt', 'catalogue/catalogue.db', 'etc/passwd', 'ui/inside.txt%00.js'];
  const tries = ups.flatMap((up) => [1, 2, 3, 8].flatMap((n) => goals.map((goal) => up.repeat(n) + goal)));
  /** Before the way and after it, with a star between them. */
  const places = new Set(
    ['/', '//', '/assets/', '/assets/x/', '/./', '/%2f', '/file:///', '/index.html/'].map(
      (start) => `${start}*`,
    ),
  );
  for (const { method, url } of routes)
    if (method === 'GET' && /[*:]/.test(url)) {
      places.add(url.replace(/[*:].*$/, '*'));
      places.add(url.replace(/[*:]\w*/, '*'));
    }
  t.ok(places.has('/api/v1/calls/*/audio'));
  let asked = 0;
  const bad: string[] = [];
  for (const place of places)
    for (const way of tries) {
      const url = place.replace('*', () => way);
      const remoteAddress = `10.0.${asked >> 10}.1`;
      const { statusCode, body } = await app.inject({ url, headers: { cookie }, remoteAddress });
      asked += 1;
      // An address without a file is one of the page's own: then it is the page, and that is all that there is.
      const refused = [400, 403, 404].includes(statusCode) || (statusCode === 200 && body === page);
      if (!refused || /outside of the pages|root:x:|SQLite format|"dependencies"/.test(body))
        bad.push(`${statusCode} ${url}`);
    }
  t.strictSame(bad, []);
  t.ok(asked > 2_000, `${asked} ways were tried`);
});

t.test('a recording that was changed for a link to another file is not played', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { call, path } = await addRecording(dashboard, Buffer.from('sound'));
  const play = async () => (await get(dashboard.app, `/calls/${call.id}/audio`, cookie)).json().error?.code;
  const elsewhere = join(mkdtempSync(join(tmpdir(), 'tapedeck-')), 'elsewhere');
  t.teardown(() => rmSync(dirname(elsewhere), { recursive: true }));
  renameSync(path, elsewhere);
  symlinkSync(elsewhere, path);
  t.equal(await play(), 'seal_damaged', 'even to the very recording');
});

t.test('whatever is sent to a route, it answers soon and without a fault of its own', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, routes, catalogue, lines } = dashboard;
  const cookie = await setUp(dashboard);
  await addCall(catalogue);
  type Field = { in?: string; name: string };
  const doc = (await get(app, '/openapi.json', cookie)).json();
  const described = (route: Route) =>
    doc.paths[route.url.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
  /** Names that a body of this schema has, whatever their depth: so that arbitrary values get as far as they can. */
  const namesIn = (schema: unknown): string[] => [
    ...new Set(
      JSON.stringify(schema ?? {})
        .match(/"\w{1,40}"(?=:\{)/g)
        ?.map((name) => name.slice(1, -1)) ?? [],
    ),
  ];
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      ...['__proto__', 'constructor', '\0', '%00', "'", '"', '-1', '1e309', 'NaN', '{}', '[]', 'true'],
    ),
    fc.constantFrom(
      ...[
        'a'.repeat(5_000),
        `${'('.repeat(500)}a`,
        `${'a?'.repeat(200)}${'a'.repeat(200)}`,
        ' '.repeat(5_000),
        '1'.repeat(5_000),
        '0,'.repeat(3_000),
      ],
    ),
    fc.integer().map(String),
    fc.date({ noInvalidDate: true }).map((d) => d.toISOString().slice(0, 10)),
  );
  let slowest = 0;
  let asked = 0;
  const check = async (method: string, url: string, payload?: unknown) => {
    const began = performance.now();
    const { statusCode, body } = await app.inject({
      method: method as Method,
      url,
      // Each from an address of its own, so that no limits answer instead of the routes.
      remoteAddress: `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
      headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
      payload: payload === undefined ? undefined : JSON.stringify(payload),
    });
    const took = performance.now() - began;
    slowest = Math.max(slowest, took);
    asked += 1;
    if (statusCode >= 500 && statusCode !== 503) throw new Error(`${method} ${url}: ${statusCode} ${body}`);
    if (took > 2_000) throw new Error(`${method} ${url}: ${took} ms`);
  };
  for (const route of routes) {
    const about = described(route);
    if (!about || route.url === STREAM || `${route.method} ${route.url}` === 'DELETE /api/v1/session')
      continue;
    const query = ((about.parameters ?? []) as Field[]).filter((p) => p.in === 'query').map((p) => p.name);
    const path = (id: string) =>
      route.url.replaceAll(/:\w+/g, encodeURIComponent(id.toWellFormed().slice(0, 150)));
    if (query.length > 0 || route.url.includes(':'))
      await fc.assert(
        fc.asyncProperty(
          fc.dictionary(fc.constantFrom(...query, 'other'), evil),
          evil,
          async (values, id) => {
            const asked = Object.entries(values).map(
              ([k, v]) => `${k}=${encodeURIComponent(v.toWellFormed())}`,
            );
            await check(route.method, `${path(id)}?${asked.join('&')}`.slice(0, 12_000));
          },
        ),
        { numRuns: 25 },
      );
    const body = about.requestBody?.content?.['application/json']?.schema;
    if (!body) continue;
    const names = namesIn(body);
    const key = fc.constantFrom(...names, '__proto__', 'constructor', 'other');
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        evil,
        fc.jsonValue({ maxDepth: 2 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 8 }),
        fc.array(tie('tree'), { maxLength: 5 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(fc.oneof(tree, fc.dictionary(key, tree)), (value) =>
        check(route.method, path('x'), value),
      ),
      { numRuns: 50 },
    );
  }
  t.ok(asked > 300, `${asked} requests, the slowest ${Math.round(slowest)} ms`);
  t.equal(({} as Record<string, unknown>).other, undefined, 'the prototype of objects is as it was');
  t.equal((await get(app, '/calls', cookie)).statusCode, 200, 'and who was signed in still is');
  t.strictSame(
    lines.filter((line) => line.includes('"level":50')),
    [],
    'nothing was a fault of ours',
  );
  t.ok(
    lines.every((line) => line.indexOf('\n') === line.length - 1),
    'and each line of the log is one',
  );
});

t.test('a body that is made to cost much is refused, and keeps nobody waiting', async (t) => {
  const dashboard = await openDashboard(t);
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  const MIB = 1 << 20;
  const bombs: [what: string, body: string][] = [
    ['arrays in arrays', '['.repeat(200_000)],
    ['closed arrays in arrays', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['objects in objects', '{"a":'.repeat(100_000)],
    ['closed objects in objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a number of a million digits', `{"direction":${'9'.repeat(MIB - 100)}}`],
    ['a number beyond numbers', `{"direction":1${'0'.repeat(400)}e999999}`],
    ['a name of a megabyte', `{"${'a'.repeat(MIB - 100)}":1}`],
    ['escapes', `{"direction":"${'\\u0041'.repeat(150_000)}"}`],
    ['many names', `{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":0`).join()}}`],
    ['the same name', `{${Array.from({ length: 60_000 }, () => '"direction":"x"').join()}}`],
    ['a prototype', '{"__proto__":{"direction":"in"}}'],
    ['a prototype in something', '{"direction":"in","extension":{"__proto__":{"admin":true}}}'],
    ['a constructor', '{"constructor":{"prototype":{"direction":"in"}}}'],
    ['an escaped prototype', '{"__pr\\u006fto__":{"direction":"in"}}'],
    ['too much', `{"direction":"${'a'.repeat(2 * MIB)}"}`],
  ];
  const took = async (path: string, payload: string): Promise<[ms: number, status: number]> => {
    const began = performance.now();
    const { statusCode } = await app.inject({
      ...{ method: 'POST', url: `/api/v1${path}`, payload },
      headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
      remoteAddress: `10.${Math.floor(Math.random() * 2 ** 24) >> 16}.${Math.floor(Math.random() * 256)}.7`,
    });
    return [performance.now() - began, statusCode];
  };
  for (const path of ['/policy/test', '/session', '/setup'])
    for (const [what, body] of bombs) {
      const all: number[] = [];
      for (let n = 0; n < 3; n++) {
        const [ms, status] = await took(path, body);
        all.push(ms);
        t.ok([400, 413].includes(status), `${path}: ${what}: ${status}`);
      }
      // No measurement: what grows with the square of such a body takes a minute, what is read once some ten milliseconds.
      const ms = Math.round(Math.min(...all));
      t.ok(ms < 1_000, `${path}: ${what}: ${ms} ms`);
    }
  t.equal(({} as Record<string, unknown>).admin, undefined);
});

t.test('every parser of what comes from outside gives an answer for anything', async (t) => {
  const dir = t.testdir({});
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string());

  t.test('the configuration', async () => {
    const keys = fc.constantFrom('web', 'pbx', 'site', 'port', 'hosts', 'tls', 'address', '__proto__', 'x');
    const value = fc.oneof(
      fc.jsonValue().map((v) => JSON.stringify(v)),
      text,
    );
    const tomlish = fc
      .array(
        fc.oneof(
          fc.tuple(keys, value).map(([k, v]) => `${k} = ${v}`),
          keys.map((k) => `[${k}]`),
          text,
        ),
      )
      .map((all) => all.join('\n'));
    const file = join(dir, 'tapedeck.toml');
    fc.assert(
      fc.property(fc.oneof(text, tomlish), (source) => {
        writeFileSync(file, source);
        try {
          loadConfig(file);
        } catch (e) {
          if ((e as { code?: string }).code !== 'config_invalid') throw e;
        }
      }),
      { numRuns: 400 },
    );
  });

  t.test('files of CDRs', async (t) => {
    const path = join(dir, 'Master.csv');
    const now = Date.UTC(2026, 6, 26);
    const time = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
    const good = (n: number) =>
      [
        ...[
          '',
          '+1555',
          '100',
          'from-trunk',
          `"""x"" <+1555>"`,
          'PJSIP/trunk-00000001',
          'PJSIP/101-00000002',
        ],
        ...['Dial', 'PJSIP/101', time(now - 60_000), time(now - 55_000), time(now - 30_000), '30', '25'],
        ...['ANSWERED', 'DOCUMENTATION', `good.${n}`, '', '', `good.${n}`, `${n}`],
      ].join();
    const piece = fc.oneof(
      text,
      fc.constantFrom(
        '"',
        ',',
        '\n',
        '\r\n',
        '""',
        '\0',
        '\ufeff',
        '\\',
        ' ',
        good(7),
        `"${'x'.repeat(70_000)}`,
      ),
    );
    const reader = createCsvReader({
      path,
      toCdr: (fields) => translateCdr(csvRow(fields) ?? {}, ['UTC'], now),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        // Whatever is before it, a record on lines of its own is read.
        writeFileSync(path, `${pieces.join('')}\n\n\n\n${good(1)}\n`);
        const found = await reader.read({ from: now - 120_000, to: now });
        if (!found.some((cdr) => cdr.uniqueid === 'good.1')) throw new Error('the last record is lost');
        for (const cdr of found) if (!(cdr.endAt >= cdr.startAt)) throw new Error(JSON.stringify(cdr));
      }),
      { numRuns: 300 },
    );
    t.pass();
  });

  t.test('the file of a locked master key', async (t) => {
    const key = new Uint8Array(32).fill(7);
    const { text: whole } = lock(key, 'right', { memory_kib: 8, passes: 1, lanes: 1 });
    const fields = JSON.parse(whole) as Record<string, unknown>;
    // No more memory or time than a test may have; beyond what is allowed the file is not taken for one.
    const value = fc.oneof(text, fc.jsonValue({ maxDepth: 1 }), fc.integer({ max: 40 }), fc.base64String());
    const change = fc.dictionary(fc.constantFrom(...Object.keys(fields), '__proto__', 'other'), value);
    const file = fc.oneof(
      text,
      fc.json(),
      change.map((c) => JSON.stringify({ ...fields, ...c })),
      fc.tuple(fc.nat(whole.length), text).map(([at, noise]) => whole.slice(0, at) + noise + whole.slice(at)),
      fc.nat(whole.length).map((at) => whole.slice(0, at)),
    );
    fc.assert(
      fc.property(file, (source) => {
        const locked = parseLocked(source);
        if (!locked) return;
        try {
          t.strictSame(unlock(locked, 'right').key, Buffer.from(key), 'what opens is the key');
        } catch (e) {
          if ((e as { code?: string }).code !== 'passphrase_wrong') throw e;
        }
      }),
      { numRuns: 500 },
    );
    t.equal(parseLocked(JSON.stringify({ ...fields, memory_kib: 2 ** 30 })), undefined);
    const path = join(dir, 'master.key');
    fc.assert(
      fc.property(file, (source) => {
        writeFileSync(path, source, { mode: 0o600 });
        try {
          openMasterKeys(path, 'right');
        } catch (e) {
          if (!/^(passphrase_wrong|master_key_missing)$/.test((e as { code?: string }).code ?? '')) throw e;
        }
      }),
      { numRuns: 200 },
    );
  });

  t.test('what an OpenID provider says of somebody', async (t) => {
    const { oidc } = loadConfig(
      ((path) => {
        writeFileSync(
          path,
          '[oidc]\nissuer = "https://id.example"\nclient_id = "x"\nclient_secret_file = "x"\nextension_claim = "extension"\ntrusted_amr = ["mfa"]\n[[oidc.roles]]\ngroup = "g"\nroles = ["agent"]\n',
        );
        return path;
      })(join(dir, 'oidc.toml')),
    );
    const said = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }), fc.array(text), fc.constantFrom('mfa', '101'));
    const claims = fc.dictionary(
      fc.constantFrom('sub', oidc.name_claim, oidc.groups_claim, 'extension', 'amr', 'acr', '__proto__'),
      said,
    );
    fc.assert(
      fc.property(claims, (given) => {
        try {
          const found = outsiderOf(given, oidc);
          if (found.name === '' || found.name.length > 60 || /\p{Cc}/u.test(found.name))
            throw new Error(found.name);
          if (!found.groups.every((g) => typeof g === 'string')) throw new Error('groups');
          if (!found.extensions.every((e) => /^[0-9*#]{1,15}$/.test(e))) throw new Error('extensions');
          if (found.secondFactor && ![given.amr].flat().includes('mfa')) throw new Error('a second factor');
        } catch (e) {
          if ((e as { code?: string }).code !== 'provider_refused') throw e;
        }
      }),
      { numRuns: 1_000, examples: [[{ [oidc.name_claim]: 'Ada', sub: { toString: [] } }]] },
    );
    t.pass();
  });

  t.test('requests on the control socket, and answers on it', async (t) => {
    const place = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(place, { recursive: true }));
    const [socket, owner] = [controlSocket(place), ownerSocket(place)];
    mkdirSync(join(place, 'signing'));
    const faults: unknown[] = [];
    const texts = (...given: unknown[]) => {
      for (const one of given)
        if (one !== undefined && (typeof one !== 'string' || one.length > 300)) faults.push(one);
    };
    const control = createDaemonControl({
      ...{ socket, ownerSocket: owner, log: pino({ level: 'silent' }) },
      status: () => ({}),
      metrics: async () => '',
      testAlerts: async () => ({}),
      runRetention: async (confirm: unknown) => texts(confirm) ?? {},
      runTestCall: async () => ({}),
      checkpoints: () => ({}),
      signCheckpoint: async () => ({}),
      acceptLog: async (by: unknown, reason: unknown) => texts(by, reason) ?? {},
      takePass: (pass: unknown, call: unknown) => texts(pass, call) ?? false,
      coreLimit: () => 0,
    } as unknown as ControlDeps);
    await control.start();
    const ask = (path: string, body: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        const socketPath = path === '/audit/accept' ? owner : socket;
        request({ socketPath, path, method: 'POST', headers, agent: false }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
        })
          .on('error', reject)
          .end(body);
      });
    const field = fc.constantFrom('confirm', 'by', 'reason', 'pass', 'call', '__proto__', 'constructor');
    const body = fc.oneof(
      text,
      fc.json(),
      fc.dictionary(field, fc.oneof(text, fc.jsonValue({ maxDepth: 2 }))).map((b) => JSON.stringify(b)),
    );
    const path = fc.constantFrom(
      ...['/retention/run', '/audit/accept', '/audit/checkpoint', '/test-call/pass', '/test-call/run'],
    );
    await fc.assert(
      fc.asyncProperty(path, body, async (to, sent) => {
        const status = await ask(to, sent);
        if (![200, 400].includes(status)) throw new Error(`${to} ${sent}: ${status}`);
      }),
      { numRuns: 300 },
    );
    await control.stop();
    t.strictSame(faults, [], 'what gets through is short text');

    let answer = '';
    const odd = createHttpServer((_, response) => response.end(answer));
    await new Promise<void>((up) => odd.listen(socket, up));
    t.teardown(() => void odd.close());
    const dashboards = createControl({ dataDir: place });
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, fc.json()), async (said) => {
        answer = said;
        if ((await dashboards.status()).daemon !== 'down') throw new Error('taken for a status');
        if (await dashboards.takePass('x', 'y')) throw new Error('taken for leave');
        if ((await dashboards.checkpoints()) !== null) throw new Error('taken for checkpoints');
        const run = await dashboards.runRetention().catch((e: { code?: string }) => e.code);
        if (run !== 'internal' && run !== 'daemon_unreachable') throw new Error('taken for a run');
      }),
      { numRuns: 100 },
    );
  });

  t.test('lines of AMI', async (t) => {
    const piece = fc.oneof(
      text,
      fc.constantFrom(
        'Event: ',
        'Response: ',
        '\r\n',
        '\r\n\r\n',
        'ActionID: 1',
        ': ',
        '\0',
        'Event: X\r\nA: b\r\n\r\n',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const got: string[] = [];
        const messages = createMessages(
          (message) => got.push(message),
          () => {},
        );
        for (const one of pieces) messages.feed(one);
        messages.feed('\r\n\r\nEvent: Last\r\n\r\n');
        for (const message of got)
          if (!/^([^:\r\n]{1,100}: ?.*\r\n)+\r\n$/s.test(message)) throw new Error(message);
        // What came before never swallows what comes after.
        if (!got.at(-1)?.includes('Event: Last')) throw new Error('the last one is lost');
      }),
      { numRuns: 500 },
    );
    t.pass();
  });

  t.test('rows of CDRs', async () => {
    const now = Date.UTC(2026, 6, 26);
    fc.assert(
      fc.property(fc.array(text, { minLength: 14, maxLength: 24 }), (fields) => {
        const cdr = translateCdr(
          csvRow(fields) ?? Object.fromEntries(fields.map((f, i) => [f, i])),
          ['UTC'],
          now,
        );
        if (cdr && !(cdr.endAt >= cdr.startAt)) throw new Error(JSON.stringify(cdr));
      }),
      { numRuns: 500 },
    );
  });

  t.test('headers of age files', async () => {
    const { header } = await createHeader([await identityToRecipient(await generateX25519Identity())]);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(fc.nat(header.length), fc.uint8Array({ maxLength: 30 }))
        .map(([at, noise]) => Buffer.concat([header.subarray(0, at), noise, header.subarray(at)])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (noise) => {
        headerLength(Buffer.from(noise));
        await openHeader(Buffer.from(noise), new Uint8Array(16)).then(
          () => {
            throw new Error('it opened');
          },
          (e: { code?: string }) => {
            if (e.code !== 'seal_damaged') throw e;
          },
        );
      }),
      { numRuns: 300 },
    );
  });

  t.test('Range, If-Range and If-None-Match', async () => {
    const header = fc.oneof(
      text,
      fc
        .tuple(
          fc.constantFrom('bytes=', 'bytes ', 'BYTES=', ''),
          fc.array(fc.oneof(fc.nat(), fc.constantFrom('-', ',', ' ', '"e"', '9'.repeat(400))), {
            maxLength: 12,
          }),
        )
        .map(([unit, parts]) => unit + parts.join('')),
    );
    fc.assert(
      fc.property(
        fc.option(header, { nil: undefined }),
        fc.option(header, { nil: undefined }),
        fc.option(header, { nil: undefined }),
        fc.nat({ max: 1_000 }),
        (range, ifRange, ifNoneMatch, size) => {
          const part = served({ range, ifRange, ifNoneMatch }, size, '"e"');
          if (part.status === 206 && !(part.start >= 0 && part.start <= part.end && part.end < size))
            throw new Error(JSON.stringify(part));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  t.test('Host and Origin', async (t) => {
    const hosts = createHosts({ address: '127.0.0.1', hosts: ['tapedeck.office.lan'], own: () => [] });
    const part = fc.oneof(
      text,
      fc.constantFrom(
        'tapedeck.office.lan',
        'localhost',
        '@',
        ':',
        '.',
        '/',
        '#',
        '?',
        '[::1]',
        ':8090',
        '\\',
        ' ',
      ),
    );
    const ours = /^(localhost|127\.0\.0\.1|\[?::1\]?|tapedeck\.office\.lan)\.?(:\d{1,5})?$/i;
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }).map((parts) => parts.join('')),
        (host) => {
          if (hosts.allows(host) && !ours.test(host.replace(/\.(?=:|$)/, ''))) throw new Error(host);
          sameOrigin(host, host);
          if (sameOrigin(`http://evil.example/${host}`, 'localhost')) throw new Error(host);
        },
      ),
      { numRuns: 2_000 },
    );
    t.pass();
  });

  t.test('cookies and other headers of a request', async (t) => {
    const dashboard = await openDashboard(t);
    const cookie = await setUp(dashboard);
    const noise = fc.oneof(
      text,
      // So much is missing of it that noise will not complete it.
      fc.constant(cookie.slice(0, -20)),
      fc.constantFrom(';', '=', '%', '"', 'tapedeck_session=', '__Host-tapedeck_session='),
    );
    const value = fc
      .array(noise, { maxLength: 6 })
      .map((parts) => parts.join('').replace(/[^\x20-\x7e]/g, '%'));
    await fc.assert(
      fc.asyncProperty(value, value, value, async (cookies, authorization, range) => {
        const { statusCode } = await get(dashboard.app, '/calls', cookies, { authorization, range });
        if (statusCode !== 401) throw new Error(`${statusCode} for ${cookies}`);
      }),
      { numRuns: 300 },
    );
    t.pass();
  });
});

t.test('nothing is sent to where no server of an office is, however a name leads there', async (t) => {
  for (const address of [
    '169.254.169.254',
    '169.254.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:169.254.169.254',
  ])
    t.ok(isNobodys(address), address);
  for (const address of ['127.0.0.1', '10.0.0.1', '192.168.1.1', '8.8.8.8', '::1', 'fd00::1'])
    t.notOk(isNobodys(address), address);
  const found = (name: string, refuse: (address: string) => void) =>
    new Promise((resolve) => guardedLookup(refuse)(name, {}, (e, address) => resolve(e ?? address)));
  t.type(await found('localhost', () => {}), 'string');
  t.match(
    await found('localhost', () => {
      throw new Error('refused');
    }),
    /refused/,
  );
});

t.test(
  'what a server names in its answers leads to itself or away, never to what listens here',
  async (t) => {
    const own = new URL('https://sso.office.lan:8088/realm');
    const guard = guardedBy(own, [8088, 5038]);
    const leads = (url: string) =>
      new Promise<Error | null>((resolve) => {
        try {
          guard(new URL(url)).lookup(new URL(url).hostname, { all: true }, (e) => resolve(e));
        } catch (e) {
          resolve(e as Error);
        }
      });
    for (const url of [
      'https://169.254.169.254/latest',
      'http://[::ffff:169.254.169.254]/',
      'https://[fe80::1]/',
      'https://127.0.0.1/',
      'http://2130706433/',
      'https://[::1]:8443/',
      'https://localhost/',
      'https://10.0.0.5:8088/ari/channels',
      'https://10.0.0.5:5038/',
    ])
      t.match(await leads(url), { message: /where nothing of sso\.office\.lan/ }, url);
    t.equal(await leads('https://10.0.0.5/keys'), null);
    for (const there of ['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000']) {
      const { lookup } = guardedBy(new URL(there), [9000])(new URL(`${there}/token`));
      t.type(lookup, 'function', 'a provider on this machine is one that the admin has named');
    }
  },
);

t.test('what is logged is one line, and what is secret is not in it', async (t) => {
  const program = `
    import { createLog } from './daemon/ops/log.ts';
    const log = createLog('debug', 'test');
    const name = 'a\\r\\n{"level":50,"msg":"forged"}\\u001b[31m\\u2028\\0';
    log.info({ name, nested: { password: 'canary1', api_key: 'canary2' }, secret: 'canary3' }, name);
    log.error({ err: new Error(name) }, 'failed');`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const text = execFileSync(process.execPath, args, { encoding: 'utf8', env: { PATH: process.env.PATH } });
  const lines = text.trimEnd().split('\n');
  t.equal(lines.length, 2, 'two lines for two words');
  t.match(JSON.parse(lines[0]!).msg, /forged/);
  t.match(JSON.parse(lines[1]!).err.message, /forged/);
  t.notMatch(text, /[\u001b\0\r]|canary/);
});

t.test('a table comes back as it went in, but for what a spreadsheet would run', async (t) => {
  const cell = fc
    .tuple(
      fc.constantFrom('', '', '=', '+', '-', '@', '\t', '\r', '\n', ' =', '\uff1d', '"', "'", ',', ';'),
      fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[",;\r\n=' ]{0,8}$/)),
    )
    .map(([first, rest]) => (first + rest).toWellFormed());
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const table = async (d: Dashboard, cookie: string, path: string) => {
    const { statusCode, body } = await get(d.app, path, cookie);
    t.equal(statusCode, 200, path);
    // As a spreadsheet does: it takes every line end for one.
    return parse(body, { bom: true, columns: true, record_delimiter: ['\r\n', '\n', '\r'] }) as Record<
      string,
      string
    >[];
  };
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 60, maxLength: 60 }), async (cells) => {
      const d = await openDashboard(t, { dataDir: mkdtempSync(join(dir, 'data-')) });
      const cookie = await setUp(d);
      let n = 0;
      const next = () => cells[n++ % cells.length]!;
      type Expected = Record<string, string>;
      const kept: Expected[] = [];
      const covered: Expected[] = [];
      const entries: Expected[] = [];
      for (let i = 0; i < 12; i++) {
        const [them, us] = [0, 1].map((ours) => ({ number: next(), name: next(), ours: ours === 1 }));
        const people = {
          ...{ them_number: them!.number, them_name: them!.name },
          ...{ us_number: us!.number, us_name: us!.name },
        };
        const [rule, reason, because] = [next(), next(), next()];
        const { call, recording } = await addRecording(d, Buffer.from('x'), {
          call: { them: them!, us: us! },
          recording: { keepRule: rule, keepWhy: noted(reason), keepUntil: i % 3 === 0 ? START + 1e9 : null },
        });
        const gone = i % 3 === 1;
        if (gone) {
          await d.catalogue.eraseIntended(recording.id, noted(because), START);
          await d.catalogue.erased(recording.id, START);
        }
        kept.push({ call_id: call.id, ...people, rule, reason, erase_reason: gone ? because : '' });
        await d.catalogue.decideCoverage(call.id, {
          ...{ status: 'partial' as const, why: noted(reason), rule, missingMs: 9_000 },
        });
        covered.push({ call_id: call.id, ...people, rule, reason });
        const by = { actor: 'person' as const, actor_id: next(), actor_name: next(), address: next() };
        const about = { object: next(), object_id: call.id, reason: next(), detail: { x: next() } };
        await d.catalogue.audit(entryOf(by, START, 'view', about));
        entries.push({ ...by, ...about, detail: canonical(about.detail) });
      }
      for (const [path, expected, by] of [
        ['/retention.csv', kept, 'call_id'],
        ['/coverage.csv?from=2026-07-01&to=2026-07-27&status=all', covered, 'call_id'],
        ['/audit.csv?action=view', entries, 'object_id'],
      ] as const) {
        const rows = await table(d, cookie, path);
        t.equal(rows.length, expected.length, `${path}: as many rows as there are`);
        for (const row of expected) {
          const found = rows.find((r) => r[by] === row[by]);
          for (const [name, text] of Object.entries(row)) {
            t.equal(found?.[name], harmless(text), `${path}: ${name}`);
            t.notMatch(found?.[name], /^\s*[=+\-@]/, 'and no spreadsheet runs it');
          }
        }
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
});
