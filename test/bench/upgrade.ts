import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { sizeText } from '../../daemon/domain/written.js';
import { awayPbx } from '../support/box/away-pbx.js';
import { makeOldCatalogue, WITH_TOKENS } from '../support/catalogue/old-catalogue.js';
import { createRecorderLab } from '../support/recorder.js';

/**
 * npm run bench:upgrade: how soon the recorder follows calls again (bar 10 s) when it finds a catalogue of an early version, and how long
 * the upgrade takes beside that. 100,000 calls; another number: npm run bench:upgrade -- 1000000.
 */
const calls = Number(process.argv[2] ?? 100_000);
const BAR_S = 10;
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-upgrade-'));
const print = (what: string, value: string) => process.stdout.write(`${what.padEnd(44)} ${value}\n`);
const lab = createRecorderLab({ dir, pbx: awayPbx(dir) });
try {
  mkdirSync(lab.dataDir, { recursive: true, mode: 0o750 });
  const file = catalogueFile(lab.dataDir);
  makeOldCatalogue(file, calls, { upTo: WITH_TOKENS });
  print('calls, and the size of the catalogue', `${calls}, ${sizeText(statSync(file).size)}`);
  const began = performance.now();
  const took = () => (performance.now() - began) / 1_000;
  await lab.startDaemon(/the recorder is ready/);
  const ready = took();
  const log = () => readFileSync(join(dir, 'run.log'), 'utf8');
  while (/still being upgraded/.test(log()) && !/The catalogue has been upgraded/.test(log()))
    await sleep(100);
  const whole = took();
  print(
    'calls are followed again after',
    `${ready.toFixed(1)} s (bar ${BAR_S} s${ready > BAR_S ? ', MISSED' : ''})`,
  );
  print('the upgrade is finished after', `${whole.toFixed(1)} s`);
  print('the catalogue then has', sizeText(statSync(file).size));
  if (ready > BAR_S) process.exitCode = 1;
} finally {
  await lab.stop();
  rmSync(dir, { recursive: true, force: true });
}
