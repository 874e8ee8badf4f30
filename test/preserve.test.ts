import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createSpool } from '../daemon/capture/spool.js';
import { createSqliteCatalogue } from '../daemon/catalogue/sqlite/catalogue.js';
import { spoolName } from '../daemon/domain/recording.js';
import { createFfmpeg } from '../daemon/encode/ffmpeg.js';
import { createPreserver } from '../daemon/preserve.js';
import { createKeys } from '../daemon/vault/keys.js';
import { openSealed } from '../daemon/vault/open.js';
import { sealStream } from '../daemon/vault/seal.js';
import { aCall } from './support/a-call.js';
import { until } from './support/recorder.js';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const answeredAt = Date.UTC(2026, 0, 5, 9, 0, 0);

/** 8 kHz mono wav of a tone. `declared` is the length that its header tells. */
function wav(seconds: number, declared?: number): Buffer {
  const data = Buffer.alloc(Math.round(seconds * 8_000) * 2);
  for (let i = 0; i < data.length / 2; i++) data.writeInt16LE(Math.round(8000 * Math.sin(i / 3)), i * 2);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + (declared ?? data.length), 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(declared ?? data.length, 40);
  return Buffer.concat([head, data]);
}

/** A preserver on real parts, and an ended call whose two spool files are these bytes. */
async function open(t: Test, files: { in?: Buffer; out?: Buffer }, ffmpeg = 'ffmpeg') {
  const dir = t.testdir({});
  const spoolDir = join(dir, 'spool');
  mkdirSync(spoolDir);
  const catalogue = createSqliteCatalogue({ path: join(dir, 'catalogue.db') });
  await catalogue.start();
  const keys = createKeys({ path: join(dir, 'keys.db'), masterKey: new Uint8Array(32).fill(7) });
  keys.start();
  const absent = async () => {
    throw new Error('the PBX has no such recording');
  };
  const preserver = createPreserver({
    catalogue,
    spool: createSpool({
      dir: spoolDir,
      workDir: join(dir, 'work'),
      remote: { stored: absent, storedNames: async () => [], deleteStored: async () => {} },
    }),
    ffmpeg: createFfmpeg({ path: ffmpeg }),
    keys,
    seal: sealStream,
    open: openSealed,
    dataDir: dir,
    bitrate: 24_000,
    complexity: 5,
    atOnce: 1,
    clock: () => answeredAt + 60_000,
    log: pino({ level: 'silent' }),
  });
  t.teardown(async () => {
    await preserver.stop();
    await catalogue.stop();
    keys.stop();
  });
  await catalogue.saveCall(
    { ...aCall(id), answeredAt, endedAt: answeredAt + 3_000, outcome: 'answered' },
    { status: 'pending', reason: '', rule: null, missingMs: 0 },
  );
  const segment = { callId: id, seq: 0, legId: 'leg', inStartedAt: answeredAt, outStartedAt: answeredAt };
  await catalogue.saveSegment({ ...segment, state: 'captured' });
  for (const side of ['in', 'out'] as const)
    if (files[side]) writeFileSync(join(spoolDir, `${spoolName(id, 0, side)}.wav`), files[side]);
  return {
    catalogue,
    preserver,
    spool: () => readdirSync(spoolDir).sort(),
    run: async () => {
      preserver.enqueue(id);
      await until('the end of preserving', () => preserver.waiting() === 0);
      return (await catalogue.call(id))!;
    },
  };
}

t.test('two good files become a recording, and the spool is empty', async (t) => {
  const lab = await open(t, { in: wav(3), out: wav(3) });
  const call = await lab.run();
  t.match(call.coverage, { status: 'recorded', reason: '' });
  t.ok(Math.abs(call.recording!.durationMs - 3000) <= 20);
  t.same(lab.spool(), []);
});

t.test('a length that is no whole number of milliseconds is kept rounded', async (t) => {
  const lab = await open(t, { in: wav(3.000125), out: wav(3.000125) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'recorded');
  t.ok(Number.isInteger(call.recording!.durationMs));
});

t.test('a file whose writer was killed is used to its end', async (t) => {
  const lab = await open(t, { in: wav(3, 0), out: wav(3, 0) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'recorded');
  t.ok(Math.abs(call.recording!.durationMs - 3000) <= 20);
});

t.test('an empty file is kept, marked and explained, and the other side is heard', async (t) => {
  const lab = await open(t, { in: wav(3), out: Buffer.alloc(0) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'partial');
  t.match(call.coverage.reason, /the other side said is missing/i);
  t.ok(call.recording, 'there is a recording');
  t.same(lab.spool(), [`${spoolName(id, 0, 'out')}.wav`], 'the empty file stays');
  t.match(await lab.catalogue.segments(id), [{ state: 'damaged' }]);
  await lab.preserver.recover();
  t.same(lab.spool(), [`${spoolName(id, 0, 'out')}.wav`], 'also over a restart');
});

t.test('two files that are no audio: nothing is recorded, both are kept, the row says why', async (t) => {
  const lab = await open(t, { in: Buffer.from('not audio'), out: wav(1).subarray(0, 30) });
  const call = await lab.run();
  t.equal(call.coverage.status, 'not_recorded');
  t.match(call.coverage.reason, /kept in the spool/);
  t.equal(call.recording, null);
  t.equal(lab.spool().length, 2);
});

t.test('without ffmpeg everything is kept, and a later run makes the recording', async (t) => {
  const lab = await open(t, { in: wav(3), out: wav(3) }, '/nonexistent/ffmpeg');
  lab.preserver.enqueue(id);
  await until('the failure', () => lab.preserver.waiting() === 1);
  t.equal(lab.spool().length, 2, 'both files are there');
  t.equal((await lab.catalogue.call(id))!.recording, null);
  t.same(await lab.catalogue.callsToPreserve(), [id], 'and it is still to be done');
});

t.test('a spool file left by a crash after sealing goes at the next start', async (t) => {
  const lab = await open(t, { in: wav(3), out: wav(3) });
  await lab.run();
  const left = join(t.testdirName, 'spool', `${spoolName(id, 0, 'in')}.wav`);
  writeFileSync(left, wav(1));
  await lab.preserver.recover();
  t.notOk(existsSync(left));
});

t.test('a damaged file stays also when a stop came before it was marked', async (t) => {
  const lab = await open(t, { in: wav(3), out: Buffer.alloc(0) });
  await lab.run();
  const [segment] = await lab.catalogue.segments(id);
  await lab.catalogue.saveSegment({ ...segment!, state: 'preserved' });
  await lab.preserver.recover();
  t.same(lab.spool(), [`${spoolName(id, 0, 'out')}.wav`]);
});
