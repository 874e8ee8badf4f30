import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPbx } from '../support/pbx/pbx.js';
import { createRecorderLab } from '../support/recorder.js';
import { createCalls } from './capacity/calls.js';
import { type Ceiling, ceilingOf } from './capacity/ceiling.js';
import { idleOf, measure, median, type Result, TOLERANCE } from './capacity/measure.js';
import { openRecordings } from './capacity/recordings.js';
import { soundCost } from './capacity/sound-cost.js';
import { mixMonitor, tapedeck, unrecorded, type Way } from './capacity/ways.js';

/**
 * npm run bench:capacity: how many calls at once this machine carries whole when they are not recorded, recorded by Asterisk's
 * MixMonitor, and recorded by Tapedeck, and what a call costs each way. Every call has two parties, both channels of a second
 * Asterisk, each of which sends its own tone without a pause. The PBX that is measured bridges them, and each recording is
 * compared with what that PBX's channels received. Takes about 20 minutes; steps of your own, without bisecting:
 * npm run bench:capacity -- 20 40 80
 *
 * Exits with 1 if processing the sound of a call costs more than `BOUND` allows for this machine. The ceilings have no bound.
 */
const asked = process.argv.slice(2).map(Number);
if (!asked.every((calls) => Number.isInteger(calls) && calls > 0 && calls <= 1_000))
  throw new Error('Steps are numbers of calls from 1 to 1000, such as: npm run bench:capacity -- 20 40 80');
/** The steps of each way, and how long the search for its ceiling may take, in s. */
const PLAN = {
  none: { steps: [100, 200, 280, 400, 600], seconds: 280 },
  MixMonitor: { steps: [100, 200, 280, 400, 600], seconds: 320 },
  Tapedeck: { steps: [100, 160, 220, 280, 400, 600], seconds: 350 },
};
/**
 * % of a core for each second of each call, on a machine on which encoding the same speech alone takes `ALONE`. On another one the
 * bound is as much higher or lower as that is at the same time.
 */
const BOUND = 0.9;
const ALONE = 0.57;

const dir = await mkdtemp(join(tmpdir(), 'tapedeck-capacity-'));
const pbx = await startPbx({ name: 'capacity' });
const parties = await startPbx({ name: 'capacity-parties' });
// These calls are so short that most are encoded afterwards. Two at the same time, so that the next run can begin sooner.
const recorder = createRecorderLab({ dir, pbx, callsFirst: true, extra: '[encode]\nat_once = 2\n' });
const calls = createCalls(pbx, parties);

const COLUMNS = [
  'way',
  'calls',
  'Asterisk',
  'recorder',
  'encoding',
  'missing',
  'at most',
  'lost',
  'not whole',
  'busy',
];
const LEGEND = `${cpus().length} cores. Calls with two parties, 10 begun each second. Figures are medians of the runs.
  Asterisk, recorder, encoding: % of a core for each second of each call. recorder: Tapedeck's own process with all that it
    does, for calls of 9 s and more; encoding: its ffmpeg, or opusenc after MixMonitor
  missing, at most: sound that the PBX's channel received and the recording does not have, for each side
  lost: sound that did not reach the other party, recorded or not: the machine's own loss, for each side
  not whole: calls in each run with more than ${TOLERANCE} ms missing (not recorded: lost) on a side
  busy: share of the cores, including the parties and whatever else runs on this machine
`;
const row = (cells: readonly string[]) =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(11))).join(''));
const percent = (share: number, digits = 2) => `${share.toFixed(digits)} %`;
const ms = (length: number) => `${length.toFixed(0)} ms`;

function show(runs: readonly Result[], { recorded }: Way): void {
  const r = median(runs);
  const only = (text: string) => (recorded ? text : '-');
  row([
    r.way,
    String(r.calls),
    percent(r.asterisk),
    r.recorder === 0 ? '-' : percent(r.recorder),
    only(percent(r.encoding)),
    only(ms(r.missing)),
    only(ms(r.worst)),
    ms(r.lost),
    runs.map(({ broken }) => broken).join(', '),
    percent(r.busy * 100, 0),
  ]);
}

/** Finds the ceiling of one way, and prints a row for each number of calls. */
async function climb(
  way: Way,
  plan: { steps: readonly number[]; seconds: number },
  below: number | null = null,
): Promise<{ ceiling: Ceiling; at: Result | null }> {
  const idle = await idleOf(pbx, way);
  const began = performance.now();
  const results = new Map<number, Result[]>();
  let longest = 0;
  // What is begun has to be run twice.
  const timeLeft = () => asked.length > 0 || performance.now() - began + 2.5 * longest < plan.seconds * 1_000;
  const steps = asked.length > 0 ? asked.toSorted((a, b) => a - b) : plan.steps;
  const search = { steps, between: asked.length === 0, below, timeLeft };
  const ceiling = await ceilingOf(search, async (count) => {
    const from = performance.now();
    try {
      const result = await measure({ pbx, calls }, way, count, idle);
      results.set(count, [...(results.get(count) ?? []), result]);
      return result.broken === 0;
    } catch (error) {
      console.log(`${way.name}, ${count} calls: not whole: ${error}`);
      await calls.clear();
      return false;
    } finally {
      longest = performance.now() - from;
    }
  });
  for (const count of [...results.keys()].sort((a, b) => a - b)) show(results.get(count)!, way);
  const at = results.get(ceiling.carried);
  return { ceiling, at: at ? median(at) : null };
}

let code = 0;
try {
  await calls.prepare();
  console.log(LEGEND);
  row(COLUMNS);
  const monitor = mixMonitor(pbx);
  const none = await climb(unrecorded, PLAN.none);
  // Where calls are not whole that nobody records, no recorder has to be tried.
  const most = none.ceiling.not;
  const mixed = await climb(monitor, PLAN.MixMonitor, most);
  await recorder.startDaemon();
  const recordings = await openRecordings(recorder);
  const way = tapedeck(recordings, recorder.pid('run')!);
  const taped = await climb(way, PLAN.Tapedeck, most);
  await recordings.idle();
  const { recorder: idle } = await idleOf(pbx, way);
  const sound = await soundCost(calls, recordings, pbx.soundsDir, way.recorded!.used, idle);
  await recordings.close();

  console.log('\nCalls at once that are carried whole, in two of three runs:');
  for (const [name, { ceiling, at }] of Object.entries({ none, MixMonitor: mixed, Tapedeck: taped })) {
    const above = ceiling.not === null ? 'the most that was tried' : `${ceiling.not} are not whole`;
    const busy = at ? `; ${percent(at.busy * 100, 0)} of the cores busy` : '';
    console.log(`${name.padEnd(12)}${String(ceiling.carried).padStart(11)}  ${above}${busy}`);
  }
  const all = sound.recorder + sound.encoding;
  const bound = (BOUND * sound.alone) / ALONE;
  const cores = (all * taped.ceiling.carried) / cpus().length;
  console.log(`
What Tapedeck needs for 8 calls of three minutes with speech, in % of a core for each second of each call:
  ${percent(sound.capture)} to capture them: events and rows
  ${percent(all)} to process their sound, during and after the calls, ${all > bound ? 'ABOVE' : 'within'} the bound of ${percent(bound)} on this machine
    ${percent(sound.encoding)} ffmpeg
    ${percent(sound.recorder)} the recorder's process: reading, sealing, decoding, waveform, quality, and the rows at the end
  ${percent(sound.alone)} to encode the same speech alone, at the same time. The bound is ${percent(BOUND)} where that is ${percent(ALONE)}
For ${taped.ceiling.carried} calls at once, that is ${percent(cores, 0)} of the cores. ffmpeg runs at low priority: recordings wait where there is less.`);
  if (all > bound) code = 1;
} finally {
  await recorder.stop();
  await parties.stop();
  await pbx.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(code);
