import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReader } from '../../daemon/catalogue/sqlite/checked.js';
import { openDb } from '../../daemon/catalogue/sqlite/db.js';
import { createNouns } from '../../daemon/catalogue/sqlite/nouns.js';
import { fillSite } from '../support/catalogue/busy-site.js';
import { verbsAt } from './scale-verbs.js';

/**
 * Prints how long each process stands still for what it asks of a catalogue with a million calls (another number may be given, up to
 * two million), beside the bound: 100 ms. Exit code 1 when one takes longer.
 */
const BOUND_MS = 100;
const TIMES = 5;
/** One that takes as long as this is not asked again. */
const ONCE_MS = 2_000;

const calls = Math.min(Number(process.argv[2] ?? 1_000_000), 2_000_000);
const say = (text: string) => process.stdout.write(`${text}\n`);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
const file = join(dir, 'catalogue.db');
const began = performance.now();
const filled = await openDb(file);
try {
  fillSite(filled, calls);
} finally {
  filled.close();
}
let over = 0;
try {
  const seconds = (performance.now() - began) / 1_000;
  const { size } = statSync(file);
  say(
    `${calls} calls written in ${seconds.toFixed(0)} s, ${(size / calls / 1_000).toFixed(1)} KB a call without waveforms`,
  );
  const db = await openDb(file);
  const nouns = createNouns(
    db,
    createReader(() => {}),
  );
  for (const [who, verbs] of Object.entries(verbsAt(calls))) {
    say(`\nlongest and median of ${TIMES} in ms, ${who} (bound: ${BOUND_MS})`);
    for (const [what, ask] of Object.entries(verbs)) {
      const took: number[] = [];
      do {
        const at = performance.now();
        ask(nouns);
        took.push(performance.now() - at);
      } while (took.length < TIMES && took.at(-1)! < ONCE_MS);
      took.sort((a, b) => a - b);
      const [median, longest] = [took[Math.floor(took.length / 2)]!, took.at(-1)!];
      if (median > BOUND_MS) over += 1;
      say(
        `${longest.toFixed(1).padStart(9)} ${median.toFixed(1).padStart(9)}  ${median > BOUND_MS ? 'OVER ' : '     '} ${what}`,
      );
    }
  }
  db.close();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = over > 0 ? 1 : 0;
