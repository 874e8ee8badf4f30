import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** What was asked and is to be answered, such as a challenge: each good once and for a while. */
export function createKept<T>({
  now,
  forMs,
  most = 10_000,
}: {
  now: () => number;
  forMs: number;
  most?: number;
}) {
  const things = new LRUCache<string, { thing: T; until: number }>({ max: most });

  return {
    /** Keeps it under a name that cannot be guessed, or under the one given, where it takes the place of what was there. */
    keep(thing: T, name = randomBytes(24).toString('base64url')): string {
      things.set(name, { thing, until: now() + forMs });
      return name;
    },
    /** Returns it and forgets it; null when it was never there, was taken, or is too old. */
    take(name: string): T | null {
      const found = things.get(name);
      things.delete(name);
      return found && now() < found.until ? found.thing : null;
    },
  };
}
