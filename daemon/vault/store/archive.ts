import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, fail, type TapedeckError } from '../../domain/error.js';
import type { Room } from '../../domain/operations/room.js';
import { probeDisk, readDisk } from '../../ops/disk.js';
import { writeDurably } from '../durable.js';
import { createDiskReader, createDiskStore } from './disk.js';
import type { ArchiveStore, FileHash, Place, RecordingReader, StoredFile } from './store.js';

/** Marks a directory as an archive, so that an empty mount point is never taken for one. */
export const MARK = '.tapedeck-archive';
const MOST_MARK = 4_096;
const PIECE = 256 * 1024;

export type ArchiveOrder = {
  directory: string;
  dataDir: string;
  /** Which installation the archive belongs to: the id of its audit log. */
  owner: string;
};

/** Waits between two pieces of work. */
type Beat = () => Promise<void>;

/** What the mark says, as it is written. */
export const markText = (owner: string): string =>
  `${JSON.stringify({ tapedeck: 'archive', installation: owner })}\n`;

/** Whose archive a directory is; null for nobody's. An error that leaves this open is thrown. */
export async function ownerOf(directory: string): Promise<string | null> {
  const handle = await open(join(directory, MARK), constants.O_RDONLY | constants.O_NOFOLLOW).catch((e) => {
    if (e.code === 'ENOENT') return null;
    throw e;
  });
  if (!handle) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_MARK), 0, MOST_MARK, 0);
    const { tapedeck, installation } = JSON.parse(buffer.toString('utf8', 0, bytesRead)) ?? {};
    return tapedeck === 'archive' && typeof installation === 'string' ? installation : '';
  } catch (e) {
    if (e instanceof SyntaxError) return '';
    throw e;
  } finally {
    await handle.close();
  }
}

/** Marks a directory as the archive of this installation, durably. */
export const markArchive = async (directory: string, owner: string): Promise<void> =>
  void (await writeDurably(join(directory, MARK), Buffer.from(markText(owner))));

/** Why the archive cannot be used now. */
const away = (detail: string, cause?: unknown): TapedeckError => fail('archive_unreachable', detail, cause);

/** What there is to say where no archive is configured, of a recording that is in one. */
export const noArchive = (): TapedeckError =>
  away('No archive is configured. Set [archive] directory in tapedeck.toml to where it is.');

/**
 * The archive: the recordings of a directory that may be on another machine. Nothing that it says is believed, and nothing is
 * written to it, without its mark: while the storage is not mounted an empty directory stands in its place. What is said to be
 * absent is looked up before the mark is read, so that an unmount in between does not make it so.
 */
export function createArchive(
  { directory, dataDir, owner }: ArchiveOrder,
  beat: Beat = async () => {},
): ArchiveStore {
  const store = createDiskStore(directory);
  const hot = createDiskReader(dataDir);

  /** The number of the file system that has the mark. */
  async function marked(): Promise<number> {
    if (owner === '') throw away('This installation has no audit log yet: start the recorder once.');
    let found: string | null;
    try {
      found = await ownerOf(directory);
      if (found === owner) return (await lstat(join(directory, MARK))).dev;
    } catch (e) {
      throw away(`${directory}: ${(e as Error).message}.`, e);
    }
    throw away(
      found === null
        ? `${directory} is not marked as an archive: its storage is not mounted, or "tapedeck archive init" was never run.`
        : `${directory} is the archive of another installation.`,
    );
  }

  /** Does it on the marked archive. What goes wrong when the archive is away is told as that. */
  async function there<T>(work: () => Promise<T>): Promise<T> {
    const before = await marked();
    try {
      const done = await work();
      if ((await marked()) === before) return done;
    } catch (e) {
      if ((await marked()) === before) throw e;
    }
    throw away(`${directory} was mounted or unmounted meanwhile.`);
  }

  async function* pieces(file: StoredFile, hash: Hash): AsyncGenerator<Buffer> {
    for (let at = 0; ; ) {
      const piece = await file.read(at, PIECE);
      if (piece.length === 0) return;
      at += piece.length;
      hash.update(piece);
      yield piece;
      await beat();
    }
  }

  return {
    async open(place) {
      const file = await there(() => store.open(place));
      return {
        ...file,
        read: (at, bytes) =>
          file.read(at, bytes).catch(async (e) => {
            await marked();
            throw diskError(e);
          }),
      };
    },
    hash: (place, pause = beat) => there(() => store.hash(place, pause)),
    exists: (place) => there(() => store.exists(place)),
    async *list() {
      await marked();
      for await (const found of store.list()) yield { ...found, archived: true };
      await marked();
    },
    remove: (place) => there(() => store.remove(place)),
    copy: (place) =>
      there(async () => {
        const source = await copied(place);
        const copy = await store.hash(place, beat);
        if (!copy) throw away(`${directory} does not have what was just written to it.`);
        return { source, copy };
      }),
    room: () =>
      there(async (): Promise<Room> => {
        const room = await readDisk(directory);
        if (!room) throw away(`${directory} does not exist.`);
        return { ...room, fault: await probeDisk(directory, false) };
      }),
  };

  async function copied(place: Place): Promise<FileHash> {
    const file = await hot.open(place);
    const hash = createHash('sha256');
    try {
      const bytes = await store.put(place, pieces(file, hash));
      return { bytes, sha256: hash.digest('hex') };
    } finally {
      await file.close();
    }
  }
}

/** The archive, for who may only read it and is not told whose it is before it is asked for something. */
export const createArchiveReader = (
  directory: string,
  dataDir: string,
  owner: () => Promise<string>,
): RecordingReader => {
  const opened = async () => createArchive({ directory, dataDir, owner: await owner() });
  return {
    open: async (place) => (await opened()).open(place),
    hash: async (place, pause) => (await opened()).hash(place, pause),
    exists: async (place) => (await opened()).exists(place),
    async *list() {
      yield* (await opened()).list();
    },
  };
};
