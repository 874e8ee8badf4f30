import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { builtPages } from '../../support/web/browser/built-pages.js';
import { launchBrowser } from '../../support/web/browser/launch.js';
import { codeBytes, countReceived } from '../../support/web/browser/received.js';
import { until } from '../../support/web/browser.js';
import { fillCalls } from '../../support/web/furnished/many-calls.js';
import { openFurnished } from '../../support/web/furnished.js';
import { firstRowUnwatched } from './unwatched.js';

/**
 * The list of calls in Chromium, on loopback with 5,000 calls: bytes of scripts and styles over the line, time to the first row
 * with an empty cache in a new context, beside that of a page that is nothing but a row, and the time from frame to frame while
 * all of it is scrolled. Another number of times may be given.
 */
const CALLS = 5_000;
const TIMES = Number(process.argv[2] ?? 9);
const BOUNDS = { bytes: 120_000, firstRowMs: 300, frameMs: 17 };

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-page-'));
const endings: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
const t = { testdir: () => dir, teardown: (end: () => unknown) => endings.unshift(end) } as unknown as Test;
const say = (text: string) => process.stdout.write(`${text}\n`);
const sorted = (numbers: number[]) => numbers.toSorted((a, b) => a - b);
const at = (numbers: number[], share: number) => sorted(numbers)[Math.floor((numbers.length - 1) * share)]!;

/** What this browser needs on this machine before any page can show a row. */
const BARE = '<!doctype html><title>A row</title><a class="call-row" href="/">A row</a>';

async function servedBare(): Promise<string> {
  const server = createServer((_, res) => res.setHeader('content-type', 'text/html').end(BARE));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.unshift(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Scrolls by so many px in each frame until the end; the times between frames in ms. */
const scrolled = (page: Page, step: number) =>
  page.evaluate(`(async () => {
    const list = document.querySelector('.calls-list');
    const frame = () => new Promise(requestAnimationFrame);
    list.scrollTop = ${step > 0 ? 0 : 1e9};
    for (let n = 0; n < 10; n++) await frame();
    const took = [];
    let [last, before] = [await frame(), -1];
    while (list.scrollTop !== before) {
      before = list.scrollTop;
      list.scrollTop += ${step};
      const now = await frame();
      took.push(now - last);
      last = now;
    }
    return took;
  })()`) as Promise<number[]>;

async function main(): Promise<boolean> {
  const house = await openFurnished(t, { uiDir: await builtPages() }, 'empty');
  await fillCalls(house, CALLS);
  const browser = await launchBrowser(t);
  const [name = '', value = ''] = (await house.signIn('anna')).split('=');
  const bare = await servedBare();
  const firstRows = { bare: [] as number[], calls: [] as number[] };
  for (let n = 0; n < TIMES; n++) {
    firstRows.bare.push(await firstRowUnwatched(browser, { name, value, url: bare }));
    firstRows.calls.push(await firstRowUnwatched(browser, { name, value, url: house.url }));
  }

  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addCookies([{ name, value, url: house.url }]);
  const page = await context.newPage();
  const received = await countReceived(page);
  await page.goto(house.url);
  await page.waitForLoadState('networkidle');
  const bytes = codeBytes(received);
  await until(
    page,
    `(() => {
      const list = document.querySelector('.calls-list');
      if (list) list.scrollTop = 1e9;
      return /No more calls/.test(document.querySelector('.list-end')?.textContent ?? '');
    })()`,
  );
  const elements = Number(await page.evaluate("document.querySelectorAll('*').length"));
  const ways = {
    'down, 2 rows a frame': await scrolled(page, 84),
    'up, 2 rows a frame': await scrolled(page, -84),
    'down, a screen a frame': await scrolled(page, 800),
  };

  const firstRow = at(firstRows.calls, 0.5);
  const times = (ms: number[]) =>
    `median of ${sorted(ms)
      .map((one) => one.toFixed(0))
      .join(' ')}`;
  say(`load of this machine: ${loadavg()[0]!.toFixed(1)}\n`);
  say(`scripts and styles   ${(bytes / 1_000).toFixed(1)} KB with headers (bound: ${BOUNDS.bytes / 1_000})`);
  say(
    `first row, cold      ${firstRow.toFixed(0)} ms (bound: ${BOUNDS.firstRowMs}), ${times(firstRows.calls)}`,
  );
  say(`  of nothing else    ${at(firstRows.bare, 0.5).toFixed(0)} ms, ${times(firstRows.bare)}`);
  say(`elements             ${elements} with ${CALLS} calls fetched`);
  say(`\nframes in ms: median, 95 %, longest, number (bound of the median: ${BOUNDS.frameMs})`);
  for (const [way, took] of Object.entries(ways))
    say(
      `${[0.5, 0.95, 1].map((share) => at(took, share).toFixed(1).padStart(7)).join('')}${String(took.length).padStart(7)}  ${way}`,
    );
  return (
    bytes <= BOUNDS.bytes &&
    firstRow <= BOUNDS.firstRowMs &&
    Object.values(ways).every((took) => at(took, 0.5) <= BOUNDS.frameMs)
  );
}

try {
  if (!(await main())) process.exitCode = 1;
} finally {
  for (const end of endings) await end();
}
