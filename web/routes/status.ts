import { HealthView, StatusView } from '../schemas.js';
import type { App } from '../types.js';
import { answers } from './answers.js';
import type { RouteDeps } from './deps.js';

/** How things are. */
export function statusRoutes(app: App, { control }: RouteDeps): void {
  app.get(
    '/health',
    {
      config: { public: true },
      schema: {
        tags: ['status'],
        summary: 'Whether the dashboard answers',
        description: 'For monitoring; says nothing else and needs no session.',
        response: answers(HealthView),
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/status',
    {
      schema: {
        tags: ['status'],
        summary: 'The recorder and the PBX',
        description: 'What the daemon says of itself; `daemon` is `down` when it does not answer.',
        response: answers(StatusView),
      },
    },
    async () => control.status(),
  );
}
