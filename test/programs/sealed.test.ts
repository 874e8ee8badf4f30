import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import fc from 'fast-check';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { withEntries } from '../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import type { Finding } from '../../daemon/cli/doctor/finding.js';
import { liveAudio } from '../../daemon/cli/doctor/vault.js';
import { exportCall } from '../../daemon/cli/export.js';
import { verify } from '../../daemon/cli/verify.js';
import { entryOf, TAPEDECK } from '../../daemon/domain/assurance/audit.js';
import { canonical } from '../../daemon/domain/assurance/canonical.js';
import { fail } from '../../daemon/domain/error.js';
import type { Alarm } from '../../daemon/domain/operations/alarm.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import {
  buildManifest,
  disagreements,
  manifestText,
  parseManifest,
} from '../../daemon/domain/recording/manifest.js';
import { spoolName } from '../../daemon/domain/recording/recording.js';
import { nightDone, shareOf, WITHIN_DAYS } from '../../daemon/domain/recording/scrub.js';
import type { Config } from '../../daemon/ops/config-schema.js';
import { coreLimit } from '../../daemon/ops/process/core-dumps.js';
import { createScrub, type ScrubDeps } from '../../daemon/recordings/scrub.js';
import { openManifest, signManifest } from '../../daemon/vault/manifest.js';
import { loadMasterKey, openMasterKeys } from '../../daemon/vault/master-key.js';
import { hashContent, openSealed } from '../../daemon/vault/open.js';
import { prepareNext } from '../../daemon/vault/rotation.js';
import { filesIn, hashFile, sizeOf } from '../../daemon/vault/scan.js';
import { createSigningKey, publicKeys } from '../../daemon/vault/signing-key.js';
import { parseHeader } from '../../node_modules/age-encryption/dist/format.js';
import { craft } from '../support/catalogue/crafted.js';
import { until } from '../support/recorder.js';
import { aCall, aRecording } from '../support/recordings/a-call.js';
import { answeredAt, preserveLab, toneWav } from '../support/recordings/preserve-lab.js';
import { furnishVault, judgeVault, masterFile } from '../support/recordings/rotation.js';
import { ID } from '../support/recordings/seal-a-call.js';
import {
  addRecording,
  cookieOf,
  type Dashboard,
  flip,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
} from '../support/web/dashboard.js';
import { noted } from '../support/words.js';

const DAY = 86_400_000;
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const root = process.getuid?.() === 0;

/** A folder besides the one of the test, which is made only once. */
function scratch(t: Test, files: Record<string, string | Buffer> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  return dir;
}

const everything = (dir: string): Buffer =>
  Buffer.concat(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile())
      .map((f) => readFileSync(join(f.parentPath, f.name))),
  );

t.test(
  'every recording has a manifest that stock tools verify, and the recovery identity opens it',
  async (t) => {
    const recovery = await generateX25519Identity();
    const lab = await preserveLab(t, { recovery: await identityToRecipient(recovery) });
    const wav = toneWav(3);
    const rule = { name: 'Sales', reason: 'For the contract.', when: {}, keep_days: 400 };
    const { version } = await lab.catalogue.policy();
    await lab.catalogue.savePolicy(
      { record: [], retention: [rule], emergency_numbers: [] },
      'test',
      answeredAt,
      version,
    );
    const marks = [{ atMs: 1_200.4, untilMs: 1_900, kind: 'hold' as const, text: 'by Grace', legId: 'leg' }];
    await lab.add(
      id,
      [
        { in: wav, out: wav },
        { in: toneWav(1), out: toneWav(1), atMs: 3_400, because: noted('The line was taken up again.') },
      ],
      { marks, talkMs: 4_400 },
    );
    const call = await lab.run(id);
    const recording = call.recording!;
    const signed = (await lab.catalogue.manifest(id))!;
    const keys = publicKeys(lab.dir);
    t.match(openManifest(signed, keys), { fault: null, manifest: {} });
    t.equal(signed.text, canonical(JSON.parse(signed.text!)), 'as RFC 8785 has it');
    const sealed = readFileSync(join(lab.dir, recording.file));
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    t.match(parseManifest(signed.text!), {
      ...{ format: 'tapedeck.manifest', format_version: 2, made_later: false },
      software: { name: 'Tapedeck', version: '0.0.0-test' },
      call: { id, them: { name: 'Ada Caller' }, marks: [{ at_ms: 1_200, kind: 'hold' }] },
      recording: {
        plain: { bytes: recording.plainBytes },
        sealed: { bytes: sealed.length, sha256: hash(sealed) },
      },
      sealed_for: { recovery_recipient: /^age1/ },
      segments: [
        { seq: 0, because: '', why: null },
        { seq: 1, because: 'The line was taken up again.', why: { code: 'rule' } },
      ],
      coverage: { status: call.coverage.status },
      consent: { rule: null, policy_version: version + 1, notice: null },
      policy: { version: version + 1 },
      retention: { rule: 'Sales', keep_until: /^20/, why: { code: 'rule' } },
    });
    t.ok(parseManifest(signed.text!)!.recording.gaps.length > 0, 'the seam is in it');
    t.same(disagreements(parseManifest(signed.text!)!, call, recording), []);
    t.equal((await recipients(sealed)).length, 2, 'its own key and the recovery recipient');

    const files = scratch(t, { text: signed.text!, sig: Buffer.from(signed.signature, 'base64') });
    const openssl = spawnSync('openssl', [
      ...['pkeyutl', '-verify', '-pubin', '-inkey', join(lab.dir, `signing/${signed.keyId}.pem`)],
      ...['-rawin', '-in', join(files, 'text'), '-sigfile', join(files, 'sig')],
    ]);
    t.equal(openssl.status, 0, String(openssl.stderr));
    const age = (identity: string) => {
      writeFileSync(join(files, 'id'), `${identity}\n`);
      return execFileSync('age', ['-d', '-i', join(files, 'id'), join(lab.dir, recording.file)], {
        maxBuffer: 1e8,
      });
    };
    const plain = age(recovery);
    t.equal(hash(plain), recording.plainSha256, 'with nothing of this machine');
    await lab.catalogue.eraseIntended(id, noted('Over.'), 1);
    t.equal(hash(age(await lab.identity(id))), hash(plain), 'as its own key does');
  },
);

/** Whom an age file is for, as the age package reads its header. */
const recipients = async (file: Buffer) =>
  (await parseHeader(new Blob([file]).stream())).stanzas.map(({ args }) => args[0]);

t.test('a recording is sealed for its own key and for nobody else, unless the admin wants it', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: toneWav(1), out: toneWav(1) }], { talkMs: 1_000 });
  const { recording } = await lab.run(id);
  t.same(await recipients(readFileSync(join(lab.dir, recording!.file))), ['X25519']);
  const other = await generateX25519Identity();
  await t.rejects(openSealed(join(lab.dir, recording!.file), other), { code: 'seal_damaged' });
});

t.test('a changed manifest, row or key is told by its name', async (t) => {
  const dir = t.testdir({});
  const key = createSigningKey(dir, randomBytes(32));
  const call = aCall(id, { them: { number: '+1', name: 'half \ud83d a surrogate', ours: false } });
  const recording = aRecording(id, id);
  const manifest = buildManifest({
    ...{
      call,
      recording,
      segments: [],
      policyVersion: 3,
      sealedFor: null,
      version: '1',
      madeAt: 5,
      later: false,
    },
    coverage: { status: 'recorded', why: null, rule: null, missingMs: 0 },
  });
  const signed = signManifest(manifest, key);
  const keys = publicKeys(dir);
  t.equal(openManifest(signed, keys).fault, null, 'whatever the name is made of');
  t.same(disagreements(manifest, call, recording), []);
  t.same(
    disagreements(manifest, call, {
      ...recording,
      sealedSha256: 'c'.repeat(64),
      gaps: [{ atMs: 1, untilMs: 2, side: 'us', why: null }],
    }),
    ['recording.sealed', 'recording.gaps'],
  );
  t.same(disagreements(manifest, { ...call, dialled: '9', answeredAt: 7 }, recording), [
    'call.answered_at',
    'call.dialled',
  ]);
  t.same(
    disagreements(manifest, { ...call, id: 'other', dialled: '9' }, recording),
    [],
    'it became part of another call',
  );
  t.match(openManifest({ ...signed, text: signed.text!.replace('5550100', '5550101') }, keys), {
    fault: /signature/,
  });
  t.match(openManifest({ ...signed, sha256: '0'.repeat(64) }, keys), { fault: /hash/ });
  t.match(openManifest({ ...signed, recordingId: 'other' }, keys), { fault: /another recording/ });
  t.match(openManifest(signed, new Map()), { fault: /public key/ });
  const other = createSigningKey(scratch(t), randomBytes(32));
  t.match(openManifest(signed, new Map([[key.keyId, other.publicKeyPem]])), { fault: /signature/ });
  t.equal(parseManifest(` ${signed.text}`), null, 'other bytes of the same value are another text');
  fc.assert(
    fc.property(fc.string(), fc.json(), (text, json) => {
      parseManifest(text);
      parseManifest(json);
      t.equal(openManifest({ ...signed, text, signature: text }, keys).fault === null, false);
    }),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 2 ** 50 }), (name, at) => {
      const made = buildManifest({
        ...{
          recording,
          segments: [],
          policyVersion: null,
          sealedFor: null,
          version: '1',
          madeAt: at,
          later: true,
        },
        call: { ...call, dialled: name, startedAt: Math.min(at, 8.64e15) },
        coverage: { status: 'recorded', why: noted(name), rule: null, missingMs: 0.5 },
      });
      return canonical(parseManifest(manifestText(made))) === manifestText(made);
    }),
  );
});

t.test('erasing takes the names out of the manifest and leaves its hash and signature', async (t) => {
  const lab = await preserveLab(t);
  const wav = toneWav(1);
  await lab.add(id, [{ in: wav, out: wav }], { talkMs: 1_000 });
  await lab.run(id);
  const before = (await lab.catalogue.manifest(id))!;
  await lab.catalogue.checkpoint();
  t.ok(everything(lab.dir).includes('tapedeck.manifest'), 'it is there before');
  await lab.catalogue.eraseIntended(id, noted('Over.'), 1);
  await lab.catalogue.erased(id, 2);
  t.same(await lab.catalogue.manifest(id), { ...before, text: null });
  t.same(await lab.catalogue.sealCheck(id), null, 'and nobody looks for its file');
  t.ok(await lab.catalogue.checkpoint());
  t.notOk(everything(lab.dir).includes('tapedeck.manifest'), 'nothing of its text is in any file');
});

/** What the audit log has of damage, oldest first. */
const damageIn = async ({ catalogue }: Pick<Dashboard, 'catalogue'>) =>
  (await catalogue.auditEntries({ actions: ['damage'], limit: 99 }))
    .reverse()
    .map((e) => [e.actor, e.object_id, e.detail.found, e.outcome]);

/** A dashboard and a scrub over the same recordings, each of three chunks and a bit. */
async function vault(t: Test, many: number, change: Partial<ScrubDeps> = {}) {
  const dash = await openDashboard(t);
  const cookie = await setUp(dash);
  const signingKey = createSigningKey(dash.dataDir, randomBytes(32));
  const made: (Awaited<ReturnType<typeof addRecording>> & { bytes: Buffer })[] = [];
  for (let n = 0; n < many; n++) {
    const one = await addRecording(dash, randomBytes(200_000), {
      call: { startedAt: START - DAY + n * 60_000 },
    });
    const old = new Date(Date.now() - DAY);
    utimesSync(one.path, old, old);
    made.push({ ...one, bytes: readFileSync(one.path) });
  }
  const standing = new Map<string, Pick<Alarm, 'severity' | 'message' | 'hint'>>();
  const deps: ScrubDeps = {
    catalogue: dash.catalogue,
    files: { hash: hashFile, size: sizeOf, list: filesIn },
    opens: async (r) => {
      await (await openSealed(join(dash.dataDir, r.file), await dash.keys.identity(r.id))).close();
    },
    openManifest: (signed) => openManifest(signed, publicKeys(dash.dataDir)),
    content: async (r) => hashContent(join(dash.dataDir, r.file), await dash.keys.identity(r.id)),
    vouch: async (manifest) => signManifest(manifest, signingKey),
    version: '0.0.0-test',
    busy: () => null,
    alarms: {
      raise: (key, alarm) => void standing.set(key, alarm),
      clear: (key) => void standing.delete(key),
    },
    clock: () => dash.clock.ms,
    config: { dataDir: dash.dataDir, schedule: '30 1 * * *', timeZone: 'UTC' },
    log: pino({ level: 'silent' }),
    pace: { waitMs: 5, rest: 0, tellMs: 10 },
    ...change,
  };
  const scrub = createScrub(deps);
  t.teardown(() => scrub.stop());
  const faultOf = async (n: number) => (await dash.catalogue.sealCheck(made[n]!.recording.id))?.fault ?? null;
  const play = (n: number, range?: string) =>
    get(dash.app, `/calls/${made[n]!.call.id}/audio`, cookie, range ? { range } : {});
  /** What its page says of the seal, to somebody who has just signed in. */
  const shown = async (n: number) => {
    const again = cookieOf(await post(dash.app, '/session', { name: 'anna', password }));
    return JSON.parse((await get(dash.app, `/calls/${made[n]!.call.id}`, again)).body).seal;
  };
  return { ...dash, cookie, made, standing, deps, scrub, faultOf, play, shown };
}

const header = (bytes: Buffer) => bytes.length - 200_000 - 4 * 16;

/** What can be done to a file (bar 28), and what is said of it. */
const damages: [what: string, harm: (v: Awaited<ReturnType<typeof vault>>) => void, said: RegExp][] = [
  [
    'one byte is changed',
    ({ made: [a] }) => flip(a!.path, a!.bytes, header(a!.bytes) + 100_000),
    /not those that were sealed/,
  ],
  [
    'it is cut at the edge of a chunk',
    ({ made: [a] }) => truncateSync(a!.path, header(a!.bytes) + 2 * (65_536 + 16)),
    /was cut/,
  ],
  [
    'two files have changed places',
    ({ made: [a, b] }) => {
      writeFileSync(a!.path, b!.bytes);
      writeFileSync(b!.path, a!.bytes);
    },
    /In its place is the file of recording/,
  ],
  [
    'it has another name',
    ({ made: [a] }) => renameSync(a!.path, `${a!.path}.old.age`),
    /is missing; recordings.*old\.age has the same bytes/,
  ],
  ['it is gone', ({ made: [a] }) => rmSync(a!.path), /Its file is missing/],
  [
    'something was added to it',
    ({ made: [a] }) => writeFileSync(a!.path, Buffer.concat([a!.bytes, Buffer.alloc(9)])),
    /was added to/,
  ],
];

for (const [what, harm, said] of damages)
  t.test(`found by the night when ${what}, and told until it is mended`, async (t) => {
    const v = await vault(t, 3);
    v.clock.ms += DAY;
    await v.scrub.run();
    t.same([await v.faultOf(0), v.standing.size], [null, 0], 'all is well before');
    harm(v);
    v.clock.ms += DAY;
    for (let night = 0; night < 3; night++, v.clock.ms += DAY) await v.scrub.run();
    t.match(await v.faultOf(0), said);
    t.match(v.standing.get('recording_damaged'), {
      severity: 'critical',
      message: new RegExp(v.made[0]!.call.id),
      hint: /backup/,
    });
    t.match(await v.shown(0), { fault: said });
    for (const { path, bytes } of v.made) writeFileSync(path, bytes);
    await v.scrub.run();
    t.same([await v.faultOf(0), await v.faultOf(1)], [null, null], 'a file that was put back counts');
    t.notOk(v.standing.has('recording_damaged'));
  });

for (const [what, harm] of damages)
  t.test(`found on play when ${what}, and alarmed`, async (t) => {
    const v = await vault(t, 2);
    harm(v);
    v.scrub.start();
    // The chunk that was changed is in the middle; the others are found before anything is sent.
    const answer = await v.play(0, 'bytes=70000-140000');
    t.equal(answer.statusCode, 500);
    t.equal(JSON.parse(answer.body).error.code, 'seal_damaged');
    await until('the alarm', () => v.standing.has('recording_damaged'));
    t.ok(await v.faultOf(0), 'and it is on its row');
    t.match(await damageIn(v), [['tapedeck', v.made[0]!.call.id, 'when it was played', 'failed']]);
    for (const { path, bytes } of v.made) writeFileSync(path, bytes);
    t.equal((await v.play(0)).statusCode, 200);
  });

t.test(
  'what breaks off in the middle of a play is on the row too, and a false alarm is not raised',
  async (t) => {
    const v = await vault(t, 2);
    const [a, b] = v.made;
    flip(a!.path, a!.bytes, header(a!.bytes) + 150_000);
    await t.rejects(v.play(0), 'the first chunks were sent already');
    await until('the row', () => v.faultOf(0));
    await v.catalogue.checked(b!.recording.id, v.clock.ms, 'Somebody was wrong.');
    v.scrub.start();
    await until('the look', async () => (await v.faultOf(1)) === null);
    await until('the alarm', () => v.standing.has('recording_damaged'));
    t.notMatch(v.standing.get('recording_damaged')?.message, b!.call.id);
  },
);

t.test('the night finds what is wrong with what was signed, and names it', async (t) => {
  const v = await vault(t, 4);
  await v.scrub.run();
  t.match(await v.catalogue.sealFigures(), { faults: 0, unsigned: 0 });
  const db = new Database(catalogueFile(v.dataDir));
  t.teardown(() => db.close());
  const [a, b] = v.made.map((m) => m.recording.id);
  db.prepare('UPDATE manifests SET signature = ? WHERE recording_id = ?').run(
    randomBytes(64).toString('base64'),
    a,
  );
  db.prepare('DELETE FROM manifest_texts WHERE recording_id = ?').run(b);
  db.prepare('DELETE FROM manifests WHERE recording_id = ?').run(b);
  await v.catalogue.saveCall({ ...(await v.catalogue.call(v.made[2]!.call.id))!, dialled: '999' });
  v.clock.ms += 27 * DAY;
  const scrub = createScrub({
    ...v.deps,
    catalogue: withEntries(v.catalogue, { clock: () => v.clock.ms, later: async () => {} }),
  });
  t.teardown(() => scrub.stop());
  await scrub.run();
  t.match(
    [await v.faultOf(0), await v.faultOf(1), await v.faultOf(2), await v.faultOf(3)],
    [/signature is not that/, /Manifest: it is gone/, /differs from what was signed: call\.dialled/, null],
  );
  t.match(v.standing.get('recording_damaged'), { severity: 'critical', message: /^3 recordings/ });
  t.same(
    (await damageIn(v)).map(([actor, call, found]) => [actor, call, found]).sort(),
    v.made
      .slice(0, 3)
      .map(({ call }) => ['tapedeck', call.id, 'when it was read again'])
      .sort(),
  );
  await scrub.run();
  t.equal((await damageIn(v)).length, 3, 'each once');
});

t.test('who meets damage on the command line leaves it on the row and in the log, once', async (t) => {
  const v = await vault(t, 3);
  const [a, b] = v.made;
  const run = verifier(t, v);
  flip(a!.path, a!.bytes, 9_000);
  t.match(await run(a!.call.id), { code: 1 });
  t.match(await run(a!.call.id), { code: 1 });
  t.match(await damageIn(v), [['console', a!.call.id, 'when it was verified', 'failed']]);
  v.clock.ms += DAY;
  await v.scrub.run();
  t.equal((await damageIn(v)).length, 1, 'what is known is not news at night');

  flip(b!.path, b!.bytes, header(b!.bytes) + 150_000);
  const config = join(scratch(t), 'tapedeck.toml');
  writeFileSync(join(config, '..', 'master.key'), v.masterKey.toString('base64'), { mode: 0o600 });
  writeFileSync(
    config,
    `[data]\ndir = ${JSON.stringify(v.dataDir)}\n[keys]\nmaster_key_file = "master.key"\n`,
  );
  const ctx = createCliContext(() => config);
  t.teardown(() => ctx.close());
  const program = new Command('tapedeck').exitOverride();
  exportCall(program, { ...ctx, out: () => {}, err: () => {} });
  const out = join(scratch(t), 'b.opus');
  await t.rejects(program.parseAsync(['export', b!.call.id, '-o', out], { from: 'user' }), {
    code: 'seal_damaged',
  });
  t.match((await damageIn(v))[1], ['console', b!.call.id, 'when it was exported', 'failed']);
  t.match(await v.faultOf(1), /altered or cut/);

  await v.catalogue.eraseIntended(v.made[2]!.recording.id, noted('Over.'), 1);
  t.equal(await v.catalogue.checked(v.made[2]!.recording.id, 2, 'Its file is missing.'), false);
  t.equal(await v.faultOf(2), null, 'what is being erased is not damaged');
});

t.test(
  'files that no recording knows are named and left alone; what is just being sealed is not',
  async (t) => {
    const v = await vault(t, 1);
    const stray = join(v.dataDir, 'recordings/2026/01/05');
    mkdirSync(stray, { recursive: true });
    copyFileSync(v.made[0]!.path, join(stray, 'STRAY.opus.age'));
    writeFileSync(join(stray, 'NEW.opus.age.tmp'), 'just now');
    const old = new Date(Date.now() - DAY);
    utimesSync(join(stray, 'STRAY.opus.age'), old, old);
    await v.scrub.run();
    t.match(v.standing.get('recording_stray'), { severity: 'warning', message: /STRAY/, hint: /left alone/ });
    t.notMatch(v.standing.get('recording_stray')?.message, /NEW/);
    t.same(readdirSync(stray).sort(), ['NEW.opus.age.tmp', 'STRAY.opus.age']);
    rmSync(join(stray, 'STRAY.opus.age'));
    await v.scrub.run();
    t.notOk(v.standing.has('recording_stray'));
  },
);

t.test('what was sealed before there were manifests gets one, marked; a damaged one does not', async (t) => {
  const v = await vault(t, 2);
  t.equal((await get(v.app, `/calls/${v.made[0]!.call.id}/manifest`, v.cookie)).statusCode, 404);
  t.match(await v.catalogue.sealFigures(), { recordings: 2, unsigned: 2 });
  flip(v.made[1]!.path, v.made[1]!.bytes, 100_000);
  await v.scrub.run();
  t.match(await v.catalogue.sealFigures(), { recordings: 2, unsigned: 0, faults: 1 });
  const answer = JSON.parse((await get(v.app, `/calls/${v.made[0]!.call.id}/manifest`, v.cookie)).body);
  t.match(answer, { fault: null, key_id: /^[0-9a-f]{16}$/, public_key: /BEGIN PUBLIC KEY/ });
  t.match(JSON.parse(answer.text), {
    made_later: true,
    recording: { sealed: { sha256: v.made[0]!.recording.sealedSha256 } },
    policy: { version: null },
  });
  t.equal(await v.catalogue.manifest(v.made[1]!.recording.id), null);
  t.match(JSON.parse((await get(v.app, `/calls/${v.made[0]!.call.id}`, v.cookie)).body).seal, {
    ...{ made_later: true, fault: null, fault_at: null },
    signed_at: new Date(v.clock.ms).toISOString(),
  });
});

t.test(
  'a night waits while there is other work, goes on where it stopped, and says what it waits for',
  async (t) => {
    let busy: string | null = 'The load is high.';
    const v = await vault(t, 4, { busy: () => busy, pace: { waitMs: 5, rest: 0, nightMs: 60_000 } });
    const night = v.scrub.run();
    await until('the waiting', () => v.scrub.status()?.waitsFor === 'The load is high.');
    t.match(v.scrub.status(), { reading: true, recordings: 4 });
    t.match(await v.catalogue.sealFigures(), { unsigned: 4 }, 'nothing is read meanwhile');
    busy = null;
    await night;
    t.match(v.scrub.status(), { reading: false, waitsFor: null, unsigned: 0 });
  },
);

t.test(
  'a night that is too short goes on in the next, and a stop does not wait for a better time',
  async (t) => {
    let busy: string | null = 'The disk is busy.';
    const short = await vault(t, 4, { busy: () => busy, pace: { waitMs: 5, rest: 0, nightMs: 40 } });
    await short.scrub.run();
    t.match(await short.catalogue.sealFigures(), { unsigned: 4 }, 'the night is over');
    busy = null;
    let nights = 0;
    for (; nights < 50 && (await short.catalogue.sealFigures()).unsigned > 0; nights++)
      await short.scrub.run();
    t.match(await short.catalogue.sealFigures(), { unsigned: 0, recordings: 4 });
    busy = 'The load is high.';
    const stopped = short.scrub.run();
    await short.scrub.stop();
    await stopped;
  },
);

t.test('by its nights every recording is read again within 30 days, though some are left out', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 200 }),
      fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 4 }),
      (ages, off) => {
        const now = 100 * DAY;
        const all = ages.map((age) => ({ checkedAt: now - age * DAY }));
        for (let day = 0; day < 60; day++) {
          const at = now + day * DAY;
          if (all.some((f) => at - f.checkedAt > WITHIN_DAYS * DAY)) return false;
          if (off.includes(day)) continue;
          let done = 0;
          for (const f of all.toSorted((a, b) => a.checkedAt - b.checkedAt)) {
            if (nightDone(shareOf(all.length), done, f.checkedAt, at)) break;
            f.checkedAt = at;
            done += 1;
          }
        }
        return true;
      },
    ),
    { numRuns: 100 },
  );
});

/** `tapedeck verify` on the files of a dashboard. */
function verifier(t: Test, { dataDir }: Dashboard) {
  const config = join(scratch(t), 'tapedeck.toml');
  writeFileSync(config, `[data]\ndir = ${JSON.stringify(dataDir)}\n[keys]\nmaster_key_file = "none"\n`);
  const code = process.exitCode;
  t.teardown(() => {
    process.exitCode = code;
  });
  return async (...argv: string[]): Promise<{ text: string; code: number }> => {
    const said: string[] = [];
    process.exitCode = 0;
    const real = createCliContext(() => config);
    const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
    verify(program, { ...real, out: (s) => void said.push(s), err: (s) => void said.push(s) });
    await program.parseAsync(['verify', ...argv], { from: 'user' });
    await real.close();
    return { text: said.join('\n'), code: Number(process.exitCode) };
  };
}

t.test('tapedeck verify tells the file, the signature and the row', async (t) => {
  const v = await vault(t, 3);
  const run = verifier(t, v);
  const [a, b] = v.made;
  t.match(await run('--all'), { code: 0, text: /3 verified: all/ });
  t.match(await run(a!.call.id), { code: 0, text: /not signed/ });
  await v.scrub.run();
  t.match(await run(a!.call.id), { code: 0, text: /ok.*signed.*\n.*made later/ });

  flip(a!.path, a!.bytes, 9_000);
  t.match(await run('--all'), { code: 1, text: new RegExp(`BAD.*${a!.call.id}[\\s\\S]*3 verified, 1 NOT`) });
  t.match(await v.faultOf(0), /not those that were sealed/, 'it is put on the row');
  t.match(await run('--damaged'), { code: 1, text: new RegExp(a!.call.id) });
  writeFileSync(a!.path, a!.bytes);

  await v.catalogue.saveCall({ ...(await v.catalogue.call(b!.call.id))!, dialled: '999' });
  t.match(await run(b!.call.id), { code: 1, text: /differs from what was signed: call\.dialled/ });
  const pem = join(scratch(t), 'other.pem');
  writeFileSync(pem, createSigningKey(scratch(t), randomBytes(32)).publicKeyPem);
  t.match(await run('--all', '--public-key', pem), { code: 1, text: /public key .* is not there/ });
  t.match(JSON.parse((await run(b!.call.id, '--json')).text), { faults: [/call\.dialled/], key_id: /./ });

  await v.catalogue.eraseIntended(b!.recording.id, noted('Over.'), 1);
  await v.catalogue.erased(b!.recording.id, 2);
  t.match(await run(b!.call.id), { code: 0, text: /erased[\s\S]*hash is kept: [0-9a-f]{64}/ });
  await t.rejects(run(), { code: 'request_invalid' });
  await t.rejects(run('01NOSUCHCALL'), { code: 'call_unknown' });
});

t.test(
  'nothing of the audio or of a key is in the clear anywhere, and ffmpeg makes no file',
  { skip: !root && 'strace' },
  async (t) => {
    const dir = t.testdir({ spool: {} });
    // Speech as this test knows it again: noise, of which no two pieces are alike.
    const wav = toneWav(2);
    randomBytes(wav.length - 44).copy(wav, 44);
    for (const side of ['in', 'out'] as const)
      writeFileSync(join(dir, `spool/${spoolName({ callId: ID, seq: 0, token: '' }, side)}.wav`), wav);
    const program = resolve('test/support/recordings/seal-a-call.ts');
    const script = join(scratch(t), 'seal.mts');
    writeFileSync(
      script,
      `import { haveCall, preserveThere } from ${JSON.stringify(program)};
     await haveCall(${JSON.stringify(dir)}); await preserveThere(${JSON.stringify(dir)});`,
    );
    const traces = scratch(t);
    const { status, stderr } = spawnSync(
      'strace',
      [
        // A file for each thread: in one file the calls of several are cut in two.
        '-ff',
        '-qq',
        '-e',
        'trace=open,openat,creat',
        '-e',
        'signal=none',
        '-o',
        join(traces, 'trace'),
        process.execPath,
        '--import',
        'tsx',
        script,
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    t.equal(status, 0, stderr);
    const written = readdirSync(traces)
      .flatMap((name) => [
        ...readFileSync(join(traces, name), 'utf8').matchAll(
          /"([^"]+)", [^)]*(?:O_WRONLY|O_RDWR)[^)]*\) = \d/g,
        ),
      ])
      .map((m) => resolve(m[1]!))
      .filter((path) => !path.startsWith('/dev/') && !/\/tsx-\d+\/|\/\.tap\/processinfo\//.test(path));
    const known =
      /^(catalogue\/catalogue\.db(\.new-\w+)?(-wal|-shm|-journal)?|recorder\/lock|keys\/keys\.db(-journal)?|master\.key\.\w+\.tmp|signing\/\w+(\.pem)?\.\w+\.tmp|recordings\/.*\.opus\.age\.tmp)$/;
    t.ok(
      written.some((path) => path.endsWith('.opus.age.tmp')),
      'the trace has what is written',
    );
    t.same(
      [...new Set(written)].filter(
        (path) => !path.startsWith(`${dir}/`) || !known.test(path.slice(dir.length + 1)),
      ),
      [],
      'no other file is written, there or anywhere else, not even for a moment',
    );

    const { openHouse } = await import('../support/power/house.js');
    const house = await openHouse(dir);
    t.teardown(() => house.close());
    const call = (await house.catalogue.call(ID))!;
    const identity = await house.keys.identity(ID);
    const sealed = await openSealed(join(dir, call.recording!.file), identity);
    const chunks: Buffer[] = [];
    for await (const chunk of sealed.read(0, sealed.size - 1)) chunks.push(chunk as Buffer);
    const fileKey = Buffer.from(sealed.fileKey);
    await sealed.close();
    const plain = Buffer.concat(chunks);
    const master = readFileSync(join(dir, 'master.key'), 'utf8').trim();
    rmSync(join(dir, 'master.key'));
    const needles: [string, Buffer | string][] = [
      ['the captured audio', wav.subarray(9_000, 9_032)],
      ['the Opus audio', plain.subarray(plain.length - 2_000, plain.length - 1_968)],
      ['its identity', identity],
      ['its identity, decoded', identity.slice(15, 60)],
      ['its file key', fileKey],
      ['the master key', master],
      ['the master key, decoded', Buffer.from(master, 'base64')],
      ['the key that signs', 'PRIVATE KEY'],
    ];
    const found = (where: string) => {
      const bytes = everything(where);
      return needles.filter(([, needle]) => bytes.includes(needle)).map(([what]) => what);
    };
    t.same(found(dir), [], 'in no file after sealing');
    await house.catalogue.eraseIntended(ID, noted('Over.'), 1);
    await house.retain.recover();
    t.equal((await house.catalogue.call(ID))?.recording?.state, 'erased');
    t.same(found(dir), [], 'nor after erasing');
    t.notOk(everything(dir).includes('tapedeck.manifest'));
  },
);

t.test(
  'core dumps are off for the process and for what it starts',
  { skip: !root && 'raising a limit needs root' },
  async (t) => {
    const script = `
    import { spawn } from 'node:child_process';
    import { coreLimit, noCoreDumps } from ${JSON.stringify(resolve('daemon/ops/process/core-dumps.ts'))};
    const before = coreLimit();
    const off = await noCoreDumps();
    const child = spawn('sleep', ['30']);
    process.stdout.write(JSON.stringify({ before, off, own: coreLimit(), child: coreLimit(child.pid) }));
    child.kill();`;
    const main = join(scratch(t), 'main.mts');
    writeFileSync(main, script);
    const { stdout, stderr } = spawnSync(
      'prlimit',
      ['--core=1000000:1000000', process.execPath, '--import', 'tsx', main],
      { encoding: 'utf8' },
    );
    const none = { soft: '0', hard: '0' };
    t.same(JSON.parse(stdout || stderr), {
      before: { soft: '1000000', hard: '1000000' },
      off: true,
      own: none,
      child: none,
    });
  },
);

t.test(
  'the recorder ends a change of the master key that was interrupted, dumps no core, and says in the log what it did',
  { skip: !root && 'raising a limit needs root' },
  async (t) => {
    const dir = scratch(t, {
      'ari-password': 'x',
      'tapedeck.toml':
        '[data]\ndir = "vault"\n[keys]\nmaster_key_file = "vault/master.key"\n#recovery\n[pbx]\nari_url = "http://127.0.0.1:9"\nari_password_file = "ari-password"\nami_port = 9\nami_secret_file = "ari-password"\nspool = "spool"\n',
    });
    const place = join(dir, 'vault');
    const furnished = await furnishVault(place);
    const old = loadMasterKey(masterFile(place));
    prepareNext(openMasterKeys(masterFile(place)), 'auto');
    const config = join(dir, 'tapedeck.toml');
    const tapedeck = [process.execPath, resolve('dist/daemon/main.js'), '-c', config];
    /** Starts the recorder; ready, or at its end. */
    const start = async () => {
      const daemon = spawn('prlimit', ['--core=1000000:1000000', ...tapedeck, 'run'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      t.teardown(() => daemon.kill('SIGKILL'));
      let said = '';
      for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (d) => (said += d));
      const closed = once(daemon, 'close');
      let over = false;
      void closed.then(() => (over = true));
      await until('the recorder', () => over || /recorder is ready/.test(said), 60_000);
      const stop = async () => {
        daemon.kill();
        await closed;
      };
      return { daemon, said, stop };
    };
    const { daemon, said, stop } = await start();
    t.same(coreLimit(daemon.pid), { soft: '0', hard: '0' }, said);
    await until('the end of the change', () => !existsSync(`${masterFile(place)}.next`), 30_000);
    t.same(await judgeVault(place, furnished, old, true), []);
    const [program, ...args] = tapedeck;
    const doctor = JSON.parse(
      spawnSync(program!, [...args, 'doctor', '--json'], { encoding: 'utf8' }).stdout,
    );
    const found = Object.fromEntries((doctor as Finding[]).map((f) => [f.check, f]));
    t.match(found, {
      'core dumps': { state: 'ok', says: /off for the recorder and for ffmpeg/ },
      keys: { state: 'ok', says: /opens keys\.db/ },
      'signing key': { state: 'ok', says: furnished.keyId },
      'live audio': { state: 'ok', says: /on the PBX/ },
      swap: { says: /./ },
    });
    await stop();

    const key = join(place, 'signing/key');
    const kept = readFileSync(key);
    const master = readFileSync(masterFile(place));
    writeFileSync(masterFile(place), randomBytes(32).toString('base64'));
    const wrong = await start();
    t.match([wrong.daemon.exitCode, wrong.said], [2, /does not belong to this keys\.db/]);
    t.ok(readFileSync(key).equals(kept), 'a wrong master key leaves the key that signs alone');
    writeFileSync(masterFile(place), master);

    writeFileSync(key, 'damaged');
    const recovery = await identityToRecipient(await generateX25519Identity());
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('#recovery', `recovery_recipient = "${recovery}"`),
    );
    await (await start()).stop();
    const catalogue = createSqliteCatalogue({ path: catalogueFile(place) });
    await catalogue.start();
    t.teardown(() => catalogue.stop());
    const actions = ['start', 'stop', 'key_rotation'] as const;
    const entries = (await catalogue.auditEntries({ actions, limit: 99 })).reverse();
    const is = (action: string, what: unknown) => [action, 'tapedeck', 'ok', what];
    t.match(
      entries.map((e) => [e.action, e.actor, e.outcome, e.detail.what ?? e.detail.recovery_recipient]),
      [
        is('start', 'nobody'),
        is('key_rotation', /a change that was interrupted went on/),
        is('stop', undefined),
        is('start', recovery),
        is('key_rotation', `recovery recipient: nobody -> ${recovery}`),
        is('key_rotation', /a new key that signs/),
        is('stop', undefined),
      ],
    );
    t.match(entries[1]!.detail, { keys: 30, over: true });
    const alarm = (await catalogue.openAlarms()).find((a) => a.key === 'signing_key');
    t.match(alarm, { severity: 'critical', message: /a new one was made: [0-9a-f]{16}/ });
    t.equal(readdirSync(join(place, 'signing')).filter((f) => f.startsWith('key.unusable-')).length, 1);
  },
);

t.test('doctor says where live audio is in the clear, and how to have it in memory', async (t) => {
  const of = (spool: string) => liveAudio({ pbx: { spool, spool_reserve_mb: 1024 } } as Config);
  const here = await of(import.meta.dirname);
  if (!/encrypted/.test(here.says)) {
    const line = here.says.split('\n').at(-1)!.trim().split(/\s+/);
    t.match(line, ['tmpfs', import.meta.dirname, 'tmpfs', /mode=2770,uid=\d+,gid=\d+,size=2048M$/, '0', '0']);
    t.match(here.says, /power\s+fails is lost/);
  }
  if (root && existsSync('/dev/shm')) {
    const dir = mkdtempSync('/dev/shm/tapedeck-');
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    t.match(await of(dir), { says: /which is in memory/ });
  }
});

t.test('an invented row never gets a manifest, and no recording gets a second one', async (t) => {
  const v = await vault(t, 5);
  const [plain, other, resigned, refused, invented] = v.made.map((m) => m.recording.id) as [
    string,
    ...string[],
  ] as [string, string, string, string, string];
  const sealedEntry = (id: string, signed: boolean) =>
    v.catalogue.audit(
      entryOf(TAPEDECK, v.clock.ms, 'sealed', {
        object: 'call',
        object_id: id,
        detail: { recording: id, signed },
      }),
    );
  await sealedEntry(resigned, true);
  await sealedEntry(refused, false);
  const [begin] = await v.catalogue.auditEntries({ actions: ['begin'], limit: 1 });
  craft(catalogueFile(v.dataDir), (db) => {
    db.prepare('UPDATE recordings SET plain_sha256 = ? WHERE id = ?').run('0'.repeat(64), other);
    const late = Date.parse(begin!.at) + 1;
    db.prepare('UPDATE recordings SET sealed_at = ? WHERE id IN (?, ?)').run(late, refused, invented);
  });
  await v.scrub.run();
  const manifest = async (id: string) => (await v.catalogue.manifest(id)) !== null;
  const fault = async (id: string) => (await v.catalogue.sealCheck(id))?.fault;
  t.ok(await manifest(plain), 'one from before the log');
  t.ok(await manifest(refused), 'one that could not be signed when it was sealed');
  for (const [id, why] of [
    [other, /content of its file/],
    [resigned, /Manifest: it is gone/],
    [invented, /audit log has no entry/],
  ] as const) {
    t.notOk(await manifest(id), String(why));
    t.match(await fault(id), why);
  }
  t.ok(v.standing.has('recording_damaged'));
});

t.test('while the schema is another one nothing is signed late, and the rest is read', async (t) => {
  let altered = true;
  const signingKey = createSigningKey(scratch(t), randomBytes(32));
  const v = await vault(t, 25, {
    vouch: async (manifest) => {
      if (altered) throw fail('schema_altered');
      return signManifest(manifest, signingKey);
    },
  });
  await v.scrub.run();
  t.match(await v.catalogue.sealFigures(), { unsigned: 25, faults: 0 });
  for (const { recording } of v.made)
    t.equal((await v.catalogue.sealCheck(recording.id))?.checkedAt, v.clock.ms, 'it was read');
  altered = false;
  await v.scrub.run();
  t.match(await v.catalogue.sealFigures(), { unsigned: 0 });
});
