import type { Recording, RecordingId } from '../../domain/recording/recording.js';
import type { DuePlace, DueSlice, KeptPlace, KeptSlice } from '../../domain/retention/plan.js';
import type { StoredCall } from '../stored-call.js';

/** Which recordings with an end date: those that a run at `now` would erase, that it would leave, and that are due later. */
export type DuePage = 'erasable' | 'protected' | 'later';

/** What was found of a list, and where it goes on; null at its end. A page may be short, or empty, before the end. */
export type DueItems<T> = { items: T[]; next: DuePlace | null };

/**
 * Sealed recordings by when they may be erased, test calls left out. Nothing here takes longer when there are more of them: `erasable`
 * and `page` look at some thousand due ones at once, see `fromSlices`.
 */
export interface Due {
  /** Counts some of the kept recordings, from this place on; null: from the first. */
  keptSlice(place: KeptPlace | null, now: number): Promise<KeptSlice>;
  /** Lists some of those that are due at `now`, from after this place. */
  dueSlice(after: DuePlace, now: number): Promise<DueSlice>;
  /** Those that are due at `now` and that nothing protects, in order, from after this place. */
  erasable(after: DuePlace, now: number, limit: number): Promise<DueItems<Recording>>;
  /** The same, also of the others, with their calls. */
  page(which: DuePage, after: DuePlace, now: number, limit: number): Promise<DueItems<StoredCall>>;
  /** Those without an end date, in the order of their ids. */
  undated(after: RecordingId, limit: number): Promise<StoredCall[]>;
  /** When the newest of them was sealed, ms since 1970; null for none. */
  newestSealedAt(): Promise<number | null>;
}
