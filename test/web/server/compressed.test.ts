import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t from 'tap';
import { builtPages } from '../../support/web/browser/built-pages.js';
import { get, openDashboard, setUp } from '../../support/web/dashboard.js';

const uiDir = await builtPages();
const plain = readdirSync(uiDir, { recursive: true, encoding: 'utf8' }).filter(
  (name) => statSync(join(uiDir, name)).isFile() && !/\.(br|gz)$/.test(name),
);
const restored = { br: brotliDecompressSync, gzip: gunzipSync };

t.test('every asset has compressed forms, which come out as it is', async (t) => {
  const { app } = await openDashboard(t, { uiDir });
  t.ok(plain.length > 20);
  for (const name of plain) {
    const bytes = readFileSync(join(uiDir, name));
    const url = `/${name}`;
    for (const [encoding, restore] of Object.entries(restored)) {
      const { rawPayload, headers, statusCode } = await app.inject({
        url,
        headers: { 'accept-encoding': encoding },
      });
      t.equal(statusCode, 200, url);
      t.match(headers.vary, /accept-encoding/i, `${url} says what it depends on`);
      if (headers['content-encoding'] === undefined) {
        t.ok(bytes.length < 400, `${url} is too small to be compressed`);
        t.ok(rawPayload.equals(bytes), url);
        continue;
      }
      t.equal(headers['content-encoding'], encoding, url);
      t.ok(rawPayload.length < bytes.length, `${url} is smaller as ${encoding}`);
      t.ok(restore(rawPayload).equals(bytes), `${url} as ${encoding}`);
    }
    const asIs = await app.inject({ url, headers: { 'accept-encoding': 'identity' } });
    t.equal(asIs.headers['content-encoding'], undefined, url);
    t.ok(asIs.rawPayload.equals(bytes), url);
  }
});

t.test('a compressed asset has the type, the lifetime and the policy of the asset', async (t) => {
  const { app } = await openDashboard(t, { uiDir });
  const script = plain.find((name) => /^assets\/index-.*\.js$/.test(name))!;
  const told = ['content-type', 'cache-control', 'content-security-policy', 'x-content-type-options'];
  for (const url of ['/', '/calls/01ABC', `/${script}`]) {
    const [small, whole] = await Promise.all(
      ['br', 'identity'].map((encoding) => app.inject({ url, headers: { 'accept-encoding': encoding } })),
    );
    t.equal(small!.headers['content-encoding'], 'br', url);
    for (const name of told) t.equal(small!.headers[name], whole!.headers[name], `${url}: ${name}`);
  }
});

t.test('no answer with data is compressed', async (t) => {
  const dashboard = await openDashboard(t, { uiDir });
  const { app } = dashboard;
  const cookie = await setUp(dashboard);
  for (const path of ['/session', '/calls', '/policy', '/audit', '/openapi.json', '/nothing']) {
    const { headers } = await get(app, path, cookie, { 'accept-encoding': 'br, gzip, deflate' });
    t.equal(headers['content-encoding'], undefined, path);
  }
});
