import { LRUCache } from 'lru-cache';

const HOUR_MS = 3_600_000;
const MOST_BUCKETS = 50_000;

/** How many tries at once, and how many an hour after that. */
export type Limit = { burst: number; hourly: number };
type Bucket = { left: number; at: number };

export type Buckets = ReturnType<typeof createBuckets>;

/** Tries that are used up and come back with time. The clock may be set back; that gives none and takes none. */
export function createBuckets({ now, most = MOST_BUCKETS }: { now: () => number; most?: number }) {
  // With the first try: it takes the room for all of them at once, a megabyte.
  let buckets: LRUCache<string, Bucket> | null = null;

  const made = {
    /** What this key has left now; whoever takes from it writes to `left`. */
    level(key: string, { burst, hourly }: Limit): Bucket {
      buckets ??= new LRUCache<string, Bucket>({ max: most });
      const at = now();
      const bucket = buckets.get(key) ?? { left: burst, at };
      const passed = Math.max(0, at - bucket.at);
      bucket.left = Math.min(burst, bucket.left + (passed * hourly) / HOUR_MS);
      bucket.at = at;
      buckets.set(key, bucket);
      return bucket;
    },
    /** Seconds until a bucket has one again. */
    wait: (bucket: Bucket, { hourly }: Limit): number =>
      Math.ceil(((1 - bucket.left) * HOUR_MS) / hourly / 1000),

    /** Takes one from each of these keys; nothing, and false, where one of them has none left. */
    take(...of: (readonly [key: string, limit: Limit])[]): boolean {
      const levels = of.map(([key, limit]) => made.level(key, limit));
      if (levels.some(({ left }) => left < 1)) return false;
      for (const level of levels) level.left -= 1;
      return true;
    },
  };
  return made;
}
