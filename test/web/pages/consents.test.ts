import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;

t.test(
  'an objection is entered with a document, found, saved, withdrawn and its document erased',
  async (t) => {
    const house = await openFurnished(t, opened, 'empty');
    const { catalogue } = house.dashboard;
    const { page, complaints } = await openDesk(t, opened, house, { path: '/consents' });
    const shot = async (name: string) => {
      if (shots) await page.screenshot({ path: join(shots, `consents-${name}.png`), fullPage: true });
    };
    await page.getByText('No consents or objections yet.').waitFor();
    await shot('none');
    await page.getByRole('button', { name: 'Enter a consent or objection' }).click();
    await page.getByRole('button', { name: 'Save entry' }).click();
    await page.getByText('Enter a number.').waitFor();
    await page.getByText('Enter the day on which it was given.').waitFor();
    await page.getByText('Enter how it was given, such as “contract of 3 May” or “letter”.').waitFor();
    t.equal(await tooWide(page), 0);
    await shot('faults');
    await page.emulateMedia({ colorScheme: 'dark' });
    t.strictSame(await faults(page), []);
    await shot('faults-dark');
    await page.emulateMedia({ colorScheme: 'light' });

    await page.getByLabel('Number', { exact: true }).fill('020 7946 0123');
    await page.getByLabel('Contact').fill('Ann Example');
    await page.getByLabel('Given on').fill('2999-01-01');
    await page.getByLabel('How it was given').fill('Letter');
    await page.getByLabel('Only for extensions').fill('101 102');
    t.testdir({});
    const file = (name: string, text: string | Buffer) => {
      const path = join(t.testdirName, name);
      writeFileSync(path, text);
      return path;
    };
    await page.getByLabel('Signed document').setInputFiles(file('large.pdf', Buffer.alloc(5_000_001)));
    await page.getByRole('button', { name: 'Save entry' }).click();
    await page.getByText('The file is larger than 5 MB.').waitFor();
    await page.getByLabel('Signed document').setInputFiles(file('page.pdf', '<script>alert(1)</script>'));
    await page.getByRole('button', { name: 'Save entry' }).click();
    await page.getByText('That day is in the future.').waitFor();
    await page.getByLabel('Given on').fill('2026-01-03');
    await page.getByRole('button', { name: 'Save entry' }).click();
    await page.getByText('This file cannot be kept as a signed document.').waitFor();
    t.equal(await catalogue.consents.count(), 0);
    const signed = '%PDF-1.7 I object. Ann Example';
    await page.getByLabel('Signed document').setInputFiles(file('letter.pdf', signed));
    await page.getByRole('button', { name: 'Save entry' }).click();
    await page.getByText('1 consent or objection.').waitFor();
    await page.getByText('Only extensions 101 and 102').waitFor();
    t.match(await catalogue.consents.get(1), {
      ...{ kind: 'objection', number: '020 7946 0123', contact: 'Ann Example', how: 'Letter' },
      ...{ extensions: ['101', '102'], queues: [], document: { type: 'application/pdf' } },
    });

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save the document of' }).click(),
    ]);
    t.equal(download.suggestedFilename(), 'tapedeck-consent-1.pdf');
    t.equal(readFileSync((await download.path())!, 'utf8'), signed);
    const href = await page.getByRole('link', { name: 'Save the document of' }).getAttribute('href');
    const answer = await page.evaluate(async (address) => {
      const { headers } = await fetch(address);
      return ['content-type', 'content-disposition', 'x-content-type-options'].map((name) =>
        headers.get(name),
      );
    }, href!);
    t.strictSame(answer, [
      'application/octet-stream',
      'attachment; filename="tapedeck-consent-1.pdf"',
      'nosniff',
    ]);

    await page.getByLabel('Find a number').fill('999');
    await page.getByText('No consent or objection for a number that contains 999.').waitFor();
    await page.getByLabel('Find a number').fill('7946');
    await page.getByRole('button', { name: 'Withdraw the objection of' }).click();
    await page.getByText('It no longer holds from now on.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Withdrawn by Anna').waitFor();
    t.equal(await page.getByRole('button', { name: 'Withdraw the objection of' }).count(), 0);
    await page.getByRole('button', { name: 'Erase the document of' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase document' }).click();
    await page.getByText('Erased by Anna').waitFor();
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ]);
    t.match(
      readFileSync((await csv.path())!, 'utf8'),
      /objection,020 7946 0123,Ann Example,101 102,,2026-01-03,Letter,,withdrawn/,
    );
    t.match(
      (await catalogue.audit.entries({ limit: 20 }))
        .map(({ action }) => action)
        .filter((action) => /consent|export/.test(action)),
      ['export', 'consent_erase', 'consent_withdraw', 'export', 'export', 'consent_add'],
    );
    t.strictSame(
      complaints.filter((text) => !/400|422/.test(text)),
      [],
    );
  },
);

t.test('a file is imported: nothing while a line is wrong, or only what is right', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { catalogue } = house.dashboard;
  const { page, complaints } = await openDesk(t, opened, house, { path: '/consents' });
  await page.getByText('No consents or objections yet.').waitFor();
  await page.getByRole('button', { name: 'Import from CSV' }).click();
  await page.getByRole('button', { name: 'Import entries' }).click();
  await page.getByText('Choose a CSV file.').waitFor();
  t.testdir({});
  const path = join(t.testdirName, 'consents.csv');
  const lines = [
    'kind,number,given,how,contact',
    'objection,020 7946 0123,2026-01-03,Letter,Ann Example',
    'objection,nobody,2026-01-03,Letter,Ann Example',
    'maybe,020 7946 0124,3 May,Letter,',
    'consent,020 7946 0125,2026-01-04,Contract,',
  ];
  writeFileSync(path, lines.join('\n'));
  await page.getByLabel('CSV file').setInputFiles(path);
  await page.getByRole('button', { name: 'Import entries' }).click();
  await page.getByText('Nothing was imported: 2 lines must be corrected.').waitFor();
  for (const text of ['“nobody” is not a telephone number.', '“maybe” is neither', '“3 May” is not a day.'])
    await page.getByText(text).waitFor();
  t.equal(await page.getByText('Line 4').count(), 2);
  t.equal(await catalogue.consents.count(), 0);
  for (const [name, width, colorScheme] of [
    ['wide', 1280, 'light'],
    ['phone-dark', 360, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    t.equal(await tooWide(page), 0);
    t.strictSame(await faults(page), []);
    if (shots) await page.screenshot({ path: join(shots, `consents-import-${name}.png`), fullPage: true });
  }
  await page
    .getByRole('button', { name: 'Import the 2 entries without mistakes and leave out 2 lines' })
    .click();
  await page.getByText('2 entries imported. 2 lines were left out.').first().waitFor();
  t.match(
    (await catalogue.consents.list({ limit: 9 })).map(({ kind, number }) => `${kind} ${number}`),
    ['consent 020 7946 0125', 'objection 020 7946 0123'],
  );
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Import from CSV' }).click();
  writeFileSync(path, lines.filter((_, n) => n < 2).join('\n'));
  await page.getByLabel('CSV file').setInputFiles(path);
  await page.getByRole('button', { name: 'Import entries' }).click();
  await page.getByText('1 entry imported.').first().waitFor();
  t.equal(await catalogue.consents.count(), 3);
  t.strictSame(complaints, []);
});

t.test('the personal data of one is erased with a reason, and that there was one stays', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  const { catalogue } = house.dashboard;
  const { page } = await openDesk(t, opened, house, { path: '/consents' });
  await page.getByText('4 consents and objections.').waitFor();
  await page
    .getByRole('button', { name: 'Erase the personal data of the objection of +44 20 7946 0123' })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('This objection is in force.').waitFor();
  await dialog.getByRole('button', { name: 'Erase personal data' }).click();
  await page.getByText('Enter why it is erased.').waitFor();
  await dialog.getByLabel('Reason').fill('of 020 7946 0123');
  await dialog.getByRole('button', { name: 'Erase personal data' }).click();
  await page.getByText('without naming anybody').waitFor();
  t.strictSame(await faults(page), []);
  if (shots) await page.screenshot({ path: join(shots, 'consents-erase.png') });
  await dialog.getByLabel('Reason').fill('Request of 3 May');
  await dialog.getByRole('button', { name: 'Erase personal data' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Request of 3 May').waitFor();
  await page.getByText('Erased by Anna').first().waitFor();
  t.equal(await page.getByText('+44 20 7946 0123').count(), 0);
  t.strictSame(await catalogue.consents.list({ digits: '79460123', limit: 9 }), []);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    t.equal(await tooWide(page), 0);
    if (shots) await page.screenshot({ path: join(shots, `consents-erased-${width}.png`), fullPage: true });
  }
});

t.test('the consents of an office, wide and on a phone, by day and by night', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  for (const [name, width, colorScheme] of [
    ['wide', 1280, 'light'],
    ['dark', 1280, 'dark'],
    ['phone', 360, 'light'],
    ['phone-dark', 360, 'dark'],
  ] as const) {
    const { page, complaints } = await openDesk(t, opened, house, { path: '/consents', width });
    await page.emulateMedia({ colorScheme });
    await page.getByText('4 consents and objections.').waitFor();
    t.equal(await tooWide(page), 0);
    t.strictSame(await faults(page), []);
    if (shots) await page.screenshot({ path: join(shots, `consents-all-${name}.png`), fullPage: true });
    await page.getByRole('button', { name: 'Enter a consent or objection' }).click();
    t.equal(await tooWide(page), 0);
    t.strictSame(await faults(page), []);
    if (shots) await page.screenshot({ path: join(shots, `consents-form-${name}.png`), fullPage: true });
    t.strictSame(complaints, []);
  }
});

t.test('without the right to change them they can be read', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  const { page } = await openDesk(t, opened, house, { path: '/consents', as: 'eve' });
  await page.getByText('Only admins can change them.').waitFor();
  await page.getByText('4 consents and objections.').waitFor();
  for (const name of ['Enter a consent', 'Import from CSV', 'Withdraw', 'Erase'])
    t.equal(await page.getByRole('button', { name }).count(), 0, name);
});
