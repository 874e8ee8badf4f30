import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type {
  CertificateItem,
  CertificateStatement,
} from '../../../daemon/domain/certificate/certificate.js';
import { fileOf, verified } from '../../support/certificates/certifying.js';
import { certified, EXPORTER } from '../../support/certificates/in-dashboard.js';
import { faults, openBrowser, openDesk, tooWide } from '../../support/web/browser.js';
import { get } from '../../support/web/dashboard.js';
import { openFurnished } from '../../support/web/furnished.js';

const opened = await openBrowser(t);
const shots = process.env.SHOTS;
const LONG = 'Aufbewahrung-von-Bestellungen-und-Reklamationen-in-der-Zentrale-0123';

t.test('a certificate is found from the retention page, read, and taken as PDF and JSON', async (t) => {
  const house = await openFurnished(t, opened, 'empty');
  const { dashboard } = house;
  const none = await openDesk(t, opened, house, { path: '/certificates' });
  await none.page.getByText('No certificates yet.').waitFor();
  t.strictSame(await faults(none.page), []);
  const { pem, ids } = await certified(dashboard, 103, LONG);
  await certified(dashboard, 1);

  const { page, complaints } = await openDesk(t, opened, house, { path: '/retention' });
  await page.getByRole('link', { name: 'Erasure certificates' }).click();
  await page.getByText('2 certificates have been issued.').waitFor();
  const names = await page.locator('tbody tr a').allTextContents();
  t.same(names, ['EC-000002', 'EC-000001'], 'newest first');
  await page.getByRole('link', { name: 'EC-000001' }).click();
  await page.getByText('103 recordings erased').waitFor();
  for (const text of ['Grace Hopper', 'محمد بن عبد الله', 'Case 2026/17', 'Signature valid', EXPORTER])
    await page.getByText(text).first().waitFor();
  t.equal(await page.locator('.certificate-items tbody tr').count(), 100);
  await page.getByRole('button', { name: 'More recordings' }).click();
  await page.getByText(ids[102]!).waitFor();
  t.equal(await page.getByRole('button', { name: 'More recordings' }).count(), 0);

  const json = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download signed JSON' }).click();
  const text = readFileSync((await (await json).path())!, 'utf8');
  t.equal(text, await fileOf(dashboard.catalogue, 1, pem));
  const found = verified(text, [pem]);
  t.equal(found.fault, null);

  const pdf = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download PDF' }).click();
  const file = (await (await pdf).path())!;
  t.equal((await pdf).suggestedFilename(), 'EC-000001.pdf');
  everyField(t, file, found.statement!, found.items);

  await page.goto(`${house.url}/calls/${ids[0]}`);
  await page.getByRole('link', { name: 'Certificate of erasure' }).click();
  await page.getByRole('heading', { name: 'EC-000001' }).waitFor();
  t.match((await dashboard.catalogue.audit.entries({ limit: 9, actions: ['export'] })).slice(0, 2), [
    { object: 'certificate', object_id: '1', detail: { what: 'pdf' } },
    { object: 'certificate', object_id: '1', detail: { what: 'json' } },
  ]);
  t.strictSame(complaints, []);

  const cookie = await house.signIn('anna');
  const csv = (await get(dashboard.app, '/certificates.csv', cookie)).payload.trim().split('\r\n');
  t.equal(csv.length, 1 + 104);
  t.match(csv[0], /^.?certificate,issued_at,kind,requested_by/);
  t.match(csv[2], /EC-000001,.*,retention,Grace Hopper,محمد بن عبد الله,01ARZ/);
  t.match(await get(dashboard.app, '/certificates/9', cookie), { statusCode: 404 });
});

/** Every value of a certificate stands in its PDF. */
function everyField(
  t: { ok(found: boolean, name: string): void; match(found: string, wanted: RegExp, name: string): void },
  file: string,
  statement: CertificateStatement,
  items: readonly CertificateItem[],
): void {
  const plain = (text: string) => text.replace(/\s/g, '');
  const read = execFileSync('pdftotext', ['-raw', file, '-'], { encoding: 'utf8' });
  const text = plain(read);
  const shown = (value: unknown, path: string): void => {
    if (Array.isArray(value)) for (const [n, inner] of value.entries()) shown(inner, `${path}.${n}`);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) shown(inner, `${path}.${key}`);
    else if (value !== null && value !== '') t.ok(text.includes(plain(onPaper(value, path))), path);
  };
  const { type: _, format: __, ...said } = statement;
  shown(said, 'statement');
  for (const n of [0, 1, 102]) shown(items[n], `item ${n}`);
  t.match(read, /Page 1 of \d+\n/, 'pages are counted');
  const heads = read.match(/Rule, erasure and verification/g) ?? [];
  t.ok(heads.length > 5, 'the heads of the table are on each of its pages');
}

/** How a value is written there: times without the letters of ISO 8601, codes in words. */
function onPaper(value: unknown, path: string): string {
  const words: Record<string, string> = {
    'statement.erasure.kind': 'Retention run',
    'statement.erasure.requested_by.actor': 'Requested by',
    'statement.media.device': 'SSD',
    'statement.site.time_zone': 'GMT+',
    'statement.verification.failed': 'For every recording, the key and the file were absent.',
    'statement.legal_holds.result': 'had none.',
  };
  if (words[path] !== undefined) return words[path];
  if (path.endsWith('.duration_ms')) return '0:30';
  if (path.endsWith('.sealed_bytes')) return '90.5 KB';
  // Right to left: the words stand the other way round for who reads from the left.
  if (path.endsWith('approved_by.name')) return '(U2)';
  if (path.endsWith('left_not_listed') || path.endsWith('.version')) return 'sealed';
  if (typeof value === 'string' && /^\d{4}-.*Z$/.test(value)) return value.replace('T', ' ').slice(11, -1);
  return String(value);
}

t.test('certificates, wide and on a phone, by day and by night', async (t) => {
  const house = await openFurnished(t, opened, 'office');
  await certified(house.dashboard, 3, LONG);
  for (const [name, width, colorScheme] of [
    ['wide', 1280, 'light'],
    ['dark', 1280, 'dark'],
    ['phone', 360, 'light'],
    ['phone-dark', 360, 'dark'],
  ] as const) {
    const { page, complaints } = await openDesk(t, opened, house, { path: '/certificates', width });
    await page.emulateMedia({ colorScheme });
    for (const [which, text] of [
      ['list', /certificates? ha(s|ve) been issued/],
      ['one', '3 recordings erased'],
    ] as const) {
      if (which === 'one') await page.locator('tbody tr a').first().click();
      await page.getByText(text).waitFor();
      t.equal(await tooWide(page), 0, `${which}, ${name}`);
      t.strictSame(await faults(page), [], `${which}, ${name}`);
      if (shots)
        await page.screenshot({ path: join(shots, `certificates-${which}-${name}.png`), fullPage: true });
    }
    t.strictSame(complaints, []);
  }
});
