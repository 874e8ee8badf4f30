import { setTimeout as wait } from 'node:timers/promises';
import type { createCalls } from './calls.js';
import type { Recordings } from './recordings.js';
import type { Used } from './ways.js';

/** As many as Tapedeck encodes while they go on. */
const CALLS = 8;
/** How long they last, in ms. */
const LENGTH = 180_000;
/** Encoding begins when a call is 20 s old (daemon/recordings/preserve/ahead.ts); in this time, in ms, calls are only captured. */
const CAPTURED_FROM = 3_000;
const CAPTURED_UNTIL = 17_000;

/** % of a core for each second of each call. */
export type SoundCost = {
  /** The recorder's own process while calls are captured. */
  capture: number;
  /** What the recorder's process needs beyond that: reading, sealing, decoding, waveform, quality, and the rows at the end. */
  recorder: number;
  /** ffmpeg. */
  encoding: number;
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
  if (second.encoding > first.encoding)
    throw new Error('Calls were encoded before they were 20 s old: capturing cannot be told from encoding.');
  const capture = (second.recorder - first.recorder) / (second.at - first.at) - idle;
  await wait(LENGTH - (performance.now() - began));
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
  };
}
