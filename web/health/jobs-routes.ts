import { Type } from 'typebox';
import { fail, TapedeckError } from '../../daemon/domain/error.js';
import { AskedView, JobView, jobView } from '../../daemon/domain/operations/job.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';

type Deps = Needs<'audit' | 'control' | 'now', 'cancelJob'>;

const JobParams = Type.Object({ id: Type.String({ pattern: '^[0-9A-Z]{26}$' }) });

/** Long work that the recorder does. GET /status has how far it is. */
export function jobsRoutes(app: App, { audit, control, catalogue, now }: Deps): void {
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
    async (request) => {
      await audit.write(audit.of(request, 'recordings_check'));
      return control.checkRecordings();
    },
  );

  app.delete(
    '/jobs/:id',
    {
      config: { access: 'settings', audit: 'job_cancel' },
      schema: {
        tags: ['status'],
        summary: 'Cancel a job that is waiting or running',
        description:
          'What it has done so far stays done. A job that is running stops after the item in hand. While the recorder is down, the job is cancelled all the same.',
        params: JobParams,
        response: answers(JobView),
      },
    },
    async (request) => {
      const { id } = request.params;
      await audit.write(audit.of(request, 'job_cancel', { object: 'job', object_id: id }));
      try {
        return await control.cancelJob(id);
      } catch (e) {
        if (!(e instanceof TapedeckError) || e.code !== 'daemon_unreachable') throw e;
        // The recorder is away, or starting: it finds the row ended.
        const job = await catalogue.cancelJob(id, now());
        if (!job) throw fail('job_unknown', id);
        return jobView(job);
      }
    },
  );
}
