import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import { getHeapStatistics } from 'node:v8';
import cookiePlugin from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyBaseLogger, type FastifyContextConfig, LogController } from 'fastify';
import { ulid } from 'ulid';
import { fail } from '../../daemon/domain/error.js';
import type { Log } from '../../daemon/ops/log.js';
import type { Audited } from '../audit/audit.js';
import type { Access } from '../auth/access.js';
import { network } from '../auth/tries.js';
import { limitConnections, limitPipelining } from './connections.js';
import { refusesClients, sendError } from './errors.js';
import { always, bare, helmetOptions } from './headers.js';
import type { App } from './types.js';

const LONGEST_BODY = 1024 * 1024;

/** How long a client may take for its headers (ms), and how often that is looked at. */
const PATIENCE = { headersTimeout: 15_000, connectionsCheckingInterval: 5000 };

/** A server without routes: what it takes from clients, and for how long it waits for them. */
export function createServer(log: Log, tls?: ServerOptions): App {
  const early = bare(tls !== undefined);
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => ulid(),
    bodyLimit: LONGEST_BODY,
    // Without processor time any part may take longer than 10 s to load; systemd has the limit for the whole start.
    pluginTimeout: 0,
    requestTimeout: 30_000,
    keepAliveTimeout: 15_000,
    routerOptions: { maxParamLength: 200 },
    ...(tls ? { https: { ...tls, ...PATIENCE } } : { http: PATIENCE }),
    return503OnClosing: true,
    clientErrorHandler: refusesClients(early),
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply.headers(early)),
  }) as unknown as App;
  limitConnections(app.server);
  limitPipelining(app.server);
  // Each with its first request: to compile all of them delays the start.
  app.setValidatorCompiler((part) => {
    let check: ReturnType<typeof TypeBoxValidatorCompiler> | null = null;
    return (value: unknown) => {
      check ??= TypeBoxValidatorCompiler(part);
      return check(value);
    };
  });
  // What routes answer is built field by field in views.ts and checked by the compiler.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler(() => {
    throw fail('not_found');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, config } = request.routeOptions;
    if (config.access === 'public' && method === 'GET') return;
    const line = {
      method: request.method,
      route: url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    request.log[request.method === 'GET' ? 'debug' : 'info'](line, 'answered');
  });
  return app;
}

export type RouteEntry = { method: string; url: string; access: Access; audit: Audited | undefined };

/** Every route that is registered after it. Throws when one does not say who may use it: nothing is open, or shut, by oversight. */
export function listRoutes(app: App): RouteEntry[] {
  const table: RouteEntry[] = [];
  app.addHook('onRoute', (route) => {
    const access = route.config?.access;
    if (!access) throw fail('internal', `${route.method} ${route.url} does not say who may use it.`);
    const { audit } = route.config ?? {};
    for (const method of [route.method].flat()) table.push({ method, url: route.url, access, audit });
  });
  return table;
}

/** What holds for every answer: headers, limits, and nothing of it kept in caches. */
export async function protect(app: App, tls: boolean, most = mostHeap()): Promise<void> {
  app.addHook('onRequest', async (_, reply) => void reply.headers(always));
  await app.register(helmet, helmetOptions(tls));
  await app.register(underPressure, {
    // How late the event loop is says nothing of us: another program may have the processor.
    ...{ maxEventLoopDelay: 0, maxHeapUsedBytes: most },
    // While memory is short, only requests that need much of it are refused: people can still look for calls.
    async pressureHandler({ routeOptions: { config } }, reply) {
      if (!needsMemory(config)) return;
      reply.header('retry-after', 5);
      throw fail('machine_busy');
    },
  });
  await app.register(rateLimit, {
    // A page brings forty files or so, and an office may share one address: opening it takes nothing from requests.
    max: (request) => (isAsset(request) ? 30_000 : 3000),
    timeWindow: '1 minute',
    keyGenerator: (request) => `${isAsset(request) ? 'files of ' : ''}${network(request.ip)}`,
    errorResponseBuilder: () => fail('too_many'),
  });
  await app.register(cookiePlugin);
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.config?.access !== 'public' || request.method !== 'GET')
      reply.header('cache-control', 'no-store');
    if (endless(request.raw)) reply.header('connection', 'close');
  });
}

/** Memory is short while more of the heap than this is in use, in bytes: at its own limit, V8 ends the process. */
const mostHeap = (): number => Math.min(1.5e9, 0.7 * getHeapStatistics().heap_size_limit);

/** Reports, tables and exports read any number of rows. */
const needsMemory = ({ audit }: FastifyContextConfig): boolean => audit === 'report' || audit === 'export';

const isAsset = ({ url }: { url: string }): boolean => url.startsWith('/assets/');

/** Whether there is more of it to come than is ever read: what is refused at the door is not listened to for a gigabyte. */
const endless = ({ complete, headers }: IncomingMessage): boolean =>
  !complete &&
  (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > LONGEST_BODY);
