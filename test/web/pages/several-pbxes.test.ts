import t from 'tap';
import { ulid } from 'ulid';
import { faults, openBrowser, openDesk, tooWide, until } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

/** Two PBXs with the same extensions: what people read, and what nobody reads where there is one PBX only. */
const opened = await openBrowser(t);
const two = [
  { id: '', name: 'Head office' },
  { id: 'warehouse', name: 'Warehouse' },
];
const office = await openFurnished(t, opened, 'office', { pbxes: two });
const { catalogue } = office.dashboard;
const [newest] = await catalogue.calls.list({ limit: 1 });
const moved = { ...newest!, id: ulid(), pbx: 'warehouse', queue: 'dock', linkedids: ['w.1'] };
await catalogue.calls.save(moved);
await catalogue.watch.open('warehouse', Date.now() - 3_600_000, { code: 'not_running', params: {} });

for (const [name, look] of [
  ['wide', { width: 1440 }],
  ['phone', { width: 360 }],
] as const)
  t.test(`calls, coverage, rules and people name the PBX, ${name}`, async (t) => {
    const { page, complaints } = await openDesk(t, opened, office, { path: '/', ...look });
    if (name === 'phone') await page.emulateMedia({ colorScheme: 'dark' });
    await page
      .locator(`#row-${moved.id}`)
      .getByText('Warehouse', { exact: true })
      .locator('visible=true')
      .waitFor();
    await page.getByLabel('PBX', { exact: true }).selectOption('warehouse');
    await until(page, "document.querySelectorAll('.call-row').length === 1");
    await page.goto(new URL(`/calls/${moved.id}`, page.url()).href);
    await page.locator('.call-facts').getByText('Warehouse').waitFor();
    await page.goto(new URL('/coverage?pbx=warehouse', page.url()).href);
    await page.locator('.coverage-how .pbx').getByText('Warehouse').waitFor();
    t.equal(await tooWide(page), 0);
    await page.goto(new URL('/policy', page.url()).href);
    await page.getByRole('button', { name: 'Add a record rule' }).click();
    await page.getByLabel('Warehouse', { exact: true }).check();
    await page.getByText('write warehouse/101 for one of another PBX').first().waitFor();
    await page.getByLabel('Name of the rule').fill('Dock');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('calls on the PBX Warehouse.').waitFor();
    await page.goto(new URL('/people/carla', page.url()).href);
    await page.getByRole('combobox', { name: 'Extensions', exact: true }).fill('warehouse/101');
    await page.keyboard.press('Enter');
    await page.locator('.person-means').getByText('101 (Warehouse)').waitFor();
    t.strictSame(await faults(page), []);
    t.strictSame(complaints, []);
  });
