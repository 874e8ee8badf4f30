import type { Room } from '../../domain/operations/room.js';
import type { RecordingPlace } from '../../domain/recording/recording.js';

/**
 * Where sealed recordings are kept. A recording is named by its id and by what its place is made of; nobody outside of a
 * store knows a path. What cannot be the place of a recording is refused with `internal`, before anything is touched.
 * Errors of the disk are thrown as `disk_full`, `disk_failed` and `disk_read_only`.
 */
export type Place = RecordingPlace;

export type FileHash = { bytes: number; sha256: string };
/** Waits between two pieces of a file, given the ms that reading the last one took. */
export type Pause = (tookMs: number) => Promise<void>;

/** A stored file, open. It can be read to its end also when it is removed meanwhile. */
export type StoredFile = {
  /** Bytes. */
  size: number;
  /** Returns these bytes, or fewer where the file ends before. */
  read(at: number, bytes: number): Promise<Buffer>;
  close(): Promise<void>;
};

/** Something that lies in the store, whoever put it there. */
export type Listed = {
  /** As `file` of a recording names it. */
  name: string;
  /** Whether it lies in the archive. */
  archived: boolean;
  /** `unfinished`: left by a `put` that was cut short, or still going on. `other`: not a name that a store gives. */
  kind: 'recording' | 'unfinished' | 'other';
  /** Of what has the name of a recording, that recording; else null. */
  place: Place | null;
  /** Milliseconds since 1970. */
  modifiedAt: number;
  /** Null for what is gone by now, or is no plain file. */
  hash(pause?: Pause): Promise<FileHash | null>;
};

/** What a process may do that must not change anything. */
export interface RecordingReader {
  /** Throws `seal_damaged` when there is none, when it is no plain file, and when it lies behind a link. */
  open(place: Place): Promise<StoredFile>;
  /** Reads a file from beginning to end. Null when there is none; throws as `open`. */
  hash(place: Place, pause?: Pause): Promise<FileHash | null>;
  /** Null when there is none. An error that leaves this open is thrown. */
  exists(place: Place): Promise<{ bytes: number } | null>;
  /** Everything that lies in the store, in no order. Follows no link. */
  list(): AsyncIterable<Listed>;
}

export interface RecordingStore extends RecordingReader {
  /**
   * Stores a whole file, in place of one that is there. When the promise resolves the file is durable; when it rejects an
   * older one is as it was. Only where the very last step failed neither is there. Returns the bytes written; an error of
   * the source is passed on. Of one recording one `put` at a time.
   */
  put(place: Place, source: AsyncIterable<Uint8Array>): Promise<number>;
  /** Removes a file so that it stays removed. False when there was none, which is made durable too. */
  remove(place: Place): Promise<boolean>;
}

/** What the archive does, whether in this process or in one of its own. All verbs throw `archive_unreachable` while it is not there. */
export interface ArchiveStore extends RecordingReader {
  /**
   * Copies the file of a recording from the data directory, durably, in place of a copy that is there, and reads the copy again:
   * `source` is what was read, `copy` what the archive has. Throws `seal_damaged` when there is nothing to copy.
   */
  copy(place: Place): Promise<{ source: FileHash; copy: FileHash }>;
  remove(place: Place): Promise<boolean>;
  /** The room on its file system, and what a small write met there: the code of the system, or null. */
  room(): Promise<Room>;
}

/** The recordings of both tiers. Reading finds a file wherever it is; `put` stores it in the data directory. */
export interface TieredStore extends RecordingStore {
  /** Copies a recording to the archive as `ArchiveStore.copy`. A `remove` of the same recording waits for its end. */
  copy(place: Place): Promise<{ source: FileHash; copy: FileHash }>;
  /** Removes the file from the data directory alone. */
  removeHot(place: Place): Promise<boolean>;
  /** Removes the copy in the archive alone. */
  removeArchived(place: Place): Promise<boolean>;
  /** Whether the file is in the data directory. */
  isHot(place: Place): Promise<boolean>;
  /** Hash of the copy in the archive; null when there is none. */
  archivedHash(place: Place): Promise<FileHash | null>;
}
