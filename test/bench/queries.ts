import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCalls } from '../../daemon/catalogue/sqlite/calls.js';
import { createReader } from '../../daemon/catalogue/sqlite/checked.js';
import { openDb } from '../../daemon/catalogue/sqlite/db.js';
import { createRecordings } from '../../daemon/catalogue/sqlite/recordings.js';
import { schemaFaults } from '../../daemon/catalogue/sqlite/schema.js';
import { createSeals } from '../../daemon/catalogue/sqlite/seals.js';
import { fillCatalogue } from '../support/catalogue/many-rows.js';

/** Prints how long the queries take that the recorder asks again and again. The number of calls may be given, up to a million. */
const rows = Math.min(Number(process.argv[2] ?? 200_000), 1_000_000);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
const db = await openDb(join(dir, 'catalogue.db'));
try {
  fillCatalogue(db, rows);
  const reader = createReader(() => {});
  const [recordings, seals, calls] = [
    createRecordings(db, reader),
    createSeals(db, reader),
    createCalls(db, reader),
  ];
  const day = 1_700_000_000_000 + (rows - 1_000) * 60_000;
  const asked: Record<string, () => unknown> = {
    'count of kept recordings (a retention run)': () => recordings.count(),
    'next 20 recordings to read (the scrub)': () => seals.toCheck(Number.MAX_SAFE_INTEGER, 20),
    'coverage of the last 1,000 calls (/metrics)': () => calls.coverageSince(day),
    'schema compared (before each signature)': () => schemaFaults(db),
  };
  process.stdout.write(`${rows} calls, median of 9, ms\n`);
  for (const [what, ask] of Object.entries(asked)) {
    const took = Array.from({ length: 9 }, () => {
      const began = performance.now();
      ask();
      return performance.now() - began;
    }).sort((a, b) => a - b);
    process.stdout.write(`${took[4]!.toFixed(2).padStart(9)}  ${what}\n`);
  }
} finally {
  db.close();
  rmSync(dir, { recursive: true, force: true });
}
