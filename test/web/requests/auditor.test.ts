import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import type { BrowserContext, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { dates } from '../../../daemon/domain/days.js';
import { ANSWER, answerCommands } from '../../../daemon/domain/privacy/answer.js';
import { presetsAt } from '../../../daemon/domain/report/period.js';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { CALLERS, conversation, DISPUTED, makePast } from '../../../scripts/lib/demo/past.js';
import { holdAndErase, MATTER } from '../../../scripts/lib/demo/retention.js';
import { awayPbx, PBX_AWAY } from '../../support/box/away-pbx.js';
import { readPrompt } from '../../support/pbx/sources.js';
import { createApiClient, createRecorderLab } from '../../support/recorder.js';
import { correlate, decode, rmsDb } from '../../support/recordings/audio.js';
import { launchBrowser } from '../../support/web/browser/launch.js';
import { faults, tooWide, until } from '../../support/web/browser.js';

const shots = process.env.SHOTS;
const ADMIN = { name: 'Grace Hopper', password: 'correct horse battery 1' };
const AUDITOR = { name: 'Eve Hartmann', password: 'staple paper under 2' };
/** Long enough that last quarter has calls, on whatever day this runs. */
const SPAN = { days: 190, every: 6 };
const PROMPTS = fileURLToPath(new URL('../../../prompts/en', import.meta.url));
const SPEECH = { in: join(PROMPTS, 'announce_refusal.wav'), out: join(PROMPTS, 'ask.wav') };
const REQUESTER = CALLERS[1]!;
const RATE = 8_000;
type Row = Record<string, string>;

/** A real recorder and a real dashboard over half a year of sealed calls: two are under legal hold, a run has erased what is due. */
async function openOffice(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-auditor-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const pbx = awayPbx(dir);
  const recorder = createRecorderLab({ dir, pbx, site: 'time_zone = "Europe/Berlin"\n' });
  const masterKeyFile = join(dir, 'master.key');
  await makePast({ dataDir: recorder.dataDir, masterKeyFile, speech: SPEECH, now: Date.now(), ...SPAN });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon(PBX_AWAY);
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, ADMIN.name, ADMIN.password);
  const added = await recorder.command(
    ['user', 'add', AUDITOR.name, '--role', 'auditor'],
    `${AUDITOR.password}\n`,
  );
  t.equal(added.code, 0, added.err);
  const check = (good: boolean, text: string) => void t.ok(good, text);
  const { erased } = await holdAndErase({ recorder, api, check, say: (text) => t.comment(text) });
  return { dir, recorder, address, erased };
}

t.test('an auditor walks from a report to a certificate, a hold, and the answer to a request', async (t) => {
  const { dir, recorder, address, erased } = await openOffice(t);
  const browser = await launchBrowser(t);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()));
  page.on('pageerror', (e) => complaints.push(e.message));
  const looked = (name: string) => look(t, page, name);
  const download = async (click: () => Promise<void>): Promise<{ file: string; name: string }> => {
    const waiting = page.waitForEvent('download');
    await click();
    const came = await waiting;
    const [name, file] = [came.suggestedFilename(), join(dir, came.suggestedFilename())];
    await came.saveAs(file);
    return { file, name };
  };

  await t.test('they sign in', async () => {
    await page.goto(address);
    await page.getByLabel('Name', { exact: true }).fill(AUDITOR.name);
    await page.getByLabel('Password', { exact: true }).fill(AUDITOR.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'Reports', exact: true }).waitFor();
    await looked('1-signed-in');
  });

  await t.test("they take last quarter's retention report as PDF", async (t) => {
    await page.getByRole('link', { name: 'Reports', exact: true }).click();
    await page.locator('.report-filters select').nth(1).selectOption('Last quarter');
    await page.getByRole('button', { name: 'Show report' }).click();
    await page.getByRole('heading', { name: 'Retention report' }).waitFor();
    await looked('2-report');
    const link = page.getByRole('link', { name: 'Download PDF' });
    const pdf = await download(() => link.click());
    const today = dates('Europe/Berlin')(Date.now());
    const { from, to } = presetsAt(today, today).last_quarter;
    t.match(pdf.name, new RegExp(`^tapedeck-retention-${from}-${to}-\\d+\\.pdf$`));
    const text = execFileSync('pdftotext', ['-layout', pdf.file, '-'], { encoding: 'utf8' });
    const title = text.slice(0, text.indexOf('How it was made'));
    for (const [name, value] of [
      ['Site', 'Laboratory'],
      ['Period', `${from} to ${to}, both included`],
      ['Time zone', 'Europe/Berlin'],
      ['Requested by', AUDITOR.name],
      ['Query', `tapedeck report retention --from ${from} --to ${to}`],
    ])
      t.match(title, new RegExp(`${name}\\s+.*${value}`), `the title block has ${name}`);
    const info = execFileSync('pdfinfo', [pdf.file], { encoding: 'utf8' });
    const pages = Number(/Pages:\s+(\d+)/.exec(info)![1]);
    for (let n = 1; n <= pages; n++) {
      const one = execFileSync('pdftotext', ['-f', `${n}`, '-l', `${n}`, '-layout', pdf.file, '-'], {
        encoding: 'utf8',
      });
      t.match(one, `Page ${n} of ${pages}`);
    }
    t.match(text, /Support/, 'the rules are on it');
    keepPicture(pdf.file, '2-report-pdf');
  });

  await t.test('they verify a certificate of erasure without the box', async (t) => {
    await page.getByRole('link', { name: 'Retention', exact: true }).click();
    await page.getByRole('link', { name: 'Erasure certificates' }).click();
    await page.getByRole('link', { name: 'EC-000001' }).click();
    await page.getByText(`${erased} recordings erased`).waitFor();
    await page.getByText('Signature valid').waitFor();
    await looked('3-certificate');
    const json = await download(() => page.getByRole('link', { name: 'Download signed JSON' }).click());
    const [pem] = [...publicKeys(recorder.dataDir).values()];
    const key = join(dir, 'kept-elsewhere.pem');
    writeFileSync(key, pem!);
    const away = join(dir, 'another-machine.toml');
    const verify = (file: string) =>
      recorder.command(['--config', away, 'certificate', 'verify', file, '--public-key', key]);
    t.match(await verify(json.file), { code: 0, out: /^Valid: certificate EC-000001/ });
    const bytes = readFileSync(json.file);
    const changed = join(dir, 'changed.json');
    for (const at of [bytes.indexOf('"recordings"') + 15, bytes.length >> 1, bytes.length - 200]) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1;
      writeFileSync(changed, other);
      const found = await verify(changed);
      t.not(found.code, 0, `byte ${at} was changed`);
      t.notMatch(found.out, /^Valid/);
    }
  });

  await t.test('they see a recording that is due, which retention left alone', async (t) => {
    await page.getByRole('link', { name: 'Retention', exact: true }).click();
    await page.getByRole('heading', { name: 'Due but protected' }).waitFor();
    await page.getByText('2 recordings under legal hold. Runs leave them alone').waitFor();
    await looked('4-protected');
    t.equal(await page.getByRole('button', { name: /Erase/ }).count(), 0, 'an auditor erases nothing');
    const section = page.locator('section', {
      has: page.getByRole('heading', { name: 'Due but protected' }),
    });
    await section.getByText(`It is under legal hold: ${MATTER}.`).first().waitFor();
    await section.getByRole('link').first().click();
    await page.getByText('Under legal hold.').waitFor();
    await page.getByRole('link', { name: MATTER }).waitFor();
    await page.getByText(DISPUTED.name).first().waitFor();
    const id = page.url().split('/').at(-1)!;
    t.match(await recorder.command(['verify', id]), { code: 0 }, 'it is whole');
    await looked('5-held');
  });

  await t.test('they answer a request, and only the person who asks is heard', async (t) => {
    await page.getByRole('link', { name: 'Requests', exact: true }).click();
    await page.getByRole('button', { name: 'Enter a request' }).click();
    await page.getByLabel('Name', { exact: true }).fill(REQUESTER.name);
    await page.getByLabel('Telephone numbers of the person').fill(REQUESTER.number);
    await page.getByLabel('How their identity was checked').fill('Called back at the number');
    await page.getByRole('button', { name: 'Save request' }).click();
    await page.getByRole('heading', { name: 'Request 1', exact: true }).waitFor();
    await page.getByText(/^\d+ calls: \d+ with a recording, \d+ erased\.$/).waitFor();
    await looked('6-request');
    await page.getByRole('button', { name: 'Prepare answer' }).click();
    const dialog = page.getByRole('dialog', { name: 'Prepare the answer' });
    await dialog.getByText('a recording of each in which only the person is heard').waitFor();
    t.match(await dialog.getByLabel('Text of the letter').inputValue(), `Dear ${REQUESTER.name},`);
    await looked('7-answer');
    const zip = await download(() => dialog.getByRole('button', { name: 'Save answer' }).click());
    t.match(zip.name, /^tapedeck-request-1-\d{4}-\d\d-\d\d\.zip$/);
    await dialog.waitFor({ state: 'detached' });
    await checkAnswer(t, zip.file, join(dir, 'answer'));
    await lookAtAnswer(t, context, join(dir, 'answer'));
    const byRoot = join(dir, 'by-root.zip');
    const made = await recorder.command(['requests', 'answer', '1', '--letter', 'access', '-o', byRoot]);
    t.equal(made.code, 0, made.err);
    await checkAnswer(t, byRoot, join(dir, 'by-root'));
    await page.getByRole('button', { name: 'Close request' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close request' }).click();
    await page.getByText(/: Answered in full\.$/).waitFor();
    await looked('8-answered');
  });
  t.strictSame(complaints, []);
});

/** An answer to somebody of whom calls are kept: its files are as they were signed, and in each recording only they are heard. */
async function checkAnswer(t: Test, zip: string, folder: string): Promise<void> {
  execFileSync('unzip', ['-q', zip, '-d', folder]);
  const run = (commands: readonly string[]) =>
    execFileSync('sh', ['-ec', commands.join('\n')], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  t.match(run(answerCommands()), /Signature Verified Successfully/);
  const calls = parse(readFileSync(join(folder, ANSWER.list)), { columns: true, bom: true }) as Row[];
  const given = calls.filter(({ file }) => file !== '');
  t.ok(given.length > 0 && given.length < calls.length, `${given.length} of ${calls.length} calls are given`);
  for (const { file, sha256, direction, purpose, withheld } of given) {
    const bytes = readFileSync(join(folder, file!));
    t.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
    t.match(
      { direction, purpose, withheld },
      { direction: 'Incoming', purpose: 'Handling complaints', withheld: /15\(4\)/ },
    );
    await onlyTheyAreHeard(t, bytes);
  }
  for (const { file, recording } of calls.filter(({ file }) => file === '')) {
    t.match(recording, /^Erased on \d{4}-\d\d-\d\d$/);
    t.equal(file, '');
  }
  const letter = execFileSync('pdftotext', ['-layout', join(folder, ANSWER.letter), '-'], {
    encoding: 'utf8',
  });
  t.match(letter, new RegExp(`Dear ${REQUESTER.name},[\\s\\S]*lodge a complaint with a data protection`));
  t.notMatch(
    readFileSync(join(folder, ANSWER.list), 'utf8'),
    /Orchard|Field/,
    'nobody of the office is named',
  );
  keepPicture(join(folder, ANSWER.letter), '7-letter-pdf');
  const list = join(folder, ANSWER.list);
  writeFileSync(list, readFileSync(list, 'utf8').replace('Incoming', 'Outgoing'));
  t.throws(() => run(answerCommands().slice(0, 1)), 'a changed list is found');
}

/** The list of the calls, as the person opens it. */
async function lookAtAnswer(t: Test, context: BrowserContext, folder: string): Promise<void> {
  const page = await context.newPage();
  await page.goto(`file://${join(folder, ANSWER.page)}`);
  await page.getByRole('heading', { name: 'Your calls' }).waitFor();
  await look(t, page, '7-list');
  await page.evaluate("document.querySelector('audio').play()");
  await until(page, "document.querySelector('audio').currentTime > 0.2");
  await page.close();
}

/** In this recording the caller says what they said, to the sample as near as the codec has it, and nobody else says anything. */
async function onlyTheyAreHeard(t: Test, bytes: Buffer): Promise<void> {
  const { channels } = await decode(bytes, RATE);
  const [own, other] = [channels[0]!, channels[1]!];
  t.ok(rmsDb(other) < -80, `the other party is at ${rmsDb(other)} dB`);
  t.ok(rmsDb(own) > -40, `the person is at ${rmsDb(own)} dB`);
  const said = conversation(readPrompt(SPEECH.in), readPrompt(SPEECH.out));
  const { peak } = correlate(said.in, own);
  t.ok(peak > 0.8, `what they said correlates with the source by ${peak.toFixed(3)}`);
  t.ok(correlate(said.out, own).peak < 0.4, 'and not with what the other party said');
}

/** No fault that axe knows and nothing too wide, at both widths; and pictures of them where somebody wants to look. */
async function look(t: Test, page: Page, name: string): Promise<void> {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (shots)
        await page.screenshot({
          path: join(shots, `auditor-${name}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
    }
    t.ok((await tooWide(page)) <= 0, `${name} fits in ${width} pixels`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  t.strictSame(await faults(page), [], `axe finds nothing on ${name}`);
}

/** The first page of a PDF, where somebody wants to look at it. */
function keepPicture(file: string, name: string): void {
  if (shots) execFileSync('pdftoppm', ['-png', '-r', '60', file, join(shots, `auditor-${name}`)]);
}
