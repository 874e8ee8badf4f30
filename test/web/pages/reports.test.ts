import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import t from 'tap';
import { dates, dayAfter } from '../../../daemon/domain/days.js';
import { reportNames } from '../../../daemon/domain/report/report.js';
import { reportCommands, verifyReport } from '../../../daemon/domain/report/signed.js';
import { publicKeys, signatureKeys } from '../../../daemon/vault/signing-key.js';
import { certified } from '../../support/certificates/in-dashboard.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { get } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;
const folder = mkdtempSync(join(tmpdir(), 'tapedeck-reports-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const kind = (page: Page) => page.locator('.report-filters select').nth(0);
const period = (page: Page) => page.locator('.report-filters select').nth(1);

/** Downloads what a link leads to, into the folder. Returns its path and its name. */
async function download(page: Page, link: string): Promise<{ file: string; name: string }> {
  const waiting = page.waitForEvent('download');
  await page.getByRole('link', { name: link }).first().click();
  const came = await waiting;
  const name = came.suggestedFilename();
  const file = join(folder, name);
  await came.saveAs(file);
  return { file, name };
}

t.test(
  "the auditor takes last quarter's retention report as PDF, and verifies it with openssl",
  async (t) => {
    const house = await openFurnished(t, opened);
    const { dashboard } = house;
    const { page, complaints } = await openDesk(t, opened, house, { as: 'eve', path: '/reports' });
    await page.getByText('No report has been downloaded yet.').waitFor();
    t.strictSame(await faults(page), [], 'before a report is chosen');
    await period(page).selectOption('Last quarter');
    await page.getByRole('button', { name: 'Show report' }).click();
    await page.getByRole('heading', { name: 'Retention report' }).waitFor();
    t.match(page.url(), /\/reports\?report=retention&from=\d{4}-\d\d-01&to=\d{4}-\d\d-3[01]$/);

    const pdf = await download(page, 'Download PDF');
    t.match(pdf.name, /^tapedeck-retention-\d{4}-\d\d-01-\d{4}-\d\d-3[01]-\d+\.pdf$/);
    const text = execFileSync('pdftotext', ['-layout', pdf.file, '-'], { encoding: 'utf8' });
    for (const said of ['Retention report', 'Query', 'Eve Hartmann', 'Europe/Berlin', 'How it was made'])
      t.ok(text.includes(said), said);
    const pages = Number(
      /Pages:\s+(\d+)/.exec(execFileSync('pdfinfo', [pdf.file], { encoding: 'utf8' }))?.[1],
    );
    t.ok(
      text.includes(`Page 1 of ${pages}`) && text.includes(`Page ${pages} of ${pages}`),
      'every page is numbered',
    );
    t.match(execFileSync('pdfinfo', [pdf.file], { encoding: 'utf8' }), /Tagged:\s+yes/);

    const entry = /-(\d+)\.pdf$/.exec(pdf.name)![1]!;
    const signature = await download(page, `Download signature ${entry}`);
    t.equal(signature.name, pdf.name.replace('.pdf', '.sig.json'), 'the page has it without a reload');
    const [pem] = [...publicKeys(dashboard.dataDir).values()];
    writeFileSync(join(folder, 'tapedeck.pem'), pem!);
    const run = (commands: readonly string[]) =>
      execFileSync('sh', ['-ec', commands.join('\n')], { cwd: folder, encoding: 'utf8' });
    const commands = reportCommands(pdf.name, signature.name);
    t.match(run(commands), /Signature Verified Successfully[\s\S]*Report verified/);
    const keys = signatureKeys([pem!]);
    const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const bytes = readFileSync(pdf.file);
    const signed = readFileSync(signature.file, 'utf8');
    t.match(verifyReport(signed, sha256(bytes), keys), {
      fault: null,
      statement: {
        report: 'retention',
        entry: Number(entry),
        made: { by: /Eve/ },
        query: /^tapedeck report retention --from/,
      },
    });
    bytes[bytes.length - 20]! ^= 1;
    t.match(
      verifyReport(signed, sha256(bytes), keys),
      { fault: 'file' },
      'a changed file is not the one that was signed',
    );
    t.match(
      verifyReport(
        signed.replace('retention --from', 'disposal --from'),
        sha256(readFileSync(pdf.file)),
        keys,
      ),
      {
        fault: 'signature',
      },
    );
    writeFileSync(pdf.file, bytes);
    t.throws(() => run(commands), 'openssl and sha256sum find it too');

    t.match(await dashboard.catalogue.audit.entries({ limit: 2, actions: ['export', 'report'] }), [
      {
        action: 'export',
        object: 'report',
        object_id: 'retention',
        seq: Number(entry),
        detail: { what: 'pdf' },
      },
      { action: 'report', object: 'report', object_id: 'retention' },
    ]);
    t.strictSame(await faults(page), []);
    t.strictSame(complaints, []);
  },
);

t.test('this month is shown, and taken as CSV and JSON with every row', async (t) => {
  const house = await openFurnished(t, opened, 'hostile');
  await certified(house.dashboard, 3);
  const { page, complaints } = await openDesk(t, opened, house, { path: '/reports' });
  const looked = async (name: string) => {
    for (const width of [1280, 360])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
        await page.emulateMedia({ colorScheme });
        t.equal(await tooWide(page), 0, `${name} ${width} ${colorScheme}`);
        if (!shots) continue;
        await page.setViewportSize({ width, height: 2400 });
        await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`) });
      }
    t.strictSame(await faults(page), [], name);
    await page.setViewportSize({ width: 1280, height: 900 });
  };
  await period(page).selectOption('Since installation');
  await page.getByRole('button', { name: 'Show report' }).click();
  await page.getByRole('heading', { name: 'By rule' }).waitFor();
  await looked('reports-retention');
  t.equal(await page.evaluate('window.pwned'), undefined, 'no name was run');

  const csv = await download(page, 'Download CSV');
  const rows = parse(readFileSync(csv.file), { bom: true }) as string[][];
  for (const cell of rows.flat()) t.notMatch(cell, /^\s*[=+\-@\t\r]/);
  const json = await download(page, 'Download JSON');
  const made = JSON.parse(readFileSync(json.file, 'utf8'));
  t.equal(made.rows.length, rows.length - 1);
  t.ok(made.rows.length > 0);
  if (shots) {
    const pdf = await download(page, 'Download PDF');
    execFileSync('pdftoppm', ['-r', '70', '-png', pdf.file, join(shots, 'retention')]);
  }

  // The recorder's day, which is another one than that of UTC late in the evening.
  const today = dates('Europe/Berlin')(Date.now());
  await kind(page).selectOption('Disposal');
  await period(page).selectOption('This month');
  await page.getByLabel('Last day').fill('2020-01-01');
  await page.getByText('The last day is before the first day.').waitFor();
  await page.getByRole('button', { name: 'Show report' }).click();
  t.notMatch(page.url(), /2020-01-01/, 'a reversed period is not asked for');
  await page.getByLabel('Last day').fill(today);
  await page.getByRole('button', { name: 'Show report' }).click();
  await page.locator('.report .answer', { hasText: '3 recordings were erased, on 1 certificate.' }).waitFor();
  await looked('reports-disposal');
  await page.emulateMedia({ media: 'print' });
  t.equal(await page.getByRole('link', { name: 'Download PDF' }).isVisible(), false, 'paper has no buttons');
  t.ok(await page.locator('.report .answer').isVisible());
  if (shots) await page.screenshot({ path: join(shots, 'reports-print.png'), fullPage: true });
  await page.emulateMedia({ media: null });
  await page.goto(`${house.url}/reports?report=volume&from=${dayAfter(today, -30)}&to=${today}`);
  await page.getByRole('img', { name: /^Chart: Calls by hour of the day/ }).waitFor();
  await looked('reports-volume');
  t.strictSame(complaints, []);

  const cookie = await house.signIn('anna');
  const ask = async (path: string) => (await get(house.dashboard.app, path, cookie)).statusCode;
  t.equal(await ask('/reports/retention?from=2026-02-02&to=2026-02-01'), 400, 'nor is it made');
  t.equal(await ask('/reports/nothing'), 400);
  for (const report of reportNames) {
    const days = `from=${dayAfter(today, -30)}&to=${today}`;
    const view = (await get(house.dashboard.app, `/reports/${report}?${days}`, cookie)).json();
    t.match(view, { head: { report }, answer: [/\.$/] }, report);
    const file = await get(house.dashboard.app, `/reports/${report}/file?${days}&format=pdf`, cookie);
    t.equal(file.rawPayload.subarray(0, 5).toString(), '%PDF-', `${report} as PDF`);
    if (shots) writeFileSync(join(shots, `${report}.pdf`), file.rawPayload);
  }
  t.equal(await ask('/reports/signed/999999'), 404);
  const before = (
    await get(house.dashboard.app, '/reports/retention?from=1990-01-01&to=1990-12-31', cookie)
  ).json();
  t.match(before.caveats, [/before Tapedeck was installed/]);
});
