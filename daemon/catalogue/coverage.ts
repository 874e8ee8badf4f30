import { bounds, type CoverageRow, createReport, type Judged } from '../domain/assurance/coverage.js';
import {
  type Asked,
  type CoverageReport,
  coverageView,
  csvRows,
  type Made,
  periodOf,
  SHOWN,
  strangers,
} from '../domain/assurance/coverage-view.js';
import type { PbxId } from '../domain/pbx.js';
import { slices } from '../ops/turns.js';
import type { Verbs } from './catalogue.js';
import type { CoverageRange } from './ledger.js';

export type CoverageVerbs =
  | 'ledger.rows'
  | 'ledger.spans'
  | 'ledger.sources'
  | 'watch.windows'
  | 'listening.windows';

/** Yields the calls of a time, newest first, some hundred at once; other work comes between. */
export async function* coverageRows(
  { ledger }: Verbs<'ledger.rows'>,
  { to, ...range }: CoverageRange,
): AsyncGenerator<CoverageRow[]> {
  for await (const { items } of slices((before: number) => ledger.rows({ ...range, to: before }), to))
    yield items;
}

/** Yields those calls of the days asked for that are asked for, newest first. `counting` is what they come to, once all were read. */
async function judgedOf(
  catalogue: Verbs<'ledger.rows' | 'ledger.spans'>,
  asked: Asked,
  zone: string,
  now: number,
) {
  const { filter, pbx } = asked;
  const period = periodOf(asked, zone, now);
  const spans = (await catalogue.ledger.spans()).filter((span) => (pbx ?? span.pbx) === span.pbx);
  const witness = (on: PbxId) => spans.find((span) => span.pbx === on)?.witness ?? null;
  const counting = createReport(period, { filter, witness, now });
  async function* judged(): AsyncGenerator<Judged[]> {
    for await (const rows of coverageRows(catalogue, { ...bounds(period), pbx })) yield counting.add(rows);
  }
  return { period, spans, counting, judged };
}

/** What became of every answered call of the days asked for, compared with Asterisk's own account. Holds the newest only. */
export async function makeCoverage(
  catalogue: Verbs<CoverageVerbs>,
  asked: Asked,
  zone: string,
  now: number,
): Promise<Made> {
  const { filter, pbx } = asked;
  const { period, spans, counting, judged } = await judgedOf(catalogue, asked, zone, now);
  const range = { ...bounds(period), pbx };
  const listed: Judged[] = [];
  let total = 0;
  for await (const found of judged()) {
    total += found.length;
    listed.push(...found.slice(0, SHOWN - listed.length));
  }
  return {
    ...counting.counted(),
    ...{ listed, total, now, period, filter, pbx: pbx ?? null, spans },
    sources: (await catalogue.ledger.sources()).filter((one) => (pbx ?? one.pbx) === one.pbx),
    blind: await catalogue.watch.windows(range),
    witnessGaps: await catalogue.listening.windows(range),
  };
}

/** Yields all that `makeCoverage` counts among those asked for as rows of CSV, some hundred at once. */
export async function* coverageCsv(
  catalogue: Verbs<'ledger.rows' | 'ledger.spans'>,
  asked: Asked,
  zone: string,
  now: number,
): AsyncGenerator<string[]> {
  const { judged } = await judgedOf(catalogue, asked, zone, now);
  for await (const found of judged()) yield* csvRows(found, zone);
}

/** The same as the API and `tapedeck coverage` give it, with the CDRs of the calls of which nothing else is known. */
export async function viewCoverage(
  catalogue: Verbs<'ledger.cdrsOf'>,
  made: Made,
  targetPercent: number,
): Promise<CoverageReport> {
  return coverageView(made, await catalogue.ledger.cdrsOf(strangers(made)), targetPercent);
}
