import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { drillObject, keyObject, signedParts } from '../../../daemon/domain/backup/backup.js';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { backupCopyFile, catalogueFile, drillFolder } from '../../../daemon/domain/paths.js';
import { createMetrics } from '../../../daemon/ops/metrics.js';
import { verifySignature } from '../../../daemon/vault/signing-key.js';
import { openBox, recordingId } from '../../support/backup/box.js';
import { erased, furnished, kept, lose, restoreAll, run, whatIs } from '../../support/backup/lost.js';
import { recorderOf } from '../../support/backup/recorder.js';
import { certifying, fileOf, verified } from '../../support/certificates/certifying.js';
import { until } from '../../support/recorder.js';

const DAY = 86_400_000;

/** Damages the sealed file of a recording at the place for backups, and leaves its length. */
function damageOne(backups: string): void {
  const folder = join(backups, 'sealed');
  const [name] = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((one) => one.length > 60);
  const bytes = readFileSync(join(folder, name!));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(folder, name!), bytes);
}

t.test('a restore drill compares everything, opens recordings, and signs what it found', async (t) => {
  const { site, box } = await furnished(t);
  const recorder = recorderOf(t, site, box);
  recorder.backups.start();
  const job = await recorder.job('drill');
  t.match(job, { state: 'done', faults: 0, error: null });
  const [entry] = await box.catalogue.audit.entries({ actions: ['backup_drill'], limit: 1 });
  t.match(entry, { actor: 'tapedeck', outcome: 'ok', detail: { opened: 5, damaged: 0 } });
  t.equal(existsSync(drillFolder(site.dataDir)), false, 'nothing of it stays');
  t.equal(existsSync(backupCopyFile(site.dataDir)), false);

  const file = readFileSync(join(site.backups, drillObject(entry!.object_id)), 'utf8');
  const { statement, signature, publicKey } = signedParts(file)!;
  t.ok(verifySignature(publicKey, Buffer.from(statement), Buffer.from(signature, 'base64')));
  t.match(JSON.parse(statement), { calls: 5, recordings: 5, keys: 5, opened: 5, faults: { count: 0 } });
  const { text } = await run(site, 'backup', 'list');
  t.match(text, /restore drill/);
  t.notMatch(text, / -\s*$/m, 'the list has when it was');
  t.match(JSON.parse((await run(site, 'backup', 'list', '--json')).text), { drill: { opened: 5 } });
  t.same([...recorder.alarms.keys()], []);

  const files = readdirSync(site.dataDir, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  for (const { parentPath, name } of files)
    t.notMatch(
      readFileSync(join(parentPath, name)).toString('latin1'),
      'AGE-SECRET-KEY',
      'no key of it stays',
    );
  await recorder.stop();
  await box.close();

  lose(site);
  t.match(await restoreAll(site), { error: '' });
  const again = await openBox(site);
  t.same(
    await again.catalogue.jobs.open(),
    [],
    'the drill that ran when it was made does not go on elsewhere',
  );
  await again.close();
});

t.test('a drill that finds a fault raises an alarm, and removes no older backup', async (t) => {
  const { site, box } = await furnished(t);
  const recorder = recorderOf(t, site, box);
  recorder.clock.now -= 40 * DAY;
  await recorder.job('backup');
  recorder.clock.now += 40 * DAY;
  damageOne(site.backups);
  const job = await recorder.job('drill');
  t.match(job, { state: 'done', faults: 2 });
  const alarm = recorder.alarms.get('drill_failed');
  t.match(alarm, { severity: 'critical', message: /found 2 faults, the first: sealed\/.* was changed/ });
  t.equal(readdirSync(join(site.backups, 'backups')).length, 2, 'the older one is there');
  const [entry] = await box.catalogue.audit.entries({ actions: ['backup_drill'], limit: 1 });
  t.match(entry, { outcome: 'failed', detail: { damaged: 2 } });
  t.match((await run(site, 'backup', 'list')).text, /, 2 faults/);
  t.match(await recorder.job('check'), { faults: 1 });
  t.match(recorder.alarms.get('backup_damaged'), { message: /is damaged: sealed\/.* was changed/ });
  await box.close();
});

t.test('what is overdue raises an alarm, and what was done ends it', async (t) => {
  const { site, box } = await furnished(t);
  await box.log('the first entry');
  const recorder = recorderOf(t, site, box);
  recorder.clock.now += 60 * DAY;
  recorder.backups.start();
  const keys = () => [...recorder.alarms.keys()].sort();
  await until('all are overdue', () => recorder.alarms.size === 3);
  t.same(keys(), ['backup_overdue', 'backup_unchecked', 'drill_overdue']);
  t.match(recorder.backups.status(), { made_at: null, late: ['made', 'checked', 'drilled'] });
  t.match(recorder.alarms.get('drill_overdue'), { message: /No restore drill has ever succeeded/ });
  await recorder.job('drill');
  t.same(keys(), ['backup_unchecked'], 'a drill makes a backup too');
  const at = new Date(recorder.clock.now).toISOString();
  t.match(recorder.backups.status(), { made_at: at, checked_at: null, drilled_at: at, late: ['checked'] });
  const metrics = createMetrics({ version: '0', pbxes: [] });
  const status = { ...downStatus('', ''), backups: recorder.backups.status() };
  const figures = await metrics.text(status, {});
  t.match(figures, `tapedeck_backup_drilled_timestamp_seconds ${recorder.clock.now / 1_000}\n`);
  t.match(figures, 'tapedeck_backup_checked_timestamp_seconds 0\n');
  renameSync(site.backups, `${site.backups}-away`);
  await recorder.job('check');
  t.match(recorder.alarms.get('backup_failed check'), { message: /could not be checked/ });
  renameSync(`${site.backups}-away`, site.backups);
  recorder.clock.now += DAY;
  await until('the check is tried again', async () => (await box.catalogue.jobs.open()).length === 0);
  t.same(keys(), [], 'a check that could be done ends what it had told, and no backup has to be made for it');
  await box.close();
});

t.test(
  'what was certified stays erased after a restore, or the certificate says that it may not',
  async (t) => {
    const { site, box } = await furnished(t);
    const recorder = recorderOf(t, site, box);
    t.match(await recorder.job('backup'), { state: 'done' });
    const certify = certifying({
      ...{ catalogue: box.catalogue, key: box.signingKey, clock: Date.now },
      ...{ hasKey: box.keys.has, hasFile: async (place) => (await box.store.exists(place)) !== null },
      ...{ backups: { keepDays: 30, keysApart: false }, putList: recorder.backups.putList },
      registered: async ({ id }) => box.keys.register().find(id),
    });
    async function certified(n: number, number: number) {
      await certify.begin({ ...RETENTION_RUN, kind: 'by_hand' });
      await box.erase(n);
      await certify.close();
      const { statement, items } = verified(await fileOf(box.catalogue, number, box.signingKey.publicKeyPem));
      t.match(items, [{ recording: recordingId(n) }]);
      return statement!.residuals.backups;
    }
    t.match(
      await certified(1, 1),
      /the list of erasures with these recordings on it was put where the backups are/,
    );
    // A tombstone that was made up, and one that was made to look like a recording.
    const db = new Database(catalogueFile(site.dataDir));
    const state = (n: number, is: string) =>
      db.prepare('UPDATE recordings SET state = ?, erased_at = 1 WHERE id = ?').run(is, recordingId(n));
    state(1, 'sealed');
    state(2, 'erased');
    db.close();
    t.match(await recorder.backups.putList(), { at: Number });
    t.match(recorder.alarms.get('foreign_erased')?.why.params, { recordings: 1, named: [recordingId(2)] });
    renameSync(site.backups, `${site.backups}-away`);
    const away = await certified(3, 2);
    t.match(
      away,
      /could not be put where the backups are .* a restore of a backup .* brings these recordings back/,
    );
    t.notMatch(away, /does not bring/);
    renameSync(`${site.backups}-away`, site.backups);
    await recorder.stop();
    await box.close();
    lose(site);
    t.match(await restoreAll(site), { error: '', code: 0 });
    const again = await openBox(site);
    t.same(await whatIs(again, 1), erased, 'the list was there before the certificate');
    t.same(await whatIs(again, 2), kept, 'nobody has it erased by a list');
    t.same(await whatIs(again, 3), kept, 'as the certificate says');
    await again.close();
  },
);

t.test('a start removes what a killed backup or drill has left', async (t) => {
  const { site, box } = await furnished(t);
  const left = [backupCopyFile(site.dataDir), join(drillFolder(site.dataDir), 'catalogue.db')];
  mkdirSync(drillFolder(site.dataDir), { recursive: true });
  for (const file of left) writeFileSync(file, recordingId(1));
  recorderOf(t, site, box).backups.start();
  for (const file of left) t.equal(existsSync(file), false, file);
  t.equal(existsSync(drillFolder(site.dataDir)), false);
  await box.close();
});

t.test('keys die on schedule while the place for backups is away, and the log says so', async (t) => {
  const { site, box } = await furnished(t);
  const apart = join(site.dir, 'keys-apart');
  mkdirSync(apart);
  writeFileSync(site.configFile, `${readFileSync(site.configFile, 'utf8')}key_path = "${apart}"\n`);
  const first = recorderOf(t, site, box);
  first.clock.now -= 29 * DAY;
  await first.job('backup');
  first.clock.now += DAY;
  await first.job('backup');
  const [newer, older] = await box.catalogue.audit
    .entries({ actions: ['backup'], outcome: 'ok', limit: 9 })
    .then((found) => found.filter(({ actor }) => actor === 'tapedeck').map(({ object_id: id }) => id));
  const there = () => [older, newer].map((id) => existsSync(join(apart, keyObject(id!))));
  t.same(there(), [true, true]);

  renameSync(site.backups, `${site.backups}-away`);
  renameSync(apart, `${apart}-away`);
  const later = recorderOf(t, site, box);
  later.clock.now += 4 * DAY;
  later.backups.start();
  await until('it is said that they live', () => later.alarms.has('backup_failed keys'), 300_000);
  t.match(later.alarms.get('backup_failed keys'), {
    message: /^The keys of old backups could not be destroyed/,
  });
  await later.backups.stop();
  renameSync(`${apart}-away`, apart);
  const last = recorderOf(t, site, box);
  last.clock.now += 4 * DAY;
  last.backups.start();
  await until('the older one is dead', () => !there()[0], 300_000);
  t.same(there(), [false, true], 'the newest lives on');
  const entry = () => box.catalogue.audit.entries({ actions: ['backup_expired'], limit: 1 });
  const [noted] = await until('it is in the log', async () => ((await entry()).length > 0 ? entry() : null));
  t.match(noted, { object_id: older, detail: { keys: 1, backups: [older] } });
  await last.backups.stop();
  await box.close();
});
