import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import { decodePeaks, encodePeaks } from '../../../daemon/domain/recording/peaks.js';
import { createFfmpeg } from '../../../daemon/encode/ffmpeg.js';
import { type OpusSegment, opusPlan } from '../../../daemon/encode/opus.js';
import { createPeaks } from '../../../daemon/encode/peaks.js';
import { readWavHeader } from '../../../daemon/encode/wav.js';

const dir = t.testdir({});
const ffmpeg = createFfmpeg();

/** A mono 16-bit wav file: silence with bursts of a 700 Hz tone, `[from, to]` in ms. */
function wav(rate: number, ms: number, bursts: [number, number][], lengths?: number): Buffer {
  const samples = Math.round((ms * rate) / 1000);
  const data = Buffer.alloc(2 * samples);
  for (const [from, to] of bursts) {
    for (let n = Math.round((from * rate) / 1000); n < (to * rate) / 1000; n++) {
      data.writeInt16LE(Math.round(20_000 * Math.sin((2 * Math.PI * 700 * n) / rate + 1)), 2 * n);
    }
  }
  return Buffer.concat([wavHead({ rate, bytes: lengths ?? data.length }), data]);
}

function wavHead({ rate = 8000, channels = 1, bits = 16, bytes = 0, tag = 1 }): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(Math.min(0xffffffff, bytes && bytes + 36), 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(tag, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE((rate * channels * bits) / 8, 28);
  head.writeUInt16LE((channels * bits) / 8, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36);
  head.writeUInt32LE(bytes, 40);
  return head;
}

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
  await t.rejects(noise.done, { code: 'encode_failed', detail: /Invalid data/ }, 'noise is not audio');
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

t.test('peaks are those of the samples, however they are cut', async (t) => {
  const rate = 8000;
  const pcm = Buffer.alloc(4 * (rate * 2 + 37));
  for (let n = 0; n < pcm.length / 4; n++) {
    pcm.writeInt16LE(n < rate ? 16_384 : 0, 4 * n);
    pcm.writeInt16LE(n === 5 ? -32_768 : 0, 4 * n + 2);
  }
  const whole = createPeaks({ rate });
  whole.write(pcm);
  const due = whole.result();
  t.match(due, {
    samples: 16_037,
    durationMs: 2004.625,
    perSecond: 50,
    left: { length: 101 },
    right: { length: 101 },
    rate,
  });
  t.strictSame([...due.left.subarray(0, 2), due.left[49], due.left[50]], [128, 128, 128, 0]);
  t.strictSame([...due.right.subarray(0, 2)], [255, 0]);
  t.equal(due.leftRms, Math.round(1000 * Math.log10(0.25 * (8000 / 16_037))) / 100);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9000 })), (cuts) => {
      const peaks = createPeaks({ rate });
      let at = 0;
      for (const cut of cuts) {
        peaks.write(pcm.subarray(at, at + cut));
        at += cut;
      }
      peaks.write(pcm.subarray(at));
      t.strictSame(peaks.result(), due);
    }),
    { numRuns: 30 },
  );
});

t.test('peaks of a long call stay few, and lose no peak', async (t) => {
  const rate = 8000;
  const second = Buffer.alloc(4 * rate);
  const peaks = createPeaks({ rate });
  for (let n = 0; n < 3600; n++) {
    second.writeInt16LE(n === 1800 ? 32_767 : 100, 4);
    peaks.write(second);
  }
  const { left, right, perSecond, durationMs, rightRms } = peaks.result();
  t.ok(left.length > 2000 && left.length <= 4000 && right.length === left.length, `${left.length} points`);
  t.equal(left.length, Math.ceil((durationMs / 1000) * perSecond));
  t.equal(left.indexOf(255), Math.floor(1800 * perSecond), 'the loud one is where it was');
  t.equal(rightRms, -120);
  t.match(createPeaks({ rate }).result(), { durationMs: 0, samples: 0, leftRms: -120, left: { length: 0 } });
});

t.test('peaks packed for the catalogue come back the same, and noise is refused', async (t) => {
  const peaks = createPeaks({ rate: 16_000 });
  peaks.write(randomBytes(700_001));
  const { perSecond, durationMs, left, right } = peaks.result();
  const packed = encodePeaks({ perSecond, durationMs, left, right });
  t.strictSame(decodePeaks(packed), { perSecond, durationMs: Math.floor(durationMs), left, right });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 16 }), (noise) => {
      t.equal(decodePeaks(noise), null);
    }),
  );
});

t.test('the header of a wav file tells its length, or the file does', async (t) => {
  const at = (bytes: Uint8Array) => readWavHeader(file(bytes, 'header.wav'));
  const plain = {
    rate: 8000,
    channels: 1,
    bits: 16,
    dataOffset: 44,
    dataBytes: 16_000,
    durationMs: 1000,
    headerLies: false,
  };
  t.strictSame(await at(wav(8000, 1000, [])), plain);
  for (const lengths of [0, 0xffffffff, 320, 99_999]) {
    t.strictSame(await at(wav(8000, 1000, [], lengths)), { ...plain, headerLies: true }, `length ${lengths}`);
  }
  t.match(
    await at(Buffer.concat([wav(8000, 1000, [], 0), Buffer.from([1])])),
    { dataBytes: 16_000 },
    'an odd byte',
  );
  const list = Buffer.from('LIST\x05\0\0\0INFOx\0', 'latin1');
  t.strictSame(await at(Buffer.concat([wav(8000, 1000, []), list])), plain, 'a chunk after the audio');
  const whole = wav(8000, 1000, []);
  const before = Buffer.concat([whole.subarray(0, 36), list, whole.subarray(36)]);
  t.strictSame(await at(before), { ...plain, dataOffset: 44 + list.length }, 'a chunk before it');
  t.match(await at(wavHead({})), { dataBytes: 0, durationMs: 0 }, 'no audio yet');
  t.match(await at(Buffer.concat([wavHead({ channels: 2 }), Buffer.alloc(1002)])), {
    dataBytes: 1000,
    durationMs: 32,
  });

  execFileSync('sox', ['-n', '-r', '16000', '-b', '24', join(dir, 'sox.wav'), 'synth', '1', 'sine', '440']);
  t.match(await readWavHeader(join(dir, 'sox.wav')), {
    rate: 16_000,
    bits: 24,
    durationMs: 1000,
    headerLies: false,
  });

  const unreadable = async (bytes: Uint8Array, detail: RegExp) =>
    t.rejects(at(bytes), { code: 'spool_unreadable', detail });
  await unreadable(Buffer.alloc(0), /it is empty/);
  await unreadable(Buffer.from('RIFF'), /cut in its header/);
  await unreadable(wavHead({}).subarray(0, 30), /cut in its header/);
  await unreadable(wavHead({}).subarray(0, 40), /cut in its header/);
  await unreadable(Buffer.from('ID3 this is something else'), /no wav file/);
  await unreadable(wavHead({ tag: 0x31 }), /format is 49, not PCM/);
  await unreadable(wavHead({ rate: 0 }), /at 0 Hz/);
  mkdirSync(join(dir, 'folder.wav'));
  await t.rejects(readWavHeader(join(dir, 'folder.wav')), { code: 'spool_unreadable', detail: /not a file/ });
  await t.rejects(readWavHeader(join(dir, 'none.wav')), { code: 'spool_unreadable', detail: /ENOENT/ });
});

t.test('a wav reader gives an answer for any bytes', async () => {
  const path = join(dir, 'any.wav');
  const answers = async (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    const got = await readWavHeader(path).catch((error) => error.code);
    if (typeof got === 'string') return got === 'spool_unreadable';
    return got.dataOffset + got.dataBytes <= bytes.length && Number.isSafeInteger(got.durationMs);
  };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), answers), { numRuns: 300 });
  const good = readFileSync(file(wav(8000, 10, [])));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      (edits, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of edits) bytes[at] = value;
        return answers(bytes.subarray(0, length));
      },
    ),
    { numRuns: 600 },
  );
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
