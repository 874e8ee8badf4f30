import type { Alarms } from '../../domain/operations/alarm.js';
import type { PbxId } from '../../domain/pbx.js';
import type { CallId } from '../../domain/recording/recording.js';
import type { Gate } from '../../ops/process/gate.js';
import type { EndedCall } from './fate.js';

export type DeferredDeps = {
  gate: Pick<Gate, 'enter' | 'room' | 'admits'>;
  alarms: Alarms;
  enqueue: (pbx: PbxId, id: CallId) => void;
  /** See EVERY. */
  everyMs?: number | undefined;
};

const EVERY = 2_000;
const ALARM = 'processor_short';
/** How long the alarm stands after the last recording that had waited too long, in ms. */
const STANDS_MS = 3_600_000;

/** Calls whose recordings wait until calls leave processor time, each from its end on. */
export function createDeferred({ gate, alarms, enqueue, everyMs = EVERY }: DeferredDeps) {
  /** `begun`: it is being made at last. */
  const deferred = new Map<CallId, { pbx: PbxId; since: number; begun: boolean }>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const waiting = () =>
    [...deferred].filter(([, { begun }]) => !begun).toSorted(([, a], [, b]) => a.since - b.since);

  /** Queues as many as may begin, the longest waiting first. */
  function look(): void {
    clearTimeout(timer);
    if (stopped) return;
    const all = waiting();
    const [oldest] = all;
    if (!oldest) return;
    const most = Math.max(gate.room(), gate.admits(oldest[1]) ? 1 : 0);
    for (const [id, { pbx }] of all.slice(0, most)) enqueue(pbx, id);
    timer = setTimeout(look, everyMs).unref();
  }

  function status(): { waiting: number; oldestAt: number | null } {
    const since = [...deferred.values()].map((one) => one.since);
    return { waiting: waiting().length, oldestAt: since.length === 0 ? null : Math.min(...since) };
  }

  return {
    /**
     * Has a recording begun to be made, or wait. `id`: by which the call was queued, before another one absorbed it. Recordings of
     * test calls do not wait: somebody waits for what they prove.
     */
    enter(id: CallId, { pbx, endedAt: since, test }: EndedCall): (() => void) | null {
      const piece = gate.enter({ since, urgent: test });
      if (!piece) deferred.set(id, { pbx, since, begun: false });
      else if (deferred.has(id)) deferred.set(id, { pbx, since, begun: true });
      if (piece?.late)
        alarms.raise(ALARM, {
          severity: 'warning',
          why: { code: 'processor_short', params: { calls: waiting().length + 1, since } },
          forMs: STANDS_MS,
        });
      return piece?.leave ?? null;
    },
    /** It waits no more: it was made, failed, or is not kept. */
    over(id: CallId): void {
      deferred.delete(id);
    },
    look,
    /** Those that wait. */
    waiting: () => waiting().map(([id, { pbx }]) => ({ id, pbx })),
    /** How many wait, and when the call of the first of them ended, those that are being made at last among them. */
    status,
    stop(): void {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
