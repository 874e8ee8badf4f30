import type { Page } from 'playwright-core';
import t from 'tap';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { type House, openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const WIDTHS = [1280, 360];
const DAY_MS = 86_400_000;

/** A picture of the page in both schemes, where somebody wants to look at it. */
async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SHOTS) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${process.env.SHOTS}/${name}-${colorScheme}.png`, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** What the recorder does meanwhile: matters are applied, and releases carried out. */
async function workOut({ dashboard: { catalogue } }: House): Promise<void> {
  for (const id of await catalogue.holds.applying())
    while (!(await catalogue.holds.apply(id, 100, Date.now())));
  for (const { id } of await catalogue.holds.releases())
    while (!(await catalogue.holds.carryOut(id, 100, Date.now())));
}

/** Another person approves the newest request. */
async function approve({ dashboard: { catalogue } }: House, at: number): Promise<void> {
  const [asked] = (await catalogue.approvals.open(at)).toReversed();
  const anna = (await catalogue.people.get('anna'))!;
  await catalogue.approvals.approve(asked!.id, {
    ...{ digest: asked!.digest, by: { id: anna.id, name: anna.name }, at },
  });
}

t.test('an auditor holds what a search finds, and it is released by two people after a day', async (t) => {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const house = await openFurnished(t, opened, 'office', { now });
  const { catalogue } = house.dashboard;
  const held = house.office.due1;
  const name = held.them.name.split(' ')[0]!;

  const { page, complaints } = await openDesk(t, opened, house, { as: 'eve', path: `/?q=${name}` });
  await page.getByRole('link', { name: 'Open a legal hold for this search' }).click();
  await page.getByLabel('Words or numbers').waitFor();
  t.equal(await page.getByLabel('Words or numbers').inputValue(), name);
  await page.getByRole('button', { name: 'Open matter' }).click();
  await page.getByRole('link', { name: 'Enter a name.' }).waitFor();
  t.strictSame(await faults(page), []);
  await shoot(page, 'hold-open-1280');
  await page.getByLabel('Name', { exact: true }).fill('Smith v. Example Ltd');
  await page.getByLabel('Reason', { exact: true }).fill('Letter of 3 May from counsel');
  await page.getByRole('button', { name: 'Open matter' }).click();
  await page.getByRole('heading', { name: 'Smith v. Example Ltd' }).waitFor();
  await page.getByText('Being applied').first().waitFor();
  await workOut(house);
  await page.reload();
  await page.getByText('Open', { exact: true }).first().waitFor();
  const [matter] = await catalogue.holds.list();
  t.ok(matter!.held.query > 0);
  t.match(await catalogue.holds.of([held.recording!.id]), [{ name: 'Smith v. Example Ltd' }]);
  const address = page.url();

  // It is on the page of the call, and retention says that it leaves it alone.
  await page.goto(`${house.url}/calls/${held.id}`);
  await page.getByText('Under legal hold.').waitFor();
  await page.goto(`${house.url}/?q=${name}`);
  await page.locator('.row-held').first().waitFor();
  const wrapped = `[...document.querySelectorAll('.call-row')].flatMap((row) => [...row.children].filter((e) => {
    const [inner, outer] = [e.getBoundingClientRect(), row.getBoundingClientRect()];
    return !e.matches('.unseen') && (inner.bottom > outer.bottom + 1 || inner.top < outer.top - 1);
  }).map((e) => e.className))`;
  t.same(await page.evaluate(wrapped), [], 'in the list its row is one line');
  await page.goto(`${house.url}/retention`);
  await page.getByText('It is under legal hold: Smith v. Example Ltd.').first().waitFor();

  // A picked recording beside it, and a query that asks for more: both at once, by one person.
  const other = house.office.due2;
  await page.goto(address);
  await page.getByRole('button', { name: 'Add a call' }).click();
  const adding = page.getByRole('dialog', { name: 'Add a call' });
  await adding.getByLabel('Call', { exact: true }).fill(`${house.url}/calls/${other.id}`);
  await adding.getByLabel('Reason').fill('Named in the letter');
  await adding.getByRole('button', { name: 'Add recording' }).click();
  await adding.waitFor({ state: 'detached' });
  const box = page.getByRole('checkbox').first();
  await box.check();
  await page.getByText('1 recording selected').waitFor();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    t.strictSame(await faults(page), []);
    t.equal(await tooWide(page), 0, `nothing is wider than ${width} px`);
    await shoot(page, `hold-matter-${width}`);
  }
  await page.getByRole('button', { name: 'Ask for release of the selected' }).click();
  const one = page.getByRole('dialog', { name: 'Release 1 recording' });
  await one.getByLabel('Reason').fill('Another matter');
  await one.getByRole('button', { name: 'Ask for release' }).click();
  await one.waitFor({ state: 'detached' });
  await page.getByText(/asked to release 1 recording: waits for a second person/).waitFor();

  await page.getByRole('button', { name: 'Change query' }).click();
  const form = page.getByRole('form', { name: 'Change the query' });
  await form.getByLabel('Reason').fill('Only incoming calls');
  await form.getByLabel('Direction').selectOption('internal');
  await form.getByRole('button', { name: 'Save query' }).click();
  await form.getByText('This query matches fewer calls').waitFor();
  t.strictSame(await faults(page), []);
  t.equal(await tooWide(page), 0);
  await shoot(page, 'hold-narrower-360');
  await form.getByRole('button', { name: 'Ask for release' }).click();
  await form.waitFor({ state: 'detached' });
  await page.getByText(/asked to release what another query does not ask for/).waitFor();
  t.match((await catalogue.holds.get(matter!.id))?.query, { direction: null }, 'not yet');
  await page.getByText('Select recordings to release them from this matter.').waitFor();
  t.match(
    complaints.filter((line) => !/409/.test(line)),
    [],
  );
  for (const width of WIDTHS) {
    const second = await openDesk(t, opened, house, { path: '/approvals', width });
    await second.page.getByText('2 requests are waiting for approval.').waitFor();
    const about = second.page.locator('.approval').first().getByText('Smith v. Example Ltd', { exact: true });
    t.equal(await about.filter({ visible: true }).count(), 1, 'it says which matter');
    await second.page.getByText('What is approved').first().click();
    t.strictSame(await faults(second.page), []);
    t.equal(await tooWide(second.page), 0);
    await shoot(second.page, `hold-approvals-${width}`);
    await second.page.context().close();
  }

  await approve(house, now());
  ahead = DAY_MS + 60_000;
  const later = await openDesk(t, opened, house, { as: 'eve', path: new URL(address).pathname, width: 360 });
  await later.page.getByText(/approved; can be carried out/).waitFor();
  t.match(await catalogue.holds.of([held.recording!.id]), [{ why: 'query' }], 'held until it is carried out');
  await later.page.getByRole('button', { name: 'Release now' }).click();
  await later.page.getByText('Being released').first().waitFor();
  await workOut(house);
  await later.page.reload();
  await later.page.getByText(/asked for by Eve .* approved by Anna Berg/).waitFor();
  t.same(await catalogue.holds.of([held.recording!.id]), []);
  t.equal((await catalogue.recordings.get(held.recording!.id))?.state, 'sealed', 'nothing was erased by it');
  t.match(await catalogue.holds.get(matter!.id), { state: 'open', query: { direction: 'internal' } });
  await shoot(later.page, 'hold-released-360');
});

t.test('a matter whose texts were made to do harm', async (t) => {
  const house = await openFurnished(t, opened, 'hostile');
  for (const width of WIDTHS) {
    const { page, complaints } = await openDesk(t, opened, house, { path: '/holds', width });
    await page.getByText('1 open matter').waitFor();
    t.equal(await tooWide(page), 0);
    await page.locator('.table-call a').first().click();
    await page.getByText('Every call that matches was recorded in full.').waitFor();
    await page.getByRole('button', { name: 'Change query' }).click();
    await page.getByRole('form', { name: 'Change the query' }).waitFor();
    t.strictSame(await faults(page), []);
    t.equal(await tooWide(page), 0);
    t.equal(await page.evaluate('window.pwned'), undefined);
    t.strictSame(complaints, []);
    await shoot(page, `hold-hostile-${width}`);
    await page.context().close();
  }
});

t.test('the list of matters, wide and narrow', async (t) => {
  const house = await openFurnished(t, opened);
  const { catalogue } = house.dashboard;
  const names = ['Smith v. Example Ltd', 'Complaint 17', 'W'.repeat(80)];
  for (const [n, name] of names.entries())
    await catalogue.holds.open(
      { ...{ id: `M${n}`, name, reason: 'Letter of 3 May' }, query: null, openedBy: 'Eve', openedAt: 1e12 },
      [house.office.due1.recording!.id],
    );
  for (const width of WIDTHS) {
    const { page } = await openDesk(t, opened, house, { path: '/holds', width });
    await page.getByText('3 open matters').waitFor();
    t.strictSame(await faults(page), []);
    t.equal(await tooWide(page), 0, `${width}`);
    await shoot(page, `holds-${width}`);
    await page.goto(`${house.url}/policy`);
    await page.getByRole('heading', { name: 'Two-person control' }).waitFor();
    await page.getByLabel('Erasing recordings by hand').check();
    t.strictSame(await faults(page), []);
    t.equal(await tooWide(page), 0);
    await shoot(page, `policy-two-people-${width}`);
    await page.context().close();
  }
});
