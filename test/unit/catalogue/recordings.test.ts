import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import t from 'tap';
import { opened, recorded, segment } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

t.test('purged peaks leave nothing in any file of the catalogue', async (t) => {
  const { catalogue, path } = await opened(t);
  const marks = new Map<string, Buffer>();
  const gone: Buffer[] = [];
  const sizes = [40, 700, 1_500, 3_200, 4_061, 4_092, 6_000, 20_000];
  for (let i = 0; i < 300; i++) {
    const id = randomBytes(13).toString('hex');
    const mark = randomBytes(16);
    await catalogue.calls.save(aCall(id));
    const peaks = Buffer.alloc(sizes[i % sizes.length]!, mark);
    await catalogue.recordings.sealed(aRecording(id, id), peaks, recorded);
    marks.set(id, mark);
    const victim = [...marks.keys()][(i * 7919) % marks.size]!;
    if (i % 3 === 0) continue;
    await catalogue.recordings.eraseIntended(victim, noted('x'), 1);
    await catalogue.recordings.erased(victim, 2);
    gone.push(marks.get(victim)!);
    marks.delete(victim);
  }
  t.ok(await catalogue.checkpoint());
  t.equal(statSync(`${path}-wal`).size, 0);
  const file = readFileSync(path);
  t.equal(gone.filter((mark) => file.includes(mark)).length, 0);
  t.equal([...marks.values()].filter((mark) => !file.includes(mark)).length, 0, 'the others are there');
  const inRows = [...marks.values()].filter((mark) => localParts(file).includes(mark.subarray(0, 8)));
  t.equal(inRows.length, 0, 'no peaks stand in a page whose rows may move');
});

/** All pages of the file that are b-tree leaves of tables (first byte 13). */
function localParts(file: Buffer): Buffer {
  const pages = Array.from({ length: file.length / 4096 }, (_, i) => file.subarray(i * 4096, (i + 1) * 4096));
  return Buffer.concat(pages.filter((p) => p[0] === 13 && p.readUInt16BE(3) > 0 && p.readUInt16BE(3) < 200));
}

t.test('time that a file lacks is kept beside its segment, and goes with it', async (t) => {
  const { catalogue, path } = await opened(t);
  await catalogue.calls.save(aCall('A', { test: true }));
  await catalogue.segments.save(segment('A', 0));
  const lost = { in: [{ fromMs: 0, toMs: 2_048, ms: 400 }], out: [] };
  await catalogue.segments.saveLost('A', 0, lost);
  await catalogue.segments.save(segment('A', 0, { state: 'preserved' }));
  t.match(
    await catalogue.segments.of('A'),
    [{ state: 'preserved', lost }],
    'who saves the segment does not touch it',
  );
  const other = new Database(path);
  t.teardown(() => other.close());
  for (const broken of ['{', '{"in":[{}],"out":[]}', 'null']) {
    other.prepare('UPDATE segment_losses SET lost = ?').run(broken);
    t.equal(
      (await catalogue.segments.of('A'))[0]!.lost,
      undefined,
      `${broken}: the segment is there all the same`,
    );
  }
  other.pragma('foreign_keys = ON');
  other.exec("DELETE FROM segments WHERE call_id = 'A'");
  t.same(other.prepare('SELECT * FROM segment_losses').all(), []);
});
