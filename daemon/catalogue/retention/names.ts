import type { CallId } from '../../domain/recording/recording.js';
import type { NamesPlace } from '../../domain/retention/names.js';

/** A call without audio. `minUntil`: the latest minimum of a recording that it had, ms since 1970; 0 for none. */
export type NamelessSoon = NamesPlace & { minUntil: number };

/** Names and numbers of calls of which there is no audio: removed for good, so that the rows name nobody. */
export interface CallNames {
  /** Returns calls that have had no audio since then or longer, the longest first. `since` in ms since 1970. */
  page(after: NamesPlace, since: number, limit: number): Promise<NamelessSoon[]>;
  /** Counts them up to `most`, without a look at a row. */
  count(since: number, most: number): Promise<number>;
  /**
   * Removes names and numbers of these calls, and of everything that belongs to them, in one transaction; returns how many. Calls
   * that have audio, or that a legal hold asks for, stay as they are. Idempotent.
   */
  remove(calls: readonly CallId[], at: number): Promise<number>;
  /** The same for CDRs that ended before then and belong to no call of ours; returns of how many accounts. At most `limit` at once. */
  removeStrangers(before: number, limit: number): Promise<number>;
  /** How many calls lost their names after `after`, up to `until`. In ms since 1970. */
  removed(after: number, until: number): Promise<number>;
}
