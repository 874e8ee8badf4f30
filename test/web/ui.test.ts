import type { Page } from 'playwright-core';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide, until } from '../support/web/browser.js';
import { openDashboard } from '../support/web/dashboard.js';

const opened = await openBrowser(t);
const slider = (page: Page) => page.getByRole('slider', { name: 'Position in the recording' });
const position = async (page: Page) => Number(await slider(page).getAttribute('aria-valuenow'));

t.setTimeout(880_000);

t.test('a call is found, opened, played, moved in and sped up with keys alone', async (t) => {
  const { page, complaints } = await openDesk(t, opened, { state: 'year' });
  await page.locator('.call-row').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('whitfield');
  await page.waitForURL(/q=whitfield/);
  await until(
    page,
    "[...document.querySelectorAll('.row-name')].every((n) => /Whitfield/.test(n.textContent))",
  );
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/calls\/.*q=whitfield/);
  await slider(page).waitFor();
  await page.keyboard.press(' ');
  await until(page, "document.querySelector('audio').currentTime > 0.2");
  await page.keyboard.press('l');
  await until(page, "document.querySelector('audio').currentTime > 14");
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').paused");
  const before = await position(page);
  await page.keyboard.press('ArrowLeft');
  t.equal(await position(page), before - 5);
  await slider(page).focus();
  await page.keyboard.press('ArrowRight');
  t.equal(await position(page), before);
  await page.keyboard.press('Home');
  t.equal(await slider(page).getAttribute('aria-valuetext'), '0 seconds of 30 seconds');
  await page.keyboard.press(']');
  t.equal(await page.evaluate("document.querySelector('audio').playbackRate"), 1.25);
  t.strictSame(complaints, []);
});

t.test('the player goes on while other pages are opened', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/calls/${api.calls[4]!.id}`);
  await page.getByRole('button', { name: 'Play', exact: true }).first().click();
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  await page.getByRole('link', { name: 'Policy' }).click();
  await page.getByRole('heading', { name: 'Policy' }).waitFor();
  const at = Number(await page.evaluate("document.querySelector('audio').currentTime"));
  await until(page, `document.querySelector('audio').currentTime > ${at + 0.2}`);
  t.ok(await slider(page).isVisible());
});

t.test('the player tells what has sounded, and nothing that was jumped over', async (t) => {
  const { page, api } = await openDesk(t, opened);
  const { id } = api.calls[4]!;
  await page.goto(`${api.url}/calls/${id}`);
  await page.getByRole('button', { name: 'Play', exact: true }).first().click();
  await until(page, "document.querySelector('audio').currentTime > 1");
  await page.keyboard.press('l');
  await until(page, "document.querySelector('audio').currentTime > 16.5");
  await page.keyboard.press('k');
  const told = async () => {
    for (const end = Date.now() + 5_000; api.heard.length === 0 && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 20));
    return api.heard.splice(0).flatMap((h) => (h.id === id ? h.heard : []));
  };
  const [first, second, ...rest] = await told();
  t.same(rest, []);
  t.ok(first![0] < 300 && first![1] > 600 && first![1] < 3_000, `from the beginning: ${first}`);
  t.ok(second![0] > 15_000 && second![1] > 16_000 && second![1] - second![0] < 3_000, `after: ${second}`);
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').currentTime > 17.5");
  await page.goto('about:blank');
  const [last] = await told();
  t.ok(last && last[0] > 16_000 && last[1] > 17_000, `as the page goes: ${last}`);
});

t.test(
  'who heard a call is one step from it, and what somebody heard one step from their name',
  async (t) => {
    const { page, api, complaints } = await openDesk(t, opened, { state: 'year' });
    await page.goto(`${api.url}/calls/${api.calls[2]!.id}`);
    await page.getByRole('link', { name: 'Who listened to this call' }).click();
    await page.getByText('listened to 0:12\u20131:40, 2:10\u20132:11 of the call with').first().waitFor();
    t.match(page.url(), /\/audit\?call=[0-9A-Z]{26}&action=hearing$/);
    await page.locator('.audit-who a').first().click();
    await page.waitForURL(/audit\?person=P[12]&action=hearing$/);
    const rows = () => page.locator('.audit-list tbody tr').count();
    await until(page, "document.querySelectorAll('.audit-list tbody tr').length === 50");
    await page.getByRole('button', { name: 'Older entries' }).click();
    await until(page, "document.querySelectorAll('.audit-list tbody tr').length === 100");
    await page.getByLabel('Outcome').selectOption('refused');
    await page.getByText('No matching entries.').waitFor();
    t.equal(await rows(), 0);
    t.strictSame(complaints, []);
  },
);

t.test('the playhead is dragged with the mouse', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/calls/${api.calls[2]!.id}`);
  const box = await slider(page).boundingBox();
  await page.mouse.move(box!.x + 10, box!.y + 20);
  await page.mouse.down();
  await page.mouse.move(box!.x + box!.width / 2, box!.y + 20, { steps: 4 });
  await page.mouse.up();
  t.equal(await position(page), 15);
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').currentTime > 15.1");
});

t.test(
  'an evidence pack is saved under a name of our own, and it is said whether it is signed',
  async (t) => {
    for (const [data, said] of [
      [{}, 'The pack is in your downloads.'],
      [{ state: 'hostile' }, 'The recorder is not running'],
    ] as const) {
      const { page, api, complaints } = await openDesk(t, opened, data);
      const call = api.calls.find((c) => c.recording?.state === 'sealed')!;
      await page.goto(`${api.url}/calls/${call.id}`);
      await page.getByRole('button', { name: 'Evidence pack' }).click();
      t.equal(await page.evaluate('document.activeElement.id'), 'evidence-reason', 'one can type at once');
      await page.getByLabel('Reason').fill('Case 9');
      const saved = page.waitForEvent('download');
      await page.keyboard.press('Enter');
      t.equal((await saved).suggestedFilename(), `tapedeck-evidence-${call.id}.zip`);
      await page.getByText(said).waitFor();
      await page.keyboard.press('Escape');
      t.equal(await page.evaluate('document.activeElement.textContent'), 'Evidence pack\u2026');
      t.strictSame(complaints, []);
    }
    const { page, api } = await openDesk(t, opened, { auditor: true });
    await page.goto(`${api.url}/calls/${api.calls[2]!.id}`);
    await page.getByRole('button', { name: 'Evidence pack' }).click();
    await page.getByRole('button', { name: 'Create evidence pack' }).click();
    await page.getByText('Enter a reason.').waitFor();
    t.equal(await page.evaluate('document.activeElement.id'), 'evidence-reason');
    t.strictSame(await faults(page), []);
  },
);

t.test('names from the PBX are shown and never run', async (t) => {
  const { page, api, complaints } = await openDesk(t, opened, { state: 'hostile' }, { width: 360 });
  await page.locator('.call-row').first().waitFor();
  for (const call of api.calls.filter((_, i) => i < 9)) {
    await page.goto(`${api.url}/calls/${call.id}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    t.equal(await tooWide(page), 0);
  }
  t.equal(await page.evaluate('window.pwned'), undefined);
  t.strictSame(complaints, []);
  await page.goto(api.url);
  await page.locator('.call-row').first().waitFor();
  t.equal(
    await page.evaluate(
      "/[\\u0000-\\u001f\\u202a-\\u202e\\u2066-\\u2069]/.test(document.querySelector('.calls-list').textContent)",
    ),
    false,
  );
  t.equal(
    await page.evaluate(
      "Math.max(...[...document.querySelectorAll('.call-row')].map((r) => r.offsetHeight))",
    ),
    42,
  );
});

t.test('a new call appears without moving the line that is being read', async (t) => {
  const { page, api } = await openDesk(t, opened, { state: 'year' });
  await page.locator('.call-row').first().waitFor();
  await page.evaluate("document.querySelector('.calls-list').scrollTop = 600");
  const id = `#row-${api.calls[20]!.id}`;
  const before = await page.locator(id).boundingBox();
  const copy = {
    ...api.calls[2]!,
    id: `7${api.calls[0]!.id.slice(1)}`,
    started_at: new Date().toISOString(),
  };
  api.change(() => api.calls.unshift(copy));
  await page.locator(`#row-${copy.id}`).waitFor({ state: 'attached' });
  const after = await page.locator(id).boundingBox();
  t.ok(Math.abs(after!.y - before!.y) <= 1, `${before!.y} -> ${after!.y}`);
});

t.test('a recording that was being made can be played once it is there, without a reload', async (t) => {
  const { page, api } = await openDesk(t, opened);
  const making = api.calls[1]!;
  await page.goto(`${api.url}/calls/${making.id}`);
  await page.getByText('The recording is being processed').waitFor();
  api.change(() =>
    Object.assign(making, { coverage: api.calls[2]!.coverage, recording: api.calls[2]!.recording }),
  );
  await page.getByRole('button', { name: 'Play', exact: true }).first().waitFor();
  t.equal(await page.getByText('The recording is being processed').count(), 0);
});

t.test('a session that ends in the middle loses nothing that was typed', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/policy`);
  await page.getByRole('button', { name: 'Add a retention rule' }).click();
  await page.getByLabel('Name of the rule').fill('Complaints');
  api.endSession();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Name and password do not match.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Name of the rule').waitFor();
  t.equal(await page.getByLabel('Name of the rule').inputValue(), 'Complaints');
});

t.test('rules are moved, tried before they are saved, and kept when somebody else saved first', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/policy`);
  await page.getByRole('button', { name: 'Move “Internal calls” up' }).focus();
  await page.keyboard.press('Enter');
  t.equal(await page.locator('.rule h3').first().textContent(), 'Internal calls');
  await page.getByRole('button', { name: 'Delete “Internal calls”' }).click();
  await page.getByLabel('Direction').selectOption('internal');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It would be recorded').waitFor();
  api.somebodyElseSaves();
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await page.getByText('Somebody else changed the policy while you were editing.').waitFor();
  await page.getByRole('button', { name: 'Save mine over theirs' }).click();
  await page.getByText('Saved as version 6').waitFor();
  t.equal(await page.locator('.rule h3').first().textContent(), 'Works council');
});

t.test('erasing asks for the word of the breaker and says what went', async (t) => {
  const { page, api } = await openDesk(t, opened, { state: 'breaker' });
  await page.goto(`${api.url}/retention`);
  await page.getByRole('button', { name: /^Erase \d+ recordings/ }).click();
  const word = /“(erase-(\d+)-a1b2c3)”/.exec((await page.getByRole('dialog').textContent()) ?? '');
  await page.getByLabel(/To override the safety limit/).fill('erase');
  await page.getByRole('button', { name: /permanently/ }).click();
  await page.getByText(/Type the word .* exactly/).waitFor();
  await page.getByLabel(/To override the safety limit/).fill(word![1]!);
  await page.getByRole('button', { name: /permanently/ }).click();
  await page.getByText(`${word![2]} erased.`).first().waitFor();
  await page.locator('.answer', { hasText: 'Nothing is due today' }).waitFor();
  t.match(await page.locator('.answer').textContent(), /Nothing is due today/);
});

t.test('a call leads to its consultation and back, in the list as it was narrowed', async (t) => {
  const { page, api } = await openDesk(t, opened);
  const [asked, main] = [api.calls[5]!, api.calls[6]!];
  await page.goto(`${api.url}/calls/${main.id}?direction=in`);
  await page.getByText('Consultations while this call was on hold:').waitFor();
  await page.getByRole('link', { name: `${asked.them.name} was called by ${asked.us.name}` }).click();
  await page.waitForURL(`${api.url}/calls/${asked.id}?direction=in`);
  await page.getByRole('link', { name: 'View that call' }).click();
  await page.waitForURL(`${api.url}/calls/${main.id}?direction=in`);
});

t.test('the health page says of when it is, also when nothing newer comes', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.clock.install();
  await page.goto(`${api.url}/health`);
  await page.locator('.answer').waitFor();
  await api.stop();
  const asOf = page.getByText(/^As of/);
  const before = await asOf.textContent();
  await page.clock.runFor(60_000);
  await page.getByText('The dashboard server does not answer.').waitFor();
  t.equal(await asOf.textContent(), before);
});

t.test('a hold is drawn on the lane of who held, and told with it', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/calls/${api.calls[6]!.id}`);
  const lane = page.locator('.story-lane', { has: page.locator('.story-track .hatch') });
  await lane.first().waitFor();
  const { legs, marks } = api.calls[6]!;
  const hold = marks.find((m) => m.kind === 'hold')!;
  t.equal(await lane.count(), 1);
  t.equal(await lane.locator('.hatch').count(), 1);
  t.match(await lane.locator('.story-name').textContent(), legs[hold.leg!]!.party.name);
  t.match(await lane.getByRole('img').getAttribute('aria-label'), /put the others on hold at 0:12 for 0:09/);
});

t.test(
  'what is not in a recording stands in the story in words and is drawn on its side alone',
  async (t) => {
    const { page, api } = await openDesk(t, opened);
    await page.goto(`${api.url}/calls/${api.calls[6]!.id}`);
    const happened = page.locator('.happened li');
    await happened.getByText('Not recorded: The PBX was restarted', { exact: true }).waitFor();
    t.match(
      await happened.filter({ hasText: 'Us not recorded' }).textContent(),
      /1:00\s*Us not recorded: Asterisk stopped writing this side early for 0:12/,
    );
    await slider(page).waitFor();
    t.equal(await page.locator('.signs .hatch-us').count(), 1);
    t.equal(await page.locator('.story-them .lack').count(), 0, 'the other lane is whole');
    t.equal(await page.locator('.story-us .lack').count(), 1);
  },
);

t.test('the worst phone is named first, and each number leads to the calls that it counts', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/quality`);
  await page.getByRole('link', { name: 'Extension 112: noisy in 31 of 40 calls.' }).click();
  await page.locator('.call-row').first().waitFor();
  const query = new URL(page.url()).searchParams;
  t.match(Object.fromEntries(query), { quality: 'noisy', of: 'extension:112', when: 'custom' });
  await page.getByRole('button', { name: 'Only Extension 112: show all' }).click();
  await until(page, '!location.search.includes("of=")');
  t.equal(await page.getByLabel('Sound').inputValue(), 'noisy');
});

t.test('somebody is added with keys alone, and what it means is said meanwhile', async (t) => {
  const { page, api, complaints } = await openDesk(t, opened);
  await page.goto(`${api.url}/people`);
  await page.getByRole('link', { name: 'Add a person' }).press('Enter');
  await page.getByLabel('Name', { exact: true }).fill('Greta');
  await page.getByLabel('Reviewer', { exact: true }).press('Space');
  await page.getByLabel('Queues', { exact: true }).fill('sales');
  await page.keyboard.press('Enter');
  await page.getByLabel('Download recordings').press('Space');
  const means = page.locator('.person-means');
  await means.getByText('Greta sees and hears the calls of queue sales, and may download them.').waitFor();
  const exported = page.getByLabel('Export calls with their evidence');
  t.equal(await exported.count(), 1);
  await page.getByLabel('Auditor', { exact: true }).press('Space');
  await page.getByLabel('Reviewer', { exact: true }).press('Space');
  t.equal(await exported.count(), 0, 'an auditor cannot be given that');
  await page.getByLabel('Auditor', { exact: true }).press('Space');
  await page.getByLabel('Admin', { exact: true }).press('Space');
  await means.getByText('Sees which calls were made but cannot listen.').waitFor();
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('Give this link only to Greta').waitFor();
  t.match(await page.getByLabel('Link', { exact: true }).inputValue(), /\/welcome#ABCD-EFGH-JKMN-PQRS-TVWX$/);
  t.match(api.people.at(-1), { name: 'Greta', roles: ['admin'], grants: [] });
  t.strictSame(complaints, []);
});

t.test('of two who change the same person the second is told, and can look before they write', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/people/carla`);
  await page.getByLabel('Export calls with their evidence').check();
  const carla = api.people.find(({ id }) => id === 'carla')!;
  Object.assign(carla, { version: 9, scope: { ...carla.scope, queues: [], extensions: [] } });
  await page.getByRole('button', { name: 'Save' }).click();
  const told = page.getByRole('alert');
  await told.getByText('Carla Reyes sees and hears the calls of our number +441632960100').waitFor();
  t.strictSame(await faults(page), []);
  await told.getByRole('button', { name: 'Save mine over theirs' }).click();
  await page.getByText('Saved. The change applies immediately').waitFor();
  t.match(carla, {
    version: 10,
    grants: ['download', 'export'],
    scope: { queues: ['sales', 'support'] },
  });
});

t.test('the last admin is told why they stay one', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(`${api.url}/people/anna`);
  await page.getByLabel('Admin', { exact: true }).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('This is the last admin who can sign in.').waitFor();
});

t.test('the code of a link leaves the address at once, and a wrong one is said to be', async (t) => {
  const { page, api } = await openDesk(t, opened, { signedIn: false });
  await page.goto(`${api.url}/welcome#XXXX`);
  await page.getByText('This link is not right, was used before, or is too old.').waitFor();
  t.equal(new URL(page.url()).hash, '');
  await page.getByLabel('Code from your link').fill('ABCD-EFGH-JKMN-PQRS-TVWX');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Password', { exact: true }).fill('four unrelated quiet words');
  await page.getByText('good length').waitFor();
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText('Sign in as Dan Wolff.').waitFor();
  await page.getByRole('button', { name: 'Go to sign in' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

t.test('a session is ended from the account page, and a new password ends the others', async (t) => {
  const { page, api } = await openDesk(t, opened);
  await page.goto(api.url);
  await page.getByRole('button', { name: 'Menu of Anna Berg' }).click();
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.getByRole('button', { name: 'Sign out Safari on iPhone, from 192.168.1.77' }).click();
  await until(page, "document.querySelectorAll('.lines:first-of-type .line-name').length > 0");
  await page.getByText('Safari on iPhone').waitFor({ state: 'detached' });
  await page.getByLabel('Old password').fill('wrong');
  await page.getByLabel('New password').fill('four unrelated quiet words');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The old password is not right.').waitFor();
  await page.getByLabel('Old password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('Your password is changed. 1 other session ended.').waitFor();
});

t.test('an admin lets somebody in on the real server, and out again while they look', async (t) => {
  const dashboard = await openDashboard(t, { uiDir: opened.uiDir, now: Date.now, live: { pollMs: 20 } });
  const address = await dashboard.app.listen({ port: 0, host: '127.0.0.1' });
  const visitor = async () => {
    const context = await opened.browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
    t.teardown(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
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
  await admin.getByText('Sees which calls were made but cannot listen.').waitFor();
  await admin.getByRole('link', { name: 'Add a person' }).click();
  await admin.getByLabel('Name', { exact: true }).fill('Greta');
  await admin.getByLabel('Reviewer', { exact: true }).check();
  await admin.getByLabel('Queues', { exact: true }).fill('sales');
  await admin.getByRole('button', { name: 'Add to Queues' }).click();
  await admin.getByRole('button', { name: 'Save' }).click();
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
  await greta.getByText('You see and hear the calls of queue sales.').waitFor();
  await greta.getByText('Chrome on Linux').waitFor();
  await greta.getByRole('button', { name: 'Create token' }).click();
  await greta.getByLabel('Purpose').fill('script');
  await greta.getByLabel('List calls').check();
  await greta.getByRole('button', { name: 'Create this token' }).click();
  const token = await greta.getByLabel('Token', { exact: true }).inputValue();
  const ask = () => fetch(`${address}/api/v1/calls`, { headers: { authorization: `Bearer ${token}` } });
  t.equal((await ask()).status, 200);

  await admin.getByText('Chrome on Linux').waitFor();
  await admin.getByLabel('Download recordings').check();
  await admin.getByRole('button', { name: 'Save' }).click();
  await admin.getByText('Saved. The change applies immediately').waitFor();
  await greta.getByText('You see and hear the calls of queue sales, and may download them.').waitFor();
  await admin.getByRole('button', { name: 'Disable' }).click();
  await admin.getByText('Is disabled and cannot sign in.').waitFor();
  await greta.getByText('Your session has ended.').waitFor();
  t.equal((await ask()).status, 401);
});

t.test('each role sees what it may use, and an address that is not for it says so', async (t) => {
  const navigation = async (page: Page) => {
    await page.locator('.status-good, .status-alarm').first().waitFor();
    return page.locator('.nav a').allTextContents();
  };
  const all = ['Calls', 'Coverage', 'Quality', 'Retention', 'Audit log', 'Policy', 'People', 'Health'];
  for (const [as, shown] of [
    ['founder', all],
    ['admin', all],
    ['auditor', all],
    ['reviewer', ['Calls']],
    ['agent', ['Calls']],
    ['nobody', ['Calls']],
  ] as const) {
    const { page, api, complaints } = await openDesk(t, opened, { as, state: 'trouble' });
    t.strictSame(await navigation(page), shown, as);
    t.equal(
      await page.locator('.status a').count(),
      shown.length > 1 ? 1 : 0,
      `${as}: the status leads somewhere`,
    );
    t.equal(
      await page.locator('.banner').count(),
      shown.length > 1 ? 1 : 0,
      `${as}: what is wrong with the box`,
    );
    if (shown.length > 1) continue;
    for (const path of [
      '/policy',
      '/coverage',
      '/quality',
      '/retention',
      '/audit',
      '/health',
      '/people',
      '/people/x',
    ]) {
      await page.goto(api.url + path);
      await page.getByRole('heading', { name: 'You don’t have access to this page' }).waitFor();
    }
    t.strictSame(complaints, [], `${as}: nothing was asked for in vain`);
  }
});

t.test('an agent opens their calls only, and hears them from where they came in', async (t) => {
  const { page, api } = await openDesk(t, opened, { as: 'agent' });
  const mine = api.calls.filter((c) => c.legs.some((l) => l.party.number === '134'));
  await page.locator('.call-row').first().waitFor();
  t.equal(await page.locator('.call-row').count(), mine.length);
  t.equal(await page.getByLabel('Sound').count(), 0, 'how others sound is not theirs to look for');
  const call = api.calls[6]!;
  await page.goto(`${api.url}/calls/${call.id}`);
  await page.getByText(/^You can listen to this call from 0:21 to /).waitFor();
  t.equal(await page.getByRole('link', { name: /Download|Who heard/ }).count(), 0);
  t.equal(await position(page), 21, 'the player stands where there is something to hear');
  t.equal(await page.locator('.signs .unheard').textContent(), 'before you joined');
  t.match(await page.locator('.happened').textContent(), /0:00\s*Silent for you: before you joined for 0:21/);
  const other = api.calls.find((c) => !mine.includes(c))!;
  await page.goto(`${api.url}/calls/${other.id}`);
  await page.getByText('There is no such call.').waitFor();
});

t.test('an auditor says why once a call, and the last reason is there for the next', async (t) => {
  const { page, api } = await openDesk(t, opened, { as: 'auditor' });
  const play = page.getByRole('button', { name: 'Play', exact: true }).first();
  await page.goto(`${api.url}/calls/${api.calls[2]!.id}`);
  await play.click();
  await page.getByLabel('Reason').fill('Complaint 12');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  t.equal(api.reasons.get(api.calls[2]!.id), 'Complaint 12');
  await page.keyboard.press('k');
  await play.waitFor();
  await page.keyboard.press('k');
  await until(page, "!document.querySelector('audio').paused");
  t.equal(await page.getByRole('dialog').count(), 0, 'not asked again');
  await page.keyboard.press('k');
  await play.waitFor();
  await page.locator(`#row-${api.calls[4]!.id}`).click();
  await page.getByRole('heading', { name: api.calls[4]!.them.name }).waitFor();
  await play.click();
  t.equal(await page.getByLabel('Reason').inputValue(), 'Complaint 12');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  await page.keyboard.press('k');
  await page.locator(`#row-${api.calls[6]!.id}`).click();
  await page.getByRole('heading', { name: api.calls[6]!.them.name }).waitFor();
  await play.click();
  const asked = (await page.getByRole('dialog').elementHandle())!;
  await page.getByLabel('Reason').fill('forget me');
  await page.keyboard.press('Enter');
  await asked.waitForElementState('hidden');
  await page.getByRole('dialog').waitFor();
  await page.getByLabel('Reason').fill('Complaint 13');
  await page.keyboard.press('Enter');
  await until(page, "document.querySelector('audio').currentTime > 0.1");
});

t.test('an admin who hears nothing sees the list, and why there is nothing to play', async (t) => {
  const { page, api } = await openDesk(t, opened, { as: 'admin' });
  await page.getByText('Listening to them is a separate permission').waitFor();
  await page.goto(`${api.url}/calls/${api.calls[2]!.id}`);
  await page.getByText('You can see that this call was made, but you can’t listen to it.').waitFor();
  t.equal(await page.getByRole('button', { name: 'Play', exact: true }).count(), 0);
  t.equal(await slider(page).count(), 0);
});
