import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import {
  digestOf,
  EMPTY,
  entryOf,
  entryText,
  linked,
  TAPEDECK,
} from '../../../daemon/domain/assurance/audit.js';
import { notesIn, originOf } from '../../../daemon/domain/assurance/checkpoint.js';
import { catalogueFile, checkpointFile, checkpointHead } from '../../../daemon/domain/paths.js';
import { signerOf } from '../../../daemon/vault/note.js';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { signing, tamper, view } from '../../support/catalogue/audit-lab.js';
import { until } from '../../support/recorder.js';
import { runs } from '../../support/search/share-of-search.js';

const NOW = Date.UTC(2026, 10, 25, 17);

t.test('what the log comes to is signed, and openssl can tell', async (t) => {
  const { c, dir, key, told, make } = await signing(t);
  for (let n = 0; n < 9; n++) await c.audit.append(view(n));
  const checkpoints = make();
  await checkpoints.start();
  t.teardown(() => checkpoints.stop());
  const { size, note } = checkpoints.last()!;
  t.equal(size, 10);
  t.same(told, [note]);
  t.equal(readFileSync(checkpointFile(dir), 'utf8'), note);
  t.match(await c.audit.checkpoints(5), [{ size: 10, note }]);
  const [origin, count, hash, at, empty, signed] = note.split('\n');
  t.equal(origin, originOf(await c.audit.id()));
  t.equal(count, '10');
  t.equal(Buffer.from(hash!, 'base64').toString('hex'), (await c.audit.head()).hash);
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
    { numRuns: runs(200) },
  );
});

t.test(
  'what was written is signed within seconds for this machine, and not again where nothing was',
  async (t) => {
    const { c, dir, key, alarms, told, make } = await signing(t);
    const head = () => notesIn(readFileSync(checkpointHead(dir), 'utf8'))[0]!;
    await c.audit.append(view(1));
    const checkpoints = make();
    await checkpoints.start();
    t.equal(head().size, 2);
    await c.audit.append(view(2));
    await until('the head to be signed', () => head().size === 3);
    t.equal(signerOf(head(), publicKeys(dir)), key.keyId);
    t.equal(told.length, 1, 'it goes nowhere');
    t.equal(notesIn(readFileSync(checkpointFile(dir), 'utf8')).length, 1);
    const { mtimeMs } = statSync(checkpointHead(dir));
    const { head: read } = c.audit;
    let looks = 0;
    c.audit.head = () => {
      looks += 1;
      return read();
    };
    await until('it to be looked at again', () => looks === 3);
    t.equal(statSync(checkpointHead(dir)).mtimeMs, mtimeMs);

    tamper(catalogueFile(dir), (db) => db.exec('UPDATE audit SET hash = zeroblob(32) WHERE seq = 3'));
    await c.audit.append(view(3));
    await until('the alarm', () => alarms.has('audit_chain'));
    t.equal(head().size, 3, 'what was signed stays');
    await checkpoints.stop();

    const again = make();
    await again.start();
    await again.stop();
    t.equal(head().size, 3, 'nor is it signed after a restart');
  },
);

t.test(
  'a log that does not go on from the last checkpoint is not signed, and the entry is named',
  async (t) => {
    const { c, dir, alarms, told, make, key } = await signing(t);
    for (let n = 0; n < 20; n++) await c.audit.append(view(n));
    const first = make();
    await first.start();
    await c.audit.append(view(20));
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
      raised: { severity: 'critical', message: /The log is cut off from entry 16 on/ },
      told: [],
    });
    t.match(cut.refused, { code: 'checkpoint_refused' });
    const edit = (db: Database.Database) =>
      db.exec(`UPDATE audit SET entry = replace(entry, 'Ada', 'Eve') WHERE seq = 12`);
    t.match(
      await after(edit),
      { raised: { message: /Entry 12 differs from what/ }, told: [] },
      'a start looks at all that was signed before',
    );
    const unseen = await after(() => {}, 0, edit);
    t.equal(unseen.refused, null, 'then it is not read again every hour');
    t.match(
      (await after(() => {}, 25 * 3_600_000, edit)).raised?.message,
      /Entry 12 differs from what/,
      'but every day',
    );
    const gone = await after((db) => {
      db.exec('DELETE FROM checkpoints');
      db.exec('DELETE FROM audit WHERE seq = 22');
    });
    t.match(gone.raised?.message, /Entry|from entry 22/);
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
    for (let n = 0; n < 20; n++) await c.audit.append(view(n));
    const checkpoints = make();
    await checkpoints.start();
    t.teardown(() => checkpoints.stop());
    for (let n = 20; n < 30; n++) await c.audit.append(view(n));
    const path = catalogueFile(dir);
    tamper(path, (db) => db.exec(`UPDATE audit SET entry = replace(entry, 'Ada', 'Eve') WHERE seq = 25`));
    await t.rejects(checkpoints.sign(), {
      code: 'checkpoint_refused',
      detail: /Entry 25 differs from what was written/,
    });
    t.match(alarms.get('audit_chain')?.message, /Entry 25 differs from what was written/);
    tamper(path, (db) => db.exec(`UPDATE audit SET entry = replace(entry, 'Eve', 'Ada') WHERE seq = 25`));
    await checkpoints.sign();
    t.notOk(alarms.has('audit_chain'), 'mended, the alarm is over');

    tamper(path, (db) => db.exec('DELETE FROM audit WHERE seq > 28'));
    await t.rejects(checkpoints.sign(), { code: 'checkpoint_refused' });
    const root = { actor: 'console', actor_id: '', actor_name: 'root', address: '' } as const;
    const signed = await checkpoints.accept(root, 'A backup was restored.');
    t.equal(signed.size, 29);
    t.match(await c.audit.entries({ limit: 1 }), [
      { action: 'checkpoint', reason: 'A backup was restored.' },
    ]);
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
    await c.audit.append(view(1));
    const first = make();
    await first.start();
    await first.stop();
    const signed = readFileSync(checkpointFile(dir), 'utf8');
    rmSync(checkpointFile(dir));
    mkdirSync(checkpointFile(dir));
    tamper(catalogueFile(dir), (db) => db.exec('DELETE FROM audit; DELETE FROM checkpoints'));
    await c.audit.append(view(2));
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
  await c.audit.append(view(1));
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
  for (let n = 0; n < 20; n++) await c.audit.append(view(n));
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
