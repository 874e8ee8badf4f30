import { Type } from 'typebox';
import { AskedView, JobView } from '../../daemon/domain/operations/job.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';

type Deps = Needs<'ask'>;

const JobParams = Type.Object({ id: Type.String({ pattern: '^[0-9A-Z]{26}$' }) });

/** Long work that the recorder does. GET /status has how far it is. */
export function jobsRoutes(app: App, { ask }: Deps): void {
  app.post(
    '/recordings/check',
    {
      config: { access: 'settings', audit: 'recordings_check' },
      schema: {
        tags: ['status'],
        summary: 'Read every recording again, now',
        description:
          'The recorder does it when calls leave it time, and continues after a restart. `jobs` in GET /status has the progress.',
        response: answers(AskedView),
      },
    },
    async (request) => ask('check_recordings', { by: signed(request) }),
  );

  app.post(
    '/recordings/archive',
    {
      config: { access: 'settings', audit: 'archive' },
      schema: {
        tags: ['status'],
        summary: 'Move recordings to the archive, now',
        description:
          'Those that are old enough for it, as every night. Each copy is read again before the file here is removed. `jobs` in GET /status has the progress.',
        response: answers(AskedView),
      },
    },
    async (request) => ask('move_to_archive', { by: signed(request) }),
  );

  app.delete(
    '/jobs/:id',
    {
      config: { access: 'settings', audit: 'job_cancel' },
      schema: {
        tags: ['status'],
        summary: 'Cancel a job that is waiting or running',
        description:
          'What it has done so far stays done. A job that is running stops after the item in hand.',
        params: JobParams,
        response: answers(JobView),
      },
    },
    async (request) => ask('cancel_job', { by: signed(request), id: request.params.id }),
  );
}
