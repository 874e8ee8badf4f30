import { chmodSync, rmSync } from 'node:fs';
import Fastify, { type FastifyInstance } from 'fastify';
import { fail, TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';

/** What the dashboard and the command line may ask of the daemon. */
export type ControlDeps = {
  socket: string;
  /** For what the dashboard must not ask for, whoever has taken it over. */
  ownerSocket: string;
  log: Log;
  status: () => unknown;
  /** Prometheus' text format. */
  metrics: () => Promise<string>;
  testAlerts: () => Promise<unknown>;
  runRetention: (confirm: string | undefined) => Promise<unknown>;
  /** Has every recording read again. Gives the job, and whether it was there already. */
  checkRecordings: () => Promise<unknown>;
  /** Gives the job as it was ended. Throws `job_unknown`. */
  cancelJob: (id: string) => Promise<unknown>;
  runTestCall: () => Promise<unknown>;
  /** Checkpoints of the audit log: the last one, the key, and how those fare that keep them elsewhere. */
  checkpoints: () => unknown;
  signCheckpoint: () => Promise<unknown>;
  /** From here on the log as it is now is the one that is signed, by this user of the machine. */
  acceptLog: (by: string, reason: string) => Promise<unknown>;
  /** Whether this pass opens the recording of this call, once. */
  takePass: (pass: string, call: string) => boolean;
  /** What the kernel lets this process dump. */
  coreLimit: () => unknown;
};

/** Of sun_path, unix(7), with room for its final zero. */
const SOCKET_PATH_BYTES = 107;

/**
 * The daemon's control sockets: HTTP over Unix domain sockets, one that only its own user and group can open, and one for
 * its own user alone. Whoever starts them has the lock on the data directory: a socket that is there was left by a daemon
 * that is no more. `start` throws `config_invalid` when a path is too long for a socket.
 */
export function createControl(deps: ControlDeps) {
  function server(): FastifyInstance {
    const made = Fastify({ logger: false, bodyLimit: 64 << 10 });
    made.setErrorHandler((e, _request, reply) => {
      const { message: said = '', statusCode = 500 } = e as { message?: string; statusCode?: number };
      const error =
        e instanceof TapedeckError ? e : fail(statusCode < 500 ? 'request_invalid' : 'internal', said, e);
      if (error.blame === 'us') deps.log.error({ err: e }, 'A request over the control socket failed');
      const { code, message, hint, detail } = error;
      return reply.status(error.status).send({ error: { code, message, hint, detail, request_id: '' } });
    });
    return made;
  }
  const [app, owner] = [server(), server()];
  app.get('/status', async () => deps.status());
  app.get('/core-limit', async () => ({ limit: deps.coreLimit() }));
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await deps.metrics()),
  );
  app.post('/alerts/test', async () => deps.testAlerts());
  app.post<{ Body: { confirm?: string } }>(
    '/retention/run',
    { schema: { body: { type: 'object', properties: { confirm: { type: 'string', maxLength: 80 } } } } },
    async (r) => deps.runRetention(r.body.confirm),
  );
  app.post('/recordings/check', async () => deps.checkRecordings());
  app.post<{ Body: { id: string } }>(
    '/jobs/cancel',
    {
      schema: {
        body: {
          type: 'object',
          required: ['id'],
          properties: { id: { type: 'string', maxLength: 40 } },
        },
      },
    },
    async (r) => deps.cancelJob(r.body.id),
  );
  app.get('/audit/checkpoints', async () => deps.checkpoints());
  app.post('/audit/checkpoint', async () => deps.signCheckpoint());
  owner.post<{ Body: { by: string; reason: string } }>(
    '/audit/accept',
    {
      schema: {
        body: {
          type: 'object',
          required: ['by', 'reason'],
          properties: {
            by: { type: 'string', minLength: 1, maxLength: 80 },
            reason: { type: 'string', minLength: 1, maxLength: 300 },
          },
        },
      },
    },
    async (r) => deps.acceptLog(r.body.by, r.body.reason),
  );
  app.post('/test-call/run', async () => deps.runTestCall());
  app.post<{ Body: { pass: string; call: string } }>(
    '/test-call/pass',
    {
      schema: {
        body: {
          type: 'object',
          required: ['pass', 'call'],
          properties: { pass: { type: 'string', maxLength: 40 }, call: { type: 'string', maxLength: 40 } },
        },
      },
    },
    async (r) => ({ good: deps.takePass(r.body.pass, r.body.call) }),
  );

  return {
    async start(): Promise<void> {
      const sockets = [deps.socket, deps.ownerSocket];
      // A longer name would be cut off by the kernel's interface, and be another file.
      const tooLong = Math.max(...sockets.map((path) => Buffer.byteLength(path))) - SOCKET_PATH_BYTES;
      if (tooLong > 0)
        throw fail('config_invalid', `"data.dir" is too long by ${tooLong} bytes for a socket in it.`);
      for (const path of sockets) rmSync(path, { force: true });
      // Nobody else gets in between their being made and the change of a mode.
      const before = process.umask(0o177);
      try {
        await app.listen({ path: deps.socket });
        await owner.listen({ path: deps.ownerSocket });
      } finally {
        process.umask(before);
      }
      chmodSync(deps.socket, 0o660);
    },
    stop: async () => void (await Promise.all([app.close(), owner.close()])),
  };
}
