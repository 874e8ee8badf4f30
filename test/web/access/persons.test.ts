import type { BrowserContext, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { opusOf } from '../../support/recordings/opus.js';
import { openBrowser, until } from '../../support/web/browser.js';
import { addRecording, openDashboard, password, setUp } from '../../support/web/dashboard.js';

const opened = await openBrowser(t);
const sound = opusOf(120, 8000, '-b:a', '24k');

/** A real dashboard with two people, who both hear the one call that there is. */
async function twoPeople(t: Test) {
  const dashboard = await openDashboard(t, {
    uiDir: opened.uiDir,
    now: Date.now,
    live: { pollMs: 20 },
    playing: { idleMs: 45_000, sweepMs: 20 },
  });
  const { app, catalogue, clock } = dashboard;
  clock.ms = Date.now();
  await setUp(dashboard, 'Anna Berg');
  const ben = ulid();
  const passwordHash = `hash of ${password}`;
  await catalogue.people.add({
    ...FOUNDER,
    id: ben,
    name: 'Ben Orchard',
    passwordHash,
    createdAt: Date.now(),
  });
  const recording = { durationMs: 120_000 };
  const { call } = await addRecording(dashboard, sound, { recording });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const anna = (await catalogue.people.byName('Anna Berg'))!.id;
  return { dashboard, address, call, anna, ben };
}

async function browserContext(t: Test): Promise<BrowserContext> {
  const context = await opened.browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  context.setDefaultTimeout(120_000);
  t.teardown(() => context.close());
  return context;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: `Menu of ${name}` }).waitFor();
}
async function signOut(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Menu of ${name}` }).click();
  // Signing out ends the page, and a new one begins.
  const fresh = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await fresh;
}
async function playing(page: Page, call: string, address: string): Promise<void> {
  await page.goto(`${address}/calls/${call}?q=example`);
  await page.getByRole('button', { name: 'Play', exact: true }).first().click();
  await until(page, "document.querySelector('audio').currentTime > 0.2");
}
/** Nothing of a call is left on the page, nothing sounds, and it stands at the beginning. */
const ATFIRST = "location.pathname + location.search === '/' && !document.querySelector('audio[src]')";

t.test(
  'when somebody else signs in in another tab, nothing of the first person stays in this one',
  async (t) => {
    const { dashboard, address, call, ben } = await twoPeople(t);
    const context = await browserContext(t);
    const [one, two] = [await context.newPage(), await context.newPage()];
    await one.goto(address);
    await signIn(one, 'Anna Berg');
    await playing(one, call.id, address);
    await two.goto(address);
    await two.getByRole('button', { name: 'Menu of Anna Berg' }).waitFor();
    await signOut(two, 'Anna Berg');
    await two.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    await until(one, ATFIRST);
    await one.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    t.equal(await one.getByText('Example GmbH').count(), 0);
    await signIn(two, 'Ben Orchard');
    await one.getByRole('button', { name: 'Menu of Ben Orchard' }).waitFor();
    t.ok(await one.evaluate(ATFIRST));
    const entries = await dashboard.catalogue.audit.entries({ limit: 100 });
    t.same(
      entries.filter((e) => e.actor_id === ben).map((e) => e.action),
      ['sign_in'],
      'nothing of what the first one did is said of the second',
    );
  },
);

t.test('the stream of events alone tells a tab that its person has gone', async (t) => {
  const { address, call } = await twoPeople(t);
  const context = await browserContext(t);
  await context.addInitScript('delete window.BroadcastChannel');
  const [one, two] = [await context.newPage(), await context.newPage()];
  await one.goto(address);
  await signIn(one, 'Anna Berg');
  await playing(one, call.id, address);
  await two.goto(address);
  await signOut(two, 'Anna Berg');
  await until(one, ATFIRST);
  await signIn(two, 'Ben Orchard');
  await playing(two, call.id, address);
  // The other one shows the sign-in page still: somebody signs in there too.
  await signIn(one, 'Anna Berg');
  await until(two, ATFIRST);
  await two.getByRole('button', { name: 'Menu of Anna Berg' }).waitFor();
});

t.test(
  'a page that did not hear of the change asks in the name of the first person, and is refused',
  async (t) => {
    const { dashboard, address, call, anna, ben } = await twoPeople(t);
    const context = await browserContext(t);
    await context.addInitScript(
      'delete window.BroadcastChannel; delete window.EventSource; window.EventSource = class { addEventListener() {} close() {} }',
    );
    const page = await context.newPage();
    await page.goto(address);
    await signIn(page, 'Anna Berg');
    await playing(page, call.id, address);
    const answer = await context.request.post(`${address}/api/v1/session`, {
      headers: { 'x-tapedeck': '1' },
      data: { name: 'Ben Orchard', password },
    });
    t.equal(answer.status(), 200);
    const refused = page.waitForResponse((r) => r.status() === 409);
    // Both at once: after the first refusal the page begins anew, as the second person's.
    await page.evaluate(`for (const one of [
      [...document.querySelectorAll('.skip-button')].at(-1), document.querySelector('.nav a[href="/health"]'),
    ]) one.click()`);
    t.ok(await refused);
    await until(page, ATFIRST);
    await page.getByRole('button', { name: 'Menu of Ben Orchard' }).waitFor();
    const entries = await dashboard.catalogue.audit.entries({ limit: 100 });
    t.same(
      entries.filter((e) => e.actor_id === ben).map((e) => e.action),
      ['sign_in'],
    );
    t.ok(entries.some((e) => e.actor_id === anna && e.action === 'play'));
  },
);

t.test(
  'Back leads to no search of the last person, nor to a page that the browser has kept of it',
  async (t) => {
    const { address, call } = await twoPeople(t);
    const context = await browserContext(t);
    const page = await context.newPage();
    await page.goto(address);
    await signIn(page, 'Anna Berg');
    await page.goto(`${address}/calls/${call.id}?q=example`);
    await page.getByRole('heading', { name: 'Example GmbH' }).waitFor();
    await page.getByRole('link', { name: 'Health' }).click();
    await until(page, "location.pathname === '/health'");
    await signOut(page, 'Anna Berg');
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    t.ok(await page.evaluate(ATFIRST));
    await page.goBack();
    await until(page, ATFIRST);
    await signIn(page, 'Ben Orchard');
    t.ok(await page.evaluate(ATFIRST), 'they begin at the start');
    await page.goBack();
    await until(page, ATFIRST);
    await page.getByRole('button', { name: 'Menu of Ben Orchard' }).waitFor();

    // Chromium under test keeps no pages, so its events are made by hand.
    const kept = (type: string) =>
      page.evaluate(`dispatchEvent(new PageTransitionEvent('${type}', { persisted: true }))`);
    await page.goto(`${address}/calls/${call.id}`);
    await page.getByRole('heading', { name: 'Example GmbH' }).waitFor();
    await kept('pagehide');
    t.notOk(await page.getByText('Example GmbH').first().isVisible(), 'it is kept without anything to see');
    await kept('pageshow');
    await page.getByText('Example GmbH').first().waitFor();
    await kept('pagehide');
    await context.clearCookies();
    await context.request.post(`${address}/api/v1/session`, {
      headers: { 'x-tapedeck': '1' },
      data: { name: 'Anna Berg', password },
    });
    await kept('pageshow');
    await until(page, ATFIRST);
    await page.getByRole('button', { name: 'Menu of Anna Berg' }).waitFor();
  },
);

t.test('a session that ends elsewhere ends the sound, and its person finds the page as it was', async (t) => {
  const { dashboard, address, call, anna } = await twoPeople(t);
  const context = await browserContext(t);
  const page = await context.newPage();
  await page.goto(address);
  await signIn(page, 'Anna Berg');
  await playing(page, call.id, address);
  await dashboard.catalogue.people.shutOut(anna);
  await page.getByText('Your session has ended').waitFor();
  await until(page, "document.querySelector('audio').paused && !document.querySelector('audio[src]')");
  t.notOk(await page.getByText('Example GmbH').first().isVisible());
  const other = await context.newPage();
  await other.goto(address);
  await signIn(other, 'Anna Berg');
  await page.getByRole('heading', { name: 'Example GmbH' }).waitFor();
  t.match(page.url(), /q=example/, 'signed in in another tab, she goes on where she was');
  dashboard.store.sessions.end(anna, { keep: null });
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Ben Orchard');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await until(page, ATFIRST);
  await page.getByRole('button', { name: 'Menu of Ben Orchard' }).waitFor();
});

t.test('every request of a page names its person: fetched, played, streamed and linked', async (t) => {
  const { address, call, anna } = await twoPeople(t);
  const context = await browserContext(t);
  const page = await context.newPage();
  await page.goto(address);
  await signIn(page, 'Anna Berg');
  const nameless: string[] = [];
  let asked = 0;
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (!pathname.startsWith('/api/') || pathname === '/api/v1/session') return;
    asked += 1;
    const named = request.headers()['x-tapedeck-person'] ?? searchParams.get('opened_for');
    if (named !== anna) nameless.push(`${request.method()} ${request.url()}`);
  });
  await playing(page, call.id, address);
  await page.keyboard.press('k');
  for (const path of [
    '/policy',
    '/lists',
    '/consents',
    '/telling',
    '/consent-report',
    '/coverage',
    '/quality',
    '/retention',
    '/audit',
    '/health',
    '/people',
    '/account',
  ]) {
    await page.goto(`${address}${path}`);
    await page.locator('main h1').first().waitFor();
    const links = await page
      .locator('a[href^="/api/v1/"]')
      .evaluateAll((all) => all.map((a) => (a as unknown as { href: string }).href));
    for (const link of links)
      if (new URL(link).searchParams.get('opened_for') !== anna) nameless.push(`link ${link}`);
  }
  t.same(nameless, []);
  t.ok(asked > 20, `${asked} requests`);
});
