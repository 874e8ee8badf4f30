import { constants, type Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { diskError } from '../../domain/error.js';

/** Flags to open a file with: a pipe does not block, and a link is not followed. */
export const SAFELY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const codeOf = (e: unknown): string => (e as NodeJS.ErrnoException).code ?? '';
export const isAbsent = (e: unknown): boolean => codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR';

/** Yields what is in a folder: nothing where there is no such folder. Throws as `diskError` has it. */
export async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  let entries: AsyncIterable<Dirent>;
  try {
    entries = await opendir(folder);
  } catch (e) {
    if (isAbsent(e)) return;
    throw diskError(e);
  }
  yield* entries;
}
