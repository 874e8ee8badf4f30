import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { goBack, lookBack } from '../../../daemon/app/upgrade/back.js';
import { checkRoom, findCopies, makeCopy, tidyCopies } from '../../../daemon/app/upgrade/copy.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { OLDEST_BACK } from '../../../daemon/catalogue/sqlite/upgrade/back.js';
import { NEWEST_VERSION, versionOf } from '../../../daemon/catalogue/sqlite/upgrade/older.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { KEEP_COPY_MS } from '../../../daemon/domain/operations/upgrade.js';
import { catalogueFile, keysFile, upgradeFolder } from '../../../daemon/domain/paths.js';
import { openDataFolder } from '../../../daemon/vault/data-folder.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { fillCatalogue } from '../../support/catalogue/many-rows.js';
import { makeOldCatalogue } from '../../support/catalogue/old-catalogue.js';

const RESERVE = 1_000_000;
const [FIRST, SECOND] = ['R0000000000', 'R0000000001'];
const masterKey = new Uint8Array(32).fill(7);
const order = (dataDir: string, at = Date.now()) => ({ dataDir, reserveBytes: RESERVE, at, by: '1.0.0' });
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** A box with ten recordings and the keys of two of them. */
async function box(t: Test) {
  const dataDir = t.testdir({});
  openDataFolder(dataDir).release();
  const db = await openDb(catalogueFile(dataDir));
  fillCatalogue(db, 10);
  db.close();
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  await catalogue.audit.append(entryOf(TAPEDECK, 1_700_000_000_000, 'start', {}));
  await catalogue.stop();
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  t.teardown(() => keys.stop());
  for (const id of [FIRST, SECOND]) await keys.create(id);
  return { dataDir, keys };
}

const liveKeys = (file: string): string[] => {
  const db = new Database(file, { readonly: true });
  try {
    return db
      .prepare('SELECT recording_id FROM key WHERE wrapped <> zeroblob(length(wrapped)) ORDER BY 1')
      .pluck()
      .all() as string[];
  } finally {
    db.close();
  }
};

t.test('a copy is private, whole, takes the place of the one before, and goes after a week', async (t) => {
  const { dataDir } = await box(t);
  const now = Date.now();
  const first = await makeCopy(order(dataDir, now - 60_000));
  const second = await makeCopy(order(dataDir, now));
  t.same(
    findCopies(dataDir).map(({ folder }) => folder),
    [second.folder],
  );
  t.notOk(existsSync(first.folder));
  t.match(second.about, {
    by: '1.0.0',
    upgradedTo: null,
    catalogue: { calls: 10, recordings: 10, audit: 2 },
  });
  t.equal(mode(upgradeFolder(dataDir)), '700');
  for (const name of ['catalogue.db', 'keys.db', 'upgrade.json'])
    t.equal(mode(join(second.folder, name)), '600', name);
  writeFileSync(join(upgradeFolder(dataDir), '20200101T000000Z'), ''); // what is none is left alone
  tidyCopies(dataDir, now + KEEP_COPY_MS - 1_000);
  t.equal(findCopies(dataDir).length, 1);
  tidyCopies(dataDir, now + KEEP_COPY_MS + 1_000);
  t.equal(findCopies(dataDir).length, 0);
});

t.test('a key that is destroyed is destroyed in the copy, and first', async (t) => {
  const { dataDir, keys } = await box(t);
  const { folder } = await makeCopy(order(dataDir));
  const copy = join(folder, 'keys.db');
  t.same(liveKeys(copy), [FIRST, SECOND]);
  await keys.destroy(FIRST);
  t.same([liveKeys(copy), liveKeys(keysFile(dataDir))], [[SECOND], [SECOND]]);
  await keys.destroyAll([SECOND]);
  t.same(liveKeys(copy), []);
});

t.test('a copy of the keys that cannot be changed is removed, and the erasure goes on', async (t) => {
  const { dataDir, keys } = await box(t);
  const { folder } = await makeCopy(order(dataDir));
  writeFileSync(join(folder, 'keys.db'), 'no database, but as long as one might be'.repeat(200));
  t.equal(await keys.destroy(FIRST), true);
  t.notOk(existsSync(join(folder, 'keys.db')));
});

t.test('without room nothing is changed, and the error has the numbers', async (t) => {
  const { dataDir } = await box(t);
  const much = { ...order(dataDir), reserveBytes: 1e15 };
  await t.rejects(makeCopy(much), { code: 'upgrade_room', detail: /1000 TB are needed.*are free\.$/ });
  t.notOk(existsSync(upgradeFolder(dataDir)), 'no folder is left');
  t.throws(() => checkRoom(dataDir, 1e15), { code: 'upgrade_room' });
  t.match(checkRoom(dataDir, RESERVE), { copies: Number, migration: Number });
});

t.test('a copy that was interrupted is none, and goes with the next', async (t) => {
  const { dataDir } = await box(t);
  await makeCopy(order(dataDir, Date.now() - 60_000));
  const [half] = findCopies(dataDir);
  writeFileSync(join(half!.folder, 'upgrade.json'), '{"format":');
  t.same(findCopies(dataDir), []);
  await makeCopy(order(dataDir));
  t.equal(findCopies(dataDir).length, 1);
  t.ok(readdirSync(upgradeFolder(dataDir)).every((name) => !name.endsWith('.new')));
});

t.test(
  'the recorder removes what an interrupted copy has left, and never one that is being made',
  async (t) => {
    const { dataDir } = await box(t);
    await makeCopy(order(dataDir));
    const being = join(upgradeFolder(dataDir), '20261129T021500Z.0badcafe.new');
    mkdirSync(being);
    writeFileSync(join(being, 'keys.db'), 'half');
    tidyCopies(dataDir, Date.now());
    t.ok(existsSync(being), 'somebody may be writing it');
    tidyCopies(dataDir, Date.now() + 2 * 3_600_000);
    t.notOk(existsSync(being));
    t.equal(findCopies(dataDir).length, 1);
  },
);

t.test('the way back keeps what was erased erased and what is held held', async (t) => {
  const { dataDir, keys } = await box(t);
  t.throws(() => lookBack(dataDir), { code: 'upgrade_copy' });
  const { folder } = await makeCopy(order(dataDir));
  await keys.destroy(FIRST);
  const later = new Database(catalogueFile(dataDir));
  later.exec(`
    UPDATE recordings SET state = 'erased', erased_at = 5, erase_reason = '' WHERE id = '${FIRST}';
    INSERT INTO matters (id, name, reason, opened_by, opened_at, revision, held_picked) VALUES ('M', 'Doe', 'why', 'ada', 5, 1, 1);
    INSERT INTO hold_items (matter, recording_id, why, at, by) VALUES ('M', '${SECOND}', 'picked', 5, 'ada');
    INSERT INTO calls (id, linkedids, direction, started_at, ended_at, them, us, dialled, did, queue, coverage_status,
      coverage_reason, missing_ms, legs, marks, search) SELECT 'NEW', linkedids, direction, started_at, ended_at, them, us, dialled,
      did, queue, coverage_status, coverage_reason, missing_ms, legs, marks, search FROM calls LIMIT 1;
    PRAGMA user_version = 999`);
  later.close();
  const way = lookBack(dataDir);
  t.same(way.lost, { calls: 1, recordings: 0, audit: 0 });
  const lock = openDataFolder(dataDir);
  const entry = entryOf(TAPEDECK, 9, 'restore', {});
  await t.rejects(goBack(dataDir, way, entry), { code: 'already_running' });
  lock.release();
  t.same(await goBack(dataDir, way, entry), { erased: 1, held: 1 });

  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir), mustExist: true });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  t.same(await catalogue.schemaFaults(), []);
  t.equal((await catalogue.calls.list({ limit: 99 })).length, 10);
  t.match(await catalogue.recordings.get(FIRST), { state: 'erased' });
  await t.rejects(catalogue.recordings.eraseIntended(SECOND, null as never, 9), { code: 'kept_by_hold' });
  t.match(await catalogue.audit.entries({ limit: 1 }), [
    { action: 'restore', detail: { calls_lost: 1, erased: 1 } },
  ]);
  t.ok(
    readdirSync(folder).some((name) => /^replaced-.*\.db$/.test(name)),
    'the catalogue that was there is kept',
  );
  t.same(liveKeys(keysFile(dataDir)), [SECOND], 'the keys are as they were');
});

t.test('a conversion that stopped anywhere can be gone back from', async (t) => {
  for (let at = OLDEST_BACK; at <= NEWEST_VERSION; at += 1) {
    const dataDir = t.testdir({});
    openDataFolder(dataDir).release();
    makeOldCatalogue(catalogueFile(dataDir), 3, { upTo: OLDEST_BACK });
    await makeCopy(order(dataDir));
    const db = new Database(catalogueFile(dataDir));
    for (const sql of migrations.slice(OLDEST_BACK, at)) db.exec(sql);
    db.exec(`UPDATE recordings SET state = 'erased', erased_at = 5, erase_reason = ''
      WHERE id = (SELECT min(id) FROM recordings)`);
    db.pragma(`user_version = ${at}`);
    db.close();
    const done = await goBack(dataDir, lookBack(dataDir), entryOf(TAPEDECK, 9, 'restore', {}));
    t.same([done.erased, versionOf(catalogueFile(dataDir))], [1, OLDEST_BACK], `from ${at}`);
  }
});

t.test('a copy that was changed is not brought back', async (t) => {
  const { dataDir } = await box(t);
  const { folder } = await makeCopy(order(dataDir));
  const db = new Database(join(folder, 'catalogue.db'));
  db.exec("UPDATE calls SET queue = 'x'");
  db.close();
  await t.rejects(goBack(dataDir, lookBack(dataDir), entryOf(TAPEDECK, 9, 'restore', {})), {
    code: 'upgrade_copy',
  });
  t.equal((await openDb(catalogueFile(dataDir))).close().open, false, 'the catalogue is as it was');
});
