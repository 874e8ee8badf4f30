import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import t from 'tap';
import { catalogueFile, keysFile, placeOf } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { registerFault } from '../../../daemon/domain/recording/registered.js';
import { createRegistering } from '../../../daemon/recordings/registering.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { knownOf, readRegistered } from '../../../daemon/vault/register.js';
import { rewrapKeys } from '../../../daemon/vault/rotation.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { recorded } from '../../support/catalogue/opened.js';
import { until } from '../../support/recorder.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { preserveLab, toneWav } from '../../support/recordings/preserve-lab.js';
import { vault, verifier } from '../../support/recordings/sealed.js';

const [A, B] = ['01ARZ3NDEKTSV4RRFFQ69G5FA0', '01ARZ3NDEKTSV4RRFFQ69G5FA1'];
const entry = (recordingId: string, word = 'a') => ({
  recordingId,
  plainSha256: word.repeat(64),
  sealedSha256: 'b'.repeat(64),
  manifestSha256: null,
});
const log = pino({ level: 'silent' });

t.test('an entry may be written again until it is settled, and is carried to a new master key', async (t) => {
  const path = join(t.testdir({}), 'keys.db');
  const [from, to] = [randomBytes(32), randomBytes(32)];
  const keys = createKeys({ path, masterKey: from, reread: () => [to, from] });
  keys.start();
  t.teardown(() => keys.stop());
  await keys.create('R');
  const register = keys.register();
  register.seal(entry('R'));
  register.seal(entry('R', 'c'));
  t.same(register.unsettled(), ['R']);
  register.settle('R');
  t.throws(() => register.seal(entry('R', 'd')), { code: 'internal' });
  register.takeIn([entry('R', 'd'), entry('OLD')], 1);
  t.match(register.find('R'), { plainSha256: 'c'.repeat(64), settled: true });
  t.match(register.find('OLD'), { settled: true });
  register.signed('R', 'm1');
  register.signed('R', 'm2');
  t.equal(register.find('R')?.manifestSha256, 'm1', 'what was signed first stays');

  t.equal(knownOf(register, 'NONE'), undefined);
  register.complete();
  t.equal(knownOf(register, 'NONE'), null);
  const before = [register.find('R'), register.find('OLD')];
  await rewrapKeys(path, from, to);
  await keys.destroy('R');
  t.same([register.find('R'), register.find('OLD')], before);
  t.match(readRegistered(path, 'R'), { plainSha256: 'c'.repeat(64) });
});

t.test('keys of the version before get a register, and are read without one until then', async (t) => {
  const path = join(t.testdir({}), 'keys.db');
  const masterKey = randomBytes(32);
  const opened = (readonly: boolean) => {
    const keys = createKeys({ path, masterKey, readonly });
    keys.start();
    t.teardown(() => keys.stop());
    return keys;
  };
  const { identity } = await opened(false).create('R');
  const db = new Database(path);
  db.exec('DROP TABLE sealed; PRAGMA user_version = 1');
  db.close();
  const reader = opened(true);
  t.equal(await reader.identity('R'), identity);
  t.equal(knownOf(reader.register(), 'R'), undefined);
  t.equal(readRegistered(path, 'R'), undefined);
  t.throws(() => reader.register().complete(), { code: 'internal' });
  const keys = opened(false);
  keys.register().seal(entry('R'));
  t.equal(await keys.identity('R'), identity);
  t.ok(readRegistered(path, 'R'));
});

t.test(
  'what was sealed before is taken in once; an edit after that is named and nothing is signed',
  async (t) => {
    const v = await vault(t, 4);
    const [untouched, edited, other, invented] = v.made.map((m) => m.recording.id) as [
      string,
      string,
      string,
      string,
    ];
    const register = v.keys.register();
    const registering = createRegistering({
      ...{
        catalogue: v.catalogue,
        register: v.keys.register,
        clock: () => v.clock.ms,
        log,
        page: 2,
        pauseMs: 0,
      },
    });
    t.match(await registering.registered((await v.catalogue.recordings.get(other))!), { recordingId: other });
    const db = new Database(catalogueFile(v.dataDir));
    t.teardown(() => db.close());
    db.prepare('DELETE FROM seal_checks WHERE recording_id = ?').run(invented);
    const row = db.prepare('SELECT * FROM recordings WHERE id = ?').get(invented) as Record<string, unknown>;
    db.prepare('DELETE FROM peaks WHERE recording_id = ?').run(invented);
    db.prepare('DELETE FROM recordings WHERE id = ?').run(invented);
    registering.start();
    await until('all to be taken in', () => register.isComplete());
    await registering.stop();
    t.same(
      [untouched, edited, other].map((id) => register.find(id)?.settled),
      [true, true, true],
    );
    const columns = Object.keys(row);
    db.prepare(`INSERT INTO recordings (${columns}) VALUES (${columns.map(() => '?')})`).run(
      ...Object.values(row),
    );
    db.prepare('INSERT INTO seal_checks VALUES (?, 0, 0, NULL, NULL)').run(invented);
    db.prepare('UPDATE recordings SET plain_sha256 = ? WHERE id = ?').run('0'.repeat(64), edited);
    await v.scrub.run();
    const fault = async (id: string) => (await v.catalogue.seals.check(id))?.fault ?? null;
    const signed = async (id: string) => (await v.catalogue.seals.manifest(id)) !== null;
    t.match(await fault(edited), /differs from what the recorder noted .*: plain_sha256\./);
    t.match(await fault(invented), /has not noted that it sealed/);
    for (const id of [edited, invented]) t.notOk(await signed(id), id);
    t.equal(await fault(untouched), null);
    t.ok(await signed(untouched));
    const { sha256 } = (await v.catalogue.seals.manifest(untouched))!;
    t.equal(register.find(untouched)?.manifestSha256, sha256, 'what was signed later is noted');
    t.match(v.standing.get('recording_damaged'), { severity: 'critical' });
    const { text, code } = await verifier(t, v)('--all');
    t.equal(code, 1);
    t.match(text, /plain_sha256/);

    db.prepare('DELETE FROM manifests WHERE recording_id = ?').run(untouched);
    db.prepare('DELETE FROM manifest_texts WHERE recording_id = ?').run(untouched);
    db.prepare('UPDATE seal_checks SET signed = 0 WHERE recording_id = ?').run(untouched);
    await v.scrub.run();
    t.match(await fault(untouched), /Manifest: it is gone/, 'one that was signed is not signed anew');
    t.notOk(await signed(untouched));
  },
);

t.test('a row is compared with what was noted of it, value for value', async (t) => {
  const v = await vault(t, 1);
  const { recording } = v.made[0]!;
  const manifest = 'a'.repeat(64);
  const noted = {
    recordingId: recording.id,
    plainSha256: recording.plainSha256,
    sealedSha256: recording.sealedSha256,
    manifestSha256: manifest,
  };
  t.equal(registerFault(noted, recording, manifest), null);
  for (const [value, named] of [
    ['plainSha256', 'plain_sha256'],
    ['sealedSha256', 'sealed_sha256'],
    ['manifestSha256', 'manifest'],
  ] as const)
    t.match(
      registerFault({ ...noted, [value]: '0'.repeat(64) }, recording, manifest),
      new RegExp(`: ${named}\\.$`),
    );
});

const files = async (dir: string) => {
  const found: string[] = [];
  for await (const { name } of createDiskReader(dir).list()) found.push(name);
  return found.sort();
};

t.test('a try that stops before the row goes on under the same id', async (t) => {
  const lab = await preserveLab(t, { retries: [1, 1] });
  await lab.add(A, [{ in: toneWav(1), out: toneWav(1) }]);
  const real = lab.catalogue.recordings.sealed;
  const tried: string[] = [];
  lab.catalogue.recordings.sealed = async (...given) => {
    tried.push(given[0].id);
    if (tried.length < 3) throw new Error('the power went');
    return real(...given);
  };
  const { recording } = await lab.run(A);
  t.same(tried, Array(3).fill(recording!.id));
  t.not(recording!.id, A);
  t.same(await files(lab.dir), [recording!.file]);
  t.match(readRegistered(keysFile(lab.dir), recording!.id), {
    plainSha256: recording!.plainSha256,
    sealedSha256: recording!.sealedSha256,
    manifestSha256: (await lab.catalogue.seals.manifest(recording!.id))!.sha256,
  });
});

t.test('what an absorbed call has begun leaves neither a key nor a file', async (t) => {
  const lab = await preserveLab(t, { retries: [] });
  await lab.add(A, [{ in: toneWav(1), out: toneWav(1) }]);
  await lab.add(B, [{ in: toneWav(1), out: toneWav(1), atMs: 1_000 }]);
  const real = lab.catalogue.recordings.sealed;
  lab.catalogue.recordings.sealed = async () => {
    throw new Error('the power went');
  };
  for (const id of [A, B]) lab.preserver.enqueue(FIRST, id);
  await until('both to fail', () => lab.faults.length >= 2);
  await lab.settled();
  const whole = async () => (await files(lab.dir)).filter((name) => name.endsWith('.age')).length;
  t.equal(await whole(), 2);
  await lab.catalogue.calls.absorb(A, B);
  lab.catalogue.recordings.sealed = real;
  const { recording } = await lab.run(B);
  t.same(await files(lab.dir), [recording!.file]);
  t.equal(lab.keys.has(recording!.id), true);
  t.same(await lab.catalogue.recordings.begun(B), []);
  const db = new Database(keysFile(lab.dir), { readonly: true });
  t.equal(db.prepare('SELECT count(*) FROM key WHERE wrapped <> zeroblob(length(wrapped))').pluck().get(), 1);
  db.close();
});

t.test('a catalogue that is older than a sealed file neither replaces nor removes it', async (t) => {
  const lab = await preserveLab(t);
  await lab.catalogue.calls.save(aCall(A));
  const place = placeOf('01ARZ3NDEKTSV4RRFFQ69G5FB0', 0);
  await lab.add(A, [{ in: toneWav(1), out: toneWav(1) }]);
  await lab.catalogue.recordings.begin(A, place);
  const copy = join(lab.dir, 'copy.db');
  await lab.catalogue.checkpoint();
  copyFileSync(catalogueFile(lab.dir), copy);
  const { recording } = await lab.run(A);
  t.equal(recording!.id, place.id);
  const sealed = readFileSync(join(lab.dir, place.file));

  await lab.catalogue.stop();
  for (const left of ['-wal', '-shm']) rmSync(`${catalogueFile(lab.dir)}${left}`, { force: true });
  copyFileSync(copy, catalogueFile(lab.dir));
  await lab.catalogue.start();
  t.equal((await lab.catalogue.calls.get(A))?.recording, null, 'the catalogue of before');
  await lab.add(A, [{ in: toneWav(1), out: toneWav(1) }]);
  const again = (await lab.run(A)).recording!;
  t.not(again.id, place.id);
  t.ok(sealed.equals(readFileSync(join(lab.dir, place.file))), 'the file is as it was');
  t.ok(lab.keys.has(place.id), 'and can be opened');
  t.ok(existsSync(join(lab.dir, again.file)));
});

t.test('a key that was destroyed for a recording that was begun does not stop the next one', async (t) => {
  const lab = await preserveLab(t);
  const place = placeOf('01ARZ3NDEKTSV4RRFFQ69G5FB0', 0);
  await lab.add(A, [{ in: toneWav(1), out: toneWav(1) }]);
  await lab.catalogue.recordings.begin(A, place);
  await lab.keys.create(place.id);
  await lab.keys.destroy(place.id);
  const { recording } = await lab.run(A);
  t.ok(recording);
  t.not(recording!.id, place.id);
});

t.test('a row that is there without its note is settled at the next start', async (t) => {
  const lab = await preserveLab(t);
  await lab.catalogue.calls.save(aCall(A));
  for (const id of ['R', 'GONE']) lab.keys.register().seal(entry(id));
  await lab.catalogue.recordings.sealed(aRecording('R', A), Buffer.alloc(9), recorded);
  const registering = createRegistering({
    ...{ catalogue: lab.catalogue, register: lab.keys.register, clock: () => 1, log },
  });
  registering.start();
  await registering.stop();
  t.same(lab.keys.register().unsettled(), ['GONE']);
});
