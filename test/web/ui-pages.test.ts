import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../support/web/browser.js';
import { openDashboard, setUp } from '../support/web/dashboard.js';
import type { fakeApi } from '../support/web/fake-api.js';

type Api = Awaited<ReturnType<typeof fakeApi>>;

const opened = await openBrowser(t);

/** Each page with what has to be on it before it is looked at. */
const pages: {
  name: string;
  data?: Parameters<typeof openDesk>[2];
  go: (page: Page, api: Api) => Promise<unknown>;
}[] = [
  { name: 'sign in', data: { signedIn: false }, go: (p) => p.getByLabel('Name', { exact: true }).waitFor() },
  {
    name: 'set up with faults',
    data: { signedIn: false, setUp: true },
    go: async (p) => {
      await p.getByRole('button', { name: 'Create account' }).click();
      await p.getByText('3 problems to correct').waitFor();
    },
  },
  { name: 'no calls', data: { state: 'empty' }, go: (p) => p.getByText('No calls yet').waitFor() },
  { name: 'calls', go: (p) => p.locator('.call-row').first().waitFor() },
  {
    name: 'the recorder is down',
    data: { state: 'down' },
    go: (p) => p.getByText('The recorder is not running').waitFor(),
  },
  {
    name: 'a call with a gap',
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[6]!.id}`);
      await p.getByRole('slider', { name: 'Position in the recording' }).waitFor();
      await p.locator('details summary').click();
    },
  },
  {
    name: 'a call that was not recorded',
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[7]!.id}`);
      await p.getByText('but not recorded').waitFor();
    },
  },
  {
    name: 'the menu',
    go: (p) => p.getByRole('button', { name: 'Menu of Anna Berg' }).click(),
  },
  {
    name: 'keys',
    go: async (p) => {
      await p.locator('.call-row').first().waitFor();
      await p.keyboard.press('?');
      await p.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'policy with a rule open',
    go: async (p, api) => {
      await p.goto(`${api.url}/policy`);
      await p.getByRole('button', { name: 'Add a record rule' }).click();
      await p.getByRole('button', { name: 'Done' }).click();
      await p.getByText('1 problem to correct').waitFor();
    },
  },
  {
    name: 'retention with its breaker tripped',
    data: { state: 'breaker' },
    go: async (p, api) => {
      await p.goto(`${api.url}/retention`);
      await p.getByText('The safety limit stops the nightly run').waitFor();
    },
  },
  ...(['trouble', 'hostile'] as const).map((state) => ({
    name: `health, ${state}`,
    data: { state },
    go: async (p: Page, api: Api) => {
      await p.goto(`${api.url}/health`);
      await p.locator('.answer').waitFor();
    },
  })),
  {
    name: 'coverage with exceptions',
    go: async (p, api) => {
      await p.goto(`${api.url}/coverage`);
      await p.locator('.coverage-cdrs summary').first().click();
    },
  },
  {
    name: 'coverage of a year',
    data: { state: 'year' },
    go: async (p, api) => {
      await p.goto(
        `${api.url}/coverage?from=${new Date(Date.now() - 700 * 86_400_000).toISOString().slice(0, 10)}`,
      );
      await p.getByText('How this figure is calculated').waitFor();
    },
  },
  {
    name: 'coverage with hostile names',
    data: { state: 'hostile' },
    go: async (p, api) => {
      await p.goto(`${api.url}/coverage?status=all`);
      await p.locator('.coverage-cdrs summary').first().click();
    },
  },
  {
    name: 'coverage without a call or a witness',
    data: { state: 'empty' },
    go: async (p, api) => {
      await p.goto(`${api.url}/coverage`);
      await p.getByText('Asterisk has sent no CDRs').first().waitFor();
    },
  },
  {
    name: 'quality',
    go: async (p, api) => {
      await p.goto(`${api.url}/quality`);
      await p.getByText('Extension 112: noisy in 31 of 40 calls.').waitFor();
    },
  },
  {
    name: 'quality of nothing',
    data: { state: 'empty' },
    go: async (p, api) => {
      await p.goto(`${api.url}/quality`);
      await p.getByText('No recordings in this period.').waitFor();
    },
  },
  {
    name: 'a call with faults, in a list of one phone',
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[2]!.id}?quality=noisy&of=extension:112`);
      await p.locator('details summary').click();
      await p.getByText('Them: noisy').waitFor();
      await p.getByText('the other side repeats 180 ms later, 22 dB quieter').waitFor();
    },
  },
  ...(['little', 'hostile', 'trouble'] as const).map((state) => ({
    name: `audit log, ${state}`,
    data: { state },
    go: async (p: Page, api: Api) => {
      await p.goto(`${api.url}/audit`);
      await p.locator('.audit-list').waitFor();
      await p.locator('.audit .answer').waitFor();
    },
  })),
  {
    name: 'audit log without an entry',
    data: { state: 'empty' },
    go: async (p, api) => {
      await p.goto(`${api.url}/audit`);
      await p.getByText('The log is empty').waitFor();
    },
  },
  ...(
    [
      ['admin', 2],
      ['reviewer', 4],
      ['agent', 6],
    ] as const
  ).map(([as, call]) => ({
    name: `a call as an ${as} sees it`,
    data: { as },
    go: async (p: Page, api: Api) => {
      await p.goto(`${api.url}/calls/${api.calls[call]!.id}`);
      await p.getByText(as === 'admin' ? 'can’t listen to it' : 'The rest is silent for you.').waitFor();
    },
  })),
  {
    name: 'an auditor is asked why',
    data: { as: 'auditor' },
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[2]!.id}`);
      await p.getByRole('button', { name: 'Play', exact: true }).first().click();
      await p.getByRole('button', { name: 'Listen' }).click();
      await p.getByText('Enter a reason.').waitFor();
    },
  },
  {
    name: 'nothing is given yet',
    data: { as: 'nobody' },
    go: (p) => p.getByText('You don’t have access to any calls yet').waitFor(),
  },
  {
    name: 'a page that is not for an agent',
    data: { as: 'agent' },
    go: async (p, api) => {
      await p.goto(`${api.url}/policy`);
      await p.getByText('You don’t have access to this page').waitFor();
    },
  },
  {
    name: 'rules that an auditor reads',
    data: { as: 'auditor' },
    go: async (p, api) => {
      await p.goto(`${api.url}/policy`);
      await p.getByText('Only admins can change them.').waitFor();
    },
  },
  {
    name: 'erasing by hand',
    data: { state: 'breaker' },
    go: async (p, api) => {
      await p.goto(`${api.url}/retention`);
      await p.getByRole('button', { name: /^Erase \d+ recordings/ }).click();
      await p.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'people',
    go: async (p, api) => {
      await p.goto(`${api.url}/people`);
      await p.getByText('4 people can sign in; one is an admin.').waitFor();
    },
  },
  {
    name: 'people, for an auditor, with hostile names',
    data: { state: 'hostile', auditor: true },
    go: async (p, api) => {
      await p.goto(`${api.url}/people`);
      await p.getByText('Only an admin can change them').waitFor();
    },
  },
  {
    name: 'somebody, for an auditor',
    data: { auditor: true },
    go: async (p, api) => {
      await p.goto(`${api.url}/people`);
      await p.getByRole('link', { name: 'Carla Reyes' }).click();
      await p.getByText('Carla Reyes sees and hears').waitFor();
    },
  },
  {
    name: 'somebody, with a scope',
    go: async (p, api) => {
      await p.goto(`${api.url}/people/carla`);
      await p.getByText('Unknown program').waitFor();
    },
  },
  {
    name: 'somebody new, with faults',
    data: { state: 'empty' },
    go: async (p, api) => {
      await p.goto(`${api.url}/people/new`);
      await p.getByLabel('Reviewer', { exact: true }).check();
      await p.getByLabel('Agent', { exact: true }).check();
      await p.getByRole('button', { name: 'Save' }).click();
      await p.getByText('3 problems to correct').waitFor();
    },
  },
  {
    name: 'a link for somebody',
    go: async (p, api) => {
      await p.goto(`${api.url}/people/ben`);
      await p.getByRole('button', { name: 'Create password link' }).click();
      await p.getByText('It works once').waitFor();
    },
  },
  {
    name: 'removing somebody',
    go: async (p, api) => {
      await p.goto(`${api.url}/people/finn`);
      await p.getByRole('button', { name: 'Remove' }).click();
      await p.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'account',
    go: async (p, api) => {
      await p.goto(`${api.url}/account`);
      await p.getByText('Safari on iPhone').waitFor();
      await p.getByRole('button', { name: 'Revoke Monitoring' }).waitFor();
    },
  },
  {
    name: 'account with faults and a new token',
    data: { state: 'empty' },
    go: async (p, api) => {
      await p.goto(`${api.url}/account`);
      await p.getByRole('button', { name: 'Create token' }).click();
      await p.getByLabel('Purpose').fill('Backup');
      await p.getByLabel('List calls').check();
      await p.getByRole('button', { name: 'Create this token' }).click();
      await p.getByText('It is shown only now').waitFor();
      await p.getByLabel('New password').fill('four unrelated');
      await p.getByRole('button', { name: 'Change password' }).click();
      await p.getByText('1 problem to correct').waitFor();
    },
  },
  {
    name: 'choosing a password by a link',
    data: { signedIn: false },
    go: async (p, api) => {
      await p.goto(`${api.url}/welcome#ABCD-EFGH-JKMN-PQRS-TVWX`);
      await p.getByText('Welcome, Dan Wolff.').waitFor();
      await p.getByLabel('Password', { exact: true }).fill('dan wolff dan wolff');
      await p.getByText('Contains the name').waitFor();
    },
  },
  {
    name: 'evidence pack',
    go: async (p, api) => {
      await p.goto(`${api.url}/calls/${api.calls[2]!.id}`);
      await p.getByRole('button', { name: 'Evidence pack' }).click();
      await p.getByRole('dialog').waitFor();
    },
  },
];

t.setTimeout(880_000);

/** Looks at a page in each width and theme. It is narrow and light when this begins. */
async function lookAt(t: Test, page: Page): Promise<void> {
  const look = async (what: string, rules?: string[]) =>
    t.strictSame(await faults(page, rules), [], `${what} is accessible`);
  await look('narrow and light');
  t.equal(await tooWide(page), 0, 'nothing sticks out of 360 px');
  await page.emulateMedia({ colorScheme: 'dark' });
  await look('narrow and dark', ['color-contrast']);
  await page.setViewportSize({ width: 1280, height: 900 });
  await look('wide and dark');
  t.equal(await tooWide(page), 0, 'nothing sticks out of 1280 px');
  await page.emulateMedia({ colorScheme: 'light' });
  await look('wide and light', ['color-contrast']);
}

t.test('every page is accessible and fits, light and dark, wide and narrow', async (t) => {
  t.jobs = 4;
  for (const { name, data, go } of pages)
    t.test(name, { buffered: true }, async (t) => {
      const { page, api, complaints } = await openDesk(t, opened, data, { width: 360, theme: 'light' });
      await go(page, api);
      await lookAt(t, page);
      t.strictSame(complaints, []);
    });
});

t.test('so is the API reference, of which each request can be opened', async (t) => {
  const dashboard = await openDashboard(t, { uiDir: opened.uiDir, now: Date.now });
  const cookie = await setUp(dashboard);
  const address = await dashboard.app.listen({ port: 0, host: '127.0.0.1' });
  const context = await opened.browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'en-GB' });
  t.teardown(() => context.close());
  const [name, value] = cookie.split('=') as [string, string];
  await context.addCookies([{ name, value, url: address }]);
  const page = await context.newPage();
  await page.goto(`${address}/api/docs`);
  await page.getByText('Calls, newest first').click();
  await page.getByText('Cursor: calls older than the call with this id.').waitFor();
  t.equal(new URL(page.url()).pathname, '/api-reference');
  await lookAt(t, page);
  const closed = page.locator('details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
  // What is within is drawn a moment after the click.
  await page.locator('.operation[open]:not(:has(.operation-body))').waitFor({ state: 'detached' });
  t.equal(await page.locator('.operation-body').count(), await page.locator('.operation').count());
});
