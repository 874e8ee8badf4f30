import type { Static } from 'typebox';
import type { CallFilter, Catalogue, StoredCall } from '../../daemon/catalogue/catalogue.js';
import { nextDay, startOfDay } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { decodePeaks } from '../../daemon/domain/peaks.js';
import { CallDetail, CallPage, CallQuery, PeaksView } from '../schemas.js';
import type { App } from '../types.js';
import { callDetail, callSummary } from '../views.js';
import { answers, IdParams, isId } from './answers.js';
import type { RouteDeps } from './deps.js';

const PAGE = 50;

/** The list of calls, one call, and the waveform of its recording. */
export function callRoutes(app: App, { catalogue, site }: RouteDeps): void {
  app.get(
    '/calls',
    {
      schema: {
        tags: ['calls'],
        summary: 'Calls, newest first',
        description: 'A page of calls that fit every condition given.',
        querystring: CallQuery,
        response: answers(CallPage),
      },
    },
    async ({ query }) => {
      const limit = query.limit ?? PAGE;
      const found = await catalogue.calls({ ...filterOf(query, site.timeZone), limit: limit + 1 });
      const page = found.slice(0, limit);
      return { calls: page.map(callSummary), next: found.length > limit ? page.at(-1)!.id : null };
    },
  );

  app.get(
    '/calls/:id',
    {
      schema: {
        tags: ['calls'],
        summary: 'One call',
        description: 'With its legs and marks. Times on the timeline count from the answer.',
        params: IdParams,
        response: answers(CallDetail),
      },
    },
    async ({ params }) => callDetail(await knownCall(catalogue, params.id)),
  );

  app.get(
    '/calls/:id/peaks',
    {
      schema: {
        tags: ['calls'],
        summary: 'The waveform of a recording',
        description: 'The loudest sample of each stretch of time, 0 to 255, for each side.',
        params: IdParams,
        response: answers(PeaksView),
      },
    },
    async ({ params }) => {
      const { recording } = await knownCall(catalogue, params.id);
      if (recording?.state !== 'sealed') throw fail('recording_absent');
      const stored = await catalogue.peaks(recording.id);
      const peaks = stored && decodePeaks(stored);
      if (!peaks) throw fail('recording_absent', 'It has no waveform.');
      return {
        per_second: peaks.perSecond,
        duration_ms: peaks.durationMs,
        left: [...peaks.left],
        right: [...peaks.right],
      };
    },
  );
}

/** The call with this id. Throws `call_unknown`. */
export async function knownCall(catalogue: Pick<Catalogue, 'call'>, id: string): Promise<StoredCall> {
  const call = isId(id) ? await catalogue.call(id) : null;
  if (!call) throw fail('call_unknown');
  return call;
}

function filterOf(query: Static<typeof CallQuery>, zone: string): Omit<CallFilter, 'limit'> {
  if (query.before !== undefined && !isId(query.before))
    throw fail('request_invalid', 'querystring.before: must be the id of a call');
  return {
    text: query.q?.trim() || undefined,
    from: query.from === undefined ? undefined : startOfDay(query.from, zone),
    to: query.to === undefined ? undefined : startOfDay(nextDay(query.to), zone),
    direction: query.direction,
    coverage: query.coverage || undefined,
    before: query.before,
  };
}
