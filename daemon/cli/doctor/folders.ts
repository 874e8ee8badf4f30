import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Config, PbxConfig } from '../../ops/config-schema.js';
import { serviceUser, tryFolder } from '../common/service-user.js';
import { bad, type Finding, ok, warn } from './finding.js';
import { isHere } from './machine.js';

/** statfs(2) */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);
const CAPTURES = 'tapedeck-';

const who = (user: { name: string } | null): string => (user ? `"${user.name}"` : 'root');

type Spooled = Pick<PbxConfig, 'spool' | 'ari_url'>;

/** What it means that the folder of the spool does not exist. Without it Asterisk records nothing, and it does not make it. */
export function spoolAbsent({ spool: dir, ari_url }: Spooled): Finding {
  const make = `install -d -o asterisk -g asterisk -m 2770 ${dir} (Debian does not make it).`;
  return isHere({ ari_url })
    ? warn(
        'spool',
        `${dir} does not exist. If Asterisk runs on this machine, as its address says, it cannot record any call.`,
        `If that is its spool: ${make} In a container, mount it there. Else set spool in tapedeck.toml to the folder recording/ of Asterisk's astspooldir.`,
      )
    : warn(
        'spool',
        `${dir} is not on this machine; recordings will be fetched over ARI.`,
        `If Asterisk runs here: ${make}`,
      );
}

/** Whether the recorder's user can read and remove what Asterisk records. */
export async function spool({ data }: Pick<Config, 'data'>, pbx: Spooled): Promise<Finding> {
  const dir = pbx.spool;
  if (!existsSync(dir)) return spoolAbsent(pbx);
  const user = await serviceUser(data.dir);
  const { list, make, read } = await tryFolder(user, dir, CAPTURES);
  const todo = `chown asterisk:asterisk ${dir}; chmod 2770 ${dir}, and put ${user?.name ?? 'the recorder'} into the group asterisk. On FreePBX "fwconsole start" undoes this: name the folder in freepbx_chown.conf, see docs/start/asterisk-configuration.md.`;
  if (list || make)
    return bad(
      'spool',
      list
        ? `${who(user)} cannot read ${dir} (${list}): captured audio has to be fetched over ARI.`
        : `${who(user)} cannot remove anything from ${dir} (${make}): while ARI does not answer, sealed calls stay there in the clear.`,
      todo,
    );
  if (read)
    return bad(
      'spool',
      `${who(user)} cannot read ${read.file} (${read.code}): the folder is right, its files are not.`,
      `Asterisk's umask, or who made it: chown asterisk:asterisk ${read.file}; chmod 0660 ${read.file}, and setfacl as docs/start/asterisk-configuration.md says.`,
    );
  return ok('spool', `${who(user)} can read and remove what Asterisk writes to ${dir}.`);
}

/** Whether the recorder's user can write the data directory, and whether it is on a disk that stays. */
export async function data(config: Config): Promise<Finding[]> {
  const { dir } = config.data;
  const disk = await place(dir);
  if (!existsSync(dir))
    return [
      ...disk,
      warn(
        'data',
        `${dir} does not exist yet.`,
        'The recorder makes it; under systemd: systemd-tmpfiles --create',
      ),
    ];
  const user = await serviceUser(dir);
  const { list, make } = await tryFolder(user, dir, CAPTURES);
  if (list || make)
    return [
      ...disk,
      bad(
        'data',
        `${who(user)} cannot ${list ? 'read' : 'write'} ${dir} (${list ?? make}).`,
        `Give it to the recorder's user: chown ${user?.name ?? 'tapedeck'}: ${dir}`,
      ),
    ];
  return [...disk, ok('data', `${who(user)} can read and write ${dir}.`)];
}

async function place(dir: string): Promise<Finding[]> {
  const found: Finding[] = [];
  const absent = unmounted(textOf('/etc/fstab'), textOf('/proc/self/mounts'), dir);
  if (absent)
    found.push(
      bad(
        'data disk',
        `${absent} has a disk in /etc/fstab that is not mounted: what is recorded now lies elsewhere, and earlier recordings are not seen.`,
        `Stop the recorder, then: mount ${absent}. Have its units wait for it: RequiresMountsFor=${dir} in a drop-in.`,
      ),
    );
  if (IN_MEMORY.has((await statfs(nearest(dir))).type))
    found.push(
      bad(
        'data disk',
        `${dir} is in memory (tmpfs): recordings, catalogue and keys are gone when the machine restarts.`,
        'Set [data] dir to a folder on a disk.',
      ),
    );
  return found;
}

/** The folder, or the nearest above it that is there. */
export function nearest(dir: string): string {
  for (let at = resolve(dir); ; at = dirname(at)) if (existsSync(at) || at === '/') return at;
}

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Returns the mount point at or above `dir` that fstab(5) knows and that is not mounted, or null. */
export function unmounted(fstab: string, mounts: string, dir: string): string | null {
  const points = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([device, point]) => device && !device.startsWith('#') && point?.startsWith('/'))
      .map(([, point]) => point!.replaceAll('\\040', ' ').replace(/(.)\/+$/, '$1'));
  const mounted = new Set(points(mounts));
  const at = resolve(dir);
  const above = points(fstab).filter(
    (point) => at === point || at.startsWith(point === '/' ? '/' : `${point}/`),
  );
  return above.sort((a, b) => b.length - a.length).find((point) => !mounted.has(point)) ?? null;
}
