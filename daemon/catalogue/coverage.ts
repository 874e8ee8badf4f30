import { bounds, report } from '../domain/assurance/coverage.js';
import {
  type Asked,
  type CoverageReport,
  coverageView,
  type Made,
  periodOf,
  strangers,
} from '../domain/assurance/coverage-view.js';
import type { PbxId } from '../domain/pbx.js';
import type { Verbs } from './catalogue.js';

export type CoverageVerbs =
  | 'ledger.rows'
  | 'ledger.spans'
  | 'ledger.sources'
  | 'watch.windows'
  | 'listening.windows';

/** What became of every answered call of the days asked for, compared with Asterisk's own account. */
export async function makeCoverage(
  catalogue: Verbs<CoverageVerbs>,
  asked: Asked,
  zone: string,
  now: number,
): Promise<Made> {
  const { filter, pbx } = asked;
  const period = periodOf(asked, zone, now);
  const range = { ...bounds(period), pbx };
  const mine = <T extends { pbx: PbxId }>(all: T[]) => all.filter((one) => (pbx ?? one.pbx) === one.pbx);
  const spans = mine(await catalogue.ledger.spans());
  const witness = (on: PbxId) => spans.find((span) => span.pbx === on)?.witness ?? null;
  return {
    ...report(await catalogue.ledger.rows(range), period, { filter, witness, now }),
    ...{ now, period, filter, pbx: pbx ?? null, spans },
    sources: mine(await catalogue.ledger.sources()),
    blind: await catalogue.watch.windows(range),
    witnessGaps: await catalogue.listening.windows(range),
  };
}

/** The same as the API and `tapedeck coverage` give it, with the CDRs of the calls of which nothing else is known. */
export async function viewCoverage(
  catalogue: Verbs<'ledger.cdrsOf'>,
  made: Made,
  targetPercent: number,
): Promise<CoverageReport> {
  return coverageView(made, await catalogue.ledger.cdrsOf(strangers(made)), targetPercent);
}
