import t from 'tap';
import { openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);

t.test(
  'a rule for nights, abroad and one number is entered, refused where it cannot be meant, and tried',
  async (t) => {
    const house = await openFurnished(t, opened, 'empty');
    const { page } = await openDesk(t, opened, house, { path: '/policy' });
    await page.getByRole('button', { name: 'Add a record rule' }).click();
    await page.getByLabel('Name of the rule').fill('Nights abroad');
    await page.getByLabel('Their number', { exact: true }).first().fill('+33 1 23 45 67 89');
    await page.getByLabel('Country of their number').fill('fr, XX');
    await page.getByRole('checkbox', { name: 'Saturday' }).check();
    await page.getByLabel('Time of day').fill('9:00 - 25:00');
    await page.getByRole('radio', { name: 'Do not record the call' }).check();
    await page.getByLabel('Reason').fill('Private calls.');
    await page.getByRole('button', { name: 'Done' }).click();
    const said = await page.locator('.field-error').allTextContents();
    t.strictSame(said, [
      '“XX” is not a country code such as DE or US.',
      '“09:00-25:00” is not a time of day such as 08:00-18:00.',
    ]);
    t.equal(await tooWide(page), 0);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/form.png`, fullPage: true });

    await page.getByLabel('Country of their number').fill('fr, Unknown');
    await page.getByLabel('Time of day').fill('9:00 – 12:30, 22:00-06:00');
    await page.getByRole('button', { name: 'Done' }).click();
    await page
      .getByText(
        'calls with the number +33 1 23 45 67 89 with a number from France or an unknown country on Saturday between 09:00 and 12:30 or 22:00 and 06:00',
      )
      .waitFor();

    const tried = page.getByRole('region', { name: 'What would happen' });
    await tried.getByRole('textbox', { name: 'Their number' }).fill('+33123456789');
    for (const [at, outcome] of [
      ['2026-03-07 10:00', 'It would not be recorded.'],
      ['2026-03-07 13:00', 'It would be recorded and kept forever.'],
      ['2026-03-08 10:00', 'It would be recorded and kept forever.'],
    ] as const) {
      await tried.getByLabel('Date and time').fill(at);
      await tried.getByRole('button', { name: 'Try it' }).click();
      await tried.getByText(outcome).waitFor();
    }
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/tried.png`, fullPage: true });
    await tried.getByLabel('Date and time').fill('tomorrow');
    await tried.getByRole('button', { name: 'Try it' }).click();
    await tried.getByText('is not a time such as 2026-03-02 14:30').waitFor();
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/bad.png`, fullPage: true });
  },
);
