import { closeSync, constants, existsSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fail } from '../../domain/error.js';

export type Output = {
  file: string;
  /** Writes it whole. */
  write(source: Readable): Promise<void>;
  /** Closes it; removes it again if it was made here and not written. May be called again. */
  close(): void;
};

/**
 * Opens a file to be written later: before the command gives up root, who may be the only one to write there. Throws
 * `request_invalid` when it is there already and not `force`.
 */
export function openOutput(file: string, force = false): Output {
  const made = !existsSync(file);
  const flags = constants.O_WRONLY | constants.O_CREAT | (force ? 0 : constants.O_EXCL);
  let fd: number | null;
  try {
    fd = openSync(file, flags, 0o600);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
    throw fail('request_invalid', `${file} is there already; --force writes over it.`);
  }
  let written = false;
  return {
    file,
    async write(source) {
      if (fd === null) throw fail('internal', `${file} is closed.`);
      ftruncateSync(fd, 0);
      // A stream on it would close the descriptor when the source fails.
      for await (const chunk of source)
        for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk as Buffer, done);
      written = true;
    },
    close() {
      if (fd === null) return;
      closeSync(fd);
      fd = null;
      if (written || !made) return;
      try {
        rmSync(file);
      } catch {
        // The folder is root's, and root was given up.
        process.stderr.write(`${file} was created and is empty or incomplete; remove it.\n`);
      }
    },
  };
}
