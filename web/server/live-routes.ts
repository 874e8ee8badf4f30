import type { Needs } from '../deps.js';
import { streamed } from './answers.js';
import { ErrorView } from './schemas.js';
import type { App } from './types.js';

type Deps = Needs<'live'>;

/** What changes, as it changes. */
export function liveRoutes(app: App, { live }: Deps): void {
  app.get(
    '/live',
    {
      config: { access: 'signed_in', audit: { nothing: 'that something changed, not what' } },
      exposeHeadRoute: false,
      schema: {
        tags: ['status'],
        summary: 'Server-sent events',
        description:
          '`change` when anything changed that you see, `you` when what you may do did; `status` with a BriefStatusView at once and every 5 seconds. `over` when the session has ended (`signed_out`: by its owner), and with it the stream.',
        response: {
          200: streamed('A stream of events.', 'text/event-stream'),
          default: ErrorView,
        },
      },
    },
    async (request, reply) => {
      const leave = live.admit(request.session!.person);
      const res = reply.raw.once('close', leave);
      reply.hijack();
      res.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      res.write('retry: 2000\n\n');
      live.add({ res, ...request.session! }).catch((err: unknown) => {
        request.log.error({ err }, 'a live stream broke');
        res.destroy();
      });
    },
  );
}
