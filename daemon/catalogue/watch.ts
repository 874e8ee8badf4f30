import type { Why } from '../domain/reason/reason.js';
import type { BlindWindow } from '../domain/recording/recording.js';

/** When the PBX was watched, and when it was not. Times are milliseconds since 1970. */
export interface Watch {
  /** Somebody watches, at this moment. */
  watched(at: number): Promise<void>;
  /** Until when it was last known to be watched; null before the first time. */
  lastWatched(): Promise<number | null>;
  /** Nobody watches from then on. While a window is open nothing changes, and it gives false. */
  open(from: number, why: Why): Promise<boolean>;
  /** The PBX is watched again. Gives the window that was closed, or null when none was open. */
  close(at: number): Promise<BlindWindow | null>;
  /** Windows that touch the time from `from` to `to`, newest first. */
  windows(range?: { from?: number; to?: number }): Promise<BlindWindow[]>;
}
