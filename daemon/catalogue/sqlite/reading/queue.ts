import { createReader } from '../checked.js';
import { createSegments } from '../segments.js';
import { createFollowing } from './following.js';

/**
 * Returns what waits to be processed, and since when, without loading what else a catalogue can be asked: for a command that asks
 * nothing else. Throws why the catalogue cannot be read, as a reader does.
 */
export function readQueue(path: string): { waiting: number; oldestEndedAt: number | null } {
  const make = (db: Parameters<typeof createSegments>[0]) =>
    createSegments(
      db,
      createReader(() => {}),
      (id) => id,
    );
  const following = createFollowing({ path, make });
  following.start();
  try {
    return following.read((segments) => segments.preserveQueue());
  } finally {
    following.stop();
  }
}
