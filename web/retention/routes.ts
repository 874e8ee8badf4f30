import type { Static } from 'typebox';
import { readPlan } from '../../daemon/catalogue/retention/planned.js';
import { dates, iso, isoOrNull, times } from '../../daemon/domain/days.js';
import { inWords, reasonView, type Say } from '../../daemon/domain/reason/words.js';
import { APPLIES_TO } from '../../daemon/domain/retention/words.js';
import { giveOut } from '../audit/give-out.js';
import { signed } from '../auth/signed.js';
import { partyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import { itemsOf, type Listed, type ListName, placeIn, placeText } from './items.js';
import {
  EraseBody,
  EraseView,
  type RetentionItem,
  RetentionItems,
  RetentionItemsQuery,
  RetentionRunBody,
  RetentionRunning,
  RetentionRunView,
  RetentionView,
} from './schemas.js';
import { retentionCsv } from './table.js';

type Deps = Needs<
  'ask' | 'control' | 'now' | 'reached' | 'retention' | 'seen' | 'site',
  | 'certificates.of'
  | 'due.keptSlice'
  | 'due.dueSlice'
  | 'due.newestSealedAt'
  | 'due.page'
  | 'due.undated'
  | 'holds.of'
  | 'holds.list'
  | 'names.count'
  | 'recordings.tombstones'
  | 'recordings.erasing'
  | 'policy.newest'
  | 'policy.of'
  | 'audit.entries'
>;

/** Rows of each kind that come with the page; the rest is asked for page by page. */
const SHOWN = 50;

/** What is kept, until when and why; what is due, and what is due next; what was erased. */
export function retentionRoutes(app: App, deps: Deps): void {
  const { catalogue, control, reached, ask, retention, site, now, seen } = deps;
  const say = times(site.timeZone);
  const limit = { percent: retention.breakerPercent, count: retention.breakerCount };

  const page = async (list: ListName, at: number) =>
    (await itemsOf(catalogue, list, { now: at, after: null, limit: SHOWN })).items.map((i) =>
      itemView(i, say),
    );

  app.get(
    '/retention',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['retention'],
        summary: 'What is kept, what is due, and what was erased',
        description: `As a run at this moment would decide. Nothing is changed. ${APPLIES_TO}`,
        response: answers(RetentionView),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      seen.report(request, 'retention');
      const plan = await readPlan(catalogue, now(), limit, site.timeZone);
      return {
        now: iso(plan.now),
        schedule: retention.schedule,
        kept: plan.kept,
        for_ever: plan.forEver,
        due: await page('due', plan.now),
        due_total: plan.erasable,
        begun: plan.begun,
        protected: await page('protected', plan.now),
        protected_total: { legal_hold: plan.protected.legalHold, minimum: plan.protected.minimum },
        rules: plan.rules.map(({ forEver, ...rule }) => ({ ...rule, for_ever: forEver })),
        names: plan.names,
        storage: { when_full: [...retention.whenFull], archive_after_days: retention.archiveAfterDays },
        next: await page('next', plan.now),
        gone: await page('gone', plan.now),
        breaker: { ...plan.breaker, ...reasonView(plan.breaker.why, say) },
      };
    },
  );

  app.get(
    '/retention/items',
    {
      config: { access: 'oversee', audit: { nothing: 'it goes on with a list that was looked at' } },
      schema: {
        tags: ['retention'],
        summary: 'One of these lists, page by page',
        description:
          'Recordings that are due, due but protected, due next, kept forever, or erased. By date; erased ones newest first.',
        querystring: RetentionItemsQuery,
        response: answers(RetentionItems),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      const { list, after, limit = SHOWN } = request.query;
      const { items, next } = await itemsOf(catalogue, list, { now: now(), after: placeIn(after), limit });
      return { items: items.map((item) => itemView(item, say)), next: placeText(next) };
    },
  );

  app.get(
    '/retention/run',
    {
      config: { access: 'oversee', audit: { nothing: 'it tells nothing of any call' } },
      schema: {
        tags: ['retention'],
        summary: 'How far the current run is',
        description: 'What is being erased at the moment, by the schedule or by somebody; null for nothing.',
        response: answers(RetentionRunning),
      },
    },
    async () => {
      const { erasing } = await control.status();
      return { running: erasing };
    },
  );

  app.get(
    '/retention.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['retention'],
        deprecated: true,
        summary: 'The same as a table',
        description:
          'Use /reports/retention/file instead, which is signed. Every recording: due, protected, kept and gone. Cells that look like formulas begin with an apostrophe.',
        response: {
          200: streamed('The table.', 'text/csv'),
          default: ErrorView,
        },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      await giveOut(ask, request, 'retention');
      const at = now();
      const name = `tapedeck-retention-${dates(site.timeZone)(at)}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(retentionCsv(catalogue, at, say));
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
          'The recorder does it. Where the safety limit stops the run it answers 409 until `confirm` is sent back. Needs a proof of the last ten minutes.',
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

  app.post(
    '/recordings/erase',
    {
      config: { access: 'settings', audit: 'erase' },
      schema: {
        tags: ['retention'],
        summary: 'Erase recordings by hand',
        description:
          'Erases every version of the recordings of these calls before they are due, or none of them: `refused` names those that a legal hold or a minimum protects. `confirm` is "erase" and the number of calls, such as "erase 12". Where the policy asks for a second person, the answer names the `approval` to wait for; once it is given, the same request erases. Needs a proof of the last ten minutes.',
        body: EraseBody,
        response: answers(EraseView),
      },
    },
    async (request) => ask('erase_calls', { by: signed(request), ...request.body }),
  );
}

function itemView(call: Listed, say: Say): Static<typeof RetentionItem> {
  const { recording, protectedBy, certificate } = call;
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
    protected_by: protectedBy && reasonView(protectedBy, say),
    erased_at: isoOrNull(recording.erasedAt),
    erase_reason: recording.eraseWhy && inWords(recording.eraseWhy, say),
    erase_why: recording.eraseWhy,
    certificate,
  };
}
