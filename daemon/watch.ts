import type { Watch as Kept } from './catalogue/watch.js';
import type { Log } from './ops/log.js';

/**
 * Story 7: when the PBX was watched. Whatever happened to the connection or to this process, the time in which nobody
 * looked is on record as a blind window: what the ledger asks other witnesses about.
 */
export type WatchDeps = { catalogue: Kept; clock: () => number; log: Log };

/** So much earlier than it was may a window seem to begin after a crash, in ms. */
const EVERY = 5_000;

export function createWatch(deps: WatchDeps) {
  let timer: NodeJS.Timeout | undefined;
  let seeing = false;
  let work: Promise<unknown> = Promise.resolve();

  /** One after the other; a catalogue that cannot be written costs precision, not the watching. */
  const queue = (step: () => Promise<unknown>) => {
    work = work.then(step).catch((err) => deps.log.warn({ err }, 'A blind window could not be written'));
    return work;
  };

  return {
    /** Nobody has watched since this process last ran. */
    async start(): Promise<void> {
      const last = await deps.catalogue.lastWatched();
      if (last !== null) await deps.catalogue.openBlindWindow(last, 'Tapedeck was not running.');
      timer = setInterval(() => {
        if (seeing) void queue(() => deps.catalogue.watched(deps.clock()));
      }, EVERY);
    },
    /** The PBX is watched again; resolves when the blind window has been closed. */
    async up(): Promise<void> {
      seeing = true;
      await queue(async () => {
        const now = deps.clock();
        const window = await deps.catalogue.closeBlindWindow(now);
        await deps.catalogue.watched(now);
        if (window)
          deps.log.warn(
            { from: new Date(window.from), ms: now - window.from },
            `Blind until now: ${window.reason}`,
          );
      });
    },
    /** The PBX was last heard at `lastHeardAt`. */
    down(lastHeardAt: number, reason: string): void {
      if (!seeing) return;
      seeing = false;
      void queue(() => deps.catalogue.openBlindWindow(lastHeardAt, reason));
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      if (seeing) void queue(() => deps.catalogue.watched(deps.clock()));
      seeing = false;
      await work;
    },
  };
}
