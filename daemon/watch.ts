import type { Watch as Kept } from './catalogue/watch.js';
import { isDiskError } from './domain/error.js';
import type { Log } from './ops/log.js';

/**
 * Story 7: when the PBX was watched. Whatever happened to the connection or to this process, the time in which nobody
 * looked is on record as a monitoring gap: what the ledger asks other witnesses about. It runs twice: for the calls (ARI)
 * and for the witness itself (CDRs over AMI).
 */
export type WatchDeps = {
  catalogue: Pick<Kept, 'watched' | 'lastWatched' | 'openBlindWindow' | 'closeBlindWindow'>;
  clock: () => number;
  log: Log;
};

/** How often `beat` is to be called, in ms: so much earlier than it was may a gap seem to begin after a crash. */
export const BEAT_MS = 5_000;

export function createWatch(deps: WatchDeps) {
  let seeing = false;
  let work: Promise<unknown> = Promise.resolve();
  /** Steps that could not be written yet, in their order: the catalogue was locked, or its disk full. */
  let waiting: (() => Promise<unknown>)[] = [];

  const queue = (step: () => Promise<unknown>): Promise<unknown> => {
    waiting.push(step);
    work = work.then(write);
    return work;
  };

  async function write(): Promise<void> {
    for (let step = waiting[0]; step; step = waiting[0]) {
      try {
        await step();
      } catch (err) {
        deps.log.warn({ err }, 'A monitoring gap could not be written');
        if (isDiskError(err)) return; // the next beat tries again
      }
      waiting = waiting.slice(1);
    }
  }

  return {
    /** Nobody has watched since this process last ran. */
    async start(): Promise<void> {
      await queue(async () => {
        const last = await deps.catalogue.lastWatched();
        if (last !== null) await deps.catalogue.openBlindWindow(last, 'Tapedeck was not running.');
      });
    },
    /** Notes that the PBX is being watched, or writes what could not be written before. */
    beat(): void {
      if (waiting.length > 0) work = work.then(write);
      else if (seeing) void queue(() => deps.catalogue.watched(deps.clock()));
    },
    /** The PBX is watched again; resolves when the blind window has been closed. */
    async up(): Promise<void> {
      seeing = true;
      const now = deps.clock();
      await queue(async () => {
        const window = await deps.catalogue.closeBlindWindow(now);
        await deps.catalogue.watched(now);
        if (window)
          deps.log.warn(
            { from: new Date(window.from), ms: now - window.from },
            `Monitoring gap closed: ${window.reason}`,
          );
      });
    },
    /** The PBX was last heard at `lastHeardAt`. */
    down(lastHeardAt: number, reason: string): void {
      seeing = false;
      void queue(() => deps.catalogue.openBlindWindow(lastHeardAt, reason));
    },
    /** Nobody watched from then until now, although the link held. */
    async missed(from: number, reason: string): Promise<void> {
      if (!seeing) return; // a gap is open already, and does not end here
      const now = deps.clock();
      void queue(() => deps.catalogue.openBlindWindow(from, reason));
      await queue(() => deps.catalogue.closeBlindWindow(now));
    },
    async stop(): Promise<void> {
      if (seeing) void queue(() => deps.catalogue.watched(deps.clock()));
      seeing = false;
      await work;
    },
  };
}
