import { bounds, report } from '../domain/assurance/coverage.js';
import {
  type Asked,
  type CoverageReport,
  coverageView,
  type Made,
  periodOf,
  strangers,
} from '../domain/assurance/coverage-view.js';
import type { Catalogue } from './catalogue.js';

export type CoverageKept = Pick<
  Catalogue,
  'coverageRows' | 'witness' | 'ledgerSince' | 'cdrSources' | 'blindWindows' | 'witnessGaps'
>;

/** What became of every answered call of the days asked for, compared with Asterisk's own account. */
export async function makeCoverage(
  catalogue: CoverageKept,
  asked: Asked,
  zone: string,
  now: number,
): Promise<Made> {
  const { filter } = asked;
  const period = periodOf(asked, zone, now);
  const range = bounds(period);
  const witness = await catalogue.witness();
  return {
    ...report(await catalogue.coverageRows(range), period, { filter, witness, now }),
    ...{ now, period, filter, witness },
    since: await catalogue.ledgerSince(),
    sources: await catalogue.cdrSources(),
    blind: await catalogue.blindWindows(range),
    witnessGaps: await catalogue.witnessGaps(range),
  };
}

/** The same as the API and `tapedeck coverage` give it, with the CDRs of the calls of which nothing else is known. */
export async function viewCoverage(
  catalogue: Pick<Catalogue, 'cdrsOf'>,
  made: Made,
  targetPercent: number,
): Promise<CoverageReport> {
  return coverageView(made, await catalogue.cdrsOf(strangers(made)), targetPercent);
}
