import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import fc from 'fast-check';
import { deflateSync, unzipSync, zipSync } from 'fflate';
import { pino } from 'pino';
import { chromium, type Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import { createCheckpoints } from '../../daemon/assurance/checkpoint.js';
import type { NewSession } from '../../daemon/catalogue/people.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { evidence } from '../../daemon/cli/evidence.js';
import { keys as keysCommand } from '../../daemon/cli/keys.js';
import { verify as verifyCommand } from '../../daemon/cli/verify.js';
import { entryOf, entryText, linked } from '../../daemon/domain/assurance/audit.js';
import { catalogueFile, checkpointFile, controlSocket, ownerSocket } from '../../daemon/domain/paths.js';
import { FOUNDER, type Person } from '../../daemon/domain/people/person.js';
import { buildManifest } from '../../daemon/domain/recording/manifest.js';
import { type ControlDeps, createControl } from '../../daemon/operations/control.js';
import { appendCheckpoint, readCheckpoints } from '../../daemon/vault/checkpoint-file.js';
import { createKeys } from '../../daemon/vault/keys.js';
import { signManifest } from '../../daemon/vault/manifest.js';
import { signerOf, signNote } from '../../daemon/vault/note.js';
import { createSigningKey, publicKeys } from '../../daemon/vault/signing-key.js';
import { hashed, newToken } from '../../web/auth/secrets.js';
import { check } from '../../web/ui/verify/check.js';
import { EXPECTED, unpack } from '../../web/ui/verify/pack.js';
import { addRecording, openDashboard, post, START } from '../support/web/dashboard.js';
import { noted } from '../support/words.js';

t.setTimeout(240_000);
const log = pino({ level: 'silent' });
const PAGE = 'dist/web/verify/verify.html';
const HOSTILE = '<img src=x onerror=alert(1)>\u202egpj.exe';
const ada = { actor: 'person', actor_id: 'P1', actor_name: 'Ada Müller', address: '10.0.0.7' } as const;
type Files = Record<string, Uint8Array>;
type House = Awaited<ReturnType<typeof openHouse>>;

/** A data directory with a recorder's control socket, its signing key and its log, and the command line on it. */
async function openHouse(t: Test, keysFile = 'keys/keys.db') {
  // A socket's path is short.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  writeFileSync(
    join(dir, 'tapedeck.toml'),
    '[site]\nname = "Bäckerei Müller"\ntime_zone = "Europe/Berlin"\n[data]\ndir = "."\n[keys]\nmaster_key_file = "master.key"\n',
  );
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir) });
  await catalogue.start();
  const keys = createKeys({ path: join(dir, keysFile), masterKey });
  keys.start();
  const key = createSigningKey(dir, masterKey);
  const file = checkpointFile(dir);
  let signingKey = key;
  const checkpoints = createCheckpoints({
    catalogue,
    sign: (checkpoint) => signNote(signingKey, checkpoint),
    beforeSigning: async () => {},
    ours: (note) => signerOf(note, publicKeys(dir)) !== null,
    file: { read: () => readCheckpoints(file), append: (note) => appendCheckpoint(file, note) },
    tell: () => {},
    alarms: { raise: () => {}, clear: () => {} },
    clock: () => Date.now(),
    everyMs: 3_600_000,
    wordsMs: 1e9,
    log,
  });
  const control = createControl({
    socket: controlSocket(dir),
    ownerSocket: ownerSocket(dir),
    log,
    checkpoints: () => ({ key: { id: signingKey.keyId } }),
    signCheckpoint: () => checkpoints.sign(),
  } as unknown as ControlDeps);
  await control.start();
  const context = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(async () => {
    await control.stop().catch(() => {});
    await context.close();
    keys.stop();
    await catalogue.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const said: string[] = [];
  let packs = 0;
  return {
    dir,
    catalogue,
    keys,
    key,
    checkpoints,
    control,
    said,
    /** From now on the recorder signs with another key. */
    exchangeKey: (next: typeof key) => {
      signingKey = next;
    },
    /** `tapedeck evidence`; gives the ZIP. */
    async pack(call: string, ...more: string[]): Promise<Uint8Array> {
      said.length = 0;
      const out = join(dir, `pack-${++packs}.zip`);
      const program = new Command('tapedeck').exitOverride();
      const say = (line: string) => void said.push(line);
      evidence(program, { ...context, out: say, err: say });
      try {
        await program.parseAsync(['evidence', call, '--out', out, ...more], { from: 'user' });
      } catch (e) {
        if (existsSync(out) || existsSync(`${out}.part`))
          throw new Error('something was given out', { cause: e });
        throw e;
      }
      return readFileSync(out);
    },
  };
}

type Change = Parameters<typeof addRecording>[2] & { signed?: boolean; later?: boolean; coverage?: string };

/** A recorded and signed call, which was viewed and heard, among what was done to others. */
async function haveCall(house: House, bytes = randomBytes(150_000), change: Change = {}) {
  const { catalogue, key } = house;
  await catalogue.audit(entryOf(ada, Date.now(), 'view', { object: 'call', object_id: 'another' }));
  const { call, recording, path } = await addRecording({ ...house, dataDir: house.dir }, bytes, {
    ...change,
    call: { them: { number: '+4989123456', name: `Jürgen Groß ${HOSTILE}`, ours: false }, ...change.call },
  });
  if (change.signed !== false) {
    const manifest = buildManifest({
      call,
      recording,
      coverage: call.coverage,
      segments: [],
      ...{ policyVersion: 3, sealedFor: null, version: '1.0', madeAt: recording.sealedAt, later: false },
      ...(change.later ? { later: true, madeAt: recording.sealedAt + 86_400_000 } : {}),
    });
    await catalogue.addManifest(signManifest(manifest, key));
  }
  const about = { object: 'call', object_id: call.id };
  await catalogue.audit(entryOf(ada, Date.now(), 'view', about));
  await catalogue.audit(entryOf(ada, Date.now(), 'search', { object: 'calls', words: 'secret words' }));
  await catalogue.audit(
    entryOf(ada, Date.now(), 'heard', { ...about, reason: HOSTILE, detail: { heard: ['0-9000'] } }),
  );
  await catalogue.audit(entryOf(ada, Date.now(), 'view', { object: 'call', object_id: 'another' }));
  return { call, recording, path };
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const rezip = (files: Files): Uint8Array => zipSync(files, { level: 0 });
const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= 1;
  return changed;
};
const verify = (zip: Uint8Array) => check(zip, () => {});
const faultsOf = async (zip: Uint8Array): Promise<string[]> =>
  (await verify(zip)).faults.map(
    (f) => `${f.file}${f.entry === undefined ? '' : ` entry ${f.entry}`}: ${f.what}`,
  );

/** The list of hashes written anew, as whoever changes a pack would. */
const sums = (changed: Files): Files => ({
  ...changed,
  SHA256SUMS: Buffer.from(
    Object.entries(changed)
      .filter(([name]) => name !== 'SHA256SUMS')
      .map(([name, bytes]) => `${hash(bytes)}  ${name}\n`)
      .join(''),
  ),
});
const linesOf = (files: Files): string[] => text(files['access-log.jsonl']).trimEnd().split('\n');
const jsonl = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
/** The chain of a pack, with other things said of it. */
const chained = (files: Files, change: object): Buffer => {
  const written = text(files['audit-chain.json']);
  const said = Object.entries(change).reduce(
    (so, [key, value]) => so.replace(new RegExp(`^"${key}":.*$`, 'm'), `"${key}":${JSON.stringify(value)},`),
    written,
  );
  return Buffer.from(said);
};

/** The commands of a README as they stand there: whoever reads it pastes just these. */
const commands = (readme: string): string =>
  readme
    .split('\n\n')
    .map((part) => part.trim())
    .filter((part) => /^(sha256sum|openssl|grep|sed|tail|hash=|entry=|head|printf)/.test(part))
    .join('\n');

/** What the stock tools say of a pack. */
function byHand(house: House, files: Files, script: string): { output: string; good: boolean } {
  const dir = join(house.dir, 'by-hand');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  const output = execFileSync('bash', ['-c', `exec 2>&1\n${script}\ntrue`], { cwd: dir, encoding: 'utf8' });
  const all = [
    'recording.opus: OK',
    'The recording is in the manifest',
    'The chain leads to the checkpoint',
    'The entry of this export is signed',
    'No entry is missing',
  ];
  const signatures = output.match(/Signature Verified Successfully/g)?.length === 2;
  const good = signatures && all.every((line) => output.includes(line));
  return { output, good: good && !/FAILED|NOT|ARE MISSING|IS NO|Failure|WARNING|No such|rror/.test(output) };
}

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
    (await house.catalogue.auditHead()).size - entries[0].seq + 1,
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
    /Nothing that the other side said was recorded from 0:01\.0 to 0:09\.0\. Nobody watched the PBX\./,
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
  t.match(pdf, /Bäckerei Müller/);
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

  for (const name of Object.keys(files)) {
    const at = Math.floor(files[name]!.length / 2);
    const { good, output } = byHand(house, { ...files, [name]: flipped(files[name]!, at) }, script);
    t.notOk(good, `byte ${at} of ${name} was changed, and by hand this was said: ${output}`);
    t.match(output, name === 'SHA256SUMS' ? /FAILED|WARNING|BELONG/ : `${name}: FAILED`);
  }
  const said = (changed: Files) => byHand(house, changed, script).output;
  t.match(said({ ...files, 'more.txt': randomBytes(9) }), 'more.txt: THIS FILE DOES NOT BELONG TO THE PACK');
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

t.test('whatever is changed in a pack is found and named', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(3_000));
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  t.same(await faultsOf(rezip(files)), []);

  let looked = 0;
  for (const [name, bytes] of Object.entries(files)) {
    // Every byte of what is short; of the rest some, every time others.
    const step = Math.max(1, Math.floor(bytes.length / (bytes.length < 300 ? 300 : 25)));
    for (let at = Math.floor(Math.random() * step); at < bytes.length; at += step) {
      const found = await faultsOf(rezip({ ...files, [name]: flipped(bytes, at) }));
      looked += 1;
      if (!found.some((fault) => fault.startsWith(name))) t.same(found, [name], `byte ${at} of ${name}`);
    }
    const cut = await faultsOf(rezip({ ...files, [name]: bytes.subarray(0, bytes.length - 1) }));
    if (!cut.some((fault) => fault.startsWith(name))) t.same(cut, [name], `${name} was cut`);
    const { [name]: _, ...without } = files;
    t.match(await faultsOf(rezip(without)), [`${name}: It is missing.`], `without ${name}`);
  }
  t.ok(looked > 650, `${looked} positions`);
  t.match(await faultsOf(rezip({ ...files, 'more.txt': randomBytes(9) })), [
    'more.txt: It does not belong to the pack.',
  ]);

  // The signature has two bits that stand for nothing.
  const note = text(files['checkpoint.txt']);
  const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const respelt = note.replace(/(.)=\n$/, (_, sign) => `${signs[signs.indexOf(sign) + 1]}=\n`);
  t.ok(await named(rezip({ ...files, 'checkpoint.txt': Buffer.from(respelt) }), 'checkpoint.txt'));

  // Somebody who also writes SHA256SUMS anew.
  for (const name of Object.keys(files).filter((n) => n !== 'SHA256SUMS')) {
    const changed = sums({ ...files, [name]: flipped(files[name]!, Math.floor(files[name]!.length / 2)) });
    t.ok((await faultsOf(rezip(changed))).length > 0, `${name} and the list of hashes were changed`);
  }
  const lines = linesOf(files);
  const seqs = lines.map((line) => JSON.parse(line).seq as number);
  const logged = (changed: string[], more: Files = {}) =>
    faultsOf(rezip(sums({ ...files, ...more, 'access-log.jsonl': jsonl(changed) })));
  const has = async (found: Promise<string[]>, wanted: string) =>
    t.ok((await found).includes(wanted), `${wanted} is among ${JSON.stringify(await found)}`);
  await has(logged(lines.slice(1)), `access-log.jsonl entry ${seqs[0]}: It is missing.`);
  await has(
    logged([lines[1]!, lines[0]!, lines[2]!]),
    `access-log.jsonl entry ${seqs[0]}: It is not in its place.`,
  );
  await has(logged([lines[0]!, ...lines]), `access-log.jsonl entry ${seqs[0]}: It is there more than once.`);
  await has(
    logged([...lines, lines[0]!.replace(/"seq":\d+/, '"seq":999')]),
    'access-log.jsonl entry 999: It was put in.',
  );
  await has(
    logged([lines[0]!, lines[1]!.replace('0-9000', '0-1000'), lines[2]!]),
    `access-log.jsonl entry ${seqs[1]}: It is not what was written.`,
  );
  const chain = text(files['audit-chain.json']).replace(`"entries":[${seqs[0]},`, '"entries":[');
  await has(
    logged(lines.slice(1), { 'audit-chain.json': Buffer.from(chain) }),
    'access-log.jsonl: It is not complete: entries from before this export are missing, or others were put in.',
  );
  // Whoever writes an entry and the chain anew has no signature for it.
  const forged = entryText({ ...JSON.parse(lines[1]!), detail: { heard: [] } });
  const digest = createHash('sha256').update(`tapedeck audit entry\n${forged}`).digest('hex');
  const old = createHash('sha256').update(`tapedeck audit entry\n${lines[1]}`).digest('hex');
  await has(
    logged([lines[0]!, forged, lines[2]!], {
      'audit-chain.json': Buffer.from(text(files['audit-chain.json']).replace(old, digest)),
    }),
    'audit-chain.json: It does not lead to the checkpoint.',
  );
  t.equal(linked('', '').length, 64);

  for (const share of [0.1, 0.5, 0.9, 0.999]) {
    const found = await faultsOf(zip.subarray(0, Math.floor(zip.length * share)));
    t.match(found, [/^the ZIP: It cannot be read: it was cut off/]);
  }
  // Each byte of its directory and some of the rest: what is changed has a name, or the ZIP itself has.
  const directory = Buffer.from(zip).readUInt32LE(zip.length - 6);
  const places = [
    ...Array.from({ length: 50 }, () => Math.floor(Math.random() * directory)),
    ...Array.from({ length: zip.length - directory }, (_, i) => directory + i),
  ];
  for (const at of places) {
    const { faults, files: found } = unpack(flipped(zip, at));
    for (const [name, bytes] of Object.entries(files)) {
      const same = found.has(name) && Buffer.from(bytes).equals(found.get(name)!);
      const said = faults.some(({ file }) => file === name || file === 'the ZIP');
      if (!same && !said && !(await named(flipped(zip, at), name))) t.fail(`byte ${at} of the ZIP: ${name}`);
    }
  }
  // Parts of two packs.
  const other = unzipSync(await house.pack((await haveCall(house, randomBytes(3_000))).call.id));
  for (const names of [
    ['recording.opus'],
    ['manifest.json', 'manifest.sig', 'recording.opus'],
    ['access-log.jsonl', 'audit-chain.json', 'checkpoint.txt'],
  ]) {
    const mixed = sums({ ...files, ...Object.fromEntries(names.map((name) => [name, other[name]!])) });
    t.ok((await faultsOf(rezip(mixed))).length > 0, `${names.join(', ')} of another pack`);
  }
});

/** A file that a pack has is named by what verifies it. */
const named = async (zip: Uint8Array, name: string): Promise<boolean> =>
  (await verify(zip)).faults.some(({ file }) => file === name);

t.test('a forged story is never green, whatever entry vouches for it', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(3_000));
  const files = unzipSync(await house.pack(call.id));
  const lines = linesOf(files);
  const { before, head } = JSON.parse(text(files['audit-chain.json']));
  const entry = JSON.parse(lines.at(-1)!);
  const story = { 'story.txt': Buffer.from('Nothing happened.\n'), 'cover.pdf': Buffer.from('%PDF-1.7\n') };

  /** Somebody without the key: an entry of an export of their own, under this number, vouches for their story. */
  const forged = (seq: number, kept: string[], chain: object, detail: object = {}): Uint8Array => {
    const told = { ...files, ...story };
    const invented = {
      ...entry,
      seq,
      detail: {
        ...{ ...entry.detail, entries_before: kept.length, entries_sha256: hash(jsonl(kept)) },
        files: entry.detail.files.map((each: string) => {
          const [name] = each.split(' ');
          return `${name} ${hash(told[name as keyof typeof told]!)}`;
        }),
        ...detail,
      },
    };
    const log = jsonl([...kept, entryText(invented)]);
    return rezip(sums({ ...told, 'access-log.jsonl': log, 'audit-chain.json': chained(files, chain) }));
  };
  for (const seq of [before.size, before.size - 1, 1, 0, -1, -before.size, entry.seq, head.size])
    for (const chain of [
      { entries: [seq] },
      { entries: [], entries_after_the_checkpoint: [seq] },
      { entries: [] },
      { entries: [seq], entries_after_the_checkpoint: [seq] },
      { entries: [seq], before: { ...before, size: seq - 1 } },
    ]) {
      const { faults, whole } = await verify(forged(seq, [], chain));
      t.ok(faults.length > 0 && !whole, `entry ${seq}, ${JSON.stringify(chain)}`);
    }

  // Newer than the checkpoint, nothing contradicts it: but nothing is signed of it, and that is said.
  const kept = lines.slice(0, 1);
  const after = { entries: [JSON.parse(kept[0]!).seq], entries_after_the_checkpoint: [head.size + 1] };
  const downgraded = forged(head.size + 1, kept, after, { fresh: false });
  const report = await verify(downgraded);
  t.same([report.faults, report.whole, report.completeTo], [[], false, null]);
  t.match(report.notes, [/Nothing is signed of this export .*nor that no entry is missing/]);
  t.same(
    report.steps.filter(({ ok }) => !ok).map(({ name }) => name),
    [
      'No entry from before this export is missing from the access log',
      'Every file has the hash that SHA256SUMS and the entry of the export name',
    ],
  );
  const hand = byHand(house, unzipSync(downgraded), commands(text(files['README.txt'])));
  t.match(hand.output, 'NOTHING IS SIGNED OF THIS EXPORT');
  t.match(hand.output, `NOTHING IS SIGNED OF ENTRY ${head.size + 1}`);
  t.notOk(hand.good);

  // What is true of another call is not told of this one.
  const [other] = await house.catalogue.auditEntries({ objectId: 'another', before: entry.seq, limit: 1 });
  const [row] = await house.catalogue.auditRows(other!.seq, 1);
  const more = [...lines.slice(0, -1), String(row!.text), lines.at(-1)!];
  const entries = more.map((line) => JSON.parse(line).seq);
  t.match(
    await faultsOf(
      rezip(
        sums({ ...files, 'access-log.jsonl': jsonl(more), 'audit-chain.json': chained(files, { entries }) }),
      ),
    ),
    [`access-log.jsonl entry ${other!.seq}: It is not about this call.`],
  );
  const spaced = Buffer.from(text(files['audit-chain.json']).replace('"head":', '"head": '));
  t.match(await faultsOf(rezip(sums({ ...files, 'audit-chain.json': spaced }))), [
    'audit-chain.json: It is not written as Tapedeck writes it.',
  ]);
  const soon = Buffer.from(text(files['manifest.json']).replace(/("made_at":")[^"]*/, '$1when I say so'));
  t.match(await faultsOf(rezip(sums({ ...files, 'manifest.json': soon }))), [/^manifest\.json:/]);
});

t.test('a ZIP that other programs read otherwise is not believed', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(3_000));
  const zip = Buffer.from(await house.pack(call.id));
  const files = unzipSync(zip);
  const end = zip.length - 22;
  const directory = zip.readUInt32LE(end + 16);
  /** With bytes put in at places of the original, and the places that it names moved along. */
  const withBytes = (at: number, bytes: Uint8Array, counts = 0): Buffer => {
    const moved = Buffer.concat([zip.subarray(0, at), bytes, zip.subarray(at)]);
    const shift = (was: number) => (was >= at ? was + bytes.length : was);
    const inDirectory = at > directory;
    const newEnd = shift(end);
    moved.writeUInt32LE(inDirectory ? directory : shift(directory), newEnd + 16);
    if (inDirectory) moved.writeUInt32LE(end - directory + bytes.length, newEnd + 12);
    for (const offset of [8, 10])
      moved.writeUInt16LE(moved.readUInt16LE(newEnd + offset) + counts, newEnd + offset);
    for (let from = directory; from < end; ) {
      const record = shift(from);
      moved.writeUInt32LE(
        inDirectory ? moved.readUInt32LE(record + 42) : shift(moved.readUInt32LE(record + 42)),
        record + 42,
      );
      from += 46 + zip.readUInt16LE(from + 28) + zip.readUInt16LE(from + 30) + zip.readUInt16LE(from + 32);
    }
    return moved;
  };
  const one = Buffer.from(zipSync({ 'hidden.txt': Buffer.from('hidden') }, { level: 0 }));
  const oneEnd = one.length - 22;
  const [header, record] = [
    one.subarray(0, one.readUInt32LE(oneEnd + 16)),
    one.subarray(one.readUInt32LE(oneEnd + 16), oneEnd),
  ];
  const second = zip.readUInt32LE(directory + 46 + 10 + 9 + 42);
  t.equal(zip.readUInt32LE(second), 0x04034b50);
  const renamed = (name: string, as: string): Buffer => {
    const changed = Buffer.from(zip);
    for (let at = changed.indexOf(name); at >= 0; at = changed.indexOf(name, at + 1)) changed.write(as, at);
    return changed;
  };
  const commented = Buffer.concat([zip, Buffer.from('note')]);
  commented.writeUInt16LE(4, end + 20);
  const link = Buffer.from(zip);
  link.writeUInt16LE(0o120777, directory + 40);
  const local = Buffer.from(zip);
  local.write('S', 30);
  const cases: [what: string, zip: Uint8Array, fault: RegExp][] = [
    ['a file that only its own header tells of', withBytes(second, header), /hidden\.txt: It is hidden/],
    ['one before the others', withBytes(0, header), /hidden\.txt: It is hidden/],
    ['one behind the others', withBytes(directory, header), /hidden\.txt: It is hidden/],
    [
      'bytes between files',
      withBytes(second, Buffer.from('abc')),
      /the ZIP: 3 bytes in it belong to no file/,
    ],
    ['bytes before it', Buffer.concat([Buffer.from('#!/bin/sh\n'), zip]), /the ZIP: It cannot be read/],
    ['bytes behind it', Buffer.concat([zip, Buffer.from('more')]), /the ZIP: It cannot be read/],
    ['a comment', commented, /the ZIP: It cannot be read/],
    [
      'one more in the directory than its end says',
      withBytes(end, record),
      /the ZIP: It says that it has 14/,
    ],
    ['one more in the directory', withBytes(end, record, 1), /hidden\.txt: /],
    ['another name at the file itself', local, /README\.txt: The ZIP tells of it in more ways/],
    ['a link', link, /README\.txt: The ZIP tells of it in more ways/],
    [
      'the same name twice',
      renamed('story.json', 'README.txt'),
      /README\.txt: It is in the ZIP more than once/,
    ],
    ['another name', renamed('story.txt', 'Story.txt'), /Story\.txt: It does not belong/],
  ];
  for (const [what, changed, fault] of cases) {
    const { faults, whole } = await verify(changed);
    t.match(faults.map((f) => `${f.file}: ${f.what}`).join('\n'), fault, what);
    t.notOk(whole, what);
  }

  // A deflated file that is longer than the ZIP says, and one with something behind its end.
  const readme = Buffer.from(files['README.txt']!);
  const deflated = (packed: Uint8Array): Uint8Array => {
    const made = Buffer.from(zipSync({ 'README.txt': packed }, { level: 0 }));
    const listed = made.readUInt32LE(made.length - 6);
    for (const [method, length] of [
      [8, 22],
      [listed + 10, listed + 24],
    ] as const) {
      made.writeUInt16LE(8, method);
      made.writeUInt32LE(readme.length, length);
    }
    return made;
  };
  const readmeIn = (packed: Uint8Array) => {
    const { faults, files: found } = unpack(deflated(packed));
    return faults.some(({ what }) => what.startsWith('It cannot be unpacked'))
      ? null
      : found.get('README.txt');
  };
  t.same(readmeIn(deflateSync(readme)), new Uint8Array(readme));
  t.equal(readmeIn(deflateSync(Buffer.concat([readme, Buffer.from(' and more')]))), null);
  t.equal(readmeIn(Buffer.concat([deflateSync(readme), header])), null);
  t.same(unpack(zipSync(files, { level: 6 })).faults, []);

  // Whatever it is given, it says what is wrong, and does not throw.
  const original = new Map(Object.entries(files).map(([name, bytes]) => [name, hash(bytes)]));
  const told = async (changed: Uint8Array): Promise<boolean> => {
    const { files: found, faults } = unpack(changed);
    const same = [...original].every(([name, sum]) => found.has(name) && hash(found.get(name)!) === sum);
    return faults.length > 0 || same || (await verify(changed)).faults.length > 0;
  };
  const known = fc.constantFrom(...EXPECTED, 'other.txt', '../x');
  const place = fc.nat(zip.length - 1);
  const runs = { numRuns: 150 };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), told), runs);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(known, fc.uint8Array({ maxLength: 60 })), (some) =>
      told(zipSync(some, { level: 0 })),
    ),
    runs,
  );
  const changes = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(changes, (some) => {
      const changed = Uint8Array.from(zip);
      for (const [at, by] of some) changed[at]! ^= by;
      return told(changed);
    }),
    runs,
  );
  await fc.assert(
    fc.asyncProperty(place, place, place, (a, b, c) =>
      told(Buffer.concat([zip.subarray(0, a), zip.subarray(b, b + c)])),
    ),
    runs,
  );
  const name = fc.constantFrom(...EXPECTED.filter((each) => each !== 'SHA256SUMS'));
  const line = fc
    .dictionary(fc.constantFrom('action', 'detail', 'seq', 'at', 'format', 'call', 'digests'), fc.jsonValue())
    .map((entry) => `${JSON.stringify(entry)}\n`);
  await fc.assert(
    fc.asyncProperty(name, fc.oneof(fc.json(), fc.string(), line), async (name, what) => {
      const { whole, faults } = await verify(rezip(sums({ ...files, [name]: Buffer.from(what) })));
      return !whole && faults.length > 0;
    }),
    runs,
  );
});

t.test('what cannot be vouched for is not given out, and it is said why', async (t) => {
  const house = await openHouse(t);
  const { catalogue } = house;
  const size = async () => (await catalogue.auditHead()).size;
  await t.rejects(house.pack('01ARZ3NDEKTSV4RRFFQ69G5FAV'), { code: 'call_unknown' });

  const unsigned = await haveCall(house, randomBytes(99), { signed: false });
  await t.rejects(house.pack(unsigned.call.id), {
    code: 'evidence_refused',
    detail: /sealed before there were manifests.*next nights/,
  });

  const erased = await haveCall(house, randomBytes(99));
  await catalogue.eraseIntended(erased.recording.id, noted('It was asked for.'), START);
  await catalogue.erased(erased.recording.id, START);
  await t.rejects(house.pack(erased.call.id), { code: 'key_missing' });

  const bare = await haveCall(house, randomBytes(99));
  const none = { ...bare.call, id: '01ARZ3NDEKTSV4RRFFQ69G5FAZ', linkedids: ['9'] };
  await catalogue.saveCall(none, {
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
  const damage = await catalogue.auditEntries({ actions: ['damage'], limit: 9 });
  t.match(
    damage.map((e) => [e.actor, e.object_id, e.detail.found]),
    [swapped, damaged].map(({ call }) => ['console', call.id, 'when it was exported']),
    'what was found is in the log, once',
  );
  t.equal(await size(), 1 + 5 * 5 + damage.length, 'no export is in the log that did not take place');

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

t.test('a pack is given out over HTTP, to whoever reaches all of the call and says why', async (t) => {
  const house = await openHouse(t, 'house-keys.db');
  const state = { up: true, full: false };
  const d = await openDashboard(t, {
    dataDir: house.dir,
    control: {
      checkpoints: async () =>
        state.up ? { key: { id: house.key.keyId, pem: house.key.publicKeyPem }, targets: [] } : null,
      signCheckpoint: async () => (await house.checkpoints.sign()).note,
    },
    keys: house.keys,
    catalogue: new Proxy(house.catalogue, {
      get: (target, name) =>
        name === 'audit' && state.full
          ? async () => Promise.reject(new Error('no room'))
          : Reflect.get(target, name),
    }),
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
    const token = newToken();
    const person = { ...FOUNDER, extensions: [], grants: [], ...change, id: name, name } as Person;
    await house.catalogue.addUser({ ...person, passwordHash: 'x', createdAt: START });
    await house.catalogue.addSession({
      ...{ tokenHash: hashed(token), id: ulid(), userId: name, address: '', agent: '' },
      ...{ createdAt: START, seenAt: START, expiresAt: START + 1e9 },
      ...{ proofs: ['password'] as const, provedAt: START, failed: { count: 0, lastAt: null } },
    } as unknown as NewSession);
    return `tapedeck_session=${token}`;
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
  t.same(unzipSync(answer.rawPayload)['recording.opus'], new Uint8Array(bytes));
  const cover = unzipSync(answer.rawPayload)['cover.pdf']!;
  t.match(
    execFileSync('pdftotext', ['-layout', '-', '-'], { input: cover, encoding: 'utf8' }),
    /Given to +all, signed in from 127\.0\.0\.1/,
  );

  const head = async () =>
    (await house.catalogue.auditEntries({ objectId: call.id, actions: ['export'], outcome: 'ok', limit: 99 }))
      .length;
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
  const owed = await ask(auditor, { reason: ' ' });
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
  state.up = false;
  const kept = await ask(all);
  t.equal(kept.headers['x-tapedeck-checkpoint'], 'kept');
  t.match(await verify(kept.rawPayload), { faults: [], whole: false, notes: [/recorder did not run/] });
  state.up = true;

  writeFileSync(path, flipped(readFileSync(path), 70_000));
  const damaged = await ask(all);
  t.match([damaged.statusCode, damaged.json()], [500, { error: { code: 'seal_damaged' } }]);
  t.match(await house.catalogue.sealCheck(recording.id), { fault: /altered or cut/ }, 'and it is on record');
});

/** Another signing key of the same house. */
function createSigningKeyBeside(house: House, t: Test) {
  rmSync(join(house.dir, 'signing', 'key'));
  t.ok(existsSync(join(house.dir, 'signing')));
  return createSigningKey(house.dir, randomBytes(32));
}

t.test('the page in the pack verifies it in a browser without a network', async (t) => {
  const house = await openHouse(t);
  const { call } = await haveCall(house, randomBytes(20_000));
  const zip = await house.pack(call.id);
  const files = unzipSync(zip);
  const dir = join(house.dir, 'page');
  mkdirSync(dir);
  writeFileSync(join(dir, 'verify.html'), files['verify.html']!);
  t.same(readFileSync(PAGE), Buffer.from(files['verify.html']!));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage({ colorScheme: 'light' });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (m) => void complaints.push(m.text()));
  page.on('pageerror', (e) => void complaints.push(e.message));
  page.on('dialog', () => void complaints.push('a dialog'));
  page.on('request', (r) => void requests.push(r.url()));
  const address = pathToFileURL(join(dir, 'verify.html')).href;
  await page.goto(address);
  t.match(await verdictOf(page, zip), /Everything fits together\. Whose key it is has still to be compared/);
  await page.fill('#fingerprint', house.key.keyId);
  t.match(await page.textContent('.verdict'), /Everything is as it was signed by the box/);
  await page.fill('#fingerprint', '0123456789abcdef');
  t.match(await page.textContent('.verdict'), /signed with another key than the one that you named/);
  await page.fill('#fingerprint', house.key.keyId.replace(/(.{4})/g, '$1 ').toUpperCase());
  t.match(await page.textContent('.verdict'), /Everything is as it was signed by the box/);
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
  t.match(await verdictOf(page, two), /another key than.*Two keys have signed this pack: name both/);
  for (const ids of [
    `${house.key.keyId}, ${both.keyId}`,
    `${both.keyId} ${house.key.keyId}`,
    `${house.key.keyId.replace(/(.{8})/g, '$1 ')},${both.keyId}`,
  ]) {
    await page.fill('#fingerprint', ids);
    t.match(await page.textContent('.verdict'), /Everything is as it was signed by the box/, ids);
  }
  await page.fill('#fingerprint', `${both.keyId}, 0123456789abcdef`);
  t.match(await page.textContent('.verdict'), /signed with another key than/);
  await page.fill('#fingerprint', `${both.keyId}, 0123`);
  t.match(await page.textContent('.verdict'), /at least 16 digits/);
  await house.control.stop();
  await page.fill('#fingerprint', `${house.key.keyId}, ${both.keyId}`);
  const half = await verdictOf(page, await house.pack(call.id));
  t.match(half, /The recording is as it was signed\. What is told of it is not signed/);
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
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu'],
  });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (m) => void complaints.push(m.text()));
  page.on('pageerror', (e) => void complaints.push(e.message));
  page.on('request', (r) => void requests.push(r.url()));
  await page.goto(`${address}/verify.html`);
  await page.fill('#fingerprint', house.key.keyId);
  t.match(await verdictOf(page, zip), /Everything is as it was signed by the box/);
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
