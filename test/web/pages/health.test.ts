import { join } from 'node:path';
import t from 'tap';
import { newJob } from '../../../daemon/domain/operations/job.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { openFurnished } from '../../support/web/furnished.js';
import { troubledWith, wellWith } from '../../support/web/recorder-peer.js';

const shots = process.env.SHOTS;
const opened = await openBrowser(t);

t.test('all recordings are checked now: asked for, followed, cancelled', async (t) => {
  const house = await openFurnished(t, opened);
  const { catalogue } = house.dashboard;
  const { page, complaints } = await openDesk(t, opened, house, { path: '/health' });
  await page.getByText(/Last full check .*: 4,113 recordings read, 0 damaged\./).waitFor();
  await page.getByRole('button', { name: 'Check all recordings now' }).click();
  await page.getByText('The check of all recordings is waiting to start.').waitFor();
  const [job] = await catalogue.jobs.open();
  t.match(job, { kind: 'recordings_check', state: 'waiting' });
  t.match(await catalogue.audit.entries({ actions: ['recordings_check'], limit: 1 }), [
    { actor_name: 'Anna Berg' },
  ]);

  await catalogue.jobs.save({
    ...job!,
    state: 'running',
    startedAt: house.now,
    done: 1204,
    total: 8300,
    faults: 2,
  });
  await page.getByText('Checking all recordings: 1,204 of 8,300 read, 2 damaged.').waitFor();
  t.equal(
    await page.getByRole('progressbar', { name: 'Progress of the check' }).getAttribute('value'),
    '1204',
  );
  await catalogue.jobs.save({
    ...job!,
    state: 'running',
    error: { code: 'disk_full', detail: 'catalogue.db' },
  });
  await page.getByText('The disk is full.').waitFor();

  await page.getByRole('button', { name: 'Cancel check' }).click();
  await page.getByText(/The last full check was cancelled/).waitFor();
  t.match(await catalogue.jobs.get(job!.id), { state: 'cancelled' });

  const auditor = await openDesk(t, opened, house, { path: '/health', as: 'eve' });
  await auditor.page.getByText(/The last full check was cancelled/).waitFor();
  t.equal(
    await auditor.page.getByRole('button', { name: /check/i }).count(),
    0,
    'only who runs the box asks for it',
  );
  t.same([...complaints, ...auditor.complaints], []);
});

t.test('an import is followed and cancelled where it runs, also on a phone in the dark', async (t) => {
  const house = await openFurnished(t, opened);
  const { catalogue } = house.dashboard;
  const { page, complaints } = await openDesk(t, opened, house, { path: '/health', width: 360 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByText(/Last full check/).waitFor();
  t.equal(await page.getByText('Import', { exact: true }).count(), 0, 'without one, nothing is said');
  const job = newJob(
    '01JDK3V7Q8ZM5T4R2XW9YB6C1E',
    'import',
    { dir: '/var/spool/asterisk/monitor' },
    house.now,
  );
  await catalogue.jobs.add(job);
  await page.getByText('An import of recordings is waiting to start').waitFor();
  // So long ago that it stays as fast on the page for some minutes.
  const startedAt = Date.now() - 100 * 60_000;
  await catalogue.jobs.save({ ...job, state: 'running', startedAt, done: 4_000, total: 10_000, faults: 3 });
  await page
    .getByText(/Importing recordings: 4,000 of 10,000 files, (40|39) per minute, 3 unreadable\./)
    .waitFor();
  t.equal(
    await page.getByRole('progressbar', { name: 'Progress of the import' }).getAttribute('value'),
    '4000',
  );
  t.ok((await tooWide(page)) <= 0);
  t.same(await faults(page), []);
  await catalogue.jobs.save({
    ...job,
    state: 'done',
    startedAt,
    endedAt: Date.now(),
    done: 10_000,
    total: 10_000,
  });
  await page.getByText(/Last import .*: 10,000 files, 0 unreadable\./).waitFor();
  t.equal(await page.getByRole('button', { name: /import/i }).count(), 0, 'it begins at the command line');
  t.same(complaints, []);
});

t.test('recordings are moved to the archive now, from the page of retention', async (t) => {
  const house = await openFurnished(t, opened);
  const { catalogue } = house.dashboard;
  const { page, complaints } = await openDesk(t, opened, house, { path: '/retention' });
  const storage = page.getByRole('region', { name: 'Storage' });
  await storage.getByText('412 GB of 1 TB (41.2%)').waitFor();
  await storage.getByText(/moves the oldest recordings to the archive before their time, then/).waitFor();
  await storage.getByText(/^Last move .*: 96 recordings moved\.$/).waitFor();
  await storage.getByRole('button', { name: 'Move due recordings to the archive now' }).click();
  await storage.getByText('The move to the archive is waiting to start.').waitFor();
  const [job] = await catalogue.jobs.open();
  t.match(job, { kind: 'archive', state: 'waiting' });
  t.match(await catalogue.audit.entries({ actions: ['archive'], limit: 1 }), [
    { actor_name: 'Anna Berg', detail: { what: 'asked' } },
  ]);
  await catalogue.jobs.save({ ...job!, state: 'running', startedAt: house.now, done: 312, total: 1204 });
  await storage.getByText('Moving to the archive: 312 of 1,204 recordings done.').waitFor();
  const bar = storage.getByRole('progressbar', { name: 'Progress of the move' });
  t.equal(await bar.getAttribute('value'), '312');
  await storage.getByRole('button', { name: 'Cancel move' }).click();
  await storage.getByText(/The last move was cancelled/).waitFor();
  t.match(await catalogue.jobs.get(job!.id), { state: 'cancelled' });
  const auditor = await openDesk(t, opened, house, { path: '/retention', as: 'eve' });
  await auditor.page.getByText(/The last move was cancelled/).waitFor();
  t.equal(await auditor.page.getByRole('button', { name: /move/i }).count(), 0);
  t.same([...complaints, ...auditor.complaints], []);
});

t.test('recordings that wait for processor time are told of, and what that means', async (t) => {
  const house = await openFurnished(t, opened);
  house.recorder.says(troubledWith([]));
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [360, 'dark'],
  ] as const) {
    const { page, complaints } = await openDesk(t, opened, house, { path: '/health', width });
    await page.emulateMedia({ colorScheme });
    const recording = page.getByRole('region', { name: 'Recording' });
    await recording.getByText(/^Recordings wait for processor time: 40, the oldest since \S/).waitFor();
    await recording.getByText(/after 2 hours at the latest/).waitFor();
    t.ok((await tooWide(page)) <= 0);
    t.same(await faults(page), []);
    t.same(complaints, []);
    if (shots) await recording.screenshot({ path: join(shots, `health-processor-${width}.png`) });
  }
  house.recorder.says(wellWith([]));
  const { page } = await openDesk(t, opened, house, { path: '/health' });
  await page.getByText('Enough for calls and recordings').waitFor();
});

t.test('the health page says of when it is, also when nothing newer comes', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { page } = await openDesk(t, opened, house);
  await page.clock.install();
  // A server that hangs answers nothing, and ends nothing.
  await page.route('**/api/v1/live*', () => {});
  await page.goto(`${house.url}/health`);
  await page.getByText('Checking').first().waitFor();
  await page.clock.runFor(15_000);
  await page
    .getByRole('status')
    .getByText(/^Not connected since \d\d:\d\d$/)
    .waitFor();
  await page.unroute('**/api/v1/live*');
  await page.goto(`${house.url}/health`);
  await page.locator('.answer').waitFor();
  await house.dashboard.app.close();
  const asOf = page.getByText(/^As of/);
  const before = await asOf.textContent();
  await page.clock.runFor(60_000);
  await page.getByText('The dashboard server is not responding.').waitFor();
  t.equal(await asOf.textContent(), before);
});
