import { readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startPbx } from '../support/pbx/pbx.js';
import { type CallView, createApiClient, createRecorderLab, until } from '../support/recorder.js';
import { decode } from '../support/recordings/audio.js';
import { processorTime } from './processor.js';

/**
 * npm run bench:capacity: how many calls at once this machine records before sound is lost, and what a call costs, next to
 * the same calls recorded by Asterisk's MixMonitor and not recorded at all. The PBX calls itself over SIP and RTP, with a
 * tone that never pauses; a call is one channel, both directions of which are recorded. Other steps: npm run bench:capacity --
 * 100 200 300
 */
const asked = process.argv.slice(2).map(Number);
const STEPS = asked.length > 0 ? asked : [10, 20, 40, 80, 120, 160, 200, 280];
/** Steps at which the other two ways are measured too. */
const COMPARED = asked.length > 0 ? asked : [20, 80];
const HELD = 12;
const WAYS = {
  tapedeck: ['tone', 'echo'],
  mixmonitor: ['mixtone', 'mixecho'],
  none: ['tone', 'echo'],
} as const;
type Way = keyof typeof WAYS;

const dir = await mkdtemp(join(tmpdir(), 'tapedeck-capacity-'));
const pbx = await startPbx({ name: 'capacity' });
const recorder = createRecorderLab({ dir, pbx });
const monitor = join(pbx.spoolDir, 'monitor');
const up = async () =>
  (await pbx.ask<{ name: string; state: string }[]>('/channels')).filter(
    (c) => c.name.startsWith('PJSIP/') && c.state === 'Up',
  ).length;

/** Ms of a sound that should have been there between its first and last half second and is not. */
function holes(samples: Float32Array, rate: number): number {
  const size = rate / 100;
  const levels = Array.from({ length: Math.floor(samples.length / size) }, (_, i) => {
    let sum = 0;
    for (let k = i * size; k < (i + 1) * size; k++) sum += samples[k]! ** 2;
    return Math.sqrt(sum / size);
  });
  const loud = [...levels].sort((a, b) => a - b)[Math.floor(levels.length / 2)]!;
  return levels.slice(50, -50).filter((level) => level < loud / 5).length * 10;
}

type Result = {
  way: Way;
  calls: number;
  asterisk: number;
  daemon: number;
  encoder: number;
  seconds: number;
  /** Ms that are missing in length, and ms of silence in the middle of sound. */
  cut: number;
  holes: number;
  broken: number;
};

/** `calls` channels for a while. Processor use is in % of a core for each call. */
async function run(way: Way, calls: number): Promise<Result> {
  const pids = { asterisk: pbx.pid!, daemon: recorder.pid('run') };
  const [far, near] = WAYS[way];
  const began = Date.now();
  const ids = Array.from({ length: Math.ceil(calls / 2) }, (_, i) => `load-${way}-${calls}-${i}`);
  const children = pids.daemon ? processorTime(pids.daemon).children : 0;
  for (const id of ids) {
    await pbx.ask(
      `/channels?endpoint=${encodeURIComponent(`PJSIP/${far}@loop`)}&context=load&extension=${near}&priority=1&channelId=${id}`,
      'POST',
    );
    await wait(25);
  }
  await until(`${calls} calls`, async () => (await up()) >= ids.length * 2, 30_000);
  await wait(1500);
  const before = {
    at: performance.now(),
    asterisk: processorTime(pids.asterisk).own,
    daemon: pids.daemon ? processorTime(pids.daemon).own : 0,
  };
  await wait(HELD * 1000);
  const seconds = (performance.now() - before.at) / 1000;
  const share = (used: number) => (used / seconds / calls) * 100;
  const asterisk = share(processorTime(pids.asterisk).own - before.asterisk);
  const daemon = pids.daemon ? share(processorTime(pids.daemon).own - before.daemon) : 0;
  for (const id of ids) await pbx.ask(`/channels/${id}`, 'DELETE');
  await until('the end of the calls', async () => (await up()) === 0, 30_000);
  const result = {
    way,
    calls: ids.length * 2,
    asterisk,
    daemon,
    encoder: 0,
    seconds: 0,
    cut: 0,
    holes: 0,
    broken: 0,
  };
  if (way === 'tapedeck') await hearTapedeck(result, began, children);
  if (way === 'mixmonitor') await hearMixMonitor(result);
  return result;
}

async function hearTapedeck(result: Result, began: number, children: number): Promise<void> {
  const mine = (list: (CallView & { started_at: string })[]) =>
    list.filter((c) => Date.parse(c.started_at) >= began);
  const all = async () => {
    let list: (CallView & { started_at: string })[] = [];
    for (let before = ''; ; ) {
      const page = (await api.calls(before)) as typeof list;
      list = [...list, ...mine(page)];
      if (page.length < 200 || mine(page).length < page.length) return list;
      before = `&before=${page.at(-1)!.id}`;
    }
  };
  const done = await until(
    'the recordings',
    async () => {
      const list = await all();
      return list.length >= result.calls &&
        list.every((c) => c.state === 'ended' && c.coverage.status !== 'pending')
        ? list
        : null;
    },
    120_000,
  );
  result.encoder = processorTime(recorder.pid('run')!).children - children;
  for (const call of done) {
    const talked = (call.talk_ms ?? 0) / 1000;
    result.seconds += talked;
    if (!call.recording) {
      result.cut += talked * 1000;
      result.broken++;
      continue;
    }
    const sound = await decode(await api.audio(call.id), 8000);
    count(result, talked - sound.seconds, Math.max(...sound.channels.map((c) => holes(c, 8000))));
  }
}

/** Seconds too short, of which a tenth is how the ends of a call are told, and ms of holes. */
function count(result: Result, short: number, silent: number): void {
  const cut = Math.max(0, short - 0.1) * 1000;
  result.cut += cut;
  result.holes += silent;
  if (cut + silent > 200) result.broken++;
}

async function hearMixMonitor(result: Result): Promise<void> {
  const files = readdirSync(monitor).filter((file) => file.startsWith('capacity-'));
  for (const file of files) {
    const path = join(monitor, file);
    const sound = await decode(path, 8000);
    const { birthtimeMs, mtimeMs } = statSync(path);
    result.seconds += sound.seconds;
    count(result, (mtimeMs - birthtimeMs) / 1000 - sound.seconds, holes(sound.channels[0]!, 8000));
    rmSync(path);
  }
  result.broken += result.calls - files.length;
}

const columns = ['way', 'calls', 'Asterisk', 'daemon', 'encoder', 'cut', 'holes', 'calls'];
const row = (cells: string[]) =>
  console.log(cells.map((cell, i) => cell.padStart(i === 0 ? 12 : 14)).join(''));
const show = (r: Result) =>
  row([
    r.way,
    String(r.calls),
    `${r.asterisk.toFixed(2)} %`,
    r.way === 'tapedeck' ? `${r.daemon.toFixed(2)} %` : '-',
    r.way === 'tapedeck' ? `${((r.encoder / r.seconds) * 100).toFixed(2)} %` : '-',
    r.way === 'none' ? '-' : `${r.cut.toFixed(0)} ms`,
    r.way === 'none' ? '-' : `${r.holes.toFixed(0)} ms`,
    r.way === 'none' ? '-' : String(r.broken),
  ]);

let api = createApiClient('');
try {
  console.log(
    `${cpus().length} cores. % of a core for each call; the encoder's: for each second of a call, after it`,
  );
  row(columns);
  for (const calls of COMPARED)
    for (const way of ['none', 'mixmonitor'] as const) show(await run(way, calls));
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  api = createApiClient(address);
  await api.setUp(setupCode!, 'bench', 'four unrelated quiet words');
  let good = 0;
  for (const calls of STEPS) {
    const result = await run('tapedeck', calls);
    show(result);
    // One frame here and there is the loopback's or the scheduler's; a thousandth of all sound is not.
    if (result.broken > 0 || result.cut + result.holes > result.seconds) break;
    good = calls;
  }
  console.log(
    `recorded without loss: ${good} calls at once${good === STEPS.at(-1) ? ' (the most that was tried)' : ''}`,
  );
} finally {
  await recorder.stop();
  await pbx.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(0);
