import { fail } from '../../domain/error.js';
import { isUnreachable, mayBeArchived } from '../../domain/recording/tier.js';
import { createArchive, createArchiveReader, noArchive } from './archive.js';
import { createDiskReader, createDiskStore } from './disk.js';
import type {
  ArchiveStore,
  FileHash,
  Place,
  RecordingReader,
  RecordingStore,
  StoredFile,
  TieredStore,
} from './store.js';

/**
 * The recordings of both tiers, for who may only read. A file is looked for in the data directory first, then in the archive,
 * whatever its row says: the row may be older than the move. While the archive is away, what its row says is hot and is not there is
 * missing; anything else is `archive_unreachable`, and not known to be damaged.
 */
export function createTieredReader(hot: RecordingReader, archive: RecordingReader | null): RecordingReader {
  /** Asks the archive; `absent` where it cannot be asked for what its row says is not there. */
  async function archived<T>(place: Place, work: (archive: RecordingReader) => Promise<T>, absent: () => T) {
    if (!archive) {
      if (mayBeArchived(place.tier)) throw noArchive();
      return absent();
    }
    try {
      return await work(archive);
    } catch (e) {
      if (isUnreachable(e) && !mayBeArchived(place.tier)) return absent();
      throw e;
    }
  }

  return {
    async open(place): Promise<StoredFile> {
      try {
        if (await hot.exists(place)) return await hot.open(place);
      } catch (e) {
        // It may have moved since it was seen.
        if (await hot.exists(place)) throw e;
      }
      return archived(
        place,
        (from) => from.open(place),
        () => {
          throw fail('seal_damaged', `${place.file} is missing.`);
        },
      );
    },

    async hash(place, pause): Promise<FileHash | null> {
      return (
        (await hot.hash(place, pause)) ??
        archived<FileHash | null>(
          place,
          (from) => from.hash(place, pause),
          () => null,
        )
      );
    },

    async exists(place) {
      return (
        (await hot.exists(place)) ??
        archived<{ bytes: number } | null>(
          place,
          (from) => from.exists(place),
          () => null,
        )
      );
    },

    /** While the archive is away: what is in the data directory. */
    async *list() {
      yield* hot.list();
      try {
        if (archive) yield* archive.list();
      } catch (e) {
        if (!isUnreachable(e)) throw e;
      }
    },
  };
}

export function createTieredStore(hot: RecordingStore, archive: ArchiveStore | null): TieredStore {
  const copying = new Map<string, Promise<unknown>>();
  const there = (): ArchiveStore => {
    if (!archive) throw noArchive();
    return archive;
  };
  return {
    ...createTieredReader(hot, archive),
    put: hot.put,

    /** From the data directory even when the archive is away: the caller is told, and removes what is left there later. */
    async remove(place) {
      await copying.get(place.id)?.catch(() => {});
      const removed = await hot.remove(place);
      if (!archive) {
        if (mayBeArchived(place.tier)) throw noArchive();
        return removed;
      }
      try {
        // Where its row says that nothing is there, a look is enough, which costs less than a removal made durable.
        const there = mayBeArchived(place.tier) || (await archive.exists(place)) !== null;
        return (there && (await archive.remove(place))) || removed;
      } catch (e) {
        if (isUnreachable(e) && !mayBeArchived(place.tier)) return removed;
        throw e;
      }
    },

    async copy(place) {
      const copy = there().copy(place);
      copying.set(place.id, copy);
      try {
        return await copy;
      } finally {
        copying.delete(place.id);
      }
    },
    removeHot: hot.remove,
    isHot: async (place) => (await hot.exists(place)) !== null,
    archivedHash: async (place) => there().hash(place),
    removeArchived: async (place) => there().remove(place),
  };
}

/** Where the recordings of an installation are; `archive` is empty where there is none. `owner`: see `ArchiveOrder`. */
export type Places = { dataDir: string; archive: string; owner: () => Promise<string> };

/** The recordings, for a process that reads and ends: what stands still keeps only that process waiting. */
export const openRecordings = ({ dataDir, archive, owner }: Places): RecordingReader =>
  createTieredReader(
    createDiskReader(dataDir),
    archive === '' ? null : createArchiveReader(archive, dataDir, owner),
  );

/** The same, for one that writes. */
export async function openStore({ dataDir, archive: directory, owner }: Places): Promise<TieredStore> {
  const archive = directory === '' ? null : createArchive({ directory, dataDir, owner: await owner() });
  return createTieredStore(createDiskStore(dataDir), archive);
}
