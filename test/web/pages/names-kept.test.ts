import t from 'tap';
import { createLog } from '../../../daemon/ops/log.js';
import { createNamesRemoval } from '../../../daemon/recordings/retain/names.js';
import { faults, openBrowser, openDesk, shows, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const SHOTS = process.env.SHOTS;
const LOOKS = [
  ['wide', 1280, 'light'],
  ['wide-dark', 1280, 'dark'],
  ['phone', 360, 'light'],
  ['phone-dark', 360, 'dark'],
] as const;

t.test(
  'how long names and numbers stay is entered, previewed and saved, and calls lose theirs',
  async (t) => {
    const house = await openFurnished(t, opened, 'office');
    const { page, complaints } = await openDesk(t, opened, house, { path: '/policy' });
    page.setDefaultTimeout(120_000);
    const shot = async (name: string, at: Pick<typeof page, 'screenshot'> = page) => {
      for (const [look, width, colorScheme] of LOOKS) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        t.equal(await tooWide(page), 0, `${name}, ${look}`);
        if (SHOTS) await at.screenshot({ path: `${SHOTS}/${name}-${look}.png` });
      }
      t.strictSame(await faults(page), [], `${name}: accessible`);
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
    };

    const days = page.getByLabel('Remove names and numbers after');
    await days.fill('0');
    await page.getByText('Enter a whole number from 1 to 36,500').waitFor();
    await page.getByRole('button', { name: 'Use 90 days' }).click();
    t.equal(await days.inputValue(), '90');
    await days.fill('1');
    await shot('names-policy', page.locator('section[aria-labelledby="names-title"]'));
    await page.getByRole('button', { name: 'Save the policy' }).click();
    await page.getByText('Names and numbers will be removed after 1 day without audio.').waitFor();
    await shot('names-preview');
    await page.getByRole('dialog').getByRole('button', { name: 'Save the policy' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const { catalogue } = house.dashboard;
    await shows(t, async () => (await catalogue.policy.newest()).policy.metadata_days ?? null, 1);
    await page.goto(new URL('/retention', page.url()).href);
    await page.getByText('Names and numbers of calls are removed after 1 day without audio').waitFor();
    await shot('names-retention', page.locator('section[aria-labelledby="names"]'));

    const remove = createNamesRemoval({
      ...{ catalogue, site: { timeZone: 'UTC', region: 'GB' }, listsOf: () => [] },
      log: createLog('silent', 'test'),
    });
    const gone = await remove(Date.now() + 90 * 86_400_000, () => false);
    t.ok(gone && gone.removed > 0);
    await page.goto(new URL('/', page.url()).href);
    await page.getByRole('main').waitFor();
    await page.getByText('Name removed').first().waitFor();
    await shot('names-calls');
    const nameless = (await catalogue.calls.list({ limit: 500 })).find(({ them }) => them.number === '');
    await page.goto(new URL(`/calls/${nameless!.id}`, page.url()).href);
    await page.getByRole('main').waitFor();
    await page.getByText('Details', { exact: true }).click();
    await page.getByText('Names and numbers removed').waitFor();
    await shot('names-call');
    t.same(complaints, []);
  },
);
