import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { because } from '../../../daemon/domain/reason/reason.js';
import { segment } from '../../support/catalogue/opened.js';
import { rmsDb } from '../../support/recordings/audio.js';
import { apartOf, heardBy } from '../../support/recordings/opus.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { addCall, addRecording } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;
const HOSTILE = '<img src=x onerror="window.pwned=1">\u202egnp';
const SECONDS = 12;
const NUMBER = '+49 30 123444';
const them = { number: '+4930123444', name: HOSTILE, ours: false };

t.test('a request is entered, its calls are looked at, and it is answered', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { catalogue, clock } = house.dashboard;
  const early = { startedAt: clock.ms - 86_400_000 };
  await addRecording(house.dashboard, Buffer.from('sound'), { call: { them } });
  const shared = await addCall(catalogue, { them, ...early });
  const bare = await addCall(catalogue, { them, startedAt: clock.ms - 90_000_000 });
  await catalogue.calls.decideCoverage(bare.id, {
    ...{ status: 'excluded', why: because('not_asked_for'), rule: null, missingMs: 0 },
  });
  await addCall(catalogue, { them: { ...them, number: '+4940123444' }, legs: [] });

  const { page, complaints } = await openDesk(t, opened, house, { path: '/requests' });
  const shot = async (name: string) => {
    if (!shots) return;
    for (const width of [1280, 360])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: join(shots, `requests-${name}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
      }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: 'light' });
  };
  await page.getByText('No open requests.').waitFor();
  t.strictSame(await faults(page), []);
  await shot('none');
  await page.getByRole('button', { name: 'Enter a request' }).click();
  await page.getByRole('button', { name: 'Save request' }).click();
  await page.getByText('Enter at least one telephone number.').first().waitFor();
  await shot('faults');
  t.strictSame(await faults(page), []);
  await page.getByLabel('What the person asks for').selectOption('erasure');
  await page.getByLabel('Name', { exact: true }).fill(HOSTILE);
  await page.getByLabel('Telephone numbers of the person').fill('44');
  await page.getByRole('button', { name: 'Save request' }).click();
  await page.getByText('"44" is not a complete telephone number').waitFor();
  await page.getByLabel('Telephone numbers of the person').fill(NUMBER);
  await page.getByRole('button', { name: 'Save request' }).click();

  await page.getByRole('heading', { name: 'Request 1', exact: true }).waitFor();
  await page.getByText('Not checked yet').waitFor();
  await page.getByText(/^3 calls: 1 can be erased, 2 without a recording\.$/).waitFor();
  t.equal(await page.locator('tbody tr').count(), 3, 'not of the number that ends alike');
  await shot('detail');
  t.strictSame(await faults(page), []);
  t.ok((await tooWide(page)) <= 0);

  const row = page.locator('tbody tr', { has: page.locator(`a[href="/calls/${shared.id}"]`) });
  await row.getByRole('button', { name: 'Leave out' }).click();
  await page.getByLabel('Reason').fill('Her son');
  await page.getByRole('dialog').getByRole('button', { name: 'Leave out' }).click();
  await page.getByText(/1 left out\.$/).waitFor();
  await row.getByText('Her son').waitFor();
  await row.getByRole('button', { name: 'Take in again' }).click();
  await page.getByText(/2 without a recording\.$/).waitFor();

  await page.getByRole('button', { name: 'Extend deadline' }).click();
  await page.getByLabel('Reason').fill('Many calls');
  await shot('extend');
  await page.getByRole('dialog').getByRole('button', { name: 'Extend deadline' }).click();
  await page.getByText('Extended', { exact: true }).waitFor();
  t.equal(await page.getByRole('button', { name: 'Extend deadline' }).count(), 0, 'once');

  await page.getByRole('button', { name: 'Close request' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Close request' }).click();
  await dialog.getByText('how the identity of the person was checked').waitFor();
  await dialog.getByLabel('Answer', { exact: true }).selectOption('refused');
  t.equal(await dialog.getByRole('button', { name: 'Close request' }).isDisabled(), true, 'without grounds');
  await dialog.getByLabel('Identity could not be verified').check();
  await shot('close');
  t.strictSame(await faults(page), []);
  await dialog.getByRole('button', { name: 'Close request' }).click();
  await page.getByText(/: Refused\.$/).waitFor();
  await page.getByText(/^Name, contact and numbers are removed on /).waitFor();
  t.equal(await page.getByRole('button', { name: /Leave out|Change|Close request/ }).count(), 0);
  await shot('closed');
  t.strictSame(await faults(page), []);

  await page.getByRole('link', { name: 'All requests' }).click();
  await page.getByRole('heading', { name: 'Closed' }).waitFor();
  await page.getByText('No open requests.').waitFor();
  await shot('list');

  await page.getByRole('button', { name: 'Enter a request' }).click();
  await page.getByLabel('What the person asks for').selectOption('know');
  await page.getByLabel('Name', { exact: true }).fill('Olga Ruiz');
  await page.getByLabel('Telephone numbers of the person').fill('+1 415 555 0142');
  await page
    .getByLabel('Received on')
    .fill(new Date(Date.now() - 12 * 86_400_000).toISOString().slice(0, 10));
  await page.getByRole('button', { name: 'Save request' }).click();
  await page.getByText(/^Confirm it to the person by /).waitFor();
  await page.getByRole('link', { name: 'All requests' }).click();
  await page.getByText(/^Confirm receipt by /).waitFor();
  t.strictSame(await faults(page), []);
  await shot('confirm');
  await page.getByRole('link', { name: 'Olga Ruiz' }).click();
  await page.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('Receipt confirmed on').fill(new Date().toISOString().slice(0, 10));
  await shot('confirming');
  await page.getByRole('button', { name: 'Save request' }).click();
  await page.getByText(/^Confirmed to the person on /).waitFor();
  await page.getByRole('link', { name: 'All requests' }).click();
  await page.getByText('Olga Ruiz').waitFor();
  t.equal(await page.getByText(/^Confirm receipt by /).count(), 0);
  t.equal(await page.evaluate('window.pwned'), undefined);
  const refused = complaints.filter((text) => !/status of 400/.test(text));
  t.strictSame(refused, []);
  const written = await catalogue.audit.entries({ limit: 20 });
  t.notMatch(JSON.stringify(written), /onerror|123444/, 'no entry names who asked');
  await page.goto(`${house.url}/audit`);
  await page
    .getByText(/closed request 1, answered on /)
    .first()
    .waitFor();
  await page
    .getByText(/left a call out of request 1/)
    .first()
    .waitFor();
});

t.test('who asks for access gets a file in which they alone are heard', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { catalogue, clock } = house.dashboard;
  const sound = apartOf(SECONDS, 8000, '-application', 'voip', '-b:a', '24k');
  const startedAt = clock.ms - 600_000;
  const [answeredAt, endedAt] = [startedAt + 5_000, startedAt + 5_000 + SECONDS * 1000];
  const leg = (id: string, party: typeof them) => ({
    ...{ id, party, endpoint: id, seenAt: startedAt, upAt: answeredAt, goneAt: endedAt },
  });
  const legs = [leg('trunk', them), leg('desk', { number: '201', name: 'Anna', ours: true })];
  const { call } = await addRecording(house.dashboard, sound, {
    call: { them, startedAt, answeredAt, endedAt, legs },
    recording: { durationMs: SECONDS * 1000 },
  });
  const times = { inStartedAt: answeredAt, outStartedAt: answeredAt };
  await catalogue.segments.save(segment(call.id, 0, { ...times, legId: 'trunk', state: 'preserved' }));
  const { page } = await openDesk(t, opened, house, { path: '/requests' });
  await page.getByRole('button', { name: 'Enter a request' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Ann Example');
  await page.getByLabel('Telephone numbers of the person').fill(NUMBER);
  await page.getByRole('button', { name: 'Save request' }).click();
  await page.getByText(/^1 call: 1 with a recording\.$/).waitFor();
  await page.getByRole('button', { name: 'Save their side' }).click();
  await page.getByText('Write down first how the identity of the person was checked.').waitFor();
  await page.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('How their identity was checked').fill('Called back');
  await page.getByRole('button', { name: 'Save request' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save their side' }).click();
  const file = await download;
  t.match(file.suggestedFilename(), /^tapedeck-request-\d{4}-\d\d-\d\d-\w{26}\.ogg$/);
  const bytes = readFileSync((await file.path())!);
  for (const decoder of ['libopus', 'opusdec'] as const) {
    const [given, whole] = [heardBy(decoder, bytes), heardBy(decoder, sound)];
    t.ok(
      rmsDb(given.channels[1]!) <= -80,
      `${decoder}: the other party is at ${rmsDb(given.channels[1]!)} dB`,
    );
    t.ok(rmsDb(whole.channels[1]!) > -40);
    t.ok(isDeepStrictEqual(given.channels[0], whole.channels[0]), 'their own side is as it was recorded');
  }
  const [entry] = await catalogue.audit.entries({ limit: 1, actions: ['export'] });
  t.match(entry, { object: 'call', object_id: call.id, reason: 'Request 1' });
  t.strictSame(await faults(page), []);
  if (shots) await page.screenshot({ path: join(shots, 'requests-access-1280-light.png'), fullPage: true });
});
