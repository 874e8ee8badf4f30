import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPbx } from '../../support/pbx/pbx.js';
import { createRecorderLab } from '../../support/recorder.js';
import { createCalls } from './calls.js';
import { idleOf, measure, median, type Result, TOLERANCE } from './measure.js';
import { openRecordings } from './recordings.js';
import { tapedeck } from './ways.js';

/**
 * npm run bench:gate: whether recordings that wait while calls need the processor (`[processor] calls_first`) keep calls whole. Each
 * run has as many calls as are given (50, or `npm run bench:gate -- 80`), and the same number again as soon as they have ended, while
 * the first are still being encoded; the second ones are measured. The two settings take turns. Takes seven to ten minutes.
 */
const count = Number(process.argv[2] ?? 50);
if (!Number.isInteger(count) || count < 1 || count > 1_000)
  throw new Error('Say how many calls at once, from 1 to 1000, such as: npm run bench:gate -- 80');
const ROUNDS = 3;
const HELD = 9_000;

const pbx = await startPbx({ name: 'gate' });
const parties = await startPbx({ name: 'gate-parties' });
const calls = createCalls(pbx, parties);

async function run(callsFirst: boolean): Promise<Result> {
  const dir = await mkdtemp(join(tmpdir(), 'tapedeck-gate-'));
  const recorder = createRecorderLab({ dir, pbx, callsFirst, extra: '[encode]\nat_once = 2\n' });
  try {
    await recorder.startDaemon();
    const recordings = await openRecordings(recorder);
    const way = tapedeck(recordings, recorder.pid('run')!);
    const idle = await idleOf(pbx, way);
    await calls.hum(way.dialled, count, HELD, async () => {});
    const result = await measure({ pbx, calls }, way, count, idle);
    await recordings.close();
    return result;
  } finally {
    await recorder.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

const COLUMNS = ['calls_first', 'missing', 'at most', 'lost', 'not whole', 'busy'];
const row = (cells: readonly string[]) =>
  console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(12) : cell.padStart(16))).join(''));
const results = new Map<boolean, Result[]>([
  [true, []],
  [false, []],
]);
try {
  await calls.prepare();
  console.log(`${cpus().length} cores, ${count} calls at once. missing, at most, lost: ms for each side, medians of ${ROUNDS} runs.
not whole: calls of each run with more than ${TOLERANCE} ms missing on a side`);
  row(COLUMNS);
  for (let round = 0; round < ROUNDS; round++)
    for (const callsFirst of round % 2 === 0 ? [true, false] : [false, true])
      results.get(callsFirst)!.push(await run(callsFirst));
  for (const [callsFirst, runs] of results) {
    const r = median(runs);
    const ms = [r.missing, r.worst, r.lost].map((length) => length.toFixed(0));
    const broken = runs.map((one) => one.broken).join(', ');
    row([String(callsFirst), ...ms, broken, `${(r.busy * 100).toFixed(0)} %`]);
  }
} finally {
  await parties.stop();
  await pbx.stop();
}
process.exit(0);
