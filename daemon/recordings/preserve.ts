import type { Spool } from '../capture/spool.js';
import type { Verbs } from '../catalogue/catalogue.js';
import { fail, isDiskError, isWithheld, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { PbxId } from '../domain/pbx.js';
import { because, becauseOf, together } from '../domain/reason/reason.js';
import type { CallId } from '../domain/recording/recording.js';
import { type AheadDeps, createAhead } from './preserve/ahead.js';
import { createBeginnings } from './preserve/beginnings.js';
import { createDeferred, type DeferredDeps } from './preserve/deferred.js';
import { createSteps, type StepDeps } from './preserve/steps.js';
import { createSweep } from './preserve/sweep.js';

/**
 * Story 2: captured segments become a sealed recording. The plain Opus never touches a disk: ffmpeg writes into the seal.
 * What is believed is what comes out again: the very bytes that are sealed are decoded and their length compared, and the
 * sealed file is opened and its content hashed, before the row is written and the spool is removed. A call that fails is
 * tried again for as long as it takes; a start takes up what a stop has left. A spool that cannot be read loses no call:
 * its row stays open, and it is sealed as soon as the files can be read.
 */
export type PreserveDeps = StepDeps & {
  catalogue: Verbs<'segments.callsToPreserve'> & AheadDeps['catalogue'];
  spools: ReadonlyMap<PbxId, Pick<Spool, 'ours' | 'fetch' | 'here' | 'readable' | 'remove' | 'strangers'>>;
  alarms: Alarms;
  /** Has what is made wait while calls need the processor. */
  gate: DeferredDeps['gate'] & AheadDeps['gate'];
  /** How often it is looked whether what waits for that may begin, in ms. */
  deferredMs?: number;
  /** So many of each PBX: one whose PBX gives its files out slowly, or not at all, holds up no other PBX's. */
  atOnce: number;
  /** The running captures, longest first, and how many of them are encoded while they go on. */
  captures: AheadDeps['captures'];
  during: number;
  /** See `ahead`. */
  paces?: Pick<AheadDeps, 'everyMs' | 'afterMs' | 'behindMs'>;
  /** See RETRIES and AGAIN. */
  retries?: number[];
  again?: number;
};

/** When it is tried again, in ms; after that an admin is told, and it is tried now and then for as long as it takes. */
const RETRIES = [2_000, 15_000];
const AGAIN = 600_000;
/** The same for what a disk has refused, and while the encoder is away. */
const SOON_AGAIN = 60_000;
type Waiting = { pbx: PbxId; id: CallId };

const ALARM = 'preserve';
const DENIED = 'spool_denied';
/** How often it is looked whether captured files can be read at last, in ms, and of how many calls at a time. */
const LOOK_MS = 2_000;
const MOST_LOOKS = 20;

export function createPreserver(deps: PreserveDeps) {
  const { retries = RETRIES, again = AGAIN } = deps;
  const sweeps = new Map(
    [...deps.spools].map(([pbx, spool]) => [
      pbx,
      createSweep({ ...deps, spool, alarms: deps.alarmsOf(pbx) }),
    ]),
  );
  const remove = async (pbx: PbxId, name: string) => (await sweeps.get(pbx)?.remove(name)) ?? false;
  const beginnings = createBeginnings(deps);
  const ahead = createAhead({ ...deps, ...deps.paces, beginnings, most: deps.during });
  const steps = createSteps({ ...deps, remove }, { ahead, beginnings });
  const deferred = createDeferred({ ...deps, enqueue, everyMs: deps.deferredMs });
  const queue: Waiting[] = [];
  const busy = new Map<CallId, { pbx: PbxId; work: Promise<void> }>();
  const later = new Map<CallId, { pbx: PbxId; timer: NodeJS.Timeout }>();
  const failures = new Map<CallId, { pbx: PbxId; attempts: number }>();
  /** Calls whose files are there and cannot be read, with the first such file. */
  const denied = new Map<CallId, { pbx: PbxId; problem: TapedeckError }>();
  let looking: NodeJS.Timeout | null = null;
  let stopped = false;

  function enqueue(pbx: PbxId, id: CallId): void {
    if (stopped || queue.some((w) => w.id === id) || busy.has(id)) return;
    clearTimeout(later.get(id)?.timer);
    later.delete(id);
    queue.push({ pbx, id });
    next();
  }

  function next(): void {
    // Hardly anything is left to do for a call that was encoded while it went on.
    const free = ({ pbx, id }: Waiting) =>
      ahead.has(id) || [...busy.values()].filter((b) => b.pbx === pbx).length < deps.atOnce;
    for (let at = queue.findIndex(free); !stopped && at >= 0; at = queue.findIndex(free)) {
      const [one] = queue.splice(at, 1);
      begin(one!);
    }
  }

  function begin({ pbx, id }: Waiting): void {
    const work: Promise<void> = steps
      .preserve(id, (call) => deferred.enter(id, call))
      .then((until) => {
        if (until === 'deferred') return;
        deferred.over(id);
        return until === null ? succeeded(id) : postpone(pbx, id, until);
      })
      .catch((e: unknown) => {
        deferred.over(id);
        return failed(pbx, id, e);
      })
      .finally(() => {
        busy.delete(id);
        deferred.look();
        next();
      });
    busy.set(id, { pbx, work });
  }

  /** It is not known yet whether the call is kept. */
  function postpone(pbx: PbxId, id: CallId, until: number): void {
    const timer = setTimeout(() => enqueue(pbx, id), Math.max(0, until - deps.clock()) + 100);
    later.set(id, { pbx, timer });
  }

  /** What hindered the others may be over. */
  function succeeded(id: CallId): void {
    failures.delete(id);
    denied.delete(id);
    tellOfDenied();
    if (failures.size === 0) deps.alarms.clear(ALARM);
    for (const [waiting, { pbx, attempts }] of failures) if (attempts > retries.length) enqueue(pbx, waiting);
  }

  async function failed(pbx: PbxId, id: CallId, e: unknown): Promise<void> {
    const attempts = (failures.get(id)?.attempts ?? 0) + 1;
    failures.set(id, { pbx, attempts });
    const problem = e instanceof TapedeckError ? e : fail('internal', (e as Error).message, e);
    deps.log.error(
      { err: e, call: id, code: problem.code, attempts },
      'A recording could not be made; what was captured is kept',
    );
    const soon = isDiskError(e) || problem.code === 'encoder_away';
    const pause = soon ? Math.min(SOON_AGAIN, again) : again;
    if (!stopped) {
      const timer = setTimeout(() => enqueue(pbx, id), retries[attempts - 1] ?? pause);
      later.set(id, { pbx, timer });
    }
    if (isWithheld(problem)) return wait(pbx, id, problem);
    denied.delete(id);
    tellOfDenied();
    if (attempts <= retries.length) return;
    const minutes = pause / 60_000;
    deps.alarms.raise(ALARM, {
      severity: 'critical',
      why: { code: 'preserve_failed', params: { error: problem.code, minutes } },
    });
    const why = together(becauseOf(problem), because('retried_every', { minutes }));
    await deps.catalogue.calls
      .decideCoverage(id, { status: 'not_recorded', why, rule: null, missingMs: 0 })
      .catch((err) => deps.log.error({ err, call: id }, 'The row of a call cannot say what became of it'));
  }

  /** The captured files are there and cannot be read: nothing is decided about this call until they can. */
  async function wait(pbx: PbxId, id: CallId, problem: TapedeckError): Promise<void> {
    denied.set(id, { pbx, problem });
    tellOfDenied();
    look();
    const why = together(becauseOf(problem), because('read_when_possible'));
    try {
      const { rule } = (await deps.catalogue.calls.get(id))?.coverage ?? { rule: null };
      await deps.catalogue.calls.decideCoverage(id, { status: 'pending', why, rule, missingMs: 0 });
    } catch (err) {
      deps.log.error({ err, call: id }, 'The row of a call cannot say what became of it');
    }
  }

  function tellOfDenied(): void {
    for (const pbx of deps.spools.keys()) {
      const alarms = deps.alarmsOf(pbx);
      const [first, ...others] = [...denied.values()].filter((d) => d.pbx === pbx);
      if (!first) {
        alarms.clear(DENIED);
        continue;
      }
      const { code, detail } = first.problem;
      alarms.raise(DENIED, {
        severity: 'critical',
        why: { code: 'spool_denied', params: { calls: others.length + 1, error: code, detail } },
      });
    }
  }

  /** Looks until no call waits any more, at the same few at a time, the longest waiting first. */
  function look(): void {
    if (stopped || looking || denied.size === 0) return;
    looking = setTimeout(async () => {
      for (const [id, one] of [...denied].slice(0, MOST_LOOKS)) {
        denied.delete(id); // to the end of the queue
        denied.set(id, one);
        if (await steps.readable(id, one.pbx).catch(() => false)) enqueue(one.pbx, id);
      }
      looking = null;
      look();
    }, LOOK_MS);
  }

  /** What was in the way is gone: whatever waits is tried now. */
  async function resume(): Promise<void> {
    for (const sweep of sweeps.values()) void sweep.retry();
    for (const id of await deps.catalogue.segments.callsToPreserve()) {
      const call = await deps.catalogue.calls.get(id);
      if (call && deps.spools.has(call.pbx)) enqueue(call.pbx, id);
    }
  }

  return {
    enqueue,
    resume,
    /** Before calls are captured: from now on they are encoded while they go on. */
    start: ahead.start,
    /** What is being encoded of calls in progress. */
    ahead: ahead.now,
    /** Removes a captured file, now or as soon as that is possible; false when it has to wait. */
    remove,
    /**
     * Takes up what an earlier run has left: calls not yet preserved, and spool files of this PBX whose recording is sealed.
     */
    async recover(pbx: PbxId): Promise<void> {
      await sweeps.get(pbx)?.sweep();
      await resume();
      if (queue.length + busy.size + deferred.waiting().length > 0) return;
      // What an earlier run was told of may be over.
      deps.alarms.clear(ALARM);
      tellOfDenied();
    },
    /** How many recordings are still to be made: of this PBX, or of all. */
    waiting: (pbx?: PbxId): number => {
      const unbegun = deferred.waiting().filter(({ id }) => !busy.has(id) && !queue.some((w) => w.id === id));
      const all = [...queue, ...busy.values(), ...later.values(), ...unbegun];
      return all.filter((w) => pbx === undefined || w.pbx === pbx).length;
    },
    /** What waits for processor time. */
    deferred: deferred.status,
    /** How many are being made, or are to be made at once. */
    busy: (): number => queue.length + busy.size,
    /** Finishes what is in hand. */
    async stop(): Promise<void> {
      stopped = true;
      for (const { timer } of later.values()) clearTimeout(timer);
      later.clear();
      deferred.stop();
      if (looking) clearTimeout(looking);
      await Promise.all([
        ...[...busy.values()].map((b) => b.work),
        ...[...sweeps.values()].map((s) => s.stop()),
      ]);
      await ahead.stop();
    },
  };
}
