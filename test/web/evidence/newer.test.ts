import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unzipSync } from 'fflate';
import t from 'tap';
import { manifestHash } from '../../../daemon/domain/recording/manifest.js';
import { faults, openBrowser, tooWide } from '../../support/web/browser.js';
import {
  type Files,
  flipped,
  type House,
  hash,
  haveCall,
  openHouse,
  text,
} from '../../support/web/evidence.js';

const PAGE = pathToFileURL(join(process.cwd(), 'dist/web/verify/verify.html')).href;
const REASON = 'Card number <img src=x onerror=alert(1)>';
const stretches = [
  { side: 'them' as const, fromMs: 65_000, untilMs: 80_500 },
  { side: 'both' as const, fromMs: 90_000, untilMs: 95_000 },
];

type Made = Awaited<ReturnType<typeof haveCall>>;

/** A version that was made by a redaction of another. */
async function redacted(house: House, { call, recording: older }: Made) {
  const signed = await house.catalogue.seals.manifest(older.id);
  return haveCall(house, randomBytes(9_000), {
    call: { id: call.id },
    recording: {
      ...{ of: older.of, version: older.version + 1 },
      redaction: {
        ...{ older: older.id, olderPlainSha256: older.plainSha256, olderSealedSha256: older.sealedSha256 },
        olderManifestSha256: manifestHash(signed!.text!),
        ...{ olderKept: false, stretches, by: 'Ada Müller', reason: REASON, at: older.sealedAt + 1_000 },
      },
    },
  });
}

t.test(
  'a newer pack or manifest beside a pack says that it was superseded, or why it does not',
  async (t) => {
    const { browser } = await openBrowser(t);
    const house = await openHouse(t);
    const first = await haveCall(house, randomBytes(20_000));
    const one = await house.pack(first.call.id);
    const second = await redacted(house, first);
    const two = await house.pack(first.call.id);
    await redacted(house, second);
    const three = await house.pack(first.call.id);
    const other = await haveCall(house, randomBytes(500));
    const another = await house.pack(other.call.id);
    const stranger = await openHouse(t);
    const theirs = await haveCall(stranger, randomBytes(500), {
      recording: { of: first.recording.of, version: 2, redaction: second.recording.redaction },
    });
    const strange = await stranger.pack(theirs.call.id);

    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      colorScheme: 'light',
    });
    t.teardown(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('pageerror', (e) => void complaints.push(e.message));
    page.on('request', (r) => void requests.push(r.url()));
    await page.goto(PAGE);
    const file = (name: string, bytes: Uint8Array) => ({
      ...{ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) },
    });
    const choose = async (zip: Uint8Array) => {
      await page.setInputFiles('#file', file('pack.zip', zip));
      await page
        .getByRole('status')
        .getByText(/^Verified/)
        .waitFor();
    };
    let chosen = 0;
    const beside = async (...files: ReturnType<typeof file>[]): Promise<string> => {
      await page.evaluate(`document.querySelectorAll('.beside').forEach((old) => old.remove()), ${++chosen}`);
      await page.setInputFiles('#newer', files);
      await page.locator('.beside').waitFor();
      return (await page.textContent('.beside')) ?? '';
    };

    await page.setInputFiles('#newer', file('two.zip', two));
    await page.getByText('Now choose the evidence pack.').waitFor();
    await choose(one);
    await page.locator('.beside.half').waitFor();
    const members: Files = unzipSync(two);
    const manifest = file('manifest (1).json', members['manifest.json']!);
    const signature = file('manifest (1).sig', members['manifest.sig']!);
    const fork = Buffer.from(
      text(members['manifest.json']).replaceAll(first.recording.plainSha256, 'c'.repeat(64)),
    );
    const at = JSON.parse(text(members['manifest.json'])).recording.sealed_at;
    for (const files of [[file('two.zip', two)], [signature, manifest]]) {
      const said = await beside(...files);
      t.ok(said.startsWith(`This pack was superseded on ${at} by version 2`), said);
      t.match(said, /same key.*1:05 to 1:20\.5, them \(left\)1:30 to 1:35, both sides/);
      t.ok(said.includes(`Redacted by Ada Müller. Reason: ${REASON}`));
      t.notMatch(said, /last redaction only/);
    }
    t.equal(await page.locator('img').count(), 0);
    t.match(
      await page.textContent('.verdict'),
      /The content is consistent/,
      'the pack itself stays as it is',
    );
    for (const [width, scheme] of [
      [1280, 'light'],
      [360, 'dark'],
    ] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      t.equal(await tooWide(page), 0);
      t.same(await faults(page), []);
      await page.locator('.beside').scrollIntoViewIfNeeded();
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/newer-${width}.png` });
    }
    t.match(await beside(file('3.zip', three)), /by version 3.*made from version 2.*last redaction only/);

    const refusals: [ReturnType<typeof file>[], RegExp][] = [
      [[file('a.zip', another)], /not accepted.*about another recording/],
      [[file('a.zip', one)], /not accepted.*the same version as this pack: version 1/],
      [[file('a.zip', strange)], /not accepted.*not valid for the key that signed this pack/],
      [
        [file('manifest.json', fork), file('manifest.sig', house.key.sign(fork))],
        /not accepted.*another version 1 than the one in this pack/,
      ],
      [
        [
          { ...manifest, buffer: Buffer.from(text(members['manifest.json']).replace('Card', 'Bard')) },
          signature,
        ],
        /not accepted.*signature is not valid/,
      ],
      [[manifest, { ...signature, buffer: Buffer.from(flipped(members['manifest.sig']!, 9)) }], /not valid/],
      [[manifest], /not accepted.*manifest\.json and manifest\.sig together/],
      [[file('a.zip', randomBytes(99))], /not accepted.*not an evidence pack/],
      [[{ ...manifest, buffer: Buffer.from('{}') }, signature], /no manifest that can be read/],
    ];
    for (const [files, refused] of refusals) t.match(await beside(...files), refused);
    await choose(two);
    t.match(await beside(file('a.zip', one)), /not accepted.*older: version 1, and this pack has version 2/);

    await page.evaluate('document.querySelectorAll(".beside").forEach((old) => old.remove())');
    const dropped = await page.evaluateHandle(
      `(() => { const all = new DataTransfer(); all.items.add(new File([Uint8Array.from(${JSON.stringify([...three])})], 'three.zip')); return all; })()`,
    );
    await page.dispatchEvent('#beside', 'drop', { dataTransfer: dropped });
    await page.getByText(/superseded on .* by version 3/).waitFor();
    t.equal(hash(members['manifest.json']!), manifestHash(text(members['manifest.json'])));
    t.same(
      requests.filter((url) => url !== PAGE && !url.startsWith('blob:')),
      [],
      'it asks nobody for anything',
    );
    t.same(complaints, []);
  },
);
