import { join } from 'node:path';
import t from 'tap';
import { faults, openBrowser, openDesk, shows, tooWide } from '../../support/web/browser.js';
import { addRecording } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;
const NUMBER = '+49 30 123444';
const them = { number: '+4930123444', name: '', ours: false };

t.test('what can be erased for a request is erased from its page, and the rest says why not', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { catalogue, keys } = house.dashboard;
  const add = async () =>
    (await addRecording(house.dashboard, Buffer.from('sound'), { call: { them } })).recording;
  const [first, second, held] = [await add(), await add(), await add()];
  const matter = { id: 'M1', name: 'Smith v. Example', reason: 'Dispute', query: null };
  await catalogue.holds.open({ ...matter, openedBy: 'Eve', openedAt: 1 });
  await catalogue.holds.pick('M1', [held.id], 'Eve', 1);

  const { page, complaints } = await openDesk(t, opened, house, { path: '/requests' });
  await page.getByRole('button', { name: 'Enter a request' }).click();
  await page.getByLabel('What the person asks for').selectOption('erasure');
  await page.getByLabel('Name', { exact: true }).fill('Ann Example');
  await page.getByLabel('Telephone numbers of the person').fill(NUMBER);
  await page.getByLabel('How their identity was checked').fill('Called back');
  await page.getByRole('button', { name: 'Save request' }).click();
  await page.getByText(/^3 calls: 2 can be erased, 1 cannot be erased\.$/).waitFor();
  await page.getByText('It is under legal hold: Smith v. Example.').waitFor();
  await page.getByRole('button', { name: 'Erase 2 recordings…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase 2 recordings?' });
  t.equal(await dialog.getByLabel('Reason').inputValue(), 'Request 1');
  t.strictSame(await faults(page), []);
  if (shots) await page.screenshot({ path: join(shots, 'requests-erase.png') });
  await dialog.getByLabel('Type “erase 2” to confirm').fill('erase 2');
  // Somebody holds one of them while the dialog is open.
  await catalogue.holds.pick('M1', [second.id], 'Eve', 2);
  await dialog.getByRole('button', { name: 'Erase 2 recordings permanently' }).click();
  await dialog.getByText('Nothing was erased: 1 recording is protected').waitFor();
  t.ok(keys.has(first.id));
  await dialog.getByRole('button', { name: 'Leave it out' }).click();
  const left = page.getByRole('dialog', { name: 'Erase recording?' });
  await left.getByLabel('Type “erase 1” to confirm').fill('erase 1');
  await left.getByRole('button', { name: 'Erase 1 recording permanently' }).click();
  await page.getByText('1 recording erased.').first().waitFor();
  await page.getByText(/^3 calls: 2 cannot be erased, 1 erased\.$/).waitFor();
  await page.getByText(/Erased by hand by .*: Request 1/).waitFor();
  t.equal(await page.getByRole('button', { name: /^Erase / }).count(), 0);
  t.notOk(keys.has(first.id));
  t.ok(keys.has(second.id) && keys.has(held.id));
  t.match(await catalogue.audit.entries({ actions: ['erase'], limit: 1 }), [
    { reason: 'Request 1', detail: { request: 1 } },
  ]);

  await page.getByRole('button', { name: 'Prepare answer' }).click();
  const answer = page.getByRole('dialog', { name: 'Prepare the answer' });
  await answer.getByText('the list of the calls, and no recordings').waitFor();
  for (const width of [1280, 360])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (shots) await page.screenshot({ path: join(shots, `requests-answer-${width}-${colorScheme}.png`) });
      t.ok((await tooWide(page)) <= 0);
    }
  let arrive = () => {};
  const arrives = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  await page.route(/\/letter\b/, (route) => arrives.then(() => route.continue()));
  await answer.getByLabel('Letter', { exact: true }).selectOption('refusal');
  const save = answer.getByRole('button', { name: 'Save answer' });
  const letter = answer.getByLabel('Text of the letter');
  t.ok(await save.isDisabled(), 'the letter before is not saved under the name of this one');
  t.notOk(await letter.isEditable(), 'nothing is typed that the letter would replace');
  arrive();
  await shows(t, () => save.isDisabled(), false);
  t.ok(await letter.isEditable());
  await answer.getByLabel('Legal hold').check();
  await shows(t, () => letter.inputValue(), /17\(3\)\(e\)/, 'the reason is in the letter');
  t.strictSame(await faults(page), []);
  const file = page.waitForEvent('download');
  await save.click();
  t.match((await file).suggestedFilename(), /^tapedeck-request-1-\d{4}-\d\d-\d\d\.zip$/);

  const request = page.url();
  await page.goto(`${house.url}/requests`);
  await page.getByRole('button', { name: 'Edit letters' }).click();
  const letters = page.getByRole('dialog', { name: 'Letters' });
  await letters.getByText('This is the letter that comes with Tapedeck.').waitFor();
  await letters.getByLabel('Letter', { exact: true }).selectOption('refusal');
  await letters.getByLabel('Text', { exact: true }).fill('Hello {nmae}');
  await letters.getByRole('button', { name: 'Save letter' }).click();
  await letters.getByText('{nmae} stands for nothing').waitFor();
  t.strictSame(await faults(page), []);
  await letters.getByLabel('Text', { exact: true }).fill('Hello {name}, no.\n\n{complaint}');
  await letters.getByRole('button', { name: 'Save letter' }).click();
  await letters.getByText(/^Changed by Anna Berg on /).waitFor();
  for (const width of [1280, 360])
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      if (shots) await page.screenshot({ path: join(shots, `requests-letters-${width}-${colorScheme}.png`) });
      t.ok((await tooWide(page)) <= 0);
    }
  await letters.getByRole('button', { name: 'Cancel' }).click();
  await page.goto(request);
  await page.getByRole('button', { name: 'Prepare answer' }).click();
  await answer.getByLabel('Letter', { exact: true }).selectOption('refusal');
  await shows(
    t,
    () => letter.inputValue(),
    /^Hello Ann Example, no\.\n\nIf you disagree/,
    'as it was changed',
  );
  await answer.getByRole('button', { name: 'Cancel' }).click();
  await page.goto(`${house.url}/requests`);
  await page.getByRole('button', { name: 'Edit letters' }).click();
  await letters.getByLabel('Letter', { exact: true }).selectOption('refusal');
  await letters.getByRole('button', { name: 'Restore the standard letter' }).click();
  await letters.getByText('This is the letter that comes with Tapedeck.').waitFor();
  await shows(t, () => letters.getByLabel('Text', { exact: true }).inputValue(), /^\{name\}\n\{contact\}/);
  const refused = complaints.filter((said) => !/status of 400/.test(said));
  t.strictSame(refused, []);
});
