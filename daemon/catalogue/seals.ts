import type { SignedManifest } from '../domain/recording/manifest.js';
import type { Recording, RecordingId } from '../domain/recording/recording.js';

/** What was found when the file of a recording was last read, and since when it is so. Times are ms since 1970. */
export type SealCheck = {
  recordingId: RecordingId;
  /** A manifest of it was made. */
  signed: boolean;
  /** When it was last found to be as it was sealed; the sealing itself counts. */
  checkedAt: number;
  fault: string | null;
  faultAt: number | null;
};

/** A place among those that were checked, the longest ago first. */
export type CheckPlace = { checkedAt: number; id: RecordingId };

/** `oldestCheckAt` is null when there are no recordings. */
export type SealFigures = {
  recordings: number;
  oldestCheckAt: number | null;
  faults: number;
  unsigned: number;
};

/** That recordings are as they were sealed, and what was signed of them. */
export interface Seals {
  /** Of a recording that was sealed before there were manifests. Does nothing when it has one. */
  addManifest(manifest: SignedManifest): Promise<void>;
  manifest(id: RecordingId): Promise<SignedManifest | null>;
  check(id: RecordingId): Promise<SealCheck | null>;
  /**
   * Sealed recordings, those without a manifest first, then those that were checked longest ago, before that time, from after this
   * place.
   */
  toCheck(
    before: number,
    limit: number,
    after?: CheckPlace,
  ): Promise<(Recording & { signed: boolean; checkedAt: number })[]>;
  /**
   * A recording was read: `fault` is null when it is as it was sealed. Gives whether that it is not is news; does nothing
   * when it is sealed no more.
   */
  checked(id: RecordingId, at: number, fault: string | null): Promise<boolean>;
  /** Those that are not as they were sealed, the first found first. */
  damaged(limit: number): Promise<(SealCheck & { callId: string })[]>;
  figures(): Promise<SealFigures>;
  /** The recording whose file has this hash. */
  sealedAs(sha256: string): Promise<RecordingId | null>;
}
