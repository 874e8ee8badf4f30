import { byHowBad, type EarTrend } from '../../daemon/domain/recording/quality.js';
import type { Needs } from '../deps.js';
import { answers, timesOf } from '../server/answers.js';
import type { App } from '../server/types.js';
import { LISTED, QualityQuery, QualityTrendsView } from './schemas.js';

type Deps = Needs<'reached' | 'seen' | 'site', 'recordings.trends'>;

/** Which phones and lines sound bad, and how often. */
export function qualityRoutes(app: App, { catalogue, reached, site, seen }: Deps): void {
  app.get(
    '/quality',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['quality'],
        summary: 'What phones and lines sound like',
        description: 'For each phone and line: in how many of its recordings its side has which fault.',
        querystring: QualityQuery,
        response: answers(QualityTrendsView),
      },
    },
    async (request) => {
      const { query } = request;
      reached.every(request.session!.person);
      seen.report(request, 'quality', { from: query.from ?? '', to: query.to ?? '' });
      const { from = 0, to = Number.MAX_SAFE_INTEGER } = timesOf(query, site.timeZone);
      const trends = (await catalogue.recordings.trends(from, to)).sort(byHowBad);
      const [worst] = trends;
      const of = (kind: EarTrend['kind']) => trends.filter((e) => e.kind === kind);
      const [extensions, lines] = [of('extension'), of('line')];
      const { limit = LISTED } = query;
      return {
        worst: worst && worst.flagged > 0 ? view(worst) : null,
        with_faults: trends.filter(({ flagged }) => flagged > 0).length,
        extensions: extensions.slice(0, limit).map(view),
        extensions_total: extensions.length,
        lines: lines.slice(0, limit).map(view),
        lines_total: lines.length,
      };
    },
  );
}

const view = ({ kind, name, calls, flagged, flags }: EarTrend) => ({
  name,
  of: `${kind}:${name}`,
  calls,
  flagged,
  flags,
});
