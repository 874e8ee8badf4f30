import { createHash, randomBytes } from 'node:crypto';
import type { Test } from 'tap';
import type { BackupTarget } from '../../daemon/vault/backup/target.js';

async function* pieces(bytes: Uint8Array, size = 10_007): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
export async function contentOf(target: BackupTarget, name: string, piece = 256 * 1024): Promise<Buffer> {
  const file = await target.open(name);
  const read: Buffer[] = [];
  try {
    for (let at = 0; at < file.size; at += read.at(-1)!.length) read.push(await file.read(at, piece));
  } finally {
    await file.close();
  }
  return Buffer.concat(read);
}
export async function namesOf(target: BackupTarget, folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of target.list(folder)) names.push(name);
  return names.sort();
}
const hashed = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What every place for backups keeps to. `make` gives one that is empty; `spoil` changes a byte of an object behind its back. */
export async function targetContract(
  t: Test,
  make: (t: Test) => Promise<{ target: BackupTarget; spoil: (name: string) => void }>,
): Promise<void> {
  await t.test('what was stored is there, whole, in pieces of any length', async (t) => {
    const { target } = await make(t);
    await target.ready();
    t.same(await namesOf(target, 'sealed'), [], 'empty');
    t.equal(await target.size('sealed/ab/none'), null);
    await t.rejects(target.open('sealed/ab/none'), { code: 'backup_damaged' });
    for (const size of [0, 1, 65_536, 1_048_576, 9_000_001]) {
      const [name, bytes] = [`sealed/aa/${size}`, randomBytes(size)];
      t.equal(await target.put(name, pieces(bytes)), size);
      t.equal(await target.size(name), size);
      t.equal(hashed(await contentOf(target, name)), hashed(bytes), `${size} bytes`);
      t.equal(hashed(await contentOf(target, name, 77_777)), hashed(bytes), 'in pieces of another length');
      const file = await target.open(name);
      const from = Math.floor(size / 2);
      t.same(await file.read(from, 1_000), bytes.subarray(from, from + 1_000), 'from the middle');
      t.same((await file.read(size, 10)).length, 0, 'after its end');
      await file.close();
    }
    const listed: [string, number | null][] = [];
    for await (const { name, bytes } of target.list('sealed')) listed.push([name, bytes]);
    t.same(
      listed.sort(([a], [b]) => (a < b ? -1 : 1)),
      [0, 1, 1_048_576, 65_536, 9_000_001].map((size) => [`sealed/aa/${size}`, size]),
    );
    t.same(await namesOf(target, 'lists'), [], 'each folder by itself');
  });

  await t.test('an object is replaced as a whole, and removed', async (t) => {
    const { target, spoil } = await make(t);
    await target.put('lists/newest.json', Buffer.from('one'));
    await target.put('lists/newest.json', Buffer.from('the second'));
    t.equal(String(await contentOf(target, 'lists/newest.json')), 'the second');
    spoil('lists/newest.json');
    t.not(String(await contentOf(target, 'lists/newest.json')), 'the second', 'nothing of it is remembered');
    await target.remove('lists/newest.json');
    await target.remove('lists/newest.json');
    t.equal(await target.size('lists/newest.json'), null);
    await target.put('lists/newest.json', Buffer.from('again'));
    t.same(await namesOf(target, 'lists'), ['lists/newest.json']);
  });

  await t.test('a source that fails leaves what was there, and nothing else', async (t) => {
    const { target } = await make(t);
    await target.put('backups/a/0.age', Buffer.from('as it was'));
    for (const size of [10, 3_000_000, 20_000_000]) {
      async function* failing() {
        yield* pieces(randomBytes(size), 100_000);
        throw Object.assign(new Error('made up'), { code: 'MADE_UP' });
      }
      for (const name of ['backups/a/0.age', 'backups/a/1.age'])
        await t.rejects(target.put(name, failing()), { code: 'MADE_UP' }, `after ${size} bytes`);
    }
    t.equal(String(await contentOf(target, 'backups/a/0.age')), 'as it was');
    t.same(await namesOf(target, 'backups'), ['backups/a/0.age']);
  });

  await t.test('no name leads anywhere else', async (t) => {
    const { target } = await make(t);
    for (const name of ['../x', 'a/../../x', '/etc/passwd', 'a//b', '', 'a/.b', 'a\0b', 'a/b/', '.'])
      for (const verb of [
        () => target.put(name, Buffer.from('x')),
        () => target.open(name),
        async () => target.size(name),
        () => target.remove(name),
      ])
        await t.rejects(verb as () => Promise<unknown>, { code: 'internal' }, JSON.stringify(name));
  });
}
