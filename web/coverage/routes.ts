import type { Static } from 'typebox';
import {
  type CoverageVerbs,
  coverageCsv,
  makeCoverage,
  viewCoverage,
} from '../../daemon/catalogue/coverage.js';
import { requireCounted } from '../../daemon/catalogue/reports/counted.js';
import { CSV_COLUMNS, periodOf } from '../../daemon/domain/assurance/coverage-view.js';
import { giveOut } from '../audit/give-out.js';
import type { Needs } from '../deps.js';
import { answers, pbxOf, streamed } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import { CoverageQuery, CoverageView } from './schemas.js';

type Deps = Needs<
  'ask' | 'coverage' | 'now' | 'reached' | 'seen' | 'site',
  CoverageVerbs | 'ledger.cdrsOf' | 'ledger.countedSince'
>;

/** What became of every answered call, compared with Asterisk's own account. */
export function coverageRoutes(app: App, deps: Deps): void {
  const { catalogue, reached, coverage, site, now, ask, seen } = deps;
  const askedBy = ({ from, to, status, pbx }: Static<typeof CoverageQuery>) => ({
    ...{ from, to, filter: status ?? ('exceptions' as const), pbx: pbxOf({ pbx }) },
  });

  app.get(
    '/coverage',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['coverage'],
        summary: 'What became of every answered call',
        description: "Compared with Asterisk's own CDRs. Each answered call has exactly one status.",
        querystring: CoverageQuery,
        response: answers(CoverageView),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      const [asked, at] = [askedBy(request.query), now()];
      await requireCounted(catalogue.ledger, { ...asked, period: periodOf(asked, site.timeZone, at) });
      const made = await makeCoverage(catalogue, asked, site.timeZone, at);
      seen.report(request, 'coverage', about(made.period, request.query));
      return viewCoverage(catalogue, made, coverage.targetPercent);
    },
  );

  app.get(
    '/coverage.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['coverage'],
        deprecated: true,
        summary: 'The same calls as a table',
        description:
          'Use /reports/coverage/file instead, which is signed. All that are asked for. Cells that look like formulas begin with an apostrophe.',
        querystring: CoverageQuery,
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const at = now();
      const asked = askedBy(request.query);
      const period = periodOf(asked, site.timeZone, at);
      await giveOut(ask, request, 'coverage', { detail: about(period, request.query) });
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header(
          'content-disposition',
          `attachment; filename="tapedeck-coverage-${period.from}-${period.to}.csv"`,
        )
        .send(csvStream(CSV_COLUMNS, coverageCsv(catalogue, asked, site.timeZone, at)));
    },
  );
}

const about = (
  period: { from: string; to: string },
  { status = 'exceptions', pbx }: Static<typeof CoverageQuery>,
) => ({
  from: period.from,
  to: period.to,
  show: status,
  ...(pbx ? { pbx } : {}),
});
