import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { lasting, readPrompt, sequence, tone, wavSource } from '../support/pbx/sources.js';
import {
  createApiClient,
  createRecorderLab,
  readIfThere,
  until,
  seconds as wait,
} from '../support/recorder.js';
import { decode } from '../support/recordings/audio.js';
import { type Cost, costOf, mixMonitor } from './ready/costs.js';
import { longCall } from './ready/long-call.js';

/**
 * npm run bench: ten calls that are not recorded, recorded by MixMonitor and encoded afterwards, and recorded by Tapedeck; and
 * three calls of five minutes with a hold of one minute in the middle. Prints what each way costs, how long the recordings are
 * and should be, how soon they play, what they weigh, and how soon longer calls are ready. Exit code 1 when that is not in time.
 * Two minutes instead of five: npm run bench -- 120
 */
const seconds = Number(process.argv[2] ?? 300);
const beside = 10;
const TIMES = 3;
/** Seconds from the beginning of one of the longer calls to the next, so that each ends alone. */
const APART = 5;
const READY_MS = 1_500;

/** Where sound begins and ends, in ms. */
function extent(samples: Float32Array | Int16Array, rate: number): { from: number; to: number } {
  const loud = (x: number) => Math.abs(x) > (samples instanceof Int16Array ? 300 : 0.01);
  const from = samples.findIndex(loud);
  let to = samples.length - 1;
  while (to > 0 && !loud(samples[to]!)) to -= 1;
  return { from: (from * 1000) / rate, to: ((to + 1) * 1000) / rate };
}

const dir = await mkdtemp(join(tmpdir(), 'tapedeck-bench-'));
const pbx = await startPbx({ name: 'bench' });
const recorder = createRecorderLab({ dir, pbx });
const lab = createLab(pbx);
try {
  const speech = (prompt: 'demo-instruct' | 'demo-congrats', hz: number) => () =>
    sequence([
      lasting(1, tone(hz)),
      lasting(seconds - 11, wavSource(lab.prompt(prompt), { loop: true })),
      tone(hz),
    ]);
  const anna = await lab.phone('100', { source: speech('demo-congrats', 1100) });
  const carrier = await lab.carrier({ source: speech('demo-congrats', 900) });
  const dana = await lab.phone('103', { source: speech('demo-instruct', 700) });

  const sizes = { calls: beside, seconds: Math.min(50, seconds / 3) };
  const dial = () => dana.call('95551000');
  const costs = {
    'not recorded': await costOf(pbx, dial, sizes, {}),
    'MixMonitor, then opusenc': await costOf(pbx, dial, sizes, mixMonitor(pbx, '103')),
  } as Record<string, Cost>;
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'bench', 'four unrelated quiet words');
  const made = async () => (await api.calls()).filter((c) => c.recording).length;
  costs.Tapedeck = await costOf(pbx, dial, sizes, {
    recorder: recorder.pid('run')!,
    async end() {
      await until('their recordings', async () => (await made()) === beside, 120_000);
      return 0;
    },
  });
  /** A call with a hold in the middle, and how soon after its end one hears it. */
  async function longer(n: number) {
    await wait(n * APART);
    const number = `+1555010${n}`;
    const before = new Set(anna.calls);
    const call = await carrier.call('5551000', {
      caller: { number, name: '' },
      source: speech('demo-instruct', 700)(),
    });
    await call.answered;
    const answered = performance.now();
    const mine = await until("the call at Anna's phone", () =>
      anna.calls.find((c) => c.state() === 'up' && !before.has(c)),
    );
    const sinceAnswer = () => (performance.now() - answered) / 1000;
    await wait(seconds * 0.4 - sinceAnswer());
    await mine.hold();
    await wait(seconds / 5);
    await mine.unhold();
    await wait(seconds - sinceAnswer());
    const hangup = performance.now();
    await call.hangup();
    const done = await until(
      'the recording',
      async () => (await api.calls()).find((c) => c.them.number === number && c.recording),
      60_000,
    );
    const first = await api.ask('GET', `/calls/${done.id}/audio`, undefined, { range: 'bytes=0-65535' });
    await first.arrayBuffer();
    return { done, spoken: hangup - answered, playable: performance.now() - hangup };
  }
  const calls = await Promise.all(Array.from({ length: TIMES }, (_, n) => longer(n)));
  const print = (what: string, value: string) => console.log(`${what.padEnd(52)} ${value}`);
  for (const { done, spoken } of calls) {
    const audio = await api.audio(done.id);
    const sound = await decode(audio, 8000);
    const ends = sound.channels.map((c) => extent(c, sound.rate));
    const length = (sound.channels[0]!.length * 1000) / sound.rate;
    print("answered time by the caller's own clock", `${spoken.toFixed(0)} ms`);
    print('answered time by the PBX', `${done.talk_ms} ms, ${done.coverage.status}`);
    print('length of the recording', `${length.toFixed(0)} ms (${(length - spoken).toFixed(0)} ms off)`);
    for (const [i, side] of (['left', 'right'] as const).entries())
      print(
        `${side}: sound from, to`,
        `${ends[i]!.from.toFixed(0)} ms, ${ends[i]!.to.toFixed(0)} ms (${(ends[i]!.to - spoken).toFixed(0)} ms off the end)`,
      );
    print('size', `${((audio.length / 1e6 / length) * 3_600_000).toFixed(1)} MB an hour`);
  }
  const missed: string[] = [];
  /** Each of them, their median, and whether that is within the bound. */
  const judge = (what: string, took: number[], more = '') => {
    const median = took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)]!;
    if (median > READY_MS) missed.push(what);
    const each = took.map((ms) => ms.toFixed(0)).join(' ');
    print(what, `${median.toFixed(0)} ms, median of ${each} (bound: ${READY_MS})${more}`);
  };
  judge(
    `from the hang-up after ${seconds} s to 64 KB of audio`,
    calls.map(({ playable }) => playable),
  );
  const voices = {
    in: readPrompt(lab.prompt('demo-congrats')),
    out: readPrompt(lab.prompt('demo-instruct')),
  };
  for (const hours of [0.5, 2]) {
    const took = [];
    for (let n = 0; n < TIMES; n++) took.push(await longCall(hours * 3_600, voices));
    const left = Math.max(...took.map(({ ahead }) => hours * 3_600 - ahead));
    judge(
      `from the end of a call of ${hours} h to its recording`,
      took.map(({ ready }) => ready),
      `, ${left.toFixed(0)} s of it left to encode`,
    );
  }
  console.log(`% of a core for each second of each of ${beside} calls with two parties`);
  for (const [way, { asterisk, recorder, encoding }] of Object.entries(costs))
    print(
      way,
      `Asterisk ${asterisk.toFixed(2)}, recording and encoding ${(recorder + encoding).toFixed(2)}, together ${(asterisk + recorder + encoding).toFixed(2)}`,
    );
  if (missed.length > 0) process.exitCode = 1;
} catch (e) {
  console.error(readIfThere(join(dir, 'run.log')));
  throw e;
} finally {
  await lab.stop();
  await recorder.stop();
  await pbx.stop();
  await rm(dir, { recursive: true, force: true });
}
