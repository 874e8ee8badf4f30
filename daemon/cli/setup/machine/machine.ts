import { existsSync, lstatSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** An address of this machine at which an office may open the dashboard. */
export type Address = { address: string; device: string; private: boolean };

/** Bridges and tunnels of containers and virtual machines: nobody in the office is there. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|lxc|lxd|podman|cni|flannel|tun|tap|wg|tailscale)/;

/** Those to which the unit of the dashboard lets people connect without a change. */
export const isPrivate = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address) || /^(f[cd]|fe8)/i.test(address);

/** Returns the IPv4 addresses of this machine that others reach, private ones first. */
export function addresses(all = networkInterfaces()): Address[] {
  return Object.entries(all)
    .flatMap(([device, list]) =>
      (list ?? [])
        .filter(({ family, internal }) => family === 'IPv4' && !internal)
        .map(({ address }) => ({ address, device, private: isPrivate(address) })),
    )
    .filter(({ device, address }) => !VIRTUAL.test(device) && !address.startsWith('169.254.'))
    .toSorted((a, b) => Number(b.private) - Number(a.private));
}

/** Returns the IANA zone of this machine. */
export function timeZone(): string {
  try {
    const link = readlinkSync('/etc/localtime');
    const zone = /zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(
      isAbsolute(link) ? link : join('/etc', link),
    )?.[1];
    if (zone) return zone;
  } catch {
    // A copy, or none.
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** A mounted file system that may hold recordings. */
export type Disk = { point: string; device: number; free: number };

/** File systems that are no disk: in memory, of the kernel, or not writable. */
const NO_DISK =
  /^(tmpfs|ramfs|devtmpfs|proc|sysfs|cgroup2?|devpts|mqueue|hugetlbfs|debugfs|tracefs|securityfs|pstore|bpf|configfs|fusectl|autofs|binfmt_misc|squashfs|iso9660|efivarfs|nsfs|rpc_pipefs|fuse\.(lxcfs|gvfsd-fuse|portal)|vfat)$/;
/** Where people mount what they take away again, and where systems boot from. */
const ELSEWHERE = /^\/(boot|media|run|dev|proc|sys|tmp|snap|etc|usr)(\/|$)/;

/** Returns the disks on which recordings can be kept, the one with the most room first. */
export function disks(mounts = readFileSync('/proc/self/mounts', 'utf8')): Disk[] {
  const found = new Map<number, Disk>();
  for (const line of mounts.split('\n')) {
    const [, escaped, type, options = ''] = line.split(' ');
    if (!escaped || NO_DISK.test(type ?? '') || /(^|,)ro(,|$)/.test(options)) continue;
    const point = escaped.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (ELSEWHERE.test(point) || !lstatSync(point, { throwIfNoEntry: false })?.isDirectory()) continue;
    const device = statSync(point).dev;
    const { bavail, bsize } = statfsSync(point);
    const known = found.get(device);
    // One that is mounted in several places is called by the shortest.
    if (!known || point.length < known.point.length)
      found.set(device, { point, device, free: bavail * bsize });
  }
  return [...found.values()].toSorted((a, b) => b.free - a.free);
}

/** Where Tapedeck keeps recordings on a disk. */
export const folderOn = (point: string): string =>
  point === '/' || '/var/lib/tapedeck'.startsWith(`${point}/`) ? '/var/lib/tapedeck' : `${point}/tapedeck`;

const MB_PER_HOUR = 7;
const MINUTES_PER_CALL = 3;

/** Returns for how many days a disk lasts, at so many calls of three minutes a day. */
export const daysOf = (freeBytes: number, callsPerDay: number): number =>
  Math.floor(freeBytes / ((callsPerDay * MINUTES_PER_CALL * MB_PER_HOUR * 1e6) / 60));

/** A folder, or the nearest one above it that is there. */
function standing(path: string): string {
  let at = path;
  while (!existsSync(at) && at !== '/') at = join(at, '..');
  return at;
}

/** The file system on which a folder is, or would be. */
export const deviceOf = (path: string): number => statSync(standing(path)).dev;

/** Returns the free bytes where a folder is, or would be. */
export function freeAt(path: string): number {
  const { bavail, bsize } = statfsSync(standing(path));
  return bavail * bsize;
}

export const hasSystemd = (): boolean => existsSync('/run/systemd/system');
export const machineName = hostname;
