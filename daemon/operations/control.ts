import { chmodSync, rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import { fail, TapedeckError } from '../domain/error.js';
import {
  CONTROL,
  type ControlHandlers,
  type ControlName,
  HEAD_HEADER,
  headText,
  STREAMS,
  type StreamHandlers,
  type StreamName,
} from '../domain/operations/control.js';
import type { Log } from '../ops/log.js';

/** Of sun_path, unix(7), with room for its final zero. */
const SOCKET_PATH_BYTES = 107;
/** What a text is: Prometheus' format. */
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
/** Whoever takes nothing of a stream for so long is let go, in ms. */
const IDLE_MS = 120_000;

/**
 * The recorder's control sockets: HTTP over Unix domain sockets, one that only its own user and group can open, and one for
 * its own user alone, for what the dashboard must not ask for, even if it was taken over. Only the recorder that holds the lock
 * on the data directory starts them: a socket that exists already was left by one that has ended. `start` throws `config_invalid` when a
 * path is too long for a socket.
 */
export function createControl(deps: {
  socket: string;
  ownerSocket: string;
  log: Log;
  handlers: ControlHandlers;
  streams: StreamHandlers<Readable>;
}) {
  function server(): FastifyInstance {
    // As it was sent or not at all: what may be null or a number must not become a text.
    const customOptions = { coerceTypes: false, removeAdditional: false, useDefaults: false } as const;
    const made = Fastify({ logger: false, bodyLimit: 64 << 10, ajv: { customOptions } });
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
  const servers = { shared: server(), owner: server() };
  for (const [name, { method, path: url, socket, body, maxBytes }] of Object.entries(CONTROL))
    servers[socket].route({
      ...{ method, url, bodyLimit: maxBytes },
      ...(method === 'POST' && { schema: { body } }),
      async handler(request, reply) {
        const handle = deps.handlers[name as ControlName] as (body: unknown) => unknown;
        const answer = await handle(request.body);
        return typeof answer === 'string' ? reply.type(TEXT).send(answer) : answer;
      },
    });
  for (const [name, { path: url, body, type }] of Object.entries(STREAMS))
    servers.shared.route({
      ...{ method: 'POST', url },
      schema: { body },
      async handler(request, reply) {
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        reply.raw.setTimeout(IDLE_MS, () => reply.raw.destroy());
        const handle = deps.streams[name as StreamName] as StreamHandlers<Readable>[StreamName];
        const { head, stream } = await handle(request.body as never, gone.signal);
        return reply.type(type).header(HEAD_HEADER, headText(head)).send(stream);
      },
    });

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
        await servers.shared.listen({ path: deps.socket });
        await servers.owner.listen({ path: deps.ownerSocket });
      } finally {
        process.umask(before);
      }
      chmodSync(deps.socket, 0o660);
    },
    stop: async () => void (await Promise.all(Object.values(servers).map((server) => server.close()))),
  };
}
