import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/**
 * A small file system of its own, gone after the test: in memory, or ext4 in a file when `inodes` are to run out. It is
 * put at `at`, else at a place of its own. Gives its place, or what refused when this machine may not mount.
 */
export function mountSmall(
  t: Test,
  { mb, inodes, at }: { mb: number; inodes?: number; at?: string },
): { dir: string; image: string; refused: '' } | { dir: ''; image: ''; refused: string } {
  const base = mkdtempSync(join(tmpdir(), 'tapedeck-disk-'));
  const image = join(base, 'image');
  const dir = at ?? join(base, 'disk');
  mkdirSync(dir, { recursive: true });
  try {
    if (inodes === undefined)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mb}m`, 'none', dir], { stdio: 'pipe' });
    else {
      writeFileSync(image, '');
      truncateSync(image, mb << 20);
      execFileSync('mkfs.ext4', ['-q', '-m', '0', '-N', String(inodes), image], { stdio: 'pipe' });
      execFileSync('mount', ['-o', 'loop', image, dir], { stdio: 'pipe' });
    }
  } catch (e) {
    rmSync(base, { recursive: true });
    return { dir: '', image: '', refused: String((e as { stderr?: Buffer }).stderr ?? e).trim() };
  }
  t.teardown(() => {
    // A test that failed while the disk was off has nothing to take off, and what it began must end all the same.
    spawnSync('umount', ['-l', dir]);
    rmSync(base, { recursive: true });
  });
  return { dir, image, refused: '' };
}

/** Takes up the room in `dir` until `left` bytes are free. Again, with less, after it was used up once. */
export function fill(dir: string, left = 0): void {
  const fd = openSync(join(dir, 'filler'), 'a');
  const chunk = Buffer.alloc(64 << 10, 'x');
  try {
    for (;;) {
      const fs = statfsSync(dir);
      const free = fs.bavail * fs.bsize - left;
      if (free <= 0) return;
      writeSync(fd, chunk, 0, Math.min(free, chunk.length));
    }
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ENOSPC') throw e;
  } finally {
    closeSync(fd);
  }
}

export const unfill = (dir: string): void => rmSync(join(dir, 'filler'), { force: true });
