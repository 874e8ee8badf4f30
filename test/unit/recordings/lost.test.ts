import { truncateSync } from 'node:fs';
import t from 'tap';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { findGaps, whyLacking } from '../../../daemon/domain/recording/gaps.js';
import { type Loss, lostMs } from '../../../daemon/domain/recording/lost.js';
import type { Lost, Recording } from '../../../daemon/domain/recording/recording.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { createDiskReader } from '../../../daemon/vault/store/disk.js';
import { decode } from '../../support/recordings/audio.js';
import { answeredAt, preserveLab, wavOf } from '../../support/recordings/preserve-lab.js';
import { place, written } from '../../support/recordings/stalls.js';
import { noted, worded } from '../../support/words.js';

const id = '01JGQ0000000000000000000A1';
/** What Asterisk writes at a time, in ms of audio. */
const BUFFER = { 8000: 2_048, 16000: 1_024 } as const;

const steady = (frames: number, rate: 8000 | 16000 = 8000) => written([], frames, BUFFER[rate]).writes;

t.test('pieces on one side only are found on that side, at both rates, while the call goes on', async (t) => {
  for (const rate of [8000, 16000] as const) {
    const p = await place(t, rate);
    const growth = await p.watch();
    const { writes, places } = written(
      [
        { afterMs: 7_000, frames: 20 },
        { afterMs: 9_000, frames: 24 },
      ],
      1_400,
      BUFFER[rate],
    );
    await p.play(growth, { in: writes, out: steady(1_400, rate) }, 26_000);
    const lost = await p.found();
    t.same(lost.out, [], `${rate}: nothing on the other side`);
    t.equal(lostMs(lost.in), 880, `${rate}: all of it`);
    for (const [i, { positionMs }] of places.entries()) {
      const { fromMs, toMs } = lost.in[i]!;
      t.ok(
        fromMs <= positionMs && positionMs <= toMs,
        `${rate}: at ${positionMs}, found from ${fromMs} to ${toMs}`,
      );
      t.ok(toMs - fromMs <= BUFFER[rate] + 1, `${rate}: to ${toMs - fromMs} ms`);
    }
    t.same(
      p.told,
      [
        { side: 'in', ms: 400 },
        { side: 'in', ms: 480 },
      ],
      'and it was told of when it was found',
    );
  }
});

t.test('a restart loses nothing that was found, and bounds what went missing in between', async (t) => {
  const p = await place(t);
  const { writes } = written(
    [
      { afterMs: 7_000, frames: 20 },
      { afterMs: 20_000, frames: 50 },
      { afterMs: 25_000, frames: 25 },
    ],
    4_000,
    BUFFER[8000],
  );
  const both = { in: writes, out: writes };
  await p.play(await p.watch(), both, 15_000);
  t.equal(lostMs((await p.found()).in), 400, 'the first is kept');
  p.clock.now = answeredAt + 45_000; // killed at 15 s, back at 45 s
  await p.play(await p.watch(answeredAt + 14_000), both, 70_000);
  const { in: lost, out } = await p.found();
  t.same(lost, out);
  t.same(
    lost.map((l) => l.ms),
    [400, 1_000, 500],
  );
  const [, between, after] = lost as [Loss, Loss, Loss];
  t.ok(between.fromMs >= 9_000 && between.fromMs <= 15_000 && between.toMs > 27_000, JSON.stringify(between));
  t.ok(after.toMs - after.fromMs <= 2_049, 'and what comes later is placed as before');
  const { gaps } = findGaps(
    [
      {
        ...{ atMs: 0, themMs: 60_000 + lostMs(lost), usMs: 60_000 + lostMs(lost), because: null },
        ...{ themFault: null, usFault: null, themLost: lost, usLost: out },
      },
    ],
    60_000 + lostMs(lost),
  );
  t.match(
    inWords(gaps[1]!.why),
    /1\.0 s of audio is missing\. Tapedeck was not monitoring the PBX, so it is only known to be between /,
  );
});

t.test('a call that ended while nobody watched: the closed file tells what is missing', async (t) => {
  const p = await place(t);
  const { writes } = written(
    [
      { afterMs: 7_000, frames: 20 },
      { afterMs: 9_000, frames: 50 },
    ],
    1_500,
    BUFFER[8000],
  );
  await p.play(await p.watch(), { in: writes, out: writes }, 10_000);
  for (const side of ['in', 'out'] as const) p.write(side, writes.at(-1)!);
  p.clock.now = answeredAt + 100_000;
  const growth = await p.watch(answeredAt + 9_000);
  await growth.close(p.segment);
  t.same(
    (await p.found()).in.map((l) => l.ms),
    [400, 1_000],
  );
});

t.test('the clock of the files is another: what is found is no more than what is missing', async (t) => {
  const p = await place(t);
  const { writes } = written([{ afterMs: 20_000, frames: 150 }], 2_000, BUFFER[8000]);
  const ahead = writes.map(({ ms, at }) => ({ ms, at, seen: at + 300_000 }));
  const growth = await p.watch();
  for (; p.clock.now - answeredAt < 40_000; p.clock.now += 1_000) {
    const w = ahead.filter(({ at }) => at <= p.clock.now - answeredAt).at(-1);
    if (w) for (const side of ['in', 'out'] as const) p.write(side, { ms: w.ms, at: w.seen });
    await growth.look();
  }
  const sum = lostMs((await p.found()).in);
  t.ok(sum >= 1_800 && sum <= 3_020, `${sum} of 3000 ms`);
});

t.test('size and time that do not belong together are looked at again', async (t) => {
  const p = await place(t);
  const growth = await p.watch();
  await p.play(growth, { in: steady(400), out: steady(400) }, 5_000);
  // The time of the next write is there already, and its bytes are not.
  p.write('in', { ms: 4_096 + 10, at: 8_300 });
  p.write('out', { ms: 4_096, at: 4_100 });
  p.clock.now = answeredAt + 8_300;
  const look = growth.look();
  p.write('in', { ms: 8_192, at: 8_300 });
  await look;
  await growth.look();
  t.same((await p.found()).in, [], 'no loss of what was just being written');
});

/** A file whose tone begins anew each second, `ms` long, less what is lost: pieces of it are cut out while it is written. */
function clicking(rate: number, ms: number, cuts: { atMs: number; ms: number }[]): Int16Array {
  const cut = (at: number) => cuts.some((c) => at >= c.atMs && at < c.atMs + c.ms);
  const samples: number[] = [];
  for (let n = 0; n < (ms * rate) / 1000; n++) {
    const at = (n * 1000) / rate;
    if (cut(at)) continue;
    samples.push(at % 1_000 < 200 ? Math.round(12_000 * Math.sin((n * 2 * Math.PI * 500) / rate)) : 0);
  }
  return Int16Array.from(samples);
}

/** When sound begins, in ms. */
function onsets(samples: Float32Array, rate: number): number[] {
  const found: number[] = [];
  let quiet = -1e9;
  for (const [n, value] of samples.entries()) {
    if (Math.abs(value) < 0.1) continue;
    if (n - quiet > rate / 10) found.push((n * 1000) / rate);
    quiet = n;
  }
  return found;
}

for (const rate of [8000, 16000])
  t.test(
    `${rate} Hz: the recording has silence where time is missing, each side by its own list`,
    async (t) => {
      const lab = await preserveLab(t);
      const cuts = [
        { atMs: 5_500, ms: 400 },
        { atMs: 12_500, ms: 480 },
      ];
      const whole = clicking(rate, 20_000, []);
      const less = clicking(rate, 20_000, cuts);
      const lost: Lost = {
        in: [
          { fromMs: 4_096, toMs: 6_144, ms: 400 },
          { fromMs: 10_240, toMs: 12_288, ms: 480 },
        ],
        out: [],
      };
      await lab.add(id, [{ in: wavOf(less, rate), out: wavOf(whole, rate) }], { talkMs: 20_000 });
      await lab.catalogue.segments.saveLost(id, 0, lost);
      const call = await lab.run(id);
      t.match(call.coverage, { status: 'partial', missingMs: 880 });
      t.equal(
        inWords(call.coverage.why),
        'The PBX was short of processor time: 0.9 s of audio is missing in 2 places from 0:05.1 to 0:12.1.',
      );
      t.same(worded(call.recording!.gaps), [
        {
          atMs: 5_120,
          untilMs: 5_520,
          side: 'them',
          reason: 'The PBX was short of processor time: 0.4 s of audio is missing.',
        },
        {
          atMs: 11_664,
          untilMs: 12_144,
          side: 'them',
          reason: 'The PBX was short of processor time: 0.5 s of audio is missing.',
        },
      ]);
      t.ok(Math.abs(call.recording!.durationMs - 20_000) <= 20, `${call.recording!.durationMs} ms`);
      const [left, right] = await soundOf(lab, call.recording!);
      const due = Array.from({ length: 20 }, (_, i) => i * 1_000);
      const late = (found: number[]) => due.filter((ms) => !found.some((f) => Math.abs(f - ms) <= 25));
      t.same(late(onsets(right!, 8_000)), [], 'the whole side is as it was');
      // Between its two writes a piece may lie a second from where it was cut.
      t.same(
        late(onsets(left!, 8_000)).filter(
          (ms) => ms <= 4_000 || ms >= 13_000 || (ms >= 7_000 && ms <= 10_000),
        ),
        [],
      );
    },
  );

async function soundOf(
  lab: Awaited<ReturnType<typeof preserveLab>>,
  recording: Recording,
): Promise<Float32Array[]> {
  const opened = await openSealed(createDiskReader(lab.dir), recording, await lab.identity(recording.id));
  const parts: Buffer[] = [];
  for await (const part of opened.read(0, opened.size - 1)) parts.push(part as Buffer);
  await opened.close();
  return (await decode(Buffer.concat(parts), 8_000)).channels;
}

t.test('as many places as are ever kept can be encoded', async (t) => {
  const lab = await preserveLab(t);
  const losses = Array.from({ length: 400 }, (_, i) => ({ fromMs: i * 100, toMs: i * 100 + 100, ms: 200 }));
  const sound = wavOf(clicking(8000, 40_000, []));
  await lab.add(id, [{ in: sound, out: sound }], { talkMs: 120_000 });
  await lab.catalogue.segments.saveLost(id, 0, { in: losses, out: losses });
  const call = await lab.run(id);
  t.match(call.coverage, { status: 'partial', missingMs: 80_000 });
  t.ok(Math.abs(call.recording!.durationMs - 120_000) <= 20, `${call.recording!.durationMs} ms`);
});

t.test('what a side lacks is a gap of that side, and of both where both lack it', (t) => {
  const lost = [{ fromMs: 2_000, toMs: 4_000, ms: 500 }];
  const stretch = (themLost: Loss[], usLost: Loss[]) => ({
    ...{ atMs: 0, themMs: 9_500 + lostMs(themLost), usMs: 9_500 + lostMs(usLost), because: null },
    ...{ themFault: null, usFault: null, themLost, usLost },
  });
  const { gaps, missingMs, lacks } = findGaps([stretch(lost, lost)], 10_000);
  t.match(worded(gaps), [
    { atMs: 3_000, untilMs: 3_500, side: 'both', reason: /0\.5 s of audio is missing/ },
  ]);
  t.equal(gaps.length, 1);
  t.equal(missingMs, 500);
  t.equal(
    inWords(whyLacking(lacks!)),
    'The PBX was short of processor time: 0.5 s of audio is missing at 0:03.0.',
  );
  const muted = findGaps([{ ...stretch(lost, lost), themMs: 7_000, themFault: noted('Mute.') }], 10_000);
  t.match(worded(muted.gaps), [
    { atMs: 3_000, side: 'both' },
    { atMs: 7_000, untilMs: 10_000, reason: 'Mute.' },
  ]);
  const little = [{ fromMs: 2_000, toMs: 4_000, ms: 200 }];
  t.equal(
    whyLacking(findGaps([stretch(little, [])], 9_700).lacks!),
    null,
    'less than a syllable makes no part',
  );
  t.end();
});

t.test('a file that was cut meanwhile is no loss of time', async (t) => {
  const p = await place(t);
  const growth = await p.watch();
  await p.play(growth, { in: steady(200), out: steady(200) }, 4_000);
  truncateSync(p.path('in'), 10);
  await growth.look();
  t.same(await p.found(), { in: [], out: [] });
});

t.test(
  'what a full disk cost is told as the fault of the disk, and what came before it is not',
  async (t) => {
    const p = await place(t);
    const { writes } = written(
      [
        { afterMs: 7_000, frames: 20 },
        { afterMs: 9_000, frames: 50 },
      ],
      1_400,
      BUFFER[8000],
    );
    const growth = await p.watch();
    const both = { in: writes, out: writes };
    await p.play(growth, both, 12_000);
    p.disk.full = true;
    await p.play(growth, both, 26_000);
    t.same(
      p.told.filter(({ side }) => side === 'in'),
      [
        { side: 'in', ms: 400 },
        { side: 'in', ms: 1_000, cause: 'disk' },
      ],
    );
    const { in: lost } = await p.found();
    const ms = 28_000 + lostMs(lost);
    const stretch = { atMs: 0, themMs: ms, usMs: ms, because: null, themFault: null, usFault: null };
    const { gaps, lacks } = findGaps([{ ...stretch, themLost: lost, usLost: lost }], ms);
    t.match(worded(gaps), [
      { side: 'both', reason: /^The PBX was short of processor time: 0\.4 s/ },
      { side: 'both', reason: /^The disk of the PBX was full or could not be written: 1\.0 s/ },
    ]);
    t.match(
      inWords(whyLacking(lacks!)),
      /^The PBX was short of processor time: 0\.4 s of audio is missing at .* The disk of the PBX was full or could not be written: 1\.0 s of audio is missing at /,
    );
  },
);
