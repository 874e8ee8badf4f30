import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const cipherName = 'chacha20-poly1305';
const nonceBytes = 12;
const tagBytes = 16;

/** Wraps a secret under a 32-byte key: nonce, ciphertext, tag. What it belongs to is bound to it as `aad`. */
export function wrap(key: Uint8Array, plain: Uint8Array, aad: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(aad), { plaintextLength: plain.length });
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `wrap` made. Throws when the key is another, or a byte or `aad` is not the same. */
export function unwrap(key: Uint8Array, wrapped: Uint8Array, aad: string): Buffer {
  const body = wrapped.subarray(nonceBytes, -tagBytes);
  const nonce = wrapped.subarray(0, nonceBytes);
  const decipher = createDecipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(aad), { plaintextLength: body.length });
  decipher.setAuthTag(wrapped.subarray(-tagBytes));
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

/** The same with whichever of these keys opens it; undefined when none does. */
export function unwrapWithAny(
  keys: readonly Uint8Array[],
  wrapped: Uint8Array,
  aad: string,
): { plain: Buffer; key: Uint8Array } | undefined {
  for (const key of keys) {
    try {
      return { plain: unwrap(key, wrapped, aad), key };
    } catch {
      // another key
    }
  }
  return undefined;
}
