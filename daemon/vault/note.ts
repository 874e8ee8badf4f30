import { createHash, createPublicKey } from 'node:crypto';
import { bodyOf, type Checkpoint, keyHashPrefix, type Note, noteOf } from '../domain/assurance/checkpoint.js';
import { type SigningKey, verifySignature } from './signing-key.js';

/** Signs a checkpoint, and gives it as a note (c2sp.org/signed-note). */
export function signNote(key: SigningKey, checkpoint: Checkpoint): string {
  const body = bodyOf(checkpoint);
  const { origin } = checkpoint;
  return noteOf(body, origin, keyHash(key.publicKeyPem, origin), key.sign(Buffer.from(body)));
}

/** The id of the key that has signed a note, out of these (by their ids, as PEM); null where it was none of them. */
export function signerOf(note: Note, keys: ReadonlyMap<string, string>): string | null {
  for (const [id, pem] of keys)
    if (
      keyHash(pem, note.origin) === note.keyHash &&
      verifySignature(pem, Buffer.from(note.body), note.signature)
    )
      return id;
  return null;
}

function keyHash(pem: string, origin: string): string {
  try {
    const raw = Buffer.from(String(createPublicKey(pem).export({ format: 'jwk' }).x), 'base64url');
    return createHash('sha256').update(keyHashPrefix(origin)).update(raw).digest('hex').slice(0, 8);
  } catch {
    return '';
  }
}
