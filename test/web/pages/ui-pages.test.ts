import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';
import { inEachState, unexpected } from '../../support/web/ui-states.js';

const opened = await openBrowser(t);

t.setTimeout(1_700_000);

/** Looks at a page in each width and theme. It is narrow and light when this begins. */
async function lookAt(t: Test, page: Page): Promise<void> {
  const look = async (what: string, rules?: string[]) =>
    t.strictSame(await faults(page, rules), [], `${what} is accessible`);
  await look('narrow and light');
  t.equal(await tooWide(page), 0, 'nothing sticks out of 360 px');
  await page.emulateMedia({ colorScheme: 'dark' });
  await look('narrow and dark', ['color-contrast']);
  await page.setViewportSize({ width: 1280, height: 900 });
  await look('wide and dark');
  t.equal(await tooWide(page), 0, 'nothing sticks out of 1280 px');
  await page.emulateMedia({ colorScheme: 'light' });
  await look('wide and light', ['color-contrast']);
}

t.test('every page is accessible and fits, light and dark, wide and narrow', (t) =>
  inEachState(t, opened, async (t, house, { as, path, go, complaint }) => {
    const { page, complaints } = await openDesk(t, opened, house, { as, path: path(house), width: 360 });
    await go(page);
    await lookAt(t, page);
    t.strictSame(unexpected({ complaint }, complaints), []);
  }),
);

t.test('so is the API reference, of which each request can be opened', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, opened, house, { path: '/api/docs', width: 360 });
  await page.getByText('Calls, newest first').click();
  await page.getByText('Cursor: calls older than the call with this id.').waitFor();
  t.equal(new URL(page.url()).pathname, '/api-reference');
  await lookAt(t, page);
  const closed = page.locator('details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
  // What is within is drawn a moment after the click.
  await page.locator('.operation[open]:not(:has(.operation-body))').waitFor({ state: 'detached' });
  t.equal(await page.locator('.operation-body').count(), await page.locator('.operation').count());
});
