import { pino } from 'pino';
import t from 'tap';
import { ulid } from 'ulid';
import { createJobs } from '../../../daemon/ops/jobs.js';
import { createApplyRetention } from '../../../daemon/recordings/apply-retention.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { type House, openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const SHOTS = process.env.SHOTS;
const LOOKS = [
  ['wide', 1280, 'light'],
  ['wide-dark', 1280, 'dark'],
  ['phone', 360, 'light'],
  ['phone-dark', 360, 'dark'],
] as const;

/** The recorder's jobs on the catalogue of a house. */
function worker({ dashboard: { catalogue } }: House) {
  const site = { timeZone: 'Europe/London', region: 'GB' };
  const apply_retention = createApplyRetention({ catalogue, site, listsOf: () => [] });
  return createJobs({
    ...{ store: catalogue.jobs, handlers: { apply_retention } },
    ...{ clock: Date.now, mint: ulid, log: pino({ level: 'silent' }) },
  });
}

t.test(
  'rules and limits are entered, previewed on a year of calls, and applied to all of them',
  async (t) => {
    const house = await openFurnished(t, opened, 'year');
    const { page, complaints } = await openDesk(t, opened, house, { path: '/policy' });
    page.setDefaultTimeout(120_000);
    const shot = async (name: string) => {
      for (const [look, width, colorScheme] of LOOKS) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        t.equal(await tooWide(page), 0, `${name}, ${look}`);
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${look}.png`, fullPage: true });
      }
      t.strictSame(await faults(page), [], `${name}: accessible`);
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
    };

    await page.getByRole('button', { name: 'Add a retention rule' }).click();
    await page.getByLabel('Name of the rule').fill('Phone orders');
    await page.getByLabel('Queue', { exact: true }).first().fill('orders');
    await page.getByLabel('Purpose').fill('Proof of orders placed by phone');
    await page.getByLabel('Legal basis').fill('GDPR, Article 6(1)(b)');
    await page.getByRole('textbox', { name: 'Days', exact: true }).first().fill('30');
    await page.getByRole('radio', { name: 'The end of the month of the call' }).check();
    await page.getByLabel('Reason').fill('Complaints come within a month.');
    await shot('rule-form');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Proof of orders placed by phone · GDPR, Article 6(1)(b)').waitFor();
    await page.getByText('Contradicts “Orders” above').waitFor();
    for (let n = 0; n < 2; n++) await page.getByRole('button', { name: 'Move “Phone orders” up' }).click();

    await page.getByText('Add a limit from a law or standard').click();
    await page.getByLabel('Law or standard').selectOption('cftc');
    await page.getByRole('button', { name: 'Add this limit' }).click();
    await page.getByText('Keep recordings of every call for at least 366 days.').waitFor();
    await page.getByText('The limit “CFTC, 1 year” (at least 366 days) decides').first().waitFor();
    await page.getByRole('button', { name: 'Edit “CFTC, 1 year”' }).click();
    await page.getByRole('textbox', { name: 'Days', exact: true }).first().fill('10');
    await shot('limit-form');
    await page.getByRole('button', { name: 'Done' }).click();
    await shot('page');

    await page.getByRole('button', { name: 'Save the policy' }).click();
    const dialog = page.getByRole('dialog', { name: 'Apply to existing recordings?' });
    await dialog.getByText('become due at the next retention run').waitFor();
    t.ok(
      await dialog.getByRole('radio', { name: /^New recordings only/ }).isChecked(),
      'new ones are the default',
    );
    await dialog.getByRole('radio', { name: /^All recordings/ }).check();
    await shot('preview');
    const shorter = Number((await dialog.getByText('kept for less time').textContent())!.split(' ')[0]);
    t.ok(shorter > 50, `${shorter} recordings`);
    await dialog.getByRole('button', { name: 'Save the policy' }).click();
    await page.getByText('Existing recordings are getting their new dates.').waitFor();
    await page.getByText('Counting existing recordings before anything is changed.').waitFor();

    const jobs = worker(house);
    jobs.start();
    t.teardown(() => jobs.stop());
    await page.getByText(/\d+ recordings got their dates by the rules/).waitFor();
    await shot('done');
    const calls = await house.dashboard.catalogue.recordings.keptAfter('', 1_000);
    const orders = calls.filter(
      ({ queue, recording }) => queue === 'orders' && recording?.keepRule === 'Phone orders',
    );
    t.equal(orders.length, calls.filter(({ queue }) => queue === 'orders').length, 'all calls of the queue');

    await page.goto(`${house.url}/calls/${orders[0]!.id}`);
    await page.getByText('Details', { exact: true }).click();
    await page.getByText('Proof of orders placed by phone').waitFor();
    for (const text of ['GDPR, Article 6(1)(b)', 'Not erased before', 'keeps it for at least 10 days'])
      await page.getByText(text).first().waitFor();
    await shot('call');
    t.strictSame(complaints, []);
  },
);
