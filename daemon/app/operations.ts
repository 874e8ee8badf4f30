import { ulid } from 'ulid';
import { createTimekeeper } from '../calls/timekeeper.js';
import { RETENTION_RUN } from '../domain/certificate/certificate.js';
import { times } from '../domain/days.js';
import type { JobKind } from '../domain/operations/job.js';
import { catalogueFile, recorderFolder } from '../domain/paths.js';
import type { PbxId } from '../domain/pbx.js';
import { createDeadlines } from '../operations/deadlines.js';
import { createHealth } from '../operations/health.js';
import { createRoom } from '../operations/room.js';
import { createUnlock } from '../operations/unlock.js';
import { probeDisk, readDisk } from '../ops/disk.js';
import { createEventLoopWatch } from '../ops/event-loop.js';
import { createJobs, type JobHandler } from '../ops/jobs.js';
import { complainOf } from '../ops/log.js';
import { createMetrics } from '../ops/metrics.js';
import { createPasses } from '../ops/passes.js';
import { restartDashboard } from '../ops/process/restart-dashboard.js';
import { version } from '../ops/process/version.js';
import { createStalls } from '../ops/stalls.js';
import { MB } from './data.js';
import { createNeedsOf } from './needs.js';
import type { Base, Operations, Parts } from './parts.js';

/** Room on the disks, long work, and what is said of the recorder. */
export function createOperations(base: Base, parts: Parts): Operations {
  const { config, log, time, clock, dir, gate } = base;
  const {
    data: { catalogue, ballast, outbox, note },
    alarming: { alert, deliver },
    pbxes,
    recordings: { preserver, retain, scrub, applyRetention, archiving, importing },
    backups,
  } = parts;
  const by = (id: PbxId) => pbxes.find(({ section }) => section.id === id)!;
  const metrics = createMetrics({ version: version(), pbxes: pbxes.map(({ section }) => section.id) });
  const stalls = createStalls({ now: clock });
  const eventLoop = createEventLoopWatch();
  const ways = {
    archive: {
      what: 'recordings that can move to the archive before their time',
      run: () => archiving.makeRoom(() => room.enough()),
    },
    erase: {
      what: 'recordings that are due',
      run: () => retain.run({ run: { ...RETENTION_RUN, kind: 'room' } }),
    },
  };
  const room = createRoom({
    data: { dir, reserveBytes: config.data.reserve_mb * MB, probeIn: recorderFolder(dir) },
    spools: pbxes.map(({ section }) => ({
      ...{ pbx: section.id, dir: section.spool, reserveBytes: section.spool_reserve_mb * MB },
    })),
    read: readDisk,
    probe: probeDisk,
    ballast,
    cleaning: [
      {
        what: 'copies that nobody works with',
        frees: 'data',
        run: () => Promise.all(pbxes.map(({ spool }) => spool.tidy())),
      },
      {
        what: 'captured files whose recording is sealed',
        frees: 'spool',
        run: () => Promise.all(pbxes.map(({ section }) => preserver.recover(section.id))),
      },
      ...config.data.when_full.map((way) => ({ ...ways[way], frees: 'data' as const })),
    ],
    growth: catalogue.recordings.growth,
    onReturn: () => {
      for (const { calls } of pbxes) calls.recorder.retry();
      void outbox.flush();
      void preserver.resume().catch(complainOf(log, 'Captured calls could not be taken up'));
    },
    onEmpty: (id) =>
      void by(id).calls.recorder.endCaptures().catch(complainOf(log, 'Captures could not be ended')),
    alarms: alert,
    alarmsOf: (id) => by(id).alarms,
    clock,
    log: log.child({ part: 'room' }),
  });
  const unlock = createUnlock({
    file: catalogueFile(dir),
    restart: () => restartDashboard(),
    restarted: (detail) => note('dashboard_restart', { detail }),
    alarms: alert,
    elapsed: () => performance.now(),
    log: log.child({ part: 'unlock' }),
  });
  const handlers: Record<JobKind, JobHandler> = {
    recordings_check: scrub.checkEvery,
    apply_retention: applyRetention,
    archive: archiving.job,
    import: importing,
    ...backups.handlers,
  };
  const jobs = createJobs({
    ...{ store: catalogue.jobs, handlers, clock, mint: ulid },
    log: log.child({ part: 'jobs' }),
  });
  const health = createHealth({
    log: log.child({ part: 'health' }),
    catalogue,
    alarms: alert,
    pbxes: pbxes.map(({ section: { id, name }, links, calls }) => ({
      ...{ id, name, ari: links.ari.status, ami: links.ami.status },
      ...{ now: calls.recorder.now, list: calls.recorder.list, testCall: calls.testCalls.last },
    })),
    channels: deliver.status,
    disk: room.status,
    encoder: config.encode.socket ? 'separate' : 'recorder',
    testCallsOn: config.test_calls.enabled,
    scrub: scrub.status,
    jobs: jobs.newest,
    erasing: retain.progress,
    archive: archiving.status,
    backups: backups.status,
    processor: () => (config.processor.calls_first ? { ...gate.status(), ...preserver.deferred() } : null),
    eventLoopP99Ms: eventLoop.p99Ms,
    say: times(config.site.time_zone),
    clock,
  });
  const timekeeper = createTimekeeper({
    clock: time,
    pbxes: pbxes.map(({ section: { id }, links: { stamps }, alarms }) => ({ id, stamps, alarms })),
    idle: () => pbxes.every(({ calls }) => calls.recorder.now().calls === 0) && preserver.waiting() === 0,
    onStill: (ms) => {
      for (const { calls } of pbxes) calls.watch.stoodStill(clock() - Math.round(ms));
    },
    alarms: alert,
    log: log.child({ part: 'time' }),
  });
  const deadlines = createDeadlines({
    ...{ catalogue, alarms: alert, zone: config.site.time_zone, clock },
    log: log.child({ part: 'requests' }),
  });
  const passes = createPasses({ clock });
  const needs = createNeedsOf(base, parts);
  return { stalls, timekeeper, deadlines, needs, room, unlock, health, jobs, metrics, eventLoop, passes };
}
