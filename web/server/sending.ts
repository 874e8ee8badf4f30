import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { Log } from '../../daemon/ops/log.js';
import { repeatedly } from '../../daemon/ops/turns.js';
import { admit } from '../auth/access.js';
import type { Session, Sessions } from '../auth/sessions.js';
import type { Tokens } from '../auth/tokens.js';
import type { Pace } from './live.js';
import type { App } from './types.js';

const PACE: Pick<Pace, 'pollMs' | 'beatMs'> = { pollMs: 300, beatMs: 15_000 };

type Answer = { raw: ServerResponse; request: FastifyRequest; session: Session };

export type Sending = ReturnType<typeof createSending>;

/**
 * Cuts off what is still being sent when the session ends that asked for it, its owner loses the right to it, its API token is
 * revoked, or the recording is erased: sound, tables and evidence packs take as long as their readers like. A session that gets a new token is
 * the same session.
 */
export function createSending(deps: {
  catalogue: Pick<Catalogue, 'changeCount'>;
  sessions: Pick<Sessions, 'current'>;
  tokens: Pick<Tokens, 'check'>;
  log: Pick<Log, 'warn' | 'info'>;
  pace?: Partial<Pace>;
}) {
  const pace = { ...PACE, ...deps.pace };
  const answers = new Set<Answer>();
  let seen: number | null = null;
  let lookedAt = 0;

  async function stillMay(answer: Answer): Promise<boolean> {
    const { request } = answer;
    const session =
      request.token === null
        ? await deps.sessions.current(answer.session)
        : await deps.tokens.check(answer.session.tokenHash);
    if (session === null) return false;
    answer.session = session;
    try {
      admit(session, request.routeOptions.config.access ?? 'signed_in');
    } catch {
      return false;
    }
    return (await request.still?.(session.person)) ?? true;
  }
  function cut({ raw, request }: Answer): void {
    deps.log.info({ route: request.routeOptions.url }, 'an answer was cut off: its session ended or changed');
    raw.destroy();
  }
  async function look(): Promise<void> {
    if (answers.size === 0) return;
    const count = await deps.catalogue.changeCount();
    const due = performance.now() - lookedAt >= pace.beatMs;
    if (count === seen && !due) return;
    seen = count;
    lookedAt = performance.now();
    for (const answer of answers) if (!(await stillMay(answer))) cut(answer);
  }

  const looking = repeatedly(pace.pollMs, look, (err) =>
    deps.log.warn({ err }, 'Sessions of answers that are being sent were not checked'),
  );

  return {
    /** Watches every streamed answer to somebody who had to be somebody to get it. */
    watch(app: App): void {
      app.decorateRequest('still', null);
      app.addHook('onSend', async (request, reply, payload) => {
        const { session } = request;
        const { access } = request.routeOptions.config;
        const streams = typeof (payload as { pipe?: unknown } | null)?.pipe === 'function';
        if (!streams || session === null || access === 'public' || request.testCall !== null) return;
        const answer = { raw: reply.raw, request, session };
        answers.add(answer);
        // What changed between the look at the session and now is found at the next look.
        seen = null;
        reply.raw.once('close', () => answers.delete(answer));
      });
    },
    start: looking.start,
    stop: looking.stop,
    /** The session with this id has ended: nothing more is sent to it. */
    end(sessionId: string): void {
      for (const answer of answers) if (answer.session.id === sessionId) cut(answer);
    },
  };
}
