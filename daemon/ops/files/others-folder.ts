import {
  closeSync,
  constants,
  type Dirent,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '../../domain/error.js';

/**
 * What root does in folders that others can change, such as those of Asterisk's user. A path is opened folder by folder, each from the
 * one before it, so that a name that somebody swaps meanwhile leads nowhere. Links that root alone could have made are followed; one in
 * a folder that others can change is refused, and so is there everything but a folder and a plain file with one name. Processes of
 * other users may only do what the system lets them, and follow every link.
 */

/** open(2): the place alone, without opening what is there. The same on every platform that there is a package for. */
const O_PATH = 0o10000000;
const HERE = O_PATH | constants.O_NOFOLLOW;
const MOST_LINKS = 40;

/** A folder that is open. */
type Folder = {
  fd: number;
  stats: Stats;
  /** Root's, and reached through folders of root's in which nobody else can move it. */
  fixed: boolean;
  /** Fixed, and nobody else can put anything into it. */
  closed: boolean;
};

/** A name in a folder that is open; there need not be anything of that name. */
export type Place = {
  /** For system calls that take a path: in that folder, whatever becomes of the folder's own name. */
  path: string;
  /** Another name in the same folder. */
  beside(name: string): string;
  name: string;
  folder: Stats;
  /** Whether only root can change what is in the folder. */
  closed: boolean;
  /** Whose links were followed to it, where others than root could change them. */
  through: number[];
  /** Without links, for people. */
  shown: string;
};

type How = {
  /** Makes the folders that are missing. */
  make?: boolean;
  /** Follows no link in the place of the last name, not even root's. */
  itself?: boolean;
  /**
   * For what is only read: follows links of others too. `openPlain` then opens only what belongs to the owner of the link's folder, or
   * what everybody may read: with root's rights nothing else is read than with theirs.
   */
  follow?: boolean;
};

/**
 * Calls `work` with the place that a path leads to, and closes it afterwards. Throws `path_untrusted`, and what open(2) does.
 */
export function atPlace<T>(path: string, work: (place: Place) => T, how: How = {}): T {
  const folders = [openFolder('/', null)];
  const names: string[] = [];
  const through: number[] = [];
  const leave = () => {
    closeSync(folders.pop()!.fd);
    names.pop();
  };
  try {
    const rest = partsOf(resolve(path));
    for (let links = 0; ; ) {
      const name = rest.shift() ?? '.';
      const folder = folders.at(-1)!;
      if (name === '..') {
        if (names.length > 0) leave();
        continue;
      }
      const at = within(folder, name);
      const shown = `/${[...names, ...(name === '.' ? [] : [name])].join('/')}`;
      const found = lstatSync(at, { throwIfNoEntry: false });
      if (found?.isSymbolicLink() && !(how.itself && rest.length === 0)) {
        if (!folder.closed && !how.follow)
          throw untrusted({ shown, folder: folder.stats, closed: false }, found);
        if (!folder.closed) through.push(folder.stats.uid);
        if (++links > MOST_LINKS)
          throw Object.assign(new Error(`${path}: too many links`), { code: 'ELOOP' });
        const target = readlinkSync(at);
        if (target.startsWith('/')) while (names.length > 0) leave();
        rest.unshift(...partsOf(target));
        continue;
      }
      if (rest.length === 0) {
        const { stats, closed } = folder;
        const beside = (other: string) => within(folder, other);
        return work({ path: at, beside, name, folder: stats, closed, through, shown });
      }
      if (!found && how.make) mkdirSync(at, 0o755);
      folders.push(opened(at, shown, folder));
      names.push(name);
    }
  } catch (e) {
    throw named(e, folders, names);
  } finally {
    for (const { fd } of folders) closeSync(fd);
  }
}

/** An error of the system, with the paths that people know. */
function named(e: unknown, folders: readonly Folder[], names: readonly string[]): unknown {
  if (!(e instanceof Error)) return e;
  const known = (text: string) =>
    text.replace(/\/proc\/self\/fd\/(\d+)(?=\/)/g, (whole, fd) => {
      const at = folders.findIndex((folder) => folder.fd === Number(fd));
      return at < 0 ? whole : ['', ...names.slice(0, at)].join('/');
    });
  const { path, dest } = e as { path?: string; dest?: string };
  return Object.assign(e, {
    message: known(e.message),
    ...(path !== undefined && { path: known(path) }),
    ...(dest !== undefined && { dest: known(dest) }),
  });
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
const within = ({ fd }: Folder, name: string): string => `/proc/self/fd/${fd}/${name}`;

/** Throws `path_untrusted` for what is no folder, where others could have put it there. */
function opened(at: string, shown: string, above: Folder): Folder {
  try {
    return openFolder(at, above);
  } catch (e) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found && !found.isDirectory() && !above.closed)
      throw untrusted({ shown, folder: above.stats, closed: false }, found);
    throw e;
  }
}

function openFolder(at: string, above: Folder | null): Folder {
  const fd = openSync(at, HERE | constants.O_DIRECTORY);
  const stats = fstatSync(fd);
  // What others may do is for the system to say where this process is not root.
  const fixed =
    !isRoot() || ((above?.fixed ?? true) && stats.uid === 0 && (!isOpen(stats) || isSticky(stats)));
  return { fd, stats, fixed, closed: !isRoot() || (fixed && !isOpen(stats)) };
}

const isRoot = (): boolean => process.getuid?.() === 0;
/** Whether others than root can write, by the mode; root's group counts as root. */
export const isOpen = ({ mode, gid }: Stats): boolean => (mode & (gid === 0 ? 0o002 : 0o022)) !== 0;
const isSticky = ({ mode }: Stats): boolean => (mode & 0o1000) !== 0;

/** The error for what is in the way. */
function untrusted({ shown, folder, closed }: Pick<Place, 'shown' | 'folder' | 'closed'>, found: Stats) {
  const whose = folder.uid === 0 ? 'others than root' : `user id ${folder.uid}`;
  return fail(
    'path_untrusted',
    `${shown} is ${kindOf(found)}${closed ? '' : `, in a folder that ${whose} can change`}.`,
  );
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return 'a symbolic link';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isDirectory()) return `a folder of user id ${found.uid}`;
  if (!found.isFile()) return 'a device or socket';
  return found.nlink > 1 ? `a file with ${found.nlink} names (hard links)` : `a file of user id ${found.uid}`;
}

/**
 * Opens the plain file at a place; null where there is nothing. Throws `path_untrusted` for anything else, and for a file with a second
 * name where others could have made that.
 */
export function openPlain(
  place: Place,
  flags: number = constants.O_RDONLY,
): { fd: number; stats: Stats } | null {
  let here: number;
  try {
    here = openSync(place.path, HERE);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw e;
  }
  try {
    const stats = fstatSync(here);
    const foreign = place.through.some((uid) => uid !== stats.uid) && (stats.mode & 0o004) === 0;
    if (!stats.isFile() || (stats.nlink > 1 && !place.closed) || foreign) throw untrusted(place, stats);
    // Only now: to open a pipe or a device is to do something with it.
    return { fd: openSync(`/proc/self/fd/${here}`, flags), stats };
  } finally {
    closeSync(here);
  }
}

/** Reads the plain file at a place; null where there is none of at most so many bytes. Throws what `openPlain` does. */
export function readAt(
  place: Place,
  most = Number.POSITIVE_INFINITY,
): { bytes: Buffer; stats: Stats } | null {
  const open = openPlain(place);
  if (!open) return null;
  try {
    return open.stats.size > most ? null : { bytes: readFileSync(open.fd), stats: open.stats };
  } finally {
    closeSync(open.fd);
  }
}

/** Returns what is known of the folder at a place; null where there is nothing. Throws `path_untrusted` for anything else. */
export function folderAt(place: Place): Stats | null {
  const found = lstatSync(place.path, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) throw untrusted(place, found);
  return found ?? null;
}

/** Returns what is in the folder at a place. Throws what open(2) does. */
export function entriesAt(place: Place): Dirent[] {
  const fd = openSync(place.path, HERE | constants.O_DIRECTORY);
  try {
    return readdirSync(`/proc/self/fd/${fd}`, { withFileTypes: true });
  } finally {
    closeSync(fd);
  }
}

/** Returns what `work` does; null where a name on the way is not there. */
export function ifThere<T>(work: () => T): T | null {
  try {
    return work();
  } catch (e) {
    if (!['ENOENT', 'ENOTDIR'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e;
    return null;
  }
}

/**
 * Makes a folder, or takes the one that is there, and gives it to an owner with exactly these rights; `setgid` and the like are not
 * subject to the umask. Throws `path_untrusted` for a folder that is neither root's nor that owner's.
 */
export function makeFolderAt(place: Place, mode: number, owner: { uid: number; gid: number }): void {
  if (!lstatSync(place.path, { throwIfNoEntry: false })) mkdirSync(place.path, 0o700);
  const here = openSync(place.path, HERE);
  try {
    const stats = fstatSync(here);
    const known = [0, owner.uid, process.getuid?.()].includes(stats.uid);
    if (!stats.isDirectory() || (!place.closed && !known)) throw untrusted(place, stats);
    const fd = openSync(`/proc/self/fd/${here}`, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      if (isRoot()) fchownSync(fd, owner.uid, owner.gid);
      fchmodSync(fd, mode);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(here);
  }
}
