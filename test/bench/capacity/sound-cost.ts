import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { processorTime } from '../processor.js';
import type { createCalls } from './calls.js';
import type { Recordings } from './recordings.js';
import { RATE } from './sound.js';
import type { Used } from './ways.js';

const run = promisify(execFile);

/** As many as Tapedeck encodes while they go on. */
const CALLS = 8;
/** How long they last, in ms. */
const LENGTH = 180_000;
/** Encoding begins when a call is 20 s old (daemon/recordings/preserve/ahead.ts); in this time, in ms, calls are only captured. */
const CAPTURED_FROM = 3_000;
const CAPTURED_UNTIL = 17_000;
/** Processor time that the recorder's other processes may use meanwhile, in s: less than it takes to encode 20 s of one call. */
const ENCODERS = 0.05;

/** % of a core for each second of each call. */
export type SoundCost = {
  /** The recorder's own process while calls are captured. */
  capture: number;
  /** What the recorder's process needs beyond that: reading, sealing, decoding, waveform, quality, and the rows at the end. */
  recorder: number;
  /** ffmpeg. */
  encoding: number;
  /** ffmpeg that reads the same sound from a file, and nothing else. */
  alone: number;
};

/**
 * Returns what it costs to process the sound of calls after it was captured, while they go on and after they have ended: all
 * processor time until the last recording is ready, less that of capturing and of a recorder without calls.
 */
export async function soundCost(
  calls: ReturnType<typeof createCalls>,
  recordings: Recordings,
  used: () => Used,
  idle: number,
): Promise<SoundCost> {
  const look = () => ({ at: performance.now() / 1_000, ...used() });
  const numbers = await calls.speak(CALLS);
  const began = performance.now();
  await wait(CAPTURED_FROM);
  const first = look();
  await wait(CAPTURED_UNTIL - CAPTURED_FROM);
  const second = look();
  if (second.encoding - first.encoding > ENCODERS)
    throw new Error('Calls were encoded before they were 20 s old: capturing cannot be told from encoding.');
  const capture = (second.recorder - first.recorder) / (second.at - first.at) - idle;
  await wait(LENGTH - (performance.now() - began));
  const hungUp = look();
  await calls.end(numbers);
  const found = await recordings.of(numbers);
  const last = look();
  let alone = 0;
  for (const call of found.values()) alone += await encodingAlone(await recordings.sides(call));
  const recorder =
    last.recorder - second.recorder - capture * (hungUp.at - second.at) - idle * (last.at - second.at);
  const share = (seconds: number) => (seconds / CALLS / (LENGTH / 1_000)) * 100;
  return {
    capture: (capture / CALLS) * 100,
    recorder: share(recorder),
    encoding: share(last.encoding - second.encoding),
    alone: share(alone),
  };
}

/** Encodes two sides of speech at `RATE` as recordings are by default. Returns the seconds of processor time that it took. */
async function encodingAlone(sides: readonly Float32Array[]): Promise<number> {
  const length = Math.min(...sides.map((side) => side.length));
  const sound = new Int16Array(length * sides.length);
  for (const [n, side] of sides.entries())
    for (let i = 0; i < length; i++) sound[i * sides.length + n] = side[i]! * 32_767;
  const dir = await mkdtemp(join(tmpdir(), 'tapedeck-alone-'));
  try {
    const file = join(dir, 'sound.raw');
    await writeFile(file, sound);
    const before = processorTime(process.pid).children;
    await run('ffmpeg', [
      ...['-loglevel', 'error', '-nostdin', '-f', 's16le', '-ar', String(RATE), '-ac', '2', '-i', file],
      ...['-c:a', 'libopus', '-mapping_family', '255', '-application', 'voip', '-b:a', '24000'],
      ...['-compression_level', '3', '-f', 'ogg', join(dir, 'sound.opus')],
    ]);
    return processorTime(process.pid).children - before;
  } finally {
    await rm(dir, { recursive: true });
  }
}
