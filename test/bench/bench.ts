import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { lasting, sequence, tone, wavSource } from '../support/pbx/sources.js';
import {
  createApiClient,
  createRecorderLab,
  readIfThere,
  until,
  seconds as wait,
} from '../support/recorder.js';
import { decode } from '../support/recordings/audio.js';
import { processorTime } from './processor.js';

/**
 * npm run bench: a call of five minutes with a hold of one minute in the middle, and ten calls beside it for the first
 * of them. Prints how long the recording is and should be, how soon it plays, what it weighs, and what a call costs.
 * Two minutes instead of five: npm run bench -- 120
 */
const seconds = Number(process.argv[2] ?? 300);
const beside = 10;

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
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'bench', 'four unrelated quiet words');
  const speech = (prompt: 'demo-instruct' | 'demo-congrats', hz: number) => () =>
    sequence([
      lasting(1, tone(hz)),
      lasting(seconds - 11, wavSource(lab.prompt(prompt), { loop: true })),
      tone(hz),
    ]);
  const anna = await lab.phone('100', { source: speech('demo-congrats', 1100) });
  const carrier = await lab.carrier({ source: speech('demo-congrats', 900) });
  const dana = await lab.phone('103', { source: speech('demo-instruct', 700) });

  const pids = { asterisk: pbx.pid!, daemon: recorder.pid('run')! };
  const cpu = (pid: number) => {
    const { own, children } = processorTime(pid);
    return own + children;
  };
  const used = () => ({ at: performance.now(), asterisk: cpu(pids.asterisk), daemon: cpu(pids.daemon) });
  const share = (a: ReturnType<typeof used>, b: ReturnType<typeof used>, who: 'asterisk' | 'daemon') =>
    ((b[who] - a[who]) / ((b.at - a.at) / 1000)) * 100;

  const before = used();
  await wait(10);
  const idle = used();
  const call = await carrier.call('5551000', {
    caller: { number: '+15550100', name: '' },
    source: speech('demo-instruct', 700)(),
  });
  await call.answered;
  const answered = performance.now();
  const others = await Promise.all(Array.from({ length: beside }, (_, i) => dana.call(`9555${1000 + i}`)));
  await Promise.all(others.map((o) => o.answered));
  const loaded = used();
  await wait(Math.min(50, seconds / 3));
  const full = used();
  await Promise.all(others.map((o) => o.hangup()));
  await until(
    'the calls beside it',
    async () => (await api.calls()).filter((c) => c.recording).length === beside,
    60_000,
  );
  const mine = await until("the call at Anna's phone", () => anna.calls.find((c) => c.state() === 'up'));
  await wait(seconds * 0.4 - (performance.now() - answered) / 1000);
  await mine.hold();
  await wait(seconds / 5);
  await mine.unhold();
  await wait(seconds - (performance.now() - answered) / 1000);
  const hangup = performance.now();
  await call.hangup();
  const spoken = hangup - answered;
  const done = await until(
    'the recording',
    async () => (await api.calls()).find((c) => c.them.number === '+15550100' && c.recording),
    60_000,
  );
  const first = await api.ask('GET', `/calls/${done.id}/audio`, undefined, { range: 'bytes=0-65535' });
  await first.arrayBuffer();
  const playable = performance.now() - hangup;

  const audio = await api.audio(done.id);
  const sound = await decode(audio, 8000);
  const ends = sound.channels.map((c) => extent(c, sound.rate));
  const length = (sound.channels[0]!.length * 1000) / sound.rate;
  const per = (who: 'asterisk' | 'daemon') =>
    (share(loaded, full, who) - share(before, idle, who)) / (beside + 1);
  const print = (what: string, value: string) => console.log(`${what.padEnd(52)} ${value}`);
  print("answered time by the caller's own clock", `${spoken.toFixed(0)} ms`);
  print('answered time by the PBX', `${done.talk_ms} ms, ${done.coverage.status}`);
  print('length of the recording', `${length.toFixed(0)} ms (${(length - spoken).toFixed(0)} ms off)`);
  for (const [i, side] of (['left', 'right'] as const).entries())
    print(
      `${side}: sound from, to`,
      `${ends[i]!.from.toFixed(0)} ms, ${ends[i]!.to.toFixed(0)} ms (${(ends[i]!.to - spoken).toFixed(0)} ms off the end)`,
    );
  print('from hang-up to the first 64 KB of audio', `${playable.toFixed(0)} ms`);
  print('size', `${((audio.length / 1e6 / length) * 3_600_000).toFixed(1)} MB an hour`);
  print(
    `Asterisk, for each of ${beside + 1} calls recorded at once`,
    `${per('asterisk').toFixed(2)} % of a core`,
  );
  print(
    `daemon, for each of ${beside + 1} calls recorded at once`,
    `${per('daemon').toFixed(2)} % of a core`,
  );
  const encode = cpu(pids.daemon) - full.daemon;
  print('daemon and ffmpeg, to make all recordings', `${encode.toFixed(1)} s of a core`);
} catch (e) {
  console.error(readIfThere(join(dir, 'run.log')));
  throw e;
} finally {
  await lab.stop();
  await recorder.stop();
  await pbx.stop();
  await rm(dir, { recursive: true, force: true });
}
