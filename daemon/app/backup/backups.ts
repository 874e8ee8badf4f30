import { resolve } from 'node:path';
import { ulid } from 'ulid';
import { entryOf } from '../../domain/assurance/audit.js';
import type { ListPut } from '../../domain/certificate/backup-residual.js';
import { iso } from '../../domain/days.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { AskedView } from '../../domain/operations/job.js';
import { jobView } from '../../domain/operations/job.js';
import type { DaemonStatus } from '../../domain/operations/status.js';
import type { RecordingId } from '../../domain/recording/recording.js';
import type { JobHandler } from '../../ops/jobs.js';
import { complainOf } from '../../ops/log.js';
import { version } from '../../ops/process/version.js';
import { createSchedule } from '../../ops/schedule.js';
import { repeatedly, serialQueue } from '../../ops/turns.js';
import { hasDestination, withSecretFiles } from '../../vault/backup/destination.js';
import { MB } from '../data.js';
import type { Base, Parts } from '../parts.js';
import {
  ALARMS,
  type BackupAction,
  DAMAGED,
  DRILL,
  type Failing,
  failureOf,
  LOCKED,
  ONE_FOR_ALL,
  watchedOf,
} from './alarms.js';
import type { BackupOrder, MadeBackup } from './make.js';
import { removeLeft, runBackupProgram } from './run.js';

const WATCH_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
const EXPIRE_MS = 6 * HOUR_MS;
/** A place that takes no list for so long counts as away. */
const LIST_MS = 2 * 60_000;
const FOREIGN = 'foreign_erased';
const NAMED = 3;
const KINDS = { backup: 'backup', check: 'backup_check', drill: 'backup_drill' } as const;

/** Backups: made, checked and restored for trial as jobs, on schedule or when somebody asks, and watched. */
export function createBackups({ config, log: whole, time, clock, dir }: Base, parts: Parts) {
  const { backup } = config;
  const on = hasDestination(backup);
  const places = { destination: withSecretFiles(backup), keyPath: backup.key_path };
  const log = whole.child({ part: 'backup' });
  const {
    data: { catalogue, keys, note },
    alarming: { alert },
    recordings: { custody },
  } = parts;
  const lists = serialQueue();
  let ended = false;
  let known: DaemonStatus['backups'] = null;
  let expiredAt = Number.NEGATIVE_INFINITY;

  const failed = (err: unknown, what: Failing): void => {
    const { code, detail } = err instanceof TapedeckError ? err : fail('internal', String(err));
    alert.raise(failureOf(what), {
      severity: 'warning',
      why: { code: 'backup_failed', params: { what, error: code, detail } },
    });
  };

  const orderNow = (): BackupOrder => ({
    ...{ id: ulid(clock()), at: clock(), sureAt: time.sure(), dataDir: dir },
    archive: config.archive.directory,
    ...{ configFile: resolve(config.file), masterKeyFile: config.keys.master_key_file },
    ...{ recipient: backup.recipient, keyPath: backup.key_path, audio: backup.audio },
    ...{ keepDays: backup.keep_days, reserveBytes: config.data.reserve_mb * MB },
    site: { name: config.site.name, time_zone: config.site.time_zone },
    version: version(),
  });

  async function noteMade(made: MadeBackup): Promise<void> {
    await note('backup', {
      object: 'backup',
      object_id: made.id,
      detail: {
        ...{ sealed: made.sealed, copied: made.copied, copied_bytes: made.copiedBytes },
        ...{ missing: made.missing, removed: made.removed, refused: made.refused },
        target: made.target,
      },
    });
    await noteExpired(made.destroyed);
    alert.clear(failureOf('backup'));
    await look();
    if (made.refused === null) alert.clear(LOCKED);
    else
      alert.raise(LOCKED, {
        severity: 'warning',
        why: { code: 'backup_locked', params: { place: made.target } },
      });
  }

  /** Runs a job that makes a backup. What a process that was ended has left is removed. */
  const making =
    (what: 'backup' | 'drill', work: JobHandler): JobHandler =>
    async (run) => {
      if (!on) throw fail('backup_off');
      try {
        await work(run);
      } catch (err) {
        if (!run.signal.aborted) failed(err, what);
        throw err;
      } finally {
        removeLeft(dir);
      }
    };

  const make = making('backup', async ({ signal, save }) => {
    const { made } = await runBackupProgram({ what: 'backup', ...places, order: orderNow() }, 'made', {
      ...{ signer: custody.signer(), signal },
      progress: (done, total) => save({ cursor: '', done, total, faults: 0 }),
    });
    await save({ cursor: made.id, done: made.sealed, total: made.sealed, faults: made.missing });
    await noteMade(made);
  });

  const drill = making('drill', async ({ signal, save }) => {
    const [masterKey] = await keys.masterKeys();
    const order = { what: 'drill', ...places, order: orderNow(), masterKey } as const;
    const { made, drilled } = await runBackupProgram(order, 'made', {
      ...{ signer: custody.signer(), signal },
      progress: (done, total) => save({ cursor: '', done, total, faults: 0 }),
    });
    await noteMade(made);
    alert.clear(failureOf('drill'));
    const { objects, opened, faults } = drilled!;
    await save({ cursor: made.id, done: objects, total: objects, faults: faults.length });
    await note('backup_drill', {
      ...{ object: 'backup', object_id: made.id, outcome: faults.length > 0 ? 'failed' : 'ok' },
      detail: { objects, opened, damaged: faults.length, named: faults.slice(0, 5) },
    });
    await look();
    if (faults.length === 0) return alert.clear(DRILL);
    alert.raise(DRILL, {
      severity: 'critical',
      why: { code: 'drill_failed', params: { backup: made.id, faults: faults.length, first: faults[0]! } },
    });
  });

  const check: JobHandler = async ({ signal, save }) => {
    if (!on) throw fail('backup_off');
    try {
      const { checked } = await runBackupProgram({ what: 'check', ...places }, 'checked', {
        ...{ signer: custody.signer(), signal },
        progress: (done, total) => save({ cursor: '', done, total, faults: 0 }),
      });
      alert.clear(failureOf('check'));
      const { id, objects, faults } = checked;
      await save({ cursor: id, done: objects, total: objects, faults: faults.length });
      await note('backup_check', {
        object: 'backup',
        object_id: id,
        outcome: faults.length > 0 ? 'failed' : 'ok',
        detail: { objects, damaged: faults.length, named: faults.slice(0, 5) },
      });
      await look();
      if (faults.length === 0) return alert.clear(DAMAGED);
      alert.raise(DAMAGED, {
        severity: 'critical',
        why: { code: 'backup_damaged', params: { backup: id, faults: faults.length, first: faults[0]! } },
      });
    } catch (err) {
      if (!signal.aborted) failed(err, 'check');
      throw err;
    }
  };

  async function noteExpired(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await note('backup_expired', {
      object: 'backup',
      object_id: ids.at(-1)!,
      detail: { keys: ids.length, backups: ids.slice(-20) },
    });
  }

  /** Destroys the keys of backups that are no longer kept: also while no backup can be made, and while the place is away. */
  async function expire(): Promise<void> {
    if (clock() - expiredAt < EXPIRE_MS) return;
    const [newest] = await catalogue.audit
      .entries({ actions: ['backup'], outcome: 'ok', limit: 50 })
      .then((found) => found.filter(({ actor, object_id }) => actor === 'tapedeck' && object_id !== ''));
    if (!newest) return;
    const { keep_days: keepDays } = backup;
    const order = {
      what: 'expire',
      ...places,
      newest: newest.object_id,
      now: time.sure(),
      keepDays,
    } as const;
    try {
      const { destroyed } = await runBackupProgram(order, 'destroyed', { signer: custody.signer() });
      await noteExpired(destroyed);
      alert.clear(failureOf('keys'));
      expiredAt = clock();
    } catch (err) {
      log.warn({ err }, 'The keys of old backups could not be destroyed');
      failed(err, 'keys');
    }
  }

  /** When the newest entry of this kind was written that tells of success; else since when there could have been one. */
  async function lastOf(action: BackupAction): Promise<{ at: number; done: boolean }> {
    const found = await catalogue.audit.entries({ actions: [action], outcome: 'ok', limit: 50 });
    const newest = found.find(({ actor, object_id: id }) => actor === 'tapedeck' && id !== '');
    if (newest) return { at: Date.parse(newest.at), done: true };
    const [first] = await catalogue.audit.rows(1, 1);
    return { at: first ? Date.parse(JSON.parse(String(first.text)).at) : clock(), done: false };
  }

  /** Finds out what was done when, and raises an alarm for what is overdue. */
  async function look(): Promise<void> {
    const found: NonNullable<DaemonStatus['backups']> = {
      ...{ made_at: null, checked_at: null, drilled_at: null, late: [] },
    };
    for (const { key, action, what, expression, overdueMs } of watchedOf(backup)) {
      const { at, done } = await lastOf(action);
      if (done) found[`${what}_at`] = iso(at);
      if (expression === '' || clock() - at < overdueMs) alert.clear(key);
      else {
        found.late.push(what);
        alert.raise(key, { severity: 'warning', why: { code: key, params: { since: done ? at : null } } });
      }
    }
    known = found;
  }

  async function watch(): Promise<void> {
    await expire();
    await look();
  }

  /** Those that the catalogue calls erased, and whose keys are there. */
  function tellForeign(ids: readonly RecordingId[]): void {
    const params = { recordings: ids.length, named: ids.slice(0, NAMED) };
    if (ids.length === 0) alert.clear(FOREIGN);
    else alert.raise(FOREIGN, { severity: 'critical', why: { code: 'foreign_erased', params } });
  }

  const putList = (): Promise<ListPut | null> =>
    lists.run(async () => {
      if (!on) return null;
      if (ended) return { problem: 'Tapedeck was being stopped.' };
      const at = clock();
      const order = { what: 'list', ...places, dataDir: dir, recipient: backup.recipient, at } as const;
      const signal = AbortSignal.timeout(LIST_MS);
      try {
        const { listed } = await runBackupProgram(order, 'listed', { signer: custody.signer(), signal });
        tellForeign(listed.foreign);
        alert.clear(failureOf('list'));
        return { at };
      } catch (err) {
        log.warn({ err }, 'The list of erasures and holds could not be renewed');
        failed(err, 'list');
        return { problem: err instanceof TapedeckError ? err.message : 'It took too long.' };
      }
    });

  const watching = repeatedly(WATCH_MS, watch, (err) => log.warn({ err }, 'Backups could not be looked at'));
  const schedules = (
    [
      ['backup.schedule', backup.schedule, 'backup'],
      ['backup.check_schedule', backup.check_schedule, 'backup_check'],
      ['backup.drill_schedule', backup.drill_schedule, 'backup_drill'],
    ] as const
  )
    .filter(([, expression]) => expression !== '')
    .map(([setting, expression, kind]) =>
      createSchedule({
        ...{ setting, expression, timeZone: config.site.time_zone, missedToo: true },
        job: () =>
          parts.operations.jobs.ask(kind).catch(complainOf(log, 'A backup that was due could not be begun')),
      }),
    );

  return {
    handlers: { backup: make, backup_check: check, backup_drill: drill } satisfies Record<string, JobHandler>,

    /** When it was last done what has to be done; null where no backups are made, and until that was looked at. */
    status: () => known,

    /** Asks for a backup, a check of the newest one, or a restore drill. Throws `backup_off`. */
    async begin(what: 'backup' | 'check' | 'drill', by: string): Promise<AskedView> {
      if (!on) throw fail('backup_off');
      const kind = KINDS[what];
      const console = { actor: 'console', actor_id: '', actor_name: by, address: '' } as const;
      await catalogue.audit.append(entryOf(console, clock(), kind));
      const { job, already } = await parts.operations.jobs.ask(kind);
      return { job: jobView(job), already };
    },

    /** Renews the list of erasures and holds at the target. Resolves in any case. */
    list: async (): Promise<void> => void (await putList()),
    /** The same, and says when it was put there, or why it was not; null where Tapedeck makes no backups. */
    putList,

    start(): void {
      removeLeft(dir);
      alert.clear(ONE_FOR_ALL);
      // What went wrong concerns nobody once no backups are made any more.
      if (!on) for (const key of ALARMS) alert.clear(key);
      if (!on) return;
      watching.start();
      void watching.now();
      for (const schedule of schedules) schedule.start();
    },
    async stop(): Promise<void> {
      ended = true;
      for (const schedule of schedules) await schedule.stop();
      await watching.stop();
      await lists.idle();
    },
  };
}
