import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createCheckpoints } from '../../../daemon/assurance/checkpoint.js';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createOutbox } from '../../../daemon/catalogue/outbox.js';
import { type Known, verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { audit } from '../../../daemon/cli/audit.js';
import { calls } from '../../../daemon/cli/calls.js';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import {
  type AuditEntry,
  digestOf,
  digestOfWords,
  EMPTY,
  entryOf,
  entryText,
  linked,
  TAPEDECK,
} from '../../../daemon/domain/assurance/audit.js';
import { notesIn, originOf } from '../../../daemon/domain/assurance/checkpoint.js';
import { catalogueFile, checkpointFile, controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { policyChanges } from '../../../daemon/domain/policy/policy-changes.js';
import { type Heard, inside, joined, lengthOf, written } from '../../../daemon/domain/recording/stretches.js';
import { createCheckpointChannels } from '../../../daemon/notify/channels.js';
import { type ControlDeps, createControl } from '../../../daemon/operations/control.js';
import { createDeliver } from '../../../daemon/operations/deliver.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { request } from '../../../daemon/ops/control-client.js';
import { appendCheckpoint, readCheckpoints } from '../../../daemon/vault/checkpoint-file.js';
import { signerOf, signNote } from '../../../daemon/vault/note.js';
import { createSigningKey, publicKeys, type SigningKey } from '../../../daemon/vault/signing-key.js';
import { makeCertificates, startMailServer } from '../../support/peers/mail-server.js';
import { startReceiver } from '../../support/peers/webhook-receiver.js';
import { until } from '../../support/recorder.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

t.setTimeout(120_000);
const log = pino({ level: 'silent' });
const NOW = Date.UTC(2026, 10, 25, 17);
const ada = { actor: 'person', actor_id: 'P1', actor_name: 'Ada', address: '::1' } as const;
const view = (n: number) =>
  entryOf(ada, NOW + n * 1000, 'view', {
    object: 'call',
    object_id: `C${n % 7}`,
    detail: { n, of: 'Bücher' },
  });

async function opened(t: Test, path = catalogueFile(t.testdir({}))): Promise<Catalogue & { path: string }> {
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  return { ...catalogue, path };
}

/** A log of so many entries (besides the one that it begins with), closed, in a file without a journal. */
async function aLog(path: string, count: number): Promise<void> {
  const catalogue = createSqliteCatalogue({ path });
  await catalogue.start();
  await Promise.all(Array.from({ length: count }, (_, n) => catalogue.audit(view(n))));
  await catalogue.checkpoint();
  await catalogue.stop();
}

const none = { given: [], kept: [] };
/** What somebody can do who has the file: the triggers are no hindrance to them. */
function tamper(path: string, how: (db: Database.Database) => void): void {
  const db = new Database(path);
  for (const name of ['audit_stays', 'audit_is_kept', 'audit_grows'])
    db.exec(`DROP TRIGGER IF EXISTS ${name}`);
  for (const by of ['actor', 'object', 'action', 'time', 'outcome'])
    db.exec(`DROP INDEX IF EXISTS audit_by_${by}`);
  how(db);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

t.test('entries are only ever added to the end', async (t) => {
  const c = await opened(t);
  for (let n = 0; n < 5; n++) await c.audit(view(n));
  const db = new Database(c.path);
  t.teardown(() => db.close());
  const whole = db.prepare('SELECT count(*) FROM audit').pluck();
  const hash = Buffer.alloc(32);
  for (const [sql, why] of [
    ["UPDATE audit SET entry = '{}' WHERE seq = 2", /never changed/],
    ['UPDATE OR REPLACE audit SET seq = 3 WHERE seq = 2', /never changed/],
    ['DELETE FROM audit WHERE seq = 6', /never removed/],
    ['DELETE FROM audit', /never removed/],
    ["INSERT OR REPLACE INTO audit (seq, entry, hash) VALUES (2, '{}', x'00')", /only added to its end/],
    ["REPLACE INTO audit (seq, entry, hash) VALUES (6, '{}', x'00')", /only added to its end/],
    ["INSERT OR IGNORE INTO audit (seq, entry, hash) VALUES (9, '{}', x'00')", /only added to its end/],
    ["INSERT INTO audit (seq, entry, hash) VALUES (0, '{}', x'00')", /only added to its end/],
    ["INSERT INTO audit (entry, hash) VALUES ('{}', x'00')", /only added to its end/],
    [
      "INSERT INTO audit (seq, entry, hash) VALUES (2, '{}', x'00') ON CONFLICT (seq) DO UPDATE SET entry = '{}'",
      /only added to its end|never changed/,
    ],
  ] as const) {
    t.throws(() => db.exec(sql), why, sql);
    t.equal(whole.get(), 6);
  }
  t.throws(() => db.prepare('UPDATE audit SET hash = ?').run(hash), /never changed/);
  t.match(verifyAudit(c.path, none), { fault: null, head: { size: 6 } });
});

t.test('an existing catalogue begins its log with an entry that says so', async (t) => {
  const c = await opened(t);
  await c.saveCall(aCall('A'));
  await c.audit(view(1));
  const [second, first] = (await c.auditEntries({ limit: 9 })) as unknown as [AuditEntry, AuditEntry];
  t.match(first, {
    seq: 1,
    action: 'begin',
    actor: 'tapedeck',
    detail: { of: 'an existing catalogue', calls: 1 },
  });
  t.match(second, { seq: 2, action: 'view', actor_name: 'Ada' });
  t.equal(first.detail.log, await c.auditId());
  const plain = ({ hash: _, words: __, ...entry }: AuditEntry & { words?: unknown }) => entry;
  const head = [first, second].reduce((before, e) => linked(before, digestOf(plain(e))), EMPTY.hash);
  t.same(await c.auditHead(), { size: 2, hash: head }, 'what anybody comes to who follows the rules');
  t.equal(second.hash, head);
  t.equal(Object.hasOwn(plain(second), 'hash'), false);
  const fresh = await opened(t, join(t.testdirName, 'fresh.db'));
  await fresh.audit(view(1));
  t.match((await fresh.auditEntries({ limit: 1, before: 2 }))[0]?.detail, { of: 'a new catalogue' });
});

t.test('whatever text somebody gives can be written and comes back', async (t) => {
  const c = await opened(t);
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string({ unit: 'binary' })),
      async (a, list) => {
        const wild = a + String.fromCharCode(0xd800);
        await c.audit(
          entryOf({ ...ada, actor_name: wild }, NOW, 'view', {
            reason: a,
            detail: { wild, list, n: Number.NaN },
          }),
        );
        const [e] = await c.auditEntries({ limit: 1 });
        return e?.actor_name === wild.slice(0, 1000).toWellFormed() && e.detail.n === null;
      },
    ),
    { numRuns: 100 },
  );
  t.equal(verifyAudit(c.path, none).fault, null);
});

t.test('an entry is there with what it is about, or neither is', async (t) => {
  const c = await opened(t);
  await c.audited(view(1)).saveCall(aCall('A'));
  t.equal((await c.auditHead()).size, 2);
  await t.rejects(c.audited(view(2)).erased('nobody', 1), { code: 'recording_absent' });
  t.equal((await c.auditHead()).size, 2, 'what failed left no entry');
  const version = await c
    .audited<number>((made) => entryOf(ada, NOW, 'policy_change', { object_id: String(made) }))
    .savePolicy((await c.policy()).policy, 'Ada', NOW, 0);
  t.match(await c.auditEntries({ limit: 1 }), [{ action: 'policy_change', object_id: `${version}` }]);
  t.equal(await c.audited<boolean>((gone) => (gone ? view(3) : null)).removeSession('none'), false);
  t.equal((await c.auditHead()).size, 3, 'nothing was done, nothing is said');

  const asked = [
    c.audit(view(10)),
    c.audited(view(11)).saveCall(aCall('B')),
    c.audited(view(12)).erased('nobody', 1),
    c.audit(view(13)),
  ];
  const came = await Promise.allSettled(asked);
  t.same(
    came.map((r) => r.status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    'of one commit the one that could not be done is left out',
  );
  const said = (await c.auditEntries({ limit: 3 })).map((e) => e.detail.n).reverse();
  t.same(said, [10, 11, 13], 'in the order in which they were asked for');
  t.match(verifyAudit(c.path, none), { fault: null, head: { size: 6 } });
});

t.test('two processes that write at once, killed at any moment, leave a log that is whole', async (t) => {
  const path = catalogueFile(t.testdir({}));
  await aLog(path, 1);
  const program = join(import.meta.dirname, '../../support/catalogue/audit-writer.ts');
  const durable = new Map<number, string>();
  let size = 2;
  for (let round = 0; round < 3; round++) {
    const writers = ['X', 'Y'].map((name) => {
      const child = spawn(process.execPath, ['--import', 'tsx', program, path, `${name}${round}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let rest = '';
      child.stdout.on('data', (said) => {
        const lines = (rest + said).split('\n');
        rest = lines.pop()!;
        for (const line of lines) durable.set(Number(line.split(' ')[1]), line.split(' ')[0]!);
      });
      const gone = new Promise((resolve) => child.once('close', resolve));
      return { child, gone, said: () => [...durable.values()].includes(`${name}${round}`) };
    });
    await until('both have written', () => writers.every((w) => w.said()), 20_000);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    for (const { child } of writers) {
      child.kill('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    }
    await Promise.all(writers.map((w) => w.gone));
    const verdict = verifyAudit(path, none);
    t.equal(verdict.fault, null, `round ${round}`);
    t.ok(verdict.head.size > size, `${verdict.head.size - size} more entries`);
    size = verdict.head.size;
  }
  const c = await opened(t, path);
  const byWhom = new Map((await c.auditEntries({ limit: 100_000 })).map((e) => [e.seq, e]));
  t.ok(
    [...durable].every(([seq, name]) => byWhom.get(seq)?.actor_name === name),
    'what was acknowledged is there',
  );
  const turns = [...byWhom.values()].map((e) => e.actor_name);
  t.ok(
    turns.some((name, i) => i > 0 && name[0] !== turns[i - 1]![0]),
    'they took turns',
  );
  t.equal([...byWhom.values()].filter((e) => e.detail.what === 'never').length, 0);
  const stored = await c.calls({ limit: 100_000 });
  t.equal(
    [...byWhom.values()].filter((e) => e.detail.what === 'with a call').length,
    stored.length,
    'as many calls as entries with a call',
  );
  for (const name of ['X0', 'Y0']) {
    const mine = [...byWhom.values()].filter((e) => e.actor_name === name && e.detail.what === 'alone');
    const order = mine.sort((a, b) => a.seq - b.seq).map((e) => Number(e.detail.n));
    t.same(order, [...order.keys()], 'each in its own order, without a gap');
  }
});

t.test('one byte that is changed anywhere in the log is found', async (t) => {
  const dir = t.testdir({});
  const [source, copy] = [join(dir, 'source.db'), join(dir, 'copy.db')];
  await aLog(source, 120);
  const db = new Database(source);
  db.exec(
    'DROP INDEX audit_by_actor; DROP INDEX audit_by_object; DROP INDEX audit_by_action; DROP INDEX audit_by_time; DROP INDEX audit_by_outcome',
  );
  db.pragma('secure_delete = ON'); // no stale copies, which nobody reads
  db.exec('VACUUM');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
  const rows = db.prepare('SELECT seq, entry FROM audit').all() as { seq: number; entry: string }[];
  db.close();
  t.match(verifyAudit(source, none), { fault: null, head: { size: 121 } }, 'it is whole to begin with');
  const bytes = readFileSync(source);
  /** Where each row lies in the file: its entry and its hash, and its number five bytes before them. */
  const places = rows.map(({ seq, entry }) => {
    const at = bytes.indexOf(Buffer.from(entry));
    return { seq, number: at - 6, from: at, until: at + Buffer.byteLength(entry) + 32 };
  });
  t.ok(
    rows.every(({ entry }) => bytes.indexOf(entry) > 0 && bytes.indexOf(entry) === bytes.lastIndexOf(entry)),
  );
  const random = (below: number) => randomBytes(4).readUInt32LE() % below;
  let named = 0;
  for (let n = 0; n < 1000; n++) {
    const place = places[random(places.length)]!;
    const at = n % 20 === 0 ? place.number : place.from + random(place.until - place.from);
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1 + random(255);
    writeFileSync(copy, changed);
    const { fault } = verifyAudit(copy, none);
    if (fault === null) t.fail(`byte ${at} of entry ${place.seq} (${place.from} to ${place.until})`);
    else if (fault.seq === place.seq) named += 1;
  }
  t.ok(named > 950, `${named} of 1000 were named right away; the others broke the page that they stand on`);
});

t.test('what is removed, swapped, put in, cut off or written anew is found', async (t) => {
  const dir = t.testdir({});
  const [source, copy] = [join(dir, 'source.db'), join(dir, 'copy.db')];
  await aLog(source, 60);
  const read = new Database(source, { readonly: true });
  const hashAt = (seq: number) =>
    (read.prepare('SELECT hash FROM audit WHERE seq = ?').pluck().get(seq) as Buffer).toString('hex');
  const known = (size: number): Known => ({
    size,
    hash: hashAt(size),
    at: '2026-11-25T17:30:00.000Z',
    from: 'mail',
  });
  const [early, late] = [known(20), known(61)];
  read.close();
  const after = (how: (db: Database.Database) => void, given: Known[] = []) => {
    for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
    copyFileSync(source, copy);
    tamper(copy, how);
    return verifyAudit(copy, { given, kept: [] });
  };
  const set = (column: string) => (db: Database.Database, seq: number, value: unknown) =>
    db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(value, seq);
  const [setEntry, setHash, setSeq] = [set('entry'), set('hash'), set('seq')];
  type Row = { seq: number; entry: string; hash: Buffer };
  const row = (db: Database.Database, seq: number) =>
    db.prepare('SELECT seq, entry, hash FROM audit WHERE seq = ?').get(seq) as Row;

  const cases: [what: string, how: (db: Database.Database) => void, fault: object | null][] = [
    [
      'an entry is edited',
      (db) => setEntry(db, 30, row(db, 30).entry.replace('Ada', 'Eve')),
      { seq: 30, kind: 'altered' },
    ],
    ['an entry is another JSON', (db) => setEntry(db, 30, '{}'), { seq: 30, kind: 'altered' }],
    [
      'the same in other words',
      (db) => setEntry(db, 30, row(db, 30).entry.replace('"n":28', '"n":28.0')),
      { seq: 30 },
    ],
    ['a hash is edited', (db) => setHash(db, 30, Buffer.alloc(32)), { seq: 30, kind: 'hash_altered' }],
    ['the last hash is edited', (db) => setHash(db, 61, Buffer.alloc(32)), { seq: 61 }],
    [
      'the first entry is removed',
      (db) => db.exec('DELETE FROM audit WHERE seq = 1'),
      { seq: 1, kind: 'missing' },
    ],
    ['one is removed', (db) => db.exec('DELETE FROM audit WHERE seq = 30'), { seq: 30, kind: 'missing' }],
    [
      'one is removed and the others move up',
      (db) => {
        db.exec('DELETE FROM audit WHERE seq = 30');
        for (let seq = 31; seq <= 61; seq++) setSeq(db, seq, seq - 1);
      },
      { seq: 30, kind: 'misplaced' },
    ],
    [
      'two are swapped',
      (db) => {
        setSeq(db, 30, 1000);
        setSeq(db, 31, 30);
        setSeq(db, 1000, 31);
      },
      { seq: 30, kind: 'misplaced' },
    ],
    [
      'two change what they say',
      (db) => {
        const [a, b] = [row(db, 30), row(db, 31)];
        setEntry(db, 30, b.entry);
        setEntry(db, 31, a.entry);
      },
      { seq: 30, kind: 'misplaced' },
    ],
    [
      'one is put in',
      (db) => {
        for (let seq = 61; seq >= 30; seq--) setSeq(db, seq, seq + 1);
        const entry = entryText({ seq: 30, ...view(99) });
        db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (30, ?, ?)').run(entry, Buffer.alloc(32));
      },
      { seq: 30 },
    ],
    [
      'one is put before the first',
      (db) => db.exec("INSERT INTO audit (seq, entry, hash) VALUES (0, '{}', x'00')"),
      { seq: 1, kind: 'inserted' },
    ],
    ['the end is cut off', (db) => db.exec('DELETE FROM audit WHERE seq > 50'), null],
    ['everything is gone', (db) => db.exec('DELETE FROM audit'), null],
  ];
  for (const [what, how, fault] of cases) {
    const verdict = after(how);
    t.match(verdict.fault, fault, what);
    if (fault) t.ok(verdict.head.size < 61 && verdict.head.size === verdict.fault!.seq - 1, what);
  }
  t.match(
    after(() => {}, [early, late]),
    { fault: null, agreed: [early, late] },
  );
  t.match(
    after((db) => db.exec('DELETE FROM audit WHERE seq > 50'), [early, late]),
    {
      fault: { seq: 51, kind: 'cut_off' },
      by: late,
    },
  );
  t.match(after((db) => db.exec('DELETE FROM audit'), [late]).fault, { seq: 1, kind: 'cut_off' });

  /** Somebody without the key makes a log that is whole in itself. */
  const rewrite = (from: number) => (db: Database.Database) => {
    let head = from === 1 ? EMPTY.hash : row(db, from - 1).hash.toString('hex');
    for (let seq = from; seq <= 61; seq++) {
      const { seq: _, ...event } = JSON.parse(row(db, seq).entry);
      if (event.action === 'view') event.actor_name = 'Eve';
      const entry = { seq, ...event };
      head = linked(head, digestOf(entry));
      setEntry(db, seq, entryText(entry));
      setHash(db, seq, Buffer.from(head, 'hex'));
    }
  };
  t.match(after(rewrite(1)).fault, null, 'without a checkpoint a new log looks like one');
  t.match(after(rewrite(1), [early, late]).fault, { seq: 1, kind: 'rewritten' });
  t.match(after(rewrite(40), [early, late]), {
    fault: { seq: 21, kind: 'rewritten' },
    by: late,
    agreed: [early],
  });
});

/** A recorder's side of the log: it signs, and what it signs is kept in a list too. */
async function signing(
  t: Test,
  dir = t.testdir({}),
  key: SigningKey = createSigningKey(dir, randomBytes(32)),
) {
  const c = await opened(t, catalogueFile(dir));
  const alarms = new Map<string, { severity: string; message: string; hint: string }>();
  const told: string[] = [];
  const clock = { ms: NOW };
  const make = () =>
    createCheckpoints({
      catalogue: c,
      sign: (checkpoint) => signNote(key, checkpoint),
      beforeSigning: async () => {},
      ours: (note) => signerOf(note, publicKeys(dir)) !== null,
      file: {
        read: () => readCheckpoints(checkpointFile(dir)),
        append: (note) => appendCheckpoint(checkpointFile(dir), note),
      },
      tell: (note) => told.push(note),
      alarms: { raise: (k, alarm) => alarms.set(k, alarm), clear: (k) => alarms.delete(k) },
      clock: () => (clock.ms += 1000),
      everyMs: 3_600_000,
      wordsMs: 180 * 86_400_000,
      log,
    });
  return { c, dir, key, alarms, told, clock, make };
}

t.test('what the log comes to is signed, and openssl can tell', async (t) => {
  const { c, dir, key, told, make } = await signing(t);
  for (let n = 0; n < 9; n++) await c.audit(view(n));
  const checkpoints = make();
  await checkpoints.start();
  t.teardown(() => checkpoints.stop());
  const { size, note } = checkpoints.last()!;
  t.equal(size, 10);
  t.same(told, [note]);
  t.equal(readFileSync(checkpointFile(dir), 'utf8'), note);
  t.match(await c.checkpoints(5), [{ size: 10, note }]);
  const [origin, count, hash, at, empty, signed] = note.split('\n');
  t.equal(origin, originOf(await c.auditId()));
  t.equal(count, '10');
  t.equal(Buffer.from(hash!, 'base64').toString('hex'), (await c.auditHead()).hash);
  t.match(at, /^2026-11-25T17:00:\d\d\.\d{3}Z$/);
  t.equal(empty, '');

  writeFileSync(join(dir, 'body'), `${note.split('\n\n')[0]!}\n`);
  writeFileSync(join(dir, 'signature'), Buffer.from(signed!.split(' ')[2]!, 'base64').subarray(4));
  writeFileSync(join(dir, 'key.pem'), key.publicKeyPem);
  const args = [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-inkey',
    'key.pem',
    '-rawin',
    '-in',
    'body',
    '-sigfile',
    'signature',
  ];
  t.match(execFileSync('openssl', args, { cwd: dir, encoding: 'utf8' }), /Signature Verified Successfully/);

  const [back] = notesIn(`Subject: a mail\r\n\r\n> ${'x'}\r\n${note.replaceAll('\n', '\r\n')}`);
  t.equal(signerOf(back!, publicKeys(dir)), key.keyId);
  for (const written of [
    note.replaceAll('\n', '\\n'),
    note.replaceAll('\n', '#012'),
    JSON.stringify({ note }),
  ])
    t.equal(signerOf(notesIn(written)[0]!, publicKeys(dir)), key.keyId, written.slice(30, 60));
  for (const changed of [note.replace('\n10\n', '\n11\n'), note.replace(/17:00:\d\d/, '16:00:00')])
    t.equal(signerOf(notesIn(changed)[0]!, publicKeys(dir)), null, 'a changed one is nobody’s');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(note.length), (noise, cut) => {
      const found = notesIn(`${note.slice(0, cut)}${noise}${note.slice(cut)}\n${noise}\n${note}`);
      return found.every((n) => signerOf(n, publicKeys(dir)) === null || n.size === 10);
    }),
    { numRuns: 200 },
  );
});

t.test(
  'a log that does not go on from the last checkpoint is not signed, and the entry is named',
  async (t) => {
    const { c, dir, alarms, told, make, key } = await signing(t);
    for (let n = 0; n < 20; n++) await c.audit(view(n));
    const first = make();
    await first.start();
    await c.audit(view(20));
    await first.sign();
    await first.stop();
    t.equal(told.length, 3, 'at the start, on demand, at the stop');
    await c.stop();
    const path = catalogueFile(dir);
    copyFileSync(path, join(dir, 'backup.db'));

    const after = async (
      how: (db: Database.Database) => void,
      later = 0,
      meanwhile: (db: Database.Database) => void = () => {},
    ) => {
      const { c: tampered, alarms, told, make, clock } = await signing(t, dir, key);
      tamper(path, how);
      const checkpoints = make();
      await checkpoints.start();
      tamper(path, meanwhile);
      clock.ms += later;
      if (later > 0) await checkpoints.sign().catch(() => {});
      const raised = alarms.get('audit_chain');
      const refused = await checkpoints.sign().then(
        () => null,
        (e) => e,
      );
      await checkpoints.stop();
      await tampered.stop();
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
      copyFileSync(join(dir, 'backup.db'), path);
      return { raised, refused, told };
    };
    const cut = await after((db) => db.exec('DELETE FROM audit WHERE seq > 15'));
    t.match(cut, {
      raised: { severity: 'critical', message: /From entry 16 on the log is cut off/ },
      told: [],
    });
    t.match(cut.refused, { code: 'checkpoint_refused' });
    const edit = (db: Database.Database) =>
      db.exec(`UPDATE audit SET entry = replace(entry, 'Ada', 'Eve') WHERE seq = 12`);
    t.match(
      await after(edit),
      { raised: { message: /Entry 12 is not what/ }, told: [] },
      'a start looks at all that was signed before',
    );
    const unseen = await after(() => {}, 0, edit);
    t.equal(unseen.refused, null, 'then it is not read again every hour');
    t.match(
      (await after(() => {}, 25 * 3_600_000, edit)).raised?.message,
      /Entry 12 is not what/,
      'but every day',
    );
    const gone = await after((db) => {
      db.exec('DELETE FROM checkpoints');
      db.exec('DELETE FROM audit WHERE seq = 22');
    });
    t.match(gone.raised?.message, /Entry|From entry 22/);
    t.ok(gone.raised, 'the file beside the key remembers');
    const whole = await after(() => {});
    t.equal(whole.refused, null);
    t.equal(whole.told.length, 3);
    t.equal(alarms.size, 0);
  },
);

t.test(
  'the new part of the chain is followed before it is signed; an admin can go on from a backup',
  async (t) => {
    const { c, dir, alarms, told, make, key } = await signing(t);
    for (let n = 0; n < 20; n++) await c.audit(view(n));
    const checkpoints = make();
    await checkpoints.start();
    t.teardown(() => checkpoints.stop());
    for (let n = 20; n < 30; n++) await c.audit(view(n));
    const path = catalogueFile(dir);
    tamper(path, (db) => db.exec(`UPDATE audit SET entry = replace(entry, 'Ada', 'Eve') WHERE seq = 25`));
    await t.rejects(checkpoints.sign(), {
      code: 'checkpoint_refused',
      detail: /Entry 25 is not what was written/,
    });
    t.match(alarms.get('audit_chain')?.message, /Entry 25 is not what was written/);
    tamper(path, (db) => db.exec(`UPDATE audit SET entry = replace(entry, 'Eve', 'Ada') WHERE seq = 25`));
    await checkpoints.sign();
    t.notOk(alarms.has('audit_chain'), 'mended, the alarm is over');

    tamper(path, (db) => db.exec('DELETE FROM audit WHERE seq > 28'));
    await t.rejects(checkpoints.sign(), { code: 'checkpoint_refused' });
    const root = { actor: 'console', actor_id: '', actor_name: 'root', address: '' } as const;
    const signed = await checkpoints.accept(root, 'A backup was restored.');
    t.equal(signed.size, 29);
    t.match(await c.auditEntries({ limit: 1 }), [{ action: 'checkpoint', reason: 'A backup was restored.' }]);
    await checkpoints.sign();
    t.notOk(alarms.has('audit_chain'));

    const believed = (text: string) =>
      notesIn(text)
        .filter((note) => signerOf(note, publicKeys(dir)) === key.keyId)
        .map(({ size, hash, at }) => ({ size, hash, at, from: 'x' }));
    const kept = believed(readFileSync(checkpointFile(dir), 'utf8'));
    t.match(verifyAudit(path, { given: [], kept }), {
      fault: null,
      excused: [{ size: 31 }],
      acceptances: [{ by: 'root' }],
    });
    t.match(
      verifyAudit(path, { given: believed(told[1]!), kept }).fault,
      { kind: 'cut_off' },
      'one from elsewhere counts',
    );

    const again = make();
    await again.start();
    t.notOk(alarms.has('audit_chain'), 'the next start remembers what was accepted');
    await again.stop();
  },
);

t.test(
  'where it is not known what was signed last nothing is signed, and somebody hears of it',
  async (t) => {
    const { c, dir, alarms, told, make } = await signing(t);
    await c.audit(view(1));
    const first = make();
    await first.start();
    await first.stop();
    const signed = readFileSync(checkpointFile(dir), 'utf8');
    rmSync(checkpointFile(dir));
    mkdirSync(checkpointFile(dir));
    tamper(catalogueFile(dir), (db) => db.exec('DELETE FROM audit; DELETE FROM checkpoints'));
    await c.audit(view(2));
    told.length = 0;
    const blind = make();
    await blind.start();
    t.teardown(() => blind.stop());
    t.match(alarms.get('audit_checkpoint'), { severity: 'warning' });
    await t.rejects(blind.sign());
    t.same(told, [], 'a log that fits together is not enough');
    rmSync(checkpointFile(dir), { recursive: true });
    writeFileSync(checkpointFile(dir), signed);
    await t.rejects(blind.sign(), { code: 'checkpoint_refused' }, 'once it is known, it is compared');
  },
);

t.test('a checkpoint that was signed leaves the box though the catalogue does not take it', async (t) => {
  const { c, dir, alarms, told, make } = await signing(t);
  await c.audit(view(1));
  const db = new Database(catalogueFile(dir));
  db.exec("CREATE TRIGGER full BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'full'); END");
  db.close();
  const checkpoints = make();
  await checkpoints.start();
  t.teardown(() => checkpoints.stop());
  t.same(told, [readFileSync(checkpointFile(dir), 'utf8')]);
  t.ok(alarms.has('audit_checkpoint'));
});

t.test('what nobody has signed excuses no checkpoint', async (t) => {
  const { c, dir, key, make } = await signing(t);
  for (let n = 0; n < 20; n++) await c.audit(view(n));
  const checkpoints = make();
  await checkpoints.start();
  await checkpoints.stop();
  const kept = notesIn(readFileSync(checkpointFile(dir), 'utf8'))
    .filter((note) => signerOf(note, publicKeys(dir)) === key.keyId)
    .map(({ size, hash, at }) => ({ size, hash, at, from: 'x' }));
  t.match(verifyAudit(c.path, { given: [], kept }), { fault: null, agreed: [{ size: 21 }, { size: 21 }] });
  await c.stop();
  const detail = { accepted: true, size: 0, hash: '' };
  const accepted = entryOf({ ...TAPEDECK, actor: 'console', actor_name: 'root' }, NOW + 1e9, 'checkpoint', {
    ...{ object: 'audit', reason: 'A backup was restored.', detail },
  });
  tamper(c.path, (db) => {
    const all = db.prepare('SELECT entry FROM audit ORDER BY seq').pluck().all() as string[];
    db.exec('DELETE FROM audit');
    let head = EMPTY.hash;
    for (const [i, event] of [...all.map((text) => JSON.parse(text)), accepted].entries()) {
      const entry = { ...event, seq: i + 1, ...(event.actor_name === 'Ada' ? { actor_name: 'Eve' } : {}) };
      head = linked(head, digestOf(entry));
      db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (?, ?, ?)').run(
        ...[entry.seq, entryText(entry), Buffer.from(head, 'hex')],
      );
    }
  });
  t.match(verifyAudit(c.path, { given: [], kept }), {
    ...{ head: { size: 22 }, fault: { seq: 1, kind: 'rewritten' }, excused: [], acceptances: [] },
  });
});

t.test('only who owns the recorder can have a log signed that does not go on', async (t) => {
  // A socket's path is short.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'tapedeck.toml'), '[data]\ndir = "."\n[keys]\nmaster_key_file = "master.key"\n');
  const { c, make } = await signing(t, dir);
  for (let n = 0; n < 5; n++) await c.audit(view(n));
  const checkpoints = make();
  await checkpoints.sign();
  tamper(c.path, (db) => db.exec('DELETE FROM audit WHERE seq > 4'));
  const control = createControl({
    ...{ socket: controlSocket(dir), ownerSocket: ownerSocket(dir), log },
    signCheckpoint: checkpoints.sign,
    acceptLog: (by: string, reason: string) =>
      checkpoints.accept({ ...TAPEDECK, actor: 'console', actor_name: by }, reason),
  } as unknown as ControlDeps);
  const umask = process.umask(0);
  t.teardown(() => process.umask(umask));
  await control.start();
  t.teardown(() => control.stop());
  t.equal(process.umask(), 0);
  const mode = (path: string) => statSync(path).mode & 0o777;
  t.same([mode(controlSocket(dir)), mode(ownerSocket(dir))], [0o660, 0o600]);
  const body = { by: 'root', reason: 'It is all right.' };
  await t.rejects(request(controlSocket(dir), 'POST', '/audit/accept', body), { code: 'internal' });
  await t.rejects(request(controlSocket(dir), 'POST', '/audit/checkpoint', {}), {
    code: 'checkpoint_refused',
  });
  const said: string[] = [];
  const context = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(() => context.close());
  const program = new Command('tapedeck').exitOverride();
  audit(program, { ...context, out: (line: string) => void said.push(line) });
  await program.parseAsync(['audit', 'accept', '--reason', 'A backup.'], { from: 'user' });
  t.same(said, ['Signed at 5 entries.']);
  t.match(await c.auditEntries({ limit: 1 }), [{ action: 'checkpoint', reason: 'A backup.' }]);
});

t.test('a log that is whole and is made to look otherwise is found', async (t) => {
  const dir = t.testdir({});
  const [source, copy] = [join(dir, 'source.db'), join(dir, 'copy.db')];
  const c = await opened(t, source);
  for (let n = 0; n < 30; n++) await c.audit(view(n));
  await c.audit(entryOf(ada, NOW, 'search', { words: 'Ines +4930123444' }));
  await c.checkpoint();
  await c.stop();
  t.same(verifyAudit(source, none).disguised, []);
  const schema = (db: Database.Database, name: string, from: string, to: string) => {
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.prepare('UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ?').run(from, to, name);
    db.pragma('writable_schema = RESET');
  };
  const [column, hidden] = ["entry ->> '$.object_id')", "iif(seq = 12, '', entry ->> '$.object_id'))"];
  const cases: [what: string, how: (db: Database.Database) => void, said: (string | RegExp)[]][] = [
    [
      'a column says something else of one entry',
      (db) => {
        schema(db, 'audit', column, hidden);
        db.exec('REINDEX');
      },
      ['The table audit is not what Tapedeck makes.'],
    ],
    [
      'an index leaves one out',
      (db) =>
        db.exec(
          "DROP INDEX audit_by_object; CREATE INDEX audit_by_object ON audit (object_id, seq) WHERE object_id <> '' AND seq <> 12",
        ),
      ['The index audit_by_object is not what Tapedeck makes.'],
    ],
    [
      'an index leaves one out, and its definition does not',
      (db) => {
        schema(db, 'audit', column, hidden);
        db.exec('REINDEX');
        schema(db, 'audit', hidden, column);
      },
      ['SQLite says of it: row 12 missing from index audit_by_object.'],
    ],
    [
      'a trigger is gone',
      (db) => db.exec('DROP TRIGGER audit_is_kept'),
      ['The trigger audit_is_kept is missing.'],
    ],
    [
      'a trigger does nothing',
      (db) =>
        db.exec(
          'DROP TRIGGER audit_stays; CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT 1; END',
        ),
      ['The trigger audit_stays is not what Tapedeck makes.'],
    ],
    [
      'a trigger leaves entries out from now on',
      (db) => db.exec('CREATE TRIGGER quiet BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END'),
      ['The trigger quiet was put in.'],
    ],
    [
      'other words stand beside a search',
      (db) => db.exec("UPDATE audit_words SET words = 'nobody'"),
      ['The words beside entry 32 are not those that were looked for.'],
    ],
    [
      'words stand beside an entry that has none',
      (db) => db.exec("INSERT INTO audit_words VALUES (3, 1, 'salt', 'words')"),
      ['The words beside entry 3 are not those that were looked for.'],
    ],
    [
      'the words are gone',
      (db) => db.exec('DROP TABLE audit_words'),
      [/audit_words_by_time is missing/, /table audit_words is missing/, /no such table/],
    ],
  ];
  for (const [what, how, said] of cases) {
    for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true });
    copyFileSync(source, copy);
    const db = new Database(copy);
    how(db);
    db.close();
    const verdict = verifyAudit(copy, none);
    t.match(verdict, { fault: null, head: { size: 32 } }, what);
    t.match(verdict.disguised, said, what);
    t.equal(verdict.disguised.length, said.length, what);
  }
});

t.test('checkpoints leave the box: to a file, to syslog over TLS, by mail and by webhook', async (t) => {
  const dir = t.testdir({
    safe: {},
    'hook-secret': 'hook-secret-0815\n',
    'mail-secret': 'mail-secret-4711\n',
  });
  const { ca, key, cert } = makeCertificates(dir);
  const frames: string[] = [];
  const syslog = createServer({ key, cert }, (socket) => {
    let got = '';
    socket.on('data', (data) => (got += data));
    socket.on('end', () => {
      frames.push(got);
      socket.end();
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((up) => syslog.listen(0, '127.0.0.1', up));
  t.teardown(() => syslog.close());
  const port = (syslog.address() as AddressInfo).port;
  const mail = await startMailServer({ key, cert });
  t.teardown(() => mail.stop());
  const hook = await startReceiver();
  t.teardown(() => hook.stop());
  const configured = (more: string[] = []) => {
    writeFileSync(
      join(dir, 'tapedeck.toml'),
      [
        '[alerts]\nmail_from = "box@office.lan"\nsmtp_host = "localhost"\nsmtp_user = "tapedeck"',
        `smtp_port = ${mail.port}\nsmtp_ca_file = "${ca}"\nsmtp_password_file = "mail-secret"`,
        `[audit]\ncheckpoint_file = "safe/checkpoints"\ncheckpoint_syslog = "localhost:${port}"`,
        `checkpoint_mail_to = ["auditor@office.lan"]\ncheckpoint_webhook_url = "http://127.0.0.1:${hook.port}/x"`,
        'checkpoint_webhook_secret_file = "hook-secret"',
        ...more,
      ].join('\n'),
    );
    return createCheckpointChannels(loadConfig(join(dir, 'tapedeck.toml')));
  };
  const c = await opened(t, catalogueFile(dir));
  const trouble: [string, string | null][] = [];
  const deliver = createDeliver({
    catalogue: c,
    channels: configured([`checkpoint_syslog_ca_file = "${ca}"`]),
    clock: () => Date.now(),
    log,
    onTrouble: (channel, why) => trouble.push([channel, why]),
  });
  await deliver.start();
  t.teardown(() => deliver.stop());
  const signer = createSigningKey(dir, randomBytes(32));
  const notes = [1, 2].map((size) =>
    signNote(signer, {
      origin: originOf('0'.repeat(26)),
      size,
      hash: 'ab'.repeat(32),
      at: '2026-11-25T17:00:00.000Z',
    }),
  );
  for (const [i, checkpoint] of notes.entries())
    deliver.tell({ id: `0${i}`, kind: 'checkpoint', at: NOW + i, alarms: [], checkpoint });
  await until('all', () => frames.length === 2 && hook.got.length === 2 && mail.got.length === 1, 15_000);
  const safe = join(dir, 'safe/checkpoints');
  await until('the file', () => existsSync(safe) && notesIn(readFileSync(safe, 'utf8')).length === 2);
  const ours = (text: string) =>
    notesIn(text).map((n) => (signerOf(n, publicKeys(dir)) ? n.size : 'strange'));
  t.same(ours(readFileSync(safe, 'utf8')), [1, 2]);
  const [, length, message] = /^(\d+) (.*)$/s.exec(frames[0]!)!;
  t.equal(Buffer.byteLength(message!), Number(length), 'its length in octets stands before it (RFC 5425)');
  t.match(
    message,
    /^<109>1 2026-11-25T17:00:00\.000Z \S+ tapedeck - checkpoint - \ufeffCheckpoint of the audit log/,
  );
  t.notMatch(message, /\n/);
  t.same(frames.flatMap(ours), [1, 2]);
  t.same(
    hook.json().flatMap((j) => ours(j.checkpoint)),
    [1, 2],
  );
  t.ok(hook.got.every((p) => p.genuine));
  t.match(mail.got[0]!.mail.subject, /Checkpoint of the audit log/);
  t.same(ours(mail.got[0]!.mail.text!), [1], 'one mail a day, and it can be verified as it was saved');
  t.same(ours((await simpleParser(Buffer.from(`Subject: x\n\n${notes[0]}`))).text!), [1]);
  t.ok(
    trouble.every(([, why]) => why === null),
    'nobody is in trouble',
  );

  const [file, strange] = configured();
  rmSync(join(dir, 'safe'), { recursive: true });
  const notice = { id: '1', kind: 'checkpoint' as const, at: NOW, alarms: [], checkpoint: notes[0]! };
  const never = new AbortController().signal;
  await t.rejects(
    file!.send(notice, never),
    { code: 'alert_undelivered', detail: /ENOENT/ },
    'a mount that is away',
  );
  await t.rejects(strange!.send(notice, never), { code: 'alert_undelivered', detail: /certificate|issuer/i });
  t.equal(frames.length, 2, 'nothing was sent to a server that nobody vouches for');
  const refusing = configured([`checkpoint_syslog_ca_file = "${ca}"`])[1]!;
  syslog.close();
  await until('the end', () => !syslog.listening);
  await t.rejects(refusing.send(notice, never), { code: 'alert_undelivered', detail: /ECONNREFUSED/ });
});

t.test('the command line verifies, lists and exports, and what it does is in the log too', async (t) => {
  const dir = t.testdir({ 'tapedeck.toml': '[data]\ndir = "."\n[keys]\nmaster_key_file = "master.key"\n' });
  const { c, make } = await signing(t, dir);
  for (let n = 0; n < 30; n++) await c.audit({ ...view(n), reason: n === 3 ? '=1+1' : '' });
  const checkpoints = make();
  await checkpoints.start();
  const { note } = checkpoints.last()!;
  await checkpoints.stop();
  writeFileSync(join(dir, 'usb'), note);
  const said: string[] = [];
  const real = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(() => real.close());
  const tapedeck = async (...argv: string[]) => {
    said.length = 0;
    process.exitCode = undefined;
    const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
    const context = { ...real, out: (s: string) => void said.push(s), err: (s: string) => void said.push(s) };
    for (const register of [audit, calls]) register(program, context);
    await program.parseAsync(argv, { from: 'user' });
    const code = process.exitCode ?? 0;
    process.exitCode = undefined;
    return { code, text: said.join('\n') };
  };
  t.match(await tapedeck('audit', 'verify'), {
    code: 0,
    text: /The log is whole: 31 entries.*kept on this machine agree.*No checkpoint from elsewhere was given/s,
  });
  t.match(await tapedeck('audit', 'verify', '--checkpoint', join(dir, 'usb')), {
    code: 0,
    text: /Proven up to entry 31 by .*usb, signed 2026-11-25/,
  });
  await tapedeck('calls', '--search', 'example 444');
  const list = await tapedeck('audit', 'list', '--limit', '3');
  t.match(list.text, /\(console\) +search +ok +calls +example 444/);
  t.match(
    (await tapedeck('audit', 'list', '--person', 'ada', '--call', 'c3', '--json')).text,
    /"object_id": "C3"/,
  );
  const csv = (await tapedeck('audit', 'export', '--action', 'view', '--person', 'Ada')).text;
  t.match(csv, /^seq,at,actor,/);
  t.match(csv, /,'=1\+1,/, 'no cell is a formula');
  t.equal(csv.match(/,view,/g)?.length, 30);
  await t.rejects(tapedeck('audit', 'verify', '--checkpoint', join(dir, 'tapedeck.toml')), {
    code: 'request_invalid',
  });
  mkdirSync(join(dir, 'other'));
  const stranger = createSigningKey(join(dir, 'other'), randomBytes(32));
  writeFileSync(join(dir, 'strange'), signNote(stranger, notesIn(note)[0]!));
  t.match(await tapedeck('audit', 'verify', '--checkpoint', join(dir, 'strange')), {
    code: 1,
    text: /1 of them\. Checkpoints were not signed by a key of this machine/,
  });
  writeFileSync(join(dir, 'key.pem'), stranger.publicKeyPem);
  t.match(
    await tapedeck('audit', 'verify', '--checkpoint', join(dir, 'strange'), '--key', join(dir, 'key.pem')),
    { code: 0, text: /Proven up to entry 31/ },
  );
  tamper(catalogueFile(dir), (db) => db.exec('DELETE FROM audit WHERE seq > 30; DELETE FROM checkpoints'));
  const short = await tapedeck('audit', 'verify', '--json', '--checkpoint', join(dir, 'usb'));
  t.equal(short.code, 1);
  t.match(
    (await tapedeck('audit', 'verify')).text,
    /LISTS OF THE LOG[\s\S]*\nThe index audit_by_action is missing\./,
  );
  t.match(JSON.parse(short.text), {
    ok: false,
    entries: 30,
    first_bad: { seq: 31, kind: 'cut_off', message: /From entry 31 on/, hint: /Keep this catalogue/ },
  });
  const { disguised } = JSON.parse(short.text);
  t.ok(disguised.includes('The index audit_by_action is missing.'), disguised.join(' '));
});

t.test('words that were looked for are proven while they are kept, and then forgotten', async (t) => {
  const c = await opened(t);
  await c.audit({ ...entryOf(ada, NOW, 'search', { words: 'Ines +4930123444' }), detail: { digits: 10 } });
  await c.audit(entryOf(ada, NOW + 1000, 'search', { words: 'new' }));
  const db = new Database(c.path, { readonly: true });
  const { entry } = db.prepare('SELECT entry FROM audit WHERE seq = 2').get() as { entry: string };
  t.notMatch(entry, /Ines|4930123444/);
  const kept = db.prepare('SELECT salt, words FROM audit_words WHERE seq = 2').get() as Record<
    string,
    string
  >;
  t.equal(JSON.parse(entry).detail.words, digestOfWords(kept.salt!, kept.words!));
  t.match(await c.auditEntries({ limit: 2 }), [{ words: 'new' }, { words: 'Ines +4930123444' }]);
  t.equal(await c.forgetWords(NOW + 1), 1);
  t.match(await c.auditEntries({ limit: 2 }), [{ words: 'new' }, { words: null, detail: { digits: 10 } }]);
  t.match(verifyAudit(c.path, none), { fault: null, head: { size: 3 } }, 'and the log is whole');
  db.close();
  await c.checkpoint();
  await c.stop();
  t.notOk(readFileSync(c.path).includes('4930123444'), 'nothing of them is left in the file');
});

t.test('the log is found by person, call, action, outcome and time, by its indexes', async (t) => {
  const c = await opened(t);
  for (let n = 0; n < 50; n++) await c.audit(view(n));
  await c.audit(entryOf({ ...ada, actor_id: 'P2', actor_name: 'Bo' }, NOW, 'play', { outcome: 'refused' }));
  const seqs = async (filter: object) => (await c.auditEntries({ limit: 100, ...filter })).map((e) => e.seq);
  t.same(await seqs({ actor: 'P2' }), [52]);
  t.same(await seqs({ objectId: 'C3', before: 30 }), [26, 19, 12, 5]);
  t.same(await seqs({ actions: ['play', 'begin'] }), [52, 1]);
  t.same(await seqs({ outcome: 'refused' }), [52]);
  t.same(await seqs({ from: NOW + 10_000, to: NOW + 12_000 }), [13, 12]);
  t.same((await seqs({ limit: 2, before: 10 })).length, 2);
  t.match(await c.auditActors(), [
    { id: 'P1', name: 'Ada' },
    { id: 'P2', name: 'Bo' },
  ]);
  const db = new Database(c.path, { readonly: true });
  t.teardown(() => db.close());
  const plan = (where: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN SELECT * FROM audit WHERE ${where} ORDER BY seq DESC LIMIT 50`)
      .all()
      .map((r) => (r as { detail: string }).detail)
      .join();
  t.match(plan("actor_key = 'P1'"), /audit_by_actor/);
  t.match(plan("object_id = 'C1' AND object_id <> ''"), /audit_by_object/);
  t.match(plan("action = 'play'"), /audit_by_action/);
  t.match(plan("outcome = 'refused' AND outcome <> 'ok'"), /audit_by_outcome/);
  t.match(plan("at >= '2026-11-25' AND at < '2026-11-26'"), /audit_by_time|audit/);
});

t.test('what the recorder does is written with it, and no log keeps it from doing it', async (t) => {
  const c = await opened(t);
  const waiting: object[] = [];
  const w = withEntries(c, { clock: () => NOW, later: async (entry) => void waiting.push(entry) });
  const seal = async (catalogue: Catalogue, id: string, test = false) => {
    await catalogue.saveCall(aCall(id, { test }));
    await catalogue.recordingSealed(aRecording(id, id), new Uint8Array(8), {
      ...{ status: 'recorded', why: null, rule: null, missingMs: 0 },
    });
  };
  await seal(w, 'A');
  await seal(w, 'T', true);
  await w.eraseIntended('A', noted('Kept 30 days.'), NOW);
  await w.eraseIntended('A', noted('again'), NOW);
  await w.erased('A', NOW);
  await w.openBlindWindow(NOW, noted('The PBX was away.'));
  await w.openBlindWindow(NOW, noted('again'));
  await w.closeBlindWindow(NOW + 5000);
  await w.closeBlindWindow(NOW + 5000);
  const said = (await c.auditEntries({ limit: 99 })).reverse().map((e) => [e.action, e.object_id, e.reason]);
  t.same(said.slice(1), [
    ['sealed', 'A', ''],
    ['erase', 'A', 'Kept 30 days.'],
    ['erased', 'A', 'Kept 30 days.'],
    ['blind_window', '', ''],
    ['blind_window', '', ''],
  ]);
  // The log itself is broken: what is to be recorded is recorded.
  const db = new Database(c.path);
  db.exec("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END");
  await seal(w, 'B');
  t.ok((await c.call('B'))?.recording);
  t.match(waiting, [{ action: 'sealed', object_id: 'B' }], 'its entry waits');
  db.close();
});

t.test(
  'while another program holds the catalogue, those who follow calls go on, and all is written later',
  async (t) => {
    const c = await opened(t);
    const outbox = createOutbox(c, { log, onWritten: () => {} });
    t.teardown(() => outbox.stop());
    await outbox.catalogue.note(entryOf(TAPEDECK, NOW, 'start'));
    const other = new Database(c.path);
    other.exec('BEGIN EXCLUSIVE');
    const began = Date.now();
    await outbox.catalogue.saveCall(aCall('A'));
    await outbox.catalogue.note(entryOf(TAPEDECK, NOW, 'blind_window'));
    t.ok(Date.now() - began < 4_000);
    const again = Date.now();
    await t.rejects(c.saveCall(aCall('B')), { code: 'catalogue_locked' });
    t.ok(Date.now() - again < 1_500, `the second one waits ${Date.now() - again} ms only`);
    other.exec('COMMIT');
    other.close();
    await outbox.flush();
    t.ok(await c.call('A'));
    t.match(
      (await c.auditEntries({ limit: 2 })).map((e) => e.action),
      ['blind_window', 'start'],
    );
  },
);

t.test('stretches are joined, and only what was sent counts', async (t) => {
  const stretch = fc
    .tuple(fc.nat(1000), fc.nat(1000))
    .map(([a, b]): Heard => [Math.min(a, b), Math.max(a, b) + 1]);
  const covered = (list: readonly Heard[]) =>
    new Set(list.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i)));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 9 }), fc.array(stretch, { maxLength: 9 }), (a, b) => {
      const [x, y] = [joined(a, 0), joined(b, 0)];
      const [all, theirs] = [covered(a), covered(b)];
      const both = covered(inside(x, y));
      return (
        covered(x).size === all.size &&
        [...covered(x)].every((ms) => all.has(ms)) &&
        x.every(([from], i) => i === 0 || from > x[i - 1]![1]) &&
        [...both].every((ms) => all.has(ms) && theirs.has(ms)) &&
        both.size === [...all].filter((ms) => theirs.has(ms)).length &&
        lengthOf(inside(x, y)) === both.size
      );
    }),
    { numRuns: 200 },
  );
  t.same(
    written([
      [12_000.4, 100_000],
      [0, 5],
    ]),
    ['0-5', '12000-100000'],
  );
});

t.test('a change of the rules is told in words, and outside numbers are counted', async (t) => {
  const rule = { name: 'Sales', reason: 'law', when: { number_prefix: ['+4930123444'] }, keep_days: 30 };
  const before = { record: [], retention: [rule], emergency_numbers: ['112'] };
  const after = {
    ...before,
    retention: [
      { ...rule, keep_days: 90, when: { number_prefix: ['+4930123444', '+4940'], queue: ['sales'] } },
    ],
  };
  const lines = policyChanges(before, after);
  t.same(lines, [
    'retention: "Sales" is changed: keep_days 30 -> 90, number_prefix 1 -> 2 numbers, queue any -> sales',
  ]);
  t.same(policyChanges(before, before), []);
});
