import type { Why } from '../../domain/reason/reason.js';
import type { CallId, RecordingId } from '../../domain/recording/recording.js';
import type {
  HeldBy,
  HoldItem,
  HoldQuery,
  HoldRelease,
  Letting,
  Matter,
  MatterId,
} from '../../domain/retention/hold.js';
import type { StoredCall } from '../stored-call.js';

export type NewMatter = Pick<Matter, 'id' | 'name' | 'reason' | 'query' | 'openedBy' | 'openedAt'>;
export type NewRelease = Omit<HoldRelease, 'was' | 'doneAt' | 'released'>;
/** A matter that holds a recording, and how it came to. */
export type HeldIn = { recordingId: RecordingId; matter: MatterId; name: string; why: HeldBy; at: number };
/** Where a page of calls ends. */
export type CallCursor = { startedAt: number; id: CallId };
export type LeavingPage = { items: HoldItem[]; next: number | null };
export type UnrecordedPage = { calls: StoredCall[]; next: CallCursor | null };

/**
 * Legal holds. What a matter's query asks for is worked out when a recording is sealed and when the facts of its call change, in
 * those transactions, so that no matching recording is there and not held; and again before each intent to erase.
 */
export interface Holds {
  /**
   * Opens a matter, which holds these recordings. With a query it is `applying` until `apply` has been through all recordings, and nothing is erased until then.
   * Throws `matter_exists`, `holds_full`, `recording_absent`.
   */
  open(matter: NewMatter, recordings?: readonly RecordingId[]): Promise<void>;
  /**
   * Widens the query of a matter, which is then `applying` again. Throws `matter_unknown`, `matter_released`, and
   * `hold_narrower` for a query that does not ask for all that the one before did.
   */
  widen(id: MatterId, query: HoldQuery): Promise<Matter>;
  /** Holds these recordings for a matter, and kept earlier versions of them. Returns those that it had not held. Throws `recording_absent` for one that is erased. */
  pick(id: MatterId, recordings: readonly RecordingId[], by: string, at: number): Promise<RecordingId[]>;
  /** Works the query of a matter out for the next calls, so many at most. True when it is done. */
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
  /**
   * Calls that a matter's query asks for and of which not all was recorded: they have no recording, or one with gaps or masks.
   * Newest first, from before this one. Looks at some thousand calls at once: `next` is where it goes on, null at the end.
   */
  unrecorded(id: MatterId, before: CallCursor | null, limit: number): Promise<UnrecordedPage>;
  /**
   * What would be let go of what was held up to `upto`, in the order of places, from after one. Looks at some thousand at once: `next` is
   * where it goes on, null at the end.
   */
  leaving(
    id: MatterId,
    letting: Letting,
    places: { after: number; upto: number },
    limit: number,
  ): Promise<LeavingPage>;
  /** The place of what was held last, of any matter. */
  newestPlace(): Promise<number>;
  /**
   * Begins a release; what it lets go stays held until `carryOut` has come to it. Uses the approval up in the same transaction.
   * Throws `approval_missing` without one for exactly this, `matter_unknown`, and `matter_changed` where the matter is not at
   * this revision.
   */
  release(release: NewRelease, approved: { digest: string; revision: number }): Promise<HoldRelease>;
  /** Lets so many go. True when it is done. */
  carryOut(release: string, limit: number, at: number): Promise<boolean>;
  /** Releases of a matter, newest first; without one those that are not done. */
  releases(id?: MatterId): Promise<HoldRelease[]>;
  /** What a release has let go, in the order of places, from after one. */
  released(release: string, after: number, limit: number): Promise<HoldItem[]>;
}
