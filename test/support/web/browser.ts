import { setTimeout as wait } from 'node:timers/promises';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import type { Test } from 'tap';
import { builtPages } from './browser/built-pages.js';
import { launchBrowser } from './browser/launch.js';
import type { House } from './furnished.js';
import type { PersonId } from './furnished-people.js';

/** The pages as they are now, and a browser to open them with. */
export async function openBrowser(t: Test) {
  // What a test writes goes there.
  t.testdir({});
  const uiDir = await builtPages();
  return { browser: await launchBrowser(t), uiDir };
}

export type Opened = { browser: Browser; uiDir: string };
/** `as`: who is signed in, Anna unless it says otherwise; null: nobody. */
type Look = { as?: PersonId | null; host?: string; path?: string; width?: number };

/** A page of a furnished dashboard. `complaints` gathers what the browser objected to, the content policy above all. */
export async function openDesk(
  t: Test,
  { browser }: Opened,
  house: House,
  { as = 'anna', host = '127.0.0.1', path = '/', width = 1280 }: Look = {},
) {
  const url = house.url.replace('127.0.0.1', host);
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 740 : 900 },
    colorScheme: 'light',
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  t.teardown(() => context.close());
  if (as !== null) await context.addCookies([{ ...cookieOf(await house.signIn(as)), url }]);
  const page = await context.newPage();
  // Beside calls on a real PBX a browser may wait long for a processor.
  page.setDefaultTimeout(120_000);
  const complaints: string[] = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || m.type() === 'warning') complaints.push(m.text());
  });
  page.on('pageerror', (e) => complaints.push(e.message));
  await page.goto(`${url}${path}`);
  return { page, complaints };
}

function cookieOf(written: string): { name: string; value: string } {
  const [name = '', value = ''] = written.split('=');
  return { name, value };
}

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * What axe finds against WCAG 2.2 AA and its best practices, or against these of its rules, as lines to read; on the whole page, or
 * in what `within` selects.
 */
export async function faults(page: Page, rules?: string[], within = 'html'): Promise<string[]> {
  const options: RunOptions = {
    // Nothing here is in a frame, and no rule that is asked for reads style sheets.
    iframes: false,
    preload: false,
    // What is right is not told node by node: that was most of what came back.
    resultTypes: ['violations'],
    runOnly: rules ? { type: 'rule', values: rules } : { type: 'tag', values: STANDARDS },
  };
  // A page gets it once and keeps it: it is half a megabyte, and a page is looked at four times.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(
    `axe.run(${JSON.stringify(within)}, ${JSON.stringify(options)})`,
  )) as AxeResults;
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`));
}

/** How far anything that scrolls is wider than its window, in pixels. */
export const tooWide = (page: Page) =>
  page.evaluate(
    "Math.max(...['html', '.main', '.calls-list', '.call-pane', 'dialog'].flatMap((s) => [...document.querySelectorAll(s)]).map((e) => e.scrollWidth - e.clientWidth))",
  ) as Promise<number>;

/** How long a page may take to show what follows from what was done. In ms; beside calls on a real PBX it may be seconds. */
const SHOWN_MS = 20_000;

/** Waits until what is read is `wanted`, and says what was read last where it never is. */
export async function shows<T extends boolean | number | string | null>(
  t: Test,
  read: () => Promise<T>,
  wanted: T | RegExp,
  name?: string,
): Promise<void> {
  const right = (value: T) => (wanted instanceof RegExp ? wanted.test(String(value)) : value === wanted);
  let value = await read();
  for (const deadline = Date.now() + SHOWN_MS; !right(value) && Date.now() < deadline; value = await read())
    await wait(20);
  t.ok(right(value), name ?? `shows ${wanted}`, { found: value, wanted: String(wanted) });
}

/** Waits until an expression holds in the page. Playwright's own way evaluates in the page, which its policy forbids. */
export async function until(page: Page, expression: string): Promise<void> {
  // While one page takes the place of another there is nothing to ask.
  const holds = () =>
    page.evaluate(expression).catch((e: Error) => {
      if (/context was destroyed/.test(e.message)) return false;
      throw e;
    });
  for (const deadline = Date.now() + SHOWN_MS; !(await holds()); await wait(20))
    if (Date.now() > deadline) throw new Error(`did not come true: ${expression}`);
}
