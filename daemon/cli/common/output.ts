import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fail } from '../../domain/error.js';
import { atPlace, openPlain, type Place } from '../../ops/files/others-folder.js';

export type Output = {
  file: string;
  /** Writes it whole. */
  write(source: Readable): Promise<void>;
  /** Closes it; removes it again if it was made here and not written. May be called again. */
  close(): void;
};

/**
 * Opens a file to be written later: before the command gives up root, who may be the only one to write there. Throws
 * `request_invalid` when it is there already and not `force`, and `path_untrusted` where root would write into what somebody else
 * has put there.
 */
export function openOutput(file: string, force = false): Output {
  const made = !existsSync(file);
  // Only root changes what is in /dev, where links lead to pipes and terminals.
  const plain = process.getuid?.() !== 0 || resolve(file).startsWith('/dev/');
  let fd: number | null;
  try {
    fd = plain ? openNew(file, force) : atPlace(file, (place) => openAt(place, force));
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
      const { ino, dev } = fstatSync(fd);
      closeSync(fd);
      fd = null;
      if (written || !made) return;
      try {
        atPlace(file, ({ path }) => {
          const now = lstatSync(path);
          if (now.ino === ino && now.dev === dev) unlinkSync(path);
        });
      } catch {
        // The folder is root's, and root was given up.
        process.stderr.write(`${file} was created and is empty or incomplete; remove it.\n`);
      }
    },
  };
}

const openNew = (path: string, force: boolean): number =>
  openSync(path, constants.O_WRONLY | constants.O_CREAT | (force ? 0 : constants.O_EXCL), 0o600);

function openAt(place: Place, force: boolean): number {
  const had = force ? openPlain(place, constants.O_WRONLY) : null;
  if (!had) return openNew(place.path, false);
  if (place.closed || had.stats.uid === 0) return had.fd;
  closeSync(had.fd);
  throw fail('path_untrusted', `${place.shown} belongs to user id ${had.stats.uid}, who could read it.`);
}
