import { createHash, randomBytes } from 'node:crypto';

/** What the catalogue keeps in place of a token or a code. Both are random, so a plain hash is enough. */
export const hashed = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** 256 bits, for a cookie. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Without I, L, O and U, which are misread. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Groups of four, to be typed from a screen or from paper: 20 bits each. */
function codeOf(groups: number): string {
  const letters = [...randomBytes(groups * 4)].map((byte) => LETTERS[byte % 32]);
  return Array.from({ length: groups }, (_, at) => letters.slice(at * 4, at * 4 + 4).join('')).join('-');
}

/** 100 bits. */
export const newCode = (): string => codeOf(5);
/** Whether a text that somebody typed can be such a code. */
export const isCode = (typed: string): boolean => plainCode(typed).length === 20;
/** 80 bits. It has a letter or a hyphen: nobody takes it for the six digits of an app. */
export const newRecoveryCode = (): string => codeOf(4);

/** A typed code as it was printed: case, spaces and hyphens do not matter, nor letters that look like digits. */
export function plainCode(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
}
