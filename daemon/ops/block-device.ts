import { existsSync, readdirSync, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs';

/** A block device by the numbers that the kernel gives it, such as "253:1". */
export type Device = string;

const numbers = (dev: bigint): Device => {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
};

/** The device on which a file or directory lies. Throws when it is not there. */
export const deviceOf = (path: string): Device => numbers(statSync(path, { bigint: true }).dev);

/** The device that a path such as /dev/sda2 names; of any other file that on which it lies. */
export function namedDevice(path: string): Device {
  const found = statSync(path, { bigint: true });
  return numbers(found.isBlockDevice() ? found.rdev : found.dev);
}

/** Whether what is written there is encrypted by the kernel (dm-crypt), itself or everything below it. */
export function isEncrypted(device: Device): boolean {
  const sys = `/sys/dev/block/${device}`;
  try {
    if (readFileSync(`${sys}/dm/uuid`, 'utf8').startsWith('CRYPT-')) return true;
  } catch {
    // not a mapped one
  }
  try {
    const below = readdirSync(`${sys}/slaves`);
    return (
      below.length > 0 &&
      below.every((name) => isEncrypted(readFileSync(`${sys}/slaves/${name}/dev`, 'utf8').trim()))
    );
  } catch {
    return false;
  }
}

/** Milliseconds that it has been at work since the machine was started (Documentation/block/stat.rst); null if unknown. */
export function ticksOf(device: Device): number | null {
  try {
    const field = readFileSync(`/sys/dev/block/${device}/stat`, 'utf8').trim().split(/\s+/)[9];
    return field === undefined ? null : Number(field);
  } catch {
    return null;
  }
}

/** Names of file systems by the magic numbers of statfs(2). */
const FILE_SYSTEMS: Record<number, string> = {
  61267: 'ext2/ext3/ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  4076150800: 'f2fs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb2',
  1702057286: 'fuse',
};

/**
 * Returns on which file system a folder lies, and on which kind of device as far as the kernel tells everyone: `unknown` where it
 * does not, as for network drives, and for virtual disks.
 */
export function mediaOf(folder: string): { file_system: string; device: 'ssd' | 'hdd' | 'unknown' } {
  return { file_system: fileSystemOf(folder), device: kindOf(folder) };
}

function fileSystemOf(folder: string): string {
  try {
    const { type } = statfsSync(folder);
    return FILE_SYSTEMS[type] ?? FILE_SYSTEMS[type >>> 0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function kindOf(folder: string): 'ssd' | 'hdd' | 'unknown' {
  try {
    const sys = `/sys/dev/block/${deviceOf(folder)}`;
    // A virtual disk says what its host was told to say.
    if (/\/virtio|\/vbd-/.test(realpathSync(sys))) return 'unknown';
    // A partition has the queue of its disk.
    const queue = [`${sys}/queue/rotational`, `${sys}/../queue/rotational`].find((file) => existsSync(file));
    if (queue === undefined) return 'unknown';
    const told = readFileSync(queue, 'utf8').trim();
    return told === '0' ? 'ssd' : told === '1' ? 'hdd' : 'unknown';
  } catch {
    return 'unknown';
  }
}
