import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import t from 'tap';
import { createSigningKey } from '../../../daemon/vault/signing-key.js';
import { START } from '../../support/web/dashboard.js';
import {
  byHand,
  commands,
  createSigningKeyBeside,
  flipped,
  hash,
  haveCall,
  linesOf,
  openHouse,
  rezip,
  sums,
  text,
  verify,
} from '../../support/web/evidence.js';
import { noted } from '../../support/words.js';

type Files = Record<string, Uint8Array>;

t.test('a pack says what it is, and stock tools verify it by its README as written', async (t) => {
  const house = await openHouse(t);
  const audio = randomBytes(150_000);
  const { call, recording, path } = await haveCall(house, audio, {
    recording: { gaps: [{ atMs: 1000, untilMs: 9000, side: 'us', why: noted('Nobody watched the PBX.') }] },
  });
  const zip = await house.pack(call.id, '--reason', 'Case 2026/17');
  t.match(house.said.join('\n'), /signed to entry \d+/);
  t.notMatch(house.said.join('\n'), /does not run/);
  const files = unzipSync(zip);
  t.same(Object.keys(files), [
    ...['README.txt', 'cover.pdf', 'verify.html', 'story.txt', 'story.json', 'consent.json', 'manifest.json'],
    ...['manifest.sig', 'public-key.pem', 'recording.opus', 'access-log.jsonl', 'audit-chain.json'],
    ...['checkpoint.txt', 'SHA256SUMS'],
  ]);
  execFileSync('unzip', ['-tq', join(house.dir, 'pack-1.zip')]);
  t.equal(hash(files['recording.opus']!), recording.plainSha256);
  t.equal(files['manifest.sig']!.length, 64);

  const entries = text(files['access-log.jsonl'])
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.same(
    entries.map((e) => e.action),
    ['view', 'heard', 'export'],
  );
  t.match(entries.at(-1), {
    actor: 'console',
    reason: 'Case 2026/17',
    outcome: 'ok',
    detail: { what: 'evidence', fresh: true, entries_before: 2 },
  });
  t.equal(
    JSON.parse(text(files['audit-chain.json'])).digests.length,
    (await house.catalogue.audit.head()).size - entries[0].seq + 1,
  );
  t.notMatch(
    text(files['access-log.jsonl']) + text(files['audit-chain.json']),
    /secret words|another/,
    'what was done to others is not in it',
  );

  const story = text(files['story.txt']);
  t.match(story, /An incoming call from Jürgen Groß .* to Anna \(201\), on the number \+4930999\./);
  t.match(story, /2026-07-26 09:50:00 \(GMT\+02:00\) +2026-07-26T07:50:00\.000Z/);
  t.match(story, /0:01:00\.0 to 0:01:10\.0 {2}On hold/);
  t.match(
    story,
    /No audio of the other side was recorded from 0:01\.0 to 0:09\.0\. Nobody watched the PBX\./,
  );
  t.notMatch(story, /\u202e/);
  t.match(JSON.parse(text(files['consent.json'])), {
    policy_version: 3,
    announcement: null,
    words: /No announcement to the parties .* is on record/,
  });

  const pdf = execFileSync('pdftotext', ['-layout', '-', '-'], {
    input: files['cover.pdf']!,
    encoding: 'utf8',
  });
  t.match(pdf, /Jürgen Groß/);
  t.match(pdf, /Bäckerei\s+Müller/);
  t.match(pdf, /Reason given +Case 2026\/17/);
  t.match(pdf, /What it does not prove\n.*Who spoke/s);
  t.match(pdf.replace(/ (?=[0-9a-f]{8})/g, ''), new RegExp(recording.plainSha256));
  t.match(pdf, new RegExp(house.key.keyId));
  t.match(pdf, /Page 1 of 2/);
  t.match(
    execFileSync('pdfinfo', ['-'], { input: files['cover.pdf']!, encoding: 'utf8' }),
    /Tagged: +yes[\s\S]*A4/,
  );
  const fonts = execFileSync('pdffonts', ['-'], { input: files['cover.pdf']!, encoding: 'utf8' });
  t.match(fonts, /DejaVuSans\b.* yes yes yes/);
  t.notMatch(fonts, /Helvetica|Times/);

  const script = commands(text(files['README.txt']));
  const { output, good } = byHand(house, files, script);
  t.ok(good, output);
  t.match(
    output,
    new RegExp(`${hash(Buffer.from(text(files['public-key.pem']).split('\n')[1]!, 'base64'))} {2}-`),
    'the fingerprint',
  );
  t.equal(output.match(/Entry \d+ is as it was written/g)?.length, 3);
  t.same((await verify(zip)).faults, []);
  t.same((await verify(zip)).notes, []);
  t.ok((await verify(zip)).steps.every(({ ok }) => ok));
  t.match(await house.verifyPack(zip), { code: 0, said: /^Valid: the evidence pack of call /m });
  const other = join(house.dir, 'other.pem');
  writeFileSync(other, createSigningKey(t.testdir(), randomBytes(32)).publicKeyPem);
  t.match(await house.verifyPack(zip, '--public-key', other), {
    ...{ code: 1, said: /NOT a key that is trusted here[\s\S]*^Not proved: the key came with the pack\./m },
  });
  const changed = rezip({ ...files, 'story.txt': flipped(files['story.txt']!, 9) });
  t.match(await house.verifyPack(changed), { code: 1, said: /story\.txt: It is not what was given out/ });
  t.match(JSON.parse((await house.verifyPack(zip, '--json')).said), {
    proved: true,
    call: call.id,
    faults: [],
  });

  for (const name of Object.keys(files)) {
    const at = Math.floor(files[name]!.length / 2);
    const { good, output } = byHand(house, { ...files, [name]: flipped(files[name]!, at) }, script);
    t.notOk(good, `byte ${at} of ${name} was changed, and by hand this was said: ${output}`);
    t.match(output, name === 'SHA256SUMS' ? /FAILED|WARNING|BELONG/ : `${name}: FAILED`);
  }
  const said = (changed: Files) => byHand(house, changed, script).output;
  t.match(said({ ...files, 'more.txt': randomBytes(9) }), 'more.txt: THIS FILE DOES NOT BELONG TO THE PACK');
  t.match(
    said(sums({ ...files, 'more.txt': randomBytes(9) })),
    'more.txt: THIS FILE DOES NOT BELONG TO THE PACK',
    'also one that the list of hashes names, which nobody signed',
  );
  const sealed = sums({ ...files, 'recording.opus': readFileSync(path) });
  t.match(said(sealed), 'THE RECORDING IS NOT IN THE MANIFEST', 'its sealed file is not the recording');

  // Lines of the access log are somebody else's text: none is run, and none is left out.
  const evil = '{"seq":a[$(touch pwned >&2)]}';
  const [line] = linesOf(files);
  const hostile = { ...files, 'access-log.jsonl': Buffer.from(`${evil}\n${line}\n${evil}`) };
  t.equal(said(hostile).match(/LINE [13] IS NO ENTRY/g)?.length, 2);
  t.notOk(existsSync(join(house.dir, 'by-hand', 'pwned')), 'no line is a command');
  t.match(
    said({ ...files, 'access-log.jsonl': Buffer.from(`${line!.replace('view', 'play')}`) }),
    /ENTRY \d+ IS NOT WHAT WAS WRITTEN/,
    'a last line without an end counts',
  );
});

t.test('what cannot be vouched for is not given out, and it is said why', async (t) => {
  const house = await openHouse(t);
  const { catalogue } = house;
  const size = async () => (await catalogue.audit.head()).size;
  await t.rejects(house.pack('01ARZ3NDEKTSV4RRFFQ69G5FAV'), { code: 'call_unknown' });

  const unsigned = await haveCall(house, randomBytes(99), { signed: false });
  await t.rejects(house.pack(unsigned.call.id), {
    code: 'evidence_refused',
    detail: /sealed before there were manifests.*next nights/,
  });

  const edited = await haveCall(house, randomBytes(99));
  const { id: recordingId, plainSha256 } = edited.recording;
  const register = house.keys.register();
  register.takeIn([{ recordingId, plainSha256, sealedSha256: 'f'.repeat(64), manifestSha256: null }], START);
  await t.rejects(house.pack(edited.call.id), {
    code: 'evidence_refused',
    detail: /differs from what the recorder noted when it sealed the recording: sealed_sha256\./,
  });

  const erased = await haveCall(house, randomBytes(99));
  await catalogue.recordings.eraseIntended(erased.recording.id, noted('It was asked for.'), START);
  await catalogue.recordings.erased(erased.recording.id, START);
  await t.rejects(house.pack(erased.call.id), { code: 'key_missing' });

  const bare = await haveCall(house, randomBytes(99));
  const none = { ...bare.call, id: '01ARZ3NDEKTSV4RRFFQ69G5FAZ', linkedids: ['9'] };
  await catalogue.calls.save(none, {
    status: 'not_recorded',
    why: noted('The disk was full.'),
    rule: null,
    missingMs: 0,
  });
  await t.rejects(house.pack(none.id), { code: 'recording_absent', message: /The disk was full/ });

  const damaged = await haveCall(house, randomBytes(200_000));
  const bytes = readFileSync(damaged.path);
  writeFileSync(damaged.path, flipped(bytes, 100_000));
  await t.rejects(house.pack(damaged.call.id), { code: 'seal_damaged' });
  rmSync(damaged.path);
  await t.rejects(house.pack(damaged.call.id), { code: 'seal_damaged', message: /missing/ });

  const swapped = await haveCall(house, randomBytes(500), { recording: { plainSha256: 'c'.repeat(64) } });
  await t.rejects(house.pack(swapped.call.id), { code: 'seal_damaged', message: /another sound/ });
  const damage = await catalogue.audit.entries({ actions: ['damage'], limit: 9 });
  t.match(
    damage.map((e) => [e.actor, e.object_id, e.detail.found]),
    [swapped, damaged].map(({ call }) => ['console', call.id, 'when it was exported']),
    'what was found is in the log, once',
  );
  t.equal(await size(), 1 + 6 * 5 + damage.length, 'no export is in the log that did not take place');

  const good = await haveCall(house, randomBytes(500), { later: true });
  const later = await house.pack(good.call.id);
  t.match((await verify(later)).notes, [/signed later than the recording was sealed/]);
  t.match(text(unzipSync(later)['story.txt']), /Signed later than it was sealed/);

  // Whatever signed the recording: the recorder may have another key by now.
  const next = createSigningKeyBeside(house, t);
  house.exchangeKey(next);
  const two = unzipSync(await house.pack(good.call.id));
  t.equal(text(two['checkpoint-key.pem']), next.publicKeyPem);
  t.equal(text(two['public-key.pem']), house.key.publicKeyPem);
  t.same((await verify(rezip(two))).faults, []);
  const byTools = byHand(house, two, commands(text(two['README.txt'])));
  t.ok(byTools.good, byTools.output);

  await house.control.stop();
  const down = await house.pack(good.call.id);
  t.match(house.said.join('\n'), /The recorder does not run.*this export is not in it/);
  const report = await verify(down);
  t.same(report.faults, []);
  t.match(report.notes, [/Nothing is signed of this export.*the recorder did not run/]);
  t.notOk(report.whole);
  t.match(report.entries.at(-1), { state: 'after', entry: { action: 'export', detail: { fresh: false } } });
  t.ok(report.entries.slice(0, -1).every(({ state }) => state === 'good'));
  const files = unzipSync(down);
  t.match(
    execFileSync('pdftotext', ['-', '-'], { input: files['cover.pdf']!, encoding: 'utf8' }),
    /the recorder did not run/,
  );
  const agreed = { ...JSON.parse(text(files['consent.json'])), policy_version: 9 };
  const consent = Buffer.from(JSON.stringify(agreed));
  // Nothing is signed of the entry of this export, so that it is forged too.
  const entry = linesOf(files)
    .map((line, n, all) =>
      n === all.length - 1 ? line.replace(hash(files['consent.json']!), hash(consent)) : line,
    )
    .map((line) => `${line}\n`)
    .join('');
  const forged = sums({ ...files, 'consent.json': consent, 'access-log.jsonl': Buffer.from(entry) });
  t.match((await verify(rezip(forged))).faults, [
    { file: 'consent.json', what: 'It does not say what the manifest says.' },
  ]);
  const hand = byHand(house, files, commands(text(files['README.txt'])));
  t.match(hand.output, /NOTHING IS SIGNED OF ENTRY \d+: it is newer than the checkpoint/);
  t.match(hand.output, /NOTHING IS SIGNED OF THIS EXPORT/);
  t.notMatch(hand.output, /FAILED|NOT WHAT|IS NO/);

  const fresh = await openHouse(t);
  const first = await haveCall(fresh, randomBytes(99));
  await fresh.control.stop();
  await t.rejects(fresh.pack(first.call.id), {
    code: 'evidence_refused',
    detail: /No checkpoint .* Start the recorder/,
  });
});
