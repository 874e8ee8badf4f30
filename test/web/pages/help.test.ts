import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { checkLinks } from '../../../scripts/docs/check.js';
import { sitePages } from '../../../scripts/docs/stage.js';
import { faults, openBrowser, until } from '../../support/web/browser.js';
import { get, openDashboard } from '../../support/web/dashboard.js';

const ROOT = join(import.meta.dirname, '../../..');
/** `scripts/test` has built it. */
const helpDir = join(ROOT, 'dist/docs');
/** The page does not only look like one, but hears keys: its scripts come after it has loaded. */
const ALIVE = "document.querySelector('#app').__vue_app__ !== undefined";
/** Of the decisions, which are all of the same form, the index alone. */
const pages = [...sitePages(ROOT).values()]
  .filter((page) => !/^decisions\/(?!index)/.test(page))
  .map((page) => page.replace(/\.md$/, '.html'));

t.test('no link and no anchor is dead', async (t) => t.same(checkLinks(helpDir), []));

t.test('every page works under the policy of the dashboard, and asks nothing of anybody else', async (t) => {
  const { app } = await openDashboard(t, { helpDir });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const origin = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`;
  const { browser } = await openBrowser(t);
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    reducedMotion: 'reduce',
  });
  t.teardown(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const complaints: string[] = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') complaints.push(`${page.url()}: ${m.text()}`);
  });
  page.on('pageerror', (e) => complaints.push(`${page.url()}: ${e.message}`));
  page.on('request', (r) => {
    if (!r.url().startsWith(`${origin}/help/`)) complaints.push(`asked for ${r.url()}`);
  });
  for (const path of pages) {
    const response = await page.goto(`${origin}/help/${path}`, { waitUntil: 'load' });
    t.equal(response?.status(), 200, path);
    await until(page, ALIVE);
    await until(page, "document.querySelector('.VPNavBarSearchButton, .DocSearch-Button') !== null");
    const width = (await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )) as number;
    t.ok(width <= 0, `${path} is not wider than a telephone (${width} px)`);
  }
  t.same(complaints, []);

  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${origin}/help/`);
  await until(page, ALIVE);
  t.same(await faults(page, ['color-contrast', 'image-alt', 'link-name', 'heading-order']), []);
  await page.keyboard.press('Control+k');
  await page.locator('#localsearch-input').fill('disk');
  await page.locator('.result').first().waitFor();
  t.ok((await page.locator('.result').count()) > 0, 'the search finds something');
  await page.locator('.result').first().click();
  await until(page, "location.pathname !== '/help/'");
  t.same(complaints, [], 'nor does the search complain');
});

t.test('the dashboard serves pages, their Markdown and nothing else', async (t) => {
  const { app } = await openDashboard(t, { helpDir });
  const at = async (url: string) => app.inject({ url });
  t.equal((await at('/help')).headers.location, '/help/');
  const front = await at('/help/');
  t.equal(front.statusCode, 200);
  t.match(front.headers['content-type'], /^text\/html/);
  t.match((await at('/help/operate/backup.md')).headers['content-type'], /^text\/markdown; charset=utf-8/);
  const asset = readdirSync(join(helpDir, 'assets')).find((name) => name.endsWith('.js'))!;
  t.match((await at(`/help/assets/${asset}`)).headers['cache-control'], /immutable/);
  for (const path of ['nothing.html', '../secret.txt', '..%2fsecret.txt', '%2e%2e/secret.txt', 'assets']) {
    const response = await at(`/help/${path}`);
    t.notMatch(response.body, /outside of the pages/, path);
    t.not(response.statusCode, 500, path);
  }
  t.equal((await at('/help/nothing.html')).statusCode, 404);
});

t.test('without the documentation, Help says where to find it', async (t) => {
  const { app } = await openDashboard(t);
  const response = await app.inject({ url: '/help/runbooks/disk-full.html' });
  t.equal(response.statusCode, 404);
  t.match(response.body, /Help is not installed/);
  t.ok((await get(app, '/session')).statusCode === 200, 'and everything else works');
});
