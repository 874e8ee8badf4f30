import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskError, fail } from '../../domain/error.js';
import { RECORDINGS, recordingsFolder } from '../../domain/paths.js';
import { makeDirDurably, removeDurably, writeDurably } from '../durable.js';
import { codeOf, entriesOf, isAbsent, SAFELY } from './plain.js';
import type { FileHash, Listed, Pause, Place, RecordingReader, RecordingStore, StoredFile } from './store.js';

const PIECE = 256 * 1024;
const NAME = /^recordings\/(\d{4})\/(\d{2})\/(\d{2})\/([0-9A-Za-z_-]{1,64})\.opus\.age$/;
/** Of a file that is being written: see `writeDurably`. */
const UNFINISHED = '.tmp';

/** The recordings of a data directory, for who may only read them. */
export function createDiskReader(dataDir: string): RecordingReader {
  async function opened(path: string): Promise<FileHandle> {
    try {
      await refuseLinks(dataDir, path, 'seal_damaged');
      const handle = await open(path, SAFELY);
      const found = await handle.stat();
      if (found.isFile()) return handle;
      await handle.close();
    } catch (e) {
      if (codeOf(e) === 'ELOOP')
        throw fail('seal_damaged', `${basename(path)} is a link to somewhere else.`, e);
      throw e;
    }
    throw fail('seal_damaged', `${basename(path)} is no plain file.`);
  }

  return {
    async open(place) {
      const path = pathOf(dataDir, place);
      const handle = await opened(path).catch((e: unknown) => {
        throw isAbsent(e) ? fail('seal_damaged', `${basename(path)} is missing.`, e) : diskError(e);
      });
      return file(handle, (await handle.stat()).size);
    },

    async hash(place, pause) {
      const path = pathOf(dataDir, place);
      try {
        return await hashed(await opened(path), pause);
      } catch (e) {
        if (isAbsent(e)) return null;
        throw diskError(e);
      }
    },

    async exists(place) {
      const path = pathOf(dataDir, place);
      try {
        return { bytes: (await lstat(path)).size };
      } catch (e) {
        if (isAbsent(e)) return null;
        throw diskError(e);
      }
    },

    list: () => within(dataDir, RECORDINGS),
  };
}

/**
 * The recordings of a data directory: `recordings/YYYY/MM/DD/ID.opus.age`, by the day (UTC) on which the call began. A file is
 * written under another name, synced, and gets its name when it is whole.
 */
export function createDiskStore(dataDir: string): RecordingStore {
  const reader = createDiskReader(dataDir);

  return {
    ...reader,

    async put(place, source) {
      const path = pathOf(dataDir, place);
      await refuseLinks(dataDir, path, 'data_strange');
      await makeDirDurably(dirname(path));
      return writeDurably(path, source);
    },

    async remove(place) {
      const path = pathOf(dataDir, place);
      await refuseLinks(dataDir, path, 'data_strange');
      await rm(`${path}${UNFINISHED}`, { force: true });
      return removeDurably(path);
    },
  };
}

/**
 * The row adds no more than the day to it; the rest is ours and the id's, so that no row leads out of the recordings or to
 * another recording. Throws `internal` where it says anything else.
 */
function pathOf(dataDir: string, { id, file }: Place): string {
  const [, year, month, day, name] = NAME.exec(file) ?? [];
  if (name === undefined || name !== id)
    throw fail('internal', `The catalogue names a file for recording ${id} that is not the recording's own.`);
  return `${recordingsFolder(dataDir)}/${year}/${month}/${day}/${id}.opus.age`;
}

/**
 * Throws `code` where a folder on the way is a link, which may lead anywhere. The folder of all recordings may be one: an admin
 * has put it there.
 */
async function refuseLinks(
  dataDir: string,
  path: string,
  code: 'seal_damaged' | 'data_strange',
): Promise<void> {
  const root = recordingsFolder(dataDir);
  for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
    const found = await lstat(folder).catch((e: unknown) => {
      if (isAbsent(e)) return null;
      throw diskError(e);
    });
    if (found?.isSymbolicLink()) throw fail(code, `${folder} is a link to somewhere else.`);
  }
}

function file(handle: FileHandle, size: number): StoredFile {
  return {
    size,
    async read(at, bytes) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(bytes, size - at)));
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
}

/** Reads an open file to its end and closes it. */
async function hashed(handle: FileHandle, pause: Pause = async () => {}): Promise<FileHash> {
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE);
    for (let bytes = 0; ; ) {
      const began = performance.now();
      const { bytesRead } = await handle.read(piece, 0, PIECE, bytes);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      hash.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
      await pause(performance.now() - began);
    }
  } finally {
    await handle.close();
  }
}

async function* within(dataDir: string, folder: string): AsyncGenerator<Listed> {
  for await (const entry of entriesOf(join(dataDir, folder))) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* within(dataDir, name);
    else {
      const found = await lstat(join(dataDir, name)).catch(() => null);
      if (found) yield listed(dataDir, name, found.mtimeMs);
    }
  }
}

function listed(dataDir: string, name: string, modifiedAt: number): Listed {
  const id = NAME.exec(name)?.[4];
  const begun = name.endsWith(UNFINISHED) && NAME.test(name.slice(0, -UNFINISHED.length));
  return {
    name,
    archived: false,
    kind: id !== undefined ? 'recording' : begun ? 'unfinished' : 'other',
    place: id === undefined ? null : { id, file: name },
    modifiedAt,
    async hash(pause) {
      try {
        const handle = await open(join(dataDir, name), SAFELY);
        if ((await handle.stat()).isFile()) return await hashed(handle, pause);
        await handle.close();
        return null;
      } catch (e) {
        if (isAbsent(e) || codeOf(e) === 'ELOOP') return null;
        throw diskError(e);
      }
    },
  };
}
