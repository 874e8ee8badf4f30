import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Tier } from '../../../daemon/domain/recording/tier.js';
import { startProgram } from '../../../daemon/ops/process/start-program.js';
import { createArchive, MARK, markArchive, ownerOf } from '../../../daemon/vault/store/archive.js';
import { createArchiveApart } from '../../../daemon/vault/store/archive-apart.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import type { Place } from '../../../daemon/vault/store/store.js';
import { createTieredStore, openRecordings } from '../../../daemon/vault/store/tiers.js';
import { all, bytesOf, pieces, placed, storeContract } from '../../contract/recording-store.js';
import { until } from '../../support/recorder.js';
import { fill, mountSmall } from '../../support/small-disk.js';

const OWNER = 'log-of-this-box';

/** A data directory with a marked archive, as the recorder and as a reader have them. */
async function tiered(t: Test, archiveDir?: string) {
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const [dataDir, directory] = [join(base, 'data'), archiveDir ?? join(base, 'archive')];
  mkdirSync(dataDir);
  if (!archiveDir) mkdirSync(directory);
  await markArchive(directory, OWNER);
  const owner = async () => OWNER;
  const apart = createArchiveApart({ directory, dataDir, owner });
  t.teardown(() => apart.stop());
  const hot = createDiskStore(dataDir);
  return {
    ...{ dataDir, directory, hot, apart },
    store: createTieredStore(hot, apart),
    reader: openRecordings({ dataDir, archive: directory, owner }),
  };
}
const as = (place: Place, tier: Tier): Place => ({ ...place, tier });

t.test('a store of two tiers', (t) => storeContract(t, (t) => tiered(t)));

t.test('a recording is read the same from either tier, and removed from both', async (t) => {
  const { store, reader, hot, directory } = await tiered(t);
  const place = placed('ONE');
  await store.put(place, pieces(Buffer.alloc(700_000, 'x')));
  const before = await store.hash(place);
  t.same(await store.copy(place), { source: before, copy: before });
  t.same(await store.archivedHash(place), before);
  t.equal(await store.removeHot(place), true);
  t.equal(await hot.exists(place), null);
  t.ok(existsSync(join(directory, place.file)));
  for (const from of [store, reader])
    for (const tier of ['hot', 'moving', 'archive'] as const) {
      t.same(await from.hash(as(place, tier)), before, 'whatever the row says');
      t.same(await from.exists(as(place, tier)), { bytes: 700_000 });
      const file = await from.open(as(place, tier));
      t.equal((await file.read(650_000, 100_000)).toString(), 'x'.repeat(50_000));
      await file.close();
    }
  t.match(await all(store), [{ name: place.file, archived: true }]);
  await store.put(place, pieces(Buffer.from('a crash left both')));
  t.equal((await bytesOf(store, place)).toString(), 'a crash left both', 'the data directory counts');
  t.equal(await store.remove(as(place, 'moving')), true);
  t.equal(await store.exists(as(place, 'moving')), null, 'in neither');
  t.same(await all(store), []);
});

t.test('an empty mount point is not the archive, and nothing is written into it', async (t) => {
  const { store, reader, directory } = await tiered(t);
  const [archived, hot] = [placed('ARCHIVED'), placed('HOT')];
  for (const place of [archived, hot]) await store.put(place, pieces(Buffer.from(place.id)));
  await store.copy(archived);
  await store.removeHot(archived);
  renameSync(directory, `${directory}-away`);
  mkdirSync(directory);
  for (const from of [store, reader])
    for (const tier of ['moving', 'archive'] as const)
      for (const look of ['open', 'hash', 'exists'] as const)
        await t.rejects(async () => from[look](as(archived, tier)), { code: 'archive_unreachable' }, look);
  await t.rejects(
    store.open(as(placed('NEVER'), 'hot')),
    { code: 'seal_damaged' },
    'one that never moved is',
  );
  t.equal(await store.exists(as(placed('NEVER'), 'hot')), null);
  t.equal((await bytesOf(store, hot)).toString(), 'HOT', 'what is here is read');
  t.match(await all(store), [{ name: hot.file }]);
  await t.rejects(store.copy(hot), { code: 'archive_unreachable' });
  await t.rejects(store.remove(as(archived, 'archive')), { code: 'archive_unreachable' });
  t.equal(await store.remove(as(hot, 'hot')), true, 'and removed');
  t.notOk(existsSync(join(directory, 'recordings')), 'nothing was made there');
  rmSync(directory, { recursive: true });
  renameSync(`${directory}-away`, directory);
  t.equal((await bytesOf(store, as(archived, 'archive'))).toString(), 'ARCHIVED', 'it is back');
});

t.test('an archive of another installation, or with a mark that says nothing, is not taken', async (t) => {
  const { store, directory, apart } = await tiered(t);
  t.equal(await ownerOf(directory), OWNER);
  for (const mark of ['{"tapedeck":"archive","installation":"another"}', 'nonsense', '', 'null']) {
    writeFileSync(join(directory, MARK), mark);
    await t.rejects(apart.room(), { code: 'archive_unreachable' }, mark);
    await t.rejects(store.exists(as(placed('X'), 'archive')), { code: 'archive_unreachable' }, mark);
  }
});

t.test('a file that is missing in an archive that is there is missing', async (t) => {
  const { store } = await tiered(t);
  t.equal(await store.exists(as(placed('GONE'), 'archive')), null);
  await t.rejects(store.open(as(placed('GONE'), 'archive')), { code: 'seal_damaged' });
});

t.test('without an archive, what a row says is in one is out of reach', async (t) => {
  const { hot } = await tiered(t);
  const store = createTieredStore(hot, null);
  await t.rejects(store.open(as(placed('X'), 'archive')), { code: 'archive_unreachable' });
  await t.rejects(store.remove(as(placed('X'), 'moving')), { code: 'archive_unreachable' });
  t.equal(await store.exists(as(placed('X'), 'hot')), null);
});

t.test('a storage that stands still delays nobody else, and is asked again later', async (t) => {
  const { dataDir, directory, hot } = await tiered(t);
  let asleep = true;
  let begun = 0;
  const apart = createArchiveApart({
    ...{ directory, dataDir, owner: async () => OWNER, patienceMs: 2_000 },
    // A process that takes what it is asked and never answers, as one does whose storage is gone.
    begin: (built, source, heap) => {
      begun += 1;
      return asleep
        ? spawn(process.execPath, ['-e', 'process.send({ id: 0 }); process.on("message", () => {})'], {
            stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
            serialization: 'advanced',
          })
        : startProgram(built, source, heap);
    },
  });
  t.teardown(() => apart.stop());
  const store = createTieredStore(hot, apart);
  const place = placed('HERE');
  await store.put(place, pieces(Buffer.from('here')));
  let waiting = 20;
  const stuck = Array.from({ length: waiting }, async () => {
    await t.rejects(store.exists(as(placed('THERE'), 'archive')), { code: 'archive_unreachable' });
    waiting -= 1;
  });
  t.equal((await bytesOf(store, place)).toString(), 'here', 'what is here is read meanwhile');
  t.equal(waiting, 20, 'while the others still wait');
  await Promise.all(stuck);
  await t.rejects(apart.room(), { code: 'archive_unreachable', detail: /stands still/ });
  t.equal(begun, 1, 'and for a while nobody is waited for');
  asleep = false;
  const room = () => apart.room().catch(() => null);
  t.match(await until('it is asked again', room), { fault: null });
});

t.test('a full archive refuses a copy, and the recording stays', async (t) => {
  const { dir, refused } = mountSmall(t, { mb: 4 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const { store } = await tiered(t, dir);
  const place = placed('LARGE');
  await store.put(place, pieces(Buffer.alloc(1_000_000)));
  fill(dir, 100_000);
  await t.rejects(store.copy(place), { code: 'disk_full' });
  t.equal(await store.isHot(place), true);
  t.equal(await store.archivedHash(place), null, 'nothing half made is left');
});

t.test('in this process it does the same', async (t) => {
  const { dataDir, directory, hot } = await tiered(t);
  const archive = createArchive({ directory, dataDir, owner: OWNER });
  await storeContract(t, async (t) => {
    const made = await tiered(t);
    return {
      store: createTieredStore(
        made.hot,
        createArchive({ directory: made.directory, dataDir: made.dataDir, owner: OWNER }),
      ),
      reader: made.reader,
    };
  });
  await hot.put(placed('A'), pieces(Buffer.from('a')));
  t.match(await archive.copy(placed('A')), { copy: { bytes: 1 } });
});
