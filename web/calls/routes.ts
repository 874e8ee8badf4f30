import type { Static } from 'typebox';
import type { CallFilter } from '../../daemon/catalogue/calls.js';
import type { HeldIn } from '../../daemon/catalogue/retention/holds.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { times } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { mayDo } from '../../daemon/domain/people/person.js';
import { owesReason, sightOf } from '../../daemon/domain/people/reach.js';
import { isPartOfNumber } from '../../daemon/domain/phone.js';
import { decodePeaks } from '../../daemon/domain/recording/peaks.js';
import type { Ear } from '../../daemon/domain/recording/quality.js';
import {
  type BlindWindow,
  type CallId,
  isId,
  type Recording,
} from '../../daemon/domain/recording/recording.js';
import { within } from '../../daemon/vault/sound/heard.js';
import type { Needs, RouteDeps } from '../deps.js';
import { answers, IdParams, pbxOf, timesOf } from '../server/answers.js';
import type { App } from '../server/types.js';
import { sealOf } from './manifest-routes.js';
import { CallDetail, CallPage, CallQuery, PeaksView } from './schemas.js';
import { callDetail, callSummary } from './views.js';

type Deps = Needs<
  'dataDir' | 'listening' | 'reached' | 'seen' | 'site',
  | 'seals.manifest'
  | 'seals.check'
  | 'directives.of'
  | 'watch.windows'
  | 'notices.of'
  | 'policy.of'
  | 'holds.of'
  | 'certificates.of'
>;

const PAGE = 50;

/** What the rule says that a recording is kept for, in the version of the policy that decided; null where none did. */
async function purposeOf(
  catalogue: Deps['catalogue'],
  recording: Recording | null,
): Promise<CallDetail['retention']> {
  if (!recording || recording.keepVersion === null || recording.keepRule === null) return null;
  const { policy, version } = await catalogue.policy.of(recording.keepVersion);
  const rule = policy.retention.find(({ name }) => name === recording.keepRule);
  if (version !== recording.keepVersion || !rule) return null;
  return { purpose: rule.purpose ?? '', legal_basis: rule.legal_basis ?? '' };
}

/** The list of calls, one call, and the waveform of its recording. */
export function callRoutes(app: App, { catalogue, reached, listening, site, dataDir, seen }: Deps): void {
  const say = times(site.timeZone);
  /** Those of these calls whose recordings are under legal hold, with the matters that hold them. */
  async function heldAmong(calls: readonly StoredCall[]): Promise<Map<CallId, HeldIn[]>> {
    const ids = calls.flatMap(({ recording }) => (recording?.state === 'sealed' ? [recording.id] : []));
    const rows = ids.length > 0 ? await catalogue.holds.of(ids) : [];
    return new Map(
      calls.flatMap((call) => {
        const mine = rows.filter(({ recordingId }) => recordingId === call.recording?.id);
        return mine.length > 0 ? [[call.id, mine] as const] : [];
      }),
    );
  }
  /** When nobody monitored the PBX of a call while it went on. */
  async function unwatchedDuring({ pbx, answeredAt, endedAt, imported }: StoredCall): Promise<BlindWindow[]> {
    if (answeredAt === null || imported) return [];
    const windows = await catalogue.watch.windows({
      ...{ pbx, from: answeredAt },
      ...(endedAt === null ? {} : { to: endedAt }),
    });
    return windows.toReversed();
  }

  app.get(
    '/calls',
    {
      config: { access: 'call:view', audit: 'search' },
      schema: {
        tags: ['calls'],
        summary: 'Calls, newest first',
        description:
          'A page of calls that fit every condition given, of those that you reach. `quality` and `of` are for who sees every call.',
        querystring: CallQuery,
        response: answers(CallPage),
      },
    },
    async (request) => {
      const { query } = request;
      const { person } = request.session!;
      const limit = query.limit ?? PAGE;
      const filter = { ...filterOf(query, site), limit: limit + 1 };
      const look = (inside: boolean) => reached.list(person, { ...filter, inside });
      let match = query.match ?? 'end';
      let found = await look(match === 'inside');
      // Who types how a number begins finds it, if there is none that ends so.
      const part =
        query.match === undefined &&
        query.before === undefined &&
        isPartOfNumber(filter.text ?? '', site.region);
      if (found.length === 0 && part) [match, found] = ['inside', await look(true)];
      seen.search(request, query);
      const page = found.slice(0, limit);
      const held = await heldAmong(page);
      const calls = page.map((call) => callSummary(call, sightOf(person, call), say, held.has(call.id)));
      return { calls, next: found.length > limit ? page.at(-1)!.id : null, match };
    },
  );

  app.get(
    '/calls/:id',
    {
      config: { access: 'call:view', audit: 'view' },
      schema: {
        tags: ['calls'],
        summary: 'One call',
        description: 'With its legs and marks. Times on the timeline count from the answer.',
        params: IdParams,
        response: answers(CallDetail),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const { call } = await reached.call(person, request.params.id);
      seen.call(request, call.id);
      const { main, consultations } = await reached.around(person, call);
      const held = await heldAmong([call, ...consultations]);
      return callDetail(call, sightOf(person, call), say, {
        main,
        consultations: consultations.map((c) => callSummary(c, sightOf(person, c), say, held.has(c.id))),
        seal: await sealOf(catalogue, call, dataDir),
        certificate: call.recording && (await catalogue.certificates.of(call.recording.id)),
        said: await catalogue.directives.of(call.id),
        ledger: await catalogue.notices.of(call.id),
        unwatched: await unwatchedDuring(call),
        retention: await purposeOf(catalogue, call.recording),
        held: held.has(call.id),
        matters: mayDo(person, 'oversee') ? (held.get(call.id) ?? []) : [],
      });
    },
  );

  app.get(
    '/calls/:id/peaks',
    {
      config: { access: 'call:play', audit: 'view' },
      schema: {
        tags: ['calls'],
        summary: 'The waveform of a recording',
        description:
          'The loudest sample of each stretch of time, 0 to 255, for each side; 0 where you may not hear it. If you may hear the call with a reason only, give the reason first (POST /calls/:id/listen).',
        params: IdParams,
        response: answers(PeaksView),
      },
    },
    async (request) => {
      const { person, id: sessionId } = request.session!;
      const { call, stretches } = await reached.call(person, request.params.id, 'play');
      const { recording } = call;
      if (recording?.state !== 'sealed') throw fail('recording_absent');
      const reason = listening.reason(sessionId, call.id, 'play') ?? '';
      if (reason === '' && owesReason(person, 'play', call)) throw fail('reason_needed');
      const stored = await reached.peaks(recording);
      const peaks = stored && decodePeaks(stored);
      if (!peaks) throw fail('recording_absent', 'It has no waveform.');
      seen.waveform(request, call.id, reason);
      const heard = within(stretches, recording.durationMs);
      const shown = (side: Uint8Array) =>
        Array.from(side, (peak, i) =>
          heard((i * 1000) / peaks.perSecond, ((i + 1) * 1000) / peaks.perSecond) ? peak : 0,
        );
      return {
        per_second: peaks.perSecond,
        duration_ms: peaks.durationMs,
        left: shown(peaks.left),
        right: shown(peaks.right),
      };
    },
  );
}

function filterOf(query: Static<typeof CallQuery>, site: RouteDeps['site']): Omit<CallFilter, 'limit'> {
  if (query.before !== undefined && !isId(query.before))
    throw fail('request_invalid', 'querystring.before: must be the id of a call');
  return {
    text: query.q?.trim() || undefined,
    region: site.region,
    ...timesOf(query, site.timeZone),
    pbx: pbxOf(query),
    direction: query.direction,
    coverage: query.coverage || undefined,
    quality: query.quality as CallFilter['quality'],
    ear: query.of === undefined ? undefined : earFrom(query.of),
    before: query.before,
  };
}

/** "extension:112" */
function earFrom(of: string): Ear {
  const at = of.indexOf(':');
  return { kind: of.slice(0, at) as Ear['kind'], name: of.slice(at + 1) };
}
