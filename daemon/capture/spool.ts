import { createWriteStream } from 'node:fs';
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail } from '../domain/error.js';
import { parseOurs } from '../domain/recording.js';

/** The PBX's own access to its spool, for one that this machine does not see. */
export type RemoteSpool = {
  stored(name: string): Promise<Readable>;
  storedNames(): Promise<string[]>;
  deleteStored(name: string): Promise<void>;
};

export type Spool = ReturnType<typeof createSpool>;

/**
 * The directory in which Asterisk leaves captured audio. Files are used where they are; when this machine does not see
 * them they are fetched into `workDir`, which should be in memory, and do not stay there.
 */
export function createSpool({ dir, workDir, remote }: { dir: string; workDir: string; remote: RemoteSpool }) {
  function place(base: string, name: string): string {
    if (!parseOurs(name)) throw fail('internal', 'A spool file was asked for by a name that is not ours.');
    return join(base, `${name}.wav`);
  }

  async function size(path: string): Promise<number | null> {
    try {
      return (await stat(path)).size;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw e;
    }
  }

  return {
    /** Bytes on disk; null when the file, or the whole spool, is not to be seen from here. */
    size: (name: string): Promise<number | null> => size(place(dir, name)),

    /**
     * Makes a captured file readable and gives its path; `release` removes a copy that was made for it. Throws
     * `spool_unreadable` when it is neither here nor on the PBX.
     */
    async fetch(name: string): Promise<{ path: string; release: () => Promise<void> }> {
      const path = place(dir, name);
      if ((await size(path)) !== null) return { path, release: async () => {} };
      await mkdir(workDir, { recursive: true, mode: 0o700 });
      const copy = place(workDir, name);
      try {
        await pipeline(await remote.stored(name), createWriteStream(copy, { mode: 0o600 }));
      } catch (e) {
        await remove(copy);
        throw fail('spool_unreadable', `${name}: ${(e as Error).message}`, e);
      }
      return { path: copy, release: () => remove(copy).then(() => {}) };
    },

    /** Removes a captured file for good, here or on the PBX. */
    async remove(name: string): Promise<void> {
      await remove(place(workDir, name));
      if (!(await remove(place(dir, name)))) await remote.deleteStored(name);
    },

    /** Names of all captured files of ours that are there. */
    async ours(): Promise<string[]> {
      const local = await readdir(dir).catch(() => null);
      const names = local
        ? local.filter((f) => f.endsWith('.wav')).map((f) => f.slice(0, -4))
        : await remote.storedNames();
      return names.filter((n) => parseOurs(n) !== null);
    },
  };
}

async function remove(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw e;
  }
}
