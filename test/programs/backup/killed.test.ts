import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeBackup } from '../../../daemon/app/backup/make.js';
import { verifyAudit } from '../../../daemon/catalogue/sqlite/audit-verify.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { createFolderTarget } from '../../../daemon/vault/backup/folder.js';
import { refuseUnrestored } from '../../../daemon/vault/installation/refuse.js';
import { openBox, orderIn, type Site, siteIn } from '../../support/backup/box.js';
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
import { programOf } from '../../support/program-of.js';
import { scratch } from '../../support/recordings/sealed.js';
import { mountSmall } from '../../support/small-disk.js';

/** Runs a backup or a restore that ends before a step; false where there are fewer. */
function killedAt(site: Site, what: 'backup' | 'restore', step: number): boolean {
  const file = join(site.dir, 'site.json');
  writeFileSync(file, JSON.stringify(site));
  const program = join(import.meta.dirname, '../../support/backup/killed.ts');
  const { signal, stdout, stderr } = spawnSync(process.execPath, [
    ...programOf(program),
    what,
    file,
    String(step),
  ]);
  if (signal === null && String(stdout) !== 'done') throw new Error(String(stderr));
  return signal === 'SIGKILL';
}

t.test(
  'a backup that is killed anywhere leaves those before it whole, and the next one succeeds',
  async (t) => {
    const { site, box, target } = await furnished(t);
    const { id } = await makeBackup(target, orderIn(site, { at: Date.now() - 1_000 }), box.signer);
    await box.record(6);
    await box.close();
    let kills = 0;
    for (let step = 0; killedAt(site, 'backup', step); step += 7) {
      kills += 1;
      const found = await run(site, 'backup', 'verify', id);
      t.match(found, { error: '', code: 0 }, `killed before step ${step}`);
    }
    t.ok(kills > 2, `${kills} kills`);
    t.match(await run(site, 'backup', 'verify'), { error: '', code: 0 });
    const { text } = await run(site, 'backup', 'list');
    t.notMatch(text, 'Unfinished', 'what was left of the others is gone');
    t.equal(existsSync(join(site.dataDir, 'recorder/backup.db')), false, 'and the copy of the catalogue too');
  },
);

t.test('a restore that is killed anywhere starts no recorder, and continues', async (t) => {
  const { site, box, target } = await furnished(t);
  await makeBackup(target, orderIn(site, { at: Date.now() - 1_000 }), box.signer);
  await box.erase(1);
  await renewList(site, box);
  await box.close();
  lose(site);
  let kills = 0;
  for (let step = 0; killedAt(site, 'restore', step); step += 5) {
    kills += 1;
    t.equal(existsSync(catalogueFile(site.dataDir)), false, `killed before step ${step}`);
    if (step > 0) t.throws(() => refuseUnrestored(site.dataDir), { code: 'restore_unfinished' });
  }
  t.ok(kills > 2, `${kills} kills`);
  refuseUnrestored(site.dataDir);
  const again = await openBox(site);
  t.same(await whatIs(again, 1), erased);
  for (const n of [2, 3, 4]) t.same(await whatIs(again, n), kept);
  await again.close();
  t.match(verifyAudit(catalogueFile(site.dataDir), { given: [], kept: [] }), { fault: null });
});

t.test('a full disk at the target ends a backup and harms none before it', async (t) => {
  const site = await siteIn(scratch(t));
  const small = mountSmall(t, { mb: 3, at: site.backups });
  if (small.refused) return void t.pass('on a disk of its own', { skip: small.refused });
  const box = await openBox(site);
  const target = createFolderTarget(site.backups);
  await box.record(1);
  const { id } = await makeBackup(target, orderIn(site, { at: Date.now() - 1_000 }), box.signer);
  for (let n = 2; n <= 4; n++) await box.record(n, 1_000_000);
  await t.rejects(makeBackup(target, orderIn(site), box.signer), { code: 'disk_full' });
  await box.close();
  t.match(await run(site, 'backup', 'verify', id), { error: '', code: 0 });
  t.match((await restoreAll(site, '--dry-run')).error, /^restore_occupied/);
});
