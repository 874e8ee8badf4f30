import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { openDb } from '../../daemon/catalogue/sqlite/db.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { openBox, siteIn } from '../support/backup/box.js';
import { recorderOf } from '../support/backup/recorder.js';
import { fillCatalogue } from '../support/catalogue/many-rows.js';
import { aCall } from '../support/recordings/a-call.js';

/**
 * npm run bench:backup: for how long the recorder stands still at most (100 ms) while a backup of 100,000 calls is made, read again and
 * restored for trial, and how long its writes of a call wait meanwhile. 2,000 recordings are there, the others are erased.
 * Other numbers: npm run bench:backup -- 10000 500.
 */
const rows = Number(process.argv[2] ?? 100_000);
const recordings = Number(process.argv[3] ?? 2_000);
const BAR_MS = 100;
/** So often a call is written meanwhile, as on a busy PBX. */
const EVERY_MS = 20;

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-backup-'));
const endings: (() => unknown)[] = [];
const t = { teardown: (end: () => unknown) => endings.push(end) } as unknown as Test;
let failed = false;
const print = (what: string, value: string) => process.stdout.write(`${what.padEnd(44)} ${value}\n`);

async function measured(what: string, work: () => Promise<unknown>): Promise<void> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const waits: number[] = [];
  let going = true;
  const writing = (async () => {
    for (let n = 0; going; n++) {
      const at = performance.now();
      await box.catalogue.calls.save(aCall(`${what}-${n}`, { startedAt: Date.now() }));
      waits.push(performance.now() - at);
      await sleep(EVERY_MS);
    }
  })();
  loop.enable();
  const began = performance.now();
  await work();
  const took = (performance.now() - began) / 1_000;
  loop.disable();
  going = false;
  await writing;
  const stall = loop.max / 1e6;
  if (stall > BAR_MS) failed = true;
  waits.sort((a, b) => a - b);
  print(what, `${took.toFixed(1)} s`);
  print(
    '  longest stall of the recorder',
    `${stall.toFixed(1)} ms (bar ${BAR_MS} ms${stall > BAR_MS ? ', MISSED' : ''})`,
  );
  print(
    `  ${waits.length} calls written: median, longest`,
    `${waits[waits.length >> 1]!.toFixed(1)} ms, ${waits.at(-1)!.toFixed(1)} ms`,
  );
}

const site = await siteIn(dir);
await (await openBox(site)).close();
const db = await openDb(catalogueFile(site.dataDir));
fillCatalogue(db, rows);
db.exec("UPDATE recordings SET state = 'erased', erased_at = sealed_at");
db.close();
const box = await openBox(site);
for (let n = 0; n < recordings; n++) await box.record(n, 4_000);
print('calls, and recordings that are there', `${rows + recordings}, ${recordings}`);
try {
  const recorder = recorderOf(t, site, box);
  const job = async (what: 'backup' | 'check' | 'drill') => {
    const { state, faults, error } = await recorder.job(what, 600_000);
    if (state !== 'done' || faults > 0)
      throw new Error(`${what}: ${state}, ${faults} faults, ${error?.detail}`);
  };
  await measured('nothing', () => sleep(5_000));
  await measured('the first backup', () => job('backup'));
  await measured('the next backup', () => job('backup'));
  await measured('the list of erasures and holds', () => recorder.backups.list());
  await measured('a check', () => job('check'));
  await measured('a restore drill', () => job('drill'));
} finally {
  for (const end of endings) await end();
  await box.close();
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
