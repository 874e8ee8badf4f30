import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { processorTime } from '../processor.js';
import { type createCalls, PARTIES, PROMPTS } from './calls.js';
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
  /** ffmpeg that encodes the same speech from a file, and nothing else, at the same time: this machine's speed changes by the minute. */
  alone: number;
};

/**
 * Returns what it costs to process the sound of calls after it was captured, while they go on and after they have ended: all
 * processor time until the last recording is ready, less that of capturing and of a recorder without calls. `sounds` is the folder
 * of the PBX's prompts.
 */
export async function soundCost(
  calls: ReturnType<typeof createCalls>,
  recordings: Recordings,
  sounds: string,
  used: () => Used,
  idle: number,
): Promise<SoundCost> {
  const dir = await mkdtemp(join(tmpdir(), 'tapedeck-alone-'));
  try {
    const speech = await speechIn(sounds, dir);
    const look = () => ({ at: performance.now() / 1_000, ...used() });
    const numbers = await calls.speak(CALLS);
    const began = performance.now();
    const until = (ms: number) => wait(began + ms - performance.now());
    await until(CAPTURED_FROM);
    const first = look();
    await until(CAPTURED_UNTIL);
    const second = look();
    if (second.encoding - first.encoding > ENCODERS)
      throw new Error(
        'Calls were encoded before they were 20 s old: capturing cannot be told from encoding.',
      );
    const capture = (second.recorder - first.recorder) / (second.at - first.at) - idle;
    let alone = 0;
    for (let n = 1; n <= CALLS; n++) {
      await until(CAPTURED_UNTIL + (n * (LENGTH - CAPTURED_UNTIL)) / (CALLS + 1));
      alone += await encodingAlone(speech, dir);
    }
    await until(LENGTH);
    const hungUp = look();
    await calls.end(numbers);
    await recordings.of(numbers);
    const last = look();
    const recorder =
      last.recorder - second.recorder - capture * (hungUp.at - second.at) - idle * (last.at - second.at);
    const share = (seconds: number) => (seconds / CALLS / (LENGTH / 1_000)) * 100;
    return {
      capture: (capture / CALLS) * 100,
      recorder: share(recorder),
      encoding: share(last.encoding - second.encoding),
      alone: share(alone),
    };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** What such a call sounds like, as samples of both sides at `RATE`. */
async function speechIn(sounds: string, dir: string): Promise<string> {
  const file = join(dir, 'speech.raw');
  await run('ffmpeg', [
    ...['-loglevel', 'error', '-nostdin'],
    ...PARTIES.flatMap((party) => ['-stream_loop', '-1', '-i', join(sounds, `${PROMPTS[party]}.wav`)]),
    ...['-filter_complex', 'join=inputs=2:channel_layout=stereo', '-t', String(LENGTH / 1_000)],
    ...['-f', 's16le', '-ar', String(RATE), file],
  ]);
  return file;
}

/** Encodes sound as recordings are by default. Returns the seconds of processor time that it took. */
async function encodingAlone(speech: string, dir: string): Promise<number> {
  const before = processorTime(process.pid).children;
  await run('ffmpeg', [
    ...['-loglevel', 'error', '-nostdin', '-y', '-f', 's16le', '-ar', String(RATE), '-ac', '2', '-i', speech],
    ...['-c:a', 'libopus', '-mapping_family', '255', '-application', 'voip', '-b:a', '24000'],
    ...['-compression_level', '3', '-f', 'ogg', join(dir, 'speech.opus')],
  ]);
  return processorTime(process.pid).children - before;
}
