import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { diskError, fail, isWithheld, TapedeckError } from '../domain/error.js';
import {
  captureOf,
  ENDINGS,
  isFinal,
  type Refusal,
  refusalInWords,
  refusalOf,
} from '../domain/recording/captures.js';
import { parseOurs } from '../domain/recording/recording.js';
import { describe, openItself } from './plain-file.js';

/** The PBX's own access to its spool, for one that this machine does not see, or may not touch. */
export type RemoteSpool = {
  /** Null when there is no such recording. */
  stored(name: string): Promise<Readable | null>;
  storedNames(): Promise<string[]>;
  deleteStored(name: string): Promise<void>;
};

/** Of Asterisk's wav files: 16 bits a sample, one channel. */
const HEADER = 44;
const bytesPerMs = (path: string): number => (path.endsWith('16') ? 32 : 16);

export type Spool = ReturnType<typeof createSpool>;

/** A captured file to read. `path` leads to the open file and to nothing else; `shown` is its name for people. */
export type CapturedFile = {
  path: string;
  shown: string;
  /** It was fetched from the PBX: nobody here saw it grow. */
  copied?: boolean;
  release: () => Promise<void>;
};

/** What the system says where rights are missing. */
const RIGHTS = ['EACCES', 'EPERM', 'EROFS'];
const codeOf = (e: unknown): string => (e as NodeJS.ErrnoException | undefined)?.code ?? '';

/**
 * The directory in which Asterisk leaves captured audio. Files are used where they are; when this machine does not see
 * them, or has no right to them, they are fetched from the PBX into `workDir`, which should be in memory, and do not stay
 * there. Whoever is Asterisk's user can put anything into that directory: only plain files of Asterisk's are read, by the
 * descriptor that was checked, and no link is followed.
 */
export function createSpool({ dir, workDir, remote }: { dir: string; workDir: string; remote: RemoteSpool }) {
  /** Copies that somebody works with. */
  const held = new Set<string>();
  /** The ending of the file that was found last comes first: most are of one rate, and each is looked at every second. */
  let endings: readonly string[] = ENDINGS;

  function places(base: string, name: string): string[] {
    if (!parseOurs(name)) throw fail('internal', 'A spool file was asked for by a name that is not ours.');
    return endings.map((ending) => join(base, name + ending));
  }

  /** Keeps which ending was found. */
  const found = (file: string): void => {
    if (!file.endsWith(endings[0]!)) endings = endings.toReversed();
  };

  const refused = (file: string, refusal: Refusal) => {
    const { why, todo } = refusalInWords(refusal);
    return isFinal(refusal)
      ? fail('spool_unreadable', `${file}: ${why}.`)
      : fail('spool_refused', `${file}: ${why}. ${todo}`);
  };

  /** Whether the folder, the file or the disk is what cannot be used, and by whom it could be. */
  async function lacksRights(file: string, code: string, cause: unknown): Promise<TapedeckError> {
    if (code === 'EROFS') return fail('spool_failing', `${file}: it is on a read-only disk (EROFS).`, cause);
    const found = await stat(dir).catch(() => null);
    const owner = found
      ? `; the folder belongs to user ${found.uid}, group ${found.gid}, with mode 0${(found.mode & 0o7777).toString(8)}`
      : '';
    return fail(
      'spool_denied',
      `${file}: no right to it (${code}${owner}). As root: chmod 2770 ${dir}.`,
      cause,
    );
  }

  /**
   * Opens a capture that is here. Null when it is not. Throws `spool_denied`, `spool_failing`, `spool_refused` or
   * `spool_unreadable`.
   */
  async function take(name: string): Promise<{ handle: FileHandle; file: string; stats: Stats } | null> {
    for (const file of places(dir, name)) {
      let handle: FileHandle | null = null;
      try {
        handle = await openItself(file);
        const { uid } = await stat(dir);
        const stats = await handle.stat();
        const refusal = refusalOf(describe(stats), uid, process.geteuid!());
        if (refusal === null) {
          found(file);
          return { handle, file, stats };
        }
        await handle.close();
        throw refused(file, refusal);
      } catch (e) {
        if (e instanceof TapedeckError) throw e;
        await handle?.close();
        if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') continue;
        if (['ELOOP', 'ENXIO'].includes(codeOf(e)))
          throw fail('spool_unreadable', `${file}: it is not a plain file, so Asterisk did not write it.`, e);
        if (RIGHTS.includes(codeOf(e))) throw await lacksRights(file, codeOf(e), e);
        throw fail('spool_failing', `${file}: it cannot be opened (${codeOf(e)}).`, e);
      }
    }
    return null;
  }

  /** Opens a capture that is here and may be read; else null. The caller closes it. */
  const openHere = async (name: string): Promise<FileHandle | null> =>
    (await take(name).catch(() => null))?.handle ?? null;

  /** What a capture is that is here and may be read; else null. */
  async function opened(name: string): Promise<{ file: string; stats: Stats } | null> {
    const taken = await take(name).catch(() => null);
    await taken?.handle.close();
    return taken;
  }

  async function here(name: string): Promise<CapturedFile | null> {
    const taken = await take(name);
    if (!taken) return null;
    const { handle, file } = taken;
    return { path: `/proc/self/fd/${handle.fd}`, shown: file, release: () => handle.close() };
  }

  async function copied(name: string): Promise<CapturedFile> {
    await mkdir(workDir, { recursive: true, mode: 0o700 });
    const copy = join(workDir, name + ENDINGS[1]);
    const discard = async () => {
      held.delete(copy);
      await remove(copy);
    };
    held.add(copy);
    try {
      await remove(copy);
      const stored = await remote.stored(name);
      if (!stored) throw fail('spool_unreadable', `${name}: neither this machine nor the PBX has it.`);
      await pipeline(stored, (await open(copy, 'wx', 0o600)).createWriteStream());
    } catch (e) {
      await discard();
      const ours = diskError(e);
      if (ours instanceof TapedeckError) throw ours;
      throw fail('pbx_failed', `${name} could not be fetched: ${(e as Error).message}.`, e);
    }
    return { path: copy, shown: name, copied: true, release: discard };
  }

  /** Removes one file of the spool. False when it is not there. */
  async function removeHere(file: string): Promise<boolean> {
    try {
      const found = await lstat(file);
      const refusal = found.isFile() && found.nlink > 1 ? refusalOf(describe(found), found.uid, -1) : null;
      if (refusal) throw refused(file, refusal);
      await unlink(file);
      return true;
    } catch (e) {
      if (e instanceof TapedeckError) throw e;
      if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return false;
      if (codeOf(e) === 'EISDIR') throw fail('spool_refused', `${file}: it is a folder. Remove it.`, e);
      throw e;
    }
  }

  return {
    here,

    open: openHere,

    /** Bytes on disk; null when the file, or the whole spool, is not to be seen from here. */
    size: async (name: string): Promise<number | null> => (await opened(name))?.stats.size ?? null,

    /**
     * Returns so many bytes as there are at least: a network file system says of a file that is not opened what it knew some seconds
     * ago. It costs less than `size`. Null as with that.
     */
    async atLeast(name: string): Promise<number | null> {
      for (const file of places(dir, name)) {
        const stats = await lstat(file).catch(() => null);
        if (!stats) continue;
        found(file);
        return stats.size;
      }
      return null;
    },

    /** When a captured file came to be, ms since 1970 by the machine's clock; null when it is not to be seen from here. */
    async born(name: string): Promise<number | null> {
      const stats = (await opened(name))?.stats;
      return stats ? Math.round(stats.birthtimeMs || stats.ctimeMs) : null;
    },

    /**
     * Returns how much audio a captured file holds, in ms, and when it was last written to, in ms since 1970 by the clock
     * of the machine that has the file. Null when it is not there, or not to be seen from here.
     */
    async written(name: string): Promise<{ ms: number; at: number } | null> {
      const is = await opened(name);
      if (!is) return null;
      const { size, mtimeMs } = is.stats;
      return { ms: Math.max(0, size - HEADER) / bytesPerMs(is.file), at: mtimeMs };
    },

    /**
     * Makes a captured file readable. `release` closes it, and removes a copy that was made for it. Throws
     * `spool_unreadable` when it is neither here nor on the PBX or is no capture, `spool_denied` when it is here and neither
     * this process nor the PBX gives it out, `spool_failing` when its disk does not, and `spool_refused` when it is not as
     * Asterisk writes it.
     */
    async fetch(name: string): Promise<CapturedFile> {
      const local = await here(name).catch((e: unknown) => e as TapedeckError);
      if (local instanceof TapedeckError) {
        if (!RIGHTS.includes(codeOf(local.cause))) throw local;
        return await copied(name).catch(() => Promise.reject(local));
      }
      return local ?? (await copied(name));
    },

    /** Whether a capture can be read at this moment, or is not here. Never asks the PBX. */
    readable: (name: string): Promise<boolean> =>
      here(name).then(
        async (file) => {
          await file?.release();
          return true;
        },
        (e) => !isWithheld(e),
      ),

    /**
     * Removes a captured file for good, here or on the PBX. Throws `spool_denied`, `spool_failing` or `spool_refused` when it
     * cannot be removed here and the PBX cannot either, and else why the PBX cannot.
     */
    async remove(name: string): Promise<void> {
      for (const copy of places(workDir, name)) await remove(copy);
      let there = false;
      for (const file of places(dir, name)) {
        try {
          there = (await removeHere(file)) || there;
        } catch (e) {
          if (!RIGHTS.includes(codeOf(e))) throw e;
          // Asterisk may do what we may not: FreePBX takes the group's right to write from the whole spool.
          const asked = await remote.deleteStored(name).then(
            () => true,
            () => false,
          );
          if (!asked || (await lstat(file).catch(() => null))) throw await lacksRights(file, codeOf(e), e);
          there = true;
        }
      }
      if (!there) await remote.deleteStored(name);
    },

    /** Removes copies that nobody works with: a crash has left them. */
    async tidy(): Promise<void> {
      for (const file of await readdir(workDir).catch(() => [])) {
        const path = join(workDir, file);
        if (captureOf(file) && !held.has(path)) await remove(path);
      }
    },

    /** Names of all captured files of ours that are there. `ask`: of the PBX, where the folder cannot be listed. */
    async ours(ask: boolean): Promise<string[]> {
      const local = await readdir(dir).catch((e: unknown) => {
        if (!ask && codeOf(e) !== 'ENOENT') throw e;
        return ask ? null : [];
      });
      const names = local ? local.map(captureOf) : (await remote.storedNames()).filter(parseOurs);
      return [...new Set(names.filter((name) => name !== null))];
    },

    /** Files that have names of ours and that Asterisk cannot have written as they are, with what is wrong. */
    async strangers(): Promise<{ file: string; refusal: Refusal }[]> {
      const files = (await readdir(dir).catch(() => [])).filter((file) => captureOf(file) !== null);
      const owner = await stat(dir).catch(() => null);
      const found = await Promise.all(
        files.map(async (name) => {
          const file = join(dir, name);
          const about = await lstat(file).catch(() => null);
          const refusal = about && owner && refusalOf(describe(about), owner.uid, process.geteuid!());
          return refusal ? [{ file, refusal }] : [];
        }),
      );
      return found.flat();
    },
  };
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((e) => {
    if (codeOf(e) !== 'ENOENT' && codeOf(e) !== 'ENOTDIR') throw e;
  });
}
