import { constants, existsSync } from 'node:fs';
import { mkdir, open, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, fail } from '../domain/error.js';
import { asMounted } from '../ops/files/read-only.js';

/**
 * After an fsync that failed, a second one may succeed although what was written is lost: the system has forgotten the
 * pages. So nothing here is synced twice: what could not be is taken back, and whoever tries again writes it anew. Errors
 * of the disk are thrown as `disk_full`, `disk_failed`, `disk_read_only` and `service_read_only`.
 */

/** Makes the entries of a directory (new names, removed names) survive a power cut. */
async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory and its missing parents (mode 0750) and makes each new name durable, or makes none of them. */
export async function makeDirDurably(dir: string): Promise<void> {
  let first: string | undefined;
  try {
    first = await mkdir(dir, { recursive: true, mode: 0o750 });
    if (!first) return;
    for (const at of upTo(dirname(dir), dirname(first))) await syncDir(at);
  } catch (error) {
    if (first) for (const at of upTo(dir, first)) await rmdir(at).catch(() => {});
    throw diskError(asMounted(error));
  }
}

function* upTo(from: string, top: string): Generator<string> {
  for (let at = from; ; at = dirname(at)) {
    yield at;
    if (at === top || at === dirname(at)) return;
  }
}

/**
 * Writes a whole file, or nothing: to `<path>.tmp`, fsync, rename, fsync of the directory. When the promise resolves
 * the file is on the disk under its name; when it rejects, an older file of that name is as it was and no `.tmp` is
 * left. Only where the last step failed the older one is gone, and the new one too. An error of the source is passed
 * on. Gives the number of bytes written.
 */
export async function writeDurably(
  path: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  mode = 0o640,
): Promise<number> {
  const tmp = `${path}.tmp`;
  try {
    await rm(tmp, { force: true }); // left by a crash
    return await write(tmp, path, source, mode);
  } catch (error) {
    await rm(tmp, { force: true }).catch(() => {}); // what went wrong before is what is to be known
    throw diskError(asMounted(error));
  }
}

/**
 * Writes a small file in place, for who may write it and no other name beside it; makes it with this mode where it is not there.
 * Resolves once it is on the disk. After a power cut a part of it may be there: readers have to check.
 */
export async function writeInPlace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  try {
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
    const isNew = !existsSync(path);
    const handle = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode);
    try {
      if (isNew) await handle.chmod(mode); // whatever the umask
      await handle.truncate();
      await writeAll(handle, bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (isNew) await syncDir(dirname(path));
  } catch (error) {
    throw diskError(asMounted(error));
  }
}

async function write(
  tmp: string,
  path: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  mode: number,
): Promise<number> {
  const handle = await open(tmp, 'wx', mode);
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
  try {
    await syncDir(dirname(path));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return bytes;
}

/** FileHandle.write may write less than it was given; this does not. */
async function writeAll(handle: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.length - done);
    done += bytesWritten;
  }
}

/**
 * Removes a file so that it stays removed. Gives false if it was not there; that is made durable too, because whoever
 * removed it may have failed after it. Throws every error but ENOENT.
 */
export async function removeDurably(path: string): Promise<boolean> {
  try {
    const was = await removed(path);
    if (!was) await stir(dirname(path));
    await syncDir(dirname(path));
    return was;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // nor is its directory
    throw diskError(asMounted(error));
  }
}

async function removed(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Changes a directory, so that its next fsync has something to write. */
async function stir(dir: string): Promise<void> {
  const mark = join(dir, `.stir-${process.pid}`);
  await (await open(mark, 'w', 0o600)).close();
  await unlink(mark);
}
