import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createEncoder } from '../daemon/encode/encoder.js';
import { createFfmpeg } from '../daemon/encode/ffmpeg.js';
import { opusPlan } from '../daemon/encode/opus.js';
import { decode } from './support/audio.js';
import { speechLeak, speechOf, toneLeak, tonesOf } from './support/crosstalk.js';
import { wavOf } from './support/preserve-lab.js';

const dir = t.testdir({});
const encoder = createEncoder({ ffmpeg: createFfmpeg() });
const tags = { title: 'Call', date: '2026-11-01', callId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };

function planOf(them: Int16Array, us: Int16Array, rate: number, bitrate = 24_000, complexity = 5) {
  const [inFile, outFile] = [join(dir, 'in.wav'), join(dir, 'out.wav')];
  writeFileSync(inFile, wavOf(them, rate));
  writeFileSync(outFile, wavOf(us, rate));
  const ms = (samples: Int16Array) => (samples.length * 1000) / rate;
  const segment = { offsetMs: 0, inFile, outFile, rate, inMs: ms(them), outMs: ms(us) };
  return opusPlan({ segments: [segment], tags, bitrate, complexity });
}

async function recorded(plan: ReturnType<typeof planOf>): Promise<Buffer> {
  const { written } = await encoder.encode(plan, async (ogg) => {
    const parts: Uint8Array[] = [];
    for await (const part of ogg) parts.push(part);
    return Buffer.concat(parts);
  });
  return written;
}

const SECONDS = 8;
const heard = async (ogg: Buffer, rate: number) => (await decode(ogg, rate)).channels;
const same = (a: Float32Array, b: Float32Array) => a.every((sample, n) => sample === b[n]);
const isSilent = (samples: Float32Array) => samples.every((sample) => Math.abs(sample) <= 1 / 32_768);

t.test('neither side is heard on the other', async (t) => {
  for (const rate of [8000, 16_000] as const)
    for (const [bitrate, complexity] of [
      [24_000, 5],
      [20_000, 0],
      [64_000, 10],
    ] as const) {
      const what = `${rate} Hz, ${bitrate / 1000} kbit/s, complexity ${complexity}`;
      const record = async (them: Int16Array, us: Int16Array) =>
        heard(await recorded(planOf(them, us, rate, bitrate, complexity)), rate);
      const [tone, other] = tonesOf(SECONDS, rate) as [Int16Array, Int16Array];
      const tones = toneLeak(await record(tone, other), rate);
      t.ok(tones <= -40, `${what}: two tones, ${tones.toFixed(0)} dB`);
      const speech = speechOf(SECONDS, rate);
      const silence = new Int16Array(speech.length);
      const both = await record(tone, speech);
      const { toneDb, speechDb } = speechLeak(both, rate);
      t.ok(toneDb <= -40, `${what}: a tone beside speech, ${toneDb.toFixed(0)} dB`);
      t.ok(speechDb <= -40, `${what}: speech beside a tone, ${speechDb.toFixed(0)} dB`);
      const [left, right] = [await record(tone, silence), await record(silence, speech)];
      t.ok(same(both[0]!, left[0]!), `${what}: the left sounds the same whatever is on the right`);
      t.ok(same(both[1]!, right[1]!), `${what}: the right sounds the same whatever is on the left`);
      t.ok(isSilent(left[1]!) && isSilent(right[0]!), `${what}: a side with no sound is silent`);
    }
});
