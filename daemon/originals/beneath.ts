import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens what lies below a folder, step by step from an open folder to the next: a name that somebody swaps for a link meanwhile leads
 * nowhere. Names are bytes, one character each.
 */

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A named pipe would be waited for. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Where an entry of an open folder lies, for system calls that take a path. */
export const within = (folder: FileHandle, name: string): Buffer =>
  Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), Buffer.from(name, 'latin1')]);

/** Opens the folder that is given, which may be a link. Throws what open(2) does. */
export const openRoot = (dir: string): Promise<FileHandle> =>
  open(dir, constants.O_RDONLY | constants.O_DIRECTORY);

/** Throws what open(2) does: ELOOP or ENOTDIR for a link. */
export const openFolder = (folder: FileHandle, name: string): Promise<FileHandle> =>
  open(within(folder, name), FOLDER);

export const openFile = (folder: FileHandle, name: string): Promise<FileHandle> =>
  open(within(folder, name), FILE);

/** Opens the folder in which a path's last name lies. Throws what open(2) does. */
export async function openParent(
  root: FileHandle,
  path: string,
): Promise<{ folder: FileHandle; name: string }> {
  const parts = path.split('/');
  const name = parts.pop()!;
  if ([...parts, name].some((part) => part === '' || part === '.' || part === '..'))
    throw Object.assign(new Error(`not a path below the folder`), { code: 'EINVAL' });
  let folder = await openFolder(root, '.');
  try {
    for (const part of parts) {
      const next = await openFolder(folder, part);
      await folder.close();
      folder = next;
    }
    return { folder, name };
  } catch (e) {
    await folder.close();
    throw e;
  }
}
