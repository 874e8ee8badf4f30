import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { nameKey } from '../../daemon/domain/people/person.js';
import { hashed } from '../../daemon/ops/secrets/codes.js';
import type { Store } from '../store/store.js';
import type { Limited } from '../store/tries.js';
import { plainAddress } from './came-from.js';

/** Wrong passwords: how many at once, and how many an hour after that. */
const PER_NAME = { burst: 10, hourly: 10 };
const PER_ADDRESS = { burst: 20, hourly: 60 };
/** One machine can have any address of its IPv6 network, and all of an office have theirs in it. */
const PER_NETWORK = { burst: 100, hourly: 300 };

export type Tries = ReturnType<typeof createTries>;

/**
 * Limits guessing by name and by address. An address from which a name has signed in before, and a browser that is known,
 * is measured for that name by itself alone, so that guessing from elsewhere does not lock its owner out. A restart changes
 * nothing of that.
 */
export function createTries({ store: { tries }, now }: { store: Pick<Store, 'tries'>; now: () => number }) {
  function byAddress(address: string): Limited[] {
    const [own, of] = [plainAddress(address), network(address)];
    const one = { key: hashed(`from ${own}`), limit: PER_ADDRESS };
    return of === own ? [one] : [one, { key: hashed(`from ${of}`), limit: PER_NETWORK }];
  }

  return {
    /** Takes a try with something that has no name, such as the code of a link. */
    takeFrom(address: string): { succeeded: () => void } | { waitSeconds: number } {
      const limits = byAddress(address);
      const waitSeconds = tries.take(limits, now());
      return waitSeconds > 0 ? { waitSeconds } : { succeeded: () => tries.giveBack(limits, now()) };
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
      const pair = hashed(`both ${network(address)} ${who}`);
      const known = device !== null || tries.knows(pair);
      const limits =
        device !== null
          ? [{ key: hashed(`device ${device} ${who}`), limit: PER_NAME }]
          : known
            ? [{ key: pair, limit: PER_NAME }]
            : [...byAddress(address), { key: hashed(`name ${who}`), limit: PER_NAME }];
      const waitSeconds = tries.take(limits, now());
      if (waitSeconds > 0) return { waitSeconds };
      return {
        /** Whether this name has signed in from this address or in this browser before. */
        known,
        succeeded() {
          tries.giveBack(limits, now());
          tries.know(pair, now());
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
