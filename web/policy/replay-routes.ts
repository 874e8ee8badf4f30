import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Static } from 'typebox';
import { everyListed } from '../../daemon/catalogue/listed.js';
import { createStandingByNumber } from '../../daemon/catalogue/standing.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { iso } from '../../daemon/domain/days.js';
import { sees } from '../../daemon/domain/people/reach.js';
import { createNumberIndex } from '../../daemon/domain/policy/lists/number-list.js';
import { createReplay, type Difference, replayKinds } from '../../daemon/domain/policy/replay.js';
import { serialQueue } from '../../daemon/ops/turns.js';
import { partyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { CheckBody, ReplayView } from './version-schemas.js';

const DAYS_MS = 30 * 86_400_000;
const MOST_CALLS = 100_000;
/** So many numbers of lists are read before other work has its turn. */
const LISTED_AT_ONCE = 200;

type View = Static<typeof ReplayView>;

/** What a policy would have decided about the calls of the last 30 days. */
export function replayRoutes(
  app: App,
  {
    catalogue,
    reached,
    now,
    site,
  }: Needs<'reached' | 'now' | 'site', 'policy.newest' | 'lists.entries' | 'consents.list'>,
): void {
  /** One at a time: each reads many calls. */
  const turns = serialQueue();

  app.post(
    '/policy/replay',
    {
      config: {
        access: 'settings',
        audit: { nothing: 'it counts what would be; who sees a call may see it here' },
        invalid: 'policy_invalid',
      },
      schema: {
        tags: ['policy'],
        summary: 'What a policy would have done in the last 30 days',
        description:
          'Decides every answered call of the last 30 days, 100,000 at most, by this policy and by the one in force, and says what differs. Lists of numbers count as they are now, standing consents and objections as they were at the time of each call.',
        body: CheckBody,
        response: answers(ReplayView),
      },
    },
    async (request, reply) => {
      const { person } = request.session!;
      return turns.run(async () => {
        const from = now() - DAYS_MS;
        const { policy } = await catalogue.policy.newest();
        const { body } = request;
        const index = createNumberIndex(site.region);
        for await (const page of everyListed(catalogue, LISTED_AT_ONCE)) {
          for (const listed of page) index.add(listed);
          await nextTurn();
        }
        const standing = createStandingByNumber({ catalogue, region: site.region, clock: now });
        await standing.ready();
        const replay = createReplay<StoredCall>(
          policy,
          body.policy,
          site,
          (call) => sees(person, call),
          (number) => index.listsOf(number, now()),
          standing,
        );
        let read = 0;
        for await (const page of reached.since(from, MOST_CALLS)) {
          // Nobody waits for it any more.
          if (reply.raw.destroyed) break;
          for (const call of page) replay.add(call);
          read += page.length;
          await nextTurn();
        }
        const { calls, found, unknown } = replay.result();
        return {
          from: iso(from),
          calls,
          complete: read < MOST_CALLS,
          found: Object.fromEntries(
            replayKinds.map((kind) => [
              kind,
              { calls: found[kind].calls, examples: found[kind].examples.map(exampleView) },
            ]),
          ) as View['found'],
          unknown: Object.entries(unknown).map(([condition, calls]) => ({ condition, calls })),
        };
      });
    },
  );
}

function exampleView({
  call,
  before,
  after,
}: Difference<StoredCall>): View['found']['newly']['examples'][number] {
  const decided = ({ outcome, rule, keepDays, keepRule }: typeof before) => ({
    ...{ outcome, rule, keep_days: keepDays, keep_rule: keepRule },
  });
  return {
    ...{ call_id: call.id, started_at: iso(call.startedAt), direction: call.direction },
    ...{ them: partyView(call.them), us: partyView(call.us) },
    ...{ before: decided(before), after: decided(after) },
  };
}
