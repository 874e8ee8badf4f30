import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createSpool } from '../../daemon/capture/spool.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { TapedeckError } from '../../daemon/domain/error.js';
import { alarmsOf } from '../../daemon/domain/operations/alarm-pbx.js';
import { forecast, judge, type Level, type Room, roomInWords } from '../../daemon/domain/operations/room.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { spoolName } from '../../daemon/domain/recording/recording.js';
import { createRoom } from '../../daemon/operations/room.js';
import { createBallast, probeDisk, readDisk } from '../../daemon/ops/disk.js';
import { appendCheckpoint } from '../../daemon/vault/checkpoint-file.js';
import { writeDurably } from '../../daemon/vault/durable.js';
import { alarmBoard } from '../support/alarm-board.js';
import { until } from '../support/recorder.js';
import { aCall, aRecording } from '../support/recordings/a-call.js';
import { fill, mountSmall, unfill } from '../support/small-disk.js';
import { noted } from '../support/words.js';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const MIB = 1 << 20;
const MB = 1e6;
const log = pino({ level: 'silent' });

t.test('what is free means nothing, a warning, or that nothing new is begun', async (t) => {
  const room = (more: Partial<Room>): Room => ({
    freeBytes: 1000 * MB,
    totalBytes: 9000 * MB,
    freeInodes: 100_000,
    fault: null,
    ...more,
  });
  const cases: [what: string, room: Partial<Room>, before: Level, level: Level, says: RegExp][] = [
    ['room to spare', {}, 'enough', 'enough', /1 GB free; the reserve is 512 MB/],
    ['the reserve is touched', { freeBytes: 511 * MB }, 'enough', 'short', /511 MB free/],
    ['a quarter of it is left', { freeBytes: 127 * MB }, 'short', 'full', /127 MB free/],
    ['a sixteenth of it is left', { freeBytes: 31 * MB }, 'full', 'empty', /31 MB free/],
    ['just over the reserve again', { freeBytes: 520 * MB }, 'short', 'short', /520 MB/],
    ['well over it', { freeBytes: 570 * MB }, 'short', 'enough', /570 MB/],
    ['no file can be made', { freeInodes: 10 }, 'enough', 'empty', /room for only 10 more files/],
    ['few files can be made', { freeInodes: 900 }, 'enough', 'short', /900 more files/],
    ['a file system without inodes', { freeInodes: null }, 'enough', 'enough', /1 GB/],
    ['a write was refused', { fault: 'ENOSPC' }, 'enough', 'empty', /free/],
    ['read-only', { fault: 'EROFS' }, 'enough', 'full', /is read-only \(EROFS\)/],
    [
      'kept from us',
      { fault: 'EROFS_UNIT' },
      'enough',
      'full',
      /writable, but not for the recorder.*ReadWritePaths/,
    ],
    ['broken', { fault: 'EIO' }, 'enough', 'full', /reports errors \(EIO\)/],
  ];
  for (const [what, more, before, level, says] of cases) {
    const verdict = judge(room(more), 512 * MB, before, 'The disk');
    t.equal(verdict.level, level, what);
    t.match(roomInWords(verdict.why), says, what);
  }
});

t.test('how long the room lasts is told from the last days, and not where they tell nothing', async (t) => {
  const disk = { freeBytes: 10_512 * MIB, totalBytes: 20_000 * MIB };
  const of = (sealed: number, erased: number, days: number) =>
    forecast(disk, 512 * MIB, { sealedBytes: sealed * MIB, erasedBytes: erased * MIB, days });
  t.match(
    of(7_000, 0, 7),
    { perDayBytes: 1_000 * MIB, daysLeft: 10 },
    'to the reserve, not to the last byte',
  );
  t.match(of(7_000, 3_500, 7), { perDayBytes: 1_000 * MIB, daysLeft: 20 }, 'what is erased is taken off');
  t.match(of(7_000, 7_000, 7), { daysLeft: null }, 'as much goes as comes');
  t.match(of(100, 0, 0.1), { perDayBytes: null, daysLeft: null }, 'the first hours foretell nothing');
  t.match(forecast({ ...disk, freeBytes: 0 }, MIB, { sealedBytes: 1, erasedBytes: 0, days: 1 }), {
    daysLeft: 0,
  });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(t.testdir()) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  t.same(await catalogue.recordings.growth(0, 9), { sealedBytes: 0, erasedBytes: 0, days: 0 });
  const day = 86_400_000;
  for (const [id, sealedAt] of [
    ['A', 2 * day],
    ['B', 10 * day],
    ['C', 11 * day],
  ] as const) {
    await catalogue.calls.save(aCall(id));
    await catalogue.recordings.sealed(aRecording(id, id, { sealedAt, sealedBytes: 100 }), new Uint8Array(8), {
      status: 'recorded',
      why: null,
      rule: null,
      missingMs: 0,
    });
  }
  await catalogue.recordings.eraseIntended('A', noted('due'), 10 * day);
  await catalogue.recordings.erased('A', 11 * day);
  t.same(await catalogue.recordings.growth(5 * day, 12 * day), {
    sealedBytes: 200,
    erasedBytes: 100,
    days: 7,
  });
  t.same(await catalogue.recordings.growth(0, 12 * day), { sealedBytes: 300, erasedBytes: 100, days: 10 });
});

t.test('a folder that only the unit keeps read-only is no disk after an error', async (t) => {
  const disk = mountSmall(t, { mb: 4 });
  if (disk.refused !== '') return void t.pass('mount', { skip: disk.refused });
  const remount = (...how: string[]) => execFileSync('mount', ['-o', how.join(), disk.dir]);
  const captured = spoolName({ callId: ID, seq: 0, token: '0123456789abcdef'.repeat(2) }, 'in');
  writeFileSync(join(disk.dir, `${captured}.wav`), 'RIFF');
  // As ProtectSystem=strict does: the mount, and not the file system.
  remount('remount', 'bind', 'ro');
  t.equal(await probeDisk(disk.dir, false), 'EROFS_UNIT');
  await t.rejects(writeDurably(join(disk.dir, 'x'), Buffer.from('x')), { code: 'service_read_only' });
  await t.rejects(appendCheckpoint(join(disk.dir, 'x'), 'x'), { code: 'service_read_only' });
  remount('remount', 'bind', 'rw');
  // As Linux does after an error of the disk.
  remount('remount', 'ro');
  t.equal(await probeDisk(disk.dir, false), 'EROFS');
  await t.rejects(writeDurably(join(disk.dir, 'x'), Buffer.from('x')), { code: 'disk_read_only' });
  const nobody = {
    stored: async () => null,
    deleteStored: () => Promise.reject(),
    storedNames: async () => [],
  };
  const spool = createSpool({ dir: disk.dir, workDir: join(disk.dir, 'work'), remote: nobody });
  const failing = await spool.remove(captured).catch((e: unknown) => e as TapedeckError);
  t.match(
    failing,
    { code: 'spool_failing', detail: /read-only disk \(EROFS\)\.$/ },
    'its rights are not at fault',
  );
});

/** The keeper of two real directories, with a list of what it did. */
function keeper(
  t: Test,
  {
    data,
    spool,
    other,
    reserveMb = 8,
    cleaning,
  }: {
    data: string;
    spool: string;
    /** The spool of a second PBX. */
    other?: string;
    reserveMb?: number;
    cleaning?: { what: string; frees: 'data' | 'spool'; run: () => Promise<unknown> }[];
  },
) {
  const { standing, alarms } = alarmBoard();
  const done: string[] = [];
  const ballast = createBallast({ path: join(data, 'ballast'), bytes: MIB });
  const room = createRoom({
    data: { dir: data, reserveBytes: reserveMb * MB },
    spools: [
      { pbx: '', dir: spool, reserveBytes: reserveMb * MB },
      ...(other ? [{ pbx: 'other', dir: other, reserveBytes: reserveMb * MB }] : []),
    ],
    read: readDisk,
    probe: probeDisk,
    ballast,
    cleaning:
      cleaning ??
      (['copies', 'spool', 'due'] as const).map((what) => ({
        what,
        frees: what === 'spool' ? ('spool' as const) : ('data' as const),
        run: async () => done.push(`clean ${what}`),
      })),
    growth: async () => ({ sealedBytes: 0, erasedBytes: 0, days: 7 }),
    onReturn: () => done.push('return'),
    onEmpty: (pbx) => done.push(`empty ${pbx}`.trim()),
    alarms,
    alarmsOf: (id) => alarmsOf(alarms, { id, name: id || 'PBX' }, other !== undefined),
    clock: () => Date.now(),
    log,
  });
  t.teardown(() => room.stop());
  return { room, ballast, done, standing, keys: () => [...standing.keys()].sort().join(', ') };
}

t.test('the full spool of one PBX keeps no other from being recorded', async (t) => {
  const { dir: data, refused } = mountSmall(t, { mb: 32 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const { dir: spool } = mountSmall(t, { mb: 32 });
  const { dir: other } = mountSmall(t, { mb: 32 });
  const k = keeper(t, { data, spool, other });
  await k.room.start();
  fill(other, 0);
  await until('the alarm', () => k.keys() === 'disk_full spool @other');
  t.match(k.room.hindrance('other'), { code: 'disk_full' });
  t.equal(k.room.hindrance(''), null);
  t.ok(k.done.includes('empty other') && !k.done.includes('empty'), 'its captures alone are ended');
  unfill(other);
  await until('the end', () => k.keys() === '');
  t.equal(k.room.hindrance('other'), null);
});

t.test(
  'a disk that fills: cleaned, told of in 5 s, nothing begun; over by itself when there is room',
  async (t) => {
    const { dir: data, refused } = mountSmall(t, { mb: 32 });
    if (refused) return void t.pass('on a disk of its own', { skip: refused });
    const { dir: spool } = mountSmall(t, { mb: 32 });
    const k = keeper(t, { data, spool });
    await k.room.start();
    t.equal(k.room.hindrance(''), null);
    await until('the ballast', () => k.ballast.size() === MIB);

    fill(data, 6 * MIB);
    await until('the warning', () => k.keys() === 'disk_reserve data');
    t.equal(k.standing.get('disk_reserve data')?.severity, 'warning');
    await until('the cleaning', () => k.done.length >= 2);
    t.same(k.done, ['clean copies', 'clean due'], 'what the data disk can spare, in its order');
    t.match(k.room.status(), { level: 'short', freeBytes: 6 * MIB, totalBytes: 32 * MIB });

    fill(data, 0);
    await until('the alarm', () => k.keys() === 'disk_full data');
    t.equal(k.standing.get('disk_full data')?.severity, 'critical');
    t.equal(k.room.hindrance(''), null, 'the spool has room: calls are captured all the same');
    t.notOk(k.room.spoolIsShort());
    await until('some of the ballast', () => k.ballast.size() < MIB);
    writeFileSync(join(data, 'a row'), Buffer.alloc(100_000));

    unfill(data);
    await until('the recovery', () => k.keys() === '');
    t.same(k.done.slice(2), ['return']);
    await until('a whole ballast', () => k.ballast.size() === MIB);

    k.done.length = 0;
    fill(spool, MIB);
    await until('the alarm', () => k.keys() === 'disk_full spool');
    t.match(inWords(k.room.hindrance('')), /^The disk of .*has 1 MB free; .*Free some space/);
    t.ok(k.room.spoolIsShort(), 'so no recording waits for processor time');
    t.notOk(k.done.includes('empty'), 'what runs goes on');
    t.notOk(await k.room.wasFull('', 0), 'so nothing that is missing is the fault of the disk');
    const since = Date.now();
    fill(spool, 0);
    await until('the end of what runs', () => k.done.includes('empty'));
    t.ok(await k.room.wasFull('', since));
    unfill(spool);
    await until('the recovery', () => k.keys() === '' && k.room.hindrance('') === null);
    t.ok(k.done.includes('return'));
    t.same(
      readdirSync(spool).filter((f) => f.startsWith('.')),
      [],
      'nothing of ours is left in the spool',
    );
  },
);

t.test('one disk for both has both reserves; one without inodes is full too', async (t) => {
  const { dir: disk, refused } = mountSmall(t, { mb: 24, inodes: 1200 });
  if (refused) return void t.pass('on a disk of its own', { skip: refused });
  const [data, spool] = [join(disk, 'data'), join(disk, 'spool')];
  mkdirSync(data);
  mkdirSync(spool);
  const k = keeper(t, { data, spool });
  await k.room.start();
  t.equal(k.keys(), '', `enough: ${k.room.status()?.freeBytes} bytes are free`);
  fill(disk, 14 * MIB);
  await until('the warning', () => k.keys() === 'disk_reserve data');
  t.match(
    k.standing.get('disk_reserve data')?.message,
    /data and .*spool has 1[\d.]+ MB free; the reserve is 16 MB/,
  );
  unfill(disk);
  await until('the recovery', () => k.keys() === '');
  mkdirSync(join(disk, 'many'));
  for (let n = 0; existsSync(disk); n++)
    try {
      writeFileSync(join(disk, 'many', String(n)), '');
    } catch (e) {
      t.equal((e as NodeJS.ErrnoException).code, 'ENOSPC');
      break;
    }
  await until('the alarm', () => k.keys() === 'disk_full data');
  t.match(inWords(k.room.hindrance('')), /^The disk of .*room for only 0 more files/);
});
