import type { StoredFile } from '../store/store.js';

/** An object as a listing has it. `bytes` is null for what is no plain file. */
export type Listed = { name: string; bytes: number | null };

/**
 * A place for backups: objects by their names, which are those of domain/backup. What is kept there is not trusted: who reads an
 * object verifies it. Errors of a disk of this machine are thrown as `disk_full`, `disk_failed` and `disk_read_only`; anything else
 * that keeps the place from being used as one of the codes of `isDestinationError`.
 */
export type BackupTarget = {
  /** What people read where it is named. */
  name: string;
  /** Throws unless it can be used now. */
  ready(): Promise<void>;
  /**
   * Stores a whole object in place of one of this name: as durable as the place makes it when this resolves, as it was before when it
   * rejects. Returns its bytes. An error of the source is passed on.
   */
  put(name: string, source: Uint8Array | AsyncIterable<Uint8Array>): Promise<number>;
  /** Throws `backup_damaged` where there is none, or no plain file. */
  open(name: string): Promise<StoredFile>;
  /** Its bytes; null where there is none. */
  size(name: string): Promise<number | null>;
  /** All objects below a folder, in no order. */
  list(folder: string): AsyncIterable<Listed>;
  /** Removes an object so that it stays removed; nothing happens where there is none. Throws `backup_locked` where the place refuses. */
  remove(name: string): Promise<void>;
  /** Ends the connection, if there is one. */
  close(): Promise<void>;
};
