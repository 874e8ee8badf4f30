import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { diskError } from '../../../domain/error.js';
import { syncDirNow } from '../../../ops/files/sync-dir.js';

/** One verb that wrote, as it was called. */
export type Line = { verb: string; given: unknown[] };

export type UpgradeJournal = ReturnType<typeof createUpgradeJournal>;

/**
 * What is written while the catalogue is being upgraded, in its order, until the catalogue has it. A line is in the file before its
 * verb is done, so it survives the end of this process at once, and a power failure soon after. The first line names the journal.
 */
export function createUpgradeJournal(file: string) {
  let fd: number | null = null;
  let syncing = false;
  let dirty = false;

  function open(id: string): number {
    if (fd !== null) return fd;
    const found = readJournal(file);
    fd = openSync(
      file,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
    if (!found) {
      write(fd, `${id}\n`);
      syncDirNow(dirname(file));
    } else if (found.torn) write(fd, '\n');
    return fd;
  }

  function sync(): void {
    if (fd === null || syncing) return;
    syncing = true;
    dirty = false;
    fdatasync(fd, () => {
      syncing = false;
      if (dirty) sync();
    });
  }

  return {
    file,
    exists: (): boolean => existsSync(file),
    /** Makes the journal of this name, or goes on with the one that is there. */
    begin: (id: string): void => void open(id),
    /** Throws where the disk takes nothing: the verb must not be done then. */
    append(verb: string, given: readonly unknown[]): void {
      try {
        write(fd!, `${serialize({ verb, given }).toString('base64')}\n`);
      } catch (e) {
        throw diskError(e);
      }
      dirty = true;
      sync();
    },
    close(): void {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
    /** The catalogue has all of it. */
    remove(): void {
      this.close();
      rmSync(file, { force: true });
    },
  };
}

function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

/**
 * Returns what a journal has, from this line on; null where there is none, or none that has a name. `torn`: its last line is cut off,
 * and left out. A line that cannot be read is null.
 */
export function readJournal(
  file: string,
  from = 0,
): { id: string; lines: (Line | null)[]; torn: boolean } | null {
  if (!existsSync(file)) return null;
  const all = readFileSync(file, 'latin1').split('\n');
  const tail = all.pop()!;
  const [id, ...lines] = all;
  if (!id) return null;
  return { id, lines: lines.slice(from).map(lineOf), torn: tail !== '' };
}

function lineOf(text: string): Line | null {
  try {
    const { verb, given } = deserialize(Buffer.from(text, 'base64')) as Line;
    return typeof verb === 'string' && Array.isArray(given) ? { verb, given } : null;
  } catch {
    return null;
  }
}
