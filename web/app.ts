import cookiePlugin from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { ulid } from 'ulid';
import type { Catalogue } from '../daemon/catalogue/catalogue.js';
import { fail } from '../daemon/domain/error.js';
import type { Log } from '../daemon/ops/log.js';
import type { Keys } from '../daemon/vault/keys.js';
import type { openSealed } from '../daemon/vault/open.js';
import { createCookie } from './auth/cookie.js';
import { guard } from './auth/guard.js';
import { createHosts } from './auth/hosts.js';
import { createPasswords, type PasswordVerbs } from './auth/passwords.js';
import { createSessions } from './auth/sessions.js';
import { createSetup, type Setup } from './auth/setup.js';
import { createTries, network } from './auth/tries.js';
import type { Control } from './control.js';
import { sendError } from './errors.js';
import { contentPolicy, permissions } from './headers.js';
import { createLive, type Pace } from './live.js';
import { audioRoutes } from './routes/audio.js';
import { callRoutes } from './routes/calls.js';
import type { RouteDeps } from './routes/deps.js';
import { describeRoutes, docsRoutes } from './routes/docs.js';
import { liveRoutes } from './routes/live.js';
import { policyRoutes } from './routes/policy.js';
import { retentionRoutes } from './routes/retention.js';
import { sessionRoutes } from './routes/session.js';
import { setupRoutes } from './routes/setup.js';
import { statusRoutes } from './routes/status.js';
import { uiRoutes } from './routes/ui.js';
import type { App } from './types.js';

export type Deps = {
  catalogue: Catalogue;
  keys: Pick<Keys, 'identity'>;
  openSealed: typeof openSealed;
  passwords: PasswordVerbs;
  control: Control;
  dataDir: string;
  uiDir: string;
  site: { name: string; timeZone: string };
  web: { address: string; hosts: readonly string[] };
  retention: { schedule: string; breakerPercent: number };
  version: string;
  log: Log;
  /** Milliseconds since 1970. */
  now: () => number;
  live?: Partial<Pace>;
};

export type RouteEntry = { method: string; url: string; public: boolean };

const SWEEP_MS = 600_000;
const resources = [
  sessionRoutes,
  setupRoutes,
  callRoutes,
  audioRoutes,
  liveRoutes,
  policyRoutes,
  retentionRoutes,
  statusRoutes,
];

/** The dashboard's server, not yet listening; the set-up that its process begins; and every route that there is. */
export async function buildApp(deps: Deps): Promise<{ app: App; setup: Setup; routes: RouteEntry[] }> {
  const app = createServer(deps.log);
  const routes = listRoutes(app);
  const sessions = createSessions(deps);
  const setup = createSetup(deps);
  const passwords = createPasswords(deps.passwords);
  const live = createLive({ ...deps, sessions, pace: deps.live });
  const cookie = createCookie({ secure: false });
  const routeDeps: RouteDeps = {
    ...deps,
    sessions,
    setup,
    passwords,
    live,
    cookie,
    tries: createTries(deps),
  };

  await protect(app);
  guard(app, { hosts: createHosts(deps.web), sessions, cookie: cookie.name });
  await describeRoutes(app, deps.version);
  await app.register(
    async (api: App) => {
      for (const register of resources) register(api, routeDeps);
    },
    { prefix: '/api/v1' },
  );
  await docsRoutes(app);
  app.all('/api/*', { schema: { hide: true } }, async () => {
    throw fail('not_found');
  });
  await uiRoutes(app, deps.uiDir);

  let sweeping: NodeJS.Timeout;
  app.addHook('onReady', async () => {
    await passwords.warm();
    live.start();
    const sweep = () => sessions.sweep().catch((err: unknown) => deps.log.warn({ err }, 'old sessions stay'));
    sweeping = setInterval(sweep, SWEEP_MS).unref();
  });
  app.addHook('preClose', async () => {
    clearInterval(sweeping);
    live.stop();
  });
  return { app, setup, routes };
}

function createServer(log: Log): App {
  const app: App = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => ulid(),
    bodyLimit: 1024 * 1024,
    requestTimeout: 30_000,
    keepAliveTimeout: 15_000,
    routerOptions: { maxParamLength: 200 },
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5000 },
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
  });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // What routes answer is built field by field in views.ts and checked by the compiler.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler(() => {
    throw fail('not_found');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, config } = request.routeOptions;
    if (config.public && method === 'GET') return;
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

function listRoutes(app: App): RouteEntry[] {
  const table: RouteEntry[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) table.push({ method: one, url, public: config?.public === true });
  });
  return table;
}

/** What holds for every answer: headers, limits, and nothing of it kept in caches. */
async function protect(app: App): Promise<void> {
  await app.register(underPressure, { maxEventLoopDelay: 3000, maxHeapUsedBytes: 1.5e9, retryAfter: 5 });
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy },
    // These say something only over TLS, and browsers complain about them without it.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    referrerPolicy: { policy: 'same-origin' },
    frameguard: { action: 'deny' },
  });
  await app.register(rateLimit, {
    max: 3000,
    timeWindow: '1 minute',
    keyGenerator: (request) => network(request.ip),
    errorResponseBuilder: () => fail('too_many'),
  });
  await app.register(cookiePlugin);
  app.addHook('onSend', async (request, reply) => {
    reply.header('permissions-policy', permissions);
    if (request.routeOptions.config?.public !== true || request.method !== 'GET')
      reply.header('cache-control', 'no-store');
    else if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
}
