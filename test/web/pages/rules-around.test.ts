import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;

t.test('rules start from a preset, say what is wrong with them, and what they would have done', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  const { page, complaints } = await openDesk(t, opened, house, { path: '/policy' });
  const shot = async (name: string, more = {}) => {
    if (shots) await page.screenshot({ path: join(shots, `rules-${name}.png`), fullPage: true, ...more });
  };
  await page.getByText('Start from a preset').click();
  await page.getByLabel('Preset').selectOption('payments');
  await page.getByRole('button', { name: 'Fill in the rules' }).click();
  await page.getByText('Enter at least one queue.').waitFor();
  await page.getByLabel('Queues').fill('payments, cards');
  await page.getByRole('button', { name: 'Fill in the rules' }).click();
  await page.getByText('Do not record calls through queue payments or cards.').waitFor();
  t.equal((await house.dashboard.catalogue.policy.newest()).version, 1, 'nothing is saved');

  await page.getByLabel('Preset').selectOption('queue');
  await page.getByRole('button', { name: 'Fill in the rules' }).click();
  await page.getByRole('button', { name: 'Add a record rule' }).click();
  await page.getByLabel('Name of the rule').fill('Cards');
  await page.getByLabel('Queue', { exact: true }).first().fill('cards');
  await page.getByRole('button', { name: 'Done' }).click();
  await page
    .getByText('Never reached: “Queue” above already matches every call this rule matches.')
    .waitFor();
  await shot('fault');
  t.equal(await tooWide(page), 0);

  await page.getByRole('button', { name: 'Save the policy' }).click();
  const asked = page.getByRole('dialog', { name: 'Save these rules?' });
  await asked.getByText('would no longer be recorded.').waitFor();
  await asked
    .getByText(/^Show \d+ examples?$/)
    .first()
    .click();
  t.strictSame(await faults(page), []);
  await shot('warned', { fullPage: false });
  await asked.getByRole('button', { name: 'Keep editing' }).click();
  t.equal((await house.dashboard.catalogue.policy.newest()).version, 1);
  await page
    .getByRole('region', { name: 'Last 30 days' })
    .getByText('would no longer be recorded.')
    .waitFor();
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await page.getByText('Saved as version 2.').waitFor();

  const versions = page.getByRole('region', { name: 'Versions' });
  await versions.getByText('Compare versions').click();
  await versions.getByText('record: "All other calls" is new').waitFor();
  await versions.getByRole('button', { name: 'Bring back version 1' }).click();
  const back = page.getByRole('dialog', { name: 'Bring back version 1?' });
  await back.getByText('record: "All other calls" is gone').waitFor();
  await shot('restore', { fullPage: false });
  await back.getByRole('button', { name: 'Bring back' }).click();
  await versions.getByText('Version 3 is in force.').waitFor();
  const { catalogue } = house.dashboard;
  t.same((await catalogue.policy.of(3)).policy, (await catalogue.policy.of(1)).policy);
  await shot('versions');
  t.strictSame(complaints, []);
});

t.test('what is around the rules fits a phone at night', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  const { page } = await openDesk(t, opened, house, { path: '/policy', width: 360 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByText('Start from a preset').click();
  await page.getByLabel('Preset').selectOption('on_demand');
  await page.getByRole('button', { name: 'Fill in the rules' }).click();
  await page.getByRole('button', { name: 'Check against the last 30 days' }).click();
  await page.getByText('would be kept only on request or with consent.').waitFor();
  await page
    .getByText(/^Show \d+ examples?$/)
    .first()
    .click();
  await page.getByText('Compare versions').click();
  t.equal(await tooWide(page), 0);
  t.strictSame(await faults(page), []);
  // Only what is near the window is painted.
  await page.getByRole('region', { name: 'Last 30 days' }).scrollIntoViewIfNeeded();
  if (shots) await page.screenshot({ path: join(shots, 'rules-phone.png') });
});
