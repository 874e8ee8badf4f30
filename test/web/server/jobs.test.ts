import t from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import { aJob, type Dashboard, openDashboard, setUp } from '../../support/web/dashboard.js';

const cancel = ({ app }: Dashboard, id: string, cookie: string) =>
  app.inject({ method: 'DELETE', url: `/api/v1/jobs/${id}`, headers: { cookie, 'x-tapedeck': '1' } });

t.test('a job is cancelled by the recorder, which writes who asked for it', async (t) => {
  const dashboard: Dashboard = await openDashboard(t, {
    recorder: {
      jobs: {
        ask: async () => ({ job: aJob, already: false }),
        async cancel(id) {
          const job = await dashboard.catalogue.jobs.cancel(id, dashboard.clock.ms);
          if (!job) throw fail('job_unknown', id);
          return job;
        },
      },
    },
  });
  const cookie = await setUp(dashboard);
  t.match(await cancel(dashboard, aJob.id, cookie), { statusCode: 404, body: /job_unknown/ });
  await dashboard.catalogue.jobs.add(aJob);
  const answer = await cancel(dashboard, aJob.id, cookie);
  t.equal(answer.statusCode, 200, answer.body);
  t.match(answer.json(), { state: 'cancelled', ended_at: new Date(dashboard.clock.ms).toISOString() });
  t.match(await dashboard.catalogue.jobs.get(aJob.id), { state: 'cancelled' });
  t.match(await dashboard.catalogue.audit.entries({ actions: ['job_cancel'], limit: 1 }), [
    { actor: 'person', actor_name: 'anna', object: 'job', object_id: aJob.id },
  ]);
  t.equal((await cancel(dashboard, 'nonsense', cookie)).statusCode, 400);
});

t.test('no job is cancelled while the recorder is away', async (t) => {
  const dashboard = await openDashboard(t, {
    requests: {
      cancel_job: async () => {
        throw fail('daemon_unreachable');
      },
    },
  });
  const cookie = await setUp(dashboard);
  await dashboard.catalogue.jobs.add(aJob);
  const answer = await cancel(dashboard, aJob.id, cookie);
  t.match([answer.statusCode, answer.json()], [503, { error: { code: 'daemon_unreachable' } }]);
  t.match(await dashboard.catalogue.jobs.get(aJob.id), { state: 'waiting' });
});
