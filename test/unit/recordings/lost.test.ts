import { mkdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { createGrowthWatch } from '../../../daemon/capture/growth.js';
import { createSpool } from '../../../daemon/capture/spool.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { findGaps, whyStarved } from '../../../daemon/domain/recording/gaps.js';
import {
  type Growth,
  grown,
  LEAST_LOSS,
  type Loss,
  lostMs,
  onTimeline,
  unseen,
} from '../../../daemon/domain/recording/lost.js';
import { type Lost, type Segment, spoolName } from '../../../daemon/domain/recording/recording.js';
import { openSealed } from '../../../daemon/vault/open.js';
import { aCall } from '../../support/recordings/a-call.js';
import { decode } from '../../support/recordings/audio.js';
import { answeredAt, preserveLab, wavOf } from '../../support/recordings/preserve-lab.js';
import { noted, worded } from '../../support/words.js';

const id = '01JGQ0000000000000000000A1';
const FRAME = 20;
/** What Asterisk writes at a time, in ms of audio. */
const BUFFER = { 8000: 2_048, 16000: 1_024 } as const;

/** When Asterisk had no processor time: from when on, and for how many frames. */
type Stall = { afterMs: number; frames: number };

/**
 * What a file looks like that Asterisk writes: a frame at each tick, but for the ticks of a stall, and a buffer at a time on
 * the disk. Returns each write and, last, the closing one, and where in the file each stall lies.
 */
function written(stalls: Stall[], frames: number, bufferMs: number) {
  const writes: { ms: number; at: number }[] = [];
  const places: { positionMs: number; ms: number }[] = [];
  let at = 0;
  let ms = 0;
  let flushed = 0;
  let next = 0;
  let since = 0;
  for (let n = 0; n < frames; n++) {
    const stall = stalls[next];
    if (stall && since >= stall.afterMs) {
      at += stall.frames * FRAME;
      places.push({ positionMs: ms, ms: stall.frames * FRAME });
      since = 0;
      next++;
    }
    at += FRAME;
    ms += FRAME;
    since += FRAME;
    if (ms >= flushed + bufferMs) {
      flushed += bufferMs;
      writes.push({ ms: flushed, at });
    }
  }
  writes.push({ ms, at });
  return { writes, places, audioMs: ms, lastedMs: at };
}

const exact = ({ ms, at }: { ms: number; at: number }) => ({ ms, earliest: at, latest: at });
const watched = (writes: { ms: number; at: number }[], from: Growth = unseen) =>
  writes.reduce((growth, write) => grown(growth, exact(write)), from);

const stallsOf = (frames: fc.Arbitrary<number>) =>
  fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 12_000 }), frames }), { maxLength: 25 });
const long = fc.integer({ min: LEAST_LOSS / FRAME, max: 200 });
const any = fc.integer({ min: 1, max: 200 });
const buffers = fc.constantFrom(BUFFER[8000], BUFFER[16000]);

t.test(
  'whatever stalls there are, each is placed between two writes of Asterisk, and the sum is exact',
  (t) => {
    fc.assert(
      fc.property(stallsOf(long), fc.integer({ min: 1, max: 5_000 }), buffers, (stalls, frames, bufferMs) => {
        const { writes, places } = written(stalls, frames, bufferMs);
        const { losses } = watched(writes);
        const total = places.reduce((sum, place) => sum + place.ms, 0);
        if (Math.abs(lostMs(losses) - total) > FRAME) return false;
        // A frame that is in Asterisk's hand when it writes belongs to what it writes next.
        return places.every(({ positionMs }) =>
          losses.some((l) => l.fromMs - FRAME <= positionMs && positionMs <= l.toMs + FRAME),
        );
      }),
      { numRuns: 500 },
    );
    t.end();
  },
);

t.test('what stands at any time of the timeline was said at that time, but for the resolution', (t) => {
  fc.assert(
    fc.property(stallsOf(any), fc.integer({ min: 1, max: 5_000 }), buffers, (stalls, frames, bufferMs) => {
      const { writes, places, audioMs } = written(stalls, frames, bufferMs);
      const { losses } = watched(writes);
      const truth = (position: number) =>
        position + places.filter((p) => p.positionMs < position).reduce((sum, p) => sum + p.ms, 0);
      // Between the two writes of a loss its place is not known; everywhere else only little ones are left out.
      const isOpen = (position: number) =>
        losses.some(({ fromMs, toMs }) => fromMs - FRAME <= position && position <= toMs + FRAME);
      for (let position = 1; position < audioMs; position += 97)
        if (
          !isOpen(position) &&
          Math.abs(truth(position) - onTimeline(position, losses)) > LEAST_LOSS + FRAME
        )
          return false;
      return true;
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('jitter is no loss: a late start, frames that slip, a coarse clock of the file system', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.integer({ min: -10, max: 20 }), { minLength: 5, maxLength: 160 }),
      (late, slips, jitters) => {
        const writes = jitters.map((jitter, i) => {
          const slipped = Math.floor((slips * i) / jitters.length) * FRAME;
          return { ms: (i + 1) * 2_048, at: (i + 1) * 2_048 + late + slipped + jitter };
        });
        return watched(writes).losses.length === 0;
      },
    ),
  );
  t.end();
});

t.test('a time that is known only between two looks adds no silence that is not due', (t) => {
  fc.assert(
    fc.property(
      stallsOf(long),
      fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 200, maxLength: 200 }),
      (stalls, early) => {
        const { writes, places } = written(stalls, 4_000, BUFFER[8000]);
        const growth = writes.reduce(
          (g, { ms, at }, i) => grown(g, { ms, earliest: at - (early[i] ?? 0), latest: at }),
          unseen,
        );
        return lostMs(growth.losses) <= places.reduce((sum, p) => sum + p.ms, 0) + FRAME;
      },
    ),
  );
  t.end();
});

t.test('a clock that is set back in mid-call is no loss, and what is missing after that is found', (t) => {
  const { writes } = written([{ afterMs: 30_000, frames: 25 }], 3_000, BUFFER[8000]);
  const moved = writes.map((w) => (w.at > 20_000 ? { ...w, at: w.at - 3_600_000 } : w));
  const { losses } = watched(moved);
  t.equal(losses.length, 1);
  t.equal(lostMs(losses), 500);
  t.end();
});

t.test('a call of ten hours on a PBX without processor time keeps a list that ffmpeg can take', (t) => {
  const stalls = Array.from({ length: 15_000 }, () => ({ afterMs: 2_000, frames: 25 }));
  const { writes, places } = written(stalls, 1_800_000, BUFFER[8000]);
  const { losses } = watched(writes);
  t.ok(losses.length <= 400, `${losses.length} places`);
  t.ok(
    Math.abs(lostMs(losses) - places.reduce((sum, p) => sum + p.ms, 0)) <= LEAST_LOSS,
    'nothing of the sum is lost',
  );
  t.end();
});

/** A spool with a writer that behaves like Asterisk's, on a clock that the test moves. */
async function place(t: Test, rate: 8000 | 16000 = 8000) {
  const dir = t.testdir({});
  const spoolDir = join(dir, 'spool');
  mkdirSync(spoolDir);
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dir) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  await catalogue.saveCall({ ...aCall(id), id, answeredAt });
  const segment: Segment = {
    ...{ callId: id, seq: 0, legId: 'leg', inStartedAt: answeredAt, outStartedAt: answeredAt },
    ...{
      state: 'capturing',
      because: null,
      mutedFrom: { in: null, out: null },
      fed: '',
      swapped: false,
      token: 'a'.repeat(32),
    },
  };
  await catalogue.saveSegment(segment);
  const absent = async () => {
    throw new Error('the PBX has no such recording');
  };
  const spool = createSpool({
    dir: spoolDir,
    workDir: join(dir, 'work'),
    remote: { stored: absent, storedNames: async () => [], deleteStored: async () => {} },
  });
  const clock = { now: answeredAt };
  const told: { side: string; ms: number }[] = [];
  const watch = async (watchedUntil: number | null = null) => {
    const growth = createGrowthWatch({
      captures: () => [segment],
      written: spool.written,
      now: () => clock.now,
      segments: catalogue.segments,
      watchedUntil: async () => watchedUntil,
      save: catalogue.saveLost,
      onLost: (_, side, ms) => told.push({ side, ms }),
      log: pino({ level: 'silent' }),
    });
    await growth.start();
    t.teardown(() => growth.stop());
    return growth;
  };
  const path = (side: 'in' | 'out') =>
    join(spoolDir, `${spoolName(segment, side)}.${rate === 16000 ? 'wav16' : 'wav'}`);
  const bytesPerMs = (rate * 2) / 1000;
  /** Lets Asterisk write what it writes on one side until then; the watcher looks every second. */
  const write = (side: 'in' | 'out', { ms, at }: { ms: number; at: number }) => {
    const samples = new Int16Array((ms * rate) / 1000).fill(1000);
    writeFileSync(path(side), wavOf(samples, rate, 0));
    const time = (answeredAt + at) / 1000;
    utimesSync(path(side), time, time);
  };
  const play = async (
    growth: { look: () => Promise<void> },
    lists: Record<'in' | 'out', { ms: number; at: number }[]>,
    to: number,
  ) => {
    for (; clock.now - answeredAt < to; clock.now += 1_000) {
      for (const side of ['in', 'out'] as const)
        for (const w of lists[side].filter(({ at }) => at <= clock.now - answeredAt).slice(-1))
          write(side, w);
      await growth.look();
    }
  };
  const found = async (): Promise<Lost> => (await catalogue.segments(id))[0]!.lost ?? { in: [], out: [] };
  return { catalogue, segment, clock, told, watch, write, play, found, path, bytesPerMs, spoolDir };
}

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
    /1\.0 s are missing\. Tapedeck was not watching: where between .* is not known/,
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
      await lab.catalogue.saveLost(id, 0, lost);
      const call = await lab.run(id);
      t.match(call.coverage, { status: 'partial', missingMs: 880 });
      t.equal(
        inWords(call.coverage.why),
        'The PBX was short of processor time: 0.9 s are missing in 2 places from 0:05.1 to 0:12.1.',
      );
      t.same(worded(call.recording!.gaps), [
        {
          atMs: 5_120,
          untilMs: 5_520,
          side: 'them',
          reason: 'The PBX was short of processor time: 0.4 s are missing.',
        },
        {
          atMs: 11_664,
          untilMs: 12_144,
          side: 'them',
          reason: 'The PBX was short of processor time: 0.5 s are missing.',
        },
      ]);
      t.ok(Math.abs(call.recording!.durationMs - 20_000) <= 20, `${call.recording!.durationMs} ms`);
      const [left, right] = await soundOf(lab, call.recording!.file);
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

async function soundOf(lab: Awaited<ReturnType<typeof preserveLab>>, file: string): Promise<Float32Array[]> {
  const opened = await openSealed(join(lab.dir, file), await lab.identity(id));
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
  await lab.catalogue.saveLost(id, 0, { in: losses, out: losses });
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
  const { gaps, missingMs, starved } = findGaps([stretch(lost, lost)], 10_000);
  t.match(worded(gaps), [{ atMs: 3_000, untilMs: 3_500, side: 'both', reason: /0\.5 s are missing/ }]);
  t.equal(gaps.length, 1);
  t.equal(missingMs, 500);
  t.equal(inWords(whyStarved(starved!)), 'The PBX was short of processor time: 0.5 s are missing at 0:03.0.');
  const muted = findGaps([{ ...stretch(lost, lost), themMs: 7_000, themFault: noted('Mute.') }], 10_000);
  t.match(worded(muted.gaps), [
    { atMs: 3_000, side: 'both' },
    { atMs: 7_000, untilMs: 10_000, reason: 'Mute.' },
  ]);
  const little = [{ fromMs: 2_000, toMs: 4_000, ms: 200 }];
  t.equal(
    whyStarved(findGaps([stretch(little, [])], 9_700).starved!),
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
