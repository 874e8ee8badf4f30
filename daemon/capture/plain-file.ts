import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Found } from '../domain/recording/captures.js';

/**
 * Opens a file for reading: the file itself, not what a link leads to, and without waiting for a writer, which a named
 * pipe would. Throws the system's error. What was opened need not be a plain file: see `describe`.
 */
export const openItself = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);

/** Returns what a rule about files is decided by. */
export const describe = (stat: { isFile(): boolean; uid: number; nlink: number }): Found => ({
  plain: stat.isFile(),
  uid: stat.uid,
  links: stat.nlink,
});
