import type { Static } from 'typebox';
import { stateOf } from '../../daemon/domain/approval/approval.js';
import { iso, isoOrNull, times } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { sightOf } from '../../daemon/domain/people/reach.js';
import type { HoldQuery, HoldRelease, Matter } from '../../daemon/domain/retention/hold.js';
import { signed } from '../auth/signed.js';
import { callSummary } from '../calls/views.js';
import type { Needs, RouteDeps } from '../deps.js';
import { answers, pbxOf, timesOf } from '../server/answers.js';
import type { App } from '../server/types.js';
import {
  AddBody,
  AddedView,
  AskBody,
  type AskedQuery,
  AskedReleaseView,
  HeldPage,
  HeldQuery,
  HoldsView,
  MatterDetail,
  MatterParams,
  type MatterView,
  NotHeldPage,
  NotHeldQuery,
  OpenBody,
  OpenedView,
  ReleaseParams,
  WidenBody,
} from './schemas.js';

type Deps = Needs<
  'ask' | 'now' | 'reached' | 'seen' | 'site',
  'holds.list' | 'holds.get' | 'holds.items' | 'holds.releases' | 'approvals.open'
>;

const PAGE = 50;

/** Legal holds by matter. */
export function holdRoutes(app: App, { catalogue, ask, reached, seen, site, now }: Deps): void {
  const say = times(site.timeZone);
  const nothing = { nothing: 'matters, and no calls' };
  const tags = ['holds'];

  async function known(id: string): Promise<Matter> {
    const matter = await catalogue.holds.get(id);
    if (!matter) throw fail('matter_unknown', id);
    return matter;
  }

  app.get(
    '/holds',
    {
      config: { access: 'oversee', audit: nothing },
      schema: {
        tags,
        summary: 'Legal holds',
        description: 'Every matter: open ones first, then those that were released.',
        response: answers(HoldsView),
      },
    },
    async () => ({ matters: (await catalogue.holds.list()).map(matterView) }),
  );

  app.post(
    '/holds',
    {
      config: { access: 'oversee', audit: 'hold_open', invalid: 'hold_invalid' },
      schema: {
        tags,
        summary: 'Open a matter',
        description:
          'Holds the recordings given, and those of all calls, past and future, that match the query. Until the query is worked out, nothing is erased. Not with an API token.',
        body: OpenBody,
        response: answers(OpenedView),
      },
    },
    async (request) => {
      const { name, reason, query, recordings = [] } = request.body;
      const asked = query ? queryOf(query, site) : null;
      return ask('open_matter', { by: signed(request), name, reason, query: asked, recordings });
    },
  );

  app.get(
    '/holds/:id',
    {
      config: { access: 'oversee', audit: nothing },
      schema: {
        tags,
        summary: 'One matter',
        description: 'With the releases that were carried out, and those that were asked for.',
        params: MatterParams,
        response: answers(MatterDetail),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const matter = await known(request.params.id);
      const open = (await catalogue.approvals.open(now())).filter(
        ({ act, object }) => act === 'release_hold' && object === matter.id,
      );
      return {
        matter: matterView(matter),
        releases: (await catalogue.holds.releases(matter.id)).map(releaseView),
        approvals: open.map((approval) => {
          const { letting, recordings } = approval.shown as unknown as {
            letting: { what: HoldRelease['letting']['what'] };
            recordings: number;
          };
          return {
            ...{ id: approval.id, what: letting.what, recordings },
            ...{ asked_by: approval.askedBy.name, approved_by: approval.approvedBy?.name ?? null },
            not_before: iso(approval.notBefore),
            state: stateOf(approval, now()) as 'waiting' | 'cooling' | 'approved',
            mine: approval.askedBy.id === person.id,
          };
        }),
      };
    },
  );

  app.get(
    '/holds/:id/recordings',
    {
      config: { access: 'oversee', audit: 'search' },
      schema: {
        tags,
        summary: 'What a matter holds',
        description:
          'In the order in which it came to be held. `call` is null for calls that you do not see.',
        params: MatterParams,
        querystring: HeldQuery,
        response: answers(HeldPage),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const { after = 0, limit = PAGE } = request.query;
      const matter = await known(request.params.id);
      const items = await catalogue.holds.items(matter.id, after, limit);
      seen.search(request, { q: matter.name });
      const recordings = [];
      for (const { recordingId, callId, why, at, by } of items) {
        const call = await reached.seen(person, callId);
        recordings.push({
          ...{ recording: recordingId, why, since: iso(at), by },
          call: call && callSummary(call, sightOf(person, call), say, true),
        });
      }
      return { recordings, next: items.length === limit ? items.at(-1)!.seq : null };
    },
  );

  app.get(
    '/holds/:id/not-held',
    {
      config: { access: 'oversee', audit: 'search' },
      schema: {
        tags,
        summary: 'Calls that match a matter and were not recorded in full',
        description:
          'The newest first, with the reason: they were left out, declined, not kept, masked, not captured, or erased before. A legal hold never has a call recorded.',
        params: MatterParams,
        querystring: NotHeldQuery,
        response: answers(NotHeldPage),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const { before, limit = PAGE } = request.query;
      const matter = await known(request.params.id);
      const { calls, next } = await reached.unrecorded(person, matter.id, cursorIn(before), limit);
      seen.search(request, { q: matter.name });
      return {
        calls: calls.map((call) => callSummary(call, sightOf(person, call), say, false)),
        next: next && `${next.startedAt}-${next.id}`,
      };
    },
  );

  app.post(
    '/holds/:id/query',
    {
      config: { access: 'oversee', audit: 'hold_add', invalid: 'hold_invalid' },
      schema: {
        tags,
        summary: 'Widen the query of a matter',
        description:
          'Only to a query that asks for everything that the one before asks for. Anything else is a release, and is refused as `hold_narrower`.',
        params: MatterParams,
        body: WidenBody,
        response: answers(MatterDetail.properties.matter),
      },
    },
    async (request) => {
      const { id } = request.params;
      const { query, reason } = request.body;
      await ask('widen_matter', { by: signed(request), id, query: queryOf(query, site), reason });
      return matterView(await known(id));
    },
  );

  app.post(
    '/holds/:id/recordings',
    {
      config: { access: 'oversee', audit: 'hold_add', invalid: 'hold_invalid' },
      schema: {
        tags,
        summary: 'Add recordings to a matter',
        description: 'By the ids of recordings, with the earlier versions of each that were kept.',
        params: MatterParams,
        body: AddBody,
        response: answers(AddedView),
      },
    },
    async (request) =>
      ask('hold_recordings', { by: signed(request), id: request.params.id, ...request.body }),
  );

  app.post(
    '/holds/:id/releases',
    {
      config: { access: 'oversee', audit: 'approval_ask', invalid: 'hold_invalid' },
      schema: {
        tags,
        summary: 'Ask for a release',
        description:
          'Of the whole matter, of recordings that were picked, or of what a narrower query does not ask for. A second person has to approve it, and it has to wait. Nothing is erased by it.',
        params: MatterParams,
        body: AskBody,
        response: answers(AskedReleaseView),
      },
    },
    async (request) => {
      const { what, query, recordings = [], reason } = request.body;
      if (what === 'query' && query === undefined)
        throw fail('hold_invalid', 'query: say what the matter goes on to ask for.');
      const letting =
        what === 'all'
          ? { what }
          : what === 'recordings'
            ? { what, recordings }
            : { what, query: query ? queryOf(query, site) : null };
      const { id } = request.params;
      const asked = await ask('ask_release', { by: signed(request), id, letting, reason });
      return { ...asked, not_before: iso(asked.not_before) };
    },
  );

  app.post(
    '/holds/:id/releases/:approval',
    {
      config: { access: 'oversee', audit: 'hold_release' },
      schema: {
        tags,
        summary: 'Carry out an approved release',
        description:
          'By the person who asked for it, once it was approved and the cool-off is over. Refused where what would be released has changed since.',
        params: ReleaseParams,
        response: answers(MatterDetail.properties.matter),
      },
    },
    async (request) => {
      const { id, approval } = request.params;
      await ask('release_matter', { by: signed(request), id, approval });
      return matterView(await known(id));
    },
  );
}

function queryOf(asked: Static<typeof AskedQuery>, site: RouteDeps['site']): HoldQuery {
  const { from, to, pbx: _, ...given } = asked;
  const { from: begin = null, to: end = null } = timesOf({ from, to }, site.timeZone);
  const { text = '', numbers = [], extensions = [], queues = [], dids = [], direction = null } = given;
  const { region } = site;
  return {
    ...{ text: text.trim(), numbers, extensions, queues, dids, direction, region },
    ...{ from: begin, to: end, pbx: pbxOf(asked) ?? null },
  };
}

const cursorIn = (before: string | undefined) => {
  if (before === undefined) return null;
  const [startedAt = '', id = ''] = before.split('-');
  return { startedAt: Number(startedAt), id };
};

const matterView = (matter: Matter): Static<typeof MatterView> => ({
  ...{ id: matter.id, name: matter.name, reason: matter.reason, query: matter.query },
  ...{ opened_by: matter.openedBy, opened_at: iso(matter.openedAt), state: matter.state },
  ...{ released_at: isoOrNull(matter.releasedAt), held: matter.held },
});

const releaseView = ({ id, letting, reason, askedBy, approvedBy, at, doneAt, released }: HoldRelease) => ({
  ...{ id, what: letting.what, reason, asked_by: askedBy, approved_by: approvedBy },
  ...{ at: iso(at), done_at: isoOrNull(doneAt), released },
});
