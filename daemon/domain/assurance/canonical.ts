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

/** Returns a SHA-256 that takes its text piece by piece; where the pieces are cut makes no difference. `hex` ends it. */
export function sha256Along(): { add(text: string): void; hex(): string } {
  const hash = createHash('sha256');
  return {
    add(text) {
      hash.update(text);
    },
    hex: () => hash.digest('hex'),
  };
}
