import { statSync } from 'node:fs';
import { fail } from '../../domain/error.js';

/** Whose folder it is, when this process is root and the folder is not root's; null when there is nothing to give up. */
export function ownerToBecome(dir: string): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const found = statSync(dir, { throwIfNoEntry: false });
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : null;
}

/**
 * Run as root, becomes the user who owns the folder, for good: groups, gid and uid, the saved ones among them. The dashboard
 * can write some of what is in the data directory, so that root must not follow what it finds there. Does nothing for
 * everybody else, and in a folder of root's own. Throws `root_kept` where Node.js refuses: one that is built with the system's libuv,
 * such as Debian 13's 20.19.2, fears that io_uring would keep the rights (CVE-2024-22017), whatever UV_USE_IO_URING says.
 */
export function becomeOwnerOf(dir: string): void {
  const owner = ownerToBecome(dir);
  if (!owner) return;
  try {
    process.setgroups!([]);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ERR_INVALID_STATE') throw e;
    throw fail('root_kept', process.execPath, e);
  }
  process.setgid!(owner.gid);
  process.setuid!(owner.uid);
  if (process.getuid!() !== owner.uid || process.geteuid!() !== owner.uid || process.getegid!() !== owner.gid)
    throw fail('internal', `Root could not be given up for user id ${owner.uid}.`);
}
