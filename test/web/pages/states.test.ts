import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { full } from '../../support/search/share-of-search.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';
import { inPseudo, outsideBrackets, pseudoBrowser } from '../../support/web/pseudo-page.js';
import { inEachState, unexpected } from '../../support/web/ui-states.js';

const opened = await openBrowser(t);
/** Each message is a third longer there than in English, and what is no message shows. */
const pseudo = { ...opened, browser: pseudoBrowser(opened.browser) };

/** What can differ by width and theme: a wide page has the same elements as a narrow one. All rules are asked where all of a search is done. */
const BY_LAYOUT = [
  ...['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable'],
  ...['landmark-unique', 'page-has-heading-one', 'region', 'skip-link'],
];

/**
 * Looks at a page in each width and theme. It is narrow and light when this begins. Colours do not depend on the width, so each theme
 * is judged in one; in both where all of a search is done.
 */
async function lookAt(t: Test, page: Page, within?: string): Promise<void> {
  const accessible = async (what: string, rules?: string[]) =>
    t.strictSame(await faults(page, rules, within), [], `${what} is accessible`);
  const fits = async (width: number) => {
    t.equal(await tooWide(page), 0, `nothing sticks out of ${width} px`);
    t.strictSame(await outsideBrackets(page), [], `all of it is messages and data at ${width} px`);
  };
  await accessible('narrow and light');
  await fits(360);
  await page.emulateMedia({ colorScheme: 'dark' });
  if (full) await accessible('narrow and dark', ['color-contrast']);
  await page.setViewportSize({ width: 1280, height: 900 });
  await accessible('wide and dark', full ? undefined : BY_LAYOUT);
  await fits(1280);
  if (!full) return;
  await page.emulateMedia({ colorScheme: 'light' });
  await accessible('wide and light', ['color-contrast']);
}

/** Where what a page shows begins, in px from the left; none of the list of calls. */
const EDGE = `[...document.querySelectorAll('.sheet')].map((sheet) =>
  sheet.getBoundingClientRect().left + Number.parseFloat(getComputedStyle(sheet).paddingLeft))`;
const edges = new Set<number>();

t.test('every page is accessible, fits and can be translated: light and dark, wide and narrow', (t) =>
  inEachState(t, opened, async (t, house, { as, path, go, complaint, within }) => {
    const { page, complaints } = await openDesk(t, pseudo, house, { as, path: path(house), width: 360 });
    await go(inPseudo(page));
    await lookAt(t, page, within);
    for (const edge of await page.evaluate<number[]>(EDGE)) edges.add(edge);
    t.strictSame(unexpected({ complaint }, complaints), []);
  }).then(() => t.equal(edges.size, 1, `pages begin at the same edge: ${[...edges].join(', ')} px`)),
);

t.test('so is the API reference, of which each request can be opened', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, pseudo, house, { path: '/api/docs', width: 360 });
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
