import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCalls } from '../../daemon/catalogue/sqlite/calls.js';
import { createReader } from '../../daemon/catalogue/sqlite/checked.js';
import { openDb } from '../../daemon/catalogue/sqlite/db.js';
import { createDue } from '../../daemon/catalogue/sqlite/retention/due.js';
import { schemaFaults } from '../../daemon/catalogue/sqlite/schema.js';
import { createSeals } from '../../daemon/catalogue/sqlite/seals.js';
import { FIRST_DUE } from '../../daemon/domain/retention/plan.js';
import { fillCatalogue } from '../support/catalogue/many-rows.js';

/** Prints how long the queries take that the recorder asks again and again. The number of calls may be given, up to a million. */
const rows = Math.min(Number(process.argv[2] ?? 200_000), 1_000_000);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
const db = await openDb(join(dir, 'catalogue.db'));
try {
  fillCatalogue(db, rows);
  const reader = createReader(() => {});
  const [due, seals, calls] = [createDue(db, reader), createSeals(db, reader), createCalls(db, reader)];
  const day = 1_700_000_000_000 + (rows - 1_000) * 60_000;
  const asked: Record<string, () => unknown> = {
    'a slice of the kept recordings, counted (the retention plan)': () =>
      due.keptSlice({ rule: null, until: -1, id: '' }, 1_800_000_000_000),
    'a slice of the due ones, listed (the retention plan)': () => due.dueSlice(FIRST_DUE, 1_800_000_000_000),
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
