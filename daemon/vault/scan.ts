import { createHash } from 'node:crypto';
import { open, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../domain/error.js';

const PIECE = 256 * 1024;

/**
 * Reads a file from beginning to end and gives its length and its SHA-256. After each quarter of a megabyte `pause` is
 * waited for, with the ms that reading took. Null when there is no such file; throws disk_failed and its like.
 */
export async function hashFile(
  path: string,
  pause: (tookMs: number) => Promise<void> = async () => {},
): Promise<{ bytes: number; sha256: string } | null> {
  try {
    const handle = await open(path, 'r');
    try {
      const hash = createHash('sha256');
      const piece = Buffer.allocUnsafe(PIECE);
      let bytes = 0;
      for (;;) {
        const began = performance.now();
        const { bytesRead } = await handle.read(piece, 0, PIECE, bytes);
        if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
        hash.update(piece.subarray(0, bytesRead));
        bytes += bytesRead;
        await pause(performance.now() - began);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw diskError(error);
  }
}

/** Bytes of a file; null when there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw diskError(error);
  }
}

/** Every file in a folder and those below it, by its path from `root`. A folder that is not there has none. */
export async function* filesIn(
  root: string,
  folder: string,
): AsyncGenerator<{ path: string; modifiedAt: number }> {
  let dir: Awaited<ReturnType<typeof opendir>>;
  try {
    dir = await opendir(join(root, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw diskError(error);
  }
  for await (const entry of dir) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(root, path);
    else {
      const found = await stat(join(root, path)).catch(() => null);
      if (found) yield { path, modifiedAt: found.mtimeMs };
    }
  }
}
