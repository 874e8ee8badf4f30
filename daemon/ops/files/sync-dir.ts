import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes the entries of a directory survive a power cut. */
export function syncDirNow(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
