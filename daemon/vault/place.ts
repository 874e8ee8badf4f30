import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncDirNow } from '../ops/files/sync-dir.js';

/** Makes a folder (mode 0750), durable when this returns. Its parent has to be there. */
export function makeFolderNow(dir: string): void {
  if (existsSync(dir)) return;
  mkdirSync(dir, { recursive: true, mode: 0o750 });
  syncDirNow(dirname(dir));
}

/** Overwrites what an open file holds with zeros, durable when this returns. */
export function wipeNow(fd: number): void {
  const zeros = Buffer.alloc(fstatSync(fd).size);
  for (let at = 0; at < zeros.length; ) at += writeSync(fd, zeros, at, zeros.length - at, at);
  fsyncSync(fd);
}

/**
 * Puts a small file in its place at once: whole, with this mode, durable when this returns. `over` replaces one that is
 * there; without it that is EEXIST, and never is half a file to be seen. Made by root, it belongs to `owner`, or to the owner of
 * `like`, or of the directory. `half` is where it is written first.
 */
export function placeNow(
  file: string,
  bytes: Uint8Array | string,
  {
    mode,
    over = false,
    like = dirname(file),
    owner,
    half = `${file}.${randomBytes(6).toString('hex')}.tmp`,
  }: { mode: number; over?: boolean; like?: string; owner?: { uid: number; gid: number }; half?: string },
): void {
  const fd = openSync(half, 'wx', 0o600);
  let placed = false;
  try {
    try {
      const data = Buffer.from(bytes as string);
      for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
      if (process.getuid?.() === 0) {
        const { uid, gid } = owner ?? statSync(like);
        fchownSync(fd, uid, gid);
      }
      fchmodSync(fd, mode); // whatever the umask
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (over) renameSync(half, file);
    else linkSync(half, file); // fails if the name is taken
    placed = over;
  } finally {
    if (!placed) unlinkSync(half);
  }
  syncDirNow(dirname(file));
}
