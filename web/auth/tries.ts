import { isIPv6 } from 'node:net';

type Bucket = { left: number; at: number };

const HOUR_MS = 3_600_000;
/** Wrong passwords: how many at once, and how many an hour after that. */
const PER_NAME = { burst: 10, hourly: 10 };
const PER_ADDRESS = { burst: 20, hourly: 60 };
const MOST_BUCKETS = 50_000;
const MOST_KNOWN = 5_000;

export type Tries = ReturnType<typeof createTries>;

/**
 * Limits guessing by name and by address. An address from which a name has signed in before is measured for that name by
 * itself alone, so that guessing from elsewhere does not lock its owner out.
 */
export function createTries({ now }: { now: () => number }) {
  const buckets = new Map<string, Bucket>();
  const known = new Set<string>();

  function level(key: string, { burst, hourly }: { burst: number; hourly: number }): Bucket {
    const at = now();
    const bucket = buckets.get(key) ?? { left: burst, at };
    const passed = Math.max(0, at - bucket.at);
    bucket.left = Math.min(burst, bucket.left + (passed * hourly) / HOUR_MS);
    bucket.at = at;
    buckets.delete(key);
    buckets.set(key, bucket);
    if (buckets.size > MOST_BUCKETS) buckets.delete(buckets.keys().next().value!);
    return bucket;
  }

  return {
    /**
     * Takes a try before the password is looked at, so that many at once do not pass together. Gives what to call when
     * the password was right, or the seconds to wait.
     */
    take(address: string, name: string): { succeeded: () => void } | { waitSeconds: number } {
      const who = name.normalize('NFKC').toLowerCase();
      const pair = `${network(address)} ${who}`;
      const limits = known.has(pair)
        ? [{ key: `both ${pair}`, limit: PER_NAME }]
        : [
            { key: `from ${network(address)}`, limit: PER_ADDRESS },
            { key: `name ${who}`, limit: PER_NAME },
          ];
      const levels = limits.map(({ key, limit }) => ({ bucket: level(key, limit), limit }));
      const empty = levels.find(({ bucket }) => bucket.left < 1);
      if (empty) {
        const missing = 1 - empty.bucket.left;
        return { waitSeconds: Math.ceil((missing * HOUR_MS) / empty.limit.hourly / 1000) };
      }
      for (const { bucket } of levels) bucket.left -= 1;
      return {
        succeeded() {
          for (const { bucket, limit } of levels) bucket.left = Math.min(limit.burst, bucket.left + 1);
          known.delete(pair);
          known.add(pair);
          if (known.size > MOST_KNOWN) known.delete(known.values().next().value!);
        },
      };
    },
  };
}

/** What one machine can choose freely counts as one address: the last 64 bits of IPv6. */
export function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const zeros = Array(Math.max(0, 8 - front.length - back.length)).fill('0');
  return `${[...front, ...(address.includes('::') ? zeros : []), ...back].slice(0, 4).join(':')}::/64`;
}
