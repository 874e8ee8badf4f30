import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { catalogueFile, catalogueFolder, tlsFiles, tlsFolder } from '../domain/paths.js';
import { isPlain, look } from './aside.js';

/** A write-ahead log begins with one of these two numbers (https://www.sqlite.org/fileformat.html, 4.1). */
const WAL_MAGIC = [0x377f0682, 0x377f0683];

/**
 * Returns what lies in the folders that the dashboard may write and is not Tapedeck's, as paths with a reason: names that are
 * none of ours, and what is no plain file. Follows no link and waits for nothing. Who serves a certificate may replace it, so
 * that is not looked for.
 */
export function strangersIn(dataDir: string): string[] {
  const catalogue = basename(catalogueFile(dataDir));
  const { dir: _, ...files } = tlsFiles(dataDir);
  const ours: [folder: string, names: RegExp][] = [
    [
      catalogueFolder(dataDir),
      new RegExp(`^${catalogue}(-journal|-wal|-shm|\\.new-[0-9a-f]{12}(-journal|-wal|-shm)?)?$`),
    ],
    // `.tmp`: one that is being written.
    [
      tlsFolder(dataDir),
      new RegExp(
        `^(${Object.values(files)
          .map((file) => basename(file))
          .join('|')})(\\.tmp)?$`,
      ),
    ],
  ];
  return ours.flatMap(([folder, names]) =>
    entries(folder).flatMap((name) => {
      const path = join(folder, name);
      if (!names.test(name)) return [`${path} (not a name of Tapedeck's)`];
      const found = look(path);
      if (found && !isPlain(found)) return [`${path} (not a plain file)`];
      if (name === `${catalogue}-wal` && isNoLog(path)) return [`${path} (not a log any more)`];
      return [];
    }),
  );
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // it does not exist yet, or is not to be read: whoever needs it says so
  }
}

/** Whether a log was cut while it was in use: SQLite goes on behind the cut, and its beginning is empty. */
function isNoLog(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return false; // it has gone meanwhile
  }
  try {
    const head = Buffer.alloc(4);
    if (!fstatSync(fd).isFile() || readSync(fd, head, 0, 4, 0) < 4) return false;
    return !WAL_MAGIC.includes(head.readUInt32BE());
  } finally {
    closeSync(fd);
  }
}
