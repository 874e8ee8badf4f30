import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import t from 'tap';
import { withEntries } from '../../daemon/catalogue/entries.js';
import { createCliContext } from '../../daemon/cli/common/context.js';
import { exportCall } from '../../daemon/cli/export.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { createScrub } from '../../daemon/recordings/scrub.js';
import { until } from '../support/recorder.js';
import { flip, scratch, vault, verifier } from '../support/recordings/sealed.js';
import type { Dashboard } from '../support/web/dashboard.js';
import { noted } from '../support/words.js';

const DAY = 86_400_000;

/** What the audit log has of damage, oldest first. */
const damageIn = async ({ catalogue }: Pick<Dashboard, 'catalogue'>) =>
  (await catalogue.audit.entries({ actions: ['damage'], limit: 99 }))
    .reverse()
    .map((e) => [e.actor, e.object_id, e.detail.found, e.outcome]);

const header = (bytes: Buffer) => bytes.length - 200_000 - 4 * 16;

/** What can be done to a file (bar 28), and what is said of it. */
const damages: [what: string, harm: (v: Awaited<ReturnType<typeof vault>>) => void, said: RegExp][] = [
  [
    'one byte is changed',
    ({ made: [a] }) => flip(a!.path, a!.bytes, header(a!.bytes) + 100_000),
    /not those that were sealed/,
  ],
  [
    'it is cut at the edge of a chunk',
    ({ made: [a] }) => truncateSync(a!.path, header(a!.bytes) + 2 * (65_536 + 16)),
    /was cut/,
  ],
  [
    'two files have changed places',
    ({ made: [a, b] }) => {
      writeFileSync(a!.path, b!.bytes);
      writeFileSync(b!.path, a!.bytes);
    },
    /In its place is the file of recording/,
  ],
  [
    'it has another name',
    ({ made: [a] }) => renameSync(a!.path, `${a!.path}.old.age`),
    /is missing; recordings.*old\.age has the same bytes/,
  ],
  ['it is gone', ({ made: [a] }) => rmSync(a!.path), /Its file is missing/],
  [
    'something was added to it',
    ({ made: [a] }) => writeFileSync(a!.path, Buffer.concat([a!.bytes, Buffer.alloc(9)])),
    /was added to/,
  ],
];

for (const [what, harm, said] of damages)
  t.test(`found by the night when ${what}, and told until it is mended`, async (t) => {
    const v = await vault(t, 3);
    v.clock.ms += DAY;
    await v.scrub.run();
    t.same([await v.faultOf(0), v.standing.size], [null, 0], 'all is well before');
    harm(v);
    v.clock.ms += DAY;
    for (let night = 0; night < 3; night++, v.clock.ms += DAY) await v.scrub.run();
    t.match(await v.faultOf(0), said);
    t.match(v.standing.get('recording_damaged'), {
      severity: 'critical',
      message: new RegExp(v.made[0]!.call.id),
      hint: /backup/,
    });
    t.match(await v.shown(0), { fault: said });
    for (const { path, bytes } of v.made) writeFileSync(path, bytes);
    await v.scrub.run();
    t.same([await v.faultOf(0), await v.faultOf(1)], [null, null], 'a file that was put back counts');
    t.notOk(v.standing.has('recording_damaged'));
  });

for (const [what, harm] of damages)
  t.test(`found on play when ${what}, and alarmed`, async (t) => {
    const v = await vault(t, 2);
    harm(v);
    v.scrub.start();
    // The chunk that was changed is in the middle; the others are found before anything is sent.
    const answer = await v.play(0, 'bytes=70000-140000');
    t.equal(answer.statusCode, 500);
    t.equal(JSON.parse(answer.body).error.code, 'seal_damaged');
    await until('the alarm', () => v.standing.has('recording_damaged'));
    t.ok(await v.faultOf(0), 'and it is on its row');
    t.match(await damageIn(v), [['tapedeck', v.made[0]!.call.id, 'when it was played', 'failed']]);
    for (const { path, bytes } of v.made) writeFileSync(path, bytes);
    t.equal((await v.play(0)).statusCode, 200);
  });

t.test(
  'what breaks off in the middle of a play is on the row too, and a false alarm is not raised',
  async (t) => {
    const v = await vault(t, 2);
    const [a, b] = v.made;
    flip(a!.path, a!.bytes, header(a!.bytes) + 150_000);
    await t.rejects(v.play(0), 'the first chunks were sent already');
    await until('the row', () => v.faultOf(0));
    await v.catalogue.seals.checked(b!.recording.id, v.clock.ms, 'Somebody was wrong.');
    v.scrub.start();
    await until('the look', async () => (await v.faultOf(1)) === null);
    await until('the alarm', () => v.standing.has('recording_damaged'));
    t.notMatch(v.standing.get('recording_damaged')?.message, b!.call.id);
  },
);

t.test('the night finds what is wrong with what was signed, and names it', async (t) => {
  const v = await vault(t, 4);
  await v.scrub.run();
  t.match(await v.catalogue.seals.figures(), { faults: 0, unsigned: 0 });
  const db = new Database(catalogueFile(v.dataDir));
  t.teardown(() => db.close());
  const [a, b] = v.made.map((m) => m.recording.id);
  db.prepare('UPDATE manifests SET signature = ? WHERE recording_id = ?').run(
    randomBytes(64).toString('base64'),
    a,
  );
  db.prepare('DELETE FROM manifest_texts WHERE recording_id = ?').run(b);
  db.prepare('DELETE FROM manifests WHERE recording_id = ?').run(b);
  await v.catalogue.calls.save({ ...(await v.catalogue.calls.get(v.made[2]!.call.id))!, dialled: '999' });
  v.clock.ms += 27 * DAY;
  const scrub = createScrub({
    ...v.deps,
    catalogue: withEntries(v.catalogue, { clock: () => v.clock.ms, later: async () => {} }),
  });
  t.teardown(() => scrub.stop());
  await scrub.run();
  t.match(
    [await v.faultOf(0), await v.faultOf(1), await v.faultOf(2), await v.faultOf(3)],
    [/signature is not that/, /Manifest: it is gone/, /differs from what was signed: call\.dialled/, null],
  );
  t.match(v.standing.get('recording_damaged'), { severity: 'critical', message: /^3 recordings/ });
  t.same(
    (await damageIn(v)).map(([actor, call, found]) => [actor, call, found]).sort(),
    v.made
      .slice(0, 3)
      .map(({ call }) => ['tapedeck', call.id, 'when it was read again'])
      .sort(),
  );
  await scrub.run();
  t.equal((await damageIn(v)).length, 3, 'each once');
});

t.test('who meets damage on the command line leaves it on the row and in the log, once', async (t) => {
  const v = await vault(t, 3);
  const [a, b] = v.made;
  const run = verifier(t, v);
  flip(a!.path, a!.bytes, 9_000);
  t.match(await run(a!.call.id), { code: 1 });
  t.match(await run(a!.call.id), { code: 1 });
  t.match(await damageIn(v), [['console', a!.call.id, 'when it was verified', 'failed']]);
  v.clock.ms += DAY;
  await v.scrub.run();
  t.equal((await damageIn(v)).length, 1, 'what is known is not news at night');

  flip(b!.path, b!.bytes, header(b!.bytes) + 150_000);
  const config = join(scratch(t), 'tapedeck.toml');
  writeFileSync(join(config, '..', 'master.key'), v.masterKey.toString('base64'), { mode: 0o600 });
  writeFileSync(
    config,
    `[data]\ndir = ${JSON.stringify(v.dataDir)}\n[keys]\nmaster_key_file = "master.key"\n`,
  );
  const ctx = createCliContext(() => config);
  t.teardown(() => ctx.close());
  const program = new Command('tapedeck').exitOverride();
  exportCall(program, { ...ctx, out: () => {}, err: () => {} });
  const out = join(scratch(t), 'b.opus');
  await t.rejects(program.parseAsync(['export', b!.call.id, '-o', out], { from: 'user' }), {
    code: 'seal_damaged',
  });
  t.match((await damageIn(v))[1], ['console', b!.call.id, 'when it was exported', 'failed']);
  t.match(await v.faultOf(1), /altered or truncated/);

  await v.catalogue.recordings.eraseIntended(v.made[2]!.recording.id, noted('Over.'), 1);
  t.equal(await v.catalogue.seals.checked(v.made[2]!.recording.id, 2, 'Its file is missing.'), false);
  t.equal(await v.faultOf(2), null, 'what is being erased is not damaged');
});

t.test(
  'files that no recording knows are named and left alone; what is just being sealed is not',
  async (t) => {
    const v = await vault(t, 1);
    const stray = join(v.dataDir, 'recordings/2026/01/05');
    mkdirSync(stray, { recursive: true });
    copyFileSync(v.made[0]!.path, join(stray, 'STRAY.opus.age'));
    writeFileSync(join(stray, 'NEW.opus.age.tmp'), 'just now');
    const old = new Date(Date.now() - DAY);
    utimesSync(join(stray, 'STRAY.opus.age'), old, old);
    await v.scrub.run();
    t.match(v.standing.get('recording_stray'), {
      severity: 'warning',
      message: /STRAY/,
      hint: /leaves these files alone/,
    });
    t.notMatch(v.standing.get('recording_stray')?.message, /NEW/);
    t.same(readdirSync(stray).sort(), ['NEW.opus.age.tmp', 'STRAY.opus.age']);
    rmSync(join(stray, 'STRAY.opus.age'));
    await v.scrub.run();
    t.notOk(v.standing.has('recording_stray'));
  },
);
