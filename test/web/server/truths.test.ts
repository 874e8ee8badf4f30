import t from 'tap';
import { faults, openBrowser, openDesk } from '../../support/web/browser.js';
import { liveOf, openFurnished } from '../../support/web/furnished.js';
import { wellWith } from '../../support/web/recorder-peer.js';

/** Pages say no more than what is so, in a real browser. */
const opened = await openBrowser(t);
const house = await openFurnished(t, opened);

t.test('the last emergency number is not taken away by one click', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/policy' });
  await page.getByLabel('Numbers that are never recorded').fill('');
  await page.getByRole('button', { name: 'Save the policy' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save without emergency numbers?' });
  await dialog.getByText('Calls to 112, 911, 999 will be recorded like any other call.').waitFor();
  t.strictSame(await faults(page), []);
  await dialog.getByRole('button', { name: 'Save without emergency numbers' }).click();
  await dialog.getByText('Type the word record exactly.').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('You have unsaved changes.').waitFor();
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await dialog.getByLabel('Type “record” to confirm').fill('record');
  await dialog.getByRole('button', { name: 'Save without emergency numbers' }).click();
  await page.getByText('Saved as version 2').waitFor();
});

t.test('retention rules are said to apply to what is recorded from now on', async (t) => {
  const { page } = await openDesk(t, opened, house, { path: '/policy' });
  await page.getByText('Applies to recordings made from now on.').waitFor();
  await page.goto(`${house.url}/retention`);
  await page.getByText('only if it is applied to all recordings').waitFor();
});

t.test('coverage claims nothing of a period that it cannot know', async (t) => {
  const { page } = await openDesk(t, opened, house);
  const claim = page.getByText('every answered call is recorded in full');
  for (const [period, says] of [
    ['from=2020-01-01&to=2020-01-31', /when Tapedeck was installed/],
    ['from=2090-01-01&to=2090-01-31', 'This period is in the future.'],
    ['from=2026-07-31&to=2026-07-01', /2026-07-31, is after the last day, 2026-07-01/],
  ] as const) {
    await page.goto(`${house.url}/coverage?${period}`);
    await page.getByText(says).first().waitFor();
    t.equal(await claim.count(), 0, period);
    await page.getByLabel('From').waitFor();
  }
  t.strictSame(await faults(page), []);
  await page.goto(`${house.url}/coverage`);
  await page.getByRole('heading', { name: 'CDR monitoring gaps' }).waitFor();
  await page.getByText('The connection to AMI was closed.').waitFor();
});

t.test('health does not say that all is well where nobody would be alerted', async (t) => {
  const reminders = [
    { code: 'alerts_off' as const, message: 'Nobody is alerted.', hint: 'Fill in [alerts].' },
  ];
  house.recorder.says((now) => ({ ...wellWith(liveOf(house.calls))(now), reminders }));
  const { page } = await openDesk(t, opened, house, { path: '/health' });
  await page.getByText('No known problems, but a new one could go unnoticed.').waitFor();
  await page.getByText('Fill in [alerts].').waitFor();
  t.equal(await page.getByText('All is well').count(), 0);
  t.strictSame(await faults(page), []);
});
