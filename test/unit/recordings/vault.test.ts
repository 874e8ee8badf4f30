import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import t from 'tap';
import { recordingPath } from '../../../daemon/domain/paths.js';
import { makeDirDurably, removeDurably, writeDurably } from '../../../daemon/vault/durable.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { sealStream } from '../../../daemon/vault/seal.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import type { Place } from '../../../daemon/vault/store/store.js';
import { runs } from '../../support/search/share-of-search.js';

const chunk = 64 * 1024;
const dir = t.testdir({});
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Cuts bytes where no boundary of the format is. */
async function* pieces(bytes: Buffer, size = 10_007): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const store = createDiskStore(dir);
const placed = (id: string): Place => ({ id, file: recordingPath(id, 0) });
const pathOf = (id: string) => join(dir, placed(id).file);

let serial = 0;
/** Seals these bytes; gives the id. */
async function seal(bytes: Buffer): Promise<string> {
  const id = `sealed-${serial++}`;
  await sealStream(store, placed(id), pieces(bytes), { recipient });
  return id;
}
const sealedFile = async (bytes: Buffer) => pathOf(await seal(bytes));

const opened = (id: string, key: string | Uint8Array = identity) => openSealed(store, placed(id), key);
async function readAll(id: string, key: string | Uint8Array = identity): Promise<Buffer> {
  const file = await opened(id, key);
  try {
    return await buffer(file.read(0, file.size - 1));
  } finally {
    await file.close();
  }
}

t.test('what is sealed is what is opened, at every size around a chunk', async (t) => {
  for (const size of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 200_000]) {
    const bytes = randomBytes(size);
    const id = `size-${size}`;
    const made = await sealStream(store, placed(id), pieces(bytes), { recipient });
    const file = readFileSync(pathOf(id));
    t.strictSame(
      made,
      {
        plainBytes: size,
        sealedBytes: file.length,
        plainSha256: sha256(bytes),
        sealedSha256: sha256(file),
      },
      `${size} bytes: lengths and hashes`,
    );
    t.equal(statSync(pathOf(id)).mode & 0o777, 0o640);
    t.ok(bytes.equals(await readAll(id)), `${size} bytes come back`);
  }
  t.notOk(
    readdirSync(dir, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.tmp')),
    'no half-written file is left',
  );
});

t.test('the stock age tool opens our files, and we open its', async (t) => {
  const keyFile = join(dir, 'identity.txt');
  writeFileSync(keyFile, `${identity}\n`);
  for (const size of [0, 1, chunk, 3 * chunk, 200_000]) {
    const bytes = randomBytes(size);
    const ours = await sealedFile(bytes);
    const opened = execFileSync('age', ['-d', '-i', keyFile, ours], { maxBuffer: 1e9 });
    t.ok(bytes.equals(opened), `age opens our ${size} bytes`);

    const theirs = `theirs-${size}`;
    execFileSync('age', ['-r', recipient, '-o', pathOf(theirs)], { input: bytes });
    t.ok(bytes.equals(await readAll(theirs)), `we open its ${size} bytes`);
  }
  const other = await identityToRecipient(await generateX25519Identity());
  const theirs = 'theirs-two';
  execFileSync('age', ['-r', other, '-r', recipient, '-o', pathOf(theirs)], { input: 'for two' });
  t.equal((await readAll(theirs)).toString(), 'for two', 'a file for several recipients opens');
});

t.test('any range gives the bytes that a plain file would give', async (t) => {
  const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 200_000];
  const files = await Promise.all(
    sizes.map(async (size) => {
      const bytes = randomBytes(size);
      return { bytes, file: await opened(await seal(bytes)) };
    }),
  );
  for (const { bytes, file } of files) {
    t.equal(file.size, bytes.length);
    for (const [start, end] of [
      [-1, 0],
      [0, bytes.length],
      [2, 0],
      [0.5, 1],
      [Number.NaN, 1],
    ] as const) {
      t.throws(() => file.read(start, end), { code: 'range_unsatisfiable' }, `${start}-${end}`);
    }
  }
  await fc.assert(
    fc.asyncProperty(
      fc.nat(sizes.length - 1),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(200_000),
      async (n, from, length) => {
        const { bytes, file } = files[n]!;
        const start = Math.floor(from * bytes.length);
        const end = Math.min(start + length, bytes.length) - 1;
        return bytes.subarray(start, end + 1).equals(await buffer(file.read(start, end)));
      },
    ),
    {
      numRuns: runs(300),
      examples: [
        [3, 0, 0],
        [3, 0, chunk],
        [4, 0, chunk],
        [4, 1, 1],
      ],
    },
  );
  for (const { file } of files) await file.close();
});

t.test('a range reads only the chunks that hold it', async (t) => {
  const id = await seal(randomBytes(5 * chunk));
  const path = pathOf(id);
  const sealed = readFileSync(path);
  const start = sealed.length - 5 * (chunk + 16);
  sealed[start + 3 * (chunk + 16)]! ^= 1; // chunk 3 is bad
  writeFileSync(path, sealed);
  const file = await opened(id);
  t.equal((await buffer(file.read(0, 3 * chunk - 1))).length, 3 * chunk, 'what is before it can be heard');
  t.equal((await buffer(file.read(4 * chunk, 5 * chunk - 1))).length, chunk, 'what is after it too');
  await t.rejects(buffer(file.read(3 * chunk + 5, 3 * chunk + 5)), { code: 'seal_damaged' });
  await file.close();
});

t.test('a file key that was unwrapped before opens the file again, and no other', async (t) => {
  const id = await seal(Buffer.from('once'));
  const first = await opened(id);
  await first.close();
  t.equal((await readAll(id, first.fileKey)).toString(), 'once');
  await t.rejects(readAll(await seal(Buffer.from('other')), first.fileKey), { code: 'seal_damaged' });
});

t.test('a change of any byte of a small file is noticed', async (t) => {
  const sealed = readFileSync(await sealedFile(Buffer.from('It was never said that we would pay.')));
  const bad = 'bad';
  const survived: string[] = [];
  for (let at = 0; at < sealed.length; at++) {
    for (const mask of [0x01, 0x20, 0x80, 0xff]) {
      const copy = Buffer.from(sealed);
      copy[at]! ^= mask;
      writeFileSync(pathOf(bad), copy);
      const code = await readAll(bad).then(
        () => 'none',
        (error) => error.code,
      );
      if (code !== 'seal_damaged') survived.push(`${at} ^ ${mask}: ${code}`);
    }
  }
  t.strictSame(survived, [], `${sealed.length} positions, four changes each`);
});

t.test('a change of any byte of a large file is noticed', async (t) => {
  const id = await seal(randomBytes(1_000_000));
  const path = pathOf(id);
  const sealed = readFileSync(path);
  const handle = await open(path, 'r+');
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      await handle.write(Buffer.from([sealed[at]! ^ mask]), 0, 1, at);
      const code = await readAll(id).then(
        () => 'none',
        (error) => error.code,
      );
      await handle.write(sealed, at, 1, at);
      return code === 'seal_damaged';
    }),
    { numRuns: 150 },
  );
  await handle.close();
  t.equal((await readAll(id)).length, 1_000_000, 'and the file put back opens');
});

t.test('a file cut at any length is not opened', async (t) => {
  const bytes = randomBytes(3 * chunk);
  const id = await seal(bytes);
  const path = pathOf(id);
  const whole = readFileSync(path);
  const payload = whole.length - 3 * (chunk + 16);
  const cuts = [0, 1, 21, 100, payload - 17, payload - 1, payload, payload + 15, payload + 16, payload + 17];
  const edges = [1, 2].flatMap((n) => [-1, 0, 1, 15, 16, 17].map((d) => payload + n * (chunk + 16) + d));
  for (const length of [...cuts, ...edges, whole.length - 1]) {
    writeFileSync(path, whole);
    await truncate(path, length);
    await t.rejects(opened(id), { code: 'seal_damaged' }, `cut to ${length} bytes`);
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
  await t.rejects(opened(id), { code: 'seal_damaged' }, 'made longer by one byte');
  writeFileSync(path, Buffer.concat([whole, whole.subarray(-chunk - 16)]));
  await t.rejects(opened(id), { code: 'seal_damaged' }, 'made longer by its last chunk');
  await t.rejects(opened('nothing'), { code: 'seal_damaged' }, 'a missing file');
});

t.test('two chunks that changed places are noticed', async (t) => {
  const id = await seal(randomBytes(4 * chunk));
  const path = pathOf(id);
  const sealed = readFileSync(path);
  const at = (n: number) => sealed.length - (4 - n) * (chunk + 16);
  const [first, second] = [
    Buffer.from(sealed.subarray(at(0), at(1))),
    Buffer.from(sealed.subarray(at(1), at(2))),
  ];
  sealed.set(second, at(0));
  sealed.set(first, at(1));
  writeFileSync(path, sealed);
  await t.rejects(readAll(id), { code: 'seal_damaged' });
});

t.test('another identity does not open the file', async (t) => {
  const id = await seal(Buffer.from('private'));
  await t.rejects(opened(id, await generateX25519Identity()), { code: 'seal_damaged' });
  await t.rejects(opened(id, 'AGE-SECRET-KEY-1NONSENSE'), { code: 'key_missing' });
});

t.test('a source that fails leaves no file, and an older one as it was', async (t) => {
  const [id, path] = ['failed', pathOf('failed')];
  async function* failing() {
    yield randomBytes(100_000);
    throw new Error('ffmpeg died');
  }
  await t.rejects(sealStream(store, placed(id), failing(), { recipient }), { message: 'ffmpeg died' });
  t.notOk(existsSync(path) || existsSync(`${path}.tmp`));

  await sealStream(store, placed(id), pieces(Buffer.from('old')), { recipient });
  writeFileSync(`${path}.tmp`, 'left by a crash');
  const source = Readable.from(failing());
  await t.rejects(sealStream(store, placed(id), source, { recipient }), { message: 'ffmpeg died' });
  t.equal((await readAll(id)).toString(), 'old');

  const idle = new Readable({ read() {} });
  await t.rejects(sealStream(store, placed(id), idle, { recipient: 'nobody' }));
  t.ok(idle.destroyed, 'a source that was never read is let go');
});

t.test('files are written whole, and removing says whether there was one', async (t) => {
  const deep = join(dir, 'a', 'b', 'c');
  await makeDirDurably(deep);
  await makeDirDurably(deep);
  const path = join(deep, 'file');
  t.equal(await writeDurably(path, Buffer.from('hello'), 0o600), 5);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(readFileSync(path, 'utf8'), 'hello');
  t.equal(await removeDurably(path), true);
  t.equal(await removeDurably(path), false);
  await t.rejects(removeDurably(deep), 'a directory is not removed, and that is said');
});

t.test('sealing and opening are fast enough not to matter', async (t) => {
  const block = randomBytes(chunk);
  const blocks = 3200; // 200 MiB
  async function* source() {
    for (let n = 0; n < blocks; n++) yield block;
  }
  const begun = performance.now();
  await sealStream(store, placed('large'), source(), { recipient });
  const sealed = performance.now();
  const file = await opened('large');
  let bytes = 0;
  for await (const piece of file.read(0, file.size - 1)) bytes += piece.length;
  const read = performance.now();
  t.equal(bytes, blocks * chunk);
  const first = performance.now();
  for (let n = 0; n < 200; n++)
    await buffer(file.read((n * 7919 * 997) % file.size, (n * 7919 * 997) % file.size));
  const each = (performance.now() - first) / 200;
  await file.close();
  const megabytes = (blocks * chunk) / 1e6;
  const rate = (ms: number) => Math.round((megabytes / ms) * 1000);
  t.comment(
    `seal ${rate(sealed - begun)} MB/s, open ${rate(read - sealed)} MB/s, one byte ${each.toFixed(2)} ms`,
  );
});
