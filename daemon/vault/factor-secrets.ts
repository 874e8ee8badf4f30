import { hkdfSync } from 'node:crypto';
import { fail } from '../domain/error.js';
import type { MasterKeys } from './master-key.js';
import { unwrapWithAny, wrap } from './wrap.js';

/** Names the purpose and the form: another of either is another key. */
const INFO = 'tapedeck second factors, version 1';

export type FactorSecrets = ReturnType<typeof createFactorSecrets>;

const derived = (masterKey: Uint8Array): Buffer => Buffer.from(hkdfSync('sha256', masterKey, '', INFO, 32));
const boundTo = (userId: string): string => `totp ${userId}`;

/**
 * Seals the secrets of authenticator apps, for the catalogue. The key is derived from the master key (HKDF, RFC 5869), so that
 * there is no second key to guard and to back up, and what a thief of the catalogue has is useless without it. The person's id
 * is bound in: a secret moved to another person's row does not open. Both throw what `master` throws.
 */
export function createFactorSecrets(master: () => Pick<MasterKeys, 'current' | 'next' | 'reread'>) {
  return {
    seal(userId: string, secret: Uint8Array): Buffer {
      const { current, reread } = master();
      // While the master key is being changed, the one that stays.
      return wrap(derived(reread().at(-1) ?? current), secret, boundTo(userId));
    },

    /** Throws `factor_unreadable` for what was sealed with another master key, or for somebody else. */
    open(userId: string, sealed: Uint8Array): Buffer {
      const { current, next, reread } = master();
      const known = next ? [next, current] : [current];
      const opened =
        unwrapWithAny(known.map(derived), sealed, boundTo(userId)) ??
        unwrapWithAny(reread().map(derived), sealed, boundTo(userId));
      if (!opened) throw fail('factor_unreadable');
      return opened.plain;
    },
  };
}

/** Seals all of them under another master key. May be interrupted, and called again. */
export async function resealFactors(
  kept: {
    totps(): Promise<{ userId: string; sealed: Uint8Array }[]>;
    resealTotp(userId: string, before: Uint8Array, after: Uint8Array): Promise<void>;
  },
  from: Uint8Array,
  to: Uint8Array,
): Promise<void> {
  const [old, anew] = [derived(from), derived(to)];
  for (const { userId, sealed } of await kept.totps()) {
    const opened = unwrapWithAny([anew, old], sealed, boundTo(userId));
    // One that neither opens was of no use before.
    if (opened?.key === old) await kept.resealTotp(userId, sealed, wrap(anew, opened.plain, boundTo(userId)));
  }
}
