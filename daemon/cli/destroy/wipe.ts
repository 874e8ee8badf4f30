import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail, TapedeckError } from '../../domain/error.js';
import { keysFolder, signingKeyFile, tlsFolder, upgradeFolder } from '../../domain/paths.js';
import { atPlace, ifThere, isOpen, type Place } from '../../ops/files/others-folder.js';

const run = promisify(execFile);

/**
 * Run by a process of its own, as the owner of what it removes: root must not follow what somebody has put into a folder of theirs.
 * Links are removed and not followed. Where `overwrite` is set, each file is overwritten before.
 */
const WIPE = `
  const fs = require('node:fs'), { join } = require('node:path');
  const { user, paths, begin, overwrite, keep } = JSON.parse(process.argv[1]);
  if (user) { process.setgroups([]); process.setgid(user.gid); process.setuid(user.uid); }
  const left = [];
  const spoil = (file, size) => {
    const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const fd = fs.openSync(file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
    for (let at = 0; at < size; at += 65536) fs.writeSync(fd, Buffer.alloc(Math.min(65536, size - at)), 0, undefined, at);
    fs.fsyncSync(fd);
    fs.closeSync(fd);
  };
  const remove = (path) => {
    try {
      const found = fs.lstatSync(path);
      if (found.isDirectory()) {
        let names = [];
        // A folder of another user, who has emptied it before: whose name it is may be removed all the same.
        try { names = fs.readdirSync(path); } catch (e) { if (e.code !== 'EACCES') throw e; }
        for (const name of names) remove(join(path, name));
        fs.rmdirSync(path);
        return;
      }
      // A file of another user in this one's folder was overwritten by a process of theirs.
      const mine = [0, found.uid].includes(process.getuid());
      if (overwrite && mine && found.isFile() && found.nlink === 1) spoil(path, found.size);
      if (!keep) fs.unlinkSync(path);
    } catch (e) { if (e.code !== 'ENOENT') left.push(path + ': ' + e.code); }
  };
  for (const path of paths) {
    if (begin === null) { remove(path); continue; }
    let names = [];
    // A folder that this user may not read is left to the one around it, where it is all that goes.
    try { names = fs.readdirSync(path); } catch (e) { if (e.code !== 'ENOENT' && !(e.code === 'EACCES' && begin === '')) left.push(path + ': ' + e.code); }
    for (const name of names.filter((one) => one.startsWith(begin))) remove(join(path, name));
  }
  process.stdout.write(JSON.stringify(left));
`;

type User = { uid: number; gid: number };
type Given = {
  paths: string[];
  /** Only what is directly in the paths and whose name begins so; null: the paths themselves, with all that is in them. */
  begin?: string | null;
  overwrite?: boolean;
  /** Only overwritten, and not removed. */
  keep?: boolean;
};

/** Returns what could not be removed, with the system's code for why. `owner`: becomes them first, where this process is root. */
async function wipe(
  owner: User,
  { paths, begin = null, overwrite = false, keep = false }: Given,
): Promise<string[]> {
  const user = process.getuid!() === 0 && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : null;
  const question = JSON.stringify({ user, paths, begin, overwrite, keep });
  const { stdout } = await run(process.execPath, ['-e', WIPE, question], {
    ...{ env: {}, cwd: '/', maxBuffer: 64 << 20 },
  });
  return JSON.parse(stdout) as string[];
}

/**
 * Removes what is in a folder, or a file or link itself, as whoever may: as root only what nobody else can change meanwhile. Returns what
 * is left, and nothing where there is nothing.
 */
async function wipeAt(path: string, how: Omit<Given, 'paths'> = {}): Promise<string[]> {
  try {
    const itself = how.begin === undefined;
    const found = ifThere(() => atPlace(path, whoRemoves, { itself }));
    if (!found) return [];
    return await wipe(found.who, { begin: found.folder ? '' : null, ...how, paths: [found.shown] });
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    return [e.detail];
  }
}

/** Its owner; or the owner of the folder that it is in, where that is not root's alone. Throws `path_untrusted` where that is root too. */
function whoRemoves({ path, shown, folder: above, closed }: Place) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  const folder = found.isDirectory();
  const roots = closed && !(folder && isOpen(found));
  const who = folder && found.uid !== 0 ? found : roots ? ROOT : above;
  if (who.uid === 0 && !roots)
    throw fail('path_untrusted', `${shown} is root's, and others can change what is there`);
  return { who: { uid: who.uid, gid: who.gid }, folder, shown };
}
const ROOT: User = { uid: 0, gid: 0 };

/** Overwrites and removes the keys of the data directory: after that no recording can be opened. Returns what is left. */
export async function wipeKeys(dataDir: string): Promise<string[]> {
  const left = await spoilOthers(tlsFolder(dataDir));
  for (const of of [keysFolder, signingKeyFile, tlsFolder, upgradeFolder])
    left.push(...(await wipeAt(of(dataDir), { overwrite: true })));
  return left;
}

/** Overwrites what is another user's in a folder, as that user: the dashboard's keys lie in a folder of the recorder's. */
async function spoilOthers(folder: string): Promise<string[]> {
  const owner = lstatSync(folder, { throwIfNoEntry: false });
  if (!owner?.isDirectory() || process.getuid!() !== 0) return [];
  const others = readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name }) => join(folder, name))
    .flatMap((path) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (!found || found.uid === owner.uid || found.uid === ROOT.uid) return [];
      return [{ path, user: { uid: found.uid, gid: found.gid } }];
    });
  const left: string[] = [];
  for (const { path, user } of others)
    left.push(...(await wipe(user, { paths: [path], overwrite: true, keep: true })));
  return left;
}

/** Removes the data directory. Its folders have different owners. Returns what is left; a mount point stays. */
export async function wipeData(dataDir: string): Promise<string[]> {
  if (!existsSync(dataDir)) return [];
  const left: string[] = [];
  for (const name of readdirSync(dataDir))
    if (lstatSync(join(dataDir, name), { throwIfNoEntry: false })?.isDirectory())
      left.push(...(await wipeAt(join(dataDir, name))));
  left.push(...(await wipeAt(dataDir)));
  try {
    rmdirSync(dataDir);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code !== 'EBUSY' && code !== 'ENOENT' && left.length === 0) left.push(`${dataDir}: ${code}`);
  }
  return left;
}

/** Removes what Asterisk has written for Tapedeck and is not sealed: speech in the clear. Returns what is left. */
export const wipeSpool = (spool: string): Promise<string[]> => wipeAt(spool, { begin: 'tapedeck-' });

/** Overwrites and removes files such as the master key. Returns what is left. */
export async function wipeFiles(files: string[]): Promise<string[]> {
  const left: string[] = [];
  for (const file of files) left.push(...(await wipeAt(file, { overwrite: true })));
  return left;
}

const WRITTEN_BY_SETUP = /^# Written by "tapedeck setup/;

/** Removes the drop-ins that setup wrote: with those for secrets that are gone, the recorder of a new installation cannot start. */
export function removeDropIns(systemd: string): void {
  for (const service of ['tapedeck', 'tapedeck-web']) {
    const dir = join(systemd, `${service}.service.d`);
    if (!existsSync(dir)) continue;
    for (const name of readdirSync(dir)) {
      const file = join(dir, name);
      if (/^setup.*\.conf$/.test(name) && WRITTEN_BY_SETUP.test(readFileSync(file, 'utf8'))) rmSync(file);
    }
    if (readdirSync(dir).length === 0) rmdirSync(dir);
  }
}

/**
 * Removes the folder of the configuration, `last` after everything else in it, so that an interrupted run can be repeated. Returns what
 * is left: then `last` stays too.
 */
export async function removeConfiguration(dir: string, last: string[]): Promise<string[]> {
  const left: string[] = [];
  for (const path of readdirSync(dir).map((name) => join(dir, name))) {
    if (last.includes(path)) continue;
    if (!lstatSync(path).isDirectory()) {
      rmSync(path);
      continue;
    }
    left.push(...(await wipeAt(path)));
    if (left.length === 0) rmdirSync(path);
  }
  if (left.length > 0) return left;
  for (const file of last) rmSync(file, { force: true });
  rmdirSync(dir);
  return [];
}
