import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright-core';

/** Notes when the first row was painted: when the next frame after the one that drew it begins. */
const NOTE_FIRST_ROW = `(() => {
  const look = () =>
    document.querySelector('.call-row')
      ? requestAnimationFrame(() => { globalThis.firstRowMs = performance.now(); })
      : requestAnimationFrame(look);
  requestAnimationFrame(look);
})()`;

/**
 * A new window loads pages of the browser's own, those of its address bar, which keep two cores busy for most of a second. Whoever
 * opens the dashboard has had the window for longer than this, in ms.
 */
const WINDOW_MS = 2_000;
/** A page is given up after this time. */
const MOST_MS = 20_000;

type Cookie = { name: string; value: string; url: string };

/**
 * Opens an address with an empty cache, in a window that is there, and without a debugger that follows its requests, which would slow
 * it down. Returns when its first row was painted, in ms since the navigation began; throws when none comes.
 */
export async function firstRowUnwatched(browser: Browser, cookie: Cookie): Promise<number> {
  const devtools = await browser.newBrowserCDPSession();
  const { browserContextId } = await devtools.send('Target.createBrowserContext');
  try {
    await devtools.send('Storage.setCookies', {
      browserContextId,
      cookies: [{ name: cookie.name, value: cookie.value, url: cookie.url }],
    });
    const { targetId } = await devtools.send('Target.createTarget', {
      ...{ url: 'about:blank', browserContextId, width: 1280, height: 900 },
    });
    const { sessionId } = await devtools.send('Target.attachToTarget', { targetId });
    const answers = new Map<number, (answer: object) => void>();
    devtools.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result } = JSON.parse(message) as { id?: number; result?: object };
      if (id !== undefined) answers.get(id)?.(result ?? {});
    });
    const ask = (method: string, params: object = {}) =>
      new Promise<object>((resolve, reject) => {
        const id = answers.size + 1;
        answers.set(id, resolve);
        const message = JSON.stringify({ id, method, params });
        devtools.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
      });
    await ask('Page.enable');
    await ask('Page.addScriptToEvaluateOnNewDocument', { source: NOTE_FIRST_ROW });
    await wait(WINDOW_MS);
    await ask('Page.navigate', { url: cookie.url });
    for (let waited = 0; waited < MOST_MS; waited += 500) {
      await wait(500);
      const { result } = (await ask('Runtime.evaluate', { expression: 'globalThis.firstRowMs' })) as {
        result?: { value?: number };
      };
      if (result?.value !== undefined) return result.value;
    }
    throw new Error(`No call was shown at ${cookie.url} within ${MOST_MS / 1000} s.`);
  } finally {
    await devtools.send('Target.disposeBrowserContext', { browserContextId });
    await devtools.detach();
  }
}
