import type { PbxId } from '../domain/pbx.js';
import type { Reach, ReachKey } from '../domain/people/reach.js';
import type { KeptDecision } from '../domain/policy/policy.js';
import type { Ear, QualityFlag } from '../domain/recording/quality.js';
import type {
  CallId,
  CallRecord,
  Coverage,
  CoverageStatus,
  Direction,
} from '../domain/recording/recording.js';
import type { OpenCall, StoredCall } from './stored-call.js';

export type CallFilter = {
  /** Parts of names, and numbers or how they end; every word must match. */
  text?: string;
  /** Where a number in `text` that has no country code is from (ISO 3166-1). */
  region?: string;
  /** Digits in `text` may stand anywhere in a number. */
  inside?: boolean;
  /** Milliseconds since 1970: started at or after / before. */
  from?: number;
  to?: number;
  /** Only calls on this PBX. */
  pbx?: PbxId;
  direction?: Direction;
  coverage?: string;
  /** Only recordings with this flag, or with any. With `ear`: of that phone or line. */
  quality?: QualityFlag | 'any';
  /** Only recordings in which this phone or line was heard. */
  ear?: Ear;
  /** Only consultations for this call. */
  consultFor?: CallId;
  /** Only calls older than the one with this id, which must be reached itself. */
  before?: CallId;
  /** Only calls that are reached by this; left out, every call. */
  reach?: Reach;
  limit: number;
};

/** What there is to choose a scope from, the most frequent first; each with its PBX, see `qualified`. */
export type Seen = { extensions: { number: string; name: string }[]; queues: string[]; dids: string[] };

/** Calls, and what became of each. */
export interface Calls {
  /**
   * Writes a call as it is now, new or known. Coverage and decision are kept as they were unless given; a new call's coverage is
   * `pending` or `none`.
   */
  save(call: CallRecord, coverage?: Coverage, decision?: KeptDecision): Promise<void>;
  decideCoverage(id: CallId, coverage: Coverage): Promise<void>;
  get(id: CallId): Promise<StoredCall | null>;
  /** Newest first. */
  list(filter: CallFilter): Promise<StoredCall[]>;
  /** When the call began that is so many before this time (ms since 1970), counted from 0; null where there are fewer. */
  startBefore(at: number, skip: number): Promise<number | null>;
  /** A text that is another one once something of the newest calls that these reach has changed. */
  reachMark(keys: readonly ReachKey[]): Promise<string>;
  /** Calls that had not ended when they were last written: what a restart must find again. */
  open(): Promise<OpenCall[]>;
  /**
   * One call turned out to be part of another: its row goes, its segments and recordings move. From then on `from` is
   * another name for `into`: it can be asked for, its segments can be written, and writing the call itself does nothing.
   */
  absorb(from: CallId, into: CallId): Promise<void>;
  /** How many answered calls since then have come to which end. Test calls do not count. */
  coverageSince(at: number): Promise<Partial<Record<CoverageStatus, number>>>;
  /** Extensions, queues and DIDs of the newest calls. */
  seen(): Promise<Seen>;
}
