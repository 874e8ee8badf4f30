import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import { newJob } from '../../../daemon/domain/operations/job.js';
import type { JobHandler } from '../../../daemon/ops/jobs.js';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';
import { stands } from '../../support/jobs-lab.js';
import { until } from '../../support/recorder.js';

/** A site whose recorder has this for its check of all recordings. */
async function withRecorder(t: Test, check: JobHandler) {
  const house = site(t, { short: true });
  const catalogue = await house.catalogue();
  const { stop } = await startRecorder(join(house.dir, 'data'), { check });
  t.teardown(stop);
  const code = process.exitCode;
  t.teardown(() => {
    process.exitCode = code;
  });
  return { ...house, catalogue, stop };
}

const reads =
  (total: number, faults: number): JobHandler =>
  ({ save }) =>
    save({ cursor: 'z', done: total, total, faults });
const waits: JobHandler = async ({ save, signal }) => {
  await save({ cursor: 'a', done: 3, total: 8, faults: 1 });
  await stands(signal);
};

t.test('the check of all recordings is asked for, waited for, and told', async (t) => {
  const { tapedeck, catalogue } = await withRecorder(t, reads(8, 0));
  process.exitCode = 0;
  t.match(
    await tapedeck('recordings', 'check', '--wait'),
    /The check is job \w{26}\.[\s\S]*Done: 8 read, 0 damaged\./,
  );
  t.equal(process.exitCode, 0);
  const [entry] = await catalogue.audit.entries({ actions: ['recordings_check'], limit: 1 });
  t.match(entry, { actor: 'console', action: 'recordings_check' });
  t.match(await tapedeck('jobs'), /check of all recordings +done .* 8 read, 0 damaged/);
  t.match(JSON.parse(await tapedeck('jobs', '--json')), [{ state: 'done', done: 8, total: 8, error: null }]);
});

t.test('recordings that are damaged make the command fail, and are named by another', async (t) => {
  const { tapedeck } = await withRecorder(t, reads(8, 2));
  t.match(await tapedeck('recordings', 'check', '--wait'), /8 read, 2 damaged\. "tapedeck verify --damaged"/);
  t.equal(process.exitCode, 1);
  const said = await tapedeck('recordings', 'check', '--wait', '--json');
  t.match(JSON.parse(said.slice(said.indexOf('{'))), { state: 'done', faults: 2 }, 'after the progress');
});

t.test('a check is asked for once, and cancelled with and without the recorder', async (t) => {
  const { tapedeck, stop, catalogue } = await withRecorder(t, waits);
  t.match(await tapedeck('jobs'), /There are no jobs/);
  const { job, already } = JSON.parse(await tapedeck('recordings', 'check', '--json'));
  t.equal(already, false);
  await until('progress', async () => (await catalogue.jobs.get(job.id))?.done === 3);
  t.match(
    await tapedeck('recordings', 'check'),
    new RegExp(`requested before.* job ${job.id}: 3 of 8 read, 1 damaged`),
  );
  t.match(
    await tapedeck('jobs', 'cancel', job.id.toLowerCase()),
    /Cancelled: check of all recordings, 3 of 8 read/,
  );
  for (const id of [job.id, 'X', '01JDK3V7Q8ZM5T4R2XW9YB6C1E'])
    await t.rejects(tapedeck('jobs', 'cancel', id), { code: 'job_unknown' });
  const again = JSON.parse(await tapedeck('recordings', 'check', '--json')).job;
  await stop();
  t.match(await tapedeck('jobs', 'cancel', again.id), /Cancelled/);
  await t.rejects(tapedeck('jobs', 'cancel', again.id), { code: 'job_unknown' });
  await t.rejects(tapedeck('recordings', 'check'), { code: 'daemon_unreachable' });
  t.equal(
    (await catalogue.audit.entries({ actions: ['recordings_check'], limit: 9 })).length,
    3,
    'what only the recorder can do leaves no entry where it does not run',
  );
  const cancelled = await catalogue.audit.entries({ actions: ['job_cancel'], limit: 9 });
  t.match(
    cancelled.map(({ actor, object, object_id }) => [actor, object, object_id]),
    [again.id, job.id].map((id) => ['console', 'job', id]),
    'with and without the recorder; what is no job, or over, leaves none',
  );
  t.equal(cancelled.length, 2);
});

t.test('a job of another version is shown as what it is', async (t) => {
  const { tapedeck, catalogue } = site(t);
  await (await catalogue()).jobs.add(newJob(ulid(), 'brew_tea', {}, Date.now()));
  t.match(await tapedeck('jobs'), /brew_tea \(waits for a version of Tapedeck that knows it\) +waiting/);
});
