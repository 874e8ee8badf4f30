import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openDb } from '../../daemon/catalogue/sqlite/db.js';
import { createSqliteReader } from '../../daemon/catalogue/sqlite/reading/reader.js';
import { dayAfter, times } from '../../daemon/domain/days.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { reportPeriod } from '../../daemon/domain/report/period.js';
import type { ReportName } from '../../daemon/domain/report/report.js';
import { reports } from '../../daemon/reports/reports.js';
import { csvOf } from '../../daemon/reports/writing.js';
import { fillCatalogue } from '../support/catalogue/many-rows.js';

/**
 * npm run bench:reports: the CSV of reports over 1,000,000 calls, as the process that makes them writes it: rows a second, memory above
 * idle (at most 50 MB), and the longest time for which one page is read (at most 100 ms). Other numbers: npm run bench:reports -- 100000.
 */
const rows = Number(process.argv[2] ?? 1_000_000);
const bars = { memoryMb: 50, pageMs: 100 };
const ZONE = 'Europe/Berlin';
const MADE: readonly ReportName[] = ['retention', 'agents', 'coverage'];

const dir = mkdtempSync(join(tmpdir(), 'tapedeck-reports-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
mkdirSync(join(dir, 'recorder'), { recursive: true });
const db = await openDb(catalogueFile(dir));
fillCatalogue(db, rows);
const span = db.prepare('SELECT min(started_at) AS first, max(started_at) AS last FROM calls').get() as {
  first: number;
  last: number;
};
db.close();

let failed = false;
const print = (what: string, value: string) => process.stdout.write(`${what.padEnd(44)} ${value}\n`);
const against = (value: number, bar: number, unit: string) => {
  if (value > bar) failed = true;
  return `${value.toFixed(1)} ${unit} (bar ${bar} ${unit}${value > bar ? ', MISSED' : ''})`;
};

const catalogue = createSqliteReader({ path: catalogueFile(dir), cacheMb: 4 });
await catalogue.start();
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const now = span.last + 86_400_000;
const period = reportPeriod({ from: day(span.first), to: day(span.last) }, ZONE, now);
print('calls, and the days on which they began', `${rows}, ${period.from} to ${period.to}`);

const made = (name: ReportName, of = period) =>
  reports[name]({ catalogue, period: of, now, say: times(ZONE), facts: { recipients: [], measures: [] } });

for (const name of MADE) {
  // What the code itself takes is not counted: some days of it come first.
  const few = reportPeriod({ from: period.from, to: dayAfter(period.from, 3) }, ZONE, now);
  for await (const piece of csvOf(made(name, few))) if (piece === '') break;
  global.gc?.();
  const idle = process.memoryUsage().rss;
  let most = idle;
  let lines = 0;
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const at = performance.now();
  const report = made(name);
  for await (const piece of csvOf(report)) {
    lines += piece.split('\r\n').length - 1;
    most = Math.max(most, process.memoryUsage().rss);
  }
  await report.findings();
  loop.disable();
  const took = (performance.now() - at) / 1_000;
  print(name, `${lines} lines in ${took.toFixed(1)} s, ${Math.round(lines / took)} a second`);
  print('  memory above idle', against((most - idle) / 1e6, bars.memoryMb, 'MB'));
  print('  longest page', against(loop.max / 1e6, bars.pageMs, 'ms'));
}
await catalogue.stop();
process.exit(failed ? 1 : 0);
