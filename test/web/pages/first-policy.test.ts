import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { faults, openBrowser, openDesk, shows, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);

/** So many fields and clicks are more than five minutes for somebody who sees the pages for the first time. */
const MOST_STEPS = 20;

/** What a person does, counted. */
function person(page: Page) {
  let steps = 0;
  const by = (what: Promise<unknown>) => {
    steps += 1;
    return what;
  };
  return {
    steps: () => steps,
    press: (name: string) => by(page.getByRole('button', { name, exact: true }).click()),
    choose: (name: string) => by(page.getByRole('radio', { name, exact: true }).check()),
    fill: (field: Locator, text: string) => by(field.fill(text)),
    select: (field: Locator, text: string) => by(field.selectOption(text)),
    follow: (name: string) => by(page.getByRole('main').getByRole('link', { name }).click()),
  };
}

t.test(
  'a new admin sets up outside calls, two languages, a works council and masks on the dashboard alone',
  async (t) => {
    const house = await openFurnished(t, opened, 'empty');
    const { page, complaints } = await openDesk(t, opened, house, { path: '/policy' });
    const shot = async (name: string) => {
      if (!process.env.SHOTS) return;
      for (const [width, colorScheme] of [
        [1280, 'light'],
        [1280, 'dark'],
        [360, 'light'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: `${process.env.SHOTS}/${name}-${width}-${colorScheme}.png`,
          fullPage: true,
        });
      }
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
    };
    const me = person(page);

    await me.select(page.getByLabel('Preset'), 'Only outside calls');
    await me.press('Fill in the rules');
    await me.fill(page.getByLabel('Groups', { exact: true }), 'Works council: 134, 135');
    await me.press('Add a record rule');
    await me.fill(page.getByLabel('Name of the rule'), 'Works council');
    await me.fill(page.getByLabel('Group of our extensions'), 'Works council');
    await me.fill(page.getByLabel('Reason', { exact: true }), 'Never recorded, as agreed.');
    await shot('rule');
    await me.press('Done');
    await me.fill(page.getByLabel('A mask ends by itself after'), '120');
    await shot('policy');
    t.equal(await tooWide(page), 0);

    await me.follow('Telling callers');
    await me.choose('Tapedeck tells people');
    await me.press('Add a language');
    await me.fill(page.getByLabel('Number called (DID)'), '+442079460222');
    await shot('language');
    await me.press('Done');
    await shot('telling');
    await me.press('Save the policy');
    await page.getByText('Tapedeck tells people that calls are recorded, by default').waitFor();
    await shot('saved');
    const { policy } = await house.dashboard.catalogue.policy.newest();
    t.match(policy, {
      record: [
        { when: { direction: ['internal'] }, outcome: 'skip' },
        { name: 'Works council', when: { group: ['Works council'] }, outcome: 'skip' },
      ],
      groups: [{ name: 'Works council', extensions: ['134', '135'] }],
      mask: { resume_after_s: 120 },
      telling: { languages: [{ when: { did: ['+442079460222'] }, language: 'es' }] },
    });
    t.ok(me.steps() <= MOST_STEPS, `${me.steps()} fields and clicks`);
    t.same(await faults(page), []);

    await page.goto(`${house.url}/policy`);
    const tried = page.getByRole('region', { name: 'What would happen' });
    for (const [number, did, language] of [
      ['+442079460999', '', 'English'],
      ['+442079460999', '+442079460222', 'Spanish'],
      ['+34912345678', '', 'Spanish'],
    ] as const) {
      await tried.getByLabel('Their number').first().fill(number);
      await tried.getByLabel('Number called (DID)').fill(did);
      await tried.getByRole('button', { name: 'Try it' }).click();
      await tried.getByText(`, in ${language}.`).waitFor();
    }
    await tried.getByLabel('Our extension').first().fill('135');
    await tried.getByRole('button', { name: 'Try it' }).click();
    await tried.getByText('It would not be recorded.').waitFor();
    await shot('tried');
    t.strictSame(complaints, []);
  },
);

t.test('a rule keeps how people are told, and a field keeps what is typed and cannot be saved', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, opened, house, { path: '/policy' });
  await page.getByRole('button', { name: 'Add a record rule' }).click();
  await page.getByLabel('Name of the rule').fill('Orders');
  await page.getByRole('radio', { name: 'Record the call', exact: true }).check();
  await page.getByLabel('How people are told').selectOption('Announce, with a key to refuse');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Edit “Orders”' }).click();
  await page.getByLabel('Reason', { exact: true }).fill('Proof of orders.');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await page.getByText('Saved as version').waitFor();
  t.match((await house.dashboard.catalogue.policy.newest()).policy.record, [
    { name: 'Orders', reason: 'Proof of orders.', tell: 'announce_refusal' },
  ]);

  const emergency = page.getByLabel('Numbers that are never recorded');
  const before = await emergency.inputValue();
  await emergency.fill('112 9x');
  await page.getByRole('main').getByRole('link', { name: 'Telling callers' }).click();
  await page.getByText('Tapedeck tells nobody that calls are recorded').waitFor();
  t.equal(await page.getByText('Saved as version').count(), 0, 'another page was saved');
  await page.getByRole('status').getByRole('link', { name: 'Policy' }).click();
  await page.getByText('Not understood: 9x').waitFor();
  t.equal(await emergency.inputValue(), '112 9x');
  t.ok(await page.getByRole('button', { name: 'Save the policy' }).isDisabled());
  await emergency.fill(Array.from({ length: 51 }, (_, i) => 100 + i).join(' '));
  await page.getByText('Enter at most 50 numbers').waitFor();
  await page.getByRole('button', { name: 'Discard changes' }).click();
  await shows(t, () => emergency.inputValue(), before);
});
