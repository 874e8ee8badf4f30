import type { PbxId } from '../domain/pbx.js';
import type { Why } from '../domain/reason/reason.js';
import type { BlindWindow } from '../domain/recording/recording.js';

/** Windows that touch the time from `from` to `to`, of one PBX if that is given. */
export type Windows = { pbx?: PbxId | undefined; from?: number; to?: number };

/** When each PBX was watched, and when it was not. Times are milliseconds since 1970. */
export interface Watch {
  /** Somebody watches this PBX, at this moment. */
  watched(pbx: PbxId, at: number): Promise<void>;
  /** Until when it was last known to be watched; null before the first time. */
  lastWatched(pbx: PbxId): Promise<number | null>;
  /** Nobody watches it from then on. While a window of this PBX is open nothing changes, and it gives false. */
  open(pbx: PbxId, from: number, why: Why): Promise<boolean>;
  /** The PBX is watched again. Returns the window that this closed, or null if none was open. */
  close(pbx: PbxId, at: number): Promise<BlindWindow | null>;
  /** Newest first. */
  windows(range?: Windows): Promise<BlindWindow[]>;
}
