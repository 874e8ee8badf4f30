import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPbx } from '../support/pbx/pbx.js';
import { newSeed } from '../support/search/dice.js';
import { judge } from './consent/judge.js';
import { PLACES, play } from './consent/play.js';

/**
 * `npm run consent-day -- 50 22`: so many calls from twelve places on this Asterisk, answered by the caller, by our own side, by
 * nobody and in the dialplan, while the recorder is killed again and again. TAPEDECK_SEED repeats a run.
 */
const [many = '50', version = '22'] = process.argv.slice(2);
const seed = newSeed();
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-consent-'));
const out = join(dir, 'day');
mkdirSync(out);
const pbx = await startPbx({ name: `consent-day-${version}`, version: version === '16' ? 16 : 22 });
try {
  await play({ pbx, dir, out, calls: Number(many), seed, say: console.log });
  const dialplan = join(pbx.soundsDir, 'tt-weasels.wav');
  const prompts = join(import.meta.dirname, '../../prompts');
  const { faults, sums } = await judge(out, { prompts, dialplan });
  console.log(`Asterisk ${pbx.version}, seed ${seed}, ${PLACES.length} places:`, sums);
  for (const fault of faults) console.log(fault);
  console.log(`${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await pbx.stop();
  if (process.exitCode === 0) rmSync(dir, { recursive: true });
  else console.log(`kept: ${dir}`);
}
