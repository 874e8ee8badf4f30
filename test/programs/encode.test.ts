import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import { createFfmpeg } from '../../daemon/encode/ffmpeg.js';
import { type OpusSegment, opusPlan } from '../../daemon/encode/opus.js';
import { createPeaks } from '../../daemon/encode/peaks.js';
import { readWavHeader } from '../../daemon/encode/wav.js';
import { wav, wavHead } from '../support/recordings/wav.js';

const dir = t.testdir({});
const ffmpeg = createFfmpeg();

let serial = 0;
function file(bytes: Uint8Array, name = `${serial++}.wav`): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

const tags = { title: 'Call', date: '2025-03-01T10:00:00Z', callId: '01JNTEST' };

async function segment(
  offsetMs: number,
  inFile: string | null,
  outFile: string | null,
): Promise<OpusSegment> {
  const [a, b] = await Promise.all([inFile, outFile].map((path) => (path ? readWavHeader(path) : undefined)));
  return {
    ...{ offsetMs, inFile, outFile, rate: Math.max(a?.rate ?? 0, b?.rate ?? 0) },
    ...{ inMs: a?.durationMs ?? 0, outMs: b?.durationMs ?? 0 },
  };
}

const decodedRate = 48_000;
/** Of the 20,000 that the tone has: more than what stereo prediction lets through in the first frame of a sound. */
const loud = 8000;

/** Encodes, decodes and measures: length in ms and, for each side, where sound begins, in ms. */
async function listen(segments: OpusSegment[], use = tags) {
  const plan = opusPlan({ segments, tags: use, bitrate: 32_000, complexity: 5 });
  const encoding = ffmpeg.encode(plan);
  const ogg = await buffer(encoding.stdout);
  await encoding.done;
  const decoding = ffmpeg.decode(Readable.from([ogg]), decodedRate);
  const pcm = await buffer(decoding.stdout);
  await decoding.done;
  const onsets = [0, 1].map((side) => {
    const found: number[] = [];
    let quietSince = -1e9;
    for (let n = 0; n < pcm.length / 4; n++) {
      if (Math.abs(pcm.readInt16LE(4 * n + 2 * side)) < loud) continue;
      if (n - quietSince > decodedRate / 20) found.push((n * 1000) / decodedRate);
      quietSince = n;
    }
    return found;
  });
  return { plan, ogg, ms: (pcm.length / 4 / decodedRate) * 1000, left: onsets[0]!, right: onsets[1]!, pcm };
}

function near(t: Tap, found: number[], due: number[], what: string): void {
  const apart = due.map((ms, n) => Math.abs(ms - (found[n] ?? Number.NaN)));
  t.ok(
    found.length === due.length && apart.every((ms) => ms <= 5),
    `${what}: at ${due}, found ${found.map((n) => n.toFixed(1))}`,
  );
}
type Tap = Pick<typeof t, 'ok'>;

t.test('two segments of unlike rate and length become one stereo recording, each in its place', async (t) => {
  const first = await segment(0, file(wav(8000, 2000, [[500, 700]])), file(wav(8000, 1500, [[1000, 1200]])));
  const second = await segment(
    3250,
    file(wav(16_000, 900, [[400, 600]])),
    file(
      wav(16_000, 1610, [
        [100, 200],
        [1400, 1500],
      ]),
    ),
  );
  const { plan, ms, left, right } = await listen([second, first]);
  t.equal(plan.expectedMs, 3250 + 1610);
  t.equal(plan.rate, 16_000);
  t.equal(plan.overlapMs, 0);
  t.ok(Math.abs(ms - plan.expectedMs) <= 20, `expected ${plan.expectedMs} ms, decoded ${ms.toFixed(1)}`);
  near(t, left, [500, 3650], 'left is what the anchor said');
  near(t, right, [1000, 3350, 4650], 'right is what it heard');
});

t.test('wideband sound stays wideband', async (t) => {
  const rate = 16_000;
  const tone = wav(rate, 1000, []);
  for (let n = 0; n < rate; n++)
    tone.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * 6000 * n) / rate)), 44 + 2 * n);
  const { pcm } = await listen([await segment(0, file(tone), file(wav(8000, 1000, [])))]);
  const peaks = createPeaks({ rate: decodedRate });
  peaks.write(pcm.subarray(pcm.length / 10));
  t.ok(peaks.result().leftRms > -20, `6 kHz comes through (${peaks.result().leftRms} dB)`);
  const apart = peaks.result().leftRms - peaks.result().rightRms;
  t.ok(apart > 25, `and not on the other side (${apart.toFixed(0)} dB less)`);
});

t.test('the two parties are kept apart at the lowest bit rate that can be asked for', async (t) => {
  // 16 kbit/s used to come out as mono: libopus gives up stereo there, and nobody could tell who had said what.
  for (const rate of [8000, 16_000]) {
    for (const complexity of [0, 10]) {
      const one = file(
        wav(rate, 4000, [
          [0, 900],
          [2000, 2900],
        ]),
      );
      const other = file(
        wav(rate, 4000, [
          [1000, 1900],
          [3000, 3900],
        ]),
      );
      const plan = opusPlan({ segments: [await segment(0, one, other)], tags, bitrate: 12_000, complexity });
      const decoding = ffmpeg.decode(ffmpeg.encode(plan).stdout, decodedRate);
      const pcm = await buffer(decoding.stdout);
      const peaks = createPeaks({ rate: decodedRate });
      peaks.write(pcm.subarray(4 * 48 * 2100, 4 * 48 * 2850));
      const { leftRms, rightRms } = peaks.result();
      t.ok(leftRms - rightRms > 25, `${rate} Hz, complexity ${complexity}: ${leftRms} and ${rightRms} dB`);
    }
  }
});

t.test('a late start, a missing side and a missing file are silence', async (t) => {
  const burst = file(wav(8000, 600, [[100, 200]]));
  const late = await listen([await segment(1000, burst, null), await segment(2000, null, burst)]);
  t.equal(late.plan.expectedMs, 2600);
  t.equal(late.plan.rate, 8000);
  t.ok(Math.abs(late.ms - 2600) <= 20);
  near(t, late.left, [1100], 'left');
  near(t, late.right, [2100], 'right');
  const empty = await segment(0, file(wavHead({})), burst);
  near(t, (await listen([empty])).right, [100], 'a file with no audio beside one with some');
  const nothing = await segment(0, null, null);
  t.throws(() => opusPlan({ segments: [nothing], tags, bitrate: 1, complexity: 1 }), {
    code: 'spool_unreadable',
  });
});

t.test('time that two segments cover is taken from the earlier one', async (t) => {
  const first = await segment(0, file(wav(8000, 1000, [[100, 200]])), null);
  const second = await segment(
    800,
    file(
      wav(8000, 1000, [
        [50, 150],
        [500, 600],
      ]),
    ),
    null,
  );
  const inside = await segment(300, file(wav(8000, 200, [[50, 150]])), null);
  const { plan, ms, left } = await listen([first, inside, second]);
  t.match(plan, { expectedMs: 1800, overlapMs: 400, inputs: { length: 2 } });
  t.ok(Math.abs(ms - 1800) <= 20);
  near(t, left, [100, 1300], 'left');
});

t.test('any segments make a recording of the length of their union', async () => {
  const path = file(wav(8000, 400, []));
  const arbitrary = fc.record({
    offsetMs: fc.nat(1500),
    rate: fc.constantFrom(8000, 16_000),
    inFile: fc.constantFrom(path, null),
    outFile: fc.constantFrom(path, null),
    inMs: fc.nat(400),
    outMs: fc.nat(400),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(arbitrary, { minLength: 1, maxLength: 5 }), async (segments) => {
      const ends = segments.map((s) => {
        const ms = Math.max(s.inFile ? s.inMs : 0, s.outFile ? s.outMs : 0);
        return ms && s.offsetMs + ms;
      });
      const due = Math.max(...ends);
      fc.pre(due > 0);
      const { plan, ms } = await listen(segments);
      return plan.expectedMs === due && Math.abs(ms - due) <= 20;
    }),
    { numRuns: 25 },
  );
});

t.test('a wav file whose writer was killed is encoded whole', async (t) => {
  for (const lengths of [0, 0xffffffff, 160, 1_000_000]) {
    const path = file(wav(8000, 1500, [[1000, 1100]], lengths));
    const { ms, right, left } = await listen([await segment(0, path, path)]);
    t.ok(Math.abs(ms - 1500) <= 20, `length ${lengths} in the header`);
    near(t, [...left, ...right], [1000, 1000], 'both sides');
  }
});

t.test('tags survive, whatever is in them', async (t) => {
  const title = 'Call: "O\'Brien" & sons; $(id) \\ 100% [x],y=z -y\nline two ünï 日本 -f null';
  const path = file(wav(8000, 300, []), "a name: with 'quotes', [x] and %d.wav");
  const { ogg } = await listen([await segment(0, path, path)], {
    title: `${title}\0`,
    date: tags.date,
    callId: tags.callId,
  });
  const probe = execFileSync('ffprobe', [
    '-v',
    'error',
    '-show_streams',
    '-of',
    'json',
    file(ogg, 'tags.ogg'),
  ]);
  const [stream] = JSON.parse(probe.toString()).streams;
  t.match(stream, { codec_name: 'opus', channels: 2 });
  t.equal(stream.tags.title, title);
  t.equal(stream.tags.date, tags.date);
  t.equal(stream.tags.TAPEDECK_CALL, tags.callId);
});

t.test('the version is known, and whether Opus can be made', async (t) => {
  t.match(await ffmpeg.version(), { version: /^\d+\.\d+/, libopus: true });
});

t.test('a missing ffmpeg says so, and does not disturb another', async (t) => {
  const missing = createFfmpeg({ path: '/nonexistent/ffmpeg' });
  await t.rejects(missing.version(), { code: 'ffmpeg_missing' });
  const path = file(wav(8000, 300, []));
  const plan = opusPlan({ segments: [await segment(0, path, path)], tags, bitrate: 24_000, complexity: 0 });
  const run = missing.encode(plan);
  const good = ffmpeg.encode(plan);
  await t.rejects(buffer(run.stdout), { code: 'ffmpeg_missing' });
  await t.rejects(run.done, { code: 'ffmpeg_missing' });
  t.ok((await buffer(good.stdout)).length > 100);
  await good.done;
});

t.test('a failure ends the output with an error that says what ffmpeg said', async (t) => {
  const gone = ffmpeg.encode({
    inputs: [join(dir, 'gone.wav')],
    filter: '[0:a]anull[recording]',
    outputOptions: ['-map', '[recording]', '-f', 'ogg'],
  });
  await t.rejects(buffer(gone.stdout), { code: 'encode_failed', detail: /gone\.wav.*No such file/ });
  await t.rejects(gone.done, { code: 'encode_failed' });

  const noise = ffmpeg.decode(Readable.from([randomBytes(5000)]), 8000);
  // ffmpeg 7 and 5 say it in words of their own.
  const said = /Error opening input|pipe:0: (End of file|Invalid data)/;
  await t.rejects(noise.done, { code: 'encode_failed', detail: said }, 'noise is not audio');
  const failing = new Readable({
    read() {
      this.destroy(new Error('seal damaged here'));
    },
  });
  const run = ffmpeg.decode(failing, 8000);
  await t.rejects(buffer(run.stdout), { code: 'encode_failed', detail: /seal damaged here/ });
  const closed = new Readable({ read() {} });
  const waiting = ffmpeg.decode(closed, 8000);
  closed.destroy();
  await t.rejects(
    waiting.done,
    { code: 'encode_failed' },
    'a source that is closed early is a failure, not a wait',
  );
});

t.test('a run that is stopped, or not listened to, ends', async (t) => {
  const path = file(wav(16_000, 60_000, [[0, 60_000]]));
  const plan = opusPlan({ segments: [await segment(0, path, path)], tags, bitrate: 64_000, complexity: 10 });
  const early = ffmpeg.encode(plan);
  early.kill();
  await t.rejects(early.done, { code: 'encode_failed', detail: /stopped/ }, 'before it began');
  const late = ffmpeg.encode(plan);
  await new Promise((resolve) => late.stdout.once('data', resolve));
  late.kill();
  await t.rejects(late.done, { code: 'encode_failed' }, 'in the middle');
  const left = ffmpeg.encode(plan);
  for await (const _ of left.stdout) break;
  await t.rejects(left.done, { code: 'encode_failed' }, 'when its reader went away');
  const opus = file(await buffer(ffmpeg.encode({ ...plan }).stdout), 'unheard.opus');
  const source = createReadStream(opus);
  const unheard = ffmpeg.decode(source, 8000);
  for await (const _ of unheard.stdout) break;
  await t.rejects(unheard.done, { code: 'encode_failed' });
  t.ok(source.destroyed, 'the source is let go');
  const ps = spawnSync('ps', ['--ppid', String(process.pid), '-o', 'stat=,comm=']).stdout.toString();
  t.notMatch(ps, /^[^Z]\S*\s+ffmpeg/m, 'no ffmpeg goes on');
});

t.test('encoding is fast enough', async (t) => {
  const path = file(
    wav(
      8000,
      300_000,
      Array.from({ length: 100 }, (_, n): [number, number] => [n * 3000, n * 3000 + 1500]),
    ),
  );
  const plan = opusPlan({ segments: [await segment(0, path, path)], tags, bitrate: 24_000, complexity: 5 });
  const begun = performance.now();
  const run = ffmpeg.encode(plan);
  const bytes = (await buffer(run.stdout)).length;
  await run.done;
  const seconds = (performance.now() - begun) / 1000;
  const rate = 16_000;
  const pcm = Buffer.alloc(4 * rate * 60);
  const drawn = performance.now();
  createPeaks({ rate }).write(pcm);
  const drawing = performance.now() - drawn;
  t.ok(bytes > 1000);
  t.comment(
    `5 minutes encoded in ${seconds.toFixed(2)} s (${Math.round(300 / seconds)} times real time), ` +
      `${Math.round(bytes / 1000)} kB; peaks of a minute at 16 kHz in ${drawing.toFixed(0)} ms`,
  );
});
