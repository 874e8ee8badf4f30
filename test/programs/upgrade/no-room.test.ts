import { existsSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { findCopies } from '../../../daemon/app/upgrade/copy.js';
import { NEWEST_VERSION, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import { catalogueFile, upgradeFolder } from '../../../daemon/domain/paths.js';
import { WITH_TOKENS } from '../../support/catalogue/old-catalogue.js';
import { until } from '../../support/recorder.js';
import { fill, mountSmall, unfill } from '../../support/small-disk.js';
import { isWhole, upgradeBox } from '../../support/upgrade/upgrade-box.js';

const MB = 1e6;
const CALLS = 4_000;

/** The data of an earlier version on a disk that is as large as an upgrade needs, and not much larger. */
async function onSmallDisk(t: Test) {
  const { dir: disk, refused } = mountSmall(t, { mb: 64 });
  if (refused) return { refused };
  const box = await upgradeBox(t, { calls: CALLS, dir: join(disk, 'data') });
  const free = () => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  return { refused: '', ...box, disk, free };
}

t.test(
  'a recorder without room for the upgrade captures calls, says how much it needs, and upgrades later',
  async (t) => {
    const lab = await onSmallDisk(t);
    if (!('disk' in lab)) return void t.pass('on a disk of its own', { skip: lab.refused });
    fill(lab.disk, 6 * MB);
    const running = lab.run('a', null);
    await until('calls are saved', () => lab.said('entry').length === 3);
    await until('it says what is wrong', () => lab.said('alarm').length);
    t.match(
      lab.said('alarm')[0],
      /upgrade_room.*MB are needed in .*for the copy.*for the conversion.*5 MB are free/,
    );
    t.equal(lab.said('call').length, 3, 'calls are saved meanwhile');
    t.equal(versionOf(catalogueFile(lab.dir)), WITH_TOKENS);
    t.notOk(existsSync(upgradeFolder(lab.dir)), 'nothing was changed');
    unfill(lab.disk);
    t.equal(await running, false);
    await isWhole(t, lab);
  },
);

t.test('a disk that is full in the middle of the upgrade costs nothing but time', async (t) => {
  const lab = await onSmallDisk(t);
  if (!('disk' in lab)) return void t.pass('on a disk of its own', { skip: lab.refused });
  const running = lab.run('a', null, { letGo: false });
  await until('the copy is made', () => findCopies(lab.dir).length);
  await until('calls are saved', () => lab.said('entry').length === 3);
  fill(lab.disk, MB);
  const before = lab.free();
  writeFileSync(lab.go, '');
  await until('it says what is wrong', () => lab.said('alarm').length);
  t.match(lab.said('alarm')[0], /disk_full/);
  const db = new Database(catalogueFile(lab.dir), { readonly: true });
  t.equal(db.pragma('quick_check', { simple: true }), 'ok');
  t.equal(db.prepare('SELECT count(*) FROM calls').pluck().get(), CALLS, 'the catalogue is as it was');
  const found = db.pragma('user_version', { simple: true }) as number;
  t.ok(found >= WITH_TOKENS && found < NEWEST_VERSION, `at step ${found}`);
  db.close();
  t.ok(lab.free() > before - 1.5 * MB, 'what the step that failed took is free again');
  unfill(lab.disk);
  t.equal(await running, false);
  await isWhole(t, lab);
});
