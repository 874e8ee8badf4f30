import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fail } from '../domain/error.js';
import {
  asideFolder,
  catalogueFile,
  catalogueFolder,
  controlFolder,
  documentsFolder,
  keysFolder,
  keysWereOpenFile,
  lockFile,
  ownerFolder,
  promptsFolder,
  recorderFolder,
  recordingsFolder,
  signingFolder,
  upgradeFolder,
  workFolder,
} from '../domain/paths.js';
import { syncDirNow } from '../ops/files/sync-dir.js';
import { type Lock, takeLock } from '../ops/lock.js';
import { look, putAside, strangersBeside } from './aside.js';
import { strangersIn } from './strangers.js';
import { takeBack } from './take-back.js';
import { takeOver } from './take-over.js';

/** Others than its owner may write it, or could once: an earlier version's sticky folder for two users. */
const OTHERS_WRITE = 0o1022;
const OTHERS_READ = 0o055;

export type DataFolder = Lock & { strange: string[]; keysWereOpen: boolean; keysTold: () => void };

/**
 * Makes the data directory ready for the recorder, and locks it until `release`. Each step may be repeated: the folders are
 * made, what an earlier version left is taken over, names that only the recorder may use are closed to everybody else.
 * `strange` names the files that are not as they were left, and where those were put that were in the way; `keysWereOpen`:
 * others than the recorder could read the keys until this start, or until one that ended before `keysTold` was called. Throws
 * `data_foreign`, `data_strange`, and `already_running` when another recorder has the directory.
 */
export function openDataFolder(dataDir: string): DataFolder {
  const owner = closed(dataDir, 0o750);
  const folder = (dir: string, mode: number) => closed(dir, mode, owner);
  folder(recorderFolder(dataDir), 0o700);
  const lock = takeLock(lockFile(dataDir));
  try {
    folder(asideFolder(dataDir), 0o700);
    for (const dir of [recordingsFolder, signingFolder, promptsFolder, controlFolder])
      folder(dir(dataDir), 0o750);
    folder(ownerFolder(dataDir), 0o700);
    folder(documentsFolder(dataDir), 0o700);
    if (existsSync(upgradeFolder(dataDir))) folder(upgradeFolder(dataDir), 0o700);
    if (existsSync(workFolder(dataDir))) folder(workFolder(dataDir), 0o700);
    const before = folder(catalogueFolder(dataDir), 0o750);
    folder(keysFolder(dataDir), 0o700);
    const strange = takeOver(dataDir, owner.uid);
    tidy(dataDir);
    strange.push(...takeBack(dataDir, owner, (before.mode & OTHERS_WRITE) !== 0));
    for (const path of strangersBeside(catalogueFile(dataDir))) strange.push(putAside(dataDir, path));
    strange.push(...cutToNothing(catalogueFile(dataDir)), ...strangersIn(dataDir));
    const open = keysWereOpenFile(dataDir);
    return {
      ...lock,
      strange,
      keysWereOpen: existsSync(open),
      keysTold: () => rmSync(open, { force: true }),
    };
  } catch (e) {
    lock.release();
    throw e;
  }
}

type Owner = Pick<Stats, 'uid' | 'gid'>;

/**
 * A folder that its owner alone may write, and alone may read where the mode says so: made if it is missing. Gives it as it was
 * before. Throws `data_foreign`.
 */
function closed(dir: string, mode: number, owner?: Owner): Stats {
  make(dir, mode, owner);
  const found = mine(dir, owner);
  const over = OTHERS_WRITE | (mode & 0o077 ? 0 : OTHERS_READ);
  if (found.mode & over) {
    const less = found.mode & 0o7777 & ~over;
    setMode(dir, less, less & 0o777);
  }
  return found;
}

/**
 * SQLite's shared memory is never empty while there is a log: somebody cut it, which ends every process that has it mapped
 * (SIGBUS). SQLite makes it anew; it is not moved, because a dashboard may be using it.
 */
function cutToNothing(catalogue: string): string[] {
  const [shm, wal] = [look(`${catalogue}-shm`), look(`${catalogue}-wal`)];
  return shm?.size === 0 && wal && wal.size > 0 ? [`${catalogue}-shm (cut to nothing)`] : [];
}

/** Removes what a crash has left of making a new catalogue, and the sockets of earlier versions. */
function tidy(dataDir: string): void {
  const folder = catalogueFolder(dataDir);
  for (const name of readdirSync(folder))
    if (/^catalogue\.db\.new-[0-9a-f]{12}(-journal|-wal|-shm)?$/.test(name)) unlinkSync(join(folder, name));
  for (const socket of [join(dataDir, 'control.sock'), join(signingFolder(dataDir), 'sock')])
    if (look(socket)?.isSocket()) unlinkSync(socket);
}

function make(dir: string, mode: number, owner?: Owner): void {
  // The mode has to be right from the first: a unit with RestrictSUIDSGID= may not set it again on a folder that has inherited
  // the set-group-id bit.
  const umask = process.umask(0o007 & ~mode);
  try {
    mkdirSync(dir, { mode, recursive: owner === undefined });
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    throw fail('data_foreign', `${dir} cannot be created by the user ${whoAmI()} (${code}).`, e);
  } finally {
    process.umask(umask);
  }
  if (owner && process.getuid?.() === 0) chownSync(dir, owner.uid, owner.gid);
  syncDirNow(dirname(dir));
}

/** Throws `data_foreign` when a folder belongs to somebody else: who owns it can change its mode. */
function mine(dir: string, owner?: Owner): Stats {
  const found = lstatSync(dir);
  const me = process.getuid?.() ?? found.uid;
  const right = (uid: number) => uid === me || uid === owner?.uid || (me === 0 && owner === undefined);
  // A link is somebody's decision, to have recordings on another disk: right where it is ours or root's.
  if (found.isSymbolicLink() && (right(found.uid) || found.uid === 0))
    return checked(dir, statSync(dir), right);
  return checked(dir, found, right);
}

function checked(dir: string, found: Stats, right: (uid: number) => boolean): Stats {
  if (!found.isDirectory()) throw fail('data_strange', `${dir} is not a folder.`);
  if (!right(found.uid))
    throw fail('data_foreign', `${dir} belongs to user id ${found.uid}; the recorder runs as ${whoAmI()}.`);
  return found;
}

/** Systemd lets nobody set the set-group-id bit; without it the group still comes from the process. */
function setMode(dir: string, mode: number, without: number): void {
  try {
    chmodSync(dir, mode);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EPERM') throw e;
    chmodSync(dir, without);
  }
}

function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return `user id ${process.getuid?.()}`;
  }
}
