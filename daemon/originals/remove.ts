import { unlink } from 'node:fs/promises';
import { openParent, openRoot, within } from './beneath.js';
import { openOriginal } from './open.js';

export type Removal = 'removed' | 'absent' | 'changed' | 'denied';

/**
 * Removes originals below a folder: each only while it is a plain file with one name and this hash. Throws what open(2) does for the
 * folder itself.
 */
export async function createRemover(dir: string) {
  const root = await openRoot(dir);
  return {
    /** `path` is in bytes, one character each. `dry`: `removed` is what it would be, and it stays. */
    async remove(path: string, sha256: string, dry = false): Promise<Removal> {
      try {
        const { folder, name } = await openParent(root, path);
        try {
          const original = await openOriginal(folder, name);
          try {
            if (!original.plain || (await original.hash(null)).sha256 !== sha256) return 'changed';
            // Another file may have its name by now, or somebody may have written to it since it was read.
            if (!(await original.unchanged()) || !(await original.named())) return 'changed';
            if (dry) return 'removed';
            await unlink(within(folder, name));
            return 'removed';
          } finally {
            await original.close();
          }
        } finally {
          await folder.close();
        }
      } catch (e) {
        const { code } = e as NodeJS.ErrnoException;
        if (code === 'ENOENT') return 'absent';
        if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EINVAL' || code === 'ENXIO') return 'changed';
        if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'denied';
        throw e;
      }
    },
    close: () => root.close(),
  };
}
