import type { Page } from 'playwright-core';
import t from 'tap';
import { faults, openBrowser, openDesk, shows, until } from '../../support/web/browser.js';
import { openDashboard, password } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';
import { INVITATION, type PersonId, people } from '../../support/web/furnished-people.js';
import { bring } from '../../support/web/ui-states.js';

/** People: what each may open, see and hear, and how they are added, changed and let in. */
const opened = await openBrowser(t);
const office = await openFurnished(t, opened);
const { catalogue } = office.dashboard;
const slider = (page: Page) => page.getByRole('slider', { name: 'Position in the recording' });
const position = async (page: Page) => Number(await slider(page).getAttribute('aria-valuenow'));
const pageOf = (call: { id: string }) => ({ path: `/calls/${call.id}` });

t.test('somebody is added with keys alone, and what it means is said meanwhile', async (t) => {
  const { page, complaints } = await openDesk(t, opened, office, { path: '/people' });
  await page.getByRole('link', { name: 'Add a person' }).press('Enter');
  await page.getByLabel('Name', { exact: true }).fill('Greta');
  await page.getByLabel('Reviewer', { exact: true }).press('Space');
  await page.getByLabel('Queues', { exact: true }).fill('sales');
  await page.keyboard.press('Enter');
  await page.getByLabel('Download recordings').press('Space');
  const means = page.locator('.person-means');
  await means.getByText('Greta can see and listen to the calls of queue sales, and download them.').waitFor();
  const exported = page.getByLabel('Export calls with their evidence');
  t.equal(await exported.count(), 1);
  await page.getByLabel('Auditor', { exact: true }).press('Space');
  await page.getByLabel('Reviewer', { exact: true }).press('Space');
  t.equal(await exported.count(), 0, 'an auditor cannot be given that');
  await page.getByLabel('Auditor', { exact: true }).press('Space');
  await page.getByLabel('Admin', { exact: true }).press('Space');
  await means.getByText('can see which calls were made but not listen to them.').waitFor();
  await page.getByRole('button', { name: 'Add person' }).press('Enter');
  await page.getByText('Give this link only to Greta').waitFor();
  t.match(
    await page.getByLabel('Link', { exact: true }).inputValue(),
    /\/welcome#[0-9A-Z]{4}(-[0-9A-Z]{4}){4}$/,
  );
  t.match(await catalogue.people.byName('Greta'), { name: 'Greta', roles: ['admin'], grants: [] });
  t.strictSame(complaints, []);
});

t.test('of two who change the same person the second is told, and can look before they write', async (t) => {
  const { page } = await openDesk(t, opened, office, { path: '/people/carla' });
  await page.getByLabel('Export calls with their evidence').check();
  const { scope } = people.carla;
  const dids = [...scope.dids];
  const theirs = { all: false, extensions: [], queues: [], dids };
  const { version } = await catalogue.people.change('carla', { scope: theirs }, Date.now());
  await page.getByRole('button', { name: 'Save' }).click();
  const told = page.getByRole('alert');
  await told.getByText('Carla Reyes can see and listen to the calls of our number +441632960100').waitFor();
  t.strictSame(await faults(page), []);
  await told.getByRole('button', { name: 'Save mine over theirs' }).click();
  await page.getByText('Saved. The change applies immediately').waitFor();
  t.match(await catalogue.people.get('carla'), {
    version: version + 1,
    grants: ['download', 'export'],
    scope: { queues: ['sales', 'support'] },
  });
});

t.test('the last admin is told why they stay one', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, opened, house, { path: '/people/anna' });
  await page.getByLabel('Admin', { exact: true }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('This is the last admin who can sign in.').waitFor();
});

t.test('the code of a link leaves the address at once, and a wrong one is said to be', async (t) => {
  const { page } = await openDesk(t, opened, office, { as: null, path: '/welcome#XXXX' });
  await page.getByText('This link is incomplete, was already used, or has expired.').waitFor();
  t.equal(new URL(page.url()).hash, '');
  await page.getByLabel('Code from your link').fill(INVITATION);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Password', { exact: true }).fill('four unrelated quiet words');
  await page.getByText('good length').waitFor();
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('Sign in as Dan Wolff.').waitFor();
  t.equal(await page.getByText('to correct').count(), 0, 'nothing is left to correct');
  await page.getByRole('button', { name: 'Go to sign in' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

t.test('a session is ended from the account page, and a new password ends the others', async (t) => {
  const { page } = await openDesk(t, opened, office);
  await page.getByRole('button', { name: 'Menu of Anna Berg' }).click();
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.getByRole('button', { name: 'Sign out Safari on iPhone, from 192.168.1.77' }).click();
  await until(page, "document.querySelectorAll('.lines:first-of-type .line-name').length > 0");
  await page.getByText('Safari on iPhone').waitFor({ state: 'detached' });
  await page.getByLabel('Old password').fill('wrong');
  await page.getByLabel('New password').fill('five unrelated quiet words here');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The old password is wrong.').waitFor();
  const others = office.dashboard.store.sessions.of('anna').length - 1;
  await page.getByLabel('Old password').fill(password);
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText(`Your password is changed. ${others} other sessions ended.`).waitFor();
});

/** A sign-in is a proof for nothing: the first change of each kind is confirmed. */
async function confirm(page: Page, password: string): Promise<void> {
  const proof = page.getByRole('dialog', { name: 'Confirm it’s you' });
  await proof.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await proof.waitFor({ state: 'detached' });
}

t.test('an admin lets somebody in on the real server, and out again while they look', async (t) => {
  const dashboard = await openDashboard(t, { uiDir: opened.uiDir, now: Date.now, live: { pollMs: 20 } });
  const address = await dashboard.app.listen({ port: 0, host: '127.0.0.1' });
  const visitor = async () => {
    const context = await opened.browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
    t.teardown(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    return page;
  };
  const admin = await visitor();
  await admin.goto(address);
  await admin.getByLabel('Set-up code').fill((await dashboard.setup.begin())!);
  await admin.getByLabel('Your name').fill('Anna Berg');
  await admin.getByLabel('Password', { exact: true }).fill('four unrelated quiet words');
  await admin.getByLabel('I also listen to calls').uncheck();
  await admin.getByText('see which calls were made, but cannot listen').waitFor();
  await admin.getByRole('button', { name: 'Create account' }).click();
  await admin.getByRole('link', { name: 'People' }).click();
  await admin.getByText('can see which calls were made but not listen to them.').waitFor();
  await admin.getByRole('link', { name: 'Add a person' }).click();
  await admin.getByLabel('Name', { exact: true }).fill('Greta');
  await admin.getByLabel('Reviewer', { exact: true }).check();
  await admin.getByLabel('Queues', { exact: true }).fill('sales');
  await admin.getByRole('button', { name: 'Add to Queues' }).click();
  await admin.getByRole('button', { name: 'Add person' }).click();
  await confirm(admin, 'four unrelated quiet words');
  const link = await admin.getByLabel('Link', { exact: true }).inputValue();

  const greta = await visitor();
  await greta.goto(link);
  await greta.getByText('Welcome, Greta.').waitFor();
  await greta.getByLabel('Password', { exact: true }).fill('other unrelated quiet words');
  await greta.getByRole('button', { name: 'Set password' }).click();
  await greta.getByRole('button', { name: 'Go to sign in' }).click();
  await greta.getByLabel('Name', { exact: true }).fill('greta');
  await greta.getByLabel('Password', { exact: true }).fill('other unrelated quiet words');
  await greta.getByRole('button', { name: 'Sign in' }).click();
  await greta.getByRole('button', { name: 'Menu of Greta' }).click();
  await greta.getByRole('link', { name: 'Your account' }).click();
  await greta.getByText('You can see and listen to the calls of queue sales.').waitFor();
  await greta.getByText('Chrome on Linux').waitFor();
  await greta.getByRole('button', { name: 'Create token' }).click();
  await greta.getByLabel('Purpose').fill('script');
  await greta.getByLabel('List calls').check();
  await greta.getByRole('button', { name: 'Create this token' }).click();
  await confirm(greta, 'other unrelated quiet words');
  const token = await greta.getByLabel('Token', { exact: true }).inputValue();
  const ask = () => fetch(`${address}/api/v1/calls`, { headers: { authorization: `Bearer ${token}` } });
  t.equal((await ask()).status, 200);

  await admin.getByText('Chrome on Linux').waitFor();
  await admin.getByLabel('Download recordings').check();
  await admin.getByRole('button', { name: 'Save' }).click();
  await admin.getByText('Saved. The change applies immediately').waitFor();
  await greta.getByText('You can see and listen to the calls of queue sales, and download them.').waitFor();
  await admin.getByRole('button', { name: 'Disable' }).click();
  await admin.getByText('Cannot sign in.').waitFor();
  await greta.getByText('Your session has ended.').waitFor();
  t.equal((await ask()).status, 401);
});

t.test('each role sees what it may use, and an address that is not for it says so', async (t) => {
  await bring(office, 'trouble');
  t.teardown(() => bring(office, 'well'));
  const navigation = async (page: Page) => {
    await page.locator('.status-good, .status-alarm').first().waitFor();
    return page.locator('.nav a').allTextContents();
  };
  const all = [
    'Calls',
    'Coverage',
    'Consent',
    'Quality',
    'Retention',
    'Approvals',
    'Legal holds',
    'Requests',
    'Reports',
    'Audit log',
    'Policy',
    'Number lists',
    'Consents',
    'Telling callers',
    'People',
    'Health',
  ];
  const shownTo: [PersonId, string[]][] = [
    ['anna', all],
    ['gita', all],
    ['eve', all.filter((name) => name !== 'Approvals')],
    ['carla', ['Calls']],
    ['ira', ['Calls']],
    ['noor', ['Calls']],
  ];
  for (const [as, shown] of shownTo) {
    const { page, complaints } = await openDesk(t, opened, office, { as });
    t.strictSame(await navigation(page), shown, as);
    await shows(
      t,
      () => page.locator('.status a').count(),
      shown.length > 1 ? 1 : 0,
      `${as}: the status leads somewhere`,
    );
    await shows(
      t,
      () => page.locator('.banner').count(),
      shown.length > 1 ? 1 : 0,
      `${as}: what is wrong with the box`,
    );
    if (shown.length > 1) continue;
    for (const path of [
      '/policy',
      '/lists',
      '/consents',
      '/telling',
      '/coverage',
      '/consent-report',
      '/quality',
      '/retention',
      '/approvals',
      '/holds',
      '/requests',
      '/certificates',
      '/audit',
      '/health',
      '/people',
      '/people/x',
    ]) {
      await page.goto(office.url + path);
      await page.getByRole('heading', { name: 'You don’t have access to this page' }).waitFor();
    }
    t.strictSame(complaints, [], `${as}: nothing was asked for in vain`);
  }
});

t.test('an agent opens their calls only, and hears them from where they came in', async (t) => {
  const { page } = await openDesk(t, opened, office, { as: 'ira' });
  const mine = office.calls.filter((c) => c.legs.some((l) => l.party.number === '134'));
  await page.locator('.call-row').first().waitFor();
  t.equal(await page.locator('.call-row').count(), mine.length);
  t.equal(await page.getByLabel('Sound').count(), 0, 'how others sound is not theirs to look for');
  await page.goto(`${office.url}${pageOf(office.office.partial).path}`);
  await page.getByText(/^You can listen to this call from 0:21 to /).waitFor();
  t.equal(await page.getByRole('link', { name: /Download|Who heard/ }).count(), 0);
  await shows(t, () => position(page), 21, 'the player stands where there is something to hear');
  await shows(t, () => page.locator('.signs .unheard').textContent(), 'before you joined');
  t.match(await page.locator('.happened').textContent(), /0:00\s*Silent for you: before you joined \(0:21\)/);
  const other = office.calls.find((c) => !mine.includes(c))!;
  await page.goto(`${office.url}/calls/${other.id}`);
  await page.getByText('This call does not exist, or you do not have access to it.').waitFor();
});

t.test('an auditor says why once a call, and the last reason is there for the next', async (t) => {
  const { noisy, outgoing, partial } = office.office;
  const { page } = await openDesk(t, opened, office, { ...pageOf(noisy), as: 'eve' });
  const play = page.getByRole('button', { name: 'Play', exact: true }).first();
  await play.click();
  await page.getByLabel('Reason').fill('Complaint 12');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  const [entry] = await catalogue.audit.entries({ objectId: noisy.id, actions: ['play'], limit: 1 });
  t.match(entry, { actor_id: 'eve', reason: 'Complaint 12' });
  await page.keyboard.press('k');
  await play.waitFor();
  await page.keyboard.press('k');
  await until(page, "!document.querySelector('audio').paused");
  t.equal(await page.getByRole('dialog').count(), 0, 'not asked again');
  await page.keyboard.press('k');
  await play.waitFor();
  await page.locator(`#row-${outgoing.id}`).click();
  await page.getByRole('heading', { name: outgoing.them.name }).waitFor();
  await play.click();
  t.equal(await page.getByLabel('Reason').inputValue(), 'Complaint 12');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  await page.keyboard.press('k');
  await page.locator(`#row-${partial.id}`).click();
  await page.getByRole('heading', { name: partial.them.name }).waitFor();
  await play.click();
  // As a dashboard does that was started again in between.
  await page.route('**/listen', (route) => route.fulfill({ json: { until: new Date().toISOString() } }));
  const asked = (await page.getByRole('dialog').elementHandle())!;
  await page.getByLabel('Reason').fill('forget me');
  await page.keyboard.press('Enter');
  await asked.waitForElementState('hidden');
  await page.getByRole('dialog').waitFor();
  await page.unroute('**/listen');
  await page.getByLabel('Reason').fill('Complaint 13');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('audio').currentTime > 0.1");
});

t.test('an admin who hears nothing sees the list, and why there is nothing to play', async (t) => {
  const { page } = await openDesk(t, opened, office, { as: 'gita' });
  await page.getByText('Listening to them is a separate permission').waitFor();
  await page.goto(`${office.url}${pageOf(office.office.noisy).path}`);
  await page.getByText('You can see that this call was made, but you can’t listen to it.').waitFor();
  t.equal(await page.getByRole('button', { name: 'Play', exact: true }).count(), 0);
  t.equal(await slider(page).count(), 0);
});
