import type {
  AuditAction,
  AuditEntry,
  AuditOutcome,
  Head,
  NewEntry,
  Row,
} from '../domain/assurance/audit.js';

export type AuditFilter = {
  /** The id of a person or token, or the name of one on the command line of the box. */
  actor?: string;
  /** The id of what it was done to, such as that of a call. */
  objectId?: string;
  /** Those that name this recording, whatever its call is called by now. */
  recording?: string;
  actions?: readonly AuditAction[];
  outcome?: AuditOutcome;
  /** Milliseconds since 1970: at or after / before. */
  from?: number;
  to?: number;
  /** Only entries older than the one with this number. */
  before?: number;
  limit: number;
};

/** An entry to be read, with the words that were looked for as long as they are kept. */
export type ReadEntry = AuditEntry & { words: string | null };

/** A checkpoint as it was signed: a note, its size, and when (ms since 1970). */
export type KeptCheckpoint = { size: number; at: number; note: string };

/** None, one or several entries; or what comes of what the verb has given. */
export type Entries<T = unknown> = NewEntry | ((given: T) => NewEntry | readonly NewEntry[] | null);

/** Those that are to be written, after the verb has given this. */
export function entriesFor<T>(entries: Entries<T>, given: T): readonly NewEntry[] {
  const made = typeof entries === 'function' ? entries(given) : entries;
  return made === null ? [] : [made].flat();
}

/** The audit log: entries are only ever added, each to the end of a hash chain. */
export interface AuditLog {
  /** Adds an entry, and gives its number. */
  append(entry: NewEntry): Promise<number>;
  /**
   * Adds those of a source's entries that it has not told before, in the order of their `seq`, and keeps how far it has told: in
   * one transaction. Gives how far that is. The twenty sources that told last are remembered. `at` is ms since 1970.
   */
  tell(source: string, entries: readonly { seq: number; entry: NewEntry }[], at: number): Promise<number>;
  /** Newest first. */
  entries(filter: AuditFilter): Promise<ReadEntry[]>;
  /** The entries of `[from, from + limit)`, as they are kept, oldest first. */
  rows(from: number, limit: number): Promise<Row[]>;
  head(): Promise<Head>;
  /** The id of this log, which is in its first entry. */
  id(): Promise<string>;
  /** Everybody who is in the log, with their newest name. */
  actors(): Promise<{ id: string; name: string; kind: string }[]>;
  /** Forgets words that were looked for before that time; gives how many. */
  forgetWords(before: number): Promise<number>;

  keepCheckpoint(checkpoint: KeptCheckpoint): Promise<void>;
  /** Newest first. */
  checkpoints(limit: number): Promise<KeptCheckpoint[]>;
}
