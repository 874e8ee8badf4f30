import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fail } from '../domain/error.js';
import {
  catalogueFile,
  catalogueFolder,
  keysFile,
  keysWereOpenFile,
  signingKeyFile,
} from '../domain/paths.js';
import { syncDirNow } from '../ops/files/sync-dir.js';
import { isPlain, look, putAside } from './aside.js';
import { placeNow } from './place.js';

/*
 * In earlier versions the dashboard, another user of the same group, wrote the catalogue and read the keys. Whoever owns a file,
 * or has it open, can do with it what they like: so what is not the recorder's own is made anew or put aside.
 */

/**
 * Takes from the group what it may no longer do. May be repeated, and interrupted anywhere. `open`: the folder of the catalogue
 * was open until now. Where systemd-tmpfiles has closed the folders already, the modes of the files still tell what others could
 * do. Returns what was put aside. That others could read the keys stays on record (`keysWereOpenFile`), since the modes no longer
 * tell it then. Throws `data_foreign` when the catalogue belongs to another user than the data or root.
 */
export function takeBack(dataDir: string, owner: { uid: number; gid: number }, open: boolean): string[] {
  const strange: string[] = [];
  const catalogue = catalogueFile(dataDir);
  const ours = new RegExp(`^${basename(catalogue)}(-wal|-shm)?$`);
  const theirs = open || ((look(catalogue)?.mode ?? 0) & 0o022) !== 0;
  for (const name of theirs ? readdirSync(catalogueFolder(dataDir)).sort() : []) {
    const path = join(catalogueFolder(dataDir), name);
    const found = look(path);
    // The empty one kept the name of the journal from others.
    if (found?.isFile() && found.size === 0 && path === `${catalogue}-journal`) unlinkSync(path);
    else if (found && (!ours.test(name) || !isPlain(found))) strange.push(putAside(dataDir, path));
  }
  for (const path of [`${catalogue}-shm`, `${catalogue}-wal`, catalogue]) {
    const found = look(path);
    if (!found?.isFile()) continue;
    if (found.uid !== owner.uid && found.uid !== 0) {
      if (path === catalogue) throw fail('data_foreign', `${path} belongs to user id ${found.uid}.`);
      if (path.endsWith('-shm'))
        unlinkSync(path); // made again from the log
      else copyAnew(path, owner);
    } else if (found.mode & 0o027) chmodSync(path, found.mode & 0o640);
  }

  for (const path of [keysFile(dataDir), `${keysFile(dataDir)}-journal`, signingKeyFile(dataDir)]) {
    const found = look(path);
    if (!found?.isFile() || (found.mode & 0o077) === 0) continue;
    if (found.mode & 0o044 && path === keysFile(dataDir))
      placeNow(keysWereOpenFile(dataDir), '', { mode: 0o600, over: true });
    chmodSync(path, 0o600);
  }
  return strange;
}

/** Puts a copy in place of a file that another user owns. */
function copyAnew(path: string, owner: { uid: number; gid: number }): void {
  const fresh = `${path}.own`;
  const left = look(fresh);
  if (left) unlinkSync(fresh);
  copyFileSync(path, fresh, constants.COPYFILE_EXCL);
  chmodSync(fresh, 0o640);
  if (process.getuid?.() === 0) chownSync(fresh, owner.uid, owner.gid);
  const fd = openSync(fresh, 'r');
  fsyncSync(fd);
  closeSync(fd);
  renameSync(fresh, path);
  syncDirNow(join(path, '..'));
}

/** Whether the group of the data, which the dashboard is of, or everybody can read a file. False where this user cannot see. */
export function openToGroup(dataDir: string, file: string): boolean {
  const found = seen(file);
  const data = seen(dataDir);
  if (!found?.isFile() || !data) return false;
  return (found.mode & 0o004) !== 0 || ((found.mode & 0o040) !== 0 && found.gid === data.gid);
}

/** Null as well for what is in a folder that this user may not enter, as root's folder with a master key may be. */
function seen(path: string): Stats | null {
  try {
    return look(path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EACCES') return null;
    throw e;
  }
}
