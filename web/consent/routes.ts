import type { FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import {
  type ConsentScope,
  type ConsentVerbs,
  consentCalls,
  consentScope,
  viewConsent,
} from '../../daemon/catalogue/consent.js';
import { requireCounted } from '../../daemon/catalogue/reports/counted.js';
import { CONSENT_CSV_COLUMNS, consentCells } from '../../daemon/domain/telling/consent-report.js';
import { giveOut } from '../audit/give-out.js';
import type { Needs } from '../deps.js';
import { answers, pbxOf, streamed } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import { createShares, lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';
import { ConsentCsvQuery, ConsentQuery, ConsentView } from './schemas.js';

type Deps = Needs<'ask' | 'now' | 'reached' | 'seen' | 'site', ConsentVerbs | 'notices.countedSince'>;

/** A report reads the calls of its period that are not counted yet, and a table all of them, so only so many are made at once. */
const AT_ONCE = { all: 8, ofOne: 3 };

/** How people were told that calls are recorded, and what they answered. */
export function consentReportRoutes(app: App, { catalogue, reached, site, now, ask, seen }: Deps): void {
  const shares = createShares(AT_ONCE, 'Too many reports on consent are being made at once.');
  const scopeOf = ({ from, to, show = 'exceptions', pbx }: Static<typeof ConsentCsvQuery>) =>
    consentScope({ from, to, filter: show, pbx: pbxOf({ pbx }) }, site.timeZone, now());
  /** Takes a share until the answer is given, or nobody waits for it any more. */
  function taken(personId: string, { raw }: FastifyReply): () => boolean {
    const over = shares.take(personId);
    let gone = false;
    raw.once('close', () => {
      gone = true;
      over();
    });
    return () => gone;
  }

  app.get(
    '/consent-report',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['consent'],
        summary: 'How people were told, and what they answered',
        description:
          'Of each answered call. What was played is as the PBX says; `found` is what the sealed recording has.',
        querystring: ConsentQuery,
        response: answers(ConsentView),
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      reached.every(person);
      const scope = scopeOf(request.query);
      const gone = taken(person.id, reply);
      await requireCounted(catalogue.notices, scope);
      seen.report(request, 'consent_report', about(scope));
      return viewConsent(catalogue, scope, { now: now(), page: request.query.page ?? 1, gone });
    },
  );

  app.get(
    '/consent-report.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['consent'],
        deprecated: true,
        summary: 'The same calls as a table',
        description:
          'Use /reports/consent/file instead, which is signed. All that are asked for. Cells that look like formulas begin with an apostrophe.',
        querystring: ConsentCsvQuery,
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      reached.every(person);
      const scope = scopeOf(request.query);
      taken(person.id, reply);
      await giveOut(ask, request, 'consent_report', { detail: about(scope) });
      lettingGo(reply.raw);
      const { from, to } = scope.period;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="tapedeck-consent-${from}-${to}.csv"`)
        .send(csvStream(CONSENT_CSV_COLUMNS, cellsOf(consentCalls(catalogue, scope))));
    },
  );
}

async function* cellsOf(calls: ReturnType<typeof consentCalls>): AsyncGenerator<string[]> {
  for await (const call of calls) yield consentCells(call);
}

const about = ({ period: { from, to }, filter, pbx }: ConsentScope) => ({
  ...{ from, to, show: filter },
  ...(pbx === null ? {} : { pbx }),
});
