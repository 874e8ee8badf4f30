import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeBackup } from '../../../daemon/app/backup/make.js';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import { canonical } from '../../../daemon/domain/assurance/canonical.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { openBox, orderIn, recordingId, siteIn } from '../../support/backup/box.js';
import {
  erased,
  furnished,
  kept,
  lose,
  renewList,
  restoreAll,
  run,
  whatIs,
} from '../../support/backup/lost.js';
import { scratch } from '../../support/recordings/sealed.js';

/** What is changed of it. */
type Manifest = {
  id: string;
  extra?: number;
  files: Record<string, unknown>[];
  sealed: Record<string, unknown>;
};

t.test('a box that was lost comes back as it was, and its audit log goes on', async (t) => {
  const { site, box, target } = await furnished(t);
  const made = await makeBackup(target, orderIn(site), box.signer);
  t.match(made, { sealed: 5, copied: 5, missing: 0 });
  const calls = await box.catalogue.calls.list({ limit: 10 });
  await box.close();

  const verified = await run(site, 'backup', 'verify');
  t.match(verified, { code: 0, error: '' });
  t.match(verified.text, /is whole: \d+ objects/);
  t.match(
    (await run(site, 'backup', 'drill', '--identity', site.identityFile)).text,
    /5 recordings opened\. Everything/,
  );
  t.match((await run(site, 'backup', 'list')).text, new RegExp(made.id));

  t.match((await restoreAll(site)).error, /^restore_occupied: .*data/, 'what is there is never written over');
  lose(site);
  const dry = await restoreAll(site, '--dry-run');
  t.match(dry, { error: '', code: 0 });
  t.match(dry.text, /It is as old as the backup.*\n.*Nothing was written/);
  t.same(readdirSync(site.dataDir), [], 'a dry run writes nothing');
  const done = await restoreAll(site);
  t.match(done, { error: '', code: 0 });

  const again = await openBox(site);
  t.same(await again.catalogue.calls.list({ limit: 10 }), calls);
  for (const n of [1, 2, 3, 4]) t.same(await whatIs(again, n), kept);
  t.same(await whatIs(again, 5), { ...kept, held: ['Smith'] });
  const [entry] = await again.catalogue.audit.entries({ actions: ['restore'], limit: 1 });
  t.match(entry, { actor: 'console', object_id: made.id, detail: { erased: 0, sealed: 5 } });
  t.same(await again.catalogue.schemaFaults(), []);
  t.equal((await again.record(6)).length, 26, 'and it records on');
  await again.close();
  t.match(
    verifyAudit(catalogueFile(site.dataDir), { given: [], kept: [] }),
    { fault: null },
    'the chain goes on unbroken',
  );
});

t.test('what was erased or held after the backup is so after the restore', async (t) => {
  const { site, box, target } = await furnished(t);
  await makeBackup(target, orderIn(site), box.signer);
  await box.erase(1);
  await box.hold('Jones', 2, 5);
  await renewList(site, box, Date.now() + 5);
  await box.close();
  lose(site);
  const done = await restoreAll(site);
  t.match(done, { error: '' });
  t.match(done.text, /From the list: 1 recordings erased, 1 keys left out, 1 matters and 2 holds added/);
  const again = await openBox(site);
  t.same(await whatIs(again, 1), erased);
  t.equal(await again.catalogue.recordings.peaks(recordingId(1)), null, 'nothing derived of it either');
  t.same(await whatIs(again, 2), { ...kept, held: ['Jones'] });
  t.same((await whatIs(again, 5)).held.sort(), ['Jones', 'Smith']);
  await t.rejects(again.erase(2), { code: 'kept_by_hold' }, 'and is protected as any other');
  const [smith, jones] = (await again.catalogue.holds.list()).sort((a, b) => (a.name < b.name ? 1 : -1));
  t.match([smith, jones], [{ held: { picked: 1 } }, { held: { picked: 2 } }]);
  t.same(await again.catalogue.schemaFaults(), [], 'the triggers are there again');
  await again.close();
});

t.test('a list is of the same Tapedeck, signed by the same key, and newer than the backup', async (t) => {
  const { site, box, target } = await furnished(t);
  const at = Date.now();
  await renewList(site, box, at - 60_000);
  const old = readFileSync(join(site.backups, 'lists/newest.json'));
  await makeBackup(target, orderIn(site, { at }), box.signer);
  const own = readFileSync(join(site.backups, 'lists/newest.json'));
  await box.close();
  lose(site);
  const put = (bytes: Buffer) => writeFileSync(join(site.backups, 'lists/newest.json'), bytes);
  put(old);
  t.match((await restoreAll(site)).error, /^restore_list: .*before the backup/);
  put(Buffer.from(own.toString().replace('"erased":0', '"erased":1')));
  t.match((await restoreAll(site)).error, /^backup_damaged/, 'a changed one counts as damage');
  const other = await siteIn(scratch(t));
  const foreign = await openBox(other);
  await foreign.record(1);
  await renewList(other, foreign, at + 60_000);
  await foreign.close();
  t.match((await restoreAll(site, '--list', other.backups)).error, /^restore_list/);
  rmSync(join(site.backups, 'lists'), { recursive: true });
  t.match((await restoreAll(site)).error, /^backup_damaged/);
  t.same(readdirSync(site.dataDir), [], 'nothing was written meanwhile');
  const without = await restoreAll(site, '--no-list');
  t.match(without, { error: '', text: /No list is applied/ }, 'unless somebody decides to do without');
});

t.test('a later backup copies only what is new, and old ones go', async (t) => {
  const { site, box, target } = await furnished(t);
  const at = Date.now() - 40 * 86_400_000;
  const first = await makeBackup(target, orderIn(site, { at }), box.signer);
  await box.erase(1);
  await box.record(6);
  const second = await makeBackup(target, orderIn(site, { at: at + 1_000 }), box.signer);
  t.match(second, { sealed: 5, copied: 1, removed: 0 });
  const objects = () =>
    readdirSync(join(site.backups, 'sealed'), { recursive: true }).filter((n) => String(n).length > 60);
  t.equal(objects().length, 6);
  t.match(await makeBackup(target, orderIn(site), box.signer), { copied: 0, removed: 2 });
  t.equal(objects().length, 5, 'the erased recording is in none any more');
  t.equal(readdirSync(join(site.backups, 'backups')).length, 1);
  t.not(first.id, second.id);
  await box.close();
});

t.test('a changed, cut, missing or replaced object is refused and named', async (t) => {
  const { site, box, target } = await furnished(t);
  const { id } = await makeBackup(target, orderIn(site), box.signer);
  await box.close();
  lose(site);
  const files = readdirSync(site.backups, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile())
    .map((f) => join(f.parentPath, f.name));
  t.ok(files.length > 10);
  for (const path of files) {
    const name = path.slice(site.backups.length + 1);
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[Math.floor(bytes.length / 2)]! ^= 1;
    for (const put of [
      () => writeFileSync(path, changed),
      () => writeFileSync(path, bytes.subarray(0, -1)),
    ]) {
      put();
      const { error, text } = await restoreAll(site, id, '--dry-run');
      t.match(error, /^(backup_damaged|restore_list)/, name);
      t.match(error + text, name.replace('lists/newest.json', 'newest'), `${name} is named`);
    }
    rmSync(path);
    symlinkSync('/etc/passwd', path);
    t.match(
      (await restoreAll(site, id, '--dry-run')).error,
      /^(backup_damaged|backup_absent|backup_key_gone|restore_list)/,
    );
    rmSync(path);
    writeFileSync(path, bytes);
  }
  t.match(await restoreAll(site, id, '--dry-run'), { error: '' });
  t.same(readdirSync(site.dataDir), []);
});

t.test('a backup that somebody else has made up is refused before anything of it is used', async (t) => {
  const { site, box, target } = await furnished(t);
  const { id } = await makeBackup(target, orderIn(site), box.signer);
  await box.close();
  lose(site);
  const path = join(site.backups, 'backups', id, 'manifest.json');
  const [head, statement, end] = readFileSync(path, 'utf8').split('\n');
  const forged = (change: (s: Manifest) => void): void => {
    const made = JSON.parse(statement!) as Manifest;
    change(made);
    const text = canonical(made);
    const tail = `,"signature":${JSON.stringify(box.signer.sign(text))},"public_key":${JSON.stringify(box.signer.publicKey)}}`;
    writeFileSync(path, `${head}\n${text}\n${tail}\n`);
  };
  t.ok(end);
  for (const change of [
    (s: Manifest) => (s.files[0]!.name = '../../../etc/cron.d/x'),
    (s: Manifest) => (s.files[0]!.name = 'signing/../../x'),
    (s: Manifest) => (s.files[0]!.object = '../identity.txt'),
    (s: Manifest) => (s.sealed.object = '/etc/passwd'),
    (s: Manifest) => (s.files[0]!.bytes = -1),
    (s: Manifest) => (s.files[0]!.bytes = 1e300),
    (s: Manifest) => (s.extra = 1),
    (s: Manifest) => (s.id = recordingId(9)),
  ]) {
    forged(change);
    t.match((await restoreAll(site, id)).error, /^backup_(damaged|absent)/, change.toString());
  }
  forged((s: Manifest) => (s.files[0]!.plain_bytes = 1e15));
  t.match((await restoreAll(site, id)).error, /^backup_damaged/, 'a size that is not there');
  t.same(
    readdirSync(site.dataDir, { recursive: true }).filter((n) => String(n).endsWith('.db')),
    [],
    'no database was put in its place',
  );
});

t.test('the wrong identity, master key, or a place of another Tapedeck', async (t) => {
  const { site, box, target } = await furnished(t);
  await makeBackup(target, orderIn(site), box.signer);
  await box.close();
  lose(site);
  const other = await siteIn(scratch(t));
  t.match((await restoreAll({ ...site, identityFile: other.identityFile })).error, /^backup_identity/);
  t.match((await restoreAll({ ...site, identityFile: site.configFile })).error, /^backup_identity/);
  const key = readFileSync(site.masterKeyFile);
  writeFileSync(site.masterKeyFile, Buffer.alloc(32, 7).toString('base64'));
  t.match((await restoreAll(site)).error, /^master_key_wrong/);
  writeFileSync(site.masterKeyFile, key);
  const foreign = await openBox(other);
  await foreign.record(1);
  await t.rejects(makeBackup(target, orderIn({ ...other, backups: site.backups }), foreign.signer), {
    ...{ code: 'backup_target', detail: /another Tapedeck/ },
  });
  await foreign.close();
  t.match(await restoreAll(site), { error: '' }, 'none of it did any harm');
});
