import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { inThisThread } from '../../support/catalogue/in-this-thread.js';
import {
  type ArchiveHouse,
  furnishArchive,
  NOW,
  openArchiveHouse,
  whereIs,
} from '../../support/recordings/archive-until-killed.js';
import { killedAt, killedBeforeEach } from '../../support/recordings/killed-at.js';

const PROGRAM = 'archive-until-killed.ts';

/** What is read of a recording, by its row as it is now. */
async function read({ catalogue, store }: ArchiveHouse, id: string): Promise<Buffer> {
  const file = await store.open((await catalogue.recordings.get(id))!);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

t.test(
  'killed before any step, a move comes to the same end, and the recording is readable throughout',
  async (t) => {
    const base = t.testdir();
    const files = await furnishArchive(join(base, 'start'));
    const verbs: string[] = [];
    for await (const { dir, said, at, again } of killedBeforeEach(t, PROGRAM, join(base, 'start'))) {
      if (!again) verbs.push(said);
      const house = await openArchiveHouse(dir, undefined, inThisThread);
      for (const [id, bytes] of files) t.ok(bytes.equals(await read(house, id)), `${at}: ${id} is readable`);
      await house.run();
      for (const [id, tier] of Object.entries({ R1: 'archive', R2: 'archive', R3: 'hot' })) {
        t.equal(whereIs(dir, id), tier, `${at}: the end of ${id}`);
        t.match(await house.catalogue.recordings.get(id), { tier, state: 'sealed' });
        t.ok(files.get(id)!.equals(await read(house, id)), `${at}: ${id} has its bytes`);
      }
      await house.close();
    }
    t.equal(verbs.at(-1), 'finished');
    for (const verb of ['catalogue.tiers.begin', 'store.copy', 'store.removeHot', 'catalogue.tiers.moved'])
      t.equal(verbs.filter((v) => v === verb).length, 2, `it was killed before each ${verb}`);
  },
);

t.test('killed in the middle of a copy, what is half there is never taken for the recording', async (t) => {
  const base = t.testdir();
  const files = await furnishArchive(join(base, 'start'));
  const dir = join(base, 'start');
  const house = await openArchiveHouse(dir);
  const row = (await house.catalogue.recordings.get('R1'))!;
  await house.catalogue.tiers.begin('R1');
  // Under the final name too, as after a power cut on a storage that had not written what it had said.
  await house.store.copy(row);
  writeFileSync(join(house.directory, row.file), files.get('R1')!.subarray(0, 1_000));
  writeFileSync(join(house.directory, `${row.file}.tmp`), 'half');
  t.ok(files.get('R1')!.equals(await read(house, 'R1')), 'the data directory counts');
  await house.run();
  t.equal(whereIs(dir, 'R1'), 'archive');
  t.ok(files.get('R1')!.equals(await read(house, 'R1')));
  await house.close();
});

t.test('killed before any step of a move, an erasure removes both', async (t) => {
  const base = t.testdir();
  await furnishArchive(join(base, 'start'), { R1: NOW - 1 });
  for (let nth = 1; nth <= 5; nth++) {
    const dir = join(base, `erased-${nth}`);
    cpSync(join(base, 'start'), dir, { recursive: true });
    const { said } = await killedAt(PROGRAM, dir, nth);
    const house = await openArchiveHouse(dir);
    await house.retain.run();
    t.match(await house.catalogue.recordings.get('R1'), { state: 'erased' }, `${nth} ${said}`);
    t.equal(whereIs(dir, 'R1'), 'neither', `${nth} ${said}`);
    t.equal(house.keys.has('R1'), false);
    t.same(await house.catalogue.tiers.left('', 9), []);
    await house.close();
  }
});
