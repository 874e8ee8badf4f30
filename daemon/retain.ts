import cron from 'node-cron';
import type { Catalogue, StoredCall } from './catalogue/catalogue.js';
import type { Alarms } from './domain/alarm.js';
import { fail, TapedeckError } from './domain/error.js';
import { recordingFile } from './domain/paths.js';
import type { Recording, RecordingId } from './domain/recording.js';
import { planRetention, type RetentionPlan } from './domain/retention.js';
import type { Log } from './ops/log.js';

/** What retention needs of the vault. Both make what they did survive a power cut before they answer. */
export type RetainKeys = { destroy(id: RecordingId): Promise<boolean>; has(id: RecordingId): boolean };
export type RetainFiles = { remove(path: string): Promise<boolean>; exists(path: string): Promise<boolean> };

type PlanCatalogue = Pick<Catalogue, 'keptRecordings' | 'countKept'>;
type RetainCatalogue = PlanCatalogue &
  Pick<Catalogue, 'eraseIntended' | 'recordingsErasing' | 'erased' | 'checkpoint' | 'peaks'>;

export type RetainItem = Recording & { call: StoredCall };
export type Plan = RetentionPlan<RetainItem> & { now: number; total: number; forEver: number };
export type RunResult = { erased: number; failed: number; left: number };

export type Retain = {
  /** Sets the schedule going. Throws `config_invalid` when it is not a cron expression. */
  start(): void;
  /** Waits for the recording in hand, not for the rest of the run. */
  stop(): Promise<void>;
  recover(): Promise<void>;
  plan(): Promise<Plan>;
  run(options?: { confirm?: string }): Promise<RunResult>;
};

/** How many recordings a plan looks at first: what is due stands at the front, so more are read only when all are. */
const FIRST_LOOK = 500;
const DAY_MS = 86_400_000;

/** What a run at `now` would erase. Besides what is due, `kept` has the next to go. Changes nothing. */
export async function makePlan(catalogue: PlanCatalogue, now: number, breakerPercent: number): Promise<Plan> {
  for (let look = FIRST_LOOK; ; look *= 4) {
    const calls = await catalogue.keptRecordings(look);
    const { kept: total, forEver, newestSealedAt } = await catalogue.countKept();
    const items = calls.flatMap((call) => (call.recording ? [{ ...call.recording, call }] : []));
    const plan = planRetention({ now, items, breakerPercent, total, newestSealedAt });
    if (calls.length < look || plan.kept.length > 0) return { ...plan, now, total, forEver };
  }
}

/**
 * Story 3: what is due is erased. For each recording, in this order, and from wherever it was interrupted:
 * intent in the catalogue -> key destroyed -> file removed -> both seen to be gone -> peaks purged and tombstone, in
 * one transaction. After the last, the catalogue's journal is emptied, which may hold the peaks still.
 */
export function createRetain(deps: {
  catalogue: RetainCatalogue;
  keys: RetainKeys;
  files: RetainFiles;
  /** Never ahead of the true time, even when the machine's clock was moved: what is erased too early is lost. */
  clock: () => number;
  alarms: Alarms;
  /** A recording's `file` is taken from `dataDir`; `schedule` is a cron expression in `timeZone`. */
  config: { dataDir: string; schedule: string; timeZone: string; breakerPercent: number };
  log: Log;
  /** Writes down what a run came to. */
  ran?: (result: RunResult) => Promise<unknown>;
}): Retain {
  const { catalogue, keys, files, clock, alarms, config, log } = deps;
  let task: ReturnType<typeof cron.createTask> | null = null;
  let stopping = false;
  let caughtUp: Promise<void> | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** One piece of work at a time, whoever asks: the schedule, the dashboard or the command line. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  }

  const plan = () => makePlan(catalogue, clock(), config.breakerPercent);

  /** From the intent to the tombstone. Every step may have been done before. */
  async function finish(recording: Recording): Promise<void> {
    const { id } = recording;
    const file = recordingFile(config.dataDir, recording);
    await keys.destroy(id);
    await files.remove(file);
    if (keys.has(id))
      throw fail('internal', `The key of recording ${id} is still there after it was destroyed.`);
    if (await files.exists(file))
      throw fail('internal', `${recording.file} is still there after it was removed.`);
    await catalogue.erased(id, clock());
    if (await catalogue.peaks(id)) throw fail('internal', `The peaks of recording ${id} are still there.`);
    log.info({ recording: id, call: recording.callId, reason: recording.eraseReason }, 'recording erased');
  }

  /** Erases one after the other. One that fails is told of and does not keep the others; it is tried again. */
  async function each<T>(items: T[], idOf: (item: T) => RecordingId, erase: (item: T) => Promise<void>) {
    let erased = 0;
    let failed = 0;
    for (const item of items) {
      if (stopping) break;
      try {
        await erase(item);
        erased += 1;
      } catch (err) {
        failed += 1;
        log.error({ err, recording: idOf(item) }, 'recording not erased; it will be tried again');
      }
    }
    return { erased, failed, left: items.length - erased };
  }

  const unfinished = async () => each(await catalogue.recordingsErasing(), (r) => r.id, finish);

  async function emptyJournal(): Promise<void> {
    if (await catalogue.checkpoint()) return;
    log.warn('the catalogue was being read, so its journal keeps erased peaks until the next run');
  }

  async function runNow(confirm?: string): Promise<RunResult> {
    const first = await unfinished();
    const { due, breaker } = await plan();
    try {
      if (breaker.tripped && confirm !== breaker.confirm)
        throw fail('retention_refused', `${breaker.reason} Confirm with "${breaker.confirm}".`);
      const second = await each(
        due,
        (d) => d.item.id,
        async ({ item, reason }) => {
          await catalogue.eraseIntended(item.id, reason, clock());
          await finish({ ...item, eraseReason: reason });
        },
      );
      const result = {
        erased: first.erased + second.erased,
        failed: first.failed + second.failed,
        left: first.left + second.left,
      };
      await deps.ran?.(result);
      return result;
    } finally {
      await emptyJournal();
    }
  }

  const run = (options: { confirm?: string } = {}) => inTurn(() => runNow(options.confirm));

  async function nightly(): Promise<void> {
    try {
      log.info(await run(), 'retention has run');
      alarms.clear('retention_refused');
    } catch (err) {
      log.error({ err }, 'retention has not run');
      if (err instanceof TapedeckError && err.code === 'retention_refused')
        alarms.raise('retention_refused', { severity: 'warning', message: err.message, hint: err.hint });
    }
  }

  /** A box that is off at night would never erase: what should have gone a day ago goes when it is on. */
  async function catchUp(): Promise<void> {
    const [oldest] = await catalogue.keptRecordings(1);
    const until = oldest?.recording?.keepUntil ?? null;
    if (until !== null && until <= clock() - DAY_MS) await nightly();
  }

  return {
    plan,
    run,

    /** Finishes what was begun before the last stop or crash. What cannot be finished is logged and left to the next run. */
    recover: () =>
      inTurn(async () => {
        const { failed } = await unfinished();
        await emptyJournal();
        if (failed > 0) log.error({ failed }, 'recordings that were being erased could not be');
      }),

    start() {
      stopping = false;
      if (!cron.validate(config.schedule))
        throw fail('config_invalid', `"retention.schedule" is not a cron expression: ${config.schedule}`);
      task = cron.createTask(config.schedule, nightly, { timezone: config.timeZone, noOverlap: true });
      task.on('execution:missed', nightly);
      void task.start();
      caughtUp = catchUp().catch((err) => log.error({ err }, 'retention has not run'));
    },

    async stop() {
      stopping = true;
      await task?.destroy();
      task = null;
      await caughtUp;
      await last;
    },
  };
}
