import { ulid } from 'ulid';
import { times } from '../domain/days.js';
import type { JobKind } from '../domain/operations/job.js';
import { recorderFolder } from '../domain/paths.js';
import { createHealth } from '../operations/health.js';
import { createRoom } from '../operations/room.js';
import { probeDisk, readDisk } from '../ops/disk.js';
import { createEventLoopWatch } from '../ops/event-loop.js';
import { createJobs, type JobHandler } from '../ops/jobs.js';
import { complainOf } from '../ops/log.js';
import { createMetrics } from '../ops/metrics.js';
import { createPasses } from '../ops/passes.js';
import { version } from '../ops/process/version.js';
import { MB } from './data.js';
import type { Base, Operations, Parts } from './parts.js';

/** Room on the disks, long work, and what is said of the recorder. */
export function createOperations({ config, log, clock, dir }: Base, parts: Parts): Operations {
  const {
    data: { catalogue, ballast, outbox },
    alarming: { alert, deliver },
    pbx: { ari, ami },
    recordings: { spool, preserver, retain, scrub },
    calls: { recorder, testCalls },
  } = parts;
  const metrics = createMetrics({ version: version() });
  const eventLoop = createEventLoopWatch();
  const room = createRoom({
    data: { dir, reserveBytes: config.data.reserve_mb * MB, probeIn: recorderFolder(dir) },
    spool: { dir: config.pbxes[0]!.spool, reserveBytes: config.pbxes[0]!.spool_reserve_mb * MB },
    read: readDisk,
    probe: probeDisk,
    ballast,
    cleaning: [
      { what: 'copies that nobody works with', frees: 'data', run: spool.tidy },
      { what: 'captured files whose recording is sealed', frees: 'spool', run: preserver.recover },
      { what: 'recordings that are due', frees: 'data', run: () => retain.run() },
    ],
    growth: catalogue.recordings.growth,
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
    ...{ store: catalogue.jobs, handlers, clock, mint: ulid },
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
    encoder: config.encode.socket ? 'separate' : 'recorder',
    testCallsOn: config.test_calls.enabled,
    scrub: scrub.status,
    jobs: jobs.newest,
    eventLoopP99Ms: eventLoop.p99Ms,
    say: times(config.site.time_zone),
    clock,
  });
  const passes = createPasses({ clock });
  return { room, health, jobs, metrics, eventLoop, passes };
}
