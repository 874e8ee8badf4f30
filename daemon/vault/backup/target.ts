import type { StoredFile } from '../store/store.js';

/**
 * A place for backups: objects by their names, which are those of domain/backup. What is kept there is not trusted: who reads an
 * object verifies it. Errors of a disk are thrown as `disk_full`, `disk_failed` and `disk_read_only`; anything else that keeps the
 * place from being used as `backup_target`.
 */
export type BackupTarget = {
  /** What people read where it is named. */
  name: string;
  /** Throws `backup_target` unless it can be used now. */
  ready(): Promise<void>;
  /** Stores a whole object in place of one of this name: durable when this resolves, as it was before when it rejects. Returns its bytes. */
  put(name: string, source: Uint8Array | AsyncIterable<Uint8Array>): Promise<number>;
  /** Throws `backup_damaged` where there is none, or no plain file. */
  open(name: string): Promise<StoredFile>;
  /** Its bytes; null where there is none. */
  size(name: string): Promise<number | null>;
  /** The names of all objects below a folder, in no order. */
  list(folder: string): AsyncIterable<string>;
  /** Removes an object so that it stays removed; nothing happens where there is none. */
  remove(name: string): Promise<void>;
};
