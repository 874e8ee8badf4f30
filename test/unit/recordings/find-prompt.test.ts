import { execFile } from 'node:child_process';
import t, { type Test } from 'tap';
import type { PromptPlace } from '../../../daemon/domain/telling/place-found.js';
import { atPromptRate, createPromptFinder } from '../../../daemon/encode/find-prompt.js';
import { dice } from '../../support/search/dice.js';

/** What sounds like speech: syllables of buzz and hiss with formants that wander, and pauses. Amplitude 1 is full scale. */
function speech(seconds: number, seed: number, rate = 8000): Float64Array {
  const chance = dice(seed);
  const out = new Float64Array(seconds * rate);
  for (let at = 0; at < out.length; ) {
    const length = Math.round((0.08 + 0.2 * chance()) * rate);
    const [pitch, hiss, loud] = [90 + 130 * chance(), chance() < 0.25, 0.25 + 0.5 * chance()];
    const formants = [300 + 500 * chance(), 900 + 1200 * chance(), 2200 + 800 * chance()];
    const glide = 0.8 + 0.4 * chance();
    const states = formants.map(() => [0, 0] as [number, number]);
    for (let n = 0; n < length && at + n < out.length; n++) {
      const part = n / length;
      const pulse = (n * pitch * (1 + (glide - 1) * part)) % rate < pitch ? 1 : 0;
      const source = hiss ? 0.2 * (chance() - 0.5) : pulse;
      let sum = 0;
      for (const [i, hz] of formants.entries()) {
        const state = states[i]!;
        const radius = 0.97;
        const y =
          source +
          2 * radius * Math.cos((2 * Math.PI * hz * (1 + (glide - 1) * part)) / rate) * state[0] -
          radius ** 2 * state[1];
        states[i] = [y, state[0]];
        sum += y / (i + 1);
      }
      out[at + n] = sum * Math.sin(Math.PI * part) * loud * 0.15;
    }
    at += length + Math.round((chance() < 0.2 ? 0.25 : 0.02) * chance() * rate);
  }
  const peak = Math.max(...Array.from({ length: out.length / 80 }, (_, i) => Math.abs(out[i * 80]!)), 1e-9);
  return out.map((x) => Math.max(-1, Math.min(1, (0.5 * x) / peak)));
}

const toPcm = (samples: Float64Array): Int16Array => Int16Array.from(samples, (x) => Math.round(x * 32_000));

/** `left` and `right` as they are decoded, each a mix of what is put where (ms) at which level. */
type Mix = { what: Float64Array | Int16Array; atMs: number; gain?: number }[];
function stereo(seconds: number, left: Mix, right: Mix, rate = 8000): Buffer {
  const bytes = Buffer.alloc(seconds * rate * 4);
  for (const [side, mix] of [left, right].entries()) {
    const sums = new Float64Array(seconds * rate);
    for (const { what, atMs, gain = 1 } of mix) {
      const scale = (what instanceof Int16Array ? 1 : 32_000) * gain;
      const at = Math.round((atMs * rate) / 1000);
      for (let i = 0; i < what.length && at + i < sums.length; i++) sums[at + i]! += what[i]! * scale;
    }
    sums.forEach(
      (x, n) => void bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(x))), 4 * n + 2 * side),
    );
  }
  return bytes;
}

const PROMPT = speech(6, 1);
const PCM = toPcm(PROMPT);

function find(bytes: Buffer, rate = 8000, prompt = PCM) {
  const finder = createPromptFinder({ rate, prompt });
  // Cut where no frame ends.
  for (let at = 0; at < bytes.length; at += 65_537) finder.write(bytes.subarray(at, at + 65_537));
  return finder.result();
}

/** Found once, there, to 25 ms. */
function isAt(t: Test, found: PromptPlace[], atMs: number, least: { correlation: number; share: number }) {
  t.equal(found.length, 1, 'once');
  const [one] = found;
  if (!one) return;
  t.comment(`${JSON.stringify(one)}`);
  t.ok(Math.abs(one.fromMs - atMs) <= 25, `at ${one.fromMs} ms`);
  t.ok(one.correlation >= least.correlation && one.share >= least.share, 'and it is that prompt');
}
const WHOLE = { correlation: 0.9, share: 0.95 };

t.test('it is found to the millisecond, on the side where it is, in sound cut anywhere', async (t) => {
  const talk = speech(60, 2);
  const found = find(stereo(60, [{ what: talk, atMs: 0, gain: 0.5 }], [{ what: PROMPT, atMs: 21_337 }]));
  t.same(found.left, []);
  isAt(t, found.right, 21_337, { correlation: 0.99, share: 1 });
  t.ok(Math.abs(found.right[0]!.untilMs - 27_337) <= 1);
});

t.test(
  'each time that it was played is found, also at the very beginning and where windows meet',
  async (t) => {
    const kept = [0, 9_950, 16_384, 40_000, 53_900];
    const { right } = find(
      stereo(
        60,
        [],
        kept.map((atMs) => ({ what: PROMPT, atMs })),
      ),
    );
    t.same(
      right.map((one) => one.fromMs),
      kept,
    );
  },
);

t.test('a prompt that is not there is not found: other speech, silence, noise, a tone', async (t) => {
  const chance = dice(5);
  const noise = Float64Array.from({ length: 60 * 8000 }, () => chance() - 0.5);
  const tone = Float64Array.from({ length: 60 * 8000 }, (_, n) => 0.5 * Math.sin(n / 3));
  t.same(find(stereo(60, [{ what: speech(60, 3), atMs: 0 }], [])), { left: [], right: [] });
  t.same(find(stereo(60, [{ what: noise, atMs: 0 }], [{ what: tone, atMs: 0 }])), { left: [], right: [] });
  t.same(find(Buffer.alloc(0)), { left: [], right: [] });
  t.same(find(Buffer.alloc(7)), { left: [], right: [] });
});

t.test('a prompt of 16 kHz is looked for at 8 kHz', async (t) => {
  const wide = atPromptRate(toPcm(speech(6, 1, 16_000)), 16_000);
  t.equal(wide.length, 6 * 8_000);
  const twice = Int16Array.from({ length: 2 * PCM.length }, (_, n) => PCM[n >> 1]!);
  const { left } = find(stereo(20, [{ what: PROMPT, atMs: 3_000 }], []), 8_000, atPromptRate(twice, 16_000));
  isAt(t, left, 3_000, WHOLE);
  t.same([...atPromptRate(Int16Array.of(32_767, 32_767, -32_768, -32_768, 0, 0), 8_000)].slice(0, 4), [
    ...[32_767, 32_767, -32_768, -32_768],
  ]);
});

t.test('one that was cut off is found with its share', async (t) => {
  const half = PROMPT.subarray(0, PROMPT.length / 2);
  const [one] = find(stereo(30, [{ what: half, atMs: 5_000 }], [])).left;
  t.ok(one && one.share >= 0.4 && one.share <= 0.6, `share ${one?.share}`);
  t.ok(Math.abs(one!.untilMs - 8_000) <= 300);
  const end = find(stereo(30, [{ what: PROMPT, atMs: 26_500 }], [])).left[0];
  t.ok(end && end.share < 0.7, 'by the end of the call');
});

t.test('somebody speaks over it, or there is noise', async (t) => {
  const chance = dice(6);
  const noise = Float64Array.from({ length: 30 * 8000 }, () => 0.05 * (chance() - 0.5));
  const over = { what: speech(30, 7), atMs: 0, gain: 0.25 };
  const found = find(
    stereo(
      30,
      [{ what: PROMPT, atMs: 7_000 }, over],
      [
        { what: PROMPT, atMs: 9_000 },
        { what: noise, atMs: 0 },
      ],
    ),
  );
  isAt(t, found.left, 7_000, { correlation: 0.8, share: 0.9 });
  isAt(t, found.right, 9_000, { correlation: 0.9, share: 0.9 });
});

t.test('a frame that was lost, and one of silence that came in, do not hide it', async (t) => {
  const at = 2 * 8000 + 333;
  const slipped = Float64Array.from([
    ...PROMPT.subarray(0, at),
    ...new Float64Array(160),
    ...PROMPT.subarray(at, 2 * at),
    ...PROMPT.subarray(2 * at + 160),
  ]);
  isAt(t, find(stereo(20, [{ what: slipped, atMs: 3_000 }], [])).left, 3_000, WHOLE);
});

const run = (args: string[], input: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { encoding: 'buffer' as const, maxBuffer: 64 << 20 };
    const child = execFile('ffmpeg', ['-v', 'error', ...args], options, (error, out) =>
      error ? reject(error) : resolve(out),
    );
    child.stdin!.end(input);
  });
const RAW = ['-f', 's16le', '-ar', '8000', '-ac', '2'];

for (const [name, encoder, container, rate] of [
  ['mu-law', ['-c:a', 'pcm_mulaw'], 'wav', 8000],
  ['G.722', ['-ar', '16000', '-ac', '1', '-c:a', 'g722'], 'wav', 16_000],
  ['Opus of 8 kHz', ['-c:a', 'libopus', '-b:a', '24k'], 'ogg', 8000],
  ['Opus of 16 kHz', ['-ar', '16000', '-c:a', 'libopus', '-b:a', '32k'], 'ogg', 16_000],
] as const)
  t.test(`through ${name}`, async (t) => {
    const talk = speech(30, 8);
    // One side is quieter by 20 dB.
    const bytes = stereo(
      30,
      [{ what: PROMPT, atMs: 4_000, gain: 0.1 }],
      [
        { what: talk, atMs: 12_000, gain: 0.3 },
        { what: PROMPT, atMs: 4_000 },
      ],
    );
    const coded = await run([...RAW, '-i', 'pipe:0', ...encoder, '-f', container, 'pipe:1'], bytes);
    const args = ['-i', 'pipe:0', '-ac', '2', '-ar', String(rate), '-f', 's16le', 'pipe:1'];
    const decoder = container === 'ogg' ? ['-c:a', 'libopus'] : [];
    const found = find(await run([...decoder, ...args], coded), rate);
    for (const side of [found.left, found.right]) isAt(t, side, 4_000, WHOLE);
  });
