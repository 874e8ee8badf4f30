import { execFile } from 'node:child_process';
import { closeSync, existsSync, fchmodSync, fchownSync, lstatSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Config } from '../../ops/config-schema.js';
import { atPlace, ifThere, makeFolderAt, openPlain, type Place } from '../../ops/files/others-folder.js';
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
/** No link is followed where the last name is, not even root's. */
const ITSELF = { itself: true };

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
  try {
    return ifThere(() => atPlace(spool, (place) => spoolFix(spool, place), ITSELF)) ?? [];
  } catch (e) {
    if (!(e instanceof TapedeckError)) throw e;
    const run = () => Promise.reject(e);
    return [{ what: `look at the rights of ${spool}`, command: `namei -l ${spool}`, run }];
  }
}

/** Asterisk's user owns its spool; where root does, it is not known who that is. */
function spoolFix(spool: string, place: Place): Fix[] {
  const { uid, gid } = place.folder;
  if (uid === 0) return [];
  const found = lstatSync(place.path, { throwIfNoEntry: false });
  const run = async () => atPlace(spool, (now) => makeFolderAt(now, SPOOL_MODE, now.folder), ITSELF);
  if (!found)
    return [
      {
        what: `create ${spool}, for Asterisk's user and group, with mode 2770`,
        command: `install -d -o ${uid} -g ${gid} -m 2770 ${spool}`,
        run,
      },
    ];
  if (!found.isDirectory()) return [];
  const right = (found.mode & 0o7770) === SPOOL_MODE && found.uid === uid && found.gid === gid;
  if (right) return [];
  return [
    {
      what: `give ${spool} to Asterisk's user and group with mode 2770 (now ${found.uid}:${found.gid}, ${octal(found.mode)})`,
      command: `chown ${uid}:${gid} ${spool}; chmod 2770 ${spool}`,
      run,
    },
  ];
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
      run: async () => atPlace(file, (place) => closeKey(place, user.uid), ITSELF),
    },
  ];
}

function closeKey(place: Place, uid: number): void {
  const open = openPlain(place);
  if (!open) return;
  const { fd, stats } = open;
  try {
    if (!place.closed && stats.uid !== uid)
      throw fail(
        'path_untrusted',
        `${place.shown} belongs to user id ${stats.uid}, and others can replace it.`,
      );
    fchownSync(fd, uid, 0);
    fchmodSync(fd, 0o400);
  } finally {
    closeSync(fd);
  }
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
