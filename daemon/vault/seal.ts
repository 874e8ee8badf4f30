import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { fail } from '../domain/error.js';
import { createHeader, payloadKey, payloadNonce, sealedPayloadBytes, sealPayload } from './age.js';
import type { Place, RecordingStore } from './store/store.js';

export type Sealed = {
  plainBytes: number;
  sealedBytes: number;
  /** SHA-256 in lower-case hex: of what went in, and of the file as it is on the disk. */
  plainSha256: string;
  sealedSha256: string;
};

type Meter = { bytes: number; hash: Hash };

async function* metered(source: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    meter.bytes += chunk.length;
    meter.hash.update(chunk);
    yield chunk;
  }
}

/** Who can open what is sealed: the recording's own recipient and, where there is one, that of the recovery. */
export type Recipients = { recipient: string; recovery?: string };

/**
 * Seals a stream as the file of a recording, a standard age file (https://c2sp.org/age), in one pass and in constant memory.
 * When the promise resolves the file is durable; when it rejects (the source failed, the disk is full) there is no file, and a
 * source that is a Readable is destroyed. Whoever has the identity of `recovery` can open the file too, also when its own key
 * is destroyed.
 */
export async function sealStream(
  store: Pick<RecordingStore, 'put'>,
  place: Place,
  source: AsyncIterable<Uint8Array> | Readable,
  recipients: Recipients,
): Promise<Sealed> {
  try {
    return await seal(store, place, source, recipients);
  } catch (error) {
    if (source instanceof Readable) source.destroy();
    throw error;
  }
}

async function seal(
  store: Pick<RecordingStore, 'put'>,
  place: Place,
  source: AsyncIterable<Uint8Array>,
  { recipient, recovery }: Recipients,
): Promise<Sealed> {
  const { header, fileKey } = await createHeader(recovery ? [recipient, recovery] : [recipient]);
  const nonce = payloadNonce();
  const plain: Meter = { bytes: 0, hash: createHash('sha256') };
  const sealed: Meter = { bytes: 0, hash: createHash('sha256') };

  async function* file(): AsyncGenerator<Uint8Array> {
    yield header;
    yield nonce;
    yield* sealPayload(metered(source, plain), payloadKey(fileKey, nonce));
    const due = header.length + nonce.length + sealedPayloadBytes(plain.bytes);
    // The meter outside of this has counted all but what is checked here: a wrong length never gets its name.
    if (sealed.bytes !== due) throw fail('internal', `Sealing gave ${sealed.bytes} bytes, not ${due}.`);
  }

  const written = await store.put(place, metered(file(), sealed));
  if (written !== sealed.bytes) throw fail('internal', `${written} bytes were written, not ${sealed.bytes}.`);
  return {
    plainBytes: plain.bytes,
    sealedBytes: sealed.bytes,
    plainSha256: plain.hash.digest('hex'),
    sealedSha256: sealed.hash.digest('hex'),
  };
}
