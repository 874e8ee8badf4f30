import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Value } from 'typebox/value';
import { sample } from '../../pentest/samples.js';
import { type Api, BODIES, LIMITED, NOT_SENT, NOTHING_THERE } from '../../pentest/sqlmap.js';
import {
  addCall,
  addRecording,
  cookieOf,
  get,
  openDashboard,
  password,
  post,
  setUp,
} from '../../support/web/dashboard.js';

type Dashboard = Awaited<ReturnType<typeof openDashboard>>;
type Route = Dashboard['routes'][number];
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';

/** At both ends of what is written as YYYY-MM-DD, at those of times in ms, and between. */
const DAYS = ['0000-01-01', '0001-01-01', '1969-12-31', '1970-01-01', '2026-12-01', '9999-12-31'];
/** Ends only when the reader goes: it is looked at by itself. */
const STREAM = '/api/v1/live';

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

  const proof = { password, act: { kind: 'people', object: '' } };
  const proved = await post(app, '/session/proof', proof, { cookie: cookieOf(made) });
  const rights = { roles: ['agent'], extensions: ['201'], grants: [] };
  const scope = { all: false, extensions: [], queues: [], dids: [] };
  const added = await post(app, '/people', { name: 'ben', scope, ...rights }, { cookie: cookieOf(proved) });
  const link = added.json().invitation.code;
  const welcome = (remoteAddress: string, given: string, more = {}) =>
    post(app, '/welcome', { code: given, ...more }, {}, { remoteAddress });
  const tried = [];
  for (let n = 0; n < 40; n++) tried.push((await welcome('10.0.0.5', wrong)).statusCode);
  t.ok(tried.filter((status) => status === 403).length <= 20);
  t.equal((await welcome('10.0.0.5', link, { password })).statusCode, 429);
  t.equal((await catalogue.people.byName('ben'))!.passwordHash, '', 'it was not used');
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

// An expression that tries every way to divide such a value never ends: then the runner ends this file.
t.test('whatever is sent to a route, it answers without a fault of its own', async (t) => {
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
    fc.constantFrom(...DAYS),
    fc.date({ noInvalidDate: true }).map((d) => d.toISOString().slice(0, 10)),
  );
  let asked = 0;
  const check = async (method: string, url: string, payload?: unknown) => {
    const { statusCode, body } = await app.inject({
      method: method as Method,
      url,
      // Each from an address of its own, so that no limits answer instead of the routes.
      remoteAddress: `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
      headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
      payload: payload === undefined ? undefined : JSON.stringify(payload),
    });
    asked += 1;
    if (statusCode >= 500 && statusCode !== 503) throw new Error(`${method} ${url}: ${statusCode} ${body}`);
  };
  for (const route of routes) {
    const about = described(route);
    if (!about || route.url === STREAM || `${route.method} ${route.url}` === 'DELETE /api/v1/session')
      continue;
    const query = ((about.parameters ?? []) as Field[]).filter((p) => p.in === 'query').map((p) => p.name);
    const path = (id: string) =>
      route.url.replaceAll(/:\w+/g, encodeURIComponent(id.toWellFormed().slice(0, 150)));
    if (query.includes('from') && query.includes('to'))
      for (const from of DAYS)
        for (const to of DAYS) await check(route.method, `${path('x')}?from=${from}&to=${to}`);
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
  t.ok(asked > 300, `${asked} requests`);
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
  const send = (path: string, payload: string) =>
    app.inject({
      ...{ method: 'POST', url: `/api/v1${path}`, payload },
      headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
      remoteAddress: `10.${Math.floor(Math.random() * 2 ** 24) >> 16}.${Math.floor(Math.random() * 256)}.7`,
    });
  for (const path of ['/policy/test', '/session', '/setup'])
    for (const [what, body] of bombs) {
      const before = process.cpuUsage();
      const { statusCode } = await send(path, body);
      const { user } = process.cpuUsage(before);
      t.ok([400, 413].includes(statusCode), `${path}: ${what}: ${statusCode}`);
      // Of processor time, and no measurement: what grows with the square of such a body takes a minute of it, what is read once
      // some ten milliseconds.
      t.ok(user < 5_000_000, `${path}: ${what}: ${user} µs`);
    }
  t.equal(({} as Record<string, unknown>).admin, undefined);
});

t.test('attacks send each request valid values, and their exceptions name requests that exist', async (t) => {
  const dashboard = await openDashboard(t);
  const cookie = await setUp(dashboard);
  const { paths } = (await get(dashboard.app, '/openapi.json', cookie)).json() as Api;
  const known = new Set<string>();
  for (const [path, verbs] of Object.entries(paths))
    for (const [verb, { parameters = [], requestBody }] of Object.entries(verbs)) {
      const what = `${verb.toUpperCase()} ${path.replace('/api/v1', '')}`;
      known.add(what);
      const body = requestBody?.content['application/json']?.schema;
      for (const { name, schema } of [...parameters, ...(body ? [{ name: '', schema: body }] : [])]) {
        const given = (name === '' && BODIES[what]?.body) || sample(name, schema);
        if (!Value.Check(schema, given))
          t.fail(`${what} ${name}`, { given, errors: Value.Errors(schema, given) });
      }
    }
  for (const named of [...[BODIES, NOT_SENT, NOTHING_THERE].map(Object.keys), LIMITED])
    t.strictSame(
      named.filter((what) => !known.has(what)),
      [],
    );
});
