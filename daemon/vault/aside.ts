import { randomBytes } from 'node:crypto';
import { lstatSync, renameSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asideFolder } from '../domain/paths.js';
import { syncDirNow } from '../ops/files/sync-dir.js';

/** What is under a name, without following a link; null for nothing. */
export const look = (path: string): Stats | null => lstatSync(path, { throwIfNoEntry: false }) ?? null;

/**
 * Whether what is under a name can be a file of ours: a plain file that is not a second name for another file. A file that
 * the group may write (the catalogue's) can be given a second name by the group, so that one counts as ours.
 */
export const isPlain = (found: Stats): boolean =>
  found.isFile() && (found.nlink === 1 || (found.mode & 0o060) === 0o060);

/**
 * The files beside a catalogue that are not SQLite's own: links, pipes, folders, and any rollback journal with something in
 * it. The catalogue never has one (a new one is made elsewhere, with a write-ahead log), and one that somebody else has put
 * there could name any file, which SQLite would delete.
 */
export function strangersBeside(catalogue: string): string[] {
  return ['-journal', '-wal', '-shm']
    .map((ending) => `${catalogue}${ending}`)
    .filter((path) => {
      const found = look(path);
      if (!found) return false;
      return !isPlain(found) || (path.endsWith('-journal') && found.size > 0);
    });
}

/** Moves what is under a name to where only the recorder can reach it. Gives both names, for people. */
export function putAside(dataDir: string, path: string): string {
  const to = join(asideFolder(dataDir), `${basename(path)}-${randomBytes(4).toString('hex')}`);
  renameSync(path, to);
  syncDirNow(asideFolder(dataDir));
  syncDirNow(dirname(path));
  return `${path} (now ${to})`;
}
