import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import { createEncoder } from '../../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../../daemon/encode/ffmpeg.js';
import {
  type OpusJob,
  type OpusSegment,
  opusPlan,
  recodePlan,
  type Silence,
} from '../../../../daemon/encode/opus.js';
import {
  openSound,
  type SoundFile,
  sameUntil,
  soundOf,
  type Timeline,
  timelineOf,
} from '../../../../daemon/encode/timeline.js';
import { wavOf } from '../../../support/recordings/preserve-lab.js';
import { full, runs, seed } from '../../../support/search/share-of-search.js';

/**
 * What is put together while a call goes on has to be, to the sample, what ffmpeg puts together afterwards.
 */
const ffmpeg = createFfmpeg();
const FORM = { tags: { title: 'A - B', date: '2026-01-05', callId: 'X' }, bitrate: 24_000, complexity: 0 };

/** Samples that occur nowhere else: of a generator that is begun with this. */
function noise(seed: number, length: number): Int16Array {
  let x = seed;
  return Int16Array.from({ length }, () => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    return (x >>> 16) - 32_768;
  });
}

/** Writes the files of a job and returns it with their paths. */
function written(dir: string, rate: number, pieces: Piece[], silences: Silence[]): OpusJob {
  const segments = pieces.map(({ offsetMs, them, us }, n): OpusSegment => {
    const file = (side: Side | null, name: string, seed: number) => {
      if (!side) return null;
      const path = join(dir, `${n}-${name}.wav`);
      writeFileSync(path, wavOf(noise(seed, Math.floor((side.ms * rate) / 1000)), rate));
      return path;
    };
    return {
      ...{ offsetMs, rate },
      inFile: file(them, 'in', 2 * n + 1),
      outFile: file(us, 'out', 2 * n + 2),
      inMs: them?.ms ?? 0,
      outMs: us?.ms ?? 0,
      inLost: them?.lost ?? [],
      outLost: us?.lost ?? [],
    };
  });
  return { segments, silences, ...FORM };
}

async function opened(timeline: Timeline): Promise<Map<string, SoundFile>> {
  const files = new Map<string, SoundFile>();
  for (const { file } of [...timeline.them, ...timeline.us])
    if (file !== null && !files.has(file)) files.set(file, await openSound(file, timeline.rate));
  return files;
}

async function composed(job: OpusJob): Promise<Buffer> {
  const timeline = timelineOf(job)!;
  const files = await opened(timeline);
  const sound = await buffer(Readable.from(soundOf(timeline, 0, timeline.length, files)));
  for (const file of files.values()) await file.close();
  return sound;
}

const byFfmpeg = (job: OpusJob): Promise<Buffer> => {
  const { inputs, filter } = opusPlan(job);
  const outputOptions = ['-map', '[recording]', '-c:a', 'pcm_s16le', '-f', 's16le'];
  return buffer(ffmpeg.encode({ inputs, filter, outputOptions }).stdout);
};

type Side = { ms: number; lost: { fromMs: number; toMs: number; ms: number }[] };
type Piece = { offsetMs: number; them: Side | null; us: Side | null };

const side = fc.integer({ min: 40, max: 1_500 }).chain((ms) =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: ms }), fc.integer({ min: 10, max: 400 })), { maxLength: 3 })
    .map(
      (losses): Side => ({
        ms,
        lost: losses
          .toSorted(([a], [b]) => a - b)
          // Two at one place are one loss: nothing is between them.
          .filter(([at], i, all) => at > 0 && at < ms && all[i - 1]?.[0] !== at)
          .map(([at, lost]) => ({ fromMs: at, toMs: at, ms: lost })),
      }),
    ),
);
const piece = fc.record({
  offsetMs: fc.integer({ min: 0, max: 3_000 }),
  them: fc.option(side, { freq: 6 }),
  us: fc.option(side, { freq: 6 }),
});
const silence = fc.record({
  side: fc.constantFrom('them' as const, 'us' as const, 'both' as const),
  fromMs: fc.integer({ min: 0, max: 3_000 }),
  untilMs: fc.integer({ min: 0, max: 4_000 }),
});

t.test('the same samples as ffmpeg, whatever was captured, lost and masked', async (t) => {
  const cases = fc.record({
    rate: fc.constantFrom(8_000, 16_000),
    pieces: fc
      .array(piece, { minLength: 1, maxLength: 3 })
      .filter((all) => all.some(({ them, us }) => them || us)),
    silences: fc.array(silence, { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rate, pieces, silences }) => {
      const job = written(t.testdir({}), rate, pieces, silences);
      const [ours, theirs] = [await composed(job), await byFfmpeg(job)];
      if (!ours.equals(theirs)) throw new Error(`${ours.length} bytes, and ${theirs.length} of ffmpeg`);
    }),
    { numRuns: runs(60), seed },
  );
  t.pass('60 jobs');
});

t.test('encoded as it comes, it sounds as encoded afterwards, to the sample', async (t) => {
  const pieces: Piece[] = [
    {
      offsetMs: 120,
      them: { ms: 9_000, lost: [{ fromMs: 2_000, toMs: 4_000, ms: 300 }] },
      us: { ms: 8_980, lost: [] },
    },
    { offsetMs: 9_700, them: { ms: 3_000, lost: [] }, us: { ms: 3_020, lost: [] } },
  ];
  const silences: Silence[] = [{ side: 'both', fromMs: 5_000, untilMs: 6_500 }];
  for (const rate of [8_000, 16_000]) {
    const job = written(t.testdir({}), rate, pieces, silences);
    const encoder = createEncoder({ ffmpeg });
    const keep = (ogg: AsyncIterable<Uint8Array>) => buffer(Readable.from(ogg));
    const after = await encoder.encode(opusPlan(job), keep);
    const timeline = timelineOf(job)!;
    const files = await opened(timeline);
    const live = encoder.begin({ ...FORM, rate }, keep);
    for (let at = 0; at < timeline.length; at += 3_333)
      for await (const chunk of soundOf(timeline, at, Math.min(timeline.length, at + 3_333), files))
        await live.write(chunk);
    const during = await live.end();
    for (const file of files.values()) await file.close();
    const heard = (ogg: Buffer) => buffer(ffmpeg.decode(Readable.from([ogg]), rate).stdout);
    t.ok((await heard(during.written)).equals(await heard(after.written)), `${rate} Hz`);
    t.same(during.peaks, after.peaks);
    t.same(during.heard, after.heard);
  }
});

t.test('the pages of minutes of sound tell the time of their packets, from one file or many', async (t) => {
  const ms = 100_000;
  const side = { ms, lost: [] };
  const lost = { ms: 30_000, lost: [{ fromMs: 9_000, toMs: 9_020, ms: 7_777 }] };
  const encoder = createEncoder({ ffmpeg });
  const keep = (ogg: AsyncIterable<Uint8Array>) => buffer(Readable.from(ogg));
  const one: Piece[] = [{ offsetMs: 0, them: side, us: side }];
  const many: Piece[] = [
    { offsetMs: 333, them: lost, us: lost },
    { offsetMs: 44_444, them: lost, us: null },
  ];
  const all: [rate: number, of: Piece[]][] = [
    [8_000, one],
    [16_000, many],
    [16_000, one],
    [8_000, many],
  ];
  // Both rates, and one file and many; each of one with each of the other where every case is asked for.
  for (const [rate, pieces] of full ? all : all.slice(0, 2)) {
    const job = written(t.testdir({}), rate, pieces, [{ side: 'us', fromMs: 5_001, untilMs: 7_003 }]);
    const plan = opusPlan(job);
    // It is refused where a page tells another time.
    const { written: ogg, peaks } = await encoder.encode(plan, keep);
    t.equal(Math.round(peaks.durationMs), Math.round(plan.expectedMs));
    const silences: Silence[] = [{ side: 'both', fromMs: 1_003, untilMs: 2_001 }];
    const again = recodePlan({ ...FORM, rate, durationMs: peaks.durationMs, silences });
    t.equal((await encoder.recode(again, Readable.from([ogg]), keep)).peaks.samples, peaks.samples);
    const live = encoder.begin({ ...FORM, rate }, keep);
    const sound = Buffer.from(noise(7, 2 * rate * 100).buffer);
    for (let at = 0; at < sound.length; at += 30_004) await live.write(sound.subarray(at, at + 30_004));
    t.equal((await live.end()).peaks.samples, rate * 100);
  }
});

t.test('an encoding that is stopped, or whose ffmpeg fails, leaves nothing and says so', async (t) => {
  const encoder = createEncoder({ ffmpeg });
  const sink = async (ogg: AsyncIterable<Uint8Array>) => {
    for await (const _ of ogg);
  };
  const stopped = encoder.begin({ ...FORM, rate: 8_000 }, sink);
  await stopped.write(Buffer.alloc(64_000));
  await stopped.stop();
  await t.rejects(stopped.end(), { code: 'encode_failed' });
  const away = createEncoder({ ffmpeg: createFfmpeg({ path: '/nowhere/ffmpeg' }) }).begin(
    { ...FORM, rate: 8_000 },
    sink,
  );
  await t.rejects(away.end(), { code: 'ffmpeg_missing' });
});

t.test('what is learned of the past is seen; what comes to it is not', async (t) => {
  const us = { ms: 5_000, lost: [] };
  const job = (them: Side, silences: Silence[] = []) =>
    timelineOf(written(t.testdir({}), 8_000, [{ offsetMs: 0, them, us }], silences))!;
  const before = job({ ms: 5_000, lost: [] });
  const until = 3 * 8_000;
  t.ok(sameUntil(before, job({ ms: 9_000, lost: [] }), until), 'it goes on');
  t.ok(sameUntil(before, job({ ms: 9_000, lost: [{ fromMs: 4_000, toMs: 4_000, ms: 40 }] }), until));
  t.notOk(sameUntil(before, job({ ms: 9_000, lost: [{ fromMs: 2_000, toMs: 2_000, ms: 40 }] }), until));
  t.notOk(
    sameUntil(before, job({ ms: 9_000, lost: [] }, [{ side: 'us', fromMs: 2_900, untilMs: 3_100 }]), until),
  );
  t.notOk(sameUntil(before, job({ ms: 2_000, lost: [] }), 6 * 8_000), 'neither is so long');
});

t.test('what has to be resampled is left to ffmpeg', async (t) => {
  const segment = { inFile: 'a', outFile: 'b', inMs: 10, outMs: 10 };
  const segments = [
    { ...segment, offsetMs: 0, rate: 8_000 },
    { ...segment, offsetMs: 10, rate: 16_000 },
  ];
  t.equal(timelineOf({ segments, ...FORM }), null);
  t.equal(timelineOf({ segments: [], ...FORM }), null);
});
