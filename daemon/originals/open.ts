import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
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

/** Throws what open(2) does. */
export async function openOriginal(folder: FileHandle, name: string): Promise<OpenOriginal> {
  const handle = await openFile(folder, name);
  try {
    const stat = await handle.stat();
    return {
      ...{ bytes: stat.size, writtenAt: Math.round(stat.mtimeMs), plain: stat.isFile() && stat.nlink === 1 },
      async head(bytes) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(bytes, stat.size)), 0, null, 0);
        return buffer.subarray(0, bytesRead);
      },
      async hash(stereo) {
        const hash = createHash('sha256');
        const alike = stereo && createAlike(stereo);
        for await (const chunk of pieces(handle, stat.size)) {
          hash.update(chunk);
          alike?.write(chunk);
        }
        return { sha256: hash.digest('hex'), alike: alike?.result() ?? false };
      },
      read: (sha256) => Readable.from(verified(handle, stat.size, sha256), { objectMode: false }),
      async unchanged() {
        const now = await handle.stat();
        return now.size === stat.size && now.mtimeMs === stat.mtimeMs;
      },
      async named() {
        const now = await lstat(within(folder, name));
        return now.ino === stat.ino && now.dev === stat.dev;
      },
      close: () => handle.close(),
    };
  } catch (e) {
    await handle.close();
    throw e;
  }
}

async function* pieces(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  const source = createReadStream('', {
    ...{ fd: handle, autoClose: false, start: 0, end: size - 1, highWaterMark: PIECE },
  });
  for await (const chunk of source) yield chunk as Buffer;
}

/** Its content; the last piece comes only once all of it has this hash. */
async function* verified(handle: FileHandle, size: number, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let held: Buffer | null = null;
  for await (const chunk of pieces(handle, size)) {
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
