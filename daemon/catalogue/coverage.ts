import { bounds, type CoverageRow, createReport, fits, type Judged } from '../domain/assurance/coverage.js';
import {
  type CountedQuarter,
  QUARTER_MS,
  type Settled,
  settle,
} from '../domain/assurance/coverage-counts.js';
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
  | 'ledger.counts'
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

/**
 * Yields those calls of the days asked for that are asked for, newest first, until so many were given. `counted` is what all of
 * them come to, once all were read. Quarters of an hour that were counted before are not read, unless a call in them is asked for.
 */
async function judgedOf(
  catalogue: Verbs<'ledger.rows' | 'ledger.counts' | 'ledger.spans'>,
  asked: Asked,
  zone: string,
  now: number,
) {
  const { filter, pbx } = asked;
  const period = periodOf(asked, zone, now);
  const range = { ...bounds(period), pbx };
  const spans = (await catalogue.ledger.spans()).filter((span) => (pbx ?? span.pbx) === span.pbx);
  const witness = (on: PbxId) => spans.find((span) => span.pbx === on)?.witness ?? null;
  const counting = createReport(period, { filter, witness, now });
  let total = 0;

  /** What a quarter comes to; null where only its calls tell. */
  function settled({ at, counts }: CountedQuarter): Settled[] | null {
    const last = at + QUARTER_MS - 1;
    const whole = at >= range.from && last < range.to && counting.sameDay(at, last);
    if (!whole || !counts) return null;
    const all = counts.map((one) => settle(one, witness(one.on), now));
    return all.every((one) => one !== null) ? all.flat() : null;
  }

  async function* read(stretch: CoverageRange): AsyncGenerator<Judged[]> {
    for await (const rows of coverageRows(catalogue, stretch)) {
      const found = counting.add(rows);
      total += found.length;
      yield found;
    }
  }

  async function* judged(most: number): AsyncGenerator<Judged[]> {
    /** What has to be read, newer than all that was counted. Between two of its quarters nobody called. */
    let unread = null as CoverageRange | null;
    const quarters = slices((to: number) => catalogue.ledger.counts({ ...range, to }), range.to);
    for await (const { items } of quarters)
      for (const quarter of items) {
        const its = settled(quarter);
        const fitting = its?.filter((one) => fits(one, filter)).reduce((sum, { calls }) => sum + calls, 0);
        if (unread && its) {
          yield* read(unread);
          unread = null;
        }
        if (!its || (fitting && total < most)) {
          const from = Math.max(quarter.at, range.from);
          unread = { to: Math.min(quarter.at + QUARTER_MS, range.to), ...unread, from, pbx };
          continue;
        }
        total += fitting ?? 0;
        for (const one of its) counting.count(quarter.at, one, one.calls);
      }
    if (unread) yield* read(unread);
  }
  return { period, range, spans, judged, counted: () => ({ ...counting.counted(), total }) };
}

/** What became of every answered call of the days asked for, compared with Asterisk's own account. Holds the newest only. */
export async function makeCoverage(
  catalogue: Verbs<CoverageVerbs>,
  asked: Asked,
  zone: string,
  now: number,
): Promise<Made> {
  const { filter, pbx } = asked;
  const { period, range, spans, judged, counted } = await judgedOf(catalogue, asked, zone, now);
  const listed: Judged[] = [];
  for await (const found of judged(SHOWN)) listed.push(...found.slice(0, SHOWN - listed.length));
  return {
    ...counted(),
    ...{ listed, now, period, filter, pbx: pbx ?? null, spans },
    sources: (await catalogue.ledger.sources()).filter((one) => (pbx ?? one.pbx) === one.pbx),
    blind: await catalogue.watch.windows(range),
    witnessGaps: await catalogue.listening.windows(range),
  };
}

/** Yields all that `makeCoverage` counts among those asked for as rows of CSV, some hundred at once. */
export async function* coverageCsv(
  catalogue: Verbs<'ledger.rows' | 'ledger.counts' | 'ledger.spans'>,
  asked: Asked,
  zone: string,
  now: number,
): AsyncGenerator<string[]> {
  const { judged } = await judgedOf(catalogue, asked, zone, now);
  for await (const found of judged(Number.POSITIVE_INFINITY)) yield* csvRows(found, zone);
}

/** The same as the API and `tapedeck coverage` give it, with the CDRs of the calls of which nothing else is known. */
export async function viewCoverage(
  catalogue: Verbs<'ledger.cdrsOf'>,
  made: Made,
  targetPercent: number,
): Promise<CoverageReport> {
  return coverageView(made, await catalogue.ledger.cdrsOf(strangers(made)), targetPercent);
}
