import { request } from 'node:http';
import t from 'tap';
import { createHosts } from '../../../web/auth/hosts.js';
import { get, openDashboard, password, post, setUp } from '../../support/web/dashboard.js';

t.test('a page of another site changes nothing', async (t) => {
  const dashboard = await openDashboard(t);
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  const test = (headers: Record<string, string>) =>
    post(app, '/policy/test', { direction: 'in' }, { cookie, ...headers });
  t.equal((await test({})).statusCode, 200);
  t.equal((await test({ origin: 'http://localhost', host: 'localhost' })).statusCode, 200);
  t.equal((await test({ origin: 'https://localhost:8090', host: 'localhost:8090' })).statusCode, 200);
  const others: Record<string, string>[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000', host: 'localhost:8090' },
    { 'sec-fetch-site': 'cross-site' },
    { 'x-tapedeck': '' },
  ];
  for (const headers of others) {
    const refused = await test(headers);
    t.equal(refused.statusCode, 403, JSON.stringify(headers));
    t.equal(refused.json().error.code, 'forbidden_origin');
    t.equal(refused.headers['access-control-allow-origin'], undefined);
  }
  t.equal((await get(app, '/calls', cookie, { 'sec-fetch-site': 'cross-site' })).statusCode, 403);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
    t.equal((await test({ 'content-type': type })).statusCode, 415, type);
});

t.test('only the names of this machine are answered to', async (t) => {
  const { app } = await openDashboard(t);
  const status = async (host: string, url = '/api/v1/health') =>
    (await app.inject({ url, headers: { host } })).statusCode;
  for (const host of [
    'localhost',
    '127.0.0.1:8090',
    '[::1]:8090',
    'Tapedeck.Office.LAN',
    'tapedeck.office.lan.:8090',
  ])
    t.equal(await status(host), 200, host);
  for (const host of [
    'evil.example',
    '0.0.0.0:8090',
    'localhost.evil.example',
    'localhost@evil',
    'a b',
    '1.2.3.4',
  ])
    t.equal(await status(host), 421, host);
  t.equal(await status('evil.example', '/'), 421, 'the pages too');
  const hosts = createHosts({ address: '0.0.0.0', hosts: [], own: () => ['192.168.1.9', 'fe80::1'] });
  t.ok(hosts.allows('192.168.1.9:8090') && hosts.allows('[fe80::1]'));
  t.notOk(hosts.allows('0.0.0.0'));
});

t.test('requests that are not understood are told so, and never break anything', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, lines } = dashboard;
  const cookie = await setUp(dashboard);
  const raw = (payload: string) =>
    app.inject({
      method: 'POST',
      url: '/api/v1/policy/test',
      headers: { cookie, 'x-tapedeck': '1', 'content-type': 'application/json' },
      payload,
    });
  for (const payload of [
    '',
    '{',
    'null',
    '[]',
    '{"__proto__":{"a":1},"direction":"in"}',
    '{"constructor":{"prototype":{}},"direction":"in"}',
    '['.repeat(400_000),
    '{"direction":"sideways"}',
  ]) {
    const { statusCode, headers } = await raw(payload);
    t.equal(statusCode, 400, payload.slice(0, 50));
    t.match(headers['content-type'], /json/);
  }
  t.match((await raw('{"direction":"sideways"}')).json().error.detail, /body\.direction/);
  t.equal((await raw(`{"direction":"${'x'.repeat(2 ** 20)}"}`)).statusCode, 413);
  const bad = await app.inject({ url: '/api/v1/calls/%', headers: { cookie } });
  t.equal(bad.statusCode, 400);
  t.equal(bad.json().error.code, 'request_invalid');
  for (const query of [
    'limit=0',
    'limit=1e9',
    'limit=x',
    'from=2026-02-30',
    'from=yesterday',
    'before=xyz',
    'direction=up',
    'q=a&q=b',
  ])
    t.equal((await get(app, `/calls?${query}`, cookie)).statusCode, 400, query);
  t.notOk(lines.some((line) => line.includes('"level":50')));
});

t.test('faults of ours are hidden and logged, and nothing secret is', async (t) => {
  const dashboard = await openDashboard(t, {
    control: {
      status: async () => {
        throw new Error('inner workings');
      },
    },
  });
  const { app, lines } = dashboard;
  const cookie = await setUp(dashboard);
  const response = await get(app, '/status', cookie, { authorization: 'Bearer canary' });
  t.equal(response.statusCode, 500);
  const { error } = response.json();
  t.equal(error.code, 'internal');
  t.notMatch(response.body, /inner workings/);
  const logged = lines.find((line) => line.includes('inner workings'));
  t.match(logged, error.request_id);
  await post(app, '/session', { name: 'anna', password: 'canary' });
  const log = lines.join();
  for (const secret of ['canary', password, cookie.split('=')[1]!]) t.notOk(log.includes(secret));
});

t.test('the pages are given to anybody, and nothing beside them', async (t) => {
  const { app } = await openDashboard(t);
  for (const path of ['/', '/calls', '/calls/01ABC', '/policy', '/index.html'])
    t.match(await app.inject(path), {
      statusCode: 200,
      body: /<title>Tapedeck/,
      headers: { 'cache-control': 'no-cache' },
    });
  const asset = await app.inject('/assets/index-abc123.js');
  t.match(asset.headers, { 'cache-control': /immutable/, 'content-type': /javascript/ });
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets/%00.js',
    '/.%252e/secret.txt',
    '/%c0%ae%c0%ae/secret.txt',
    '//secret.txt',
    '/missing.js',
  ]) {
    const { statusCode, body, headers } = await app.inject(path);
    t.ok([400, 403, 404].includes(statusCode), `${path} ${statusCode}`);
    t.notMatch(body, /outside/);
    t.notMatch(headers['cache-control'] ?? '', /immutable/, path);
  }
});

t.test('too large a header or a forwarded one reaches nothing', async (t) => {
  const { app } = await openDashboard(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  const status = await new Promise<number>((resolve, reject) =>
    request({ port, path: '/api/v1/health', headers: { 'x-long': 'x'.repeat(20_000) } }, (res) => {
      res.resume();
      resolve(res.statusCode!);
    })
      .on('error', reject)
      .end(),
  );
  t.equal(status, 431);
  t.equal(app.server.headersTimeout, 15_000);
  t.equal(app.server.requestTimeout, 30_000);
});
