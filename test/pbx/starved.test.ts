import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { catalogueFile } from '../../daemon/domain/paths.js';
import type { Gap } from '../../daemon/domain/recording/recording.js';
import { createLab, emptySpool, type Pbx, startPbx } from '../support/pbx/pbx.js';
import type { Source } from '../support/pbx/sources.js';
import { createRecorderLab, type RecorderLab, seconds, until } from '../support/recorder.js';
import { amplitude, decode } from '../support/recordings/audio.js';
import { wordsIn } from '../support/words.js';

/**
 * A PBX without processor time. Asterisk is stopped for some 400 ms at a time (SIGSTOP, SIGCONT), as a scheduler does that
 * has others to serve: its snoops take all ticks of that time for one, and the files lack it (measured on 22.10.1: 380 ms
 * of 400 on both sides, each time). What the phones say counts the seconds, so that the recording tells what was said when.
 */
const dir = t.testdir({});
const STALL_MS = 450;
/** Asterisk keeps so much sound for a snoop that is late, and then throws it away: so late it may be in the file, in ms. */
const QUEUE_MS = 550;

/** A tone at each full second, which tells by its pitch which second it is. */
const counting = (): Source => {
  let n = 0;
  const sample = (): number => {
    const [second, at] = [Math.floor(n / 8_000), n % 8_000];
    n++;
    return at < 2_400 ? Math.round(9_000 * Math.sin((2 * Math.PI * pitch(second) * at) / 8_000)) : 0;
  };
  return { frame: () => Int16Array.from({ length: 160 }, sample), finished: () => false };
};
const pitch = (second: number): number => 400 + 50 * second;

/** Which second is heard when (ms): each tone is known by its zero crossings. */
function counted(samples: Float32Array, rate: number): Map<number, number> {
  const found = new Map<number, number>();
  let quiet = -rate;
  for (const [n, value] of samples.entries()) {
    if (Math.abs(value) < 0.08) continue;
    if (n - quiet > rate / 5) {
      const part = samples.subarray(n + rate / 20, n + rate / 4);
      const crossings = part.filter((v, i) => i > 0 && v >= 0 !== part[i - 1]! >= 0).length;
      const second = Math.round(((crossings / 2 / part.length) * rate - pitch(0)) / 50);
      // One that a stall has broken is not taken for another.
      const level = Math.sqrt((2 * part.reduce((sum, v) => sum + v * v, 0)) / part.length);
      if (amplitude(part, pitch(second), rate) > 0.9 * level) found.set(second, (n * 1000) / rate);
    }
    quiet = n;
  }
  return found;
}

t.jobs = 4;
type Place = { pbx: Pbx; recorder: RecorderLab };
let places = 0;

/** A PBX and its recorder for one test: nobody else is to be starved with it. */
async function place(t: Test): Promise<Place> {
  const name = `starved-${++places}`;
  const pbx = await startPbx({ version: 22, name });
  t.teardown(() => pbx.stop());
  emptySpool(pbx);
  const recorder = createRecorderLab({ dir: join(dir, name), pbx });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon();
  return { pbx, recorder };
}

function query<T>({ recorder }: Place, sql: string): T[] {
  const db = new Database(catalogueFile(recorder.dataDir), { readonly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}

/** The pieces that are on record of the newest call, both sides together. */
const foundSoFar = (p: Place): number =>
  query<{ lost: string }>(
    p,
    'SELECT lost FROM segment_losses WHERE named_call = (SELECT max(id) FROM calls)',
  ).reduce((sum, { lost }) => {
    const sides = JSON.parse(lost) as { in: unknown[]; out: unknown[] };
    return sum + sides.in.length + sides.out.length;
  }, 0);

/** Takes the processor from Asterisk; gives when, in ms since 1970. */
async function stall({ pbx }: Place, ms = STALL_MS): Promise<number> {
  const at = Date.now();
  process.kill(pbx.pid!, 'SIGSTOP');
  try {
    await seconds(ms / 1000);
  } finally {
    process.kill(pbx.pid!, 'SIGCONT');
  }
  return at;
}

type Told = {
  id: string;
  answered_at: number;
  ended_at: number;
  coverage_status: string;
  coverage_reason: string;
  duration_ms: number;
  gaps: string;
};

async function sealed(p: Place, id: string) {
  const row = await until(
    'the sealed recording',
    () =>
      query<Told>(
        p,
        `SELECT calls.*, duration_ms, gaps FROM calls JOIN recordings ON call_id = calls.id WHERE calls.id = '${id}'`,
      )[0],
  );
  row.coverage_reason = wordsIn(row.coverage_reason);
  const file = join(dir, `${row.id}.opus`);
  const done = await p.recorder.command(['export', row.id, '-o', file]);
  if (done.code !== 0) throw new Error(done.err);
  const { channels } = await decode(file, 8_000);
  return { row, gaps: JSON.parse(row.gaps) as Gap[], left: channels[0]!, right: channels[1]! };
}

const newest = (p: Place) =>
  until(
    'a segment',
    () =>
      query<{ id: string }>(
        p,
        `SELECT calls.id FROM calls JOIN segments ON call_id = calls.id WHERE segments.state = 'capturing' AND in_started_at > 0
         ORDER BY calls.id DESC`,
      )[0]?.id,
  );

async function talking(t: Test, p: Place, codec: 'ulaw' | 'g722' = 'ulaw') {
  const lab = createLab(p.pbx);
  t.teardown(() => lab.stop());
  const ann = await lab.phone('100', { source: counting, codecs: [codec] });
  const bob = await lab.phone('101', { source: counting, codecs: [codec] });
  const call = await ann.call('101');
  await call.answered;
  const atBob = await bob.incoming();
  return { call, atBob, id: await newest(p) };
}

type Checked = Awaited<ReturnType<typeof sealed>>;

/** Sound and story share one timeline again, and what is missing is told where it is missing, for the right reason. */
function check(t: Test, { row, gaps, left, right }: Checked, stalls: number[]): void {
  const talkMs = row.ended_at - row.answered_at;
  t.equal(row.coverage_status, 'partial');
  t.match(row.coverage_reason, /^The PBX was short of processor time: \d+\.\d s of audio is missing/);
  t.notMatch(row.coverage_reason, /disk|stopped writing/);
  t.ok(Math.abs(row.duration_ms - talkMs) <= 350, `it lasts ${row.duration_ms} of ${talkMs} ms`);
  for (const at of stalls) {
    const near = gaps.filter((g) => Math.abs((g.atMs + g.untilMs) / 2 - (at - row.answered_at)) <= 2_300);
    t.ok(
      near.length > 0,
      `at ${at - row.answered_at} ms: ${gaps.map((g) => `${g.atMs}-${g.untilMs} ${g.side}`)}`,
    );
  }
  for (const [name, side] of Object.entries({ left, right })) {
    const off = placed(side);
    t.comment(`${name}: ${off.map(({ second, ms }) => `${second}:${Math.round(ms)}`).join(' ')}`);
    t.ok(off.length >= talkMs / 1_000 - 2 - 2 * stalls.length, `${name}: ${off.length} seconds are heard`);
    const last = Math.max(...stalls) - row.answered_at;
    const after = off.filter(({ second }) => second * 1_000 > last + 2_500);
    t.ok(
      after.length > 0 && after.every(({ ms }) => Math.abs(ms) <= QUEUE_MS),
      `${name}: in place after the last`,
    );
    const worst = Math.max(...off.map(({ ms }) => Math.abs(ms)));
    t.ok(worst <= 1_000, `${name}: ${worst} ms off at most`);
  }
}

/** Each second that is heard, and how far it is from its place, in ms; the first whole one is in its own. */
function placed(samples: Float32Array): { second: number; ms: number }[] {
  const whole = [...counted(samples, 8_000)].filter(([second]) => second >= 1);
  const [second, at] = whole[0]!;
  return whole.map(([other, ms]) => ({ second: other, ms: ms - at - (other - second) * 1_000 }));
}

t.test(
  'pieces that both sides lack are put where they are missing, and an alarm rises in mid-call',
  { buffered: true },
  async (t) => {
    const p = await place(t);
    const { call, id } = await talking(t, p);
    const stalls: number[] = [];
    for (let i = 0; i < 3; i++) {
      await seconds(3.2);
      stalls.push(await stall(p));
    }
    await until('the last of them on record', () => foundSoFar(p) >= 6);
    const alarm = query<{ cleared_at: number | null; why: string; lasts_until: number }>(
      p,
      "SELECT * FROM alarms WHERE key = 'pbx_starved'",
    )[0];
    t.match(alarm, { cleared_at: null, why: '{"code":"pbx_starved","params":{}}' });
    t.ok(alarm!.lasts_until > Date.now(), 'which is over by itself when no more is lost');
    await seconds(4);
    await call.hangup();
    const told = await sealed(p, id);
    check(t, told, stalls);
    const apart = told.gaps.filter((g) => g.side !== 'both' && g.untilMs - g.atMs > 60);
    t.same(apart, [], 'both sides stay together');
  },
);

t.test('on hold and at 16 kHz', { buffered: true }, async (t) => {
  const p = await place(t);
  const { call, atBob, id } = await talking(t, p, 'g722');
  await seconds(3);
  await atBob.hold();
  await seconds(1);
  const stalls = [await stall(p)];
  await seconds(1);
  await atBob.unhold();
  await seconds(3);
  stalls.push(await stall(p));
  await seconds(5);
  await call.hangup();
  const { row, gaps, left } = await sealed(p, id);
  t.match(row, { coverage_status: 'partial', coverage_reason: /short of processor time/ });
  for (const at of stalls)
    t.ok(
      gaps.some((g) => Math.abs((g.atMs + g.untilMs) / 2 - (at - row.answered_at)) <= 1_300),
      `at ${at - row.answered_at} ms: ${gaps.map((g) => `${g.atMs}-${g.untilMs} ${g.side}`)}`,
    );
  const off = placed(left);
  t.comment(off.map(({ second, ms }) => `${second}:${Math.round(ms)}`).join(' '));
  t.ok(Math.abs(off.at(-1)!.ms) <= QUEUE_MS, 'in place at the end');
});

t.test(
  'a recorder that is killed meanwhile keeps what it had found, and finds the rest',
  { buffered: true },
  async (t) => {
    const p = await place(t);
    const { call, id } = await talking(t, p);
    await seconds(2.5);
    const stalls = [await stall(p)];
    await until('the first on record', () => foundSoFar(p) >= 2);
    await p.recorder.stopDaemon('SIGKILL');
    await seconds(1);
    stalls.push(await stall(p, 700));
    await p.recorder.startDaemon();
    await until('the second on record', () => foundSoFar(p) >= 4);
    await seconds(2.5);
    stalls.push(await stall(p));
    await seconds(5);
    await call.hangup();
    const told = await sealed(p, id);
    t.match(told.row, {
      coverage_status: 'partial',
      coverage_reason: /short of processor time.* in 3 places/,
    });
    t.ok(Math.abs(told.row.duration_ms - (told.row.ended_at - told.row.answered_at)) <= 350);
    const first = told.gaps[0]!;
    t.ok(
      Math.abs((first.atMs + first.untilMs) / 2 - (stalls[0]! - told.row.answered_at)) <= 2_300,
      'the first is where it was',
    );
  },
);

t.test('a call that ends while no recorder runs', { buffered: true }, async (t) => {
  const p = await place(t);
  const { call, id } = await talking(t, p);
  await seconds(3);
  await p.recorder.stopDaemon('SIGKILL');
  const at = await stall(p, 800);
  // A busy machine lets it go on later than it was to.
  const lasted = Date.now() - at;
  await seconds(3);
  await call.hangup();
  await p.recorder.startDaemon();
  const { row, gaps } = await sealed(p, id);
  t.match(row, { coverage_status: 'partial', coverage_reason: /short of processor time/ });
  t.notMatch(row.coverage_reason, /disk|stopped writing/);
  t.ok(row.ended_at - at > 2_500, 'and it ended when it ended');
  t.ok(
    gaps.some((g) => Math.abs(g.untilMs - g.atMs - (lasted - 20)) <= 150),
    JSON.stringify(gaps),
  );
});
