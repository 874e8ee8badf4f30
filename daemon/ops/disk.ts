import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { open, readdir, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Room } from '../domain/operations/room.js';
import { asMounted } from './files/read-only.js';

/** The room where `dir` is, and a number that two directories on one file system share. Null: it is not there. */
export async function readDisk(dir: string): Promise<(Omit<Room, 'fault'> & { device: number }) | null> {
  try {
    const [fs, { dev }] = await Promise.all([statfs(dir), stat(dir)]);
    return {
      device: dev,
      freeBytes: fs.bavail * fs.bsize,
      totalBytes: fs.blocks * fs.bsize,
      freeInodes: fs.files === 0 ? null : fs.ffree,
    };
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw e;
  }
}

const PROBE = /^\.tapedeck-probe-[0-9a-f]{16}$/;
const BLOCK = Buffer.alloc(4096, 'tapedeck ');

/**
 * Whether a small file can be made in `dir`: the system's code for what went wrong, or null. With `sync` it must reach
 * the disk too. It is made anew each time: what was once written and not synced is never asked about again. Nobody can
 * guess its name, and a name that is taken is not opened: the folder may be somebody else's.
 */
export async function probeDisk(dir: string, sync: boolean): Promise<string | null> {
  const path = join(dir, `.tapedeck-probe-${randomBytes(8).toString('hex')}`);
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  try {
    handle = await open(path, 'wx', 0o600);
    await handle.writeFile(BLOCK);
    if (sync) await handle.sync();
    return null;
  } catch (e) {
    return (asMounted(e) as NodeJS.ErrnoException).code ?? 'EIO';
  } finally {
    if (handle) {
      await handle.close().catch(() => {});
      await unlink(path).catch(() => {});
    }
  }
}

/** Removes the probes that a crash has left in `dir`. */
export async function tidyProbes(dir: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => []))
    if (PROBE.test(name)) await unlink(join(dir, name)).catch(() => {});
}

export type Ballast = ReturnType<typeof createBallast>;

const PIECE = 1 << 20;
const SLICES = 8;

/**
 * A file that only takes up room, so that there is some to give back when a disk is full: the row that says so can be
 * written then. It is given back in slices: who fills the disk takes the first of them too. What is not a plain file of one
 * name is neither written nor cut.
 */
export function createBallast({ path, bytes }: { path: string; bytes: number }) {
  /** Does it with the file that is open, whatever has its name meanwhile. */
  function withFile<T>(flags: number, work: (fd: number) => T): T {
    const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
    try {
      const found = fstatSync(fd);
      if (!found.isFile() || found.nlink !== 1) throw new Error(`${path} is not a file of Tapedeck's.`);
      return work(fd);
    } finally {
      closeSync(fd);
    }
  }
  const size = (): number => {
    try {
      return withFile(constants.O_RDONLY, (fd) => fstatSync(fd).size);
    } catch {
      return 0;
    }
  };
  return {
    bytes,
    size,
    /** Gives one slice back, at once. False when there is none left, or the disk refuses even that. */
    release(): boolean {
      try {
        return withFile(constants.O_RDWR, (fd) => {
          const now = fstatSync(fd).size;
          if (now === 0) return false;
          ftruncateSync(fd, Math.max(0, now - Math.ceil(bytes / SLICES)));
          return true;
        });
      } catch {
        return false;
      }
    },
    /** Makes it whole again, durably, a megabyte at a time. What is written cannot be packed by the file system. */
    async make(): Promise<void> {
      withFile(constants.O_RDWR | constants.O_CREAT, () => {});
      const handle = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
      try {
        const found = await handle.stat();
        if (!found.isFile() || found.nlink !== 1) throw new Error(`${path} is not a file of Tapedeck's.`);
        for (let at = found.size; at < bytes; at += PIECE)
          await handle.write(randomBytes(Math.min(PIECE, bytes - at)));
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
