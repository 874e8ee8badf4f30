import { createHash, hash as hashOnce } from 'node:crypto';
import canonicalize from 'canonicalize';

/** The one way to write this value as JSON (RFC 8785): the same bytes whoever writes it. Throws on what JSON has not. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('This value cannot be written as JSON.');
  return text;
}

/** SHA-256 in lower-case hex, of these one after the other. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const [only] = parts;
  // Five times as fast for what is short.
  if (parts.length === 1) return hashOnce('sha256', only!, 'hex');
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** SHA-256 of what is too long to hold: `add` piece by piece, then `hex` once. */
export function sha256Of(): { add(piece: string | Uint8Array): void; hex(): string } {
  const hash = createHash('sha256');
  return { add: (piece) => void hash.update(piece), hex: () => hash.digest('hex') };
}
