import type { Account, Cdr } from '../domain/assurance/cdr.js';
import type { CdrSource, CoverageRow, Span, Witness } from '../domain/assurance/coverage.js';
import type { CountedQuarter } from '../domain/assurance/coverage-counts.js';
import type { PbxId } from '../domain/pbx.js';
import type { CallId, CallRecord, Coverage } from '../domain/recording/recording.js';
import type { StoredCall } from './stored-call.js';

/** A call that nobody saw, as its CDRs tell it. */
export type MissedCall = { call: CallRecord; coverage: Coverage };

/** Calls that began from `from` on and before `to`, ms since 1970. */
export type CoverageRange = { from: number; to: number; pbx?: PbxId | undefined };
/** The newest of them, newest first. `next`: the `to` of the next ones; null when there are no more. */
export type CoverageSlice = { items: CoverageRow[]; next: number | null };

/** The newest quarters of an hour of a time, newest first; those in which nobody called are left out. */
export type CountsSlice = { items: CountedQuarter[]; next: number | null };

/** Each PBX's own account of its calls, kept apart from ours, and the comparison. */
export interface Ledger {
  /** When the ledger of this PBX was begun: now, if it has not been yet. */
  began(pbx: PbxId, now: number): Promise<number>;
  /** The ledgers that have been begun, or that have a call. */
  spans(): Promise<Span[]>;
  /**
   * Writes CDRs of one PBX, new or known, and returns those that say something new. These are due for comparison with our calls
   * `graceMs` after their end. A source that brings such a one is noted as heard, at `at`, and if it is the first time, since
   * `since` (ms since 1970; the same, unless the first of them was heard before the last).
   */
  add(cdrs: readonly Cdr[], source: string, at: number, graceMs?: number, since?: number): Promise<Cdr[]>;
  /** CDRs of a PBX that are due for comparison by then, the longest due first. */
  due(pbx: PbxId, by: number, limit: number): Promise<Cdr[]>;
  /** When these are to be compared (again), in ms since 1970; null: not any more. */
  setDue(cdrs: readonly Cdr[], at: number | null): Promise<void>;
  /** Makes the CDRs of accounts that ended since then and belong to no call due at `at`. */
  strangersDue(pbx: PbxId, since: number, at: number): Promise<void>;
  /** All that hangs together on a PBX with these links (see `linksOf`): CDRs, and the calls that they may tell of. */
  related(pbx: PbxId, links: readonly string[]): Promise<{ cdrs: Cdr[]; calls: StoredCall[] }>;
  /** The accounts that these CDRs make, in place of those that they made before, and the rows of those that were missed. */
  saveAccounts(accounts: readonly Account[], missed: readonly MissedCall[]): Promise<void>;
  /**
   * One row for every call that began in this time and has ended, and that anybody answered; test calls left out. Looks at some hundred
   * calls at once.
   */
  rows(range: CoverageRange): Promise<CoverageSlice>;
  /** How many answered calls of this time only the PBX knows. */
  strangers(range: CoverageRange): Promise<number>;
  /** What the calls of each quarter of an hour that touches this time come to, and which quarters have changed since they were counted. */
  counts(range: CoverageRange): Promise<CountsSlice>;
  /** Since when no more than `most` calls are still to be counted; null where there are no more in all of this time. */
  countedSince(range: CoverageRange, most: number): Promise<number | null>;
  /** Counts some of the quarters that have changed, for reports on coverage and consent, and returns how many; 0 when there are no more. */
  count(): Promise<number>;
  /** The call of ours with this id as one such row. */
  row(id: CallId): Promise<CoverageRow | null>;
  /** The CDRs of these accounts. */
  cdrsOf(accountIds: readonly string[]): Promise<Map<string, Cdr[]>>;
  sources(): Promise<CdrSource[]>;
  /** Notes that a source was read, or why it could not be. */
  noteSource(pbx: PbxId, name: string, at: number, problem: string): Promise<void>;
  /** From when to when CDRs of this PBX came, whatever brought them. */
  witness(pbx: PbxId): Promise<Witness>;
  /** Removes CDRs that ended before then; accounts stay. */
  forget(before: number): Promise<void>;
}
