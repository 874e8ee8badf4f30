import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import { ask } from '../../../daemon/ops/control-client.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { awayPbx, PBX_AWAY } from '../../support/box/away-pbx.js';
import { recorded } from '../../support/catalogue/opened.js';
import { createRecorderLab, type RecorderLab, until } from '../../support/recorder.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { ruled } from '../../support/recordings/retaining.js';
import { fill, mountSmall } from '../../support/small-disk.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MB = 1e6;
const now = Date.now();

/** Ten recordings of a megabyte, the first the oldest. Three are due since an hour: one of them is held, one has a minimum. */
const KEPT: Record<string, [ageDays: number, more: Partial<Recording>]> = {
  R0: [60, {}],
  R1: [45, {}],
  ...Object.fromEntries([2, 3, 4, 5].map((n) => [`R${n}`, [20 - n, {}]] as const)),
  R6: [4, { keepUntil: now - HOUR }],
  R7: [3, { keepUntil: now - HOUR }],
  R8: [2, { keepUntil: now - HOUR, minUntil: now + DAY }],
  R9: [1, {}],
};

async function seed(dataDir: string, master: string): Promise<void> {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  const store = createDiskStore(dataDir);
  const masterKey = Buffer.from(readFileSync(master, 'utf8'), 'base64');
  const keys = createKeys({ path: join(dataDir, 'keys', 'keys.db'), masterKey });
  keys.start();
  await catalogue.policy.save(ruled, 'test', now, (await catalogue.policy.newest()).version);
  for (const [id, [days, more]] of Object.entries(KEPT)) {
    const bytes = randomBytes(MB);
    const startedAt = now - days * DAY;
    await catalogue.calls.save(aCall(`C${id}`, { startedAt }));
    const recording = aRecording(id, `C${id}`, {
      ...{ sealedAt: startedAt, sealedBytes: bytes.length, keepRule: 'Short', ...more },
      sealedSha256: createHash('sha256').update(bytes).digest('hex'),
    });
    await store.put(recording, Readable.from([bytes]));
    await catalogue.recordings.sealed(recording, randomBytes(9), recorded);
    // As the recorder does: a recording that it has not noted is on no certificate.
    const { plainSha256, sealedSha256 } = recording;
    keys.register().seal({ recordingId: id, plainSha256, sealedSha256, manifestSha256: null });
    keys.register().settle(id);
  }
  const matter = { id: 'M', name: 'Matter', reason: 'Dispute', query: null, openedBy: 'ada', openedAt: now };
  await catalogue.holds.open(matter, ['R7']);
  keys.stop();
  await catalogue.stop();
}

async function rows({ dataDir }: RecorderLab): Promise<Record<string, string>> {
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  const found = await catalogue.recordings.after('', 99);
  await catalogue.stop();
  return Object.fromEntries(found.map(({ id, state, tier }) => [id, `${state} ${tier}`]));
}
t.test(
  'a full disk moves recordings early, then erases what is due, and nothing that is protected',
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const archive = join(dir, 'archive');
    mkdirSync(archive);
    const lab = createRecorderLab({
      ...{ dir, extra: `[archive]\ndirectory = "${archive}"\nreserve_mb = 1\n` },
      pbx: awayPbx(dir),
    });
    const { refused } = mountSmall(t, { mb: 60, at: lab.dataDir });
    if (refused) return void t.pass('on a disk of its own', { skip: refused });
    t.teardown(() => lab.stop());
    const start = () => lab.startDaemon(PBX_AWAY);
    await start();
    await lab.stopDaemon();
    await seed(lab.dataDir, join(dir, 'master.key'));

    const refusedInit = await lab.command(['archive', 'run']);
    t.match(refusedInit, { code: 1 }, 'while no recorder runs nothing moves');
    t.match(await lab.command(['doctor']), { out: /FAIL {2}archive .*not marked as an archive/ });
    t.match(await lab.command(['archive', 'init']), { code: 0, out: /is the archive now/ });
    t.match(await lab.command(['archive', 'init']), { code: 0, out: /already/ });
    t.match(await lab.command(['doctor']), { out: /ok {4}archive .*free/ });
    await start();
    t.match(await lab.command(['archive', 'run']), { code: 0, out: /The move is job/ });
    const status = async () => (await ask(lab.dataDir, 'status')).archive!;
    await until('what is old enough moved', async () => (await status()).archive.recordings === 2);
    t.match(await rows(lab), { R0: 'sealed archive', R1: 'sealed archive', R2: 'sealed hot' });
    t.match(await lab.command(['archive', 'status']), { code: 0, out: /In the archive +2 recordings, 2 MB/ });
    const done = /moving recordings to the archive +done .* 2 moved/;
    await until('the end of the move', async () => done.test((await lab.command(['jobs'])).out));

    fill(lab.dataDir, 6 * MB);
    const reserve = async () =>
      (await ask(lab.dataDir, 'status')).alarms.some(({ why }) => why?.code === 'disk_reserve');
    await until('the reserve is touched', reserve);
    await until('room was made', async () => !(await reserve()), 150_000);
    const moved = await rows(lab);
    t.match(
      moved,
      { R2: 'sealed archive', R3: 'sealed archive', R9: 'sealed hot' },
      'the oldest, before their time',
    );
    t.ok(
      Object.values(moved).every((row) => row.startsWith('sealed ')),
      'nothing was erased',
    );

    renameSync(archive, `${archive}-away`);
    mkdirSync(archive);
    await until('it is noticed', async () => (await status()).problem !== null);
    fill(lab.dataDir, 6 * MB);
    await until('what is due is erased', async () => (await rows(lab)).R6?.startsWith('erased'), 150_000);
    const erased = await rows(lab);
    for (const [id, row] of Object.entries(erased))
      if (id !== 'R6') t.match(row, /^sealed /, `${id} is kept`);
    const told = await lab.command(['archive', 'status']);
    t.match(told, { code: 1, out: /State +\S+ is not marked as an archive/ });
    t.match(await lab.command(['status']), { out: /FAILING: \S+ is not marked/ });
    const catalogue = createSqliteCatalogue({ path: catalogueFile(lab.dataDir) });
    await catalogue.start();
    await until('its certificate', async () => (await catalogue.certificates.count()) === 1);
    t.match(await catalogue.certificates.get(1), { kind: 'room', items: 1 });
    await catalogue.stop();
  },
);
