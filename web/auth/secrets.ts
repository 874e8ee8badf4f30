import { createHash, randomBytes } from 'node:crypto';

/** What the catalogue keeps in place of a token or a code. Both are random, so a plain hash is enough. */
export const hashed = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** 256 bits, for a cookie. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Without I, L, O and U, which are misread. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 100 bits in five groups of four, to be typed from a screen. */
export function newCode(): string {
  const letters = [...randomBytes(20)].map((byte) => LETTERS[byte % 32]);
  return [0, 4, 8, 12, 16].map((at) => letters.slice(at, at + 4).join('')).join('-');
}

/** A typed code as it was printed: case, spaces and hyphens do not matter, nor letters that look like digits. */
export function plainCode(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
}
