import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';

/** What every authenticator app understands (RFC 6238): SHA-1, six digits, a new code each 30 s, 160 bits of secret. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const SECRET_BYTES = 20;
/** A code of the step before and of the one after is good too: clocks differ, and people type slowly. */
const STEPS_AROUND = 1;

export const newTotpSecret = (): Buffer => randomBytes(SECRET_BYTES);

const secretOf = (bytes: Uint8Array) => new Secret({ buffer: Uint8Array.from(bytes).buffer });

/** A secret as it is typed into an app. */
export const base32 = (secret: Uint8Array): string => secretOf(secret).base32;

/** Returns the 30 s step to which a typed code belongs, now (ms since 1970) or just before or after; null for a wrong one. */
export function stepOf(secret: Uint8Array, typed: string, now: number): number | null {
  const token = typed.replace(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const totp = new TOTP({ ...FORM, secret: secretOf(secret) });
  const delta = totp.validate({ token, timestamp: now, window: STEPS_AROUND });
  return delta === null ? null : totp.counter({ timestamp: now }) + delta;
}

/** Returns the address (otpauth://) by which an app takes a secret, in base32, over. */
export function totpUri(secret: string, { site, person }: { site: string; person: string }): string {
  const names = { issuer: site.replaceAll(':', ' '), label: person.replaceAll(':', ' ') };
  return new TOTP({ ...FORM, ...names, secret: Secret.fromBase32(secret) }).toString();
}
