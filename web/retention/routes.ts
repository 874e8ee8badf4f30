import type { Static } from 'typebox';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { dates, iso, isoOrNull, times } from '../../daemon/domain/days.js';
import { FROM_NOW_ON, planRetention } from '../../daemon/domain/policy/retention.js';
import { inWords, reasonView, type Say } from '../../daemon/domain/reason/words.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import { giveOut } from '../audit/give-out.js';
import { signed } from '../auth/signed.js';
import { partyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import { type RetentionItem, RetentionRunBody, RetentionRunView, RetentionView } from './schemas.js';
import { retentionCsv } from './table.js';

type Deps = Needs<
  'ask' | 'now' | 'reached' | 'retention' | 'seen' | 'site',
  'recordings.count' | 'recordings.tombstones' | 'recordings.kept' | 'recordings.erasing'
>;

/** Rows shown at most of each kind; the CSV has all. */
const SHOWN = { due: 500, next: 100, gone: 100 };
const FIRST = 1000;
const ALL_GONE = 1_000_000;

type Kept = StoredCall & { recording: Recording };
const hasRecording = (call: StoredCall): call is Kept => call.recording !== null;

/** What is kept, until when and why; what goes next; what is gone. */
export function retentionRoutes(app: App, deps: Deps): void {
  const { catalogue, reached, ask, retention, site, now, seen } = deps;
  const say = times(site.timeZone);

  /** The plan, with the calls behind it. Reads all kept recordings only when it has to. */
  async function plan(all: boolean) {
    const at = now();
    const counts = await catalogue.recordings.count();
    const begun = (await catalogue.recordings.erasing()).filter((r) => r.intended);
    let kept = await catalogue.recordings.kept(all ? undefined : FIRST);
    const last = kept.at(-1)?.recording?.keepUntil ?? null;
    if (!all && kept.length === FIRST && last !== null && last <= at)
      kept = await catalogue.recordings.kept();
    const calls = new Map(kept.filter(hasRecording).map((call) => [call.recording.id, call]));
    const planned = planRetention({
      now: at,
      items: [...calls.values()].map((call) => call.recording),
      breakerPercent: retention.breakerPercent,
      total: counts.kept,
      newestSealedAt: counts.newestSealedAt,
      intended: begun.map((r) => r.id),
    });
    return { at, counts, planned, callOf: (id: string) => calls.get(id)! };
  }

  app.get(
    '/retention',
    {
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['retention'],
        summary: 'What is kept, what goes next, what is gone',
        description: `As a run at this moment would decide. Nothing is changed. ${FROM_NOW_ON}`,
        response: answers(RetentionView),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      seen.report(request, 'retention');
      const { at, counts, planned, callOf } = await plan(false);
      const { due, kept, breaker } = planned;
      const next = kept.filter(({ item }) => item.keepUntil !== null).slice(0, SHOWN.next);
      const gone = (await catalogue.recordings.tombstones(SHOWN.gone)).filter(hasRecording);
      return {
        now: iso(at),
        schedule: retention.schedule,
        kept: counts.kept,
        for_ever: counts.forEver,
        due: due.slice(0, SHOWN.due).map(({ item }) => itemView(callOf(item.id), say)),
        due_total: due.length,
        next: next.map(({ item }) => itemView(callOf(item.id), say)),
        gone: gone.map((call) => itemView(call, say)),
        breaker: { ...breaker, ...reasonView(breaker.why, say) },
      };
    },
  );

  app.get(
    '/retention.csv',
    {
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['retention'],
        summary: 'The same as a table',
        description:
          'Every recording: due, kept and gone. Cells that look like formulas begin with an apostrophe.',
        response: {
          200: streamed('The table.', 'text/csv'),
          default: ErrorView,
        },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      await giveOut(ask, request, 'retention');
      const { at, planned, callOf } = await plan(true);
      const gone = await catalogue.recordings.tombstones(ALL_GONE);
      function* rows() {
        for (const { item } of planned.due) yield { state: 'due' as const, call: callOf(item.id) };
        for (const { item } of planned.kept) yield { state: 'kept' as const, call: callOf(item.id) };
        for (const call of gone) yield { state: 'gone' as const, call };
      }
      const name = `tapedeck-retention-${dates(site.timeZone)(at)}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(retentionCsv(rows(), say));
    },
  );

  app.post(
    '/retention/run',
    {
      config: { access: 'settings', audit: 'retention_run' },
      schema: {
        tags: ['retention'],
        summary: 'Erase what is due, now',
        description:
          'The daemon does it. When an unusual share would go it answers 409 until `confirm` is sent back. Needs a proof of the last ten minutes.',
        body: RetentionRunBody,
        response: answers(RetentionRunView),
      },
    },
    async (request) => {
      const { confirm } = request.body;
      const ran = await ask('run_retention', { by: signed(request), ...(confirm && { confirm }) });
      request.log.info({ ...ran, by: request.session!.person.name }, 'a retention run was asked for');
      return ran;
    },
  );
}

function itemView(call: Kept, say: Say): Static<typeof RetentionItem> {
  const { recording } = call;
  return {
    call_id: call.id,
    recording_id: recording.id,
    started_at: iso(call.startedAt),
    direction: call.direction,
    them: partyView(call.them),
    us: partyView(call.us),
    keep_until: isoOrNull(recording.keepUntil),
    rule: recording.keepRule,
    ...reasonView(recording.keepWhy, say),
    erased_at: isoOrNull(recording.erasedAt),
    erase_reason: recording.eraseWhy && inWords(recording.eraseWhy, say),
    erase_why: recording.eraseWhy,
  };
}
