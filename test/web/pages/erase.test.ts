import type { Page } from 'playwright-core';
import t from 'tap';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { type House, openFurnished } from '../../support/web/furnished.js';
import { noted } from '../../support/words.js';

const opened = await openBrowser(t);
const WIDTHS = [1280, 360];

/** A picture of the page in both schemes, where somebody wants to look at it. */
async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SHOTS) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${process.env.SHOTS}/${name}-${colorScheme}.png`, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Holds the recording of a call for a matter. */
async function hold({ dashboard: { catalogue } }: House, recording: string): Promise<void> {
  const matter = { id: 'M1', name: 'Smith v. Example', reason: 'Dispute', query: null };
  await catalogue.holds.open({ ...matter, openedBy: 'Eve', openedAt: 1 });
  await catalogue.holds.pick('M1', [recording], 'Eve', 1);
}

/** Begins to erase a recording, as far as a power cut lets it. */
async function interrupt({ dashboard: { catalogue } }: House, recording: string): Promise<void> {
  await catalogue.recordings.eraseIntended(recording, noted('@due'), 1);
  const about = { object: 'call', object_id: 'C', reason: '', detail: { recording } };
  await catalogue.audit.append(entryOf(TAPEDECK, 1, 'erase', about));
}

t.test('the page of a box on which nothing is kept', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  for (const width of WIDTHS) {
    const { page } = await openDesk(t, opened, house, { path: '/retention', width });
    await page.getByText('No recordings are kept yet.').waitFor();
    t.strictSame(await faults(page), []);
    t.equal(await tooWide(page), 0);
    await shoot(page, `retention-empty-${width}`);
    await page.context().close();
  }
});

t.test('what is due and protected is shown with what protects it, and how far a run is', async (t) => {
  const house = await openFurnished(t, opened);
  const held = house.office.due1;
  await hold(house, held.recording!.id);
  await interrupt(house, house.office.due2.recording!.id);
  for (const width of WIDTHS) {
    const { page } = await openDesk(t, opened, house, { path: '/retention', width });
    await page.route(/\/api\/v1\/retention\/run$/, (route) => {
      const running = {
        why: 'retention',
        of: 300,
        erased: 120,
        failed: 1,
        started_at: '2026-07-26T01:00:00Z',
      };
      return route.fulfill({ json: { running } });
    });
    await page.reload();
    await page.getByRole('heading', { name: 'Due but protected' }).waitFor();
    await page.getByText('1 recording under legal hold. Runs leave them alone').waitFor();
    await page.getByText('It is under legal hold: Smith v. Example.').waitFor();
    await page.getByRole('button', { name: 'Erase 2 recordings…' }).waitFor();
    await page.getByText('The erasure of 1 recording was interrupted earlier.').waitFor();
    await page.getByText('Erasing: 120 of 300 recordings done. 1 failed.').waitFor();
    await page.getByRole('heading', { name: 'Kept by rule' }).waitFor();
    t.strictSame(await faults(page), []);
    t.equal(await tooWide(page), 0);
    await shoot(page, `retention-due-${width}`);
    await page.context().close();
  }
});

t.test('recordings are erased by hand: those that are protected are named and left out', async (t) => {
  const house = await openFurnished(t, opened);
  const { catalogue, keys } = house.dashboard;
  const [held, one, other] = [house.office.due1, house.office.due2, house.office.due3];
  await hold(house, held.recording!.id);
  const { page, complaints } = await openDesk(t, opened, house, { path: '/', width: 360 });
  await page.getByRole('button', { name: 'Select calls to erase…' }).click();
  await page.getByText('Select the calls whose recordings you want to erase.').waitFor();
  t.strictSame(await faults(page), []);
  t.equal(await tooWide(page), 0);
  await page.getByRole('button', { name: 'Select all shown' }).click();
  await page.getByText(/^\d+ calls selected$/).waitFor();
  await shoot(page, 'erase-select-360');
  await page.getByRole('button', { name: 'Cancel selection' }).click();
  t.equal(await page.getByRole('checkbox').count(), 0);

  await page.goto(`${house.url}/retention`);
  await page.locator('#due').waitFor();
  const due = page.locator('section', { has: page.locator('#due') });
  for (const box of await due.getByRole('checkbox').all()) await box.check();
  await page.getByText('2 calls selected').waitFor();
  await shoot(page, 'erase-picked-360');
  await page.getByRole('button', { name: 'Erase 2 recordings…' }).last().click();
  const dialog = page.getByRole('dialog', { name: 'Erase 2 recordings?' });
  const erase = dialog.getByRole('button', { name: 'Erase 2 recordings permanently' });
  await erase.click();
  await dialog.getByText('Enter a reason.').waitFor();
  await dialog.getByLabel('Reason').fill('Asked for by the caller');
  await dialog.getByLabel('Type “erase 2” to confirm').fill('erase');
  await erase.click();
  await dialog.getByText('Type erase 2 exactly.').waitFor();
  await dialog.getByLabel('Type “erase 2” to confirm').fill('erase 2');
  t.strictSame(await faults(page), []);
  t.equal(await tooWide(page), 0);
  await shoot(page, 'erase-dialog-360');
  // Somebody holds one of them while the dialog is open.
  await catalogue.holds.pick('M1', [one.recording!.id], 'Eve', 2);
  await erase.click();
  await dialog.getByText('Nothing was erased: 1 recording is protected').waitFor();
  await dialog.getByText('It is under legal hold: Smith v. Example.').waitFor();
  t.ok(keys.has(other.recording!.id), 'nothing was erased');
  t.strictSame(await faults(page), []);
  await shoot(page, 'erase-refused-360');
  await dialog.getByRole('button', { name: 'Leave it out' }).click();
  const left = page.getByRole('dialog', { name: 'Erase recording?' });
  await left.getByLabel('Type “erase 1” to confirm').fill('erase 1');
  await left.getByRole('button', { name: 'Erase 1 recording permanently' }).click();
  await page.getByText('1 recording erased.').first().waitFor();
  t.notOk(keys.has(other.recording!.id));
  for (const call of [held, one]) t.ok(keys.has(call.recording!.id));
  const gone = (await catalogue.calls.get(other.id))!.recording!;
  t.equal(gone.state, 'erased');
  t.match(inWords(gone.eraseWhy), /^Erased by hand by .+: Asked for by the caller$/);
  t.match(await catalogue.audit.entries({ objectId: other.id, actions: ['erase'], limit: 9 }), [
    { actor: 'person', actor_id: 'anna', reason: 'Asked for by the caller', detail: { recordings: 1 } },
  ]);
  t.strictSame(complaints, []);

  const call = house.office.noisy;
  for (const width of WIDTHS) {
    const desk = await openDesk(t, opened, house, { path: `/calls/${call.id}`, width });
    await desk.page.getByRole('button', { name: 'Erase…', exact: true }).click();
    const asks = desk.page.getByRole('dialog', { name: 'Erase recording?' });
    await asks.waitFor();
    t.strictSame(await faults(desk.page), []);
    t.equal(await tooWide(desk.page), 0);
    await shoot(desk.page, `erase-call-${width}`);
    if (width === 360) {
      await asks.getByLabel('Reason').fill('Private call');
      await asks.getByLabel('Type “erase 1” to confirm').fill('erase 1');
      await asks.getByRole('button', { name: /permanently/ }).click();
      await asks.waitFor({ state: 'detached' });
      await desk.page
        .getByText(/Erased by hand by .*: Private call/)
        .first()
        .waitFor();
      t.notOk(keys.has(call.recording!.id));
      await shoot(desk.page, 'erased-call-360');
    }
    await desk.page.context().close();
  }
});
