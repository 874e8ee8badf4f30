import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The code of a folder that only this service may not write: its systemd unit does not name it in ReadWritePaths=. */
export const UNIT_READ_ONLY = 'EROFS_UNIT';

/** The mounts that this process sees, as proc_pid_mountinfo(5) has them; '' where there is no /proc. */
function mountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whether a path is read-only by its mount alone, while its file system is writable. ProtectSystem=strict of a unit does that; after an
 * error of a disk Linux makes the file system itself read-only.
 */
export function readOnlyHere(path: string, mounts = mountinfo()): boolean {
  const at = resolve(path);
  let found: { point: string; here: boolean } | null = null;
  for (const line of mounts.split('\n')) {
    const [own = '', ofSystem = ''] = line.split(' - ');
    const [, , , , escaped, options = ''] = own.split(' ');
    if (escaped === undefined) continue;
    const point = escaped.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (at !== point && !at.startsWith(point.endsWith('/') ? point : `${point}/`)) continue;
    const isRead = (list: string) => list.split(',').includes('ro');
    // Of several at one place the last lies over the others.
    if (found === null || point.length >= found.point.length)
      found = { point, here: isRead(options) && !isRead(ofSystem.split(' ')[2] ?? '') };
  }
  return found?.here === true;
}

/** Returns an error of the system with the code `EROFS_UNIT` where that is why; every other is given back as it is. */
export function asMounted(e: unknown): unknown {
  if (!(e instanceof Error)) return e;
  const { code, path } = e as NodeJS.ErrnoException;
  if (code !== 'EROFS' || path === undefined || !readOnlyHere(path)) return e;
  return Object.assign(new Error(`${path} cannot be written`, { cause: e }), { code: UNIT_READ_ONLY, path });
}
