import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { nameKey } from '../../daemon/domain/people/person.js';
import { createBuckets } from '../../daemon/ops/buckets.js';
import { plainAddress } from './came-from.js';

/** Wrong passwords: how many at once, and how many an hour after that. */
const PER_NAME = { burst: 10, hourly: 10 };
const PER_ADDRESS = { burst: 20, hourly: 60 };
const MOST_KNOWN = 5_000;

export type Tries = ReturnType<typeof createTries>;

/**
 * Limits guessing by name and by address. An address from which a name has signed in before, and a browser that is known,
 * is measured for that name by itself alone, so that guessing from elsewhere does not lock its owner out.
 */
export function createTries({ now }: { now: () => number }) {
  const buckets = createBuckets({ now });
  const known = new LRUCache<string, true>({ max: MOST_KNOWN });

  return {
    /** Takes a try with something that has no name, such as the code of a link. */
    takeFrom(address: string): { succeeded: () => void } | { waitSeconds: number } {
      const bucket = buckets.level(`from ${network(address)}`, PER_ADDRESS);
      if (bucket.left < 1) return { waitSeconds: buckets.wait(bucket, PER_ADDRESS) };
      bucket.left -= 1;
      return {
        succeeded() {
          bucket.left = Math.min(PER_ADDRESS.burst, bucket.left + 1);
        },
      };
    },

    /**
     * Takes a try before the password is looked at, so that many at once do not pass together. Gives what to call when
     * the password was right, or the seconds to wait. `device`: the browser, if they have signed in in it before.
     */
    take(
      address: string,
      name: string,
      device: string | null = null,
    ): { succeeded: () => void; known: boolean } | { waitSeconds: number } {
      const who = nameKey(name);
      const pair = `${network(address)} ${who}`;
      const isKnown = device !== null || known.has(pair);
      const limits =
        device !== null
          ? [{ key: `device ${device} ${who}`, limit: PER_NAME }]
          : isKnown
            ? [{ key: `both ${pair}`, limit: PER_NAME }]
            : [
                { key: `from ${network(address)}`, limit: PER_ADDRESS },
                { key: `name ${who}`, limit: PER_NAME },
              ];
      const levels = limits.map(({ key, limit }) => ({ bucket: buckets.level(key, limit), limit }));
      const empty = levels.find(({ bucket }) => bucket.left < 1);
      if (empty) return { waitSeconds: buckets.wait(empty.bucket, empty.limit) };
      for (const { bucket } of levels) bucket.left -= 1;
      return {
        /** Whether this name has signed in from this address or in this browser before. */
        known: isKnown,
        succeeded() {
          for (const { bucket, limit } of levels) bucket.left = Math.min(limit.burst, bucket.left + 1);
          known.set(pair, true);
        },
      };
    },
  };
}

/** What one machine can choose freely counts as one address: the last 64 bits of IPv6. */
export function network(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const { parts } = ipaddr.IPv6.parse(plain.split('%')[0]!);
  return `${parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
