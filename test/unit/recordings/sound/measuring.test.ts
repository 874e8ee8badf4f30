import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Worker } from 'node:worker_threads';
import t from 'tap';
import { decoded } from '../../../../daemon/encode/decoded.js';
import { createEncoder } from '../../../../daemon/encode/encoder.js';
import { createFfmpeg } from '../../../../daemon/encode/ffmpeg.js';
import { createMeasuring, type Listener, type Measured } from '../../../../daemon/encode/measuring.js';
import { createPeaks } from '../../../../daemon/encode/peaks.js';
import { createQualityMeter } from '../../../../daemon/encode/quality.js';
import { startThread } from '../../../../daemon/ops/process/thread.js';
import { until } from '../../../support/recorder.js';
import { apartOf } from '../../../support/recordings/opus.js';

/** What is heard of recordings in a thread of its own, and what becomes of those that cannot be heard. */
const SPEECH = ['-application', 'voip', '-b:a', '24k'];
const minute = apartOf(60, 8_000, ...SPEECH);
const wideband = apartOf(7, 16_000, ...SPEECH, '-b:a', '32k');

const threads: Worker[] = [];
const begin: typeof startThread = (...given) => {
  const thread = startThread(...given);
  threads.push(thread);
  return thread;
};
const measuring = createMeasuring(begin);
const never = () => t.fail('no recording here is too long');

/** Measures a recording that comes in pieces of so many bytes. */
async function measure(ogg: Buffer, piece: number, rate: 8_000 | 16_000, listener?: Listener) {
  const measurement = measuring.begin(rate, never, listener);
  for (let at = 0; at < ogg.length; at += piece)
    await measurement.write(ogg.subarray(at, at + piece), 60_000);
  measurement.end();
  return measurement.result;
}

/** The same in this thread. */
async function here(ogg: Buffer, rate: 8_000 | 16_000): Promise<Measured & { pcm: Buffer }> {
  const peaks = createPeaks({ rate });
  const quality = createQualityMeter(rate);
  const chunks: Buffer[] = [];
  for await (const chunk of decoded(Readable.from([ogg]), rate)) {
    peaks.write(chunk);
    quality.write(chunk);
    chunks.push(chunk);
  }
  return { peaks: peaks.result(), heard: quality.result(), pcm: Buffer.concat(chunks) };
}

t.test('several at once are each heard as one alone, however they are cut', async (t) => {
  const told: Buffer[] = [];
  const all = await Promise.all([
    measure(minute, 999, 8_000),
    measure(wideband, 7, 16_000, (chunk) => void told.push(Buffer.from(chunk))),
    measure(minute, 1 << 20, 8_000),
  ]);
  const { pcm, ...wide } = await here(wideband, 16_000);
  const { pcm: _, ...narrow } = await here(minute, 8_000);
  t.same(all, [narrow, wide, narrow]);
  t.ok(Buffer.concat(told).equals(pcm), 'and a listener is given all of it');
  t.equal(threads.length, 1, 'by one thread');
});

t.test('the thread gives way to calls, and the program does not', async (t) => {
  const niceOf = (task: string) =>
    Number(
      readFileSync(`/proc/self/task/${task}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[16],
    );
  const own = niceOf(String(process.pid));
  const others = readdirSync('/proc/self/task').filter((task) => niceOf(task) !== own);
  t.equal(others.length, own < 19 ? 1 : 0);
  if (own < 19) t.equal(niceOf(others[0]!), 19);
});

t.test('what is no recording is a fault, and nothing else suffers', async (t) => {
  const damaged = Buffer.from(minute);
  damaged[damaged.length >> 1]! ^= 1;
  const results = await Promise.allSettled([
    measure(damaged, 5_000, 8_000),
    measure(minute.subarray(0, minute.length - 10), 5_000, 8_000),
    measure(minute, 5_000, 8_000),
  ]);
  t.match(results, [
    { reason: { code: 'encode_failed', detail: /checksum/ } },
    { reason: { code: 'encode_short' } },
    { status: 'fulfilled' },
  ]);
});

t.test('one that lasts longer than it may is told at once, and no more of it is heard', async (t) => {
  let problem: unknown = null;
  let bytes = 0;
  const measurement = measuring.begin(
    8_000,
    (e) => {
      problem = e;
    },
    (chunk) => {
      bytes += chunk.length;
    },
  );
  await measurement.write(minute, 10_000);
  await t.rejects(measurement.result, { code: 'encode_short', detail: 'More than 10000 ms were decoded.' });
  t.match(problem, { code: 'encode_short' });
  t.ok(bytes < 13 * 32_000, `${bytes} bytes were told`);
  await measurement.write(minute, 10_000);
  t.notOk(measurement.leave());
});

t.test('who gives it too fast waits for who listens', async (t) => {
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let calls = 0;
  let taken = false;
  const measurement = measuring.begin(8_000, never, async () => {
    calls++;
    await held;
  });
  const writing = measurement.write(minute, 60_000).then(() => {
    taken = true;
  });
  await until('it to be told', () => calls > 0);
  // Meanwhile another one is heard to its end.
  await measure(wideband, 999, 16_000);
  t.same([calls, taken], [1, false]);
  goOn();
  await writing;
  t.ok(calls > 20);
  t.ok(measurement.leave());
  await t.rejects(measurement.result);
});

t.test('a listener that fails ends it with that', async (t) => {
  const problem = new Error('nobody can bear this');
  await t.rejects(
    measure(minute, 5_000, 8_000, () => {
      throw problem;
    }),
    problem,
  );
  await t.resolves(measure(wideband, 999, 16_000));
});

t.test('a thread that ends fails what is open, and the next recording has another one', async (t) => {
  let given: unknown = null;
  const measurement = measuring.begin(8_000, (problem) => {
    given = problem;
  });
  await measurement.write(minute.subarray(0, 50_000), 60_000);
  const rejected = t.rejects(measurement.result, { code: 'internal', detail: /has ended/ });
  const stuck = measurement.write(Buffer.alloc(100_000), 60_000);
  await threads[0]!.terminate();
  await Promise.all([rejected, stuck]);
  t.match(given, { code: 'internal' }, 'and that is told at once');
  t.match(await measure(wideband, 999, 16_000), { peaks: { rate: 16_000 } });
  t.equal(threads.length, 2);
});

t.test(
  'a call that is encoded while it goes on is given up with the thread, and can be begun again',
  async (t) => {
    threads.length = 0;
    const encoder = createEncoder({ ffmpeg: createFfmpeg(), begin });
    const form = { tags: { title: '', date: '', callId: '' }, bitrate: 24_000, complexity: 3, rate: 8_000 };
    const keep = (ogg: AsyncIterable<Uint8Array>) => buffer(Readable.from(ogg));
    const sound = Buffer.alloc(320_000);
    const first = encoder.begin(form, keep);
    await first.write(sound);
    await threads[0]!.terminate();
    // Not only at the end of the call, which may be hours away.
    await t.rejects(
      (async () => {
        for (;;) await first.write(sound);
      })(),
      { code: 'internal', detail: /has ended/ },
    );
    await first.stop();
    const again = encoder.begin(form, keep);
    await again.write(sound);
    t.match(await again.end(), { peaks: { durationMs: 10_000 } });
    t.equal(threads.length, 2);
  },
);
