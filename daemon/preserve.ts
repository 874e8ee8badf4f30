import type { Spool } from './capture/spool.js';
import type { Catalogue } from './catalogue/catalogue.js';
import { errors, fail, isDiskError, TapedeckError } from './domain/error.js';
import { type CallId, parseOurs } from './domain/recording.js';
import { isAudio } from './encode/captured.js';
import { createSteps, type StepDeps } from './preserve/steps.js';

/**
 * Story 2: captured segments become a sealed recording. The plain Opus never touches a disk: ffmpeg writes into the seal.
 * What is believed is what comes out again: the very bytes that are sealed are decoded and their length compared, and the
 * sealed file is opened and its content hashed, before the row is written and the spool is removed. A call that fails is
 * tried again for as long as it takes; a start takes up what a stop has left.
 */
export type PreserveDeps = StepDeps & {
  catalogue: Pick<Catalogue, 'callsToPreserve'>;
  spool: Pick<Spool, 'ours'>;
  atOnce: number;
  /** See RETRIES and AGAIN. */
  retries?: number[];
  again?: number;
};

/** When it is tried again, in ms; after that an admin is told, and it is tried now and then for as long as it takes. */
const RETRIES = [2_000, 15_000];
const AGAIN = 600_000;
/** The same for what a disk has refused. */
const DISK_AGAIN = 60_000;
const ALARM = 'preserve';

export function createPreserver(deps: PreserveDeps) {
  const { retries = RETRIES, again = AGAIN } = deps;
  const steps = createSteps(deps);
  const queue: CallId[] = [];
  const busy = new Map<CallId, Promise<void>>();
  const later = new Map<CallId, NodeJS.Timeout>();
  const failures = new Map<CallId, number>();
  let stopped = false;

  function enqueue(id: CallId): void {
    if (stopped || queue.includes(id) || busy.has(id)) return;
    clearTimeout(later.get(id));
    later.delete(id);
    queue.push(id);
    next();
  }

  function next(): void {
    while (!stopped && busy.size < deps.atOnce && queue.length > 0) {
      const id = queue.shift()!;
      const work: Promise<void> = steps
        .preserve(id)
        .then(() => succeeded(id))
        .catch((e: unknown) => failed(id, e))
        .finally(() => {
          busy.delete(id);
          next();
        });
      busy.set(id, work);
    }
  }

  /** What hindered the others may be over. */
  function succeeded(id: CallId): void {
    failures.delete(id);
    if (failures.size === 0) deps.alarms.clear(ALARM);
    for (const [waiting, attempts] of failures) if (attempts > retries.length) enqueue(waiting);
  }

  async function failed(id: CallId, e: unknown): Promise<void> {
    const attempts = (failures.get(id) ?? 0) + 1;
    failures.set(id, attempts);
    const problem = e instanceof TapedeckError ? e : fail('internal', (e as Error).message, e);
    deps.log.error(
      { err: e, call: id, code: problem.code, attempts },
      'A recording could not be made; what was captured is kept',
    );
    const pause = isDiskError(e) ? Math.min(DISK_AGAIN, again) : again;
    if (!stopped) {
      const timer = setTimeout(() => enqueue(id), retries[attempts - 1] ?? pause);
      later.set(id, timer);
    }
    if (attempts <= retries.length) return;
    const kept = `The captured audio is kept in the spool and tried again every ${pause / 60_000} minutes.`;
    deps.alarms.raise(ALARM, {
      severity: 'critical',
      message: `Captured calls cannot be made into recordings. ${errors[problem.code].message}`,
      hint: `${kept} ${problem.hint}`,
    });
    const reason = `${problem.message} ${kept}`;
    await deps.catalogue
      .decideCoverage(id, { status: 'not_recorded', reason, rule: null, missingMs: 0 })
      .catch((err) => deps.log.error({ err, call: id }, 'The row of a call cannot say what became of it'));
  }

  /** What was in the way is gone: whatever waits is tried now. */
  async function resume(): Promise<void> {
    for (const id of await deps.catalogue.callsToPreserve()) enqueue(id);
  }

  return {
    enqueue,
    resume,
    /** Takes up what an earlier run has left: calls not yet preserved, and spool files whose recording is sealed. */
    async recover(): Promise<void> {
      for (const name of await deps.spool.ours()) {
        const { callId, seq, side } = parseOurs(name)!;
        const segment = (await deps.catalogue.segments(callId)).find(
          (s) => s.callId === callId && s.seq === seq,
        );
        // A stop may have come between the row and the mark that a file is damaged: one that is no audio stays.
        const over =
          segment?.state === 'dropped' ||
          (segment?.state === 'preserved' && (await isAudio(deps.spool, name, side)));
        if (over) await deps.spool.remove(name);
        if (!segment)
          deps.log.warn({ name }, 'A captured file belongs to no call that is known here; it is left alone');
      }
      await resume();
    },
    waiting: () => queue.length + busy.size + later.size,
    /** Finishes what is in hand. */
    async stop(): Promise<void> {
      stopped = true;
      for (const timer of later.values()) clearTimeout(timer);
      later.clear();
      await Promise.all(busy.values());
    },
  };
}
