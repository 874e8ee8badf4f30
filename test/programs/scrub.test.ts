import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { ulid } from 'ulid';
import { withEntries } from '../../daemon/catalogue/entries.js';
import { keysFile } from '../../daemon/domain/paths.js';
import { nightDone, shareOf, WITHIN_DAYS } from '../../daemon/domain/recording/scrub.js';
import { createJobs } from '../../daemon/ops/jobs.js';
import { createScrub } from '../../daemon/recordings/scrub.js';
import { createSigningKey } from '../../daemon/vault/signing-key.js';
import { aNotice, aPlaying } from '../support/catalogue/every-row.js';
import { until } from '../support/recorder.js';
import { flip, scratch, vault, verifier } from '../support/recordings/sealed.js';
import { addRecording, get } from '../support/web/dashboard.js';
import { noted } from '../support/words.js';

const DAY = 86_400_000;

t.test('what was sealed before there were manifests gets one, marked; a damaged one does not', async (t) => {
  const v = await vault(t, 2);
  t.equal((await get(v.app, `/calls/${v.made[0]!.call.id}/manifest`, v.cookie)).statusCode, 404);
  t.match(await v.catalogue.seals.figures(), { recordings: 2, unsigned: 2 });
  flip(v.made[1]!.path, v.made[1]!.bytes, 100_000);
  await v.catalogue.notices.decide(aNotice(v.made[0]!.call.id));
  await v.catalogue.notices.tell(aPlaying(v.made[0]!.call.id));
  await v.scrub.run();
  t.match(await v.catalogue.seals.figures(), { recordings: 2, unsigned: 0, faults: 1 });
  const answer = JSON.parse((await get(v.app, `/calls/${v.made[0]!.call.id}/manifest`, v.cookie)).body);
  t.match(answer, { fault: null, key_id: /^[0-9a-f]{16}$/, public_key: /BEGIN PUBLIC KEY/ });
  t.match(JSON.parse(answer.text), {
    made_later: true,
    recording: { sealed: { sha256: v.made[0]!.recording.sealedSha256 } },
    policy: { version: null },
    consent: { notice: { mode: 'announce' }, played: [{ what: 'prompt', found: null }] },
  });
  t.equal(await v.catalogue.seals.manifest(v.made[1]!.recording.id), null);
  t.match(JSON.parse((await get(v.app, `/calls/${v.made[0]!.call.id}`, v.cookie)).body).seal, {
    ...{ made_later: true, fault: null, fault_at: null },
    signed_at: new Date(v.clock.ms).toISOString(),
  });
});

t.test(
  'a night waits while there is other work, goes on where it stopped, and says what it waits for',
  async (t) => {
    let busy: string | null = 'The load is high.';
    const v = await vault(t, 4, { busy: () => busy, pace: { waitMs: 5, rest: 0, nightMs: 60_000 } });
    const night = v.scrub.run();
    await until('the waiting', () => v.scrub.status()?.waitsFor === 'The load is high.');
    t.match(v.scrub.status(), { reading: true, recordings: 4 });
    t.match(await v.catalogue.seals.figures(), { unsigned: 4 }, 'nothing is read meanwhile');
    busy = null;
    await night;
    t.match(v.scrub.status(), { reading: false, waitsFor: null, unsigned: 0 });
  },
);

t.test(
  'a night that is too short goes on in the next, and a stop does not wait for a better time',
  async (t) => {
    let busy: string | null = 'The disk is busy.';
    const short = await vault(t, 4, { busy: () => busy, pace: { waitMs: 5, rest: 0, nightMs: 40 } });
    await short.scrub.run();
    t.match(await short.catalogue.seals.figures(), { unsigned: 4 }, 'the night is over');
    busy = null;
    let nights = 0;
    for (; nights < 2_000 && (await short.catalogue.seals.figures()).unsigned > 0; nights++)
      await short.scrub.run();
    t.match(await short.catalogue.seals.figures(), { unsigned: 0, recordings: 4 });
    busy = 'The load is high.';
    const stopped = short.scrub.run();
    await short.scrub.stop();
    await stopped;
  },
);

t.test('by its nights every recording is read again within 30 days, though some are left out', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 200 }),
      fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 4 }),
      (ages, off) => {
        const now = 100 * DAY;
        const all = ages.map((age) => ({ checkedAt: now - age * DAY }));
        for (let day = 0; day < 60; day++) {
          const at = now + day * DAY;
          if (all.some((f) => at - f.checkedAt > WITHIN_DAYS * DAY)) return false;
          if (off.includes(day)) continue;
          let done = 0;
          for (const f of all.toSorted((a, b) => a.checkedAt - b.checkedAt)) {
            if (nightDone(shareOf(all.length), done, f.checkedAt, at)) break;
            f.checkedAt = at;
            done += 1;
          }
        }
        return true;
      },
    ),
    { numRuns: 100 },
  );
});

/** What runs the check of all recordings on a vault. */
function checker(v: Awaited<ReturnType<typeof vault>>) {
  const catalogue = withEntries(v.catalogue, { clock: () => v.clock.ms, later: async () => {} });
  const scrub = createScrub({ ...v.deps, catalogue });
  const jobs = createJobs({
    ...{ store: catalogue.jobs, handlers: { recordings_check: scrub.checkEvery } },
    ...{ clock: () => v.clock.ms, mint: () => ulid(), log: pino({ level: 'silent' }) },
    pace: { saveMs: 0, lookMs: 5 },
  });
  const stop = async () => void (await Promise.all([jobs.stop(), scrub.stop()]));
  return { jobs, scrub, stop };
}

t.test(
  'every recording is read again now: what is damaged is counted, on its row and in the log',
  async (t) => {
    const v = await vault(t, 5);
    const { jobs, scrub, stop } = checker(v);
    t.teardown(stop);
    flip(v.made[1]!.path, v.made[1]!.bytes, 100_000);
    rmSync(v.made[3]!.path);
    await v.catalogue.recordings.eraseIntended(v.made[4]!.recording.id, noted('Over.'), 1);
    await v.catalogue.recordings.erased(v.made[4]!.recording.id, 2);
    jobs.start();
    scrub.start();
    v.clock.ms += 40 * DAY;
    const { job } = await jobs.ask('recordings_check');
    await addRecording(v, randomBytes(99), { recording: { sealedAt: v.clock.ms + 1 } });
    await until('the end', async () => (await v.catalogue.jobs.get(job.id))?.state === 'done');
    t.match(await v.catalogue.jobs.get(job.id), { done: 4, total: 4, faults: 2, cursor: /./ });
    t.match(await v.faultOf(1), /not those that were sealed/);
    t.match(await v.faultOf(3), /is missing/);
    t.match(await v.catalogue.seals.check(v.made[0]!.recording.id), { checkedAt: v.clock.ms, fault: null });
    await until('the alarm', () => v.standing.has('recording_damaged'));
    t.match(await v.catalogue.audit.entries({ actions: ['recordings_check'], limit: 9 }), [
      { actor: 'tapedeck', outcome: 'ok', detail: { job: job.id, read: 4, damaged: 2 } },
    ]);
    t.equal((await v.catalogue.audit.entries({ actions: ['damage'], limit: 9 })).length, 2);
  },
);

t.test('the check waits while there is other work, goes on after a restart, and is cancelled', async (t) => {
  let busy: string | null = null;
  let left = 3;
  const v = await vault(t, 6, {
    busy: () => {
      if (left-- <= 0) busy = 'The load is high.';
      return busy;
    },
  });
  const first = checker(v);
  first.jobs.start();
  const { job } = await first.jobs.ask('recordings_check');
  await until('the wait', async () => (await v.catalogue.jobs.get(job.id))?.done === 3);
  await until('the reason', async () => (await v.catalogue.jobs.get(job.id))?.error);
  t.match(await v.catalogue.jobs.get(job.id), {
    error: { code: 'check_waits', detail: 'The load is high.' },
  });
  await first.stop();
  t.match(await v.catalogue.jobs.get(job.id), { state: 'running', done: 3, total: 6 });
  const readBefore = v.made.slice(0, 3).map((m) => m.recording.id);

  v.clock.ms += DAY;
  [busy, left] = [null, 2];
  const next = checker(v);
  t.teardown(next.stop);
  next.jobs.start();
  await until('the wait', async () => (await v.catalogue.jobs.get(job.id))?.done === 5);
  for (const id of readBefore)
    t.equal((await v.catalogue.seals.check(id))?.checkedAt, v.clock.ms - DAY, 'it is not read a second time');
  await next.jobs.cancel(job.id);
  t.match(await v.catalogue.jobs.get(job.id), { state: 'cancelled', done: 5, total: 6, faults: 0 });
  [busy, left] = [null, 99];
  const again = await next.jobs.ask('recordings_check');
  t.equal(again.already, false);
  await until('the end', async () => (await v.catalogue.jobs.get(again.job.id))?.state === 'done');
  t.match(await v.catalogue.jobs.get(again.job.id), { done: 6, total: 6, error: null });
});

t.test('tapedeck verify tells the file, the signature and the row', async (t) => {
  const v = await vault(t, 3);
  const run = verifier(t, v);
  const [a, b] = v.made;
  t.match(await run('--all'), { code: 0, text: /3 verified: all/ });
  t.match(await run(a!.call.id), { code: 0, text: /not signed/ });
  await v.scrub.run();
  t.match(await run(a!.call.id), { code: 0, text: /ok.*signed.*\n.*made later/ });

  flip(a!.path, a!.bytes, 9_000);
  t.match(await run('--all'), { code: 1, text: new RegExp(`BAD.*${a!.call.id}[\\s\\S]*3 verified, 1 NOT`) });
  t.match(await v.faultOf(0), /not those that were sealed/, 'it is put on the row');
  t.match(await run('--damaged'), { code: 1, text: new RegExp(a!.call.id) });
  writeFileSync(a!.path, a!.bytes);

  await v.catalogue.calls.save({ ...(await v.catalogue.calls.get(b!.call.id))!, dialled: '999' });
  t.match(await run(b!.call.id), { code: 1, text: /differs from what was signed: call\.dialled/ });
  const pem = join(scratch(t), 'other.pem');
  writeFileSync(pem, createSigningKey(scratch(t), randomBytes(32)).publicKeyPem);
  t.match(await run('--all', '--public-key', pem), { code: 1, text: /public key .* is not there/ });
  t.match(JSON.parse((await run(b!.call.id, '--json')).text), { faults: [/call\.dialled/], key_id: /./ });

  await v.catalogue.recordings.eraseIntended(b!.recording.id, noted('Over.'), 1);
  await v.catalogue.recordings.erased(b!.recording.id, 2);
  t.match(await run(b!.call.id), { code: 0, text: /erased[\s\S]*hash is kept: [0-9a-f]{64}/ });
  await t.rejects(run(), { code: 'request_invalid' });
  await t.rejects(run('01NOSUCHCALL'), { code: 'call_unknown' });
});

t.test('tapedeck verify says of recordings that nobody can open that nobody can', async (t) => {
  const v = await vault(t, 3);
  await v.scrub.run();
  const lost = verifier(t, v, { lost: true });
  const all = await lost('--all');
  t.equal(all.code, 1);
  t.match(
    all.text,
    /3 verified: all as sealed and signed, as far as that can be told without opening them\./,
  );
  t.match(
    all.text,
    /3 CANNOT BE OPENED by anybody here: The master key cannot be read\..*ENOENT.*\n.*Restore/,
  );
  t.match(await lost(v.made[0]!.call.id), { code: 1, text: /ok.*\n.*CANNOT BE OPENED/ });
  t.equal(await v.faultOf(0), null, 'that is no fault of the recording');

  const db = new Database(keysFile(v.dataDir));
  db.prepare('DELETE FROM key WHERE recording_id = ?').run(v.made[1]!.recording.id);
  db.close();
  const one = await verifier(t, v)('--all');
  t.match(one, { code: 1, text: /3 verified, 1 NOT as they should be/ });
  t.match(one.text, new RegExp(`BAD.*${v.made[1]!.call.id}.*\\n.*key of this recording is missing`));
  t.notMatch(one.text, /CANNOT BE OPENED/);
});
