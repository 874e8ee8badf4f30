import t from 'tap';
import { faults, openBrowser, openDesk, shows, tooWide, until } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const house = await openFurnished(t, opened);
const { office } = house;

t.test('a call tells how its people were told, and leads to where that is heard', async (t) => {
  const { page, complaints } = await openDesk(t, opened, house, { path: `/calls/${office.long.id}` });
  const told = page.getByRole('region', { name: 'How people were told' });
  await told.getByText('Priya Raman spoke on this call and was not told that it is recorded.').waitFor();
  await told.getByText(/^Announced in English, with a key to refuse, to .* and Reception$/).waitFor();
  await told.getByText('Priya Raman joined, and was not told').waitFor();
  await told.getByText('cut short, so nobody counts as told by it').waitFor();
  await told.getByText('0:00.1 to 0:04.2, as the PBX reports').waitFor();
  const place = told.getByRole('button', { name: 'Heard in the recording on our side, 0:00.1 to 0:04.2' });
  await told.getByRole('button', { name: '0:21' }).click();
  const at = "Number(document.querySelector('[role=slider]').getAttribute('aria-valuenow'))";
  await until(page, `${at} === 21`);
  await place.click();
  await until(page, `${at} === 0`);
  await told.getByText('Why people were told this way').click();
  await told.getByText('Your rule “Sales” asks for “Announce, with a key to refuse”.').waitFor();
  await told.getByText('United Kingdom (this site) needs at least “Announce”.').waitFor();
  await told.getByText('Information, not legal advice.').waitFor();
  t.strictSame(complaints, []);
});

t.test('what was played and what was heard, refused, agreed and left out is told apart', async (t) => {
  const says: [keyof typeof office, string | RegExp][] = [
    ['outgoing', 'Played, and not found in the recording'],
    ['partial', 'Not in the recording, which is masked or incomplete there'],
    ['partial', 'Workshop joined, and was told at 0:22'],
    ['yamamoto', /^Agreed with key 1, by /],
    ['full', /^Refused with key 9, by /],
    ['full', 'Refused, noted by Jonas Weber'],
    ['asked', 'People are asked for a yes, nobody said yes, and there is a recording.'],
    ['kept', 'Nobody was told that this call is recorded.'],
    ['erased', /^Your dialplan played “this-call-may-be” to /],
    ['live', /^A repeated tone was played to Hartley & Sons and Anna Berg$/],
    [
      'asked',
      'The law of a place on this call asks that people hear who records, and what for. The announcement did not say so.',
    ],
    ['noisy', 'The announcement says so, according to the person who added it.'],
    ['internal', 'Nobody had to be told: the policy tells nobody in calls like this one.'],
    ['processing', 'Not looked for in the recording yet'],
  ];
  const { page } = await openDesk(t, opened, house, { width: 360 });
  for (const [call, text] of says) {
    await page.goto(`${house.url}/calls/${office[call].id}`);
    if (call === 'noisy') await page.getByText('Why people were told this way').click();
    await page.locator('.told').getByText(text).first().waitFor();
    t.ok((await tooWide(page)) <= 0, `${call} fits`);
  }
  await page.goto(`${house.url}/calls/${office.due1.id}`);
  await page.locator('#call-title').waitFor();
  t.equal(await page.locator('.told').count(), 0, 'nothing was decided of it');
});

t.test(
  'the consent report answers in words, lists exceptions first, and its figures lead to calls',
  async (t) => {
    const { page, complaints } = await openDesk(t, opened, house, { path: '/consent-report', as: 'eve' });
    await page
      .getByRole('link', { name: 'In 3 of 11 calls somebody was not told that the call was recorded.' })
      .waitFor();
    await page.getByText('One more answered call is known only from the PBX’s CDRs').waitFor();
    const rows = page.locator('.consent-list tbody tr');
    await shows(t, () => rows.count(), 5);
    const total = page.locator('.consent-modes tfoot tr');
    t.match(await total.textContent(), /^Total.*11.*/);
    await page.getByLabel('Show').selectOption({ label: 'Every call' });
    await until(page, "document.querySelectorAll('.consent-list tbody tr').length === 11");
    t.match(page.url(), /show=all/);
    await page.getByRole('link', { name: 'Not everybody told' }).click();
    await until(page, "document.querySelectorAll('.consent-list tbody tr').length === 2");
    t.match(page.url(), /show=told_in_part/);
    await page.getByRole('link', { name: 'Not said' }).click();
    await until(page, "document.querySelectorAll('.consent-list tbody tr').length === 6");
    await page.getByRole('link', { name: '1 call has a refusal' }).click();
    await until(page, "document.querySelectorAll('.consent-list tbody tr').length === 1");
    await shows(t, () => rows.first().textContent(), /Refused/);
    t.match(
      await page.getByRole('link', { name: 'Create report' }).getAttribute('href'),
      /^\/reports\?report=consent&from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d$/,
    );
    t.same(await faults(page), []);
    await page.setViewportSize({ width: 360, height: 740 });
    t.ok((await tooWide(page)) <= 0);
    await page.goto(`${house.url}/consent-report?from=2026-07-31&to=2026-07-01`);
    await page.getByText(/2026-07-31, is after the last day, 2026-07-01/).waitFor();
    await page.getByLabel('From').waitFor();
    t.equal(complaints.filter((line) => !/400/.test(line)).length, 0);
    await page.goto(`${house.url}/consent-report?from=2020-01-01&to=2020-01-31`);
    await page.getByText('In this period no call was answered.').waitFor();
  },
);
