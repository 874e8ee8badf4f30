import { readFileSync, statSync } from 'node:fs';

/**
 * What a file holds; null for a folder, and for what has gone since its name was read: a running recorder makes and
 * removes files, such as those by which it probes disks.
 */
export function bytesOf(path: string): Buffer | null {
  try {
    return statSync(path).isFile() ? readFileSync(path) : null;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw e;
  }
}
