import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { fail } from '../../daemon/domain/error.js';
import { mayDo } from '../../daemon/domain/people/person.js';
import { plainAddress } from '../auth/came-from.js';
import type { Needs, RouteDeps } from '../deps.js';
import type { App } from '../server/types.js';

type Deps = Needs<'control' | 'metrics'>;

/** What a proxy adds: behind one, everybody seems to come from its address. */
const PROXIED = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

/** The figures of both processes for Prometheus: the daemon's as it gives them, and the dashboard's own. */
export function metricsRoutes(app: App, { control, metrics }: Deps): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'tapedeck_web_' });
  const up = new Gauge({
    name: 'tapedeck_recorder_up',
    help: 'Whether the recorder answers.',
    registers: [registry],
  });

  app.get(
    '/metrics',
    {
      config: { access: 'public', audit: { nothing: 'figures, for monitors' } },
      schema: { hide: true },
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      if (!admitted(request, metrics)) throw fail('metrics_refused');
      const daemon = await control.metrics();
      up.set(daemon === null ? 0 : 1);
      return reply
        .type(registry.contentType)
        .send(`${daemon === null ? '' : `${daemon.trimEnd()}\n`}${await registry.metrics()}`);
    },
  );
  app.addHook('onClose', async () => registry.clear());
}

function admitted(request: FastifyRequest, { allow, token }: RouteDeps['metrics']): boolean {
  if (request.token !== null && request.session !== null) return mayDo(request.session.person, 'oversee');
  const given = /^Bearer (\S{1,500})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given !== undefined) {
    const wanted = token();
    return wanted !== null && wanted !== '' && timingSafeEqual(hash(given), hash(wanted));
  }
  const direct = PROXIED.every((name) => request.headers[name] === undefined);
  return direct && allow.includes(plainAddress(request.ip));
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
