import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import t from 'tap';
import type { Imported } from '../../../daemon/domain/importing/imported.js';
import { faults, openBrowser, tooWide } from '../../support/web/browser.js';
import { HOSTILE, haveCall, openHouse, text, verify } from '../../support/web/evidence.js';

const PAGE = pathToFileURL(join(process.cwd(), 'dist/web/verify/verify.html')).href;
const SHA = 'd'.repeat(64);
const AT = Date.parse('2026-08-01T12:00:00Z');

const imported: Imported = {
  ...{ recorder: 'freepbx', file: `2026/07/26/in-${HOSTILE}.wav`, bytes: 123_456, sha256: SHA },
  ...{ format: 'wav49', sides: 'mixed', cdrs: { by: 'uniqueid', rows: 2, uniqueids: ['1.1', '1.2'] } },
  ...{ at: AT, by: 'root', job: 'J' },
};

/** What would say that Tapedeck had captured a call. */
const CAPTURED =
  /The whole call was recorded|as (it was )?captured\b(?!\. Another)|recorded because that is the default/;

t.test('the evidence pack of an imported call says imported, and never captured', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(20_000), {
    call: { imported },
    coverage: { status: 'imported' },
  });
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  const [story, consent] = [text(files['story.txt']), text(files['consent.json'])];
  t.match(story, /WHERE IT COMES FROM\n {2}Imported, not captured: another recorder \(freepbx\)/);
  t.match(story, new RegExp(`wav49, 123456 bytes\\)\\. SHA-256 at the import: ${SHA}`));
  t.match(story, /2 CDRs say, found by uniqueid/);
  t.match(story, /Both sides are in one channel/);
  t.match(story, /What the other recorder left out is not on record/);
  t.match(JSON.parse(text(files['story.json'])), { imported: { original: { sha256: SHA } } });
  t.match(consent, /Another recorder recorded it/);
  t.match(JSON.parse(text(files['manifest.json'])), {
    format_version: 6,
    imported: { recorder: 'freepbx', original: { sha256: SHA }, imported_at: '2026-08-01T12:00:00.000Z' },
  });
  const pdf = execFileSync('pdftotext', ['-layout', '-', '-'], {
    input: files['cover.pdf']!,
    encoding: 'utf8',
  }).replace(/\s+/g, ' ');
  t.match(pdf, /the imported recording of a telephone call/);
  t.match(pdf, /Where it comes from .*Imported, not captured/);
  t.match(pdf, /made of a file with the SHA-256 above, as that file was when it was imported/);
  t.match(pdf, /nobody vouches for what happened to its file before it was imported/);
  for (const [name, said] of Object.entries({ story, consent, pdf })) t.notMatch(said, CAPTURED, name);
  const checked = await verify(zip);
  t.same(checked.faults, []);
  t.match(checked.notes, [new RegExp(`Imported, not captured.*at the import: ${SHA}`)]);

  await t.test('and so does the page that verifies it', async (t) => {
    const { browser } = await openBrowser(t);
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [360, 'dark'],
    ] as const) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(PAGE);
      const buffer = Buffer.from(zip);
      await page.setInputFiles('#file', { name: 'pack.zip', mimeType: 'application/zip', buffer });
      await page
        .getByRole('status')
        .getByText(/^Verified/)
        .waitFor();
      const said = (await page.textContent('#out')) ?? '';
      t.match(said, /The imported recording and its story are unchanged since/);
      t.match(said, new RegExp(`Imported, not captured: .*${SHA}`, 's'));
      t.notMatch(said, CAPTURED);
      t.equal(await page.locator('img').count(), 0);
      t.ok((await tooWide(page)) <= 0, `${width} px`);
      t.same(await faults(page), []);
      await context.close();
    }
  });
});

t.test('what is said of any other call says nothing of an import', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(500));
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  t.notMatch(text(files['story.txt']) + text(files['consent.json']), /import/i);
  t.notMatch(
    execFileSync('pdftotext', ['-', '-'], { input: files['cover.pdf']!, encoding: 'utf8' }),
    /import/i,
  );
  t.same((await verify(zip)).notes, []);
});
