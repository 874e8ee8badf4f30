import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import t from 'tap';
import { entryOf, TAPEDECK } from '../../daemon/domain/assurance/audit.js';
import { canonical } from '../../daemon/domain/assurance/canonical.js';
import { fail } from '../../daemon/domain/error.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import {
  buildManifest,
  disagreements,
  manifestText,
  parseManifest,
} from '../../daemon/domain/recording/manifest.js';
import { openManifest, signManifest } from '../../daemon/vault/manifest.js';
import { openSealed } from '../../daemon/vault/open.js';
import { createSigningKey, publicKeys } from '../../daemon/vault/signing-key.js';
import { createDiskReader } from '../../daemon/vault/store/disk.js';
import { craft } from '../support/catalogue/crafted.js';
import { aCall, aRecording, nothingTold } from '../support/recordings/a-call.js';
import { answeredAt, preserveLab, toneWav } from '../support/recordings/preserve-lab.js';
import { everything, scratch, vault } from '../support/recordings/sealed.js';
import { noted } from '../support/words.js';

/** The package does not export it; what it reads is the format's own header. */
const format = new URL('../../node_modules/age-encryption/dist/format.js', import.meta.url);
const { parseHeader }: typeof import('../../node_modules/age-encryption/dist/format.js') = await import(
  format.href
);

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

t.test(
  'every recording has a manifest that stock tools verify, and the recovery identity opens it',
  async (t) => {
    const recovery = await generateX25519Identity();
    const lab = await preserveLab(t, { recovery: await identityToRecipient(recovery) });
    const wav = toneWav(3);
    const rule = { name: 'Sales', reason: 'For the contract.', when: {}, keep_days: 400 };
    const { version } = await lab.catalogue.policy.newest();
    await lab.catalogue.policy.save(
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
    const signed = (await lab.catalogue.seals.manifest(recording.id))!;
    const keys = publicKeys(lab.dir);
    t.match(openManifest(signed, keys), { fault: null, manifest: {} });
    t.equal(signed.text, canonical(JSON.parse(signed.text!)), 'as RFC 8785 has it');
    const sealed = readFileSync(join(lab.dir, recording.file));
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    t.match(parseManifest(signed.text!), {
      ...{ format: 'tapedeck.manifest', format_version: 5, made_later: false },
      software: { name: 'Tapedeck', version: '0.0.0-test' },
      call: { id, them: { name: 'Ada Caller' }, marks: [{ at_ms: 1_200, kind: 'hold' }] },
      recording: {
        ...{ id: recording.id, of: recording.id, version: 1 },
        plain: { bytes: recording.plainBytes },
        sealed: { bytes: sealed.length, sha256: hash(sealed) },
      },
      sealed_for: { recovery_recipient: /^age1/ },
      segments: [
        { seq: 0, because: '', why: null },
        { seq: 1, because: 'The line was taken up again.', why: { code: 'rule' } },
      ],
      coverage: { status: call.coverage.status },
      consent: { rule: null, policy_version: version + 1, notice: null, played: [], answers: [] },
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
    await lab.catalogue.recordings.eraseIntended(recording.id, noted('Over.'), 1);
    t.equal(hash(age(await lab.identity(recording.id))), hash(plain), 'as its own key does');
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
  await t.rejects(openSealed(createDiskReader(lab.dir), recording!, other), { code: 'seal_damaged' });
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
      decision: null,
      told: nothingTold,
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
          decision: null,
          told: nothingTold,
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
  const { recording } = await lab.run(id);
  const sealed = recording!.id;
  const before = (await lab.catalogue.seals.manifest(sealed))!;
  await lab.catalogue.checkpoint();
  t.ok(everything(lab.dir).includes('tapedeck.manifest'), 'it is there before');
  await lab.catalogue.recordings.eraseIntended(sealed, noted('Over.'), 1);
  await lab.catalogue.recordings.erased(sealed, 2);
  t.same(await lab.catalogue.seals.manifest(sealed), { ...before, text: null });
  t.same(await lab.catalogue.seals.check(sealed), null, 'and nobody looks for its file');
  t.ok(await lab.catalogue.checkpoint());
  t.notOk(everything(lab.dir).includes('tapedeck.manifest'), 'nothing of its text is in any file');
});

t.test('an invented row never gets a manifest, and no recording gets a second one', async (t) => {
  const v = await vault(t, 5);
  const [plain, other, resigned, refused, invented] = v.made.map((m) => m.recording.id) as [
    string,
    ...string[],
  ] as [string, string, string, string, string];
  const sealedEntry = (id: string, signed: boolean) =>
    v.catalogue.audit.append(
      entryOf(TAPEDECK, v.clock.ms, 'sealed', {
        object: 'call',
        object_id: id,
        detail: { recording: id, signed },
      }),
    );
  await sealedEntry(resigned, true);
  await sealedEntry(refused, false);
  const [begin] = await v.catalogue.audit.entries({ actions: ['begin'], limit: 1 });
  craft(catalogueFile(v.dataDir), (db) => {
    db.prepare('UPDATE recordings SET plain_sha256 = ? WHERE id = ?').run('0'.repeat(64), other);
    const late = Date.parse(begin!.at) + 1;
    db.prepare('UPDATE recordings SET sealed_at = ? WHERE id IN (?, ?)').run(late, refused, invented);
  });
  await v.scrub.run();
  const manifest = async (id: string) => (await v.catalogue.seals.manifest(id)) !== null;
  const fault = async (id: string) => (await v.catalogue.seals.check(id))?.fault;
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
  t.match(await v.catalogue.seals.figures(), { unsigned: 25, faults: 0 });
  for (const { recording } of v.made)
    t.equal((await v.catalogue.seals.check(recording.id))?.checkedAt, v.clock.ms, 'it was read');
  altered = false;
  await v.scrub.run();
  t.match(await v.catalogue.seals.figures(), { unsigned: 0 });
});
