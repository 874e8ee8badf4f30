import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Certificates are shorter. */
const MAX_BYTES = 1 << 20;

/**
 * Reads a small file in a folder that another process may write. Follows no link, and does not wait for a pipe, which would
 * stop this process. Throws when it is not a plain file of at most 1 MiB.
 */
export function readPlain(file: string): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(fd);
    if (!found.isFile() || found.size > MAX_BYTES)
      throw new Error(`${file} is not a plain file of at most 1 MiB.`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
