import type { Request } from 'playwright-core';
import t from 'tap';
import { codeBytes, countReceived } from '../../support/web/browser/received.js';
import { openBrowser, openDesk, until } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const house = await openFurnished(t, opened, 'year');

/** Scripts and styles of the list of calls, with the headers of their answers. */
const MOST_BYTES = 120_000;

/** Something to wait for until it is opened. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const focused = 'document.activeElement.tagName + document.activeElement.textContent.trim()';

t.test('the list of calls is there after 120 KB of scripts and styles, and fetches no more', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/api/v1/session' });
  const received = await countReceived(page);
  await page.goto(house.url);
  await page.locator('.call-row').first().waitFor();
  await page.waitForLoadState('networkidle');
  const code = received.filter(({ kind }) => kind === 'Script' || kind === 'Stylesheet');
  t.ok(code.length >= 3, 'they were counted');
  for (const { path, encoding } of code) t.equal(encoding, 'br', path);
  const bytes = codeBytes(received);
  t.ok(bytes > 20_000 && bytes <= MOST_BYTES, `${bytes} bytes`);
  t.notMatch(
    code.map(({ path }) => path).join(' '),
    /policy|coverage|page-messages/,
    'no other page is fetched',
  );
});

const asksForCalls = /\/api\/v1\/calls\?/;
const askedByPerson = (request: Request) => request.headers()['x-tapedeck-background'] === undefined;

t.test('the calls that an address lists are asked for once, for the person who is signed in', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/api/v1/session' });
  const asked: Request[] = [];
  page.on('request', (r) => asksForCalls.test(r.url()) && asked.push(r));
  await page.goto(`${house.url}/?direction=in&when=today`);
  await page.locator('.nav').waitFor();
  await page.locator('.list-end, .list-nothing').first().waitFor();
  await page.waitForLoadState('networkidle');
  const [one, ...more] = asked.filter(askedByPerson);
  t.match(one!.url(), /direction=in&from=(\d{4}-\d\d-\d\d)&to=\1&limit=60$/);
  t.equal(one!.headers()['x-tapedeck-person'], 'anna');
  t.same(
    more.map((r) => r.url()),
    [],
  );

  asked.length = 0;
  await page.goto(`${house.url}/coverage`);
  await page.getByRole('heading', { name: 'Coverage', level: 1 }).waitFor();
  // The page before may ask once more in the background until it is gone.
  t.equal(asked.filter(askedByPerson).length, 0, 'a page without a list asks for none');
  await page.locator('.nav a', { hasText: 'Calls' }).click();
  await page.locator('.call-row').first().waitFor();
  t.equal(asked.filter(askedByPerson).length, 1, 'it is asked for when it is opened');
});

t.test('the desk is there while the first calls are waited for', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/api/v1/session' });
  const held = gate();
  await page.route(asksForCalls, async (route) => {
    await held.opened;
    await route.continue();
  });
  await page.goto(house.url);
  await page.locator('.nav').waitFor();
  await page.getByText('Loading…').waitFor();
  held.open();
  await page.locator('.call-row').first().waitFor();
});

t.test('what changes before the page hears of changes is not missed', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/api/v1/session' });
  const held = gate();
  await page.route(/\/api\/v1\/live/, async (route) => {
    await held.opened;
    await route.continue();
  });
  await page.goto(house.url);
  await page.locator('.call-row').first().waitFor();
  const again = page.waitForRequest((r) => asksForCalls.test(r.url()) && !askedByPerson(r));
  held.open();
  await again;
  t.pass('the list is asked for again');
});

t.test(
  'a link that is pointed at or reached has its page fetched, and the focus goes to its heading',
  async (t) => {
    const { page } = await openDesk(t, opened, house);
    await page.locator('.call-row').first().waitFor();
    const fetched = page.waitForRequest(/assets\/coverage-.*\.js/);
    await page.locator('.nav a', { hasText: 'Coverage' }).hover();
    await fetched;
    const audit = page.waitForRequest(/assets\/audit-.*\.js/);
    await page.locator('.nav a', { hasText: 'Audit log' }).focus();
    await audit;
    t.match(page.url(), /\/$/, 'nothing was opened');
    await page.keyboard.press('Enter');
    await until(page, `${focused} === 'H1Audit log'`);
  },
);

t.test(
  'a page that is fetched when it is opened gets the focus once it is there, unless it is elsewhere',
  async (t) => {
    const { page } = await openDesk(t, opened, house);
    await page.locator('.call-row').first().waitFor();
    const held = { policy: gate(), health: gate() };
    await page.route(/assets\/(policy|health)-.*\.js/, async (route) => {
      await held[/policy/.test(route.request().url()) ? 'policy' : 'health'].opened;
      await route.continue();
    });
    await page.locator('.nav a', { hasText: 'Policy' }).click();
    await page.getByText('Loading…').waitFor();
    await until(page, "document.activeElement.id === 'main'");
    held.policy.open();
    await page.getByRole('button', { name: 'Add a retention rule' }).waitFor();
    await until(page, `${focused} === 'H1Policy'`);
    await page.locator('.nav a', { hasText: 'Health' }).click();
    await page.getByText('Loading…').waitFor();
    await page.locator('.user-button').focus();
    held.health.open();
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
    t.equal(await page.evaluate('document.activeElement.className'), 'user-button');
  },
);

t.test('an old page that is opened after an upgrade says that it has to be reloaded', async (t) => {
  const { page } = await openDesk(t, opened, house);
  await page.locator('.call-row').first().waitFor();
  // The files of the version that the page is of are gone.
  const gone = /assets\/(quality|page-messages)-.*\.js/;
  await page.route(gone, (route) => route.continue({ url: `${house.url}/assets/gone.js` }));
  await page.locator('.nav a', { hasText: 'Quality' }).click();
  await page.getByText('This page could not be loaded.').waitFor();
  t.ok(await page.locator('.nav a').first().isVisible());
  await page.unroute(gone);
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await page.getByRole('heading', { name: 'Quality', level: 1 }).waitFor();
});

t.test('a page whose script never comes says what to do', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/api/v1/session' });
  await page.route(/assets\/desk-.*\.js/, (route) => route.abort());
  await page.goto(house.url);
  await page.getByText('If it does not appear, reload the page.').waitFor();
});
