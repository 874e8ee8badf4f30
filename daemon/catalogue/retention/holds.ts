import type { Why } from '../../domain/reason/reason.js';
import type { CallId, RecordingId } from '../../domain/recording/recording.js';
import type { HeldBy, HoldItem, HoldQuery, Matter, MatterId } from '../../domain/retention/hold.js';
import type { StoredCall } from '../stored-call.js';

export type NewMatter = Pick<Matter, 'id' | 'name' | 'reason' | 'query' | 'openedBy' | 'openedAt'>;
/** A matter that holds a recording, and how it came to. */
export type HeldIn = { recordingId: RecordingId; matter: MatterId; name: string; why: HeldBy; at: number };
/** Where a page of calls ends. */
export type CallCursor = { startedAt: number; id: CallId };

/**
 * Legal holds. What a matter's query asks for is worked out when a recording is sealed and when the facts of its call change, in
 * those transactions, so that no matching recording is there and not held; and again before each intent to erase.
 */
export interface Holds {
  /**
   * Opens a matter. With a query it is `applying` until `apply` has been through all recordings, and nothing is erased until then.
   * Throws `matter_exists`, `holds_full`.
   */
  open(matter: NewMatter): Promise<void>;
  /**
   * Gives a matter a query that asks for more; it is `applying` again. Throws `matter_unknown`, `matter_released`, and
   * `hold_invalid` for a query that does not ask for all that the one before did.
   */
  widen(id: MatterId, query: HoldQuery): Promise<Matter>;
  /** Holds these recordings for a matter. Returns those that it had not held. Throws `recording_absent` for one that is erased. */
  pick(id: MatterId, recordings: readonly RecordingId[], by: string, at: number): Promise<RecordingId[]>;
  /** Works the query of a matter out for the next so many calls. True when it is done. */
  apply(id: MatterId, calls: number, at: number): Promise<boolean>;
  /** The matters that are not worked out yet. */
  applying(): Promise<MatterId[]>;
  /** Open matters first, then released ones; each newest first. */
  list(): Promise<Matter[]>;
  get(id: MatterId): Promise<Matter | null>;
  /** What a matter holds, in the order in which it came to, from after this place. */
  items(id: MatterId, after: number, limit: number): Promise<HoldItem[]>;
  /** The matters that hold these recordings. */
  of(recordings: readonly RecordingId[]): Promise<HeldIn[]>;
  /** Why a recording may not be erased at `now`, as `recordings.eraseIntended` asks; null when it may. */
  guard(id: RecordingId, now: number): Promise<Why | null>;
  /** Calls that a matter's query asks for and that have no recording to hold, newest first, from before this one. */
  unrecorded(id: MatterId, before: CallCursor | null, limit: number): Promise<StoredCall[]>;
}
