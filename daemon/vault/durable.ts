import { mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../domain/error.js';

/** Makes the entries of a directory (new names, removed names) survive a power cut. */
async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory and its missing parents (mode 0750) and makes each new name durable. */
export async function makeDirDurably(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true, mode: 0o750 });
  if (!first) return;
  const stop = dirname(first);
  for (let at = dirname(dir); ; at = dirname(at)) {
    await syncDir(at);
    if (at === stop || at === dirname(at)) return;
  }
}

/**
 * Writes a whole file, or nothing: to `<path>.tmp`, fsync, rename, fsync of the directory. When the promise resolves
 * the file is on the disk under its name; when it rejects, an older file of that name is as it was and no `.tmp` is
 * left. An error of the source is passed on. Gives the number of bytes written.
 */
export async function writeDurably(
  path: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  mode = 0o640,
): Promise<number> {
  const tmp = `${path}.tmp`;
  await rm(tmp, { force: true }); // left by a crash
  const handle = await open(tmp, 'wx', mode);
  try {
    let bytes = 0;
    try {
      await handle.chmod(mode); // whatever the umask
      for await (const chunk of source instanceof Uint8Array ? [source] : source) {
        await writeAll(handle, chunk);
        bytes += chunk.length;
      }
      await handle.sync();
      const { size } = await handle.stat();
      if (size !== bytes) throw fail('internal', `${size} bytes are in ${tmp} where ${bytes} were written.`);
    } finally {
      await handle.close();
    }
    await rename(tmp, path);
    await syncDir(dirname(path));
    return bytes;
  } catch (error) {
    await rm(tmp, { force: true });
    throw error;
  }
}

/** FileHandle.write may write less than it was given; this does not. */
async function writeAll(handle: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.length - done);
    done += bytesWritten;
  }
}

/** Removes a file so that it stays removed. Gives false if it was not there; throws every error but ENOENT. */
export async function removeDurably(path: string): Promise<boolean> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  await syncDir(dirname(path));
  return true;
}
