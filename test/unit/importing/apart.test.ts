import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { endRemote, listRemote } from '../../../daemon/originals/apart/remote.js';
import { createOriginalsServer } from '../../../daemon/originals/apart/server.js';
import { listOriginals, type Original } from '../../../daemon/originals/list.js';

async function collected(list: AsyncIterable<Original>): Promise<Original[]> {
  const all: Original[] = [];
  for await (const one of list) all.push(one);
  return all;
}

t.test('originals are listed and read by way of another process as they are here', async (t) => {
  // The path of a socket has 107 bytes at most.
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(base, { recursive: true }));
  const [dir, socket] = [join(base, 'monitor'), join(base, 'sock')];
  for (const day of ['01', '02']) {
    mkdirSync(join(dir, day), { recursive: true });
    writeFileSync(join(dir, day, `out-${day}.wav`), randomBytes(700_000));
  }
  writeFileSync(join(dir, 'notes.txt'), 'no audio');
  writeFileSync(join(base, 'outside.wav'), 'secret');
  symlinkSync(join(base, 'outside.wav'), join(dir, '02', 'link.wav'));
  const server = await createOriginalsServer(dir);
  await server.listen(socket);
  t.teardown(server.stop);

  const shape = ({ path, shown, kind }: Original) => ({ path, shown, kind });
  const there = await collected(listRemote(socket, ''));
  t.same(there.map(shape), (await collected(listOriginals(dir))).map(shape));
  t.same(
    (await collected(listRemote(socket, '01/out-01.wav'))).map(({ path }) => path),
    ['02/link.wav', '02/out-02.wav'],
  );

  const [first] = there as [Original];
  const bytes = readFileSync(join(dir, first.path));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const opened = await first.open();
  t.same(await opened.head(64), bytes.subarray(0, 64));
  t.equal((await opened.hash(null)).sha256, sha256);
  const left = opened.read(sha256);
  left.on('error', () => {});
  left.read(1);
  left.destroy();
  t.ok((await buffer(opened.read(sha256))).equals(bytes), 'also after a reader that was given up');
  writeFileSync(join(dir, first.path), randomBytes(700_000));
  t.equal(await opened.unchanged(), false);
  await t.rejects(buffer(opened.read(sha256)), /it changed while it was read/);
  await opened.close();

  const link = there.find(({ kind }) => kind === 'link')!;
  await t.rejects(link.open(), { code: 'ELOOP' }, 'a link is not followed');
  const second = there.find(({ path }) => path === '02/out-02.wav')!;
  renameSync(join(dir, '02'), join(dir, '03'));
  symlinkSync(join(dir, '03'), join(dir, '02'));
  await t.rejects(second.open(), { code: 'ELOOP' }, 'nor one that a folder was swapped for');
  const notes = listRemote(socket, '');
  await notes.next();
  await endRemote(socket);
  await notes.return(undefined);
  await server.over;
  t.pass('it ends once nobody is connected');
});
