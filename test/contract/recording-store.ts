import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Test } from 'tap';
import { recordingPath } from '../../daemon/domain/paths.js';
import type { Listed, Place, RecordingReader, RecordingStore } from '../../daemon/vault/store/store.js';
import { until } from '../support/recorder.js';

const DAY = Date.UTC(2026, 0, 5);
export const placed = (id: string): Place => ({ id, file: recordingPath(id, DAY) });

export async function* pieces(bytes: Uint8Array, size = 10_007): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function bytesOf(store: Pick<RecordingReader, 'open'>, place: Place): Promise<Buffer> {
  const file = await store.open(place);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

export async function all(store: Pick<RecordingReader, 'list'>): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const one of store.list()) found.push(one);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const hashOf = (bytes: Uint8Array) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** What names no recording, or another one, or leads out of the recordings. */
export const hostile: Place[] = [
  ...['../x', '..', '.', '', 'a/b', 'a\0b', 'é', 'a b', 'x'.repeat(65)].map(placed),
  ...[
    '',
    '/etc/passwd',
    '../../victim',
    'recordings/../../victim',
    'recordings/2026/01/05/../../../../victim.opus.age',
    'recordings/2026/01/05/OTHER.opus.age',
    'recordings/2026/01/05/GOOD.opus.age.tmp',
    'recordings/2026/01/05/GOOD.opus.age\n',
    'recordings//2026/01/05/GOOD.opus.age',
    'recordings/GOOD.opus.age',
    'recordings/GOOD.age',
    './recordings/2026/01/05/GOOD.opus.age',
  ].map((file) => ({ id: 'GOOD', file })),
];

/**
 * What every store of recordings keeps to. `make` gives one that is empty, and a reader of the same recordings for a process
 * that may not write.
 */
export async function storeContract(
  t: Test,
  make: (t: Test) => Promise<{ store: RecordingStore; reader: RecordingReader }>,
): Promise<void> {
  await t.test('what was stored is there, by its place and for the reader too', async (t) => {
    const { store, reader } = await make(t);
    t.same(await all(store), [], 'empty');
    const began = Date.now();
    for (const size of [0, 1, 65_536, 300_000]) {
      const [place, bytes] = [placed(`SIZE-${size}`), randomBytes(size)];
      t.equal(await store.put(place, pieces(bytes)), size);
      for (const from of [store, reader]) {
        t.ok(bytes.equals(await bytesOf(from, place)), `${size} bytes`);
        t.same(await from.exists(place), { bytes: size });
        t.same(await from.hash(place), hashOf(bytes));
      }
    }
    const found = await all(reader);
    t.same(
      found.map(({ name, kind, place }) => ({ name, kind, place })),
      ['SIZE-0', 'SIZE-1', 'SIZE-300000', 'SIZE-65536']
        .map(placed)
        .map((place) => ({ name: place.file, kind: 'recording', place })),
    );
    t.same(await found[1]!.hash(), await reader.hash(placed('SIZE-1')));
    const ended = Date.now();
    // A file system keeps times as the kernel's last tick had them.
    const TICK_MS = 10;
    t.ok(found.every(({ modifiedAt }) => modifiedAt >= began - TICK_MS && Math.floor(modifiedAt) <= ended));
  });

  await t.test('any range is read, and none beyond the end', async (t) => {
    const { store } = await make(t);
    const bytes = randomBytes(100_000);
    await store.put(placed('RANGES'), pieces(bytes));
    const file = await store.open(placed('RANGES'));
    t.equal(file.size, bytes.length);
    await fc.assert(
      fc.asyncProperty(fc.nat(110_000), fc.nat(110_000), async (at, length) =>
        bytes.subarray(at, at + length).equals(await file.read(at, length)),
      ),
      { numRuns: 100 },
    );
    await file.close();
  });

  await t.test('what is not there is missing, and nothing comes of removing it', async (t) => {
    const { store } = await make(t);
    const gone = placed('GONE');
    await t.rejects(store.open(gone), { code: 'seal_damaged' });
    t.equal(await store.hash(gone), null);
    t.equal(await store.exists(gone), null);
    t.equal(await store.remove(gone), false);
    await store.put(gone, pieces(Buffer.from('here')));
    t.equal(await store.remove(gone), true);
    t.equal(await store.remove(gone), false, 'said again');
    t.equal(await store.exists(gone), null);
    t.same(await all(store), []);
  });

  await t.test('a file that is put over another replaces it, whole', async (t) => {
    const { store } = await make(t);
    const place = placed('TWICE');
    await store.put(place, pieces(Buffer.from('the first, which is longer')));
    const before = await store.open(place);
    await store.put(place, pieces(Buffer.from('the second')));
    t.equal((await bytesOf(store, place)).toString(), 'the second');
    t.equal(
      (await before.read(0, 9)).toString(),
      'the first',
      'whoever reads the old one reads it to its end',
    );
    await before.close();
  });

  await t.test('a file that is removed while it is read is read to its end', async (t) => {
    const { store } = await make(t);
    const [place, bytes] = [placed('READ'), randomBytes(200_000)];
    await store.put(place, pieces(bytes));
    const file = await store.open(place);
    const first = await file.read(0, 1_000);
    t.equal(await store.remove(place), true);
    t.ok(bytes.equals(Buffer.concat([first, await file.read(1_000, bytes.length)])));
    await file.close();
    await t.rejects(store.open(place), { code: 'seal_damaged' });
  });

  await t.test('a put that is cut short leaves nothing, or what was there before', async (t) => {
    const { store } = await make(t);
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield randomBytes(100_000);
      throw new Error('the source has failed');
    }
    const place = placed('CUT');
    await t.rejects(store.put(place, failing()), { message: 'the source has failed' });
    t.equal(await store.exists(place), null);
    await store.put(place, pieces(Buffer.from('old')));
    await t.rejects(store.put(place, failing()), { message: 'the source has failed' });
    t.equal((await bytesOf(store, place)).toString(), 'old');
    t.same(
      (await all(store)).map(({ name }) => name),
      [place.file],
    );
  });

  await t.test('until a put is done nothing has the name, and the list tells the two apart', async (t) => {
    const { store } = await make(t);
    const place = placed('SLOW');
    let goOn = () => {};
    const waited = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one ');
      await waited;
      yield Buffer.from('two');
    }
    const put = store.put(place, slow());
    await until('the first bytes', async () => (await all(store)).length > 0 || null);
    t.match(await all(store), [{ kind: 'unfinished', place: null }]);
    t.equal(await store.exists(place), null);
    goOn();
    t.equal(await put, 7);
    t.match(await all(store), [{ kind: 'recording', place }]);
  });

  await t.test('a hash leaves time between its pieces', async (t) => {
    const { store } = await make(t);
    await store.put(placed('PACED'), pieces(randomBytes(1_000_000)));
    const took: number[] = [];
    await store.hash(placed('PACED'), async (ms) => void took.push(ms));
    t.ok(took.length >= 3, `${took.length} pauses`);
    t.ok(took.every((ms) => ms >= 0));
  });

  await t.test('what is not the place of a recording is refused by every verb', async (t) => {
    const { store } = await make(t);
    const read: string[] = [];
    async function* source(): AsyncGenerator<Uint8Array> {
      read.push('read');
      yield Buffer.from('hostile');
    }
    for (const place of hostile)
      for (const [verb, done] of Object.entries<() => Promise<unknown>>({
        put: () => store.put(place, source()),
        open: () => store.open(place),
        hash: () => store.hash(place),
        exists: () => store.exists(place),
        remove: () => store.remove(place),
      }))
        await t.rejects(done, { code: 'internal' }, `${verb} ${JSON.stringify(place)}`);
    t.same(read, [], 'no source was touched');
    t.same(await all(store), []);
  });
}
