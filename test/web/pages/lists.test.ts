import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;

t.test('a list is made, filled by hand and from a file, searched and emptied', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page, complaints } = await openDesk(t, opened, house, { path: '/lists' });
  const shot = async (name: string) => {
    if (shots) await page.screenshot({ path: join(shots, `lists-${name}.png`), fullPage: true });
  };
  await page.getByText('No lists yet.').waitFor();
  await shot('none');
  await page.getByRole('button', { name: 'Create a list' }).click();
  await page.getByRole('button', { name: 'Create list' }).click();
  await page.getByText('Enter a name of 1 to 80 characters.').first().waitFor();
  await page.getByLabel('Name').fill('Do not record');
  await page.getByRole('button', { name: 'Create list' }).click();
  await page.getByRole('link', { name: 'Do not record' }).click();
  await page.getByText('No numbers on this list. Add a number or import a CSV file.').waitFor();
  await shot('empty');

  await page.getByRole('button', { name: 'Add number' }).click();
  await page.getByText('Enter a number.').waitFor();
  await page.getByLabel('Number', { exact: true }).fill('Müller');
  await page.getByRole('button', { name: 'Add number' }).click();
  await page.getByText('“Müller” is not a telephone number.').waitFor();
  await page.getByLabel('Number', { exact: true }).fill('020 7946 0123');
  await page.getByLabel('Until').fill('2001-01-01');
  await page.getByRole('button', { name: 'Add number' }).click();
  await page.getByText('“2001-01-01” is in the past.').waitFor();
  await page.getByLabel('Until').fill('2099-01-31');
  await page.getByRole('button', { name: 'Add number' }).click();
  await page.getByRole('cell', { name: '31 Jan 2099' }).waitFor();

  const file = (name: string, text: string) => {
    const path = join(t.testdirName, name);
    writeFileSync(path, text);
    return path;
  };
  t.testdir({});
  const bad = file('bad.csv', 'number,note\n0161 496 0000,Ann\n+44 161 496 0000,again\nnobody,\n');
  await page.getByLabel('CSV file').setInputFiles(bad);
  await page.getByRole('button', { name: 'Import numbers' }).click();
  await page.getByText('Nothing was imported: 2 lines must be corrected.').waitFor();
  await page.getByText('“+44 161 496 0000” is the same number as in line 2.').waitFor();
  t.equal(await tooWide(page), 0);
  await shot('faults');
  await page.emulateMedia({ colorScheme: 'dark' });
  t.strictSame(await faults(page), []);
  if (shots)
    await page
      .getByRole('region', { name: 'Import and export' })
      .screenshot({ path: join(shots, 'lists-faults-dark.png') });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByLabel('CSV file').setInputFiles(file('same.csv', 'number\n+44 20 7946 0123\n'));
  await page.getByRole('button', { name: 'Import numbers' }).click();
  await page.getByText('“+44 20 7946 0123” is already on the list.').waitFor();
  const good = file(
    'good.csv',
    `number,note\n${Array.from({ length: 130 }, (_, i) => `0161496${1000 + i},Caller ${i}`).join('\n')}\n`,
  );
  await page.getByLabel('CSV file').setInputFiles(good);
  await page.getByRole('button', { name: 'Import numbers' }).click();
  await page.getByText('130 numbers imported.').waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByText('Caller 129').waitFor();
  await page.getByLabel('Find a number').fill('496 1129');
  await page.getByText('Caller 0', { exact: true }).waitFor({ state: 'detached' });
  await page.getByText('Caller 129').waitFor();
  await page.getByRole('button', { name: 'Remove 0161 496 1129' }).click();
  await page.getByText('No number on this list contains 4961129.').waitFor();

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export as CSV' }).click(),
  ]);
  t.match(download.suggestedFilename(), /^tapedeck-list-.*\.csv$/);
  await page.getByRole('button', { name: 'Delete list' }).click();
  await page.getByText('The list and the 130 numbers on it will be deleted.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete list' }).click();
  await page.getByText('No lists yet.').waitFor();
  t.match(await house.dashboard.catalogue.audit.entries({ actions: ['policy_change'], limit: 9 }), [
    { object: 'list', detail: { changes: ['list "Do not record" is gone, with 130 numbers'] } },
    { detail: { changes: ['list "Do not record" has 1 number less'] } },
    { detail: { changes: ['list "Do not record" has 130 numbers more'] } },
    { detail: { changes: ['list "Do not record" has 1 number more'] } },
    { detail: { changes: ['list "Do not record" is new'] } },
  ]);
  t.strictSame(complaints, []);
});

t.test('the lists of an office, wide and on a phone, by day and by night', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  for (const [name, width, colorScheme] of [
    ['wide', 1280, 'light'],
    ['dark', 1280, 'dark'],
    ['phone', 360, 'dark'],
  ] as const) {
    const { page, complaints } = await openDesk(t, opened, house, { path: '/lists', width });
    await page.emulateMedia({ colorScheme });
    await page.getByText('2 lists with 3 numbers.').waitFor();
    if (shots) await page.screenshot({ path: join(shots, `lists-all-${name}.png`), fullPage: true });
    await page.getByRole('link', { name: 'VIP' }).click();
    await page.getByText('No end').first().waitFor();
    t.equal(await tooWide(page), 0);
    t.strictSame(await faults(page), []);
    if (shots) await page.screenshot({ path: join(shots, `lists-one-${name}.png`), fullPage: true });
    t.strictSame(complaints, []);
  }
});
