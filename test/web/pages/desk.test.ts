import t from 'tap';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { faults, openBrowser, openDesk, shows, tooWide, until } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';
import { callOf, reception } from '../../support/web/furnished-calls.js';

const opened = await openBrowser(t);
const office = await openFurnished(t, opened);
const { partial } = office.office;

const party = (number: string, name: string) => ({ number, name, ours: false });

t.test('a search that fails shows none of the calls before it, and can be tried again', async (t) => {
  const { page } = await openDesk(t, opened, office);
  const rows = page.locator('.call-row');
  await rows.nth(5).waitFor();
  const search = /\/api\/v1\/calls\?.*q=whitfield/;
  await page.route(search, (route) => route.abort());
  await page.locator('[data-search]').fill('whitfield');
  await page.locator('.calls-list [role=alert]').waitFor();
  t.equal(await rows.count(), 0);
  await page.unroute(search);
  await page.locator('.calls-list [role=alert] button').click();
  await rows.first().waitFor();
  const names = await page.locator('.row-name').allTextContents();
  t.ok(
    names.every((name) => /Whitfield/.test(name)),
    names.join(),
  );
});

t.test('how a number begins finds it, after those that end so', async (t) => {
  const { page } = await openDesk(t, opened, office);
  await page.locator('.call-row').nth(5).waitFor();
  await page.locator('[data-search]').fill('020 7946');
  await page.getByText('No number ends with “020 7946”.').waitFor();
  const marked = await page.locator('.call-row mark').allTextContents();
  t.ok(
    marked.length > 0 && marked.every((found) => found.replace(/\D/g, '').endsWith('207946')),
    marked.join(),
  );
  // Some end so: the others are one step further.
  await page.locator('[data-search]').fill('0144');
  await page.getByText('Show numbers that contain “0144”').click();
  await until(page, "new URL(location.href).searchParams.get('match') === 'inside'");
  await page.locator('.call-row').first().waitFor();
  t.equal(await page.getByText('No number ends').count(), 0, 'which was asked for');
  await page.locator('[data-search]').fill('whitfield');
  await until(page, "new URL(location.href).searchParams.get('q') === 'whitfield'");
  t.notOk(new URL(page.url()).searchParams.has('match'), 'another search begins at the end again');
});

t.test('a caller with a long name or a number of 64 digits stays in the columns of the list', async (t) => {
  const house = await openFurnished(t, opened);
  for (const [i, them] of [
    party('1'.repeat(64), ''),
    party('2'.repeat(64), 'Ada Caller'),
    party('+442079460144', 'W'.repeat(64)),
    party('+442079460144', 'Hartley & Sons of Farringdon'),
  ].entries()) {
    const call = callOf({ answeredAt: house.now - i * 1_000, talkMs: null, them, us: reception });
    await house.dashboard.catalogue.calls.save(call);
  }
  const { page } = await openDesk(t, opened, house);
  for (const width of [360, 768, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    await page.locator('.call-row').nth(5).waitFor();
    const over = `[...document.querySelectorAll('.row-them bdi')].filter((e) => {
      const [inner, outer] = [e.getBoundingClientRect(), e.closest('.row-them').getBoundingClientRect()];
      return inner.right > outer.right + 1 || inner.bottom > e.closest('.call-row').getBoundingClientRect().bottom + 1;
    }).map((e) => e.textContent)`;
    t.same(await page.evaluate(over), [], `${width} px`);
    if (width >= 1440) {
      const cut = `[...document.querySelectorAll('.row-name')].some((e) =>
        e.textContent === 'Hartley & Sons of Farringdon' && e.scrollWidth > e.clientWidth)`;
      t.equal(await page.evaluate(cut), false, `a name is shown whole at ${width} px`);
    }
  }
});

t.test('the navigation is a menu where there is no room beside the pages', async (t) => {
  const { page, complaints } = await openDesk(t, opened, office, { width: 360 });
  const menu = page.getByRole('button', { name: 'Menu', exact: true });
  const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
  await menu.waitFor();
  t.equal(await links.count(), 0, 'closed');
  await menu.click();
  await links.first().waitFor();
  t.equal(await links.count(), 16);
  t.same(await faults(page), [], 'open');
  const outside = `[...document.querySelectorAll('.nav a')].filter((a) => {
    const { left, right, bottom } = a.getBoundingClientRect();
    return left < 0 || right > innerWidth || bottom > innerHeight || a.scrollWidth > a.clientWidth;
  }).map((a) => a.textContent)`;
  t.same(await page.evaluate(outside), []);
  t.ok((await tooWide(page)) <= 0);
  await page.keyboard.press('Escape');
  t.equal(await links.count(), 0, 'Escape closes it');
  t.equal(await page.evaluate("document.activeElement === document.querySelector('.nav-button')"), true);
  await menu.click();
  await links.filter({ hasText: 'Coverage' }).click();
  await page.getByRole('heading', { name: 'Coverage', level: 1 }).waitFor();
  t.equal(await links.count(), 0, 'so does going to a page');
  await page.setViewportSize({ width: 1280, height: 800 });
  await links.first().waitFor();
  t.equal(await menu.isVisible(), false, 'beside the pages there is no button for it');
  t.equal(await links.filter({ hasText: 'Coverage' }).getAttribute('aria-current'), 'page');
  t.same(complaints, []);
});

t.test('a page whose code cannot be had says so, and comes when it can', async (t) => {
  const { page } = await openDesk(t, opened, office);
  let away = true;
  await page.route(/coverage-.*\.js/, (route) => (away ? route.abort() : route.continue()));
  await page.reload();
  await page.locator('.nav a').first().waitFor();
  await page.locator('.nav a', { hasText: 'Coverage' }).click();
  await page.getByText('This page could not be loaded.').waitFor();
  const url = page.url();
  const whole = `${new URL(url).origin}/`;
  await page.route(whole, (route) => route.abort());
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await page.getByText('The dashboard server is not responding.').waitFor();
  t.ok(await page.locator('.nav a').first().isVisible(), 'the page stays while nobody answers');
  await page.unroute(whole);
  away = false;
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await page.getByRole('heading', { name: 'Coverage', level: 1 }).waitFor();
  t.equal(page.url(), url);
});

t.test('Escape closes a call, and what is smaller first', async (t) => {
  const { page } = await openDesk(t, opened, office);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${office.url}/calls/${partial.id}?direction=in`);
    await page.locator('#call-title').waitFor();
    await page.getByRole('button', { name: 'Menu of Anna Berg' }).click();
    await page.keyboard.press('Escape');
    await until(page, `document.querySelector('#user-menu').hidden`);
    t.match(page.url(), '/calls/', 'the menu closes and the call stays');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await until(page, `!document.querySelector('dialog')`);
    t.match(page.url(), '/calls/', 'the dialog closes and the call stays');
    await page.keyboard.press('Escape');
    await page.waitForURL(`${office.url}/?direction=in`);
  }
});

t.test('the story has the sides in the order of the player', async (t) => {
  const them = party('+442079460144', 'The other side');
  const made = callOf({ answeredAt: office.now - 60_000, them, us: reception });
  const call = { ...made, legs: made.legs.toReversed() };
  await office.dashboard.catalogue.calls.save(call);
  const { page } = await openDesk(t, opened, office, { path: `/calls/${call.id}` });
  await page.locator('.story-name').nth(1).waitFor();
  t.same(await page.locator('.story-name').allTextContents(), ['The other side', 'Reception']);
});

t.test('adding a second factor can be left, by keyboard too', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  // Passkeys need a host name.
  const { page } = await openDesk(t, opened, house, { host: 'localhost', path: '/account' });
  for (const [button, field] of [
    ['#add-app', '#app-code'],
    ['#add-passkey', '#passkey-name'],
  ] as const) {
    await page.locator(button).click();
    await page.locator(field).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).press('Enter');
    await until(page, `document.activeElement.id === '${button.slice(1)}'`);
  }
});

t.test('an audit entry shows its second and its number without a mouse, and days in words', async (t) => {
  const [from, to] = [29, 1].map((ago) => new Date(Date.now() - ago * 86_400_000)) as [Date, Date];
  const words = new Intl.DateTimeFormat('en-GB', {
    ...{ day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' },
  });
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const path = `/coverage?from=${day(from)}&to=${day(to)}`;
  const { page } = await openDesk(t, opened, office, { path });
  await page.getByRole('heading', { name: 'By day' }).waitFor();
  await page.goto(`${office.url}/audit`);
  await page
    .getByText(
      `opened the coverage report (for ${words.format(from)} to ${words.format(to)}, show exceptions)`,
    )
    .first()
    .waitFor();
  const first = page.locator('.audit-list tbody tr').first();
  await first.waitFor();
  t.match(await first.textContent(), /\d\d:\d\d:\d\d\s*Entry [\d,]+/);
});

t.test('a machine that stood still answers, and the page comes by itself', async (t) => {
  const house = await openFurnished(t, opened, 'new');
  const until = performance.now() + 4_000;
  while (performance.now() < until);
  t.equal((await fetch(`${house.url}/api/v1/session`)).status, 200);
  const { page } = await openDesk(t, opened, house, { as: null });
  await page.getByRole('button', { name: 'Create account' }).click();
  t.equal(await page.getByRole('alert').filter({ hasText: 'too busy' }).count(), 0);
});

t.test('the worst phone is named first, and each number leads to the calls that it counts', async (t) => {
  const { page } = await openDesk(t, opened, office, { path: '/quality' });
  await page.getByRole('link', { name: 'Extension 112: noisy in 3 of 5 calls.' }).click();
  await page.locator('.call-row').first().waitFor();
  const query = new URL(page.url()).searchParams;
  t.match(Object.fromEntries(query), { quality: 'noisy', of: 'extension:112', when: 'custom' });
  await page.getByRole('button', { name: 'Only Extension 112: show all' }).click();
  await until(page, '!location.search.includes("of=")');
  await shows(t, () => page.getByLabel('Sound').inputValue(), 'noisy');

  const db = await openDb(catalogueFile(office.dashboard.dataDir));
  db.prepare(`INSERT INTO ear_days WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1299)
    SELECT ?, 'extension', CAST(i AS TEXT), '', 1 FROM n`).run(Math.floor(Date.now() / 86_400_000) - 3);
  db.close();
  await page.goto(`${office.url}/quality`);
  const rows = page.getByRole('region', { name: 'Phones' }).getByRole('row');
  await shows(t, () => rows.count(), 201);
  await page.getByRole('link', { name: /^Show all 3\d\d$/ }).click();
  await until(page, 'document.querySelectorAll("#phones ~ table tbody tr").length > 300');
  t.equal(await page.getByText('These are the').count(), 0);
});
