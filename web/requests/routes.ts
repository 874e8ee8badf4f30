import { setImmediate as turn } from 'node:timers/promises';
import type { Static } from 'typebox';
import { findCalls } from '../../daemon/catalogue/privacy/find-calls.js';
import { dates, iso, isoOrNull, times } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { sightOf } from '../../daemon/domain/people/reach.js';
import {
  canExtend,
  confirmBy,
  confirmUrgency,
  deadlineOf,
  forgetAt,
  lastDay,
  urgencyOf,
} from '../../daemon/domain/privacy/deadline.js';
import { lettersFor } from '../../daemon/domain/privacy/letters.js';
import { fateOf } from '../../daemon/domain/privacy/matching.js';
import { asksErasure, lawOf, type PrivacyRequest } from '../../daemon/domain/privacy/request.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { signed } from '../auth/signed.js';
import { callSummary } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import {
  AnswerBody,
  ExtendBody,
  LeaveOutBody,
  RequestAdded,
  RequestBody,
  RequestCallParams,
  RequestCalls,
  RequestParams,
  RequestsPage,
  RequestsQuery,
  RequestView,
} from './schemas.js';

type Deps = Needs<
  'ask' | 'now' | 'reached' | 'seen' | 'site',
  | 'calls.startBefore'
  | 'privacyRequests.get'
  | 'privacyRequests.open'
  | 'privacyRequests.closed'
  | 'privacyRequests.exclusions'
  | 'holds.guard'
  | 'holds.of'
  | 'certificates.of'
>;

const PAGE = 50;
/** So many calls are looked at before others are answered. */
const AT_ONCE = 20;

/** The desk for requests of people about recordings of themselves. */
export function requestRoutes(app: App, { catalogue, ask, reached, seen, site, now }: Deps): void {
  const say = times(site.timeZone);
  const nothing = { nothing: 'requests, and no calls' };
  const tags = ['requests'];

  async function known(id: string): Promise<PrivacyRequest> {
    const found = await catalogue.privacyRequests.get(id);
    if (!found) throw fail('privacy_unknown', id);
    return found;
  }
  const view = (request: PrivacyRequest) => requestView(request, now());

  app.get(
    '/requests',
    {
      config: { access: 'privacy', audit: nothing },
      schema: {
        tags,
        summary: 'Requests',
        description:
          'Requests of people about recordings of themselves: those that have to be answered, and those that were.',
        querystring: RequestsQuery,
        response: answers(RequestsPage),
      },
    },
    async (request) => {
      const { before } = request.query;
      const open = before === undefined ? await catalogue.privacyRequests.open() : [];
      const closed = await catalogue.privacyRequests.closed(before ?? null, PAGE);
      return {
        open: open.map(view).toSorted((a, b) => (a.last_day < b.last_day ? -1 : 1)),
        closed: closed.map(view),
        next: closed.length === PAGE ? closed.at(-1)!.number : null,
      };
    },
  );

  app.post(
    '/requests',
    {
      config: { access: 'privacy', audit: 'privacy_add', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'Enter a request',
        description:
          'Its deadline is counted from the day on which it was received, by the calendar of the site: one month under the GDPR, 45 days under the CCPA. Not with an API token.',
        body: RequestBody,
        response: answers(RequestAdded),
      },
    },
    async (request) => ask('add_privacy', { by: signed(request), facts: request.body }),
  );

  app.get(
    '/requests/:id',
    {
      config: { access: 'privacy', audit: nothing },
      schema: {
        tags,
        summary: 'One request',
        description: 'With its deadline, and how it was closed.',
        params: RequestParams,
        response: answers(RequestView),
      },
    },
    async (request) => view(await known(request.params.id)),
  );

  app.get(
    '/requests/:id/calls',
    {
      config: { access: 'privacy', audit: 'search' },
      schema: {
        tags,
        summary: 'The calls of a request',
        description:
          'Calls on which somebody had one of the numbers, in whatever notation, and that began in the window. What becomes of each in the answer is worked out now: it changes with legal holds, minimums and erasures.',
        params: RequestParams,
        response: answers(RequestCalls),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const asked = await known(request.params.id);
      const { calls, more } = await findCalls(catalogue, (filter) => reached.list(person, filter), asked);
      seen.search(request, { q: `request ${asked.number}` });
      const out = new Map(
        (await catalogue.privacyRequests.exclusions(asked.id)).map((one) => [one.callId, one]),
      );
      const sealed = calls.flatMap(({ recording }) => (recording?.state === 'sealed' ? [recording.id] : []));
      const held = new Set((await catalogue.holds.of(sealed)).map(({ recordingId }) => recordingId));
      const erases = asksErasure(asked.kind);
      const items = [];
      for (const [i, call] of calls.entries()) {
        if (i % AT_ONCE === 0) await turn();
        const { recording } = call;
        const guard =
          erases && recording?.state === 'sealed' ? await catalogue.holds.guard(recording.id, now()) : null;
        const { fate, why, exclusion } = fateOf(asked, call, out.get(call.id) ?? null, guard);
        items.push({
          call: callSummary(call, sightOf(person, call), say, recording !== null && held.has(recording.id)),
          ...{ fate, reason: exclusion?.reason ?? (why && inWords(why, say)) },
          left_out_by: exclusion?.by ?? null,
          certificate: fate === 'gone' && recording ? await catalogue.certificates.of(recording.id) : null,
        });
      }
      return { calls: items, more };
    },
  );

  app.post(
    '/requests/:id',
    {
      config: { access: 'privacy', audit: 'privacy_change', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'Change a request',
        description: 'Everything that is written down of it, until it is closed.',
        params: RequestParams,
        body: RequestBody,
        response: answers(RequestView),
      },
    },
    async (request) => {
      const { id } = request.params;
      await ask('change_privacy', { by: signed(request), id, facts: request.body });
      return view(await known(id));
    },
  );

  app.post(
    '/requests/:id/extension',
    {
      config: { access: 'privacy', audit: 'privacy_extend', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'Extend the deadline of a request',
        description:
          'Once, before it has passed: by two months under the GDPR, by 45 days under the CCPA. The person has to be told of it and of the reason.',
        params: RequestParams,
        body: ExtendBody,
        response: answers(RequestView),
      },
    },
    async (request) => {
      const { id } = request.params;
      await ask('extend_privacy', { by: signed(request), id, reason: request.body.reason });
      return view(await known(id));
    },
  );

  app.post(
    '/requests/:id/calls/:call',
    {
      config: { access: 'privacy', audit: 'privacy_exclude', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'Leave a call out of a request',
        description:
          'With a reason, such as that another person was on a shared line; or take it in again without one.',
        params: RequestCallParams,
        body: LeaveOutBody,
        response: answers(RequestView),
      },
    },
    async (request) => {
      const { id, call } = request.params;
      await ask('exclude_call', { by: signed(request), id, call, reason: request.body.reason });
      return view(await known(id));
    },
  );

  app.post(
    '/requests/:id/answer',
    {
      config: { access: 'privacy', audit: 'privacy_close', invalid: 'privacy_invalid' },
      schema: {
        tags,
        summary: 'Close a request',
        description:
          'Writes down when and how it was answered. Nothing is sent, and nothing is erased by it.',
        params: RequestParams,
        body: AnswerBody,
        response: answers(RequestView),
      },
    },
    async (request) => {
      const { id } = request.params;
      await ask('close_privacy', { by: signed(request), id, answer: request.body });
      return view(await known(id));
    },
  );
}

function requestView(request: PrivacyRequest, now: number): Static<typeof RequestView> {
  const { id, number, kind, name, contact, identity, numbers, from, to, manner, received } = request;
  const { extended, closed, state } = request;
  const deadline = deadlineOf(request);
  const forget = forgetAt(request);
  return {
    ...{ id, number, kind, law: lawOf(kind), name, contact, identity, numbers, from, to, manner, received },
    ...{ entered_by: request.enteredBy, entered_at: iso(request.enteredAt), state },
    ...{ last_day: deadline.day, last_day_extended: lastDay(request, true) },
    confirm_by: confirmBy(request),
    confirmed: request.confirmed,
    confirm_urgency: closed ? 'none' : confirmUrgency(request, now),
    urgency: closed ? 'none' : urgencyOf(request, now),
    may_extend: canExtend(request, now),
    letters: closed ? [] : lettersFor(kind),
    extended: extended && { ...extended, at: iso(extended.at) },
    closed: closed && { ...closed, at: iso(closed.at), in_time: closed.day <= deadline.day },
    forgotten_at: isoOrNull(request.forgottenAt),
    forget_on: forget === null ? null : dates(request.zone)(forget),
  };
}
