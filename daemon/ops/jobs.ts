import { setTimeout as sleep } from 'node:timers/promises';
import { diskError, type ErrorCode, fail, isDiskError, TapedeckError } from '../domain/error.js';
import {
  FINAL_ERRORS,
  isOpen,
  type Job,
  type JobError,
  type JobParams,
  newJob,
  type Progress,
} from '../domain/operations/job.js';
import type { Log } from './log.js';
import { repeatedly, retryDelay } from './turns.js';

/** Where jobs are kept. Each verb is durable when it resolves. */
export type JobStore = {
  /** Adds a job that waits. Returns the open job of the same kind and params in its place if there is one. */
  add(job: Job): Promise<Job>;
  /** Writes a job as it is now. False, and nothing is written, when it is open no more. */
  save(job: Job): Promise<boolean>;
  /** Ends an open job. Returns it as it is then; null when there is no such open job. */
  cancel(id: string, at: number): Promise<Job | null>;
  /** Those that wait or run, in the order in which they were asked for. */
  open(): Promise<Job[]>;
  /** The newest of each kind. */
  newest(): Promise<Job[]>;
  /** Drops those that ended before that time. */
  forget(before: number): Promise<void>;
};

/**
 * Does the work of one kind. Resolves once all of it is done; rejects with the reason of the signal soon after that is
 * aborted, and with the error that keeps it from going on. It begins at `cursor`, may do what comes next a second time, and
 * calls `save` after each item. `save` waits while progress cannot be written, and rejects when the work is to stop.
 */
export type JobHandler = (work: {
  /** Of the job. */
  id: string;
  params: JobParams;
  /** When it was asked for, ms since 1970. */
  askedAt: number;
  progress: Progress;
  save: (progress: Progress) => Promise<void>;
  /** Has the job say why it waits; null: it goes on. Waits and rejects as `save` does. */
  waits: (why: JobError | null) => Promise<void>;
  signal: AbortSignal;
}) => Promise<void>;

export type JobsDeps = {
  store: JobStore;
  handlers: Record<string, JobHandler>;
  clock: () => number;
  /** Makes an id. */
  mint: () => string;
  log: Log;
  pace?: Partial<Pace>;
};

export type Pace = {
  /** How often it is looked whether a job is to be begun, in ms. Asking for one looks at once. */
  lookMs: number;
  /** How often progress is written at most, in ms. */
  saveMs: number;
  /** After so many ms a job that failed is tried again; when it failed once more after the last of them, it has failed. */
  retryMs: readonly number[];
  /** After so many ms it is tried again to write what could not be written; the last goes for all later tries. */
  fullMs: readonly number[];
};
const PACE: Pace = {
  ...{ lookMs: 5_000, saveMs: 1_000 },
  ...{ retryMs: [10_000, 60_000, 300_000, 1_800_000], fullMs: [1_000, 5_000, 15_000] },
};

const KEPT_MS = 90 * 86_400_000;
const FORGET_MS = 86_400_000;

/** The job that runs: `waitsFor` is why its progress cannot be written just now. */
type Going = { job: Job; waitsFor: JobError | null; ending: AbortController };

/**
 * Runs jobs, one at a time, in the order in which they were asked for, across restarts. It knows no job. The row decides:
 * whoever cancels a job ends its row, and a run finds that at its next save if nobody told it before.
 */
export function createJobs({ store, handlers, clock, mint, log, ...deps }: JobsDeps) {
  const pace = { ...PACE, ...deps.pace };
  let ready = false;
  let current: Going | null = null;
  let forgotAt = Number.NEGATIVE_INFINITY;
  const unknown = new Set<string>();

  /** Writes the job of a run. Waits as long as that cannot be done; rejects when the run is to stop. */
  async function keep(going: Going): Promise<void> {
    const { signal } = going.ending;
    for (let failures = 0; ; failures++) {
      try {
        if (await store.save(going.job)) {
          going.waitsFor = null;
          return;
        }
        going.ending.abort(); // somebody has cancelled it
      } catch (err) {
        if (failures === 0)
          log.warn({ err, job: going.job.id }, 'A job waits: it cannot be written how far it is');
        going.waitsFor = asError(err);
        await sleep(retryDelay(pace.fullMs, failures), undefined, { signal }).catch(() => {});
      }
      signal.throwIfAborted();
    }
  }

  /** Runs a job to its end, its next failure, or a stop. */
  async function run(job: Job, handler: JobHandler): Promise<void> {
    const ending = new AbortController();
    const { signal } = ending;
    const going: Going = {
      ending,
      waitsFor: null,
      job: { ...job, state: 'running', startedAt: job.startedAt ?? clock() },
    };
    current = going;
    let savedAt = clock();
    const save = async (progress: Progress) => {
      going.job = { ...going.job, ...progress, failures: 0, error: null };
      signal.throwIfAborted();
      if (Math.abs(clock() - savedAt) < pace.saveMs) return;
      await keep(going);
      savedAt = clock();
    };
    const waits = async (error: JobError | null) => {
      signal.throwIfAborted();
      if (going.job.error?.detail === error?.detail) return;
      going.job = { ...going.job, error };
      await keep(going);
    };
    try {
      await keep(going);
      const { id, params, askedAt } = job;
      const error = await handler({
        id,
        params,
        askedAt,
        progress: progressOf(job),
        save,
        waits,
        signal,
      }).then(
        () => null,
        (e) => e ?? new Error('It failed without an error.'),
      );
      if (error !== null && signal.aborted) throw error;
      going.job = { ...going.job, ...(error === null ? done() : failed(going.job, error)) };
      await keep(going);
    } catch (err) {
      // Told to stop. What was done since the last save is done again if this cannot be written.
      if (!signal.aborted) throw err;
      await store
        .save(going.job)
        .catch((err) => log.warn({ err, job: job.id }, 'The progress of a job was not saved'));
    } finally {
      current = null;
    }
  }

  const done = () => ({ state: 'done' as const, endedAt: clock(), failures: 0, error: null });

  function failed(job: Job, err: unknown): Partial<Job> {
    const error = asError(err);
    log.error({ err, job: job.id, kind: job.kind }, 'A job failed');
    // A disk that is full is no fault of the job's: it waits for room, however long that takes.
    if (isDiskError(diskError(err)))
      return { state: 'waiting', nextAt: clock() + pace.fullMs.at(-1)!, error };
    const failures = job.failures + 1;
    if (failures > pace.retryMs.length || FINAL_ERRORS.includes(error.code))
      return { state: 'failed', endedAt: clock(), failures, error };
    return { state: 'waiting', nextAt: clock() + retryDelay(pace.retryMs, failures - 1), failures, error };
  }

  /** The job to run now. One that ran when the recorder ended goes on before any other begins. */
  async function next(): Promise<{ job: Job; handler: JobHandler } | null> {
    const open = await store.open();
    for (const { id, kind } of open) {
      if (handlers[kind] || unknown.has(id)) continue;
      unknown.add(id);
      log.warn({ job: id, kind }, 'A job waits for a version of Tapedeck that knows it');
    }
    const can = open.filter(
      ({ kind, state, nextAt }) => handlers[kind] && (state === 'running' || nextAt <= clock()),
    );
    const job = can.find(({ state }) => state === 'running') ?? can[0];
    return job ? { job, handler: handlers[job.kind]! } : null;
  }

  async function look(): Promise<void> {
    if (clock() - forgotAt >= FORGET_MS) {
      await store.forget(clock() - KEPT_MS);
      forgotAt = clock();
    }
    for (let found = await next(); found && ready; found = await next()) await run(found.job, found.handler);
  }

  const looking = repeatedly(pace.lookMs, look, (err) =>
    log.error({ err }, 'Jobs could not be looked at; it is tried again'),
  );

  function refuseUnready(): void {
    if (!ready) throw fail('daemon_unreachable', 'It is starting or stopping.');
  }

  return {
    /**
     * Asks for a job. Returns the one that waits or runs already, if there is one of this kind with these params: `already`.
     * Throws `daemon_unreachable` before the start and after the stop.
     */
    async ask(kind: string, params: JobParams = {}): Promise<{ job: Job; already: boolean }> {
      refuseUnready();
      const mine = newJob(mint(), kind, params, clock());
      const job = await store.add(mine);
      void looking.now();
      return { job, already: job.id !== mine.id };
    },

    /** Ends a job that waits or runs. What runs stops soon after. Throws `job_unknown`, `daemon_unreachable`. */
    async cancel(id: string): Promise<Job> {
      refuseUnready();
      const job = await store.cancel(id, clock());
      if (!job) throw fail('job_unknown', id);
      if (current?.job.id === id) current.ending.abort();
      return job;
    },

    /** The newest job of each kind, as it is this moment. */
    async newest(): Promise<Job[]> {
      const rows = await store.newest();
      return rows.map((row) => {
        const going = current?.job.id === row.id && isOpen(row) ? current : null;
        return going ? { ...going.job, error: going.waitsFor ?? going.job.error } : row;
      });
    },

    start(): void {
      ready = true;
      looking.start();
      void looking.now();
    },
    /** Resolves when what runs has stopped; it goes on at the next start. */
    async stop(): Promise<void> {
      ready = false;
      current?.ending.abort();
      await looking.stop();
    },
  };
}

const progressOf = ({ cursor, done, total, faults }: Job): Progress => ({ cursor, done, total, faults });

/** An error by its code and its detail; of one that is not ours only that it was one. */
function asError(err: unknown): JobError {
  const ours = diskError(err);
  const code: ErrorCode = 'internal';
  return ours instanceof TapedeckError ? { code: ours.code, detail: ours.detail } : { code, detail: '' };
}
