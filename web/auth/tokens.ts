import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { Session, Token } from '../../daemon/catalogue/people.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import { fail } from '../../daemon/domain/error.js';
import { lacksFactor } from '../../daemon/domain/people/factor.js';
import type { TokenRight } from '../../daemon/domain/people/person.js';
import { createBuckets, type Limit } from '../../daemon/ops/buckets.js';
import type { Audit } from '../audit/audit.js';
import { plainAddress } from './came-from.js';
import { hashed } from './secrets.js';
import { network } from './tries.js';

/** Requests with one token, and tries with tokens that are not known from one address. */
const USES: Limit = { burst: 600, hourly: 18_000 };
const MISSES: Limit = { burst: 30, hourly: 300 };
/** Use is written down at most this often, so that reading is not a write. */
const TOUCH_MS = 60_000;
const DAY_MS = 86_400_000;

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
  audit,
  now,
}: {
  catalogue: Pick<Catalogue, 'token' | 'tokenUsed' | 'factorState'>;
  audit: Pick<Audit, 'audited'>;
  now: () => number;
}) {
  const buckets = createBuckets({ now });
  const take = (key: string, limit: Limit): void => {
    const bucket = buckets.level(key, limit);
    if (bucket.left < 1) throw fail('too_many', `Try again in ${buckets.wait(bucket, limit)} s.`);
    bucket.left -= 1;
  };

  /** The token with this hash, as the session of somebody who may do just that; null for one that is good for nothing. */
  async function check(tokenHash: string): Promise<(Session & { token: Token }) | null> {
    const found = await catalogue.token(tokenHash);
    const at = now();
    if (!found || at >= found.token.expiresAt || at < found.token.createdAt - TOUCH_MS) return null;
    const { token, person } = found;
    // A role of theirs requires a second factor and they have none: nothing they could do without one is done by a token.
    if (lacksFactor(await catalogue.factorState(person.id))) return null;
    return {
      ...{ tokenHash, id: token.id, person: { ...person, only: token.rights }, renew: false, token },
      ...{ createdAt: token.createdAt, seenAt: at, expiresAt: token.expiresAt },
      ...{ address: '', agent: '' },
      ...{ proofs: [], provedAt: 0, owes: 'nothing' as const, failed: { count: 0, lastAt: null } },
    };
  }

  return {
    check,

    /** Makes one, writes the entry, and gives it in the clear, this once. */
    async make(
      userId: string,
      name: string,
      rights: TokenRight[],
      days: number,
      entry: (id: string) => NewEntry,
    ) {
      const secret = `td_${randomBytes(32).toString('base64url')}`;
      const at = now();
      const token = { id: ulid(at), userId, name, rights, createdAt: at, expiresAt: at + days * DAY_MS };
      await audit.audited(entry(token.id)).addToken(token, hashed(secret));
      return { secret, token: { ...token, usedAt: null, usedFrom: '' } satisfies Token };
    },

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
      if (at - used >= TOUCH_MS || at < used) await catalogue.tokenUsed(token.id, at, plainAddress(ip));
      return { session: { ...session, address: plainAddress(ip) }, token };
    },
  };
}
