import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createFfmpeg } from '../../daemon/encode/ffmpeg.js';
import { opusPlan } from '../../daemon/encode/opus.js';
import { withSides } from '../../daemon/encode/sides.js';
import { createMasks } from '../../daemon/vault/sound/masked.js';
import { spokenPrompt } from '../support/pbx/sources.js';
import { channelsOf, hear } from '../support/recordings/audio.js';
import {
  type Rate,
  speechLeak,
  speechOf,
  toneLeak,
  toneOf,
  tonesOf,
} from '../support/recordings/crosstalk.js';
import { gathered, recordingOf, sourceOf } from '../support/recordings/masked.js';
import { wavOf } from '../support/recordings/preserve-lab.js';
import { processorTime } from './processor.js';

/**
 * npm run bench:stereo: a stream for each side beside both sides coupled in one, as version 0.1 made them, at 8 and 16 kHz
 * and by complexity: processor time, size, how much of each side is heard on the other, how like itself speech still is
 * (correlation of its stretches), and what it takes to give out a part of a recording with the rest silenced.
 * Seconds of speech for the first two: npm run bench:stereo -- 300
 */
const seconds = Number(process.argv[2] ?? 300);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-stereo-'));
const ffmpeg = createFfmpeg();
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

type Way = { name: string; complexity: number; coupled: boolean };
const ways: Way[] = [
  { name: 'coupled, complexity 5 (before)', complexity: 5, coupled: true },
  ...[0, 3, 5, 10].map((complexity) => ({
    name: `a stream for each side, complexity ${complexity}`,
    complexity,
    coupled: false,
  })),
];

async function record(way: Way, rate: Rate, sides: Int16Array[]): Promise<{ ogg: Buffer; cpu: number }> {
  const [inFile, outFile] = sides.map((side, n) => {
    const file = join(dir, `${n}.wav`);
    writeFileSync(file, wavOf(side, rate));
    return file;
  }) as [string, string];
  const ms = (sides[0]!.length * 1000) / rate;
  const segment = { offsetMs: 0, inFile, outFile, rate, inMs: ms, outMs: ms };
  const tags = { title: 'bench', date: '2026-01-01', callId: 'bench' };
  // Coupled streams at 16 kHz used to be raised to 40 kbit/s.
  const bitrate = way.coupled && rate === 16_000 ? 40_000 : 24_000;
  const plan = opusPlan({ segments: [segment], tags, bitrate, complexity: way.complexity });
  if (way.coupled)
    plan.outputOptions = plan.outputOptions.filter((option) => !/^(-mapping_family|255)$/.test(option));
  const before = processorTime(process.pid).children;
  const run = ffmpeg.encode(plan);
  const ogg = await buffer(way.coupled ? run.stdout : Readable.from(withSides(run.stdout)));
  await run.done;
  return { ogg, cpu: processorTime(process.pid).children - before };
}

async function decoded(ogg: Buffer, rate: Rate): Promise<Float32Array[]> {
  const run = ffmpeg.decode(Readable.from([ogg]), rate);
  const pcm = await buffer(run.stdout);
  await run.done;
  return channelsOf(pcm, 2, pcm.length / 4);
}

/** Two who take turns, each silent while the other speaks. */
function talk(rate: Rate): Int16Array[] {
  const [one, other] = ['demo-instruct', 'demo-congrats'].map(spokenPrompt) as [Int16Array, Int16Array];
  const turn = 5 * rate;
  const side = (prompt: Int16Array, first: number) =>
    Int16Array.from({ length: seconds * rate }, (_, n) =>
      Math.floor(n / turn) % 2 === first ? prompt[n % prompt.length]! : 0,
    );
  return [side(one, 0), side(other, 1)];
}

/** What giving out a part costs: the first request, which finds the pages, and each one after it for 64 KB. */
async function masking(ogg: Buffer): Promise<string> {
  const length = seconds * 1000;
  const recording = recordingOf(ogg, length);
  const heard = [{ fromMs: length / 3, untilMs: length / 2 }];
  const first: number[] = [];
  const later: number[] = [];
  const cpu = () => process.cpuUsage().user / 1000;
  for (let n = 0; n < 20; n++) {
    const masks = createMasks();
    let at = cpu();
    const source = await masks.mask(sourceOf(ogg), recording, heard);
    await gathered(source.read(0, 65_535));
    first.push(cpu() - at);
    for (let k = 0; k < 10; k++) {
      const from = Math.floor((ogg.length - 65_536) * (k / 10));
      at = cpu();
      const again = await masks.mask(sourceOf(ogg), recording, heard);
      await gathered(again.read(from, from + 65_535));
      later.push(cpu() - at);
    }
  }
  return `first ${median(first).toFixed(1)} ms, later ${median(later).toFixed(1)} ms`;
}

try {
  for (const rate of [8000, 16_000] as const) {
    console.log(`\n${rate / 1000} kHz, ${seconds} s of two who take turns`);
    for (const way of ways) {
      const runs = [];
      for (let n = 0; n < 3; n++) runs.push(await record(way, rate, talk(rate)));
      const { ogg } = runs[0]!;
      const cpu = median(runs.map((run) => run.cpu));
      const both = await record(way, rate, [speechOf(20, rate), speechOf(20, rate)]);
      const tones = toneLeak(await decoded((await record(way, rate, tonesOf(8, rate))).ogg, rate), rate);
      const mixed = [toneOf(8, rate), speechOf(8, rate)];
      const speech = speechLeak(await decoded((await record(way, rate, mixed)).ogg, rate), rate);
      const said = speechOf(8, rate).subarray(0, 2.5 * rate);
      const own = hear(said, (await decoded(both.ogg, rate))[1]!.subarray(0, 3 * rate), rate);
      const perHour = (bytes: Buffer, of: number) => `${((bytes.length / of) * 0.0036).toFixed(1)} MB/h`;
      console.log(`${way.name}
  encoding          ${cpu.toFixed(2)} s of a core, ${Math.round(seconds / cpu)} times as fast as the call
  size              ${perHour(ogg, seconds)} by turns, ${perHour(both.ogg, 20)} both at once
  two tones         ${tones.toFixed(0)} dB on the other side, at worst
  tone and speech   ${speech.toneDb.toFixed(0)} dB and ${speech.speechDb.toFixed(0)} dB
  speech            correlation ${own.correlation.toFixed(3)}
  given in part     ${await masking(ogg)}`);
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
