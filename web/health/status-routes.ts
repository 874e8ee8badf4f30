import type { Static } from 'typebox';
import { type ProblemCode, publicMessage, topicOf } from '../../daemon/domain/operations/health.js';
import { reachOf } from '../../daemon/domain/people/reach.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { StatusView } from './schemas.js';

type Deps = Needs<'control'>;

/** How things are, with all that the daemon says. */
export function statusRoutes(app: App, { control }: Deps): void {
  app.get(
    '/status',
    {
      config: { access: 'oversee', audit: { nothing: "how the box is, and nobody's calls" } },
      schema: {
        tags: ['status'],
        summary: 'The recorder and the PBX',
        description: 'What the daemon says of itself; `daemon` is `down` when it does not answer.',
        response: answers(StatusView),
      },
    },
    async ({ session }) => {
      const status = await control.status();
      return reachOf(session!.person, 'view') === 'all' ? status : withoutCalls(status);
    },
  );
}

type Status = Static<typeof StatusView>;

/** A token may be for how the box does and nothing else. What alarms say may be of a call, and who was on it. */
function withoutCalls(status: Status): Status {
  const bare = (code: ProblemCode) => ({ message: publicMessage(code), hint: '', why: null });
  const alarms = (of: Status['alarms']) =>
    of.map((alarm) => ({ ...alarm, key: topicOf(alarm.key), ...bare(topicOf(alarm.key)) }));
  const problems = status.health.problems.map((p) => ({ ...p, ...bare(p.code as ProblemCode) }));
  return {
    ...status,
    calls: [],
    health: { ...status.health, problems },
    alarms: alarms(status.alarms),
    past_alarms: alarms(status.past_alarms),
  };
}
