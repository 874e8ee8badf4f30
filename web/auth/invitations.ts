import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { Ended, Invitation } from '../../daemon/catalogue/people.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import type { Audit } from '../audit/audit.js';
import { hashed, newCode, plainCode } from './secrets.js';

/** How long a link is good. */
const GOOD_MS = 3 * 86_400_000;

export type Invitations = ReturnType<typeof createInvitations>;

/**
 * Links by which somebody chooses a password that nobody else knows: good once, for three days, only their hash kept. The
 * code stands behind the # of the address, which browsers send to no server. Whoever used one is not signed in by it: that
 * they do themselves, with whatever else signing in asks of them.
 */
export function createInvitations({
  catalogue,
  audit,
  now,
}: {
  catalogue: Pick<Catalogue, 'invited'>;
  audit: Pick<Audit, 'audited'>;
  now: () => number;
}) {
  return {
    /** A new one for this person, and its code, to be told to them alone. */
    make(userId: string): { code: string; invitation: Invitation } {
      const code = newCode();
      const madeAt = now();
      const codeHash = hashed(plainCode(code));
      return { code, invitation: { userId, codeHash, madeAt, expiresAt: madeAt + GOOD_MS } };
    },
    /** Whose it is, or null. */
    find: (code: string) => catalogue.invited(hashed(plainCode(code)), now()),
    /** Uses it up and writes the entry. Null when another was quicker. */
    accept: (code: string, passwordHash: string, entry: (ended: Ended) => NewEntry) =>
      audit
        .audited<Ended | null>((ended) => ended && entry(ended))
        .acceptInvitation(hashed(plainCode(code)), passwordHash, now()),
  };
}
