import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Decrypter, Encrypter } from 'age-encryption';
import { fail } from '../domain/error.js';

// The age file format, https://c2sp.org/age (age-encryption.org/v1):
//   header text "age-encryption.org/v1\n" ... "--- MAC\n" | 16-byte nonce | chunks of 64 KiB, each with a 16-byte tag
// The package makes and reads the header. The payload is done here because node's own cipher is several times as fast
// and because a chunk can then be opened without those before it.

/** Plaintext bytes in every chunk but the last. */
export const chunkBytes = 64 * 1024;
const tagBytes = 16;
/** Bytes that a full chunk takes in the file. */
export const sealedChunkBytes = chunkBytes + tagBytes;
/** Bytes of the random value between the header and the payload. */
export const nonceBytes = 16;

const versionLine = 'age-encryption.org/v1\n';
const cipherName = 'chacha20-poly1305';

/** Makes the header of a new file for these recipients ("age1...") and the file key that it wraps. */
export async function createHeader(recipients: string[]): Promise<{ header: Buffer; fileKey: Buffer }> {
  let fileKey: Buffer | undefined;
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  // One more recipient that adds nothing to the header and only learns the file key.
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Buffer.from(key);
      return [];
    },
  });
  const whole = Buffer.from(await encrypter.encrypt(new Uint8Array(0)));
  const header = whole.subarray(0, whole.length - nonceBytes - tagBytes);
  if (fileKey?.length !== 16 || headerLength(whole) !== header.length) {
    throw fail('internal', 'The header of an age file could not be made.');
  }
  return { header, fileKey };
}

/** Length in bytes of the age header at the start of `head`; undefined when there is none, or not all of it. */
export function headerLength(head: Buffer): number | undefined {
  if (!head.subarray(0, versionLine.length).equals(Buffer.from(versionLine))) return undefined;
  const mac = head.indexOf('\n--- ');
  const end = mac < 0 ? -1 : head.indexOf('\n', mac + 1);
  return end < 0 ? undefined : end + 1;
}

/**
 * Gives the file key of a header, its MAC verified. `key` is an identity ("AGE-SECRET-KEY-1...") or the file key from
 * an earlier look. Throws key_missing for a text that is no identity, and seal_damaged when the header was altered or
 * belongs to another identity: the two cannot be told apart.
 */
export async function openHeader(header: Buffer, key: string | Uint8Array): Promise<Buffer> {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(typeof key === 'string' ? key : { unwrapFileKey: () => key });
  } catch (error) {
    throw fail('key_missing', 'The text given is not an age identity.', error);
  }
  try {
    return Buffer.from(await decrypter.decryptHeader(header));
  } catch (error) {
    throw fail('seal_damaged', 'Its header does not fit its key.', error);
  }
}

/** The key of the payload, from the file key and the nonce that follows the header. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** A fresh nonce for a payload. */
export function payloadNonce(): Buffer {
  return randomBytes(nonceBytes);
}

function chunkNonce(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12); // an 11-byte big-endian counter and the flag
  nonce.writeUIntBE(index, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Seals chunk number `index` (from 0): the ciphertext and its tag. */
export function sealChunk(key: Uint8Array, index: number, last: boolean, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(cipherName, key, chunkNonce(index, last), { authTagLength: tagBytes });
  const body = cipher.update(plain);
  return Buffer.concat([body, cipher.final(), cipher.getAuthTag()]);
}

/** Opens what sealChunk made. Throws seal_damaged when a byte, the place or the last-chunk flag is not the same. */
export function openChunk(key: Uint8Array, index: number, last: boolean, sealed: Uint8Array): Buffer {
  const body = sealed.subarray(0, -tagBytes);
  const decipher = createDecipheriv(cipherName, key, chunkNonce(index, last), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    const plain = decipher.update(body);
    decipher.final();
    return plain;
  } catch (error) {
    throw fail('seal_damaged', `Chunk ${index} does not fit its tag.`, error);
  }
}

/** Turns plaintext of any cut into sealed chunks; an empty source gives one empty last chunk, as the format asks. */
export async function* sealPayload(
  source: AsyncIterable<Uint8Array>,
  key: Uint8Array,
): AsyncGenerator<Buffer> {
  const block = Buffer.allocUnsafe(chunkBytes);
  let filled = 0;
  let index = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      // A full block waits for the next byte: only then is it known not to be the last.
      if (filled === chunkBytes) {
        yield sealChunk(key, index++, false, block);
        filled = 0;
      }
      const take = Math.min(chunkBytes - filled, piece.length - at);
      block.set(piece.subarray(at, at + take), filled);
      filled += take;
      at += take;
    }
  }
  yield sealChunk(key, index, true, block.subarray(0, filled));
}

/** Bytes that a payload of this many plaintext bytes takes in the file, nonce not counted. */
export function sealedPayloadBytes(plainBytes: number): number {
  return plainBytes + tagBytes * Math.max(1, Math.ceil(plainBytes / chunkBytes));
}

/**
 * What a payload of this many bytes in the file holds: its number of chunks and of plaintext bytes. Throws
 * seal_damaged for a length that no payload has.
 */
export function payloadShape(payloadBytes: number): { chunks: number; plainBytes: number } {
  const chunks = Math.ceil(payloadBytes / sealedChunkBytes);
  const last = payloadBytes - (chunks - 1) * sealedChunkBytes;
  if (chunks < 1 || last < tagBytes || (last === tagBytes && chunks > 1)) {
    throw fail('seal_damaged', 'Its length is not that of a whole file.');
  }
  return { chunks, plainBytes: payloadBytes - chunks * tagBytes };
}
