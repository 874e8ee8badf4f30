import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { createDiskReader, createDiskStore } from '../../../daemon/vault/store/disk.js';
import { all, bytesOf, hostile, pieces, placed, storeContract } from '../../contract/recording-store.js';
import { fill, mountSmall, unfill } from '../../support/small-disk.js';

function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const stores = (dir: string) => ({ store: createDiskStore(dir), reader: createDiskReader(dir) });

t.test('a store on the disk', (t) => storeContract(t, async (t) => stores(folder(t))));

t.test('a store on the disk whose folder of recordings is a link', (t) =>
  storeContract(t, async (t) => {
    const dir = folder(t);
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync('elsewhere', join(dir, 'recordings'));
    return stores(dir);
  }),
);

const inside = (dir: string) => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();

t.test('no name leads out of the recordings', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'victim'), 'precious');
  const { store } = stores(join(dir, 'data'));
  for (const place of hostile) {
    await t.rejects(store.put(place, pieces(Buffer.from('hostile'))));
    await t.rejects(store.remove(place));
  }
  t.same(inside(dir), ['victim']);
});

t.test('a link is not followed, wherever it lies', async (t) => {
  const dir = folder(t);
  const { store } = stores(dir);
  const place = placed('LINKED');
  const path = join(dir, place.file);
  const precious = join(dir, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'LINKED.opus.age'), 'precious');
  await store.put(placed('OTHER'), pieces(Buffer.from('other')));

  symlinkSync(join(precious, 'LINKED.opus.age'), path);
  await t.rejects(store.open(place), { code: 'seal_damaged', message: /is a link/ });
  await t.rejects(store.hash(place), { code: 'seal_damaged' });
  const [link] = await all(store);
  t.match(link, { name: place.file });
  t.equal(await link!.hash(), null, 'nor is it read as something that lies there');
  t.equal(await store.remove(place), true, 'the link itself is removed');
  symlinkSync(join(precious, 'LINKED.opus.age'), path);
  await store.put(place, pieces(Buffer.from('ours')));
  t.equal((await bytesOf(store, place)).toString(), 'ours', 'a file takes its place');
  rmSync(path);

  renameSync(dirname(path), join(dir, 'the day'));
  symlinkSync(precious, dirname(path));
  await t.rejects(store.open(place), { code: 'seal_damaged', message: /is a link/ });
  await t.rejects(store.hash(place), { code: 'seal_damaged' });
  await t.rejects(store.put(place, pieces(Buffer.from('hostile'))), { code: 'data_strange' });
  await t.rejects(store.remove(place), { code: 'data_strange' });
  t.match(await all(store), [{ kind: 'other', place: null }], 'the list does not go there either');
  rmSync(dirname(path));
  symlinkSync(join(dir, 'nowhere'), dirname(path));
  await t.rejects(store.put(place, pieces(Buffer.from('hostile'))), { code: 'data_strange' });
  t.notOk(existsSync(join(dir, 'nowhere')), 'no folder is made behind a link');
  t.equal(readFileSync(join(precious, 'LINKED.opus.age'), 'utf8'), 'precious');
});

t.test('what an interrupted put has left goes with the recording', async (t) => {
  const dir = folder(t);
  const { store } = stores(dir);
  const place = placed('GONE');
  await store.put(place, pieces(Buffer.from('whole')));
  writeFileSync(join(dir, `${place.file}.tmp`), 'half');
  t.equal(await store.remove(place), true);
  t.notOk(existsSync(join(dir, `${place.file}.tmp`)));
});

t.test('what is no plain file is not read, and nobody waits for a pipe', async (t) => {
  const dir = folder(t);
  const { store } = stores(dir);
  await store.put(placed('OTHER'), pieces(Buffer.from('other')));
  const day = dirname(join(dir, placed('OTHER').file));
  execFileSync('mkfifo', [join(day, 'PIPE.opus.age')]);
  mkdirSync(join(day, 'FOLDER.opus.age'));
  for (const id of ['PIPE', 'FOLDER'])
    await t.rejects(store.open(placed(id)), { code: 'seal_damaged', message: /no plain file/ }, id);
  t.equal(await (await all(store)).find(({ place }) => place?.id === 'PIPE')!.hash(), null);
  await t.rejects(store.remove(placed('FOLDER')), 'a folder is not removed, and that is said');
});

t.test('what a store has not put there is listed too', async (t) => {
  const dir = folder(t);
  const { store } = stores(dir);
  await store.put(placed('ONE'), pieces(Buffer.from('one')));
  t.equal(statSync(join(dir, placed('ONE').file)).mode & 0o777, 0o640);
  writeFileSync(join(dir, `${placed('TWO').file}.tmp`), 'left by a crash');
  writeFileSync(join(dir, 'recordings', 'THREE.age'), 'of nobody');
  writeFileSync(join(dir, 'recordings', 'notes.txt'), 'of an admin');
  t.same(
    (await all(store)).map(({ name, kind }) => [name, kind]),
    [
      [placed('ONE').file, 'recording'],
      [`${placed('TWO').file}.tmp`, 'unfinished'],
      ['recordings/THREE.age', 'other'],
      ['recordings/notes.txt', 'other'],
    ],
  );
  await store.put(placed('TWO'), pieces(Buffer.from('two')));
  t.notOk(
    existsSync(join(dir, `${placed('TWO').file}.tmp`)),
    'the next put takes away what a crash has left',
  );
});

t.test('an answer that the disk does not give is not "gone"', async (t) => {
  const dir = folder(t);
  const { store } = stores(dir);
  await store.put(placed('ONE'), pieces(Buffer.from('one')));
  const day = dirname(join(dir, placed('ONE').file));
  const loop = join(day, '..', '05-loop');
  renameSync(day, loop);
  symlinkSync('05', day);
  await t.rejects(store.exists(placed('ONE')), 'whoever erases must not take it for removed');
});

t.test('a full disk refuses a put and keeps what was there', async (t) => {
  const { dir, refused } = mountSmall(t, { mb: 4 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const { store } = stores(dir);
  await store.put(placed('OLD'), pieces(Buffer.from('old')));
  fill(dir, 100_000);
  for (const id of ['OLD', 'NEW'])
    await t.rejects(store.put(placed(id), pieces(Buffer.alloc(1_000_000))), { code: 'disk_full' }, id);
  t.equal((await bytesOf(store, placed('OLD'))).toString(), 'old');
  t.same(
    (await all(store)).filter(({ kind }) => kind !== 'other').map(({ name }) => name),
    [placed('OLD').file],
  );
  t.equal(await store.remove(placed('OLD')), true, 'a full disk can be cleaned');
  unfill(dir);
  t.equal(await store.put(placed('NEW'), pieces(Buffer.alloc(1_000_000))), 1_000_000);
});
