import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import t from 'tap';
import { encodeOrder, jobOf, readOrder } from '../../daemon/encode/apart/orders.js';
import { createRemoteFfmpeg } from '../../daemon/encode/apart/remote.js';
import { createEncoderServer } from '../../daemon/encode/apart/server.js';
import { createFfmpeg, type Ffmpeg } from '../../daemon/encode/ffmpeg.js';
import { type OpusJob, opusPlan, recodePlan, type Silence } from '../../daemon/encode/opus.js';
import { createLog } from '../../daemon/ops/log.js';
import { wavOf } from '../support/recordings/preserve-lab.js';

const ffmpeg = createFfmpeg();
const dir = t.testdir({});

/** Two tones that are never zero for two samples running. */
function job(rate: number, ms: number, silences: Silence[]): OpusJob {
  const tone = (turn: number, name: string) => {
    const path = join(dir, `${name}-${rate}-${ms}.wav`);
    const samples = Int16Array.from({ length: (ms * rate) / 1000 }, (_, n) =>
      Math.round(12_000 * Math.sin(n * turn + 1)),
    );
    writeFileSync(path, wavOf(samples, rate));
    return path;
  };
  return {
    segments: [
      { offsetMs: 0, inFile: tone(0.7, 'in'), outFile: tone(0.9, 'out'), rate, inMs: ms, outMs: ms },
    ],
    silences,
    tags: { title: 'Call', date: '2026-01-05T09:00:00Z', callId: '01JNTEST' },
    bitrate: 24_000,
    complexity: 5,
  };
}

/** What libopus is given. */
async function given(planned: OpusJob): Promise<Int16Array> {
  const plan = opusPlan(planned);
  const raw = ['-map', '[recording]', '-c:a', 'pcm_s16le', '-f', 's16le'];
  const run = ffmpeg.encode({ ...plan, outputOptions: raw });
  const bytes = await buffer(run.stdout);
  await run.done;
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

t.test(
  'silences are zeros from the first sample to the last, on the side that is named, and nowhere else',
  async () => {
    const ms = fc.nat(1_000);
    const some = fc.array(
      fc.record({ side: fc.constantFrom('them', 'us', 'both'), fromMs: ms, lasts: fc.nat(400) }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(8_000, 16_000), some, async (rate, drawn) => {
        const silences = drawn.map(({ side, fromMs, lasts }) => ({
          side: side as Silence['side'],
          ...{ fromMs, untilMs: fromMs + lasts },
        }));
        const plain = await given(job(rate, 1_000, []));
        const masked = await given(job(rate, 1_000, silences));
        const at = (msec: number) => Math.round((msec * rate) / 1000);
        const silent = (n: number, who: 'them' | 'us') =>
          silences.some(
            (s) => (s.side === who || s.side === 'both') && at(s.fromMs) <= n && n < at(s.untilMs),
          );
        if (masked.length !== plain.length) return false;
        return masked.every((x, i) => x === (silent(i >> 1, i % 2 === 0 ? 'them' : 'us') ? 0 : plain[i]));
      }),
      { numRuns: 12 },
    );
  },
);

t.test('nothing of a silenced side is decoded again, beginning and end included', async (t) => {
  const planned = job(16_000, 3_000, [{ side: 'them', fromMs: 1_000, untilMs: 2_000 }]);
  const encoding = ffmpeg.encode(opusPlan(planned));
  const ogg = await buffer(encoding.stdout);
  await encoding.done;
  const pcm = await buffer(ffmpeg.decode(Readable.from([ogg]), 16_000).stdout);
  const loudest = (side: 0 | 1, from: number, to: number) => {
    let most = 0;
    for (let n = from * 16; n < to * 16; n++)
      most = Math.max(most, Math.abs(pcm.readInt16LE(4 * n + 2 * side)));
    return most;
  };
  t.ok(loudest(0, 0, 950) > 8_000);
  t.ok(loudest(0, 1_030, 1_970) < 330, 'what libopus makes of the edge is 40 dB down');
  t.ok(loudest(0, 1_100, 1_900) < 10, `${loudest(0, 1_100, 1_900)} of 32,768 in the middle`);
  t.ok(loudest(0, 2_050, 3_000) > 8_000);
  t.ok(loudest(1, 1_030, 1_970) > 8_000, 'the other side is heard meanwhile');
});

t.test('as many silences as anybody makes are one run, and the encoder is asked for the same', async (t) => {
  const silences = Array.from(
    { length: 1_200 },
    (_, n): Silence => ({
      side: 'both',
      ...{ fromMs: n * 10, untilMs: n * 10 + 5 },
    }),
  );
  const planned = job(8_000, 12_000, silences);
  const masked = await given(planned);
  t.equal(masked.length, 2 * 8 * 12_000);
  for (const { fromMs, untilMs } of silences)
    if (masked.subarray(fromMs * 16, untilMs * 16).some((x) => x !== 0)) t.fail(`sound at ${fromMs} ms`);
  const order = readOrder(Buffer.from(JSON.stringify(encodeOrder(planned, 1_000))));
  if (order.kind !== 'encode') throw new Error(order.kind);
  t.same(jobOf(order).silences, silences);
  t.equal('silences' in encodeOrder(job(8_000, 12_000, []), 1_000), false);
});

t.test('a redaction goes by way of the encoder, and sounds as ffmpeg makes it here', async (t) => {
  const server = createEncoderServer({ ffmpeg, log: createLog('silent', 'test') });
  // A socket's path of over 107 bytes is cut off, and lies where no teardown finds it.
  const short = mkdtempSync(join(tmpdir(), 'tapedeck-silences-'));
  t.teardown(() => rmSync(short, { recursive: true, force: true }));
  const socket = join(short, 'encoder.sock');
  await server.listen({ path: socket });
  t.teardown(server.stop);
  const encoding = ffmpeg.encode(opusPlan(job(8_000, 3_000, [])));
  const ogg = await buffer(encoding.stdout);
  const plan = recodePlan({
    ...{ durationMs: 3_000, rate: 8_000, bitrate: 24_000, complexity: 5 },
    silences: [{ side: 'both', fromMs: 1_000, untilMs: 2_000 }],
    tags: { title: 'Call', date: '2026-01-05T09:00:00Z', callId: '01JNTEST' },
  });
  const heard = async (by: Pick<Ffmpeg, 'recode'>) => {
    const made = await buffer(by.recode(plan, Readable.from([ogg])).stdout);
    return buffer(ffmpeg.decode(Readable.from([made]), 8_000).stdout);
  };
  const near = await heard(ffmpeg);
  t.equal(near.length, 4 * 8 * 3_000);
  t.ok(near.equals(await heard(createRemoteFfmpeg({ socket }))));
});
