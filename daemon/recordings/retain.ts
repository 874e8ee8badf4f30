import type { Verbs } from '../catalogue/catalogue.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import { fail, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { AlarmParams } from '../domain/operations/alarm-codes.js';
import { refusedInWords } from '../domain/operations/alarm-words.js';
import { planRetention, type RetentionPlan, shareFault } from '../domain/policy/retention.js';
import type { Why } from '../domain/reason/reason.js';
import { inWords } from '../domain/reason/words.js';
import type { Recording, RecordingId } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { createSchedule } from '../ops/schedule.js';
import { serialQueue } from '../ops/turns.js';
import type { AnyKeys } from '../vault/keys.js';
import type { RecordingStore } from '../vault/store/store.js';

/** What retention needs of the vault. Both make what they did survive a power cut before they answer. */
export type RetainKeys = Pick<AnyKeys, 'destroy' | 'has'>;
export type RetainStore = Pick<RecordingStore, 'remove' | 'exists'>;

type PlanCatalogue = Verbs<'recordings.kept' | 'recordings.count' | 'recordings.erasing' | 'policy.newest'>;
type RetainCatalogue = PlanCatalogue &
  Verbs<'recordings.eraseIntended' | 'recordings.erased' | 'checkpoint' | 'recordings.peaks'>;

export type RetainItem = Recording & { call: StoredCall };
export type Plan = RetentionPlan<RetainItem> & {
  now: number;
  total: number;
  forEver: number;
  /** Those whose erasure was begun and not finished: a run finishes it. */
  begun: Recording[];
};
export type RunResult = { erased: number; failed: number; left: number };

export type Retain = {
  /** Sets the schedule going. Throws `config_invalid` when it is not a cron expression. */
  start(): void;
  /** Waits for the recording in hand, not for the rest of the run. */
  stop(): Promise<void>;
  recover(): Promise<void>;
  plan(): Promise<Plan>;
  run(options?: { confirm?: string }): Promise<RunResult>;
  /** Erases this one now, for this reason. Does nothing where it is erased already. */
  erase(id: RecordingId, why: Why): Promise<void>;
};

/** How many recordings a plan looks at first: what is due stands at the front, so more are read only when all are. */
const FIRST_LOOK = 500;
const DAY_MS = 86_400_000;
const REFUSED = 'retention_refused';
const FOREIGN = 'foreign_erasing';
/** So many recordings an alarm names. */
const NAMED = 3;

/** The safety limit has stopped a run. */
class Refused extends TapedeckError {
  readonly params: AlarmParams['retention_refused'];
  constructor(params: AlarmParams['retention_refused']) {
    super('retention_refused', refusedInWords(params));
    this.params = params;
  }
}

/**
 * What a run at `now` would erase. Besides what is due, `kept` has the next to go. Changes nothing. Throws
 * `policy_unreadable`: by rules that cannot be read nothing is erased.
 */
export async function makePlan(catalogue: PlanCatalogue, now: number, breakerPercent: number): Promise<Plan> {
  const { version, fault } = await catalogue.policy.newest();
  if (fault !== null) throw fail('policy_unreadable', `Version ${version}: ${fault}.`);
  const { kept: total, forEver, newestSealedAt } = await catalogue.recordings.count();
  const begun = (await catalogue.recordings.erasing()).filter((r) => r.intended);
  const intended = begun.map((r) => r.id);
  for (let look = FIRST_LOOK; ; look *= 4) {
    const calls = await catalogue.recordings.kept(look);
    const items = calls.flatMap((call) => (call.recording ? [{ ...call.recording, call }] : []));
    const plan = planRetention({ now, items, breakerPercent, total, newestSealedAt, intended });
    if (calls.length < look || plan.kept.length > 0) return { ...plan, now, total, forEver, begun };
  }
}

/**
 * Story 3: what is due is erased. For each recording, in this order, and from wherever it was interrupted:
 * intent in the catalogue -> key destroyed -> file removed -> both seen to be gone -> peaks purged and tombstone, in
 * one transaction. After the last, the catalogue's journal is emptied, which may hold the peaks still.
 *
 * A row that says `erasing` is believed only with the entry of the audit log that every intent is written with, and counts
 * for the breaker like one that is due. A row without the entry is left alone, and named in an alarm.
 */
export function createRetain(deps: {
  catalogue: RetainCatalogue;
  keys: RetainKeys;
  store: RetainStore;
  /** Never ahead of the true time, even when the machine's clock was moved: what is erased too early is lost. */
  clock: () => number;
  alarms: Alarms;
  /** `schedule` is a cron expression in `timeZone`. */
  config: { schedule: string; timeZone: string; breakerPercent: number };
  log: Log;
  /** Writes down what a run came to. */
  ran?: (result: RunResult) => Promise<unknown>;
}): Retain {
  const { catalogue, keys, store, clock, alarms, config, log } = deps;
  let stopping = false;
  let caughtUp: Promise<void> | null = null;

  /** One piece of work at a time, whoever asks: the schedule, the dashboard or the command line. */
  const queue = serialQueue();

  const plan = () => makePlan(catalogue, clock(), config.breakerPercent);

  /** From the intent to the tombstone. Every step may have been done before. */
  async function finish(recording: Recording): Promise<void> {
    const { id } = recording;
    await keys.destroy(id);
    await store.remove(recording);
    if (await keys.has(id))
      throw fail('internal', `The key of recording ${id} is still there after it was destroyed.`);
    if (await store.exists(recording))
      throw fail('internal', `${recording.file} is still there after it was removed.`);
    await catalogue.recordings.erased(id, clock());
    if (await catalogue.recordings.peaks(id))
      throw fail('internal', `The peaks of recording ${id} are still there.`);
    log.info(
      { recording: id, call: recording.callId, reason: inWords(recording.eraseWhy) },
      'recording erased',
    );
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

  /** Those that were marked as being erased by somebody else than the recorder. */
  async function refuseForeign(): Promise<void> {
    const foreign = (await catalogue.recordings.erasing()).filter((r) => !r.intended);
    if (foreign.length === 0) return alarms.clear(FOREIGN);
    const named = foreign.slice(0, NAMED).map(({ id, callId }) => ({ recording: id, call: callId }));
    alarms.raise(FOREIGN, {
      severity: 'critical',
      why: { code: 'foreign_erasing', params: { recordings: foreign.length, named } },
    });
  }

  /** Half-done erasures of an earlier run. The breaker holds for them too. */
  async function finishBegun(): Promise<{ failed: number }> {
    const { begun, total } = await plan();
    const why = shareFault(begun.length, total + begun.length, config.breakerPercent);
    if (why) throw new Refused({ why, confirm: null });
    return each(begun, (r) => r.id, finish);
  }

  async function emptyJournal(): Promise<void> {
    if (await catalogue.checkpoint()) return;
    log.warn('the catalogue was being read, so its journal keeps erased peaks until the next run');
  }

  async function runNow(confirm?: string): Promise<RunResult> {
    await refuseForeign();
    const { begun, due, breaker } = await plan();
    try {
      if (breaker.why && confirm !== breaker.confirm)
        throw new Refused({ why: breaker.why, confirm: breaker.confirm });
      const first = await each(begun, (r) => r.id, finish);
      const second = await each(
        due,
        (d) => d.item.id,
        async ({ item, why }) => {
          await catalogue.recordings.eraseIntended(item.id, why, clock());
          await finish({ ...item, eraseWhy: why });
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

  const run = (options: { confirm?: string } = {}) => queue.run(() => runNow(options.confirm));

  async function nightly(): Promise<void> {
    try {
      log.info(await run(), 'retention has run');
      alarms.clear(REFUSED);
    } catch (err) {
      log.error({ err }, 'retention has not run');
      tellRefusal(err);
    }
  }

  function tellRefusal(err: unknown): void {
    if (err instanceof Refused)
      alarms.raise(REFUSED, { severity: 'warning', why: { code: 'retention_refused', params: err.params } });
  }

  /** A box that is off at night would never erase: what should have gone a day ago goes when it is on. */
  async function catchUp(): Promise<void> {
    const [oldest] = await catalogue.recordings.kept(1);
    const until = oldest?.recording?.keepUntil ?? null;
    if (until !== null && until <= clock() - DAY_MS) await nightly();
  }

  const schedule = createSchedule({
    ...{ setting: 'retention.schedule', expression: config.schedule, timeZone: config.timeZone },
    ...{ missedToo: true, job: nightly },
  });

  return {
    plan,
    run,

    erase: (id, why) =>
      queue.run(async () => {
        await catalogue.recordings.eraseIntended(id, why, clock());
        const intended = (await catalogue.recordings.erasing()).find((r) => r.id === id && r.intended);
        if (!intended) return;
        await finish(intended);
        await emptyJournal();
      }),

    /** Finishes what was begun before the last stop or crash. What cannot be finished is logged and left to the next run. */
    recover: () =>
      queue.run(async () => {
        try {
          await refuseForeign();
          const { failed } = await finishBegun();
          if (failed > 0) log.error({ failed }, 'recordings that were being erased could not be');
        } catch (err) {
          log.error({ err }, 'half-done erasures were not finished');
          tellRefusal(err);
        }
        await emptyJournal();
      }),

    start() {
      stopping = false;
      schedule.start();
      caughtUp = catchUp().catch((err) => log.error({ err }, 'retention has not run'));
    },

    async stop() {
      stopping = true;
      await schedule.stop();
      await caughtUp;
      await queue.idle();
    },
  };
}
