import type { Directive } from '../domain/call/directive.js';
import type { PbxId } from '../domain/pbx.js';
import type { CallId, CallRecord, CoverageStatus } from '../domain/recording/recording.js';
import type { CountedConsent } from '../domain/telling/consent-counts.js';
import type { Found, Notice, Played } from '../domain/telling/notice.js';
import type { CoverageRange } from './ledger.js';

/** How the people of a call were to be told, and what was played to them. `notice` is null where the former was not decided. */
export type ToldCall = { notice: Notice | null; played: Played[] };
/** Where a page of calls ended. */
export type ToldCursor = { startedAt: number; id: CallId };
export type ToldFilter = {
  /** Calls that began in this time, ms since 1970: from, and before. */
  from: number;
  to: number;
  /** Only those on this PBX. */
  pbx?: PbxId | undefined;
  /** Only those before the ones of another page. */
  before?: ToldCursor | undefined;
  limit: number;
};

/** An answered call, how its people were to be told (null where that was not decided), and all that came of it. */
export type LedgerCall = Pick<
  CallRecord,
  'id' | 'pbx' | 'direction' | 'startedAt' | 'answeredAt' | 'endedAt' | 'them' | 'us' | 'legs' | 'marks'
> & { coverage: CoverageStatus; notice: Notice | null; played: Played[]; directives: Directive[] };

/** The newest quarters of an hour of a time, newest first; those in which nobody called are left out. `next`: the `to` of the next ones. */
export type ConsentCountsSlice = { items: CountedConsent[]; next: number | null };

/** The ledger of consent. It goes with its call. */
export interface Notices {
  /** Keeps what was decided for a call, in place of what was decided before. Throws `call_unknown`. */
  decide(notice: Notice): Promise<void>;
  /** Keeps one playing, and gives it with its number. Throws `call_unknown`. */
  tell(played: Omit<Played, 'seq' | 'found'>): Promise<Played>;
  /** Keeps where the sealed audio has what was played. */
  found(seq: number, found: Found): Promise<void>;
  /** Of a call, and of those that became part of it. */
  of(id: CallId): Promise<ToldCall>;
  /**
   * A page of the calls that have ended and that anybody answered, newest first, as coverage counts them: without test calls and
   * imported ones. `next` is null on the last. A page has less than `limit` calls where few of some thousand were answered, or where
   * rows of it cannot be read.
   */
  calls(filter: ToldFilter): Promise<{ calls: LedgerCall[]; next: ToldCursor | null }>;
  /** What such calls of each quarter of an hour that touches this time come to, and which quarters have changed since they were counted. */
  counts(range: CoverageRange): Promise<ConsentCountsSlice>;
  /** Since when no more than `most` calls are still to be counted; null where there are no more in all of this time. */
  countedSince(range: CoverageRange, most: number): Promise<number | null>;
}
