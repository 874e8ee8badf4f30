import type { Snapshot } from '../domain/call/event.js';
import type { Why } from '../domain/reason/reason.js';
import type { Log } from '../ops/log.js';
import { serialQueue } from '../ops/turns.js';

/** What ARI lists. */
export type Listed = { channels: unknown[]; bridges: unknown[] };
type Known = { watchedUntil: number | null; current: () => boolean };

/**
 * Story 15: the link to the PBX is there (again). What the PBX has is compared with what was known, captured calls are taken
 * up, and only then is the monitoring gap over.
 */
export type LinkDeps = {
  recorder: {
    hold(): void;
    recover(snapshot: Snapshot, known: Known): Promise<void>;
    resync(snapshot: Snapshot, known: Known): Promise<void>;
  };
  preserver: { recover(): Promise<unknown>; resume(): Promise<unknown> };
  watch: {
    back(at: number): void;
    up(at: number): Promise<void>;
    down(lastHeardAt: number, why: Why): void;
    watchedUntil(): number | null;
  };
  /** Asks the PBX for its time: how old its channels are is by its clock. */
  compareClocks: () => Promise<void>;
  snapshot: (listed: Listed, at: number) => Snapshot;
  /** All has been taken up, and calls are watched. */
  isUp: () => Promise<void>;
  clock: () => number;
  log: Log;
};

export function createLink({
  recorder,
  preserver,
  watch,
  compareClocks,
  snapshot,
  isUp,
  clock,
  log,
}: LinkDeps) {
  const complain = (what: string) => (err: unknown) => log.error({ err }, what);
  let recovered = false;
  let preserved = false;
  /** What the PBX had when it was reached; null while it is not. One list after the other is compared with what was known. */
  let newest: Listed | null = null;
  const comparing = serialQueue();

  async function compare(listed: Listed, at: number, current: () => boolean): Promise<void> {
    const again = recovered;
    recovered = true;
    const compared = compareClocks().catch(complain("The PBX's clock could not be compared"));
    if (!again) await compared;
    const known = { watchedUntil: watch.watchedUntil(), current };
    const now = snapshot(listed, at);
    if (again) {
      await recorder.resync(now, known).catch(complain('Calls could not be taken up again'));
      // What could not be fetched from a PBX that was away can be now.
      await preserver.resume().catch(complain('Captured calls could not be taken up'));
    } else await recorder.recover(now, known).catch(complain('Open calls could not be taken up'));
  }

  return {
    /** Resolves when what the PBX has is followed, or when the link is lost before that. */
    async up(listed: Listed): Promise<void> {
      newest = listed;
      recorder.hold();
      const at = clock();
      const current = () => listed === newest;
      await comparing.run(() => compare(listed, at, current));
      if (!current()) return;
      watch.back(at);
      if (!preserved) await preserver.recover().catch(complain('Captured calls could not be taken up'));
      preserved = true;
      if (!current()) return; // the link was lost again meanwhile: the monitoring gap goes on
      await watch.up(at);
      await isUp();
    },
    /** The PBX was last heard at `lastHeardAt`, ms since 1970. */
    down(lastHeardAt: number, why: Why): void {
      newest = null;
      watch.down(lastHeardAt, why);
    },
  };
}
