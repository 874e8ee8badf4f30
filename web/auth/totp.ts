import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { create } from 'qrcode';

/** What every authenticator app understands (RFC 6238): SHA-1, six digits, a new code each 30 s, 160 bits of secret. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const SECRET_BYTES = 20;
/** A code of the step before and of the one after is good too: clocks differ, and people type slowly. */
const STEPS_AROUND = 1;

export const newTotpSecret = (): Buffer => randomBytes(SECRET_BYTES);

const totpOf = (secret: Uint8Array, more: { issuer?: string; label?: string } = {}) =>
  new TOTP({ ...FORM, ...more, secret: new Secret({ buffer: Uint8Array.from(secret).buffer }) });

/** The 30 s step to which a typed code belongs, now (ms since 1970) or just before or after; null for a wrong one. */
export function stepOf(secret: Uint8Array, typed: string, now: number): number | null {
  const token = typed.replace(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const totp = totpOf(secret);
  const delta = totp.validate({ token, timestamp: now, window: STEPS_AROUND });
  return delta === null ? null : totp.counter({ timestamp: now }) + delta;
}

/** What an app is told: as text to type, as an address, and as a QR code: the dark squares of `size` by `size` as an SVG path. */
export function forApp(secret: Uint8Array, { site, person }: { site: string; person: string }) {
  const totp = totpOf(secret, { issuer: site.replaceAll(':', ' '), label: person.replaceAll(':', ' ') });
  const uri = totp.toString();
  const { modules } = create(uri, { errorCorrectionLevel: 'M' });
  const { size, data } = modules;
  let path = '';
  for (let row = 0; row < size; row++)
    for (let from = 0; from < size; from++) {
      let until = from;
      while (until < size && data[row * size + until]) until++;
      if (until === from) continue;
      path += `M${from} ${row}h${until - from}v1h-${until - from}z`;
      from = until;
    }
  return { secret: totp.secret.base32, uri, qr: { size, path } };
}
