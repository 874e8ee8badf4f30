import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import Fastify from 'fastify';
import { fail, TapedeckError } from './domain/error.js';
import { request } from './ops/control-client.js';
import type { Log } from './ops/log.js';

/** What the dashboard and the command line may ask of the daemon. */
export type ControlDeps = {
  socket: string;
  log: Log;
  status: () => unknown;
  runRetention: (confirm: string | undefined) => Promise<unknown>;
};

/**
 * The daemon's control socket: HTTP over a Unix domain socket that only its own user and group can open. It is also the
 * lock on the data directory: a second daemon finds it answering. `start` throws `already_running`.
 */
export function createControl(deps: ControlDeps) {
  const app = Fastify({ logger: false, bodyLimit: 64 << 10 });
  app.setErrorHandler((e, _request, reply) => {
    const error = e instanceof TapedeckError ? e : fail('internal', e instanceof Error ? e.message : '', e);
    if (error.blame === 'us') deps.log.error({ err: e }, 'A request over the control socket failed');
    const { code, message, hint, detail } = error;
    return reply.status(error.status).send({ error: { code, message, hint, detail, request_id: '' } });
  });
  app.get('/status', async () => deps.status());
  app.post<{ Body: { confirm?: string } }>(
    '/retention/run',
    { schema: { body: { type: 'object', properties: { confirm: { type: 'string', maxLength: 80 } } } } },
    async (r) => deps.runRetention(r.body.confirm),
  );

  return {
    async start(): Promise<void> {
      if (existsSync(deps.socket)) {
        const alive = await request(deps.socket, 'GET', '/status').then(
          () => true,
          () => false,
        );
        if (alive) throw fail('already_running', deps.socket);
        unlinkSync(deps.socket);
      }
      await app.listen({ path: deps.socket });
      chmodSync(deps.socket, 0o660);
    },
    stop: () => app.close(),
  };
}
