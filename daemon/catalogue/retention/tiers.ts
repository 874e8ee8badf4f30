import type { Recording, RecordingId } from '../../domain/recording/recording.js';
import type { Tier } from '../../domain/recording/tier.js';

/** A place among sealed recordings in the order in which they move to the archive. */
export type SealPlace = { sealedAt: number; id: RecordingId };
export const FIRST_SEAL: SealPlace = { sealedAt: -1, id: '' };

/** Of so many recordings of one tier, how many bytes their files have. `next`: where counting goes on; null: all are counted. */
export type TierSlice = {
  tier: Tier;
  recordings: number;
  bytes: number;
  next: (SealPlace & { tier: Tier }) | null;
};

/** Where the files of recordings are kept. */
export interface Tiers {
  /** The recording is on its way to the archive from now on, durably. False, and nothing is written, unless it is sealed. */
  begin(id: RecordingId): Promise<boolean>;
  /** It is in the archive alone. False when it was not on its way, or is being erased. */
  moved(id: RecordingId): Promise<boolean>;
  /** It stays where it was: nothing of it is in the archive. False as `moved`. */
  back(id: RecordingId): Promise<boolean>;
  /** Sealed recordings of before this time that are not in the archive, the oldest first, from after this place. */
  due(before: number, after: SealPlace, limit: number): Promise<Recording[]>;
  /** Sealed recordings that are on their way, in the same order. */
  moving(after: SealPlace, limit: number): Promise<Recording[]>;
  /** Erased recordings whose files are still in the archive, in the order of their ids. */
  left(after: RecordingId, limit: number): Promise<Recording[]>;
  /** The file of an erased recording is gone from the archive too. False when that was known. */
  removed(id: RecordingId): Promise<boolean>;
  /** Counts some of the sealed recordings, from this place on; null: from the first. `before`: only those of before this time. */
  slice(place: (SealPlace & { tier: Tier }) | null, before?: number): Promise<TierSlice>;
}
