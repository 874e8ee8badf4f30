import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { publicKeys } from '../../../daemon/vault/signing-key.js';
import { fileOf, verified } from '../../support/certificates/certifying.js';
import {
  furnishArchive,
  NOW,
  openArchiveHouse,
  whereIs,
} from '../../support/recordings/archive-until-killed.js';
import { noted } from '../../support/words.js';

/** Three recordings of 60, 45 and 1 day, and an archive that takes those of more than 30. */
async function furnished(t: Test, keep: Record<string, number | null> = {}) {
  const dir = t.testdir();
  const files = await furnishArchive(dir, keep);
  const house = await openArchiveHouse(dir);
  t.teardown(() => house.close());
  const place = (id: string) => whereIs(dir, id);
  const unmount = () => {
    renameSync(house.directory, `${house.directory}-away`);
    mkdirSync(house.directory);
  };
  const mount = () => {
    rmSync(house.directory, { recursive: true });
    renameSync(`${house.directory}-away`, house.directory);
  };
  return { ...house, dir, files, place, unmount, mount };
}

t.test('what is old enough moves, once, and what is where is known', async (t) => {
  const v = await furnished(t);
  await v.run();
  t.same(['R1', 'R2', 'R3'].map(v.place), ['archive', 'archive', 'hot']);
  t.match(v.archiving.status(), {
    ...{ problem: null, left: 0 },
    hot: { recordings: 1, bytes: 600_000 },
    archive: { recordings: 2, bytes: 1_200_000 },
  });
  t.same(v.ran, [{ moved: 2, failed: 0, removed: 0 }]);
  t.match(
    v.saved,
    [0, 1, 2, 2].map((done) => ({ done, total: 2 })),
    'how far it is, from the beginning',
  );
  await v.run();
  t.same(v.ran.length, 1, 'nothing is left to do');
});

t.test(
  'while the archive is away nothing moves, an alarm names it, and it goes on when it is back',
  async (t) => {
    const v = await furnished(t);
    v.unmount();
    await t.rejects(v.run(), { code: 'archive_unreachable' });
    t.same(['R1', 'R2', 'R3'].map(v.place), ['hot', 'hot', 'hot']);
    t.match(v.alarms.get('archive_unreachable'), {
      severity: 'warning',
      why: { params: { detail: /archive is not marked as an archive/ } },
    });
    t.notOk(existsSync(join(v.directory, 'recordings')), 'nothing was written into the empty mount point');
    v.mount();
    await v.run();
    t.equal(v.asked(), 1, 'what failed while it was away is asked for again');
    t.same([...v.alarms.keys()], []);
    t.equal(v.place('R1'), 'archive');
  },
);

t.test('an archive that can be read and not written is told apart', async (t) => {
  const v = await furnished(t);
  await v.run();
  v.archive.room = async () => ({ freeBytes: 1e9, totalBytes: 2e9, freeInodes: null, fault: 'EROFS' });
  await t.rejects(v.run(), { code: 'disk_failed', detail: /cannot be written \(EROFS\)/ });
  t.same([...v.alarms.keys()], ['archive_unwritable']);
  t.equal(
    await v.store.exists((await v.catalogue.recordings.get('R1'))!).then((found) => found?.bytes),
    600_000,
  );
});

t.test('an erasure destroys the key at once, and the file when the archive is back', async (t) => {
  const v = await furnished(t, { R1: NOW - 1, R2: NOW - 1, R3: NOW - 1 });
  await v.run();
  v.unmount();
  t.match(await v.retain.run(), { erased: 3, failed: 0 });
  for (const id of ['R1', 'R2', 'R3']) {
    t.match(await v.catalogue.recordings.get(id), { state: 'erased' });
    t.equal(v.keys.has(id), false, 'nobody can open it any more');
    t.equal(await v.catalogue.recordings.peaks(id), null);
  }
  const [pem] = publicKeys(v.dir).values();
  const certificate = verified(await fileOf(v.catalogue, 1, pem!));
  t.equal(certificate.fault, null);
  t.same(
    certificate.items.map(({ recording, verified: { key, file } }) => [recording, key, file]).sort(),
    [
      ['R1', 'absent', 'pending'],
      ['R2', 'absent', 'pending'],
      ['R3', 'absent', 'absent'],
    ],
    'the certificate says what is left',
  );
  t.match(certificate.statement, {
    verification: { failed: 2 },
    method: /pending: 2\. They are in an archive/,
  });
  v.mount();
  t.equal(v.place('R1'), 'archive');
  await v.run();
  t.same(['R1', 'R2', 'R3'].map(v.place), ['neither', 'neither', 'neither']);
  t.same(v.ran.at(-1), { moved: 0, failed: 0, removed: 2 });
  const entries = await v.catalogue.audit.entries({ actions: ['archive'], limit: 9 });
  t.same(entries.map(({ detail }) => detail.recording).sort(), ['R1', 'R2'], 'each is in the audit log');
  t.match(v.archiving.status(), { left: 0 });
});

t.test('when room runs out the oldest move before their time, and no more than it takes', async (t) => {
  const v = await furnished(t, { R1: NOW + 1 });
  let moved = 0;
  await v.archiving.makeRoom(async () => ++moved > 2);
  t.same(['R1', 'R2', 'R3'].map(v.place), ['archive', 'archive', 'hot']);
  await v.archiving.makeRoom(async () => false);
  t.equal(v.place('R3'), 'archive', 'also the youngest');
  for (const id of ['R1', 'R2', 'R3']) t.match(await v.catalogue.recordings.get(id), { state: 'sealed' });
});

t.test('a recording that is damaged at home is not moved, and the others are', async (t) => {
  const v = await furnished(t);
  const file = join(v.dir, (await v.catalogue.recordings.get('R1'))!.file);
  const bytes = readFileSync(file);
  bytes[1_000]! ^= 1;
  writeFileSync(file, bytes);
  await v.run();
  t.same(['R1', 'R2', 'R3'].map(v.place), ['hot', 'archive', 'hot'], 'nothing of it is left in the archive');
  t.match(await v.catalogue.recordings.get('R1'), { tier: 'hot' });
  t.match(v.alarms.get('archive_fails'), {
    why: { params: { recording: 'R1', detail: /not as it was sealed/ } },
  });
  t.same(v.ran, [{ moved: 1, failed: 1, removed: 0 }]);
});

t.test('a recording that is being erased is left to that', async (t) => {
  const v = await furnished(t);
  await v.catalogue.recordings.eraseIntended('R1', noted('Asked for.'), NOW);
  await v.run();
  t.equal(v.place('R1'), 'hot');
  await v.retain.recover();
  t.equal(v.place('R1'), 'neither');
});
