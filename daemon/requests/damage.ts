import { LRUCache } from 'lru-cache';
import type { Verbs } from '../catalogue/catalogue.js';
import { entryOf, TAPEDECK } from '../domain/assurance/audit.js';
import type { Recording } from '../domain/recording/recording.js';
import { damageOf } from '../domain/recording/scrub.js';
import { serialQueue } from '../ops/turns.js';

/** No recording is read again sooner than this after it was, in ms; and so many may wait for their turn. */
const AGAIN_MS = 60_000;
const MOST_WAITING = 20;
const MOST_KNOWN = 10_000;

export type Damage = ReturnType<typeof createDamage>;

/**
 * What is done when a recording is said to be damaged: nobody is believed, it is read again, and what is found goes on its row
 * and, if it is news, into the audit log. One at a time; what is too often or too much is left to the nightly reading.
 */
export function createDamage(deps: {
  catalogue: Verbs<'recordings.get' | 'audited' | 'seals.check'>;
  /** Reads a recording; what is wrong with it in words, null for nothing. */
  examine: (recording: Recording) => Promise<string | null>;
  clock: () => number;
}) {
  const { catalogue } = deps;
  const turns = serialQueue();
  const looked = new LRUCache<string, number>({ max: MOST_KNOWN });
  let waiting = 0;

  const sealed = async (id: string): Promise<Recording | null> => {
    const recording = await catalogue.recordings.get(id);
    return recording?.state === 'sealed' ? recording : null;
  };

  async function read(id: string, found: string): Promise<void> {
    const recording = await sealed(id);
    // What the nightly reading says of it is more than what is found here.
    if (!recording || (await catalogue.seals.check(id))?.fault != null) return;
    const fault = await deps.examine(recording);
    // It may have been erased meanwhile.
    if (fault === null || !(await sealed(id))) return;
    const at = deps.clock();
    const entry = entryOf(TAPEDECK, at, 'damage', damageOf(recording, found, fault));
    await catalogue.audited<boolean>(
      (news) => (news ? entry : null),
      (c) => c.seals.checked(id, at, fault),
    );
  }

  return {
    /** Reads a recording again, unless that was just done. `found` says how it came out. Throws what reading and writing throw. */
    async look(id: string, found: 'when it was played' | 'when it was exported'): Promise<void> {
      const now = deps.clock();
      const before = looked.get(id);
      if (waiting >= MOST_WAITING || (before !== undefined && Math.abs(now - before) < AGAIN_MS)) return;
      looked.set(id, now);
      waiting += 1;
      try {
        await turns.run(() => read(id, found));
      } catch (e) {
        looked.delete(id); // what could not be put on record is looked at when it is said again
        throw e;
      } finally {
        waiting -= 1;
      }
    },
  };
}
