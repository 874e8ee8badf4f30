import { setImmediate as turn } from 'node:timers/promises';
import { dates, times } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { canBeHeld, REPORT_COLUMNS, reportCells } from '../../daemon/domain/retention/hold-report.js';
import { giveOut } from '../audit/give-out.js';
import type { Needs } from '../deps.js';
import { streamed } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import { MatterParams } from './schemas.js';

type Deps = Needs<'ask' | 'now' | 'reached' | 'site', 'holds.get' | 'holds.items'>;

/** So many are read at once: a few milliseconds in which nobody else is served. */
const READ = 50;

/** The report of a matter, as it is read: what it holds, then the calls that match and have no recording. */
export function holdReportRoutes(app: App, { catalogue, ask, reached, site, now }: Deps): void {
  const say = times(site.timeZone);
  app.get(
    '/holds/:id/report.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['holds'],
        summary: 'The report of a matter as CSV',
        description:
          'One row for each recording that it holds, with its hash and what is missing of it, and then one for each call that matches and has no recording, with the reason. Cells that look like formulas begin with an apostrophe.',
        params: MatterParams,
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      const matter = await catalogue.holds.get(request.params.id);
      if (!matter) throw fail('matter_unknown', request.params.id);
      await giveOut(ask, request, 'hold', { object_id: matter.id });
      const name = `tapedeck-hold-${matter.id}-${dates(site.timeZone)(now())}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(csvStream(REPORT_COLUMNS, rows(person, matter.id)));
    },
  );

  async function* rows(person: Person, id: string): AsyncGenerator<string[]> {
    for (let after = 0; ; await turn()) {
      const items = await catalogue.holds.items(id, after, READ);
      for (const item of items) yield reportCells(await reached.seen(person, item.callId), item, say);
      if (items.length < READ) break;
      after = items.at(-1)!.seq;
    }
    for (let before: Parameters<typeof reached.unrecorded>[2] = null; ; await turn()) {
      const { calls, next }: Awaited<ReturnType<typeof reached.unrecorded>> = await reached.unrecorded(
        person,
        id,
        before,
        READ,
      );
      for (const call of calls) if (!canBeHeld(call)) yield reportCells(call, null, say);
      if (!next) break;
      before = next;
    }
  }
}
