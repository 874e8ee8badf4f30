import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { fail } from '../domain/error.js';
import {
  chunkBytes,
  headerLength,
  nonceBytes,
  openChunk,
  openHeader,
  payloadKey,
  payloadShape,
  sealedChunkBytes,
} from './age.js';
import type { FileHash, Place, RecordingReader, StoredFile } from './store/store.js';

// One X25519 recipient makes a header of 200 bytes; this leaves room for a hundred.
const headBytes = 16 * 1024;

export type OpenSealed = {
  /** Bytes of plaintext. */
  size: number;
  /** Unwraps this file again without its identity: pass it to openSealed in the identity's place. Keep it in memory only. */
  fileKey: Uint8Array;
  /**
   * Bytes start..end, both included. Only the chunks that hold them are read, and nothing is given out that was not
   * authenticated first. The stream fails with seal_damaged at the first altered chunk. Throws range_unsatisfiable for
   * a range outside of the file; end = start - 1 is the empty range.
   */
  read(start: number, end: number): Readable;
  /** Closes the file. A stream that is still being read fails. */
  close(): Promise<void>;
};

type Store = Pick<RecordingReader, 'open'>;

/**
 * Opens a sealed recording (an age file) with its identity, or with the file key from an earlier opening. The header's
 * MAC and the last chunk are verified before this resolves, so that a file that was cut anywhere is never opened.
 * Throws seal_damaged when the file is missing, a link, cut, altered, or another identity's.
 */
export async function openSealed(
  store: Store,
  place: Place,
  identity: string | Uint8Array,
): Promise<OpenSealed> {
  const file = await store.open(place);
  try {
    return await openFile(file, identity);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Decrypts a sealed recording from beginning to end: bytes and SHA-256 of its content. Throws what `openSealed` throws. */
export async function hashContent(
  store: Store,
  place: Place,
  identity: string | Uint8Array,
): Promise<FileHash> {
  const sealed = await openSealed(store, place, identity);
  try {
    const hash = createHash('sha256');
    for await (const chunk of sealed.read(0, sealed.size - 1)) hash.update(chunk as Buffer);
    return { bytes: sealed.size, sha256: hash.digest('hex') };
  } finally {
    await sealed.close();
  }
}

async function openFile(file: StoredFile, identity: string | Uint8Array): Promise<OpenSealed> {
  const { size: fileBytes } = file;
  const head = await readExactly(file, 0, Math.min(fileBytes, headBytes));
  const headerBytes = headerLength(head);
  if (headerBytes === undefined)
    throw fail('seal_damaged', 'It does not begin with the header of an age file.');
  const payloadStart = headerBytes + nonceBytes;
  const { chunks, plainBytes } = payloadShape(fileBytes - payloadStart);
  const nonce = await readExactly(file, headerBytes, nonceBytes);
  const fileKey = await openHeader(head.subarray(0, headerBytes), identity);
  const key = payloadKey(fileKey, nonce);

  async function chunk(index: number): Promise<Buffer> {
    const at = payloadStart + index * sealedChunkBytes;
    const sealed = await readExactly(file, at, Math.min(sealedChunkBytes, fileBytes - at));
    return openChunk(key, index, index === chunks - 1, sealed);
  }

  async function* range(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at <= end; ) {
      const index = Math.floor(at / chunkBytes);
      const from = index * chunkBytes;
      const plain = await chunk(index);
      yield plain.subarray(at - from, end + 1 - from);
      at = from + plain.length;
    }
  }

  await chunk(chunks - 1);
  return {
    size: plainBytes,
    fileKey,
    read(start, end) {
      const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
      if (!whole || start < 0 || end < start - 1 || end >= plainBytes) {
        throw fail('range_unsatisfiable', `Bytes ${start} to ${end} of ${plainBytes}.`);
      }
      return Readable.from(range(start, end), { objectMode: false });
    },
    close: () => file.close(),
  };
}

async function readExactly(file: StoredFile, at: number, bytes: number): Promise<Buffer> {
  const found = await file.read(at, bytes);
  if (found.length < bytes) throw fail('seal_damaged', 'It ends before it should.');
  return found;
}
