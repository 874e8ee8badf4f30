import { readdirSync, readFileSync, statSync } from 'node:fs';

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
