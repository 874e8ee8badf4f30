import { lstat, open, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, fail } from '../../domain/error.js';
import { makeDirDurably, removeDurably, writeDurably } from '../durable.js';
import { codeOf, entriesOf, isAbsent, SAFELY } from '../store/plain.js';
import { checkName } from './remote.js';
import type { BackupTarget, Listed } from './target.js';

const MODE = 0o600;

/** Backups in a folder, of another disk or on a mount of another machine. */
export function createFolderTarget(root: string): BackupTarget {
  function pathOf(name: string): string {
    checkName(name);
    return join(root, name);
  }

  /** Throws `backup_damaged` where a folder on the way is a link, which may lead anywhere. */
  async function refuseLinks(name: string): Promise<void> {
    for (let folder = dirname(name); folder !== '.'; folder = dirname(folder)) {
      const found = await lstat(join(root, folder)).catch(() => null);
      if (found?.isSymbolicLink()) throw fail('backup_damaged', `${folder} is a link to somewhere else.`);
    }
  }

  async function* within(folder: string): AsyncGenerator<Listed> {
    for await (const entry of entriesOf(join(root, folder))) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) yield* within(name);
      else yield { name, bytes: entry.isFile() ? await sizeOf(name) : null };
    }
  }

  async function sizeOf(name: string): Promise<number | null> {
    const found = await lstat(join(root, name)).catch((e) => {
      if (isAbsent(e)) return null;
      throw diskError(e);
    });
    return found?.isFile() ? found.size : null;
  }

  return {
    name: root,

    async ready() {
      // Where a mount is missing, its folder has to be missing too, or backups would lie on the disk that they are made of.
      const found = await stat(root).catch((e) => {
        throw fail('backup_target', `${root}: ${codeOf(e)}.`, e);
      });
      if (!found.isDirectory()) throw fail('backup_target', `${root} is not a folder.`);
    },

    async put(name, source) {
      const path = pathOf(name);
      await refuseLinks(name);
      await makeDirDurably(dirname(path));
      return writeDurably(path, source, MODE);
    },

    async open(name) {
      const path = pathOf(name);
      await refuseLinks(name);
      const handle = await open(path, SAFELY).catch((e) => {
        if (isAbsent(e)) throw fail('backup_damaged', `${name} is missing.`, e);
        if (codeOf(e) === 'ELOOP') throw fail('backup_damaged', `${name} is a link to somewhere else.`, e);
        throw diskError(e);
      });
      const found = await handle.stat();
      if (!found.isFile()) {
        await handle.close();
        throw fail('backup_damaged', `${name} is no plain file.`);
      }
      return {
        size: found.size,
        async read(at, bytes) {
          const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, found.size - at)));
          let done = 0;
          while (done < buffer.length) {
            const { bytesRead } = await handle.read(buffer, done, buffer.length - done, at + done);
            if (bytesRead === 0) break; // it was cut meanwhile
            done += bytesRead;
          }
          return buffer.subarray(0, done);
        },
        close: () => handle.close(),
      };
    },

    size(name) {
      checkName(name);
      return sizeOf(name);
    },

    list: (folder) => within(folder),

    async remove(name) {
      const path = pathOf(name);
      await refuseLinks(name);
      await removeDurably(path).catch((e) => {
        if (codeOf(e) === 'EACCES' || codeOf(e) === 'EPERM')
          throw fail('backup_locked', `${path}: ${codeOf(e)}.`, e);
        throw e;
      });
      await rmdir(dirname(path)).catch(() => {}); // others are still in it
    },

    close: async () => {},
  };
}
