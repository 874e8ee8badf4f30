import type { Static } from 'typebox';
import { type Problem, publicMessage } from '../../daemon/domain/operations/health.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import { HealthView, type StatusView } from './schemas.js';

type Deps = Needs<'control' | 'now', 'changeCount'>;

/** Anybody may ask, so the daemon is asked at most this often, in ms. */
const FRESH_MS = 1000;

type Health = Static<typeof HealthView>;

/** For monitors: one word, and fixed sentences. */
export function healthRoutes(app: App, { catalogue, control, now }: Deps): void {
  let last: { at: number; answer: Promise<Health> } | null = null;

  const look = async (): Promise<Health> => {
    const [status, readable] = await Promise.all([
      control.status(),
      catalogue.changeCount().then(
        () => true,
        () => false,
      ),
    ]);
    return bare(status, readable);
  };

  app.get(
    '/health',
    {
      config: { access: 'public', audit: { nothing: 'whether calls are recorded, for monitors' } },
      schema: {
        tags: ['status'],
        summary: 'Whether calls are recorded',
        description:
          'For monitors, without a session. 200 with `ok` or `warn`, 503 with `fail`: something critical is wrong, or the recorder does not answer. GET /status has the details.',
        response: { ...answers(HealthView), 503: HealthView },
      },
    },
    async (_request, reply) => {
      if (last === null || now() - last.at >= FRESH_MS || now() < last.at)
        last = { at: now(), answer: look() };
      const answer = await last.answer;
      return reply.code(answer.status === 'fail' ? 503 : 200).send(answer);
    },
  );
}

/** What strangers may know. Each code once. */
function bare({ health }: Static<typeof StatusView>, readable: boolean): Health {
  const codes = new Set(health.problems.map((p) => p.code as Problem['code']));
  if (!readable) codes.add('catalogue_fails');
  const worst = health.level === 'red' || !readable ? 'fail' : health.level === 'amber' ? 'warn' : 'ok';
  return { status: worst, problems: [...codes].map((code) => ({ code, message: publicMessage(code) })) };
}
