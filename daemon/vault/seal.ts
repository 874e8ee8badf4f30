import { createHash, type Hash } from 'node:crypto';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { fail } from '../domain/error.js';
import { createHeader, payloadKey, payloadNonce, sealedPayloadBytes, sealPayload } from './age.js';
import { makeDirDurably, writeDurably } from './durable.js';

export type Sealed = {
  path: string;
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

/**
 * Seals a stream into `<dir>/<name>`, a standard age file (https://c2sp.org/age) for `recipient`, in one pass and in
 * constant memory. When the promise resolves the file is durable; when it rejects (the source failed, the disk is full)
 * there is no file, no `.tmp`, and a source that is a Readable is destroyed. `mode` is the file's, 0640 unless told. With
 * `recovery`, whoever has that recipient's identity can open the file too, also when its own key is destroyed.
 */
export async function sealStream(
  source: AsyncIterable<Uint8Array> | Readable,
  target: { recipient: string; recovery?: string; dir: string; name: string; mode?: number },
): Promise<Sealed> {
  try {
    return await seal(source, target);
  } catch (error) {
    if (source instanceof Readable) source.destroy();
    throw error;
  }
}

async function seal(
  source: AsyncIterable<Uint8Array>,
  { recipient, recovery, dir, name, mode }: Parameters<typeof sealStream>[1],
): Promise<Sealed> {
  if (!name || name !== basename(name) || name.startsWith('.'))
    throw fail('internal', `"${name}" is no file name.`);
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

  const path = join(dir, name);
  await makeDirDurably(dir);
  const written = await writeDurably(path, metered(file(), sealed), mode);
  if (written !== sealed.bytes) throw fail('internal', `${written} bytes were written, not ${sealed.bytes}.`);
  return {
    path,
    plainBytes: plain.bytes,
    sealedBytes: sealed.bytes,
    plainSha256: plain.hash.digest('hex'),
    sealedSha256: sealed.hash.digest('hex'),
  };
}
