import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

t.setTimeout(240_000);
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
  for (const name of ['Enter a consent or objection', 'Withdraw', 'Erase document'])
    t.equal(await page.getByRole('button', { name }).count(), 0, name);
});
