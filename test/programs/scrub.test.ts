import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { nightDone, shareOf, WITHIN_DAYS } from '../../daemon/domain/recording/scrub.js';
import { createSigningKey } from '../../daemon/vault/signing-key.js';
import { until } from '../support/recorder.js';
import { scratch, vault, verifier } from '../support/recordings/sealed.js';
import { flip, get } from '../support/web/dashboard.js';
import { noted } from '../support/words.js';

const DAY = 86_400_000;

t.test('what was sealed before there were manifests gets one, marked; a damaged one does not', async (t) => {
  const v = await vault(t, 2);
  t.equal((await get(v.app, `/calls/${v.made[0]!.call.id}/manifest`, v.cookie)).statusCode, 404);
  t.match(await v.catalogue.sealFigures(), { recordings: 2, unsigned: 2 });
  flip(v.made[1]!.path, v.made[1]!.bytes, 100_000);
  await v.scrub.run();
  t.match(await v.catalogue.sealFigures(), { recordings: 2, unsigned: 0, faults: 1 });
  const answer = JSON.parse((await get(v.app, `/calls/${v.made[0]!.call.id}/manifest`, v.cookie)).body);
  t.match(answer, { fault: null, key_id: /^[0-9a-f]{16}$/, public_key: /BEGIN PUBLIC KEY/ });
  t.match(JSON.parse(answer.text), {
    made_later: true,
    recording: { sealed: { sha256: v.made[0]!.recording.sealedSha256 } },
    policy: { version: null },
  });
  t.equal(await v.catalogue.manifest(v.made[1]!.recording.id), null);
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
    t.match(await v.catalogue.sealFigures(), { unsigned: 4 }, 'nothing is read meanwhile');
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
    t.match(await short.catalogue.sealFigures(), { unsigned: 4 }, 'the night is over');
    busy = null;
    let nights = 0;
    for (; nights < 50 && (await short.catalogue.sealFigures()).unsigned > 0; nights++)
      await short.scrub.run();
    t.match(await short.catalogue.sealFigures(), { unsigned: 0, recordings: 4 });
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

  await v.catalogue.saveCall({ ...(await v.catalogue.call(b!.call.id))!, dialled: '999' });
  t.match(await run(b!.call.id), { code: 1, text: /differs from what was signed: call\.dialled/ });
  const pem = join(scratch(t), 'other.pem');
  writeFileSync(pem, createSigningKey(scratch(t), randomBytes(32)).publicKeyPem);
  t.match(await run('--all', '--public-key', pem), { code: 1, text: /public key .* is not there/ });
  t.match(JSON.parse((await run(b!.call.id, '--json')).text), { faults: [/call\.dialled/], key_id: /./ });

  await v.catalogue.eraseIntended(b!.recording.id, noted('Over.'), 1);
  await v.catalogue.erased(b!.recording.id, 2);
  t.match(await run(b!.call.id), { code: 0, text: /erased[\s\S]*hash is kept: [0-9a-f]{64}/ });
  await t.rejects(run(), { code: 'request_invalid' });
  await t.rejects(run('01NOSUCHCALL'), { code: 'call_unknown' });
});
