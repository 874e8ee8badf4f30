import { createWriteStream, existsSync } from 'node:fs';
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

/** Asterisk's own endings: of 8 kHz, and of 16 kHz. */
const WAV = /\.wav(16)?$/;

export type Spool = ReturnType<typeof createSpool>;

/**
 * The directory in which Asterisk leaves captured audio. Files are used where they are; when this machine does not see
 * them they are fetched into `workDir`, which should be in memory, and do not stay there.
 */
export function createSpool({ dir, workDir, remote }: { dir: string; workDir: string; remote: RemoteSpool }) {
  function place(base: string, name: string): string {
    if (!parseOurs(name)) throw fail('internal', 'A spool file was asked for by a name that is not ours.');
    const wide = join(base, `${name}.wav16`);
    return existsSync(wide) ? wide : join(base, `${name}.wav`);
  }

  /** Copies that somebody works with. */
  const held = new Set<string>();

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

    /** Where a captured file is, or would be, if this machine sees the spool. */
    path: (name: string): string => place(dir, name),

    /** When a captured file came to be, ms since 1970 by the machine's clock; null when it is not there, or not to be seen from here. */
    async born(name: string): Promise<number | null> {
      const found = await stat(place(dir, name)).catch(() => null);
      return found && Math.round(found.birthtimeMs || found.ctimeMs);
    },

    /**
     * Makes a captured file readable and gives its path; `release` removes a copy that was made for it. Throws
     * `spool_unreadable` when it is neither here nor on the PBX.
     */
    async fetch(name: string): Promise<{ path: string; release: () => Promise<void> }> {
      const path = place(dir, name);
      if ((await size(path)) !== null) return { path, release: async () => {} };
      await mkdir(workDir, { recursive: true, mode: 0o700 });
      const copy = place(workDir, name);
      held.add(copy);
      try {
        await pipeline(await remote.stored(name), createWriteStream(copy, { mode: 0o600 }));
      } catch (e) {
        held.delete(copy);
        await remove(copy);
        throw fail('spool_unreadable', `${name}: ${(e as Error).message}`, e);
      }
      return {
        path: copy,
        release: async () => {
          held.delete(copy);
          await remove(copy);
        },
      };
    },

    /** Removes a captured file for good, here or on the PBX. */
    async remove(name: string): Promise<void> {
      await remove(place(workDir, name));
      if (!(await remove(place(dir, name)))) await remote.deleteStored(name);
    },

    /** Removes copies that nobody works with: a crash has left them. */
    async tidy(): Promise<void> {
      for (const file of await readdir(workDir).catch(() => [])) {
        const path = join(workDir, file);
        if (WAV.test(file) && parseOurs(file.replace(WAV, '')) && !held.has(path)) await remove(path);
      }
    },

    /** Names of all captured files of ours that are there. */
    async ours(): Promise<string[]> {
      const local = await readdir(dir).catch(() => null);
      const names = local
        ? local.filter((f) => WAV.test(f)).map((f) => f.replace(WAV, ''))
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
