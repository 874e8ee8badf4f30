import Database from 'better-sqlite3';
import t from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { until } from '../../support/recorder.js';
import { isWhole, upgradeBox } from '../../support/upgrade/upgrade-box.js';

t.test(
  'an upgrade that another program keeps from writing says so, and goes on when it no longer does',
  async (t) => {
    const box = await upgradeBox(t);
    const other = new Database(catalogueFile(box.dir));
    t.teardown(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    const running = box.run('a', null);
    await until('calls are saved meanwhile', () => box.said('entry').length === 3);
    await until('it is told', () => box.said('locked').length > 0);
    t.same(box.said('alarm'), [], 'nothing has failed');
    other.exec('ROLLBACK');
    other.close();
    t.equal(await running, false);
    t.same(box.said('locked'), ['true', 'false']);
    await isWhole(t, box);
  },
);
