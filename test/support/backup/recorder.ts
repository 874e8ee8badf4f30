import type { Test } from 'tap';
import { ulid } from 'ulid';
import { createBackups } from '../../../daemon/app/backup/backups.js';
import type { Base, Parts } from '../../../daemon/app/parts.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { Job } from '../../../daemon/domain/operations/job.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { createJobs } from '../../../daemon/ops/jobs.js';
import { createLog } from '../../../daemon/ops/log.js';
import { alarmBoard } from '../alarm-board.js';
import { until } from '../recorder.js';
import type { Box, Site } from './box.js';

/** Backups as the recorder makes and watches them, with real jobs and processes. What it has is a site's; `clock` may be moved. */
export function recorderOf(t: Test, site: Site, box: Box) {
  const clock = { now: Date.now() };
  const log = createLog('silent', 'test');
  const board = alarmBoard();
  const parts = {
    data: {
      catalogue: box.catalogue,
      keys: { masterKeys: async () => box.keys.masterKeys() },
      note: (action: Parameters<typeof entryOf>[2], more: Parameters<typeof entryOf>[3]) =>
        box.catalogue.audit.append(entryOf(TAPEDECK, clock.now, action, more)),
    },
    alarming: { alert: board.alarms },
    recordings: { custody: { signer: () => box.signingKey } },
    operations: {},
  } as unknown as Parts;
  const base = {
    ...{ config: loadConfig(site.configFile), log, dir: site.dataDir },
    ...{ clock: () => clock.now, time: { sure: () => clock.now } },
  } as unknown as Base;
  const backups = createBackups(base, parts);
  const never = async (): Promise<never> => {
    throw new Error('This is not in this test.');
  };
  const jobs = createJobs({
    ...{ store: box.catalogue.jobs, log, clock: () => clock.now, mint: () => ulid() },
    handlers: { ...backups.handlers, recordings_check: never, apply_retention: never, archive: never },
    pace: { lookMs: 5, saveMs: 0 },
  });
  Object.assign(parts.operations, { jobs });
  jobs.start();
  const stop = async () => {
    await jobs.stop();
    await backups.stop();
  };
  t.teardown(stop);
  return {
    clock,
    /** Alarms as they stand. */
    alarms: board.standing,
    backups,
    stop,
    /** Has a job done, to its end or until it is to be tried again. */
    async job(what: 'backup' | 'check' | 'drill', patienceMs = 300_000): Promise<Job> {
      const { job } = await backups.begin(what, 'root');
      return until(
        'the job is over',
        async () => {
          const found = await box.catalogue.jobs.get(job.id);
          return found && (found.state === 'done' || found.failures > 0) ? found : null;
        },
        patienceMs,
      );
    },
  };
}
