import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLab, emptySpool, startPbx } from '../support/pbx/pbx.js';
import { sweep } from '../support/pbx/sweep.js';
import { judgeSweep } from '../support/pbx/sweep-judge.js';
import { createRecorderLab } from '../support/recorder.js';
import { newSeed } from '../support/search/dice.js';

/** `npm run crash -- 200 22`: so many kills of the daemon, on this Asterisk. TAPEDECK_SEED repeats a run. */
const [many = '200', version = '22'] = process.argv.slice(2);
const seed = newSeed();
console.log(`seed ${seed}`);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-crash-'));
const pbx = await startPbx({ name: `crash-bench-${version}`, version: version === '16' ? 16 : 22 });
emptySpool(pbx);
const recorder = createRecorderLab({ dir, pbx });
const lab = createLab(pbx);
try {
  const done = await sweep({ lab, recorder, kills: Number(many), seed, say: console.log });
  const { faults, ...sum } = await judgeSweep(done, { pbx, recorder });
  console.log(`${done.kills} kills, ${done.spoken.length} calls:`, sum);
  for (const fault of faults) console.log(fault);
  console.log(`${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await recorder.stop();
  await lab.stop();
  await pbx.stop();
  if (process.exitCode === 0) rmSync(dir, { recursive: true });
  else console.log(`kept: ${dir}`);
}
