import t from 'tap';
import { NEWEST_VERSION, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { WITH_TOKENS } from '../../support/catalogue/old-catalogue.js';
import { repeat, sample } from '../../support/search/share-of-search.js';
import type { Step } from '../../support/upgrade/failpoint.js';
import { isWhole, upgradeBox } from '../../support/upgrade/upgrade-box.js';

/** Of the steps, besides the first and the last. */
const SHARE = 0.25;
t.comment(repeat);
const MIGRATIONS = NEWEST_VERSION - WITH_TOKENS;

const recorder = (what: string, nth = 1): Step => ({ who: 'recorder', what, nth });
const upgrade = (what: string, nth = 1): Step => ({ who: 'upgrade', what, nth });

t.test('a recorder that is killed at any step of an upgrade goes on at its next start', async (t) => {
  const at: Step[] = [
    recorder('openSync interim.db.new-x'),
    recorder('interim.db.new-x: migration', 20),
    recorder('renameSync interim.db'),
    recorder('openSync upgrade.journal'),
    ...[1, 2, 4].map((nth) => recorder('writeSync upgrade.journal', nth)),
    recorder('interim.db: INSERT INTO calls', 2),
    recorder('renameSync upgrade.json', MIGRATIONS >> 1),
    recorder('openSync catalogue.db'),
    recorder('interim.db: close'),
    recorder('rmSync upgrade.journal'),
    recorder('rmSync interim.db', 2),
    recorder('rmSync upgrade.json'),
    recorder('catalogue.db: INSERT INTO calls'),
  ];
  for (const step of sample(at, SHARE))
    await t.test(`before "${step.what}" (${step.nth})`, async (t) => {
      const lab = await upgradeBox(t);
      t.equal(await lab.run('a', step), true, 'it was killed');
      t.equal(await lab.run('b', null), false);
      await isWhole(t, lab);
    });
});

t.test(
  'a process that is killed at any step of an upgrade is started again, and calls are kept',
  async (t) => {
    const at: Step[] = [
      upgrade('mkdirSync upgrade'),
      upgrade('backup keys.db'),
      upgrade('catalogue.db: VACUUM INTO ?'),
      upgrade('renameSync upgrade.json'),
      upgrade('renameSync (copy)'),
      upgrade('fsyncSync upgrade'),
      upgrade('openSync catalogue.db'),
      ...[1, MIGRATIONS >> 1, MIGRATIONS].flatMap((nth) => [
        upgrade('catalogue.db: migration', nth),
        upgrade('COMMIT', nth),
      ]),
      upgrade('catalogue.db: wal_checkpoint(TRUNCATE)'),
      upgrade('renameSync upgrade.json', 2),
      upgrade('catalogue.db: INSERT INTO calls', 2),
      upgrade('catalogue.db: INSERT INTO upgrade_journals'),
      upgrade('COMMIT', MIGRATIONS + 1),
      upgrade('COMMIT', MIGRATIONS + 2),
    ];
    for (const step of sample(at, SHARE))
      await t.test(`before "${step.what}" (${step.nth})`, async (t) => {
        const lab = await upgradeBox(t);
        t.equal(await lab.run('a', step), false);
        t.equal(lab.ended(), true, 'it was killed');
        t.match(lab.said('alarm'), [/process that upgrades the catalogue has ended/]);
        t.equal(versionOf(catalogueFile(lab.dir)), NEWEST_VERSION);
        await isWhole(t, lab);
      });
  },
);
