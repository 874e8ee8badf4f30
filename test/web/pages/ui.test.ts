import type { Page } from 'playwright-core';
import t from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import { until as comesTrue } from '../../support/recorder.js';
import { faults, openBrowser, openDesk, shows, tooWide, until } from '../../support/web/browser.js';
import { password } from '../../support/web/dashboard.js';
import { type House, openFurnished, rules } from '../../support/web/furnished.js';
import { callOf, dana, reception, recorded } from '../../support/web/furnished-calls.js';

const opened = await openBrowser(t);
const office = await openFurnished(t, opened);
const year = await openFurnished(t, opened, 'year');
const slider = (page: Page) => page.getByRole('slider', { name: 'Position in the recording' });
const position = async (page: Page) => Number(await slider(page).getAttribute('aria-valuenow'));
const pageOf = (call: { id: string }) => ({ path: `/calls/${call.id}` });

t.test('a call is found, opened, played, moved in and sped up with keys alone', async (t) => {
  const { page, complaints } = await openDesk(t, opened, year);
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
  // Once it is paused, the slider says where: until then it says so every few seconds.
  await page.getByRole('button', { name: 'Play', exact: true }).first().waitFor();
  const before = await position(page);
  await page.keyboard.press('ArrowLeft');
  await shows(t, () => position(page), before - 5);
  await slider(page).focus();
  await page.keyboard.press('ArrowRight');
  await shows(t, () => position(page), before);
  await page.keyboard.press('Home');
  await shows(t, () => slider(page).getAttribute('aria-valuetext'), '0 seconds of 40 seconds');
  await page.keyboard.press(']');
  t.equal(await page.evaluate("document.querySelector('audio').playbackRate"), 1.25);
  t.strictSame(complaints, []);
});

t.test('the player goes on while other pages are opened', async (t) => {
  const { page } = await openDesk(t, opened, office, pageOf(office.office.outgoing));
  await page.getByRole('button', { name: 'Play', exact: true }).first().click();
  await until(page, "document.querySelector('audio').currentTime > 0.1");
  await page.getByRole('link', { name: 'Policy' }).click();
  await page.getByRole('heading', { name: 'Policy' }).waitFor();
  const at = Number(await page.evaluate("document.querySelector('audio').currentTime"));
  await until(page, `document.querySelector('audio').currentTime > ${at + 0.2}`);
  t.ok(await slider(page).isVisible());
});

/** What the audit log says was heard of a call, apart from what it said before: so many stretches in ms, or more. */
function listener({ dashboard: { catalogue } }: House, { id }: { id: string }) {
  let known = 0;
  return async (wanted: number) => {
    const heard = async () => {
      const entries = await catalogue.audit.entries({ objectId: id, actions: ['heard'], limit: 100 });
      const fresh = entries.slice(0, entries.length - known).toReversed();
      const spans = fresh.flatMap(({ detail }) => detail.heard as string[]);
      return spans.length >= wanted && { spans, known: entries.length };
    };
    const told = await comesTrue(`${wanted} stretches`, heard, 60_000);
    known = told.known;
    return told.spans.map((span) => span.split('-').map(Number) as [number, number]);
  };
}

t.test('the player tells what has sounded, and nothing that was jumped over', async (t) => {
  const call = office.office.yamamoto;
  const told = listener(office, call);
  const { page } = await openDesk(t, opened, office, pageOf(call));
  await page.getByRole('button', { name: 'Play', exact: true }).first().click();
  await until(page, "document.querySelector('audio').currentTime > 1");
  await page.keyboard.press('l');
  await until(page, "document.querySelector('audio').currentTime > 16.5");
  await page.keyboard.press('k');
  const [first, second, ...rest] = await told(2);
  t.same(rest, []);
  // A busy browser tells its page up to some seconds late where it is.
  t.ok(first![0] < 3_000 && first![1] > 600 && first![1] < 14_000, `from the beginning: ${first}`);
  t.ok(Math.abs(second![0] - first![1] - 15_000) < 3_000, `15 s are left out: ${first}, ${second}`);
  t.ok(second![1] > 16_000, `after: ${second}`);
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').currentTime > 17.5");
  await page.goto('about:blank');
  const [last] = await told(1);
  t.ok(last && last[0] > 16_000 && last[1] > 17_000, `as the page goes: ${last}`);
});

t.test(
  'who heard a call is one step from it, and what somebody heard one step from their name',
  async (t) => {
    const { page, complaints } = await openDesk(t, opened, year, pageOf(year.calls[2]!));
    await page.getByRole('link', { name: 'Who listened to this call' }).click();
    await page.getByText('listened to 0:12\u20131:40, 2:10\u20132:11 of the call with').first().waitFor();
    t.match(page.url(), /\/audit\?call=[0-9A-Z]{26}&action=hearing$/);
    await page.locator('.audit-who a').first().click();
    await page.waitForURL(/audit\?person=anna&action=hearing$/);
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
  const { page } = await openDesk(t, opened, office, pageOf(office.office.noisy));
  const box = await slider(page).boundingBox();
  await page.mouse.move(box!.x + 10, box!.y + 20);
  await page.mouse.down();
  await page.mouse.move(box!.x + box!.width / 2, box!.y + 20, { steps: 4 });
  await page.mouse.up();
  await shows(t, () => position(page), 20);
  await page.keyboard.press('k');
  await until(page, "document.querySelector('audio').currentTime > 20.1");
});

t.test('an evidence pack is saved under a name of our own, and none that is not signed', async (t) => {
  const call = office.office.noisy;
  {
    const { page, complaints } = await openDesk(t, opened, office, pageOf(call));
    await page.getByRole('button', { name: 'Evidence pack' }).click();
    t.equal(await page.evaluate('document.activeElement.id'), 'evidence-reason', 'one can type at once');
    await page.getByLabel('Reason').fill('Case 9');
    const saved = page.waitForEvent('download');
    await page.keyboard.press('Enter');
    t.equal((await saved).suggestedFilename(), `tapedeck-evidence-${call.id}.zip`);
    await page.getByRole('dialog').getByText('The pack is in your downloads.').waitFor();
    await page.keyboard.press('Escape');
    await until(page, "document.activeElement.textContent === 'Evidence pack\u2026'");
    t.strictSame(complaints, []);
  }
  const { page: later } = await openDesk(t, opened, office, pageOf(call));
  const given: string[] = [];
  later.on('download', (download) => given.push(download.suggestedFilename()));
  await later.getByRole('button', { name: 'Evidence pack' }).click();
  await later.getByLabel('Reason').fill('Case 9');
  office.recorder.canSignLog(false);
  await later.keyboard.press('Enter');
  await later.getByRole('dialog').getByText('No checkpoint of the audit log was signed').waitFor();
  office.recorder.canSignLog(true);
  await office.recorder.stop();
  await later.getByRole('button', { name: 'Create evidence pack' }).click();
  await later.getByRole('dialog').getByText('The recorder is not responding.').waitFor();
  await office.recorder.start();
  t.equal(await later.getByLabel('Reason').inputValue(), 'Case 9', 'it can be tried again as it is');
  t.strictSame(given, [], 'no pack is given out that is not signed');
  const { page } = await openDesk(t, opened, office, { ...pageOf(call), as: 'eve' });
  await page.getByRole('button', { name: 'Evidence pack' }).click();
  await page.getByRole('button', { name: 'Create evidence pack' }).click();
  await page.getByText('Enter a reason.').waitFor();
  await until(page, "document.activeElement.id === 'evidence-reason'");
  t.strictSame(await faults(page), []);
});

t.test('names from the PBX are shown and never run', async (t) => {
  const house = await openFurnished(t, opened, 'hostile');
  const { page, complaints } = await openDesk(t, opened, house, { width: 360 });
  await page.locator('.call-row').first().waitFor();
  for (const call of house.calls.slice(0, 9)) {
    await page.goto(`${house.url}/calls/${call.id}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    t.equal(await tooWide(page), 0);
  }
  t.equal(await page.evaluate('window.pwned'), undefined);
  t.strictSame(complaints, []);
  await page.goto(house.url);
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
  const { page } = await openDesk(t, opened, year);
  await page.locator('.call-row').first().waitFor();
  await page.evaluate("document.querySelector('.calls-list').scrollTop = 600");
  const id = `#row-${year.calls[20]!.id}`;
  const before = await page.locator(id).boundingBox();
  const call = callOf({ answeredAt: Date.now(), them: dana, us: reception, live: true });
  await year.dashboard.catalogue.calls.save(call);
  await page.locator(`#row-${call.id}`).waitFor({ state: 'attached' });
  const after = await page.locator(id).boundingBox();
  t.ok(Math.abs(after!.y - before!.y) <= 1, `${before!.y} -> ${after!.y}`);
});

t.test('a recording that was being made can be played once it is there, without a reload', async (t) => {
  const { processing } = office.office;
  const { page } = await openDesk(t, opened, office, pageOf(processing));
  await page.getByText('The recording is being processed').waitFor();
  await recorded(office, processing);
  await page.getByRole('button', { name: 'Play', exact: true }).first().waitFor();
  t.equal(await page.getByText('The recording is being processed').count(), 0);
});

t.test('a session that ends in the middle loses nothing that was typed', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, opened, house);
  // The stream of events would tell of it at once, and so would the check of the rules that follows the typing.
  await page.route(/\/api\/v1\/(live|policy\/check)/, (route) => route.abort());
  await page.goto(`${house.url}/policy`);
  await page.getByRole('button', { name: 'Add a retention rule' }).click();
  await page.getByLabel('Name of the rule').fill('Complaints');
  house.dashboard.store.sessions.end('anna', { keep: null });
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Name and password do not match.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Name of the rule').waitFor();
  await shows(t, () => page.getByLabel('Name of the rule').inputValue(), 'Complaints');
});

t.test('rules are moved, tried before they are saved, and kept when somebody else saved first', async (t) => {
  const { page } = await openDesk(t, opened, year, { path: '/policy' });
  await page.getByRole('button', { name: 'Move “Internal calls” up' }).focus();
  await page.keyboard.press('Enter');
  await shows(t, () => page.locator('.rule h3').first().textContent(), 'Internal calls');
  await page.getByRole('button', { name: 'Delete “Internal calls”' }).click();
  await page.getByLabel('Direction').selectOption('internal');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It would be recorded and').waitFor();
  await year.dashboard.catalogue.policy.save(rules, 'Gita Rao', Date.now(), 1);
  await page.getByRole('button', { name: 'Save the policy' }).click();
  await page.getByText('Somebody else changed the policy while you were editing.').waitFor();
  await page.getByRole('button', { name: 'Save mine over theirs' }).click();
  await page.getByText('Saved as version 3').waitFor();
  t.equal(await page.locator('.rule h3').first().textContent(), 'Works council');
});

t.test(
  'erasing asks for the word of the breaker and says what went, and what the recorder answers',
  async (t) => {
    const { recorder, dashboard } = office;
    const { page } = await openDesk(t, opened, office, { path: '/retention' });
    await page.getByRole('button', { name: /^Erase \d+ recordings/ }).click();
    const dialog = page.getByRole('dialog');
    const word = /“(erase-(\d+)-[0-9a-f]{12})”/.exec((await dialog.textContent()) ?? '');
    await page.getByLabel(/To override the safety limit/).fill('erase');
    const erase = page.getByRole('button', { name: /permanently/ });
    await erase.click();
    await page.getByText(/Type the word .* exactly/).waitFor();
    await page.getByLabel(/To override the safety limit/).fill(word![1]!);

    recorder.failsWith(fail('catalogue_damaged'));
    await erase.click();
    await dialog.getByText('The catalogue is damaged').waitFor();
    recorder.failsWith(null);
    await recorder.stop();
    await erase.click();
    await dialog.getByText('The recorder is not responding.').waitFor();
    await recorder.start();
    const goOn = recorder.waits();
    await erase.click();
    await dialog.getByRole('button', { name: 'Erasing' }).waitFor();
    const due = [office.office.due1, office.office.due2, office.office.due3];
    for (const { recording } of due) t.ok(dashboard.keys.has(recording!.id), 'nothing is gone before');
    goOn();
    await page.getByText(`${word![2]} erased.`).first().waitFor();
    await page.locator('.answer', { hasText: 'Nothing is due today' }).waitFor();
    t.equal(word![2], `${due.length}`);
    for (const { id, recording } of due) {
      t.equal((await dashboard.catalogue.calls.get(id))!.recording!.state, 'erased');
      t.notOk(dashboard.keys.has(recording!.id), 'the key is destroyed');
    }
  },
);

t.test('a call leads to its consultation and back, in the list as it was narrowed', async (t) => {
  const { asked, partial } = office.office;
  const narrowed = (call: { id: string }) => `${pageOf(call).path}?direction=in`;
  const { page } = await openDesk(t, opened, office, { path: narrowed(partial) });
  await page.getByText('Consultations while this call was on hold:').waitFor();
  await page.getByRole('link', { name: `${asked.us.name} called ${asked.them.name}` }).click();
  await page.waitForURL(`${office.url}${narrowed(asked)}`);
  await page.getByRole('link', { name: 'View that call' }).click();
  await page.waitForURL(`${office.url}${narrowed(partial)}`);
});

t.test('a hold is drawn on the lane of who held, and told with it', async (t) => {
  const { page } = await openDesk(t, opened, office, pageOf(office.office.partial));
  const lane = page.locator('.story-lane', { has: page.locator('.story-track .hatch') });
  await lane.first().waitFor();
  t.equal(await lane.count(), 1);
  t.equal(await lane.locator('.hatch').count(), 1);
  t.match(await lane.locator('.story-name').textContent(), reception.name);
  t.match(await lane.getByRole('img').getAttribute('aria-label'), /put the others on hold at 0:12 for 0:09/);
});

t.test(
  'what is not in a recording stands in the story in words and is drawn on its side alone',
  async (t) => {
    const { page } = await openDesk(t, opened, office, pageOf(office.office.partial));
    const happened = page.locator('.happened li');
    await happened.getByText('Not recorded: The PBX was restarted', { exact: true }).waitFor();
    t.match(
      await happened.filter({ hasText: 'Us not recorded' }).textContent(),
      /1:00\s*Us not recorded: Asterisk stopped writing this side early \(0:12\)/,
    );
    await slider(page).waitFor();
    await shows(t, () => page.locator('.signs .hatch-us').count(), 1);
    t.equal(await page.locator('.story-them .lack').count(), 0, 'the other lane is whole');
    await shows(t, () => page.locator('.story-us .lack').count(), 1);
  },
);
