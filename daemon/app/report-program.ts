import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createSqliteReader } from '../catalogue/sqlite/reading/reader.js';
import { times } from '../domain/days.js';
import { catalogueFile } from '../domain/paths.js';
import type { ReportOrder } from '../domain/report/order.js';
import { installedAt, periodCaveats, reportPeriod } from '../domain/report/period.js';
import { pageView } from '../domain/report/view.js';
import { serveOrder } from '../ops/process/streamed-program.js';
import { reportPaper } from '../paper/report-paper.js';
import { reports } from '../reports/reports.js';
import { collect, csvOf, jsonOf } from '../reports/writing.js';

/** So many rows are shown on the page, and so many are in a PDF at most: more is read by programs. */
const ON_PAGE = 200;
const ON_PAPER = 10_000;

/** A report reads each page once: more of the file in memory makes it no faster. */
const CACHE_MB = 4;

/* The program that makes one report for the recorder: see `runReport`. It reads only, and has no keys. */
serveOrder<ReportOrder>(async (order, { begin }) => {
  const { dataDir, format, head, name, facts } = order;
  const catalogue = createSqliteReader({ path: catalogueFile(dataDir), cacheMb: CACHE_MB });
  await catalogue.start();
  try {
    const now = Date.parse(head.made.at);
    const period = reportPeriod(head.period, head.site.time_zone, now);
    const say = times(period.zone);
    const made = reports[head.report]({ catalogue, period, now, say, facts });
    const since = installedAt(await catalogue.ledger.spans());
    const report: typeof made = {
      ...made,
      async findings() {
        const { caveats, ...found } = await made.findings();
        return { ...found, caveats: [...periodCaveats(period, since, now), ...caveats] };
      },
    };
    await begin(true);
    if (format === 'csv') return await pipeline(Readable.from(csvOf(report)), process.stdout);
    if (format === 'json') return await pipeline(Readable.from(jsonOf(head, report)), process.stdout);
    const collected = await collect(report, format === 'page' ? ON_PAGE : ON_PAPER);
    if (format === 'page')
      return await pipeline(Readable.from([JSON.stringify(pageView(head, collected, say))]), process.stdout);
    const out = new PassThrough();
    await Promise.all([reportPaper({ head, name, ...collected }, out), pipeline(out, process.stdout)]);
  } finally {
    await catalogue.stop();
  }
});
