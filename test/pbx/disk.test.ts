import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { StoredCall } from '../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { Alarm } from '../../daemon/domain/operations/alarm.js';
import { forecast, judge, type Level, type Room } from '../../daemon/domain/operations/room.js';
import { ballastFile, catalogueFile, keysFile } from '../../daemon/domain/paths.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { spoolName } from '../../daemon/domain/recording/recording.js';
import { createRoom } from '../../daemon/operations/room.js';
import { createBallast, probeDisk, readDisk } from '../../daemon/ops/disk.js';
import { createKeys } from '../../daemon/vault/keys.js';
import { loadMasterKey } from '../../daemon/vault/master-key.js';
import { openSealed } from '../../daemon/vault/open.js';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { sequence, wavSource } from '../support/pbx/sources.js';
import { createApiClient, createRecorderLab, readIfThere, until } from '../support/recorder.js';
import { aCall, aRecording } from '../support/recordings/a-call.js';
import { toneWav } from '../support/recordings/preserve-lab.js';
import { haveCall, ID, preserveThere } from '../support/recordings/seal-a-call.js';
import { fill, mountSmall, unfill } from '../support/small-disk.js';
import { noted } from '../support/words.js';

t.setTimeout(400_000);
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
    ['room to spare', {}, 'enough', 'enough', /1 GB free, of a reserve of 512 MB/],
    ['the reserve is touched', { freeBytes: 511 * MB }, 'enough', 'short', /511 MB free/],
    ['a quarter of it is left', { freeBytes: 127 * MB }, 'short', 'full', /127 MB free/],
    ['a sixteenth of it is left', { freeBytes: 31 * MB }, 'full', 'empty', /31 MB free/],
    ['just over the reserve again', { freeBytes: 520 * MB }, 'short', 'short', /520 MB/],
    ['well over it', { freeBytes: 570 * MB }, 'short', 'enough', /570 MB/],
    ['no file can be made', { freeInodes: 10 }, 'enough', 'empty', /room for 10 more files only/],
    ['few files can be made', { freeInodes: 900 }, 'enough', 'short', /900 more files/],
    ['a file system without inodes', { freeInodes: null }, 'enough', 'enough', /1 GB/],
    ['a write was refused', { fault: 'ENOSPC' }, 'enough', 'empty', /free/],
    ['read-only', { fault: 'EROFS' }, 'enough', 'full', /can only be read \(EROFS\)/],
    ['broken', { fault: 'EIO' }, 'enough', 'full', /gives errors \(EIO\)/],
  ];
  for (const [what, more, before, level, says] of cases) {
    const verdict = judge(room(more), 512 * MB, before, 'The disk');
    t.equal(verdict.level, level, what);
    t.match(verdict.says, says, what);
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
  t.same(await catalogue.growth(0, 9), { sealedBytes: 0, erasedBytes: 0, days: 0 });
  const day = 86_400_000;
  for (const [id, sealedAt] of [
    ['A', 2 * day],
    ['B', 10 * day],
    ['C', 11 * day],
  ] as const) {
    await catalogue.saveCall(aCall(id));
    await catalogue.recordingSealed(aRecording(id, id, { sealedAt, sealedBytes: 100 }), new Uint8Array(8), {
      status: 'recorded',
      why: null,
      rule: null,
      missingMs: 0,
    });
  }
  await catalogue.eraseIntended('A', noted('due'), 10 * day);
  await catalogue.erased('A', 11 * day);
  t.same(await catalogue.growth(5 * day, 12 * day), { sealedBytes: 200, erasedBytes: 100, days: 7 });
  t.same(await catalogue.growth(0, 12 * day), { sealedBytes: 300, erasedBytes: 100, days: 10 });
});

/** The keeper of two real directories, with a list of what it did. */
function keeper(
  t: Test,
  {
    data,
    spool,
    reserveMb = 8,
    cleaning,
  }: {
    data: string;
    spool: string;
    reserveMb?: number;
    cleaning?: { what: string; frees: 'data' | 'spool'; run: () => Promise<unknown> }[];
  },
) {
  const standing = new Map<string, Pick<Alarm, 'severity' | 'message' | 'hint'>>();
  const done: string[] = [];
  const ballast = createBallast({ path: join(data, 'ballast'), bytes: MIB });
  const room = createRoom({
    data: { dir: data, reserveBytes: reserveMb * MB },
    spool: { dir: spool, reserveBytes: reserveMb * MB },
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
    onEmpty: () => done.push('empty'),
    alarms: { raise: (key, alarm) => standing.set(key, alarm), clear: (key) => standing.delete(key) },
    clock: () => Date.now(),
    log,
  });
  t.teardown(() => room.stop());
  return { room, ballast, done, standing, keys: () => [...standing.keys()].sort().join(', ') };
}

t.test(
  'a disk that fills: cleaned, told of in 5 s, nothing begun; over by itself when there is room',
  async (t) => {
    const { dir: data, refused } = mountSmall(t, { mb: 32 });
    if (refused) return void t.pass('on a disk of its own', { skip: refused });
    const { dir: spool } = mountSmall(t, { mb: 32 });
    const k = keeper(t, { data, spool });
    await k.room.start();
    t.equal(k.room.hindrance(), null);
    await until('the ballast', () => k.ballast.size() === MIB);

    fill(data, 6 * MIB);
    await until('the warning', () => k.keys() === 'disk_reserve data', 5_000);
    t.equal(k.standing.get('disk_reserve data')?.severity, 'warning');
    await until('the cleaning', () => k.done.length >= 2);
    t.same(k.done, ['clean copies', 'clean due'], 'what the data disk can spare, in its order');
    t.match(k.room.status(), { level: 'short', freeBytes: 6 * MIB, totalBytes: 32 * MIB });

    fill(data, 0);
    await until('the alarm', () => k.keys() === 'disk_full data', 5_000);
    t.equal(k.standing.get('disk_full data')?.severity, 'critical');
    t.equal(k.room.hindrance(), null, 'the spool has room: calls are captured all the same');
    await until('some of the ballast', () => k.ballast.size() < MIB);
    writeFileSync(join(data, 'a row'), Buffer.alloc(100_000));

    unfill(data);
    await until('the recovery', () => k.keys() === '', 5_000);
    t.same(k.done.slice(2), ['return']);
    await until('a whole ballast', () => k.ballast.size() === MIB);

    k.done.length = 0;
    fill(spool, MIB);
    await until('the alarm', () => k.keys() === 'disk_full spool', 5_000);
    t.match(inWords(k.room.hindrance()), /^disk_full: The disk of .*has 1 MB free, .*Free some space/);
    t.notOk(k.done.includes('empty'), 'what runs goes on');
    fill(spool, 0);
    await until('the end of what runs', () => k.done.includes('empty'), 5_000);
    unfill(spool);
    await until('the recovery', () => k.keys() === '' && k.room.hindrance() === null, 5_000);
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
  t.equal(k.keys(), '', `enough: ${k.room.status()?.says}`);
  fill(disk, 14 * MIB);
  await until('the warning', () => k.keys() === 'disk_reserve data', 5_000);
  t.match(
    k.standing.get('disk_reserve data')?.message,
    /data and .*spool has 1[\d.]+ MB free, of a reserve of 16 MB/,
  );
  unfill(disk);
  await until('the recovery', () => k.keys() === '', 5_000);
  mkdirSync(join(disk, 'many'));
  for (let n = 0; existsSync(disk); n++)
    try {
      writeFileSync(join(disk, 'many', String(n)), '');
    } catch (e) {
      t.equal((e as NodeJS.ErrnoException).code, 'ENOSPC');
      break;
    }
  await until('the alarm', () => k.keys() === 'disk_full data', 5_000);
  t.match(inWords(k.room.hindrance()), /^disk_full: .*room for 0 more files only/);
});

t.test(
  'whatever write or fsync fails while a call is sealed, nothing is lost and nothing is claimed',
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const program = join(import.meta.dirname, '../support/recordings/seal-a-call.ts');
    const sealed = 'recordings/2026/01/05';
    /** What a fault may hit: the files of the vault and the catalogue, and the directories that are synced. */
    const targets = (house: string) =>
      [
        ...[
          'keys',
          'keys/keys.db',
          'keys/keys.db-journal',
          'catalogue',
          'catalogue/catalogue.db',
          'catalogue/catalogue.db-wal',
        ],
        ...[
          '',
          'recordings',
          'recordings/2026',
          'recordings/2026/01',
          sealed,
          `${sealed}/${ID}.opus.age.tmp`,
        ],
      ].flatMap((file) => ['-P', join(house, file)]);

    const trace = join(dir, 'trace');
    /** Preserves the call of a house under strace, and gives how many calls of each kind there were, or what strace said. */
    async function run(
      house: string,
      calls: string,
      fault: string[],
    ): Promise<{ count: number; out: string }> {
      const strace = [
        '-f',
        '-qq',
        '--seccomp-bpf',
        '-o',
        trace,
        ...targets(house),
        '-e',
        `trace=${calls}`,
        ...fault,
      ];
      const env = { ...process.env, NODE_OPTIONS: '', UV_USE_IO_URING: '0', UV_THREADPOOL_SIZE: '1' };
      const out = await new Promise<string>((resolve) =>
        execFile(
          'strace',
          [...strace, process.execPath, '--import', 'tsx', program, house],
          { env, timeout: 60_000 },
          (_e, out, err) => resolve(out + err),
        ),
      );
      const lines = (readIfThere(trace) ?? '').split('\n');
      return { count: lines.filter((l) => / = (-1|\d)/.test(l)).length, out };
    }

    const start = join(dir, 'start');
    mkdirSync(join(start, 'spool'), { recursive: true });
    for (const side of ['in', 'out'] as const)
      writeFileSync(
        join(start, 'spool', `${spoolName({ callId: ID, seq: 0, token: '' }, side)}.wav`),
        toneWav(2),
      );
    await haveCall(start);
    let houses = 0;
    const furnished = () => {
      const house = join(dir, String(++houses));
      cpSync(start, house, { recursive: true });
      return house;
    };

    const kinds = [
      { calls: 'write,writev,pwrite64', error: 'ENOSPC', samples: 3 },
      { calls: 'fsync,fdatasync', error: 'EIO', samples: 3 },
    ];
    const became = new Map<string, number>();
    for (const { calls, error, samples } of kinds) {
      const { count, out } = await run(furnished(), calls, []);
      if (!out.includes('done') || count === 0)
        return void t.pass('with faults injected', { skip: out.trim().split('\n')[0] || 'strace' });
      t.comment(`${count} of ${calls}`);
      for (let sample = 0; sample < samples; sample++) {
        const nth = 1 + Math.floor((sample * count) / samples);
        // Once, and for good. From the first on, the house would not even open.
        for (const when of sample === 0 ? [`${nth}`] : [`${nth}`, `${nth}+`]) {
          const house = furnished();
          const what = `${error} at ${calls} ${when}`;
          await run(house, calls, ['-e', `inject=${calls}:error=${error}:when=${when}`]);
          const state = await legal(t, house, what);
          became.set(state, (became.get(state) ?? 0) + 1);
          await preserveThere(house);
          t.equal(await legal(t, house, what), 'whole', `${what}: afterwards it is made`);
          t.same(readdirSync(join(house, 'spool')), [], `${what}: and the spool is empty`);
          rmSync(house, { recursive: true });
        }
      }
    }
    t.comment([...became].map(([state, n]) => `${n} ${state}`).join(', '));
    t.ok(became.get('kept') && became.get('whole'), 'some could be made all the same, some could not');
  },
);

/** What became of the call: its recording is whole and can be opened, or its audio is there still. */
async function legal(t: Test, house: string, what: string): Promise<'whole' | 'kept'> {
  const spooled = readdirSync(join(house, 'spool')).length;
  const keys = createKeys({
    path: keysFile(house),
    masterKey: loadMasterKey(join(house, 'master.key')),
  });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(house) });
  keys.start();
  await catalogue.start();
  try {
    const call = await catalogue.call(ID);
    if (!call?.recording) {
      t.equal(spooled, 2, `${what}: without a recording both captured files are there`);
      t.notMatch(call?.coverage.status, /^(recorded|partial)$/, `${what}: and nothing else is claimed`);
      return 'kept';
    }
    const file = await openSealed(join(house, call.recording.file), await keys.identity(ID));
    const hash = createHash('sha256');
    for await (const chunk of file.read(0, file.size - 1)) hash.update(chunk as Buffer);
    await file.close();
    t.equal(
      hash.digest('hex'),
      call.recording.plainSha256,
      `${what}: the recording can be opened and is whole`,
    );
    t.equal(call.coverage.status, 'recorded', what);
    return 'whole';
  } finally {
    keys.stop();
    await catalogue.stop();
  }
}

t.test('calls on a real Asterisk, on disks that fill', async (t) => {
  const pbx = await startPbx({ name: 'disk' });
  t.teardown(() => pbx.stop());
  for (const file of readdirSync(pbx.recordingDir)) rmSync(join(pbx.recordingDir, file), { recursive: true });
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const speak = () => sequence(Array.from({ length: 8 }, () => wavSource(lab.prompt('vm-intro'))));
  await lab.phone('100', { source: speak });
  const carrier = await lab.carrier();
  const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1000));
  const call = async (number: string) => {
    const made = await carrier.call('5551000', { caller: { number, name: '' }, source: speak() });
    t.equal(await made.answered, true, `the call of ${number} is answered, whatever the disk`);
    return made;
  };

  /** A recorder whose rows can be read and whose log can be waited for. */
  async function recording(t: Test, before: (dataDir: string) => void = () => {}) {
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => {
      if (!t.passing()) t.comment(readIfThere(join(dir, 'run.log')) ?? '');
      rmSync(dir, { recursive: true, force: true });
    });
    const recorder = createRecorderLab({ dir, pbx });
    before(recorder.dataDir);
    t.teardown(() => recorder.stop());
    await recorder.startDaemon();
    const pid = recorder.pid('run')!;
    const catalogue = createSqliteCatalogue({
      path: catalogueFile(recorder.dataDir),
      readonlyOk: true,
    });
    await catalogue.start();
    t.teardown(() => catalogue.stop());
    let read = 0;
    return {
      pid,
      calls: async () =>
        JSON.parse((await recorder.command(['calls', '--json'])).out) as Pick<
          StoredCall,
          'them' | 'coverage' | 'recording'
        >[],
      /** The dashboard, with somebody signed in. */
      web: async () => {
        const { address, setupCode } = await recorder.startWeb();
        const api = createApiClient(address);
        await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');
        return api;
      },
      /** After it nobody has a file of the data directory open. */
      die: async () => {
        await recorder.stopDaemon('SIGKILL');
        await recorder.stopWeb();
        await catalogue.stop();
      },
      start: () => recorder.startDaemon(),
      log: () => readIfThere(join(dir, 'run.log')) ?? '',
      /** Whether it is the process that was started. */
      runs: () => process.kill(pid, 0),
      /** Waits for a line of the log that has not been waited for before. */
      said: (what: RegExp, ms = 5_000) =>
        until(
          String(what),
          () => {
            const log = readIfThere(join(dir, 'run.log')) ?? '';
            const found = what.exec(log.slice(read));
            if (found) read += found.index + found[0].length;
            return found !== null;
          },
          ms,
        ),
      row: (number: string, ready: RegExp, ms = 30_000) =>
        until(
          `the row of ${number}`,
          async () =>
            (await catalogue.calls({ text: number, limit: 5 })).find((c) => ready.test(c.coverage.status)),
          ms,
        ),
    };
  }

  await t.test(
    'the spool fills in mid-call: told in 5 s, new calls say disk_full, all goes on by itself',
    async (t) => {
      const { refused } = mountSmall(t, { mb: 24, at: pbx.recordingDir });
      if (refused) return void t.pass('on a disk of its own', { skip: refused });
      const r = await recording(t);
      const long = await call('+15550001');
      await r.said(/"Recording"/);
      await seconds(3);
      fill(pbx.recordingDir);
      await r.said(/"alarm":"disk_full spool"/);
      const short = await call('+15550002');
      await seconds(2);
      await short.hangup();
      const lost = await r.row('+15550002', /not_recorded/);
      t.match(inWords(lost.coverage.why), /^disk_full: The disk of .* free, .*Free some space/);
      t.ok(lost.coverage.missingMs > 1_000);
      unfill(pbx.recordingDir);
      const began = Date.now();
      await r.said(/Over: /);
      await r.said(/"Recording"/, 30_000);
      t.comment(`captured anew ${Date.now() - began} ms after there was room`);
      await seconds(3);
      await long.hangup();
      const partial = await r.row('+15550001', /partial/);
      t.match(partial.recording?.gaps.map((g) => inWords(g.why)).join(), /disk_full/, 'the gap is named');
      t.ok(partial.recording!.durationMs > 8_000, 'time goes on through the gap');
      const after = await call('+15550003');
      await seconds(3);
      await after.hangup();
      t.ok((await r.row('+15550003', /^(recorded|partial)$/)).recording);
      await until('an empty spool', () => readdirSync(pbx.recordingDir).length === 0);
      t.ok(r.runs(), 'without a restart');
    },
  );

  await t.test(
    'the data disk fills: rows are written, calls captured, and all is made when there is room',
    async (t) => {
      let data = '';
      const { dir: small, refused } = mountSmall(t, { mb: 32 });
      if (refused) return void t.pass('on a disk of its own', { skip: refused });
      const r = await recording(t, (dataDir) => {
        data = dataDir;
        symlinkSync(small, dataDir);
      });
      const ballast = () => statSync(ballastFile(data)).size;
      await until('the ballast', () => ballast() === MB);
      fill(data);
      await r.said(/"alarm":"disk_full data"/);
      const one = await call('+15550011');
      await r.said(/"Recording"/);
      await seconds(2);
      await r.row('+15550011', /pending/);
      t.pass('its row is written on the full disk');
      await until(
        'the end of the ballast',
        () => {
          fill(data);
          return ballast() === 0;
        },
        30_000,
      );
      const two = await call('+15550012');
      await r.said(/calls are followed in memory/);
      await r.said(/"Recording"/);
      await seconds(3);
      await Promise.all([one.hangup(), two.hangup()]);
      await seconds(1);
      unfill(data);
      for (const number of ['+15550011', '+15550012'])
        t.ok((await r.row(number, /^(recorded|partial)$/)).recording, `${number} is recorded`);
      await until('an empty spool', () => readdirSync(pbx.recordingDir).length === 0);
      t.ok(r.runs(), 'without a restart');
      await until('a whole ballast', () => ballast() === MB);
    },
  );

  await t.test(
    'another program holds the catalogue: calls are captured, and written when it lets go',
    async (t) => {
      let data = '';
      const r = await recording(t, (dir) => {
        data = dir;
      });
      const other = new Database(catalogueFile(data));
      t.teardown(() => other.close());
      other.exec('BEGIN EXCLUSIVE');
      const one = await call('+15550041');
      const answered = Date.now();
      await r.said(/"Recording"/, 10_000);
      t.comment(`captured ${Date.now() - answered} ms after the answer`);
      await seconds(3);
      const two = await call('+15550042');
      const again = Date.now();
      await r.said(/"Recording"/, 5_000);
      t.ok(Date.now() - again < 1_900, `the second one at once: ${Date.now() - again} ms`);
      await seconds(3);
      await Promise.all([one.hangup(), two.hangup()]);
      await seconds(1);
      other.exec('ROLLBACK');
      for (const number of ['+15550041', '+15550042'])
        t.ok((await r.row(number, /^(recorded|partial)$/)).recording, `${number} is recorded`);
      t.ok(r.runs(), 'without a restart');
    },
  );

  await t.test('a disk that takes 200 ms for each sync delays rows, and not a call', async (t) => {
    const r = await recording(t);
    const trace = spawn('strace', [
      ...['-f', '-qq', '-p', String(r.pid), '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'],
      ...['-e', 'inject=fsync,fdatasync:delay_enter=200000'],
    ]);
    let refused = '';
    trace.stderr.on('data', (said) => {
      refused += said;
    });
    t.teardown(() => trace.kill());
    await seconds(1);
    if (trace.exitCode !== null)
      return void t.pass('with a slow disk', { skip: `not to be traced: ${refused.trim()}` });
    const calls = await Promise.all(['+15550021', '+15550022', '+15550023'].map(call));
    const answered = Date.now();
    for (const _ of calls) await r.said(/"Recording"/, 10_000);
    const begun = Date.now() - answered;
    await seconds(5);
    await Promise.all(calls.map((each) => each.hangup()));
    for (const number of ['+15550021', '+15550022', '+15550023']) {
      const row = await r.row(number, /^(recorded|partial)$/, 60_000);
      t.ok(row.recording!.durationMs > 4_000, `${number}: ${row.recording!.durationMs} ms`);
    }
    t.comment(`three captures had begun ${begun} ms after the last answer`);
    t.notOk(r.log().includes('"link":"ARI"'), 'the PBX was never out of sight');
    t.ok(r.runs());
  });

  await t.test('a data disk that breaks and can only be read: told of, and nothing is lost', async (t) => {
    let small = { refused: '', image: '' };
    let data = '';
    const r = await recording(t, (dir) => {
      data = dir;
      mkdirSync(dir, { recursive: true });
      small = mountSmall(t, { mb: 96, inodes: 5_000, at: dir });
    });
    if (small.refused) return void t.pass('on a disk of its own', { skip: small.refused });
    const heard = await call('+15550030');
    await r.said(/"Recording"/);
    await seconds(2);
    await heard.hangup();
    const { id } = await r.row('+15550030', /^(recorded|partial)$/);
    const api = await r.web();
    t.ok((await api.audio(id)).length > 5_000);
    const one = await call('+15550031');
    await r.said(/"Recording"/);
    await seconds(3);
    // What ext4 does when it meets an error of its disk.
    execFileSync('mount', ['-o', 'remount,abort', data], { stdio: 'pipe' });
    await r.said(/"alarm":"disk_full data"/, 10_000);
    const two = await call('+15550032');
    await r.said(/"Recording"/, 10_000);
    const download = await api.ask('GET', `/calls/${id}/audio?download=1`);
    t.equal(download.status, 503, 'what cannot be written into the log is not given out');
    t.equal(((await download.json()) as { error: { code: string } }).error.code, 'audit_unwritable');
    await seconds(3);
    await Promise.all([one.hangup(), two.hangup()]);
    await seconds(1);
    t.ok(r.runs(), 'it goes on');
    // The admin mends the disk: nobody can have its files open meanwhile.
    await r.die();
    execFileSync('umount', [data], { stdio: 'pipe' });
    spawnSync('e2fsck', ['-y', small.image]); // it says by its exit code that it has mended something
    execFileSync('mount', ['-o', 'loop', small.image, data], { stdio: 'pipe' });
    await r.start();
    const known = await until('the recording', async () => {
      const row = (await r.calls()).find((c) => c.them.number === '+15550031');
      return row?.recording && row;
    });
    t.match(known!.coverage.status, /^(recorded|partial)$/, inWords(known!.coverage.why));
    // What was to be written of the other went with the process that could not write it; its sound did not.
    t.strictSame((await r.calls()).map((c) => c.them.number).sort(), ['+15550030', '+15550031']);
    // An alarm names it after ten minutes: until then its row may still be waiting to be written.
    const left = readdirSync(pbx.recordingDir).filter((file) => /\.wav/.test(file));
    t.equal(left.length, 2, 'both sides of it are in the spool');
  });
});
