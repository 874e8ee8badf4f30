import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import t from 'tap';
import { until } from '../../support/recorder.js';
import { openBrowser, shows, tooWide } from '../../support/web/browser.js';
import { openDashboard, post, START, setUp, signInAs } from '../../support/web/dashboard.js';
import { payloads } from '../../support/web/hostile.js';
import { at, EACH, fill, fillMore, short, status } from '../../support/web/hostile-fill.js';
import { createSigner } from '../../support/web/signer.js';

/** Text with letters that run from right to left has to stand apart from what is around it. */
const NOT_APART = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!/[\\u0590-\\u08ff\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) continue;
    let at = node.parentElement;
    let apart = false;
    for (; at && at !== document.body && !apart; at = at.parentElement)
      apart = /isolate|plaintext/.test(getComputedStyle(at).unicodeBidi) || /^(OPTION|TEXTAREA)$/.test(at.tagName);
    if (!apart) found.push(node.parentElement.outerHTML.slice(0, 200));
  }
  return found.slice(0, 5);
})()`;

/** The innermost of what is wider than the window. */
const STICKS_OUT = `[...document.querySelectorAll('main *, dialog *')]
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && e.children.length === 0)
  .slice(0, 4).map((e) => (e.parentElement.className + ' > ' + e.tagName + '.' + e.className + ': ' + e.textContent).slice(0, 120))`;

/** What only a text that became markup would have put there. */
const FOREIGN = `[...document.querySelectorAll(
  'script:not([src^="/assets/"]), iframe, object, embed, base, form[action], meta[http-equiv], math, template, portal, marquee, [srcdoc], a[href*="script:" i], a[href^="data:" i], img:not([src^="data:image/png"]), style'
)].map((e) => e.outerHTML.slice(0, 200)).concat([...document.querySelectorAll('*')]
  .filter((e) => e.getAttributeNames().some((a) => a.startsWith('on'))).map((e) => e.outerHTML.slice(0, 200)))`;

const DAY = 86_400_000;

const opened = await openBrowser(t);

t.test('300 hostile texts, as everything that has a name, on every page: nothing runs', async (t) => {
  const signer = createSigner();
  const dashboard = await openDashboard(t, {
    uiDir: opened.uiDir,
    site: { name: at(0), timeZone: 'UTC', region: '' },
    control: {
      ...signer.control,
      status: status(),
      metrics: async () => null,
    },
    recorder: signer.recorder,
  });
  t.ok(payloads.length >= 300, `${payloads.length} texts`);
  t.equal(new Set(payloads).size, payloads.length, 'all different');
  signer.begin(dashboard);
  const ids = await fill(dashboard, signer);
  const url = await dashboard.app.listen({ host: '127.0.0.1', port: 0 });
  await setUp(dashboard, short(40, 60));
  const anna = (await dashboard.catalogue.people.list())[0]!.id;
  const somebody = await fillMore(dashboard, anna);
  const cookie = await signInAs(dashboard, anna, ['password', 'passkey']);
  const context = await opened.browser.newContext({
    viewport: { width: 360, height: 740 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  t.teardown(() => context.close());
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url }]);
  const ran: string[] = [];
  /** Where all that a page asks for lies. */
  let home = url;
  await context.exposeFunction('__hit', (n: unknown) => ran.push(`text ${n} ran`));
  const page = await context.newPage();
  page.on('dialog', (d) => {
    ran.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  page.on('console', (m) => {
    if (/Content Security Policy|Refused to/i.test(m.text())) ran.push(m.text().slice(0, 300));
  });
  page.on('pageerror', (e) => ran.push(`error: ${e.message.slice(0, 300)}`));
  page.on('request', (r) => {
    if (/hit\d/.test(r.url())) ran.push(`asked for ${r.url()}`);
    else if (!r.url().startsWith(home) && !/^(data|blob):/.test(r.url())) ran.push(`went to ${r.url()}`);
  });
  page.on('framenavigated', (f) => {
    if (f !== page.mainFrame() || !f.url().startsWith(home)) ran.push(`navigated to ${f.url()}`);
  });
  // As much of the lists as a page may ask for.
  await page.route(/\/api\/v1\/(calls|audit)\?/, (route) =>
    route.continue({
      url: route
        .request()
        .url()
        .replace(/limit=\d+/, 'limit=200'),
    }),
  );

  /** Opens a page, by a click on a button of it something more, and looks at it. */
  async function look(path: string, button?: RegExp): Promise<void> {
    await page.goto(`${url}${path}`);
    await settled(page);
    if (button) {
      await page.getByRole('button', { name: button }).first().click();
      await page.getByRole('dialog').waitFor();
    }
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 740 });
      t.strictSame(
        (await tooWide(page)) > 0 ? await page.evaluate(STICKS_OUT) : [],
        [],
        `${path.slice(0, 40)} at ${width} px: nothing sticks out`,
      );
    }
    t.strictSame(await page.evaluate(FOREIGN), [], `${path.slice(0, 40)}: no text became markup`);
    t.strictSame(
      await page.evaluate(NOT_APART),
      [],
      `${path.slice(0, 40)}: what runs the other way stands apart`,
    );
  }

  await page.goto(url);
  await settled(page);
  const linked = (await page.evaluate(
    "[...document.querySelectorAll('header a[href^=\"/\"], .nav a')].map((a) => a.getAttribute('href'))",
  )) as string[];
  t.ok(linked.length >= 6, linked.join(' '));
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const days = [START, START - 2 * DAY].map((ms) => `/?when=custom&from=${day(ms - DAY)}&to=${day(ms)}`);
  const search = `/?q=${encodeURIComponent(at(12))}`;
  const persons = ['/people', `/people/${somebody}`, `/people/${anna}`, '/account', '/audit'];
  for (const path of [
    ...new Set([...linked, ...days, search, '/coverage?status=all', ...persons, '/set-up', '/nowhere']),
  ])
    await look(path);
  t.ok(ids.length * EACH >= payloads.length);
  for (const id of ids) await look(`/calls/${id}`);
  await look(`/calls/${ids[0]}`, /Evidence pack/);
  const invited = await post(dashboard.app, `/people/${somebody}/invitation`, {}, { cookie });
  await look(`/welcome#${invited.json().code}`);

  await context.clearCookies();
  const [half = '', password = ''] = (await signInAs(dashboard, anna)).split('=');
  await context.addCookies([{ name: half, value: password, url }]);
  await look('/');
  await page
    .locator('main')
    .getByText(/passkey|second factor/i)
    .first()
    .waitFor();
  await context.clearCookies();
  await look('/');
  t.strictSame(ran, []);

  // A text of its own: a reason must not name who was on the call.
  const reason = { reason: '<script>__hit(999)</script> <img src=x onerror=__hit(998)>' };
  const pack = await post(dashboard.app, `/calls/${ids[0]}/evidence`, reason, { cookie });
  t.equal(pack.statusCode, 200, pack.statusCode === 200 ? '' : pack.body);
  const dir = t.testdir({});
  writeFileSync(join(dir, 'verify.html'), unzipSync(pack.rawPayload)['verify.html']!);
  const verifier = pathToFileURL(join(dir, 'verify.html')).href;
  home = verifier;
  await page.goto(verifier);
  await page.setInputFiles('#file', {
    name: 'pack.zip',
    mimeType: 'application/zip',
    buffer: pack.rawPayload,
  });
  await page
    .getByRole('status')
    .getByText(/^Verified/)
    .waitFor();
  t.match(await page.textContent('.verdict'), /The content is consistent/);
  t.match(await page.textContent('body'), /__hit\(\d{1,3}\)/, 'its story is as hostile as the call');
  t.equal(
    await page.locator('img, iframe, object, embed, form[action], math, [onerror], [onload]').count(),
    0,
  );
  t.strictSame(ran, []);

  // That it would have been seen.
  home = url;
  await page.goto(url);
  await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/hit0 onerror=__hit(0)>')");
  await settled(page);
  t.ok(((await page.evaluate(FOREIGN)) as string[]).length > 0, 'what became markup is found');
  // The browser tells of both a moment after.
  for (const seen of [/asked for .*hit0/, /Content Security/])
    await shows(t, async () => ran.some((what) => seen.test(what)), true, `${seen} would have been seen`);
});

/** Waits until the page has stopped asking and drawing; one that never stops is looked at as it is after so many looks. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  let before = -1;
  let looks = 0;
  await until('the page to be drawn', async () => {
    looks += 1;
    // While one page takes the place of another there is nothing to measure.
    const now = await page
      .evaluate<number>("document.querySelector('.door-wait') ? -1 : document.body.innerHTML.length")
      .catch((e: Error) => {
        if (/context was destroyed/.test(e.message)) return -1;
        throw e;
      });
    const same = now === before && now > 500;
    before = now;
    return same || looks === 60;
  });
}
