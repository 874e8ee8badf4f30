import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { ListPut } from '../../../daemon/domain/certificate/backup-residual.js';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { loadSigningKey, publicKeys } from '../../../daemon/vault/signing-key.js';
import { certifying, fileOf, verified } from '../../support/certificates/certifying.js';
import { aRecording } from '../../support/recordings/a-call.js';
import { NOW, openHouse } from '../../support/recordings/erase-until-killed.js';
import { furnish } from '../../support/recordings/four-recordings.js';

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
