import { fileURLToPath } from 'node:url';
import { type Browser, chromium, errors, type Locator, type Page } from 'playwright-core';
import type { Test } from 'tap';

/** Chromium, in its place behind everything that has to keep time. */
export const BROWSER = fileURLToPath(new URL('./chromium', import.meta.url));

export const browserArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** What is done with a part of a page once it is there. */
const WAITS = ['waitFor', 'click', 'fill', 'check', 'uncheck', 'hover', 'press', 'selectOption'] as const;
/** So much is said of what a page showed. */
const SHOWN = 1_500;
const READ_MS = 5_000;

/** A browser until the test ends. What was waited for in vain says what its page showed instead. */
export async function launchBrowser(t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: BROWSER, args: browserArgs });
  t.teardown(() => browser.close());
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.on('page', tellWhatIsShown);
    return context;
  };
  return browser;
}

const told = new WeakSet<object>();

function tellWhatIsShown(page: Page): void {
  const every = Object.getPrototypeOf(page.locator('body')) as Locator;
  if (told.has(every)) return;
  told.add(every);
  for (const name of WAITS) {
    const wait = every[name] as (this: Locator, ...given: unknown[]) => Promise<unknown>;
    Object.assign(every, {
      async [name](this: Locator, ...given: unknown[]) {
        try {
          return await wait.apply(this, given);
        } catch (e) {
          if (e instanceof errors.TimeoutError) e.message += `\n${await shown(this.page())}`;
          throw e;
        }
      },
    });
  }
}

async function shown(page: Page): Promise<string> {
  const body = page.locator('body');
  // biome-ignore lint/performance/useDomNodeTextContent: as people see it, without what is hidden.
  const text = await body.innerText({ timeout: READ_MS }).catch((e: Error) => e.message);
  return `${page.url()} showed:\n${text.slice(0, SHOWN)}`;
}
