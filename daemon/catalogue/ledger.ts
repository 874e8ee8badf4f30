import type { Account, Cdr } from '../domain/cdr.js';
import type { CdrSource, CoverageRow, Witness } from '../domain/coverage.js';
import type { CallId, CallRecord, Coverage } from '../domain/recording.js';
import type { StoredCall } from './catalogue.js';

/** A call that nobody saw, as its CDRs tell it. */
export type MissedCall = { call: CallRecord; coverage: Coverage };

/** The PBX's own account of its calls, kept apart from ours, and the comparison. */
export interface Ledger {
  /** When the ledger was begun: now, if it has not been yet. */
  ledgerBegan(now: number): Promise<number>;
  /** Writes CDRs, new or known; gives those that say something new. A source that brings such a one is noted as heard. */
  addCdrs(cdrs: readonly Cdr[], source: string, at: number): Promise<Cdr[]>;
  /** All that hangs together with these links (see `linksOf`): CDRs, and the calls that they may tell of. */
  related(links: readonly string[]): Promise<{ cdrs: Cdr[]; calls: StoredCall[] }>;
  /** The accounts that these CDRs make, in place of those that they made before, and the rows of those that were missed. */
  saveAccounts(accounts: readonly Account[], missed: readonly MissedCall[]): Promise<void>;
  /** Links of the accounts that ended since then and belong to no call. */
  strangersSince(at: number): Promise<string[]>;
  /** One row for every call that began in this time and has ended, and that anybody answered; test calls left out. */
  coverageRows(range: { from: number; to: number }): Promise<CoverageRow[]>;
  /** The call of ours with this id as one such row. */
  coverageRow(id: CallId): Promise<CoverageRow | null>;
  /** The CDRs of these accounts. */
  cdrsOf(accountIds: readonly string[]): Promise<Map<string, Cdr[]>>;
  cdrSources(): Promise<CdrSource[]>;
  /** Notes that a source was read, or why it could not be. */
  noteSource(name: string, at: number, problem: string): Promise<void>;
  /** From when to when CDRs came, whatever brought them. */
  witness(): Promise<Witness>;
  /** Removes CDRs that ended before then; accounts stay. */
  forgetCdrs(before: number): Promise<void>;
}
