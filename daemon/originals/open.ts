import { createHash } from 'node:crypto';
import { type FileHandle, lstat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { openFile, within } from './beneath.js';

/** A file that was opened, and is read through this handle only. */
export type OpenOriginal = {
  bytes: number;
  /** When it was last written to, in ms since 1970. */
  writtenAt: number;
  /** One name, and no device, pipe or folder. */
  plain: boolean;
  /** Its first bytes, as many as there are. */
  head(bytes: number): Promise<Buffer>;
  /**
   * Its hash, in lower-case hex. `alike`: of 16-bit stereo between these places, whether both channels are the same to the last bit.
   */
  hash(stereo: { from: number; until: number } | null): Promise<{ sha256: string; alike: boolean }>;
  /** Its content from the beginning. Fails with `changed` set where that has not this hash. */
  read(sha256: string): Readable;
  /** It has neither grown nor been written to since it was opened. */
  unchanged(): Promise<boolean>;
  /** It is the file that has this name in its folder now. */
  named(): Promise<boolean>;
  close(): Promise<void>;
};

const PIECE = 256 << 10;

export type Facts = { size: number; mtimeMs: number; plain: boolean };
/** An open file, here or in another process (apart/remote). */
export type FileSource = {
  facts(): Promise<Facts>;
  /** So many bytes from this place on; fewer at its end. */
  read(at: number, bytes: number): Promise<Buffer>;
  named(): Promise<boolean>;
  close(): Promise<void>;
};

/** Throws what open(2) does. The folder stays open as long as `named` is asked. */
export async function createFileSource(folder: FileHandle, name: string): Promise<FileSource> {
  const handle = await openFile(folder, name);
  return {
    async facts() {
      const stat = await handle.stat();
      return { size: stat.size, mtimeMs: stat.mtimeMs, plain: stat.isFile() && stat.nlink === 1 };
    },
    async read(at, bytes) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(bytes), 0, bytes, at);
      return buffer.subarray(0, bytesRead);
    },
    async named() {
      const [now, stat] = [await lstat(within(folder, name)), await handle.stat()];
      return now.ino === stat.ino && now.dev === stat.dev;
    },
    close: () => handle.close(),
  };
}

/** Throws what open(2) does. */
export const openOriginal = async (folder: FileHandle, name: string): Promise<OpenOriginal> =>
  originalFrom(await createFileSource(folder, name));

/** Closes the source where it cannot be read. */
export async function originalFrom(source: FileSource): Promise<OpenOriginal> {
  try {
    const { size, mtimeMs, plain } = await source.facts();
    return {
      ...{ bytes: size, writtenAt: Math.round(mtimeMs), plain },
      async head(bytes) {
        return size === 0 ? Buffer.alloc(0) : source.read(0, Math.min(bytes, size));
      },
      async hash(stereo) {
        const hash = createHash('sha256');
        const alike = stereo && createAlike(stereo);
        for await (const chunk of pieces(source, size)) {
          hash.update(chunk);
          alike?.write(chunk);
        }
        return { sha256: hash.digest('hex'), alike: alike?.result() ?? false };
      },
      read: (sha256) => Readable.from(verified(source, size, sha256), { objectMode: false }),
      async unchanged() {
        const now = await source.facts();
        return now.size === size && now.mtimeMs === mtimeMs;
      },
      named: source.named,
      close: source.close,
    };
  } catch (e) {
    await source.close();
    throw e;
  }
}

async function* pieces(source: FileSource, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const piece = await source.read(at, Math.min(PIECE, size - at));
    if (piece.length === 0) return;
    at += piece.length;
    yield piece;
  }
}

/** Its content; the last piece comes only once all of it has this hash. */
async function* verified(source: FileSource, size: number, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let held: Buffer | null = null;
  for await (const chunk of pieces(source, size)) {
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  if (hash.digest('hex') !== sha256)
    throw Object.assign(new Error('it changed while it was read'), { changed: true });
  if (held) yield held;
}

/** Compares the channels of 16-bit stereo, in pieces that are cut anywhere. */
function createAlike({ from, until }: { from: number; until: number }) {
  let at = 0;
  let alike = until > from;
  const frame = Buffer.alloc(4);
  return {
    write(chunk: Buffer): void {
      const first = Math.max(0, from - at);
      const last = Math.min(chunk.length, until - at);
      for (let i = first; alike && i < last; i++) {
        const place = (at + i - from) & 3;
        frame[place] = chunk[i]!;
        if (place === 3) alike = frame[0] === frame[2] && frame[1] === frame[3];
      }
      at += chunk.length;
    },
    result: (): boolean => alike,
  };
}
