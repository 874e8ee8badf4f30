import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { fail, TapedeckError } from '../domain/error.js';
import {
  CONTROL,
  type ControlHandlers,
  type ControlName,
  HEAD_HEADER,
  headText,
  STREAMS,
  type Streamed,
  type StreamHandlers,
  type StreamName,
} from '../domain/operations/control.js';
import { actOf } from '../domain/people/act.js';
import type { Log } from '../ops/log.js';
import { createTurns } from '../ops/request-turns.js';
import { type Admit, createAdmission } from './admission.js';

/** Of sun_path, unix(7), with room for its final zero. */
const SOCKET_PATH_BYTES = 107;
/** What a text is: Prometheus' format. */
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
/** Of a body, unless the request says otherwise. */
const BODY_BYTES = 64 << 10;
/** Whoever takes nothing of a stream for so long is let go, in ms. */
const IDLE_MS = 120_000;

type AnyStream = (body: never, gone: AbortSignal) => Promise<Streamed<StreamName, Readable>>;

/** What the dashboard may have open and under way, so that it keeps no capture waiting, whoever has taken it over. */
const MOST_CONNECTIONS = 32;
const SOON = { atOnce: 4, waiting: 64 };
/** For what may take longer than `SOON_MS`, such as a test call. */
const LONG = { atOnce: 4, waiting: 8 };
const SOON_MS = 5_000;
/** How long a request may take to arrive, in ms. */
const ARRIVAL_MS = 10_000;

/**
 * The recorder's control sockets: HTTP over Unix domain sockets. That of the recorder's own user answers everything; that of its
 * group, which is the dashboard's, everything but what is the owner's, and nothing for the command line. Only the recorder that
 * holds the lock on the data directory starts them: a socket that exists already was left by one that has ended. `start` throws
 * `config_invalid` when a path is too long for a socket.
 */
export function createControl(deps: {
  socket: string;
  ownerSocket: string;
  log: Log;
  handlers: ControlHandlers;
  streams: StreamHandlers<Readable>;
}) {
  function server(): FastifyInstance {
    const customOptions = {
      // As it was sent or not at all: what may be null or a number must not become a text.
      ...{ coerceTypes: false, removeAdditional: false, useDefaults: false },
      // A request is checked in microseconds; to make its check shorter took longer than all that it could save.
      code: { optimize: false },
    } as const;
    const made = Fastify({
      ...{ logger: false, bodyLimit: BODY_BYTES, requestTimeout: ARRIVAL_MS, ajv: { customOptions } },
    });
    made.setErrorHandler((e, _request, reply) => {
      const { message: said = '', statusCode = 500 } = e as { message?: string; statusCode?: number };
      const error =
        e instanceof TapedeckError ? e : fail(statusCode < 500 ? 'request_invalid' : 'internal', said, e);
      if (error.blame === 'us') deps.log.error({ err: e }, 'A request over the control socket failed');
      const { code, message, hint, detail } = error;
      return reply
        .status(error.status)
        .send({ error: { code, message, hint, detail, request_id: '', ...actOf(error) } });
    });
    return made;
  }

  /** Answers these requests: in turns, and by `refuse` not those that throw. */
  function serve(
    server: FastifyInstance,
    answers: (of: { socket: 'shared' | 'owner' }) => boolean,
    { turns, admit }: { turns: (timeoutMs: number) => Turns; admit: Admit },
  ): void {
    for (const [name, request] of Object.entries(CONTROL).filter(([, one]) => answers(one))) {
      const { method, path: url, body, maxBytes, timeoutMs } = request;
      const handle = deps.handlers[name as ControlName] as (body: unknown) => unknown;
      const inTurn = turns(timeoutMs);
      const take = method === 'POST' ? admit(name as ControlName) : null;
      server.route({
        ...{ method, url, bodyLimit: maxBytes },
        async handler(request, reply) {
          if (method === 'POST') refuseUnfit(request, body);
          take?.(request.body);
          const answer = await inTurn(() => handle(request.body));
          return typeof answer === 'string' ? reply.type(TEXT).send(answer) : answer;
        },
      });
    }
    for (const [name, { path: url, body, type, timeoutMs }] of Object.entries(STREAMS)) {
      const inTurn = turns(timeoutMs);
      const take = admit(name as StreamName);
      server.route({
        ...{ method: 'POST', url },
        async handler(request, reply) {
          refuseUnfit(request, body);
          take(request.body);
          const gone = new AbortController();
          reply.raw.once('close', () => gone.abort());
          reply.raw.setTimeout(IDLE_MS, () => reply.raw.destroy());
          const handle = deps.streams[name as StreamName] as AnyStream;
          const { head, stream } = await inTurn(() => handle(request.body as never, gone.signal));
          return reply.type(type).header(HEAD_HEADER, headText(head)).send(stream);
        },
      });
    }
  }

  const servers = { shared: server(), owner: server() };
  servers.shared.server.maxConnections = MOST_CONNECTIONS;
  const [soon, long] = [createTurns(SOON), createTurns(LONG)];
  serve(servers.shared, ({ socket }) => socket === 'shared', {
    turns: (timeoutMs) => (timeoutMs > SOON_MS ? long : soon),
    admit: createAdmission(deps.log),
  });
  serve(servers.owner, () => true, { turns: () => atOnce, admit: () => () => {} });

  return {
    async start(): Promise<void> {
      const sockets = [deps.socket, deps.ownerSocket];
      // A longer name would be cut off by the kernel's interface, and be another file.
      const tooLong = Math.max(...sockets.map((path) => Buffer.byteLength(path))) - SOCKET_PATH_BYTES;
      if (tooLong > 0)
        throw fail('config_invalid', `"data.dir" is too long by ${tooLong} bytes for a socket in it.`);
      mkdirSync(dirname(deps.socket), { recursive: true, mode: 0o750 });
      mkdirSync(dirname(deps.ownerSocket), { recursive: true, mode: 0o700 });
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

type Turns = ReturnType<typeof createTurns>;
const atOnce: Turns = async (work) => work();

/**
 * Throws `request_invalid` for a body that is not as its schema has it. The check is compiled with the first such request: to
 * compile all of them at the start took more than half of the processor time until the recorder was ready.
 */
function refuseUnfit(request: FastifyRequest, schema: TSchema): void {
  const fits = request.compileValidationSchema(schema);
  if (fits(request.body ?? null)) return;
  const faults = (fits.errors ?? []).map(({ instancePath, message }) => `body${instancePath} ${message}`);
  throw fail('request_invalid', faults.join(', '));
}
