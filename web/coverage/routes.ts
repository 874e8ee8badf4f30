import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { Static } from 'typebox';
import { type CoverageVerbs, makeCoverage, viewCoverage } from '../../daemon/catalogue/coverage.js';
import { CSV_COLUMNS, csvRows } from '../../daemon/domain/assurance/coverage-view.js';
import { CSV } from '../../daemon/domain/csv.js';
import { giveOut } from '../audit/give-out.js';
import type { Needs } from '../deps.js';
import { answers, pbxOf, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import { CoverageQuery, CoverageView } from './schemas.js';

type Deps = Needs<'ask' | 'coverage' | 'now' | 'reached' | 'seen' | 'site', CoverageVerbs | 'ledger.cdrsOf'>;

/** What became of every answered call, compared with Asterisk's own account. */
export function coverageRoutes(app: App, deps: Deps): void {
  const { catalogue, reached, coverage, site, now, ask, seen } = deps;
  const make = ({ from, to, status, pbx }: Static<typeof CoverageQuery>) =>
    makeCoverage(
      catalogue,
      { from, to, filter: status ?? 'exceptions', pbx: pbxOf({ pbx }) },
      site.timeZone,
      now(),
    );

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
      const made = await make(request.query);
      seen.report(request, 'coverage', about(made, request.query));
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
        summary: 'The same calls as a table',
        description: 'All that are asked for. Cells that look like formulas begin with an apostrophe.',
        querystring: CoverageQuery,
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const made = await make(request.query);
      await giveOut(ask, request, 'coverage', { detail: about(made, request.query) });
      const csv = stringify({ ...CSV, columns: CSV_COLUMNS });
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header(
          'content-disposition',
          `attachment; filename="tapedeck-coverage-${made.period.from}-${made.period.to}.csv"`,
        )
        .send(Readable.from(csvRows(made)).compose(csv) as Readable);
    },
  );
}

const about = (
  { period }: { period: { from: string; to: string } },
  { status = 'exceptions', pbx }: Static<typeof CoverageQuery>,
) => ({
  from: period.from,
  to: period.to,
  show: status,
  ...(pbx ? { pbx } : {}),
});
