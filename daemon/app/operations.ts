import { ulid } from 'ulid';
import { dates, startOfDay, times } from '../domain/days.js';
import { type JobKind, jobView } from '../domain/operations/job.js';
import { controlSocket, ownerSocket, recorderFolder } from '../domain/paths.js';
import { createControl } from '../operations/control.js';
import { createHealth } from '../operations/health.js';
import { createRoom } from '../operations/room.js';
import { probeDisk, readDisk } from '../ops/disk.js';
import { createEventLoopWatch } from '../ops/event-loop.js';
import { createJobs, type JobHandler } from '../ops/jobs.js';
import { complainOf } from '../ops/log.js';
import { createMetrics } from '../ops/metrics.js';
import { createPasses } from '../ops/passes.js';
import { coreLimit } from '../ops/process/core-dumps.js';
import { version } from '../ops/process/version.js';
import { MB } from './data.js';
import type { Base, Operations, Parts } from './parts.js';

const CONSOLE = { actor: 'console', actor_id: '', address: '' } as const;

/** Room on the disks, what is said of the recorder, and the sockets over which it is asked and told. */
export function createOperations({ config, log, clock, dir }: Base, parts: Parts): Operations {
  const {
    data: { catalogue, ballast, outbox },
    alarming: { alert, deliver, away },
    pbx: { ari, ami },
    recordings: { spool, custody, preserver, retain, scrub },
    calls: { recorder, testCalls },
    assurance: { checkpoints },
  } = parts;
  const metrics = createMetrics({ version: version() });
  const eventLoop = createEventLoopWatch();
  const room = createRoom({
    data: { dir, reserveBytes: config.data.reserve_mb * MB, probeIn: recorderFolder(dir) },
    spool: { dir: config.pbx.spool, reserveBytes: config.pbx.spool_reserve_mb * MB },
    read: readDisk,
    probe: probeDisk,
    ballast,
    cleaning: [
      { what: 'copies that nobody works with', frees: 'data', run: spool.tidy },
      { what: 'captured files whose recording is sealed', frees: 'spool', run: preserver.recover },
      { what: 'recordings that are due', frees: 'data', run: () => retain.run() },
    ],
    growth: catalogue.growth,
    onReturn: () => {
      recorder.retry();
      void outbox.flush();
      void preserver.resume().catch(complainOf(log, 'Captured calls could not be taken up'));
    },
    onEmpty: () => void recorder.endCaptures().catch(complainOf(log, 'Captures could not be ended')),
    alarms: alert,
    clock,
    log: log.child({ part: 'room' }),
  });
  const handlers: Record<JobKind, JobHandler> = { recordings_check: scrub.checkEvery };
  const jobs = createJobs({
    ...{ store: catalogue, handlers, clock, mint: ulid },
    log: log.child({ part: 'jobs' }),
  });
  const health = createHealth({
    log: log.child({ part: 'health' }),
    catalogue,
    alarms: alert,
    ari: ari.status,
    ami: ami.status,
    now: recorder.now,
    list: recorder.list,
    channels: deliver.status,
    disk: room.status,
    testCall: testCalls.last,
    testCallsOn: config.test_calls.enabled,
    scrub: scrub.status,
    jobs: jobs.newest,
    eventLoopP99Ms: eventLoop.p99Ms,
    say: times(config.site.time_zone),
    clock,
  });
  const passes = createPasses({ clock });
  const control = createControl({
    socket: controlSocket(dir),
    ownerSocket: ownerSocket(dir),
    log,
    handlers: {
      status: health.status,
      metrics: async () =>
        metrics.text(
          await health.status(),
          await catalogue.coverageSince(
            startOfDay(dates(config.site.time_zone)(clock()), config.site.time_zone),
          ),
        ),
      test_alerts: () => deliver.test({ id: ulid(), kind: 'test', at: clock(), alarms: [] }),
      run_retention: (body) => retain.run(body),
      async check_recordings() {
        const { job, already } = await jobs.ask('recordings_check');
        return { job: jobView(job), already };
      },
      cancel_job: async ({ id }) => jobView(await jobs.cancel(id)),
      run_test_call: () => testCalls.run(),
      checkpoints: () => ({
        key: { id: custody.signer().keyId, pem: custody.signer().publicKeyPem },
        targets: away.status(),
      }),
      sign_checkpoint: checkpoints.sign,
      accept_log: ({ by, reason }) => checkpoints.accept({ ...CONSOLE, actor_name: by }, reason),
      take_pass: ({ pass, call }) => ({ good: passes.take(pass, call) }),
      core_limit: () => ({ limit: coreLimit() }),
    },
  });
  return { room, health, jobs, metrics, eventLoop, passes, control };
}
