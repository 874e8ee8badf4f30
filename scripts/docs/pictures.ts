import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { BROWSER, browserArgs } from '../../test/support/web/browser/launch.js';

/**
 * `npm run docs:pictures`: takes the pictures of the documentation from a running `scripts/demo`, whose people and numbers are
 * made up. With names of pictures, takes only those. Ends with 1 if a picture is larger than readers should wait for.
 */
const root = join(import.meta.dirname, '../..');
const out = join(root, 'docs/pictures');
const MAX_BYTES = 120_000;
const run = promisify(execFile);

/** Where each picture is taken, and what is done there first. */
const pictures: Record<string, { path: string; go?: (page: Page) => Promise<unknown>; height?: number }> = {
  calls: { path: '/' },
  call: {
    path: '/',
    go: async (page) => {
      await page.locator('.call-row', { hasText: 'Lena Vogt' }).first().click();
      await page.getByRole('slider', { name: 'Position in the recording' }).waitFor();
    },
  },
  live: {
    // While it waits, press Enter in the demo: that places a call.
    path: '/',
    go: async (page) => {
      await page
        .locator('.call-row', { hasText: /Live|Ringing/ })
        .first()
        .click({ timeout: 120_000 });
      await page.locator('.call-controls').waitFor();
    },
  },
  coverage: { path: '/coverage' },
  consent: { path: '/consent-report' },
  quality: { path: '/quality' },
  retention: { path: '/retention' },
  approvals: {
    path: '/holds',
    go: async (page) => {
      await page.locator('a[href^="/holds/"]').first().click();
      const release = page.getByRole('button', { name: 'Ask for release', exact: true });
      await release.waitFor();
      if (await release.isEnabled()) {
        await release.click();
        await page.getByLabel('Reason').fill('The dispute was settled on 24 November');
        await page.getByRole('dialog').getByRole('button', { name: 'Ask for release', exact: true }).click();
      }
      await page.goto(new URL('/approvals', page.url()).href);
      await page.locator('main h1').waitFor();
    },
  },
  holds: { path: '/holds', go: (page) => page.locator('a[href^="/holds/"]').first().click() },
  requests: { path: '/requests', go: (page) => page.locator('a[href^="/requests/"]').first().click() },
  certificates: { path: '/certificates' },
  reports: { path: '/reports' },
  audit: { path: '/audit' },
  policy: { path: '/policy' },
  lists: { path: '/lists/VIP' },
  consents: { path: '/consents' },
  telling: { path: '/telling' },
  people: { path: '/people' },
  health: { path: '/health' },
  account: { path: '/account' },
};

const toml = readFileSync(join(root, '.demo/tapedeck.toml'), 'utf8');
const origin = `http://127.0.0.1:${/^\[web\]\nport = (\d+)/m.exec(toml)?.[1]}`;
const { admin } = JSON.parse(readFileSync(join(root, '.demo/accounts.json'), 'utf8')) as { admin: string };
const asked = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'tapedeck-pictures-'));
mkdirSync(out, { recursive: true });
// What the demo has none of. Fails where it is there already.
for (const command of [
  ['lists', 'create', 'VIP', '--note', 'Agreed with the board'],
  ['lists', 'create', 'Do not record'],
  ['lists', 'add', 'VIP', '+44 20 7946 0123', '--note', 'Main contact'],
  ['consents', 'add', 'consent', '+49 30 901820', '--given', '2026-05-03', '--how', 'contract of 3 May'],
  ['consents', 'add', 'objection', '+1 312 555 0144', '--given', '2026-06-12', '--how', 'letter of 12 June'],
])
  await run(join(root, 'scripts/tapedeck'), command).catch((e: Error) => console.error(e.message));
const browser = await chromium.launch({ executablePath: BROWSER, args: browserArgs });
try {
  const context = await browser.newContext({
    locale: 'en-GB',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(origin);
  await page.getByLabel('Name', { exact: true }).fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(admin);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('.header').waitFor();
  for (const [name, { path, go, height = 800 }] of Object.entries(pictures)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    await page.setViewportSize({ width: 1280, height });
    await page.goto(`${origin}${path}`);
    await page.locator('main h1, main .call-row').first().waitFor();
    await go?.(page);
    await page.waitForTimeout(1_500); // what the page asks for, and fades in
    const png = join(work, `${name}.png`);
    await page.screenshot({ path: png });
    const webp = join(out, `${name}.webp`);
    await run('ffmpeg', ['-v', 'error', '-y', '-i', png, '-c:v', 'libwebp', '-quality', '82', webp]);
    const { size } = statSync(webp);
    console.log(`${webp}  ${size} bytes`);
    if (size > MAX_BYTES) process.exitCode = 1;
  }
} finally {
  await browser.close();
  rmSync(work, { recursive: true });
}
