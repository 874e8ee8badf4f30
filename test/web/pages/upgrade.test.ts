import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import t from 'tap';
import type { UpgradeProgress } from '../../../daemon/domain/operations/upgrade.js';
import { catalogueFile, upgradeProgressFile } from '../../../daemon/domain/paths.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);

t.test('who is signed in sees how far an upgrade is, and goes on where they were', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  const { page } = await openDesk(t, opened, house, { path: '/people', width: 360 });
  await page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
  const { dataDir } = house.dashboard;
  const db = new Database(catalogueFile(dataDir));
  t.teardown(() => db.close());
  const newest = Number(db.pragma('user_version', { simple: true }));
  const progress = (done: number): void => {
    const now = house.dashboard.now();
    const said: UpgradeProgress = {
      ...{ phase: 'migrate', done, total: 4, since: now - 20_000, seenAt: now, problem: null },
    };
    writeFileSync(upgradeProgressFile(dataDir), JSON.stringify(said));
  };

  progress(1);
  db.pragma(`user_version = ${newest - 1}`);
  // As when somebody comes back to the tab.
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.getByRole('heading', { name: 'Upgrade in progress' }).waitFor();
  const bar = page.getByRole('progressbar');
  await bar.waitFor();
  t.same(await faults(page), []);
  t.equal(await tooWide(page), 0);
  const before = await bar.getAttribute('value');
  progress(3);
  await page.locator(`progress:not([value="${before}"])`).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Upgrade in progress' }).waitFor();

  db.pragma(`user_version = ${newest}`);
  await page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
  t.equal(new URL(page.url()).pathname, '/people');
});
