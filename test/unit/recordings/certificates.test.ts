import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { canonical, sha256 } from '../../../daemon/domain/assurance/canonical.js';
import type { CertificateItem, NewRun } from '../../../daemon/domain/certificate/certificate.js';
import { opensslCommands } from '../../../daemon/domain/certificate/certificate-file.js';
import { iso } from '../../../daemon/domain/days.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { fileOf, verified } from '../../support/certificates/certifying.js';
import { NOW, openHouse } from '../../support/recordings/erase-until-killed.js';
import { furnish } from '../../support/recordings/four-recordings.js';
import { runs } from '../../support/search/share-of-search.js';

/** The certificate of a real run that has erased two recordings, one of which was exported before. */
async function aCertificate(t: Test) {
  const dir = t.testdir();
  await furnish(dir);
  const house = await openHouse(dir);
  t.teardown(house.close);
  const ada = { actor: 'person', actor_id: 'U1', actor_name: 'Ada Lovelace', address: '10.0.0.9' } as const;
  await house.catalogue.audit.append(
    entryOf(ada, NOW - 9, 'export', { object: 'call', object_id: 'CR2', detail: { what: 'evidence' } }),
  );
  await house.retain.run({
    run: {
      ...{ kind: 'retention', requestedBy: { actor: 'person', id: 'U2', name: 'Grace Hopper' } },
      ...{ approvedBy: { id: 'U3', name: 'Alan Turing' }, reference: 'Case 2026/17', reason: 'Cleaning up' },
    },
  });
  const [pem] = publicKeys(dir).values();
  return { dir, house, pem: pem!, text: await fileOf(house.catalogue, 1, pem!) };
}

t.test('a certificate says what was erased, by whom, how, and what may be left of it', async (t) => {
  const { house, pem, text } = await aCertificate(t);
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const { fault, statement, items, fingerprint } = await verified(text, [pem]);
  t.equal(fault, null);
  t.equal(fingerprint, sha256(der));
  const head = await house.catalogue.audit.entries({ actions: ['erased'], limit: 1 });
  t.match(statement, {
    ...{ number: 1, issued_at: iso(NOW), site: { name: 'Praxis am See' }, tool: { version: '9.9.9' } },
    erasure: {
      kind: 'retention',
      requested_by: { actor: 'person', id: 'U2', name: 'Grace Hopper' },
      approved_by: { id: 'U3', name: 'Alan Turing' },
      ...{ reference: 'Case 2026/17', reason: 'Cleaning up' },
    },
    executed: { from: iso(NOW), to: iso(NOW) },
    items: { count: 2 },
    media: { file_system: 'ext4', device: 'ssd' },
    verification: { failed: 0 },
    legal_holds: { result: 'none' },
    residuals: { left: 1 },
    audit: { log: /^[0-9A-Z]{26}$/, size: head[0]!.seq, hash: head[0]!.hash, last: head[0]!.seq },
    key: { sha256: sha256(der) },
  });
  t.match(statement?.method, /X25519 key was destroyed in keys\.db/);
  t.match(items, [
    {
      ...{ recording: 'R1', call: 'CR1', version: 1, sealed_sha256: 'b'.repeat(64) },
      policy: { rule: 'Short', purpose: null },
      ...{ reason: 'Short: Law', erased_at: iso(NOW), left: [], left_not_listed: 0 },
      verified: { key: 'absent', file: 'absent' },
    },
    { recording: 'R2', left: [{ at: iso(NOW - 9), by: 'Ada Lovelace', what: 'evidence' }] },
  ]);
  t.match(statement?.legal_holds.method, /^When the erasure of these 2 recordings began.*had none\.$/);
  t.match(statement?.verification.method, /absent for 2 of 2 recordings.*absent for 2 of 2\.$/);
  t.same(
    items.map((item) => item.audit_entries.length),
    [2, 2],
    'the entries of the intent and of the tombstone',
  );
  for (const party of ['Ada Caller', '+15550123', 'Grace Desk', '5550100'])
    t.notOk(text.includes(party), `it does not name a party of the call: ${party}`);
  const [entry] = await house.catalogue.audit.entries({ actions: ['certificate'], limit: 9 });
  t.match(entry, { object_id: '1', detail: { recordings: 2, sha256: sha256(canonical(statement)) } });
});

t.test('it is canonical: the same statement, item for item, whoever writes it', async (t) => {
  const { text } = await aCertificate(t);
  const lines = text.split('\n');
  for (const line of [lines[1]!, lines[3]!.slice(0, -1), lines[4]!])
    t.equal(canonical(JSON.parse(line)), line);
  const whole = JSON.parse(text);
  t.equal(whole.items.length, 2, 'and the file is JSON as a whole');
  t.same(Object.keys(whole), ['statement', 'items', 'signature', 'public_key']);
});

t.test('any edit of any field is found, and so is any edit of any byte', async (t) => {
  const { text } = await aCertificate(t);
  const whole = JSON.parse(text);
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) paths.push(path);
    else for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
  };
  walk(whole, []);
  t.ok(paths.length > 60, 'every field was found');
  const layout = (edited: typeof whole) =>
    [
      '{"statement":',
      canonical(edited.statement),
      ',"items":[',
      edited.items.map((item: CertificateItem) => canonical(item)).join(',\n'),
      `],"signature":${JSON.stringify(edited.signature)},"public_key":${JSON.stringify(edited.public_key)}}`,
      '',
    ].join('\n');
  t.equal(layout(whole), text);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, value) => {
      const edited = structuredClone(whole);
      const last = path.at(-1)!;
      const inner = path.slice(0, -1).reduce((o, key) => o[key], edited);
      fc.pre(canonical(inner[last]) !== canonical(value));
      inner[last] = value;
      return (await verified(layout(edited))).fault !== null;
    }),
    { numRuns: runs(1_500) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.nat(text.length - 2),
      fc.constantFrom('0', 'x', '"', ' ', ',', '}', '\n'),
      async (at, sign) => {
        fc.pre(text[at] !== sign);
        return (await verified(text.slice(0, at) + sign + text.slice(at + 1))).fault !== null;
      },
    ),
    { numRuns: runs(1_500) },
  );
  t.pass('nothing went unnoticed');
  const lines = text.split('\n');
  const without = [...lines.slice(0, 3), lines[4]!, ...lines.slice(5)].join('\n');
  t.equal((await verified(without)).fault, 'items', 'an item that was taken out');
  const twice = [...lines.slice(0, 4), lines[3]!, ...lines.slice(4)].join('\n');
  t.equal((await verified(twice)).fault, 'items', 'an item that was put in');
  t.equal((await verified(`${text}{}\n`)).fault, 'shape', 'something after its end');
  t.equal((await verified('')).fault, 'shape');
});

t.test('a certificate of somebody else is told by its key', async (t) => {
  const { text } = await aCertificate(t);
  const { publicKey } = generateKeyPairSync('ed25519');
  const other = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  t.equal((await verified(text, [other])).fault, 'key');
});

t.test('openssl alone verifies a certificate, and finds one that was changed', async (t) => {
  const { pem, text } = await aCertificate(t);
  const dir = t.testdir({ 'EC-000001.json': text, 'tapedeck.pem': pem });
  const run = (file: string, key?: string) => {
    const work = join(dir, `work-${file}`);
    mkdirSync(work, { recursive: true });
    for (const name of [file, 'tapedeck.pem']) cpSync(join(dir, name), join(work, name));
    return opensslCommands(file, key).map((command) =>
      spawnSync('sh', ['-c', command], { cwd: work, encoding: 'utf8' }),
    );
  };
  const good = run('EC-000001.json');
  t.same(
    good.map(({ status }) => status),
    [0, 0, 0, 0, 0],
  );
  t.match(good[2]!.stdout, 'Signature Verified Successfully');
  t.match(good[4]!.stdout, 'Items verified');

  const edits: Record<string, [string, number]> = {
    'statement.json': [text.replace('Grace Hopper', 'Grace Hopped'), 2],
    'item.json': [text.replace('"recording":"R2"', '"recording":"R9"'), 4],
    'signature.json': [text.replace(/("signature":")(.)/, (_, a, b) => a + (b === 'A' ? 'B' : 'A')), 2],
  };
  for (const [name, [edited, fails]] of Object.entries(edits)) {
    t.not(edited, text);
    writeFileSync(join(dir, name), edited);
    const found = run(name);
    t.not(found[fails]!.status, 0, `${name}: ${found[fails]!.stdout}${found[fails]!.stderr}`);
  }
  const fingerprint = execFileSync(
    'sh',
    ['-c', 'openssl pkey -pubin -in tapedeck.pem -outform DER | sha256sum | cut -d" " -f1'],
    { cwd: dir, encoding: 'utf8' },
  ).trim();
  t.equal(fingerprint, JSON.parse(text).statement.key.sha256, 'and this is how to compare the key');
  t.ok(readFileSync(join(dir, 'tapedeck.pem')).length > 0);
});

t.test('what was erased before there were certificates is on none', async (t) => {
  const dir = t.testdir();
  await furnish(dir);
  const db = new Database(catalogueFile(dir));
  db.exec("UPDATE recordings SET state = 'erased', erased_at = 5 WHERE id = 'R1'");
  db.close();
  const house = await openHouse(dir);
  t.teardown(house.close);
  await house.catalogue.recordings.erased('R1', 6);
  await house.retain.recover();
  await house.retain.certify();
  t.equal(await house.catalogue.certificates.count(), 0);
  await house.retain.run();
  t.equal(await house.catalogue.certificates.of('R1'), null);
  t.equal(await house.catalogue.certificates.of('R2'), 1);
});

t.test('an erasure that its certificate could not be signed for is on the next one', async (t) => {
  const dir = t.testdir();
  await furnish(dir);
  const house = await openHouse(dir);
  t.teardown(house.close);
  const db = new Database(catalogueFile(dir));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON certificates BEGIN SELECT RAISE(ABORT, 'full'); END");
  await house.retain.run();
  t.equal(await house.catalogue.certificates.count(), 0);
  t.equal((await house.catalogue.certificates.open(0, 9)).length, 2);
  db.exec('DROP TRIGGER full');
  db.close();
  await house.retain.recover();
  await house.retain.certify();
  const [pem] = publicKeys(dir).values();
  const { fault, items } = await verified(await fileOf(house.catalogue, 1, pem!));
  t.equal(fault, null);
  t.same(
    items.map(({ recording }) => recording),
    ['R1', 'R2'],
  );
});

t.test(
  'two runs that could not be certified have a certificate each, in the name of who asked',
  async (t) => {
    const dir = t.testdir();
    await furnish(dir);
    const house = await openHouse(dir);
    t.teardown(house.close);
    const db = new Database(catalogueFile(dir));
    db.exec("CREATE TRIGGER full BEFORE INSERT ON certificates BEGIN SELECT RAISE(ABORT, 'full'); END");
    const askedBy = (name: string): NewRun => ({
      ...{ kind: 'by_hand', requestedBy: { actor: 'person', id: name, name } },
      ...{ approvedBy: null, reference: '', reason: '' },
    });
    const why = { by: 'Ada', approvedBy: null, reason: 'of somebody else' };
    await house.retain.erase('R1', because('erased_by_hand', why), askedBy('Ada'));
    await house.retain.erase('R2', because('erased_by_hand', why), askedBy('Grace'));
    db.exec('DROP TRIGGER full');
    db.close();
    await house.retain.recover();
    await house.retain.certify();
    const [pem] = publicKeys(dir).values();
    for (const [number, name, recording] of [
      [1, 'Ada', 'R1'],
      [2, 'Grace', 'R2'],
    ] as const) {
      const { fault, statement, items } = await verified(await fileOf(house.catalogue, number, pem!));
      t.equal(fault, null);
      t.match(statement, { erasure: { requested_by: { name } } });
      t.same(
        items.map((item) => item.recording),
        [recording],
      );
    }
  },
);
