import { randomBytes } from 'node:crypto';
import { statSync, truncateSync } from 'node:fs';
import { open, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Room } from '../domain/room.js';

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

const PROBE = '.tapedeck-probe';
const BLOCK = Buffer.alloc(4096, 'tapedeck ');

/**
 * Whether a small file can be made in `dir`: the system's code for what went wrong, or null. With `sync` it must reach
 * the disk too. It is made anew each time: what was once written and not synced is never asked about again.
 */
export async function probeDisk(dir: string, sync: boolean): Promise<string | null> {
  const path = join(dir, PROBE);
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  try {
    handle = await open(path, 'w', 0o600);
    await handle.writeFile(BLOCK);
    if (sync) await handle.sync();
    return null;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code ?? 'EIO';
  } finally {
    await handle?.close().catch(() => {});
    await unlink(path).catch(() => {});
  }
}

export type Ballast = ReturnType<typeof createBallast>;

const PIECE = 1 << 20;
const SLICES = 8;

/**
 * A file that only takes up room, so that there is some to give back when a disk is full: the row that says so can be
 * written then. It is given back in slices: who fills the disk takes the first of them too.
 */
export function createBallast({ path, bytes }: { path: string; bytes: number }) {
  const size = (): number => {
    try {
      return statSync(path).size;
    } catch {
      return 0;
    }
  };
  return {
    bytes,
    size,
    /** Gives one slice back, at once. False when there is none left, or the disk refuses even that. */
    release(): boolean {
      const now = size();
      if (now === 0) return false;
      try {
        truncateSync(path, Math.max(0, now - Math.ceil(bytes / SLICES)));
        return true;
      } catch {
        return false;
      }
    },
    /** Makes it whole again, durably, a megabyte at a time. What is written cannot be packed by the file system. */
    async make(): Promise<void> {
      const handle = await open(path, 'a', 0o600);
      try {
        for (let at = size(); at < bytes; at += PIECE)
          await handle.write(randomBytes(Math.min(PIECE, bytes - at)));
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
