import { setImmediate as turn } from 'node:timers/promises';
import type { Verbs } from '../catalogue/catalogue.js';
import type { Plan } from '../catalogue/retention/planned.js';
import { type NewRun, RETENTION_RUN } from '../domain/certificate/certificate.js';
import { TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import { because, type Why } from '../domain/reason/reason.js';
import type { Recording, RecordingId } from '../domain/recording/recording.js';
import { type DuePlace, FIRST_DUE } from '../domain/retention/plan.js';
import type { EraseProgress, EraseResult, EraseRun } from '../domain/retention/run.js';
import { type SafetyLimit, shareFault } from '../domain/retention/safety.js';
import type { Log } from '../ops/log.js';
import { createSchedule } from '../ops/schedule.js';
import { fromSlices, repeatedly, serialQueue } from '../ops/turns.js';
import { createEraser, type EraseCatalogue, type RetainKeys, type RetainStore } from './retain/erase.js';
import type { RemoveNames } from './retain/names.js';
import { createOverdue } from './retain/overdue.js';
import { createPatience } from './retain/patience.js';
import { createStopped, Stopped } from './retain/stopped.js';

type RetainCatalogue = Verbs<
  'due.erasable' | 'due.dueSlice' | 'recordings.get' | 'recordings.erasing' | 'holds.applying' | 'checkpoint'
> &
  EraseCatalogue;

/** What certifies erasures: see recordings/certify. */
export type Certifying = { begin(run: NewRun): Promise<void>; close(): Promise<void> };
/** `run`: on whose word, for the certificate; the schedule's where it is left out. */
export type RunOptions = { confirm?: string; run?: NewRun };

export type Retain = {
  /** Sets the schedule going. Throws `config_invalid` when it is not a cron expression. */
  start(): void;
  /** Waits for the recordings in hand, not for the rest of the run. */
  stop(): Promise<void>;
  /** Finishes what was begun before the last stop or crash. */
  recover(): Promise<void>;
  /** Certifies what was erased and is on no certificate. May take long: the audit log is followed, and places of backups are asked. */
  certify(): Promise<void>;
  /** Erases what is due. Throws `retention_refused` unless `confirm` is what the plan says, where the safety limit asks for it. */
  run(options?: RunOptions): Promise<EraseResult>;
  /** Erases this one now, for this reason. Does nothing where it is erased already. */
  erase(id: RecordingId, why: Why, run: NewRun): Promise<void>;
  /** Erases these now, one after the other, for this reason. What is protected stays, and is counted. */
  eraseAll(ids: readonly RecordingId[], why: Why, run: NewRun): Promise<EraseResult>;
  /** How far what is being erased now is; null when nothing is. */
  progress(): EraseProgress | null;
};

/** How many recordings a run reads at once, and how many of them wait for the disk together. */
const PAGE = 320;
const TOGETHER = 32;

const whyDue = ({ keepRule: rule, keepWhy: why }: Recording): Why => because('due', { rule, why });

const DAY_MS = 86_400_000;
const LOOK_MS = 3_600_000;
const FOREIGN = 'foreign_erasing';
/** So many recordings an alarm names. */
const NAMED = 3;
const PROTECTED = ['kept_by_hold', 'kept_by_minimum'];

/**
 * Story 3: what is due is erased. For each recording, in this order, and from wherever it was interrupted:
 * intent in the catalogue -> key destroyed -> file removed -> both seen to be gone -> peaks purged and tombstone, in
 * one transaction. After the last, the catalogue's journal is emptied, which may hold the peaks still.
 *
 * A row that says `erasing` is believed only with the entry of the audit log that every intent is written with, and counts
 * for the safety limit like one that is due. A row without the entry is left alone, and named in an alarm.
 */
export function createRetain(deps: {
  catalogue: RetainCatalogue;
  /** What a run at that time would erase. */
  plan: (now: number) => Promise<Plan>;
  keys: RetainKeys;
  store: RetainStore;
  /** Never ahead of the true time, even when the machine's clock was moved: what is erased too early is lost. */
  clock: () => number;
  /** Makes an id. */
  mint: () => string;
  alarms: Alarms;
  /** `schedule` is a cron expression in `timeZone`. */
  config: { schedule: string; timeZone: string; limit: SafetyLimit };
  log: Log;
  /** Certificates of erasure: told before the first erasure of a run, and after its last one. */
  certify?: Certifying;
  /** Removes names and numbers of calls without audio, as long after it as the policy says. */
  removeNames?: RemoveNames;
  /** Writes down what a run came to, and that the safety limit stopped one. */
  ran?: (run: EraseRun) => Promise<unknown>;
  refused?: (why: Why) => Promise<unknown>;
}): Retain {
  const { catalogue, clock, alarms, config, log } = deps;
  const eraseTogether = createEraser(deps);
  let stopping = false;
  let caughtUp: Promise<void> | null = null;
  let under: EraseProgress | null = null;

  /** One piece of work at a time, whoever asks: the schedule, the dashboard or the command line. */
  const queue = serialQueue();

  /** Erases a page of a run, some at once. `kept` is told which are protected, instead of counting them. */
  async function each(
    items: readonly Recording[],
    run: EraseRun,
    why: ((one: Recording) => Why) | null,
    kept?: (one: Recording) => void,
  ): Promise<void> {
    for (let at = 0; at < items.length && !stopping; at += TOGETHER) {
      const erased = await eraseTogether(items.slice(at, at + TOGETHER), why, (one, err) => {
        if (err instanceof TapedeckError && PROTECTED.includes(err.code)) {
          if (kept) return kept(one);
          run.protected += 1;
          log.info({ recording: one.id, reason: err.message }, 'recording not erased: it is protected');
        } else {
          run.failed += 1;
          log.error({ err, recording: one.id }, 'recording not erased; it will be tried again');
        }
      });
      run.erased += erased.length;
      if (under) under = { ...under, erased: run.erased, failed: run.failed };
      await turn(); // calls and captures come first
    }
  }

  /** Erases so many in one run, and writes down what it came to. */
  async function inRun(
    of: number,
    { asked, ...about }: Pick<EraseRun, 'why' | 'policy'> & { asked: NewRun },
    work: (run: EraseRun) => Promise<void>,
    end = finish,
  ): Promise<EraseResult> {
    const startedAt = clock();
    const run: EraseRun = {
      ...{ id: deps.mint(), ...about, startedAt, endedAt: startedAt },
      ...{ by: asked.requestedBy.name, approvedBy: asked.approvedBy?.name ?? null },
      ...{ erased: 0, failed: 0, protected: 0, left: 0, names: 0 },
    };
    under = { why: about.why, of, erased: 0, failed: 0, startedAt };
    try {
      await work(run);
      run.left = Math.max(0, of - run.erased - run.protected);
      run.endedAt = clock();
      await deps.ran?.(run);
    } finally {
      under = null;
      await end();
    }
    return { erased: run.erased, failed: run.failed, left: run.left, protected: run.protected };
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

  /** Those whose erasure was begun and not finished: a run finishes it. */
  const begun = async () => (await catalogue.recordings.erasing()).filter((r) => r.intended);

  /** Half-done erasures of an earlier run. The safety limit holds for them too. */
  async function finishBegun(): Promise<void> {
    const half = await begun();
    if (half.length === 0) return;
    const { kept, begun: going } = await deps.plan(clock());
    const why = shareFault(half.length, kept + going, config.limit);
    if (why) throw new Stopped({ why, confirm: null });
    const { failed } = await inRun(
      half.length,
      { why: 'retention', asked: RETENTION_RUN, policy: null },
      (run) => each(half, run, null),
      async () => {},
    );
    if (failed > 0) log.error({ failed }, 'recordings that were being erased could not be');
  }

  /** After the last erasure of a run: its certificate, and the journal, which may hold peaks still. */
  async function finish(): Promise<void> {
    await deps.certify?.close();
    await emptyJournal();
  }

  async function emptyJournal(): Promise<void> {
    if (await catalogue.checkpoint()) return;
    log.warn('the catalogue was being read, so its journal keeps erased peaks until the next run');
  }

  const dueFrom = (after: DuePlace, now: number, most: number) =>
    fromSlices((at, limit) => catalogue.due.erasable(at, now, limit), after, most);

  async function runNow({ confirm, run: asked = RETENTION_RUN }: RunOptions): Promise<EraseResult> {
    await refuseForeign();
    const { now, erasable, breaker, policy } = await deps.plan(clock());
    if (breaker.why && confirm !== breaker.confirm) {
      await deps.refused?.(breaker.why);
      throw new Stopped({ why: breaker.why, confirm: breaker.confirm });
    }
    const half = await begun();
    return inRun(erasable, { why: 'retention', asked, policy }, async (run) => {
      if (erasable > half.length) await deps.certify?.begin(asked);
      await each(half, run, null);
      // Never more than the plan counted, and nothing that has become due since: that is what was confirmed.
      let left = erasable - half.length;
      const { untilApplied } = createPatience({ catalogue, stopping: () => stopping });
      for (let after: DuePlace = FIRST_DUE; left > 0 && !stopping; ) {
        const { items: page, next } = await dueFrom(after, now, Math.min(PAGE, left));
        if (page.length === 0) break;
        await untilApplied();
        const kept: Recording[] = [];
        await each(page, run, whyDue, (one) => kept.push(one));
        // A matter that was opened meanwhile keeps everything until it is known what it holds.
        if (kept.length > 0) await untilApplied();
        await each(kept, run, whyDue);
        left -= page.length;
        if (next === null) break;
        after = next;
      }
      const named = await deps.removeNames?.(now, () => stopping);
      run.names = named?.removed ?? 0;
      if (named) log.info(named, 'names and numbers of calls without audio removed');
    });
  }

  const run: Retain['run'] = (options = {}) =>
    queue.run(async () => {
      try {
        const result = await runNow(options);
        stopped.over();
        return result;
      } finally {
        await look().catch(complain);
      }
    });

  const complain = (err: unknown) => log.error({ err }, 'it is not known whether recordings are overdue');
  const overdue = createOverdue({ catalogue, clock, alarms });
  const stopped = createStopped({ alarms, plan: () => deps.plan(clock()) });
  const look = () => overdue.look().then(stopped.look);
  const looking = repeatedly(LOOK_MS, () => queue.run(look), complain);

  async function nightly(): Promise<void> {
    try {
      log.info(await run(), 'retention has run');
    } catch (err) {
      log.error({ err }, 'retention has not run');
      stopped.failed(err);
    }
  }

  /** A box that is off at night would never erase: what should have gone a day ago goes when it is on. */
  async function catchUp(): Promise<void> {
    const { items } = await dueFrom(FIRST_DUE, clock() - DAY_MS, 1);
    const [oldest] = items;
    if (oldest) await nightly();
    else await looking.now();
  }

  const schedule = createSchedule({
    ...{ setting: 'retention.schedule', expression: config.schedule, timeZone: config.timeZone },
    ...{ missedToo: true, job: nightly },
  });

  return {
    run,
    progress: () => under,

    erase: (id, why, run) =>
      queue.run(async () => {
        await deps.certify?.begin(run);
        await catalogue.recordings.eraseIntended(id, why, clock());
        const intended = (await begun()).find((r) => r.id === id);
        if (!intended) return;
        await eraseTogether([intended], null, (_, err) => {
          throw err;
        });
        await finish();
      }),

    eraseAll: (ids, why, asked) =>
      queue.run(() =>
        inRun(ids.length, { why: 'by_hand', asked, policy: null }, async (run) => {
          await deps.certify?.begin(asked);
          const all = await Promise.all(ids.map((id) => catalogue.recordings.get(id)));
          const sealed = all.filter((one): one is Recording => one?.state === 'sealed');
          await each(sealed, run, () => why);
        }).finally(() => look().catch(complain)),
      ),

    certify: () => queue.run(async () => deps.certify?.close()),

    /** What cannot be finished is logged and left to the next run. */
    recover: () =>
      queue.run(async () => {
        try {
          await refuseForeign();
          await finishBegun();
        } catch (err) {
          log.error({ err }, 'half-done erasures were not finished');
          stopped.failed(err);
        }
        await emptyJournal();
      }),

    start() {
      stopping = false;
      schedule.start();
      looking.start();
      caughtUp = catchUp().catch((err) => log.error({ err }, 'retention has not run'));
    },

    async stop() {
      stopping = true;
      await schedule.stop();
      await looking.stop();
      await caughtUp;
      await queue.idle();
    },
  };
}
