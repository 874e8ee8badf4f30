import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keysFolder, signingKeyFile, tlsFolder, upgradeFolder } from '../../domain/paths.js';

const run = promisify(execFile);

/**
 * Run by a process of its own, as the owner of what it removes: root must not follow what somebody has put into a folder of theirs.
 * Links are removed and not followed. Where `overwrite` is set, each file is overwritten before.
 */
const WIPE = `
  const fs = require('node:fs'), { join } = require('node:path');
  const { user, paths, begin, overwrite } = JSON.parse(process.argv[1]);
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
      if (overwrite && found.isFile() && found.nlink === 1) spoil(path, found.size);
      fs.unlinkSync(path);
    } catch (e) { if (e.code !== 'ENOENT') left.push(path + ': ' + e.code); }
  };
  for (const path of paths) {
    if (begin === null) { remove(path); continue; }
    let names = [];
    try { names = fs.readdirSync(path); } catch (e) { if (e.code !== 'ENOENT') left.push(path + ': ' + e.code); }
    for (const name of names.filter((one) => one.startsWith(begin))) remove(join(path, name));
  }
  process.stdout.write(JSON.stringify(left));
`;

type Given = {
  /** Whose the folder is: becomes them first, where this process is root. */
  owner: { uid: number; gid: number };
  paths: string[];
  /** Only what is directly in the paths and whose name begins so; null: the paths themselves, with all that is in them. */
  begin?: string | null;
  overwrite?: boolean;
};

/** Returns what could not be removed, with the system's code for why. */
async function wipe({ owner, paths, begin = null, overwrite = false }: Given): Promise<string[]> {
  const user = process.getuid!() === 0 && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : null;
  const question = JSON.stringify({ user, paths, begin, overwrite });
  const { stdout } = await run(process.execPath, ['-e', WIPE, question], {
    ...{ env: {}, cwd: '/', maxBuffer: 64 << 20 },
  });
  return JSON.parse(stdout) as string[];
}

const ownerOf = (path: string) => {
  const { uid, gid } = lstatSync(path);
  return { uid, gid };
};

/** Overwrites and removes the keys of the data directory: after that no recording can be opened. Returns what is left. */
export async function wipeKeys(dataDir: string): Promise<string[]> {
  const left: string[] = [];
  for (const path of [keysFolder, signingKeyFile, tlsFolder, upgradeFolder].map((of) => of(dataDir)))
    if (existsSync(path))
      left.push(...(await wipe({ owner: ownerOf(path), paths: insideOf(path), overwrite: true })));
  return left;
}

/** Of a folder what is in it, so that its owner need not own what it is in. */
const insideOf = (path: string): string[] =>
  lstatSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];

/** Removes the data directory. Its folders have different owners. Returns what is left; a mount point stays. */
export async function wipeData(dataDir: string): Promise<string[]> {
  if (!existsSync(dataDir)) return [];
  const left: string[] = [];
  const folders = readdirSync(dataDir).map((name) => join(dataDir, name));
  for (const folder of folders)
    if (lstatSync(folder).isDirectory())
      left.push(...(await wipe({ owner: ownerOf(folder), paths: insideOf(folder) })));
  left.push(...(await wipe({ owner: ownerOf(dataDir), paths: folders })));
  try {
    rmdirSync(dataDir);
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code !== 'EBUSY' && code !== 'ENOENT' && left.length === 0) left.push(`${dataDir}: ${code}`);
  }
  return left;
}

/** Removes what Asterisk has written for Tapedeck and is not sealed: speech in the clear. Returns what is left. */
export async function wipeSpool(spool: string): Promise<string[]> {
  if (!existsSync(spool)) return [];
  return wipe({ owner: ownerOf(spool), paths: [spool], begin: 'tapedeck-' });
}

/** Overwrites and removes files that only this process's user can write, such as the master key. Returns what is left. */
export const wipeFiles = (files: string[]): Promise<string[]> =>
  wipe({ owner: { uid: process.getuid!(), gid: process.getgid!() }, paths: files, overwrite: true });

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

/** Removes the folder of the configuration, `last` after everything else in it, so that an interrupted run can be repeated. */
export function removeConfiguration(dir: string, last: string[]): void {
  for (const name of readdirSync(dir))
    if (!last.includes(join(dir, name))) rmSync(join(dir, name), { recursive: true, force: true });
  for (const file of last) rmSync(file, { force: true });
  rmdirSync(dir);
}
