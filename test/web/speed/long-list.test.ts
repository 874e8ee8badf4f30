import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { faults, openBrowser, openDesk, shows, tooWide, until } from '../../support/web/browser.js';
import { fillCalls } from '../../support/web/furnished/many-calls.js';
import { openFurnished } from '../../support/web/furnished.js';
import { callOf, dana, reception } from '../../support/web/furnished-calls.js';

const MANY = 5_000;
const opened = await openBrowser(t);
const house = await openFurnished(t, opened, 'empty');
const calls = await fillCalls(house, MANY);

const list = "document.querySelector('.calls-list')";
const rows = (page: Page) => page.locator('.call-row').count();
const elements = (page: Page) => page.evaluate("document.querySelectorAll('*').length") as Promise<number>;
const focused = (page: Page) => page.evaluate('document.activeElement.id') as Promise<string>;
const placeOf = async (page: Page, id: string) => (await page.locator(`#row-${id}`).boundingBox())?.y ?? -1;

/** Scrolls until this call is in the middle of the list, however much has to be fetched. */
async function scrollTo(page: Page, n: number): Promise<string> {
  const id = `row-${calls[n]!.id}`;
  await until(
    page,
    `(() => {
      const row = document.getElementById('${id}');
      if (row) row.scrollIntoView({ block: 'center' });
      else ${list}.scrollTop += ${list}.clientHeight * 0.9;
      return row !== null;
    })()`,
  );
  return calls[n]!.id;
}

async function openList(t: Parameters<typeof openDesk>[0], look: Parameters<typeof openDesk>[3] = {}) {
  const desk = await openDesk(t, opened, house, look);
  desk.page.setDefaultTimeout(30_000);
  await desk.page.locator('.call-row').first().waitFor();
  return desk;
}

t.test('5,000 calls are scrolled through, and only those near the screen are in the document', async (t) => {
  const { page, complaints } = await openList(t);
  t.ok((await rows(page)) < 60);
  await until(
    page,
    `(() => {
      ${list}.scrollTop = 1e9;
      return /No more calls/.test(document.querySelector('.list-end').textContent);
    })()`,
  );
  await page.locator(`#row-${calls.at(-1)!.id}`).waitFor();
  t.ok((await rows(page)) < 80, 'as many rows as are near the screen');
  t.ok((await elements(page)) < 2_000);
  const last = page.locator('.call-rows > li[aria-posinset]').last();
  const [position, size] = [
    await last.getAttribute('aria-posinset'),
    await last.getAttribute('aria-setsize'),
  ];
  t.equal(position, size, 'the last of its day says so');
  await page.evaluate(`${list}.scrollTop = ${list}.scrollHeight / 2`);
  await until(page, `document.querySelectorAll('.call-row').length > 20`);
  t.same(await faults(page), []);
  t.strictSame(complaints, []);
});

t.test('rows are reached with keys alone, and the focus is kept when they are scrolled away', async (t) => {
  const { page } = await openList(t);
  await page.locator('.call-row').first().focus();
  await page.keyboard.press('ArrowDown');
  await shows(t, () => focused(page), `row-${calls[1]!.id}`);
  await page.keyboard.press('End');
  await shows(t, () => focused(page), `row-${calls[59]!.id}`, 'the last that was fetched');
  t.ok((await placeOf(page, calls[59]!.id)) < 900, 'is in sight');
  await until(page, `document.getElementById('row-${calls[60]!.id}') !== null`);
  await page.keyboard.press('ArrowDown');
  await shows(t, () => focused(page), `row-${calls[60]!.id}`, 'and goes on to what was fetched since');
  await page.keyboard.press('ArrowUp');
  await page.evaluate(`${list}.scrollTop = 0`);
  await page.locator(`#row-${calls[0]!.id}`).waitFor();
  t.equal(await focused(page), `row-${calls[59]!.id}`, 'it is drawn although it is not seen');
  await page.keyboard.press('ArrowDown');
  await shows(t, () => focused(page), `row-${calls[60]!.id}`);
  t.ok((await placeOf(page, calls[60]!.id)) < 900, 'and comes into sight when one goes on');
  await page.keyboard.press('Home');
  await shows(t, () => focused(page), `row-${calls[0]!.id}`);
  t.ok((await placeOf(page, calls[0]!.id)) > 150, 'below the heading of its day');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/calls/${calls[0]!.id}`));
});

t.test('a new call does not move what is read far down', async (t) => {
  const { page } = await openList(t);
  const id = await scrollTo(page, 300);
  const before = await placeOf(page, id);
  for (let n = 0; n < 3; n++) {
    const call = callOf({ answeredAt: Date.now(), them: dana, us: reception, talkMs: 1_000 });
    const height = Number(await page.evaluate(`${list}.scrollHeight`));
    await house.dashboard.catalogue.calls.save(call);
    await until(page, `${list}.scrollHeight > ${height}`);
    const after = await placeOf(page, id);
    t.ok(Math.abs(after - before) <= 1, `${before} -> ${after}`);
  }
});

t.test(
  'where older calls cannot be fetched, the end of the list says so, and goes on when it is tried again',
  async (t) => {
    const { page } = await openList(t);
    await page.route(/api\/v1\/calls\?.*before=/, (route) => route.abort());
    await page.evaluate(`${list}.scrollTop = 1e9`);
    const note = page.locator('.list-end').getByText('The dashboard server is not responding.');
    await note.waitFor();
    const id = calls[50]!.id;
    const before = await placeOf(page, id);
    await page.unroute(/api\/v1\/calls\?.*before=/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await until(page, `${list}.scrollHeight > 5000`);
    t.equal(await note.count(), 0);
    t.equal(await placeOf(page, id), before);
  },
);

t.test('an error above the list does not move what is read', async (t) => {
  const { page } = await openList(t);
  const id = await scrollTo(page, 100);
  const before = await placeOf(page, id);
  await page.route(/api\/v1\/calls\?/, (route) => route.abort());
  const call = callOf({ answeredAt: Date.now(), them: dana, us: reception, talkMs: 1_000 });
  await house.dashboard.catalogue.calls.save(call);
  await page.locator('.calls-list > .note').waitFor({ state: 'attached' });
  await shows(t, async () => Math.abs((await placeOf(page, id)) - before) <= 1, true);
});

t.test('Back leads to the place in the list that one has left', async (t) => {
  for (const width of [1280, 360]) {
    const { page } = await openList(t, { width });
    const id = await scrollTo(page, 300);
    const before = await placeOf(page, id);
    await page.locator(`#row-${id}`).click();
    await page.locator('#call-title').waitFor();
    await page.goBack();
    await shows(t, () => placeOf(page, id), before, `${width} px: from a call`);
    await page.locator('.user-button').click();
    await page.locator('.user-menu a[href="/account"]').click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await page.goBack();
    await page.locator(`#row-${id}`).waitFor();
    await shows(t, () => placeOf(page, id), before, `${width} px: from another page`);
    t.equal(await tooWide(page), 0);
    await page.locator('.user-button').click();
    await page.locator('.user-menu a[href="/account"]').click();
    await page.getByRole('heading', { level: 1, name: 'Your account' }).waitFor();
    await page.locator('.brand-link').click();
    await page.locator('.call-row').first().waitFor();
    t.equal(await page.evaluate(`${list}.scrollTop`), 0, 'a link leads to its top');
  }
});

t.test('all that was fetched is printed, and found by the search of the browser', async (t) => {
  const { page } = await openList(t);
  t.equal(await page.evaluate("find('Caller 50')"), false, 'it is not drawn');
  const file = join(t.testdir({}), 'calls.pdf');
  writeFileSync(file, await page.pdf());
  const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  for (const name of ['Caller 1', 'Caller 29', 'Caller 50']) t.match(text, new RegExp(`${name}\\b`));
  await until(page, "document.querySelectorAll('.call-row').length < 60");
  await page.keyboard.press('Control+f');
  t.equal(await page.evaluate("find('Caller 50')"), true);
  await page.locator('.calls-zone').click();
  await until(page, "document.querySelectorAll('.call-row').length < 60");
});

t.test('with little height the page scrolls, and the list goes on with it', async (t) => {
  const { page } = await openList(t);
  await page.setViewportSize({ width: 1280, height: 500 });
  await until(
    page,
    `(() => {
      scrollTo(0, 1e9);
      return [...document.querySelectorAll('.call-row')].some(({ id }) => id < 'row-${calls[150]!.id}');
    })()`,
  );
  t.ok((await rows(page)) < 100);
});
