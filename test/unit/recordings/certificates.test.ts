import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { canonical, sha256 } from '../../../daemon/domain/assurance/canonical.js';
import type { ListPut } from '../../../daemon/domain/certificate/backup-residual.js';
import {
  type CertificateItem,
  type NewRun,
  RETENTION_RUN,
} from '../../../daemon/domain/certificate/certificate.js';
import { opensslCommands } from '../../../daemon/domain/certificate/certificate-file.js';
import { iso } from '../../../daemon/domain/days.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { loadSigningKey, publicKeys } from '../../../daemon/vault/signing-key.js';
import { certifying, fileOf, verified } from '../../support/certificates/certifying.js';
import { aRecording } from '../../support/recordings/a-call.js';
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

/** Writes entries at the end of the log as the recorder does, from outside of it: their hashes are right. */
async function plant(dir: string, ...entries: { recording: string; action: 'erase' | 'erased' }[]) {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir) });
  await catalogue.start();
  for (const { recording, action } of entries)
    await catalogue.audit.append(
      entryOf(TAPEDECK, NOW, action, {
        ...{ object: 'call', object_id: `C${recording}`, reason: 'Short: Law' },
        detail: { recording, sealed_sha256: 'b'.repeat(64) },
      }),
    );
  await catalogue.stop();
}

const listed = (id: string) =>
  `INSERT INTO erasures VALUES ('${id}', NULL, (SELECT coalesce(max(seq), 0) + 1 FROM erasures), ${NOW}, NULL)`;
const tombstone = (id: string) =>
  `UPDATE recordings SET state = 'erased', erased_at = ${NOW}, erase_intended_at = ${NOW}, erase_reason = (
     SELECT erase_reason FROM recordings WHERE id = 'R1') WHERE id = '${id}'`;
/** An item as somebody would like to have it signed. */
const line = (id: string) => `UPDATE erasures SET line = '{"recording":"${id}","verified":{"key":"absent"}}'`;

/**
 * What somebody with the catalogue in their hands writes while the recorder is stopped, after R1 and R2 were erased and before that
 * was certified; which recordings are certified all the same; and what is told of the others.
 */
const FORGERIES: Record<
  string,
  {
    sql?: string[];
    entries?: Parameters<typeof plant>[1][];
    file?: string;
    certified: string[];
    faults?: Record<string, string>;
    /** Another alarm than that of refused erasures. */
    alarm?: RegExp;
  }
> = {
  'a recording that exists is listed': {
    ...{ sql: [listed('R3')], certified: ['R1', 'R2'], faults: { R3: 'no_intent' } },
  },
  'it is listed with a tombstone': {
    ...{ sql: [tombstone('R3'), listed('R3')], certified: ['R1', 'R2'], faults: { R3: 'no_intent' } },
  },
  'it is listed with a tombstone and entries of the audit log': {
    ...{ sql: [tombstone('R3'), listed('R3')], certified: ['R1', 'R2'], faults: { R3: 'key_present' } },
    entries: [
      { recording: 'R3', action: 'erase' },
      { recording: 'R3', action: 'erased' },
    ],
  },
  'it is listed with a line that says what was verified': {
    ...{ sql: [listed('R3'), line('R3')], certified: ['R1', 'R2'], faults: { R3: 'no_intent' } },
  },
  'a recording that never was is listed': {
    sql: [
      "CREATE TEMP TABLE made_up AS SELECT * FROM main.recordings WHERE id = 'R1'",
      "UPDATE made_up SET id = 'R9', of_id = 'R9'",
      'INSERT INTO recordings SELECT * FROM made_up',
      listed('R9'),
    ],
    entries: [
      { recording: 'R9', action: 'erase' },
      { recording: 'R9', action: 'erased' },
    ],
    ...{ certified: ['R1', 'R2'], faults: { R9: 'never_sealed' } },
  },
  'the hash in the tombstone is another': {
    sql: [`UPDATE recordings SET sealed_sha256 = '${'c'.repeat(64)}' WHERE id = 'R1'`],
    ...{ certified: ['R2'], faults: { R1: 'other_file' } },
  },
  'its file is there': { file: 'R1', certified: ['R2'], faults: { R1: 'file_present' } },
  'its file is there, and its row says that it is in the archive': {
    sql: ["UPDATE recordings SET tier = 'archive' WHERE id = 'R1'"],
    ...{ file: 'R1', certified: ['R2'], faults: { R1: 'file_present' } },
  },
  'it is under a hold': {
    sql: [
      "INSERT INTO matters (id, name, reason, opened_by, opened_at, revision) VALUES ('M', 'Smith', 'x', 'x', 1, 1)",
      "INSERT INTO hold_items (matter, recording_id, why, at, by) VALUES ('M', 'R2', 'picked', 1, 'x')",
    ],
    ...{ certified: ['R1'], faults: { R2: 'held' } },
  },
  'somebody else is said to have approved the run': {
    sql: [
      `UPDATE erasure_runs SET about = json_set(about, '$.approvedBy', json('{"id":"U3","name":"Eve"}'))`,
    ],
    ...{ certified: [], faults: { R1: 'other_run', R2: 'other_run' } },
  },
  'an entry of the audit log is another': {
    sql: [
      tombstone('R3'),
      listed('R3'),
      'DROP TRIGGER audit_stays',
      "UPDATE audit SET entry = replace(entry, 'R1', 'R3') WHERE entry ->> '$.detail.recording' = 'R1'",
    ],
    ...{ certified: [], alarm: /^The audit log was tampered with/ },
  },
  'a certificate was put in, which hides erasures': {
    sql: ["INSERT INTO certificates VALUES (1, '{}', 'x', 'x', 1, 'retention', 2, 2)"],
    ...{ certified: [], alarm: /a certificate of erasure EC-000001 that Tapedeck did not issue/ },
  },
};

/** A directory in which R1 and R2 were erased by a run, and are on no certificate yet. */
async function uncertified(dir: string): Promise<void> {
  await furnish(dir);
  const house = await openHouse(dir);
  for (const id of ['R1', 'R2', 'R3', 'R4']) await house.registered({ id });
  house.keys.register().complete();
  outside(dir, "CREATE TRIGGER full BEFORE INSERT ON certificates BEGIN SELECT RAISE(ABORT, 'full'); END");
  await house.retain.run();
  await house.close();
  outside(dir, 'DROP TRIGGER full');
}

function outside(dir: string, ...statements: string[]): void {
  const db = new Database(catalogueFile(dir));
  for (const statement of statements) db.exec(statement);
  db.close();
}

/** The recordings on the certificates that verify. */
async function certifiedIn({ catalogue }: Awaited<ReturnType<typeof openHouse>>, dir: string) {
  const [pem] = publicKeys(dir).values();
  const found: string[] = [];
  for (let number = 1; number <= (await catalogue.certificates.count()); number++) {
    const { fault, items } = await verified(await fileOf(catalogue, number, pem!));
    if (fault === null) found.push(...items.map(({ recording }) => recording));
  }
  return found;
}

t.test('what the catalogue is made to say is not certified, and an alarm says so', async (t) => {
  const base = join(t.testdir(), 'erased');
  await uncertified(base);
  for (const [what, { sql = [], entries = [], file, certified, faults = {}, alarm }] of Object.entries(
    FORGERIES,
  )) {
    const dir = `${base}-${Object.keys(FORGERIES).indexOf(what)}`;
    cpSync(base, dir, { recursive: true });
    outside(dir, ...sql);
    if (entries.length > 0) await plant(dir, ...entries);
    if (file) writeFileSync(join(dir, aRecording(file, '').file), 'sealed');
    const house = await openHouse(dir);
    await house.retain.recover();
    await house.retain.certify();
    t.same(await certifiedIn(house, dir), certified, what);
    if (alarm) t.match([...house.alarms.values()], [{ message: alarm, hint: /keep a copy of/i }], what);
    else {
      const named = Object.entries(faults).map(([recording, fault]) => ({ recording, fault }));
      const { why, hint } = house.alarms.get('certificate_refused') ?? {};
      t.match(why, { code: 'certificate_refused', params: { recordings: named.length, named } }, what);
      t.match(hint, /Keep a copy of catalogue\.db/);
    }
    await house.close();
  }
});

t.test('a recording that was listed by somebody else is certified once it was really erased', async (t) => {
  const dir = join(t.testdir(), 'erased');
  await uncertified(dir);
  outside(dir, listed('R3'));
  const house = await openHouse(dir);
  t.teardown(house.close);
  await house.retain.certify();
  t.ok(house.alarms.has('certificate_refused'));
  const why = because('erased_by_hand', { by: 'Ada', approvedBy: null, reason: 'Asked for' });
  await house.retain.erase('R3', why, { ...RETENTION_RUN, kind: 'by_hand' });
  t.same(await certifiedIn(house, dir), ['R1', 'R2', 'R3']);
  t.notOk(house.alarms.has('certificate_refused'));
});

t.test('the list of erasures is put where backups are before anything is signed', async (t) => {
  const base = join(t.testdir(), 'erased');
  await uncertified(base);
  const said: [ListPut | null, RegExp][] = [
    [{ at: NOW }, /was put where the backups are, at 2027-01-15T08:00:00\.000Z/],
    [{ problem: 'It is not responding.' }, /could not be put .*: It is not responding\. Until it is there/],
  ];
  for (const [n, [list, expected]] of said.entries()) {
    const dir = `${base}-${n}`;
    cpSync(base, dir, { recursive: true });
    const house = await openHouse(dir);
    const key = loadSigningKey(dir, [readFileSync(join(dir, 'master.bin'))]);
    const order: string[] = [];
    const certify = certifying({
      ...{ catalogue: house.catalogue, key, clock: () => NOW, hasKey: house.keys.has, hasFile: () => false },
      backups: { keepDays: 30, keysApart: true },
      async putList() {
        for (const id of ['R1', 'R2'])
          t.match(await house.catalogue.recordings.get(id), { state: 'erased' }, 'it is on the list');
        order.push('list');
        return list;
      },
      async sign(text) {
        order.push('sign');
        return { signature: key.sign(Buffer.from(text)).toString('base64'), keyId: key.keyId };
      },
    });
    await certify.close();
    t.same(order, ['list', 'sign']);
    const { statement } = verified(await fileOf(house.catalogue, 1, key.publicKeyPem));
    t.match(statement?.residuals.backups, expected);
    await house.close();
  }
});
