import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import t from 'tap';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { keys as keysCommand } from '../../../daemon/cli/keys.js';
import { verify as verifyCommand } from '../../../daemon/cli/verify.js';
import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import { createExaminer } from '../../../daemon/recordings/scrub/examine.js';
import { openManifest } from '../../../daemon/vault/manifest.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { knownOf } from '../../../daemon/vault/register.js';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { launchBrowser } from '../../support/web/browser/launch.js';
import { openDashboard, post, START, signInAs } from '../../support/web/dashboard.js';
import {
  createSigningKeyBeside,
  flipped,
  hash,
  haveCall,
  linesOf,
  openHouse,
  rezip,
  text,
  verify,
} from '../../support/web/evidence.js';

const PAGE = 'dist/web/verify/verify.html';

t.test('a pack is given out over HTTP, to whoever reaches all of the call and says why', async (t) => {
  const house = await openHouse(t, 'house-keys.db');
  const store = createDiskReader(house.dir);
  const state = { full: false };
  const { audit } = house.catalogue;
  const append: typeof audit.append = async (entry) => {
    if (state.full) throw new Error('no room');
    return audit.append(entry);
  };
  const identity = (id: string) => house.keys.identity(id);
  const d = await openDashboard(t, {
    dataDir: house.dir,
    recorder: {
      catalogue: { ...house.catalogue, audit: { ...audit, append } },
      identity,
      examine: createExaminer({
        ...{ catalogue: house.catalogue, hash: store.hash },
        opens: async (r) => (await openSealed(store, r, await identity(r.id))).close(),
        openManifest: (signed) => openManifest(signed, publicKeys(house.dir)),
        registered: async ({ id }) => knownOf(house.keys.register(), id),
      }).file,
      signer: () => house.key.keyId,
      sign: () => house.checkpoints.sign(),
    },
  });
  const leg = (number: string, from: number) => ({
    ...{ id: `leg-${number}`, endpoint: number, party: { number, name: '', ours: true } },
    ...{ seenAt: START - 600_000, upAt: START - 595_000 + from, goneAt: START - 415_000 },
  });
  const bytes = randomBytes(90_000);
  const { call, recording, path } = await haveCall(house, bytes, {
    call: { legs: [leg('201', 0), leg('202', 60_000)] },
  });
  const signedIn = async (name: string, change: Partial<Person>) => {
    const person = { ...FOUNDER, extensions: [], grants: [], ...change, id: name, name } as Person;
    await house.catalogue.people.add({ ...person, passwordHash: 'x', createdAt: START });
    return signInAs({ ...d, catalogue: house.catalogue }, name);
  };
  const scope = (extensions: string[]) => ({ all: false, extensions, queues: [], dids: [] });
  const all = await signedIn('all', { grants: ['export'] });
  const ask = (cookie: string, body: object = {}, id = call.id) =>
    post(d.app, `/calls/${id}/evidence`, body, { cookie });

  const answer = await ask(all, { reason: 'Case 9' });
  t.equal(answer.statusCode, 200);
  t.equal(answer.headers['content-type'], 'application/zip');
  t.equal(answer.headers['content-disposition'], `attachment; filename="tapedeck-evidence-${call.id}.zip"`);
  t.equal(answer.headers['cache-control'], 'no-store');
  const report = await verify(answer.rawPayload);
  t.same([report.faults, report.notes], [[], []]);
  t.match(report.entries.at(-1)?.entry, {
    action: 'export',
    actor: 'person',
    actor_name: 'all',
    reason: 'Case 9',
  });
  t.ok(bytes.equals(unzipSync(answer.rawPayload)['recording.opus']!));
  const cover = unzipSync(answer.rawPayload)['cover.pdf']!;
  t.match(
    execFileSync('pdftotext', ['-layout', '-', '-'], { input: cover, encoding: 'utf8' }),
    /Given to +all, signed in from 127\.0\.0\.1/,
  );

  const head = async () =>
    (
      await house.catalogue.audit.entries({
        objectId: call.id,
        actions: ['export'],
        outcome: 'ok',
        limit: 99,
      })
    ).length;
  const before = await head();
  const plain = await signedIn('plain', { grants: [] });
  t.equal((await ask(plain)).statusCode, 403, 'without the right');
  const part = await signedIn('part', { roles: ['reviewer'], scope: scope(['202']), grants: ['export'] });
  t.match((await ask(part)).json(), {
    error: { code: 'forbidden', detail: /a part of this call only.*is of the whole call/ },
  });
  const mine = await signedIn('mine', { roles: ['reviewer'], scope: scope(['201']), grants: ['export'] });
  const other = await signedIn('other', { roles: ['reviewer'], scope: scope(['209']), grants: ['export'] });
  t.equal((await ask(other)).statusCode, 404, 'of somebody who does not reach it');
  const auditor = await signedIn('auditor', { roles: ['auditor'], scope: scope([]) });
  const owed = await ask(auditor, { reason: ' \u200b' });
  t.match([owed.statusCode, owed.json()], [400, { error: { code: 'request_invalid', detail: /say why/ } }]);
  t.equal((await ask(all, {}, '01ARZ3NDEKTSV4RRFFQ69G5FAV')).statusCode, 404);
  state.full = true;
  const full = await ask(all);
  t.match([full.statusCode, full.json()], [503, { error: { code: 'audit_unwritable' } }]);
  state.full = false;
  t.equal(await head(), before, 'nothing was given out');

  t.equal((await ask(mine)).statusCode, 200, 'who was there from the beginning to the end');
  const said = await ask(auditor, { reason: 'Audit 2026' });
  t.match((await verify(said.rawPayload)).entries.at(-1)?.entry, { reason: 'Audit 2026' });
  writeFileSync(path, flipped(readFileSync(path), 70_000));
  const damaged = await ask(all);
  t.match([damaged.statusCode, damaged.json()], [500, { error: { code: 'seal_damaged' } }]);
  t.match(
    await house.catalogue.seals.check(recording.id),
    { fault: /not those that were sealed/ },
    'and it is on record',
  );
});

t.test('the page in the pack verifies it in a browser without a network', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(20_000));
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  const dir = join(house.dir, 'page');
  mkdirSync(dir);
  writeFileSync(join(dir, 'verify.html'), files['verify.html']!);
  t.ok(readFileSync(PAGE).equals(files['verify.html']!));
  const browser = await launchBrowser(t);
  const page = await browser.newPage({ colorScheme: 'light' });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (m) => void complaints.push(m.text()));
  page.on('pageerror', (e) => void complaints.push(e.message));
  page.on('dialog', () => void complaints.push('a dialog'));
  page.on('request', (r) => void requests.push(r.url()));
  const address = pathToFileURL(join(dir, 'verify.html')).href;
  await page.goto(address);
  t.match(await verdictOf(page, zip), /The content is consistent\. Compare the key to finish/);
  await page.fill('#fingerprint', house.key.keyId);
  t.match(await page.textContent('.verdict'), /Everything is as it was signed with the key that you entered/);
  await page.fill('#fingerprint', '0123456789abcdef');
  t.match(await page.textContent('.verdict'), /not signed with the key that you entered/);
  await page.fill('#fingerprint', house.key.keyId.replace(/(.{4})/g, '$1 ').toUpperCase());
  t.match(await page.textContent('.verdict'), /Everything is as it was signed with the key that you entered/);
  const last = linesOf(files).at(-2)!;
  const { seq: until, at: on } = JSON.parse(last);
  t.match(
    await page.textContent('main'),
    new RegExp(`complete to entry ${until} of ${on}, the last before this export`),
  );
  t.match(await page.textContent('pre'), /Jürgen Groß <img src=x onerror=alert\(1\)>/);
  t.match(await page.textContent('table'), /heard.*<img src=x onerror=alert\(1\)>/);
  t.equal(await page.locator('img').count(), 0, 'nothing of a pack is HTML');
  t.equal(await page.locator('audio').count(), 1);

  for (const [name, bytes] of Object.entries(files))
    for (const share of [0, 0.5, 0.999]) {
      const changed = rezip({ ...files, [name]: flipped(bytes, Math.floor(bytes.length * share)) });
      t.match(
        await verdictOf(page, changed),
        new RegExp(`not as it was given out.*${name.replace('.', '\\.')}`),
      );
    }
  t.match(
    await verdictOf(page, zip.subarray(0, 5_000)),
    /not as it was given out.*the ZIP: It cannot be read/,
  );
  const both = createSigningKeyBeside(house, t);
  house.exchangeKey(both);
  const two = await house.pack(call.id);
  await page.fill('#fingerprint', house.key.keyId);
  t.match(await verdictOf(page, two), /not signed with the key.*Two keys signed this pack: enter both/);
  for (const ids of [
    `${house.key.keyId}, ${both.keyId}`,
    `${both.keyId} ${house.key.keyId}`,
    `${house.key.keyId.replace(/(.{8})/g, '$1 ')},${both.keyId}`,
  ]) {
    await page.fill('#fingerprint', ids);
    t.match(
      await page.textContent('.verdict'),
      /Everything is as it was signed with the key that you entered/,
      ids,
    );
  }
  await page.fill('#fingerprint', `${both.keyId}, 0123456789abcdef`);
  t.match(await page.textContent('.verdict'), /not signed with the key that you entered/);
  await page.fill('#fingerprint', `${both.keyId}, 0123`);
  t.match(await page.textContent('.verdict'), /at least 16 digits/);
  await house.control.stop();
  await page.fill('#fingerprint', `${house.key.keyId}, ${both.keyId}`);
  const half = await verdictOf(page, await house.pack(call.id));
  t.match(half, /The recording is as it was signed\. The rest of the pack is not signed/);
  t.notMatch(half, /and its story/);
  t.equal(await page.locator('.verdict.half').count(), 1);
  t.match(await page.textContent('main'), /Nothing proves this text/);
  const lines = text(files['access-log.jsonl']).split('\n');
  const [seq] = [JSON.parse(lines[0]!).seq];
  const without = rezip({ ...files, 'access-log.jsonl': Buffer.from(lines.slice(1).join('\n')) });
  t.match(await verdictOf(page, without), new RegExp(`access-log\\.jsonl, entry ${seq}: It is missing`));
  t.same(
    requests.filter((url) => url !== address && !url.startsWith('blob:')),
    [],
    'it asks nobody for anything',
  );
  t.same(
    complaints.filter((c) => !/audio|media|decode/i.test(c)),
    [],
  );
  t.notMatch(text(files['verify.html']), /https?:\/\//);
});

t.test('the verifier is at the dashboard, apart from every pack, and its hash is to be had', async (t) => {
  // A pack's README sent its reader to the pack's own verify.html, which whoever forges a pack replaces.
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(20_000));
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  t.match(
    text(files['README.txt']),
    /Do not trust the verify\.html in here.*a copy\s+of verify\.html that did not come/s,
  );
  const cover = execFileSync('pdftotext', ['-', '-'], { input: files['cover.pdf']!, encoding: 'utf8' });
  t.match(cover, /did not\s+come\s+with\s+the\s+pack/);
  t.match(text(files['verify.html']), /If this page came with the pack/);

  const d = await openDashboard(t);
  const address = await d.app.listen({ port: 0, host: '127.0.0.1' });
  const served = Buffer.from(await (await fetch(`${address}/verify.html`)).arrayBuffer());
  t.ok(served.equals(readFileSync(PAGE)), 'to everybody, without a session');
  const browser = await launchBrowser(t);
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (m) => void complaints.push(m.text()));
  page.on('pageerror', (e) => void complaints.push(e.message));
  page.on('request', (r) => void requests.push(r.url()));
  await page.goto(`${address}/verify.html`);
  await page.fill('#fingerprint', house.key.keyId);
  t.match(await verdictOf(page, zip), /Everything is as it was signed with the key that you entered/);
  const forged = rezip({ ...files, 'verify.html': Buffer.from('<h1>Everything is as it was signed</h1>') });
  t.match(await verdictOf(page, forged), /not as it was given out.*verify\.html/);
  t.same(
    requests.filter((url) => !url.startsWith('blob:')),
    [`${address}/verify.html`],
    'it asks nobody for anything',
  );
  t.same(
    complaints.filter((c) => !/audio|media|decode|Permissions-Policy/i.test(c)),
    [],
  );

  const sum = hash(served);
  t.equal(readFileSync(`${PAGE}.sha256`, 'utf8'), `${sum}  verify.html\n`, 'beside it in a release');
  const context = createCliContext(() => join(house.dir, 'tapedeck.toml'));
  t.teardown(() => context.close());
  const said: string[] = [];
  const out = (line: string) => void said.push(line);
  const program = new Command('tapedeck').exitOverride().configureOutput({ writeOut: out });
  verifyCommand(program, { ...context, out });
  keysCommand(program, { ...context, out });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeOut: out });
  for (const args of [
    ['keys', 'status'],
    ['keys', 'status', '--json'],
    ['verify', '--help'],
  ]) {
    said.length = 0;
    await program.parseAsync(args, { from: 'user' }).catch((e: { code?: string }) => {
      if (e.code !== 'commander.helpDisplayed') throw e;
    });
    t.ok(said.join('').includes(sum), args.join(' '));
  }
});

/** What the page says of this ZIP. */
async function verdictOf(page: Page, zip: Uint8Array): Promise<string> {
  await page.setInputFiles('#file', {
    name: 'pack.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(zip),
  });
  await page
    .getByRole('status')
    .getByText(/^Verified/)
    .waitFor();
  return (await page.textContent('.verdict')) ?? '';
}
