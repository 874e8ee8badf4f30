import { ErrorView } from '../schemas.js';
import type { App } from '../types.js';
import { streamed } from './answers.js';
import type { RouteDeps } from './deps.js';

/** What changes, as it changes. */
export function liveRoutes(app: App, { live }: RouteDeps): void {
  app.get(
    '/live',
    {
      exposeHeadRoute: false,
      schema: {
        tags: ['status'],
        summary: 'Server-sent events',
        description:
          '`change` when anything in the catalogue changed; `status` with a StatusView at once and every 5 seconds. Ends with the session.',
        response: {
          200: streamed('A stream of events.', 'text/event-stream'),
          default: ErrorView,
        },
      },
    },
    async (request, reply) => {
      live.admit();
      const res = reply.raw;
      reply.hijack();
      res.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      res.write('retry: 2000\n\n');
      live.add({ res, tokenHash: request.session!.tokenHash }).catch((err: unknown) => {
        request.log.error({ err }, 'a live stream broke');
        res.destroy();
      });
    },
  );
}
