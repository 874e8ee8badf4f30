import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { markArchive } from '../../../daemon/vault/store/archive.js';
import { vault, verifier } from '../../support/recordings/sealed.js';

/** Three recordings, of which the first two are in the archive. */
async function archived(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'tapedeck-archive-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const v = await vault(t, 3, {}, directory);
  await markArchive(directory, await v.catalogue.audit.id());
  for (const { recording } of v.made.slice(0, 2)) {
    await v.catalogue.tiers.begin(recording.id);
    await v.tiers.copy(recording);
    await v.tiers.removeHot(recording);
    await v.catalogue.tiers.moved(recording.id);
  }
  return { ...v, directory };
}

t.test('a recording in the archive is played as any other', async (t) => {
  const { made, play, directory } = await archived(t);
  t.ok(existsSync(join(directory, made[0]!.recording.file)));
  const [there, here] = [await play(0), await play(2)];
  t.equal(there.statusCode, 200);
  t.equal(there.headers['content-length'], here.headers['content-length']);
  const part = await play(0, 'bytes=70000-140000');
  t.equal(part.statusCode, 206);
  t.equal(part.headers['content-range'], `bytes 70000-140000/${made[0]!.recording.plainBytes}`);
  t.ok(part.rawPayload.equals(there.rawPayload.subarray(70_000, 140_001)));
});

t.test('while the archive is not mounted, a recording in it is out of reach and not damaged', async (t) => {
  const { made, play, directory, scrub, catalogue, standing, faultOf } = await archived(t);
  await scrub.run();
  t.match(await catalogue.seals.figures(), { recordings: 3, faults: 0, unsigned: 0 }, 'all are read');
  const checkedAt = (await catalogue.seals.check(made[0]!.recording.id))!.checkedAt;
  renameSync(directory, `${directory}-away`);
  t.teardown(() => rmSync(`${directory}-away`, { recursive: true, force: true }));
  mkdirSync(directory);
  const refused = await play(0);
  t.equal(refused.statusCode, 503);
  t.match(JSON.parse(refused.body), { error: { code: 'archive_unreachable' } });
  t.equal((await play(2)).statusCode, 200, 'what is here is played');
  await scrub.run();
  for (const n of [0, 1, 2]) t.equal(await faultOf(n), null);
  t.same([...standing.keys()], [], 'no alarm says that a recording is damaged, or a file nobody knows');
  t.equal(
    (await catalogue.seals.check(made[0]!.recording.id))!.checkedAt,
    checkedAt,
    'it counts as not read',
  );
  rmSync(directory, { recursive: true });
  renameSync(`${directory}-away`, directory);
  t.equal((await play(0)).statusCode, 200);
});

t.test('damage in the archive is found as anywhere else', async (t) => {
  const { made, directory, scrub, faultOf } = await archived(t);
  rmSync(join(directory, made[0]!.recording.file));
  await scrub.run();
  t.equal(await faultOf(0), 'Its file is missing.');
  t.equal(await faultOf(1), null);
});

t.test('the command line says which recordings it could not read', async (t) => {
  const v = await archived(t);
  await v.scrub.run();
  // Its configuration names no archive.
  const { text, code } = await verifier(t, v)('--all');
  t.match(text, /^1 verified: all as sealed and signed\.\n2 NOT READ: the archive cannot be reached/);
  t.equal(code, 1, 'what was not read is not verified');
  t.match(await verifier(t, v)(v.made[0]!.call.id), {
    text: /NOT READ: its file is in the archive/,
    code: 1,
  });
  t.match(await verifier(t, v)(v.made[2]!.call.id), { code: 0 });
});
