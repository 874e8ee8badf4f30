import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { Token } from '../../daemon/catalogue/people.js';
import { fail } from '../../daemon/domain/error.js';
import { lacksFactor } from '../../daemon/domain/people/factor.js';
import { createBuckets, type Limit } from '../../daemon/ops/buckets.js';
import type { Log } from '../../daemon/ops/log.js';
import { hashed } from '../../daemon/ops/secrets/codes.js';
import type { Ask } from '../server/ask.js';
import { plainAddress } from './came-from.js';
import type { Session } from './sessions.js';
import { network } from './tries.js';

/** Requests with one token, and tries with tokens that are not known from one address. */
const USES: Limit = { burst: 600, hourly: 18_000 };
const MISSES: Limit = { burst: 30, hourly: 300 };
/** Use is written down at most this often, so that reading is not a write. */
const TOUCH_MS = 60_000;

export type Tokens = ReturnType<typeof createTokens>;

/** What looks like an API token in an Authorization header, right or not; null for anything else. */
export function tokenIn(authorization: string | undefined): string | null {
  return /^Bearer +(td_\S*) *$/i.exec(authorization ?? '')?.[1] ?? null;
}

/**
 * Tokens for programs: `td_` and 256 bits, of which the catalogue has the hash. One is never more than its owner is now,
 * and never more than it was made for.
 */
export function createTokens({
  catalogue,
  ask,
  now,
  log,
}: {
  catalogue: Verbs<'tokens.byHash' | 'factors.state'>;
  ask: Ask;
  now: () => number;
  log: Pick<Log, 'warn'>;
}) {
  const buckets = createBuckets({ now });
  const take = (key: string, limit: Limit): void => {
    const bucket = buckets.level(key, limit);
    if (bucket.left < 1) throw fail('too_many', `Try again in ${buckets.wait(bucket, limit)} s.`);
    bucket.left -= 1;
  };

  /** The token with this hash, as the session of somebody who may do just that; null for one that is good for nothing. */
  async function check(tokenHash: string): Promise<(Session & { token: Token }) | null> {
    const found = await catalogue.tokens.byHash(tokenHash);
    const at = now();
    if (!found || at >= found.token.expiresAt || at < found.token.createdAt - TOUCH_MS) return null;
    const { token, person } = found;
    // A role of theirs requires a second factor and they have none: nothing they could do without one is done by a token.
    if (lacksFactor(await catalogue.factors.state(person.id))) return null;
    return {
      ...{ tokenHash, id: token.id, person: { ...person, only: token.rights }, renew: false, token },
      ...{ createdAt: token.createdAt, seenAt: at, expiresAt: token.expiresAt },
      ...{ address: '', agent: '', epoch: 0, gains: 0 },
      ...{ proofs: [], provedAt: 0, owes: 'nothing' as const, failed: { count: 0, lastAt: null } },
      ...{ epoch: 0, gains: 0 },
    };
  }

  return {
    check,

    /**
     * Whose token this is, as the session of somebody who may do just that; null for one that is not known, has expired
     * or was revoked. Throws `too_many`. Looking for one that there is not is the same work.
     */
    async find(secret: string, ip: string): Promise<{ session: Session; token: Token } | null> {
      const found = await check(hashed(secret));
      if (found === null) {
        take(`from ${network(ip)}`, MISSES);
        return null;
      }
      const { token, ...session } = found;
      take(`token ${token.id}`, USES);
      const at = now();
      const used = token.usedAt ?? Number.NEGATIVE_INFINITY;
      if (at - used >= TOUCH_MS || at < used)
        ask('token_used', { id: token.id, address: plainAddress(ip) }).catch((err: unknown) =>
          log.warn({ err, token: token.id }, 'that a token was used is not written'),
        );
      return { session: { ...session, address: plainAddress(ip) }, token };
    },
  };
}
