import { statSync } from 'node:fs';
import { fail } from '../../domain/error.js';

/** Whose folder it is, when this process is root and the folder is not root's; null when there is nothing to give up. */
export function ownerToBecome(dir: string): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const found = statSync(dir, { throwIfNoEntry: false });
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : null;
}

/**
 * Run as root, becomes the user who owns the folder, for good: gid and uid, the saved ones among them, and of all groups only `groups`. The dashboard
 * can write some of what is in the data directory, so that root must not follow what it finds there. Does nothing for
 * everybody else, and in a folder of root's own. Throws `root_kept` where Node.js refuses: one that is built with the system's libuv,
 * such as Debian 13's 20.19.2, fears that io_uring would keep the rights (CVE-2024-22017), whatever UV_USE_IO_URING says.
 */
export function becomeOwnerOf(dir: string, groups: readonly number[] = []): void {
  const owner = ownerToBecome(dir);
  if (!owner) return;
  setGroups(groups);
  process.setgid!(owner.gid);
  process.setuid!(owner.uid);
  if (process.getuid!() !== owner.uid || process.geteuid!() !== owner.uid || process.getegid!() !== owner.gid)
    throw fail('internal', `Root could not be given up for user id ${owner.uid}.`);
}

/** Throws `root_kept`. */
function setGroups(groups: readonly number[]): void {
  try {
    process.setgroups!(groups);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ERR_INVALID_STATE') throw e;
    throw fail('root_kept', process.execPath, e);
  }
}

/**
 * Run as root, does something with the rights of another user, of all threads, and is root again afterwards: for what is read in
 * folders of others. Nothing else may be going on meanwhile. Throws `root_kept`.
 */
export async function asUser<T>(
  user: { uid: number; gids: readonly number[] } | null,
  work: () => Promise<T>,
): Promise<T> {
  if (process.getuid?.() !== 0 || !user || user.uid === 0) return work();
  const [gid, groups] = [process.getegid!(), process.getgroups!()];
  setGroups(user.gids);
  try {
    process.setegid!(user.gids[0]!);
    process.seteuid!(user.uid);
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(gid);
    process.setgroups!(groups);
  }
}
