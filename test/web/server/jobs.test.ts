import t from 'tap';
import { fail } from '../../../daemon/domain/error.js';
import { aJob, openDashboard, setUp } from '../../support/web/dashboard.js';

t.test('a job is cancelled while the recorder is away', async (t) => {
  const dashboard = await openDashboard(t, {
    control: {
      cancelJob: async () => {
        throw fail('daemon_unreachable');
      },
    },
  });
  const cookie = await setUp(dashboard);
  const cancel = (id: string) =>
    dashboard.app.inject({
      method: 'DELETE',
      url: `/api/v1/jobs/${id}`,
      headers: { cookie, 'x-tapedeck': '1' },
    });
  t.match(await cancel(aJob.id), { statusCode: 404, body: /job_unknown/ });
  await dashboard.catalogue.addJob(aJob);
  const answer = await cancel(aJob.id);
  t.equal(answer.statusCode, 200, answer.body);
  t.match(answer.json(), { state: 'cancelled', ended_at: new Date(dashboard.clock.ms).toISOString() });
  t.match(await dashboard.catalogue.job(aJob.id), { state: 'cancelled' });
  t.match(await dashboard.catalogue.auditEntries({ actions: ['job_cancel'], limit: 1 }), [
    { actor: 'person', object: 'job', object_id: aJob.id },
  ]);
  t.equal((await cancel('nonsense')).statusCode, 400);
});
