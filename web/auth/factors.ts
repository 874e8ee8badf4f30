import type { Catalogue } from '../../daemon/catalogue/catalogue.js';
import type { Session } from '../../daemon/catalogue/people.js';
import type { NewEntry } from '../../daemon/domain/assurance/audit.js';
import { fail } from '../../daemon/domain/error.js';
import { type SecondProof, waitAfter } from '../../daemon/domain/people/factor.js';
import type { Person } from '../../daemon/domain/people/person.js';
import type { FactorSecrets } from '../../daemon/vault/factor-secrets.js';
import type { Audit } from '../audit/audit.js';
import { createKept } from './kept.js';
import { hashed, newRecoveryCode, plainCode } from './secrets.js';
import { forApp, newTotpSecret, stepOf } from './totp.js';

/** What opens another way in, or gives rights, needs a password or a factor that was given this short a time ago. */
export const FRESH_MS = 10 * 60_000;
const RECOVERY_CODES = 10;
/** How long an app may take to be set up. */
const ENROL_WITHIN_MS = 10 * 60_000;

export type FactorDesk = ReturnType<typeof createFactors>;

/** Codes of authenticator apps, and recovery codes: making them and taking them. */
export function createFactors({
  catalogue,
  audited,
  secrets,
  siteName,
  now,
}: {
  catalogue: Catalogue;
  audited: Audit['audited'];
  secrets: FactorSecrets;
  siteName: string;
  now: () => number;
}) {
  const enrolments = createKept<Buffer>({ now, forMs: ENROL_WITHIN_MS });

  async function isTotp(userId: string, code: string): Promise<boolean> {
    const totp = await catalogue.totp(userId);
    if (!totp) return false;
    const step = stepOf(secrets.open(userId, totp.sealed), code, now());
    return step !== null && (await catalogue.useTotpStep(userId, step));
  }

  const desk = {
    /**
     * Takes a code of an app or a recovery code and says which it was; or, after five wrong ones of an app in whatever
     * sessions, the seconds to wait. A browser in which they have signed in before (`device`) waits for its own only. A recovery
     * code cannot be guessed (80 bits): nobody waits for it, nor for wrong ones. Throws `factor_wrong`.
     */
    async take(
      userId: string,
      code: string,
      device: string | null,
    ): Promise<{ proof: SecondProof } | { waitSeconds: number }> {
      if (!/^[\s\d]{6,8}$/.test(code)) {
        if (await catalogue.useRecoveryCode(userId, hashed(plainCode(code))))
          return { proof: 'recovery_code' };
        throw fail('factor_wrong');
      }
      const { until } = await catalogue.takeFactorTry(userId, device, now(), waitAfter);
      if (until !== null) return { waitSeconds: Math.ceil((until - now()) / 1000) };
      if (await isTotp(userId, code)) return { proof: 'totp' };
      throw fail('factor_wrong');
    },

    /** A new secret for an app; it counts from when a code of it was right. */
    beginTotp(person: Person, tokenHash: string) {
      const secret = newTotpSecret();
      enrolments.keep(secret, tokenHash);
      return forApp(secret, { site: siteName, person: person.name });
    },

    /** Throws `factor_wrong`; then the same secret may be tried again. */
    async confirmTotp(person: Person, tokenHash: string, code: string, entry: NewEntry): Promise<void> {
      const secret = enrolments.take(tokenHash);
      if (!secret) throw fail('factor_wrong', 'It took too long: begin again.');
      const step = stepOf(secret, code, now());
      if (step === null) {
        enrolments.keep(secret, tokenHash);
        throw fail('factor_wrong');
      }
      await audited(entry).saveTotp(person.id, {
        sealed: secrets.seal(person.id, secret),
        addedAt: now(),
        lastStep: step,
      });
    },

    /** Ten new ones in the place of the old, to be shown this once. */
    async newRecoveryCodes(userId: string, entry: NewEntry | null = null): Promise<string[]> {
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      await (entry ? audited(entry) : catalogue).saveRecoveryCodes(
        userId,
        codes.map((code) => hashed(plainCode(code))),
      );
      return codes;
    },

    /** Those that go with a first factor; null when there are some already. */
    async firstRecoveryCodes(userId: string): Promise<string[] | null> {
      const { recoveryCodes } = await catalogue.factorState(userId);
      return recoveryCodes > 0 ? null : desk.newRecoveryCodes(userId);
    },

    /**
     * Whether the factors may be changed in this session, a token made or rights given. Throws `second_factor_needed`: who has
     * only the password must not add a factor of their own beside the owner's; and `proof_needed`.
     */
    mayChange(session: Session): void {
      if (session.owes === 'factor') throw fail('second_factor_needed');
      if (now() - session.provedAt > FRESH_MS) throw fail('proof_needed');
    },
  };
  return desk;
}
