import { execFile } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '../../domain/error.js';
import type { Config } from '../../ops/config-schema.js';
import { serviceUser } from '../common/service-user.js';
import { type Show, showUnit } from './units.js';

/**
 * What `tapedeck doctor --fix` does: rights and folders of Tapedeck's own, Asterisk's folder for recordings, units that do not
 * run. Each can be undone by hand, none touches Asterisk's configuration, and none follows a link. As root, before root is
 * given up.
 */
export type Fix = { what: string /** The same as a command. */; command: string; run: () => Promise<void> };

const TMPFILES = ['/etc/tmpfiles.d/tapedeck.conf', '/usr/lib/tmpfiles.d/tapedeck.conf'];
const SPOOL_MODE = 0o2770;

const call = async (program: string, ...args: string[]): Promise<void> =>
  void (await promisify(execFile)(program, args, { timeout: 30_000 }));
const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

/** Returns what can be done for this machine as it is; empty where nothing has to be. Throws `request_invalid` for others than root. */
export async function planFixes(config: Config, show: Show = showUnit): Promise<Fix[]> {
  if (process.getuid?.() !== 0)
    throw fail('request_invalid', '"doctor --fix" changes owners and units: run it as root.');
  return [
    ...config.pbxes.flatMap(({ spool }) => spoolFixes(spool)),
    ...folderFixes(TMPFILES.find((file) => existsSync(file))),
    ...(await keyFixes(config)),
    ...(await unitFixes(config, show)),
  ];
}

/** The folder that Debian does not make, and that FreePBX takes the group's rights from. */
export function spoolFixes(spool: string): Fix[] {
  const above = lstatSync(dirname(spool), { throwIfNoEntry: false });
  // Asterisk's user owns its spool; where root does, it is not known who that is.
  if (!above?.isDirectory() || above.uid === 0) return [];
  const found = lstatSync(spool, { throwIfNoEntry: false });
  const owned = `${above.uid}:${above.gid}`;
  const own = () =>
    withFolder(spool, (fd) => {
      fchownSync(fd, above.uid, above.gid);
      fchmodSync(fd, SPOOL_MODE);
    });
  if (!found)
    return [
      {
        what: `create ${spool}, for Asterisk's user and group, with mode 2770`,
        command: `install -d -o ${above.uid} -g ${above.gid} -m 2770 ${spool}`,
        run: async () => {
          mkdirSync(spool, { mode: 0o700 });
          own();
        },
      },
    ];
  if (!found.isDirectory()) return [];
  const right = (found.mode & 0o7770) === SPOOL_MODE && found.uid === above.uid && found.gid === above.gid;
  if (right) return [];
  return [
    {
      what: `give ${spool} to Asterisk's user and group with mode 2770 (now ${found.uid}:${found.gid}, ${octal(found.mode)})`,
      command: `chown ${owned} ${spool}; chmod 2770 ${spool}`,
      run: async () => own(),
    },
  ];
}

/** Does it to a folder that is no link, by a descriptor, so that nobody can put another in its place. */
function withFolder(path: string, work: (fd: number) => void): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    work(fd);
  } finally {
    closeSync(fd);
  }
}

/** Folders of tmpfiles.d(5) that are missing, or have other owners or modes: systemd sets them, and follows no link. */
function folderFixes(file: string | undefined): Fix[] {
  if (file === undefined) return [];
  const wrong = foldersIn(readFileSync(file, 'utf8')).filter(({ path, mode }) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return !found?.isDirectory() || (found.mode & 0o7777) !== mode;
  });
  if (wrong.length === 0) return [];
  return [
    {
      what: `create or correct ${wrong.map(({ path, mode }) => `${path} (${octal(mode)})`).join(', ')}`,
      command: 'systemd-tmpfiles --create tapedeck.conf',
      run: () => call('systemd-tmpfiles', '--create', 'tapedeck.conf'),
    },
  ];
}

/** Returns the folders that a file of tmpfiles.d(5) makes. */
export const foldersIn = (text: string): { path: string; mode: number }[] =>
  [...text.matchAll(/^d\s+(\/\S+)\s+([0-7]{4})\s/gm)].map(([, path, mode]) => ({
    path: path!,
    mode: Number.parseInt(mode!, 8),
  }));

/** The master key, where others than the recorder can read it. */
async function keyFixes({ keys, data }: Config): Promise<Fix[]> {
  const file = keys.master_key_file;
  const found = lstatSync(file, { throwIfNoEntry: false });
  const user = await serviceUser(data.dir);
  if (!found?.isFile() || user === null || (found.mode & 0o077) === 0) return [];
  // One without a name is called "user" and its number, which chown does not take.
  const owner = user.name === `user ${user.uid}` ? user.uid : user.name;
  return [
    {
      what: `let only the recorder's user read ${file} (now ${found.uid}:${found.gid}, ${octal(found.mode)}). Then change the key, which others may have read: tapedeck keys rotate`,
      command: `chown ${owner}:root ${file}; chmod 0400 ${file}`,
      run: async () => {
        const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
        try {
          if (!fstatSync(fd).isFile()) return;
          fchownSync(fd, user.uid, 0);
          fchmodSync(fd, 0o400);
        } finally {
          closeSync(fd);
        }
      },
    },
  ];
}

/** Units that are installed and do not run, and whose absence costs something that nobody decided. */
async function unitFixes({ encode }: Config, show: Show): Promise<Fix[]> {
  const wanted = [...(encode.socket ? ['tapedeck-encoder.socket'] : []), 'tapedeck-web-restart.path'];
  const fixes: Fix[] = [];
  for (const unit of wanted) {
    const said = await show(unit, 'ActiveState');
    if (said === null || /^ActiveState=active$/m.test(said)) continue;
    fixes.push({
      what: `start ${unit}, also with the machine`,
      command: `systemctl enable --now ${unit}`,
      run: () => call('systemctl', 'enable', '--now', unit),
    });
  }
  return fixes;
}

export type Fixed = { done: boolean; what: string /** Why it could not be done. */; why: string };

/** Does what was planned. Returns a line for each: what was done, or why it could not be. */
export async function applyFixes(fixes: readonly Fix[]): Promise<Fixed[]> {
  const results: Fixed[] = [];
  for (const { what, run } of fixes)
    await run().then(
      () => results.push({ done: true, what, why: '' }),
      (e) => results.push({ done: false, what, why: (e as Error).message.split('\n')[0]! }),
    );
  return results;
}
