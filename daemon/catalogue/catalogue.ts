import type { KeptAlarm } from '../domain/operations/alarm.js';
import type { Delivery } from '../domain/operations/notice.js';
import type { Growth } from '../domain/operations/room.js';
import type { Reach, ReachKey } from '../domain/people/reach.js';
import type { KeptDecision, Policy } from '../domain/policy/policy.js';
import type { Why } from '../domain/reason/reason.js';
import type { SignedManifest } from '../domain/recording/manifest.js';
import type { Ear, EarTrend, QualityFlag } from '../domain/recording/quality.js';
import type {
  CallId,
  CallRecord,
  Coverage,
  CoverageStatus,
  Direction,
  Lost,
  Recording,
  RecordingId,
  Segment,
} from '../domain/recording/recording.js';
import type { AuditLog, Entries } from './audit.js';
import type { Factors } from './factors.js';
import type { JobCatalogue } from './jobs.js';
import type { Ledger } from './ledger.js';
import type { People } from './people.js';
import type { Seals } from './seals.js';
import type { OpenCall, StoredCall } from './stored-call.js';
import type { TestCallCatalogue } from './test-calls.js';
import type { Watch } from './watch.js';

export type { OpenCall, StoredCall };

export type CallFilter = {
  /** Parts of names, and numbers or how they end; every word must match. */
  text?: string;
  /** Where a number in `text` that has no country code is from (ISO 3166-1). */
  region?: string;
  /** Milliseconds since 1970: started at or after / before. */
  from?: number;
  to?: number;
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

/** A row that is not what Tapedeck writes: its table, what names it there, and what is wrong with it. */
export type BadRow = { table: string; key: string; fault: string };

export type StoredPolicy = {
  version: number;
  changedAt: number | null;
  changedBy: string;
  policy: Policy;
  /** What is wrong with the newest version, so that `policy` is the one that Tapedeck comes with; null when nothing is. */
  fault: string | null;
};

/**
 * Where everything but audio and keys is kept. Each verb is one transaction and answers with a promise, so that
 * another engine can stand in this place; no transaction leaves it.
 */
export interface Catalogue
  extends AuditLog,
    Factors,
    JobCatalogue,
    Ledger,
    People,
    Seals,
    TestCallCatalogue,
    Watch {
  start(): Promise<void>;
  stop(): Promise<void>;

  /**
   * The same verbs; the one that is used next writes these entries in the same transaction: both are there, or neither.
   * Where the verb throws, or the function gives none, nothing is written. Only verbs that write can be used.
   */
  audited<T>(entries: Entries<T>): Catalogue;

  /**
   * Writes a call as it is now, new or known. Coverage and decision are kept as they were unless given; a new call's coverage is
   * `pending` or `none`.
   */
  saveCall(call: CallRecord, coverage?: Coverage, decision?: KeptDecision): Promise<void>;
  decideCoverage(id: CallId, coverage: Coverage): Promise<void>;
  call(id: CallId): Promise<StoredCall | null>;
  /** Newest first. */
  calls(filter: CallFilter): Promise<StoredCall[]>;
  /** A text that is another one once something of the newest calls that these reach has changed. */
  reachMark(keys: readonly ReachKey[]): Promise<string>;
  /** Calls that had not ended when they were last written: what a restart must find again. */
  openCalls(): Promise<OpenCall[]>;
  /**
   * One call turned out to be part of another: its row goes, its segments and recordings move. From then on `from` is
   * another name for `into`: it can be asked for, its segments can be written, and writing the call itself does nothing.
   */
  absorbCall(from: CallId, into: CallId): Promise<void>;
  /** How many answered calls since then have come to which end. Test calls do not count. */
  coverageSince(at: number): Promise<Partial<Record<CoverageStatus, number>>>;

  /** Its call must be known. `callId` and `seq` are those in the names of the spool files, also after an absorption. */
  saveSegment(segment: Segment): Promise<void>;
  /** Keeps the time that a segment's files lack, in place of what was kept of it before. Its row must be there. */
  saveLost(callId: CallId, seq: number, lost: Lost): Promise<void>;
  /** In the order in which they began, each with the `callId` and `seq` that name its spool files. */
  segments(id: CallId): Promise<Segment[]>;
  /** Ids of ended calls that have segments not yet preserved or dropped. */
  callsToPreserve(): Promise<CallId[]>;
  /** How many they are, and when the first of them ended. */
  preserveQueue(): Promise<{ waiting: number; oldestEndedAt: number | null }>;

  /** The moment of truth: recording, coverage, preserved segments and what is signed of it in one transaction. */
  recordingSealed(
    recording: Recording,
    peaks: Uint8Array,
    coverage: Coverage,
    manifest?: SignedManifest,
  ): Promise<void>;
  recording(id: RecordingId): Promise<Recording | null>;
  peaks(id: RecordingId): Promise<Uint8Array | null>;
  /** Every phone and line that was heard in calls that began in this time (milliseconds since 1970), test calls left out. */
  qualityTrends(from: number, to: number): Promise<EarTrend[]>;

  /** Every sealed recording with its call, soonest to go first, those kept for ever last. */
  keptRecordings(limit?: number): Promise<StoredCall[]>;
  countKept(): Promise<{ kept: number; forEver: number; newestSealedAt: number | null }>;
  /** What was sealed and erased from `since` on; its days are counted from the first recording if that is younger. */
  growth(since: number, now: number): Promise<Growth>;
  /** Intent to erase, durable before anything is destroyed. */
  eraseIntended(id: RecordingId, why: Why, at: number): Promise<void>;
  /**
   * Recordings whose erasure was begun and not finished. `intended`: the audit log has the entry that is written with every
   * intent. A row without one was marked by somebody else, and is not to be erased.
   */
  recordingsErasing(): Promise<(Recording & { intended: boolean })[]>;
  /** Key and file are gone: the row becomes a tombstone, and what was derived from the audio and the manifest's text go. */
  erased(id: RecordingId, at: number): Promise<void>;
  /** Tombstones, newest first. */
  erasedRecordings(limit: number): Promise<StoredCall[]>;
  /**
   * Makes what was deleted leave the files of the catalogue too, its journal included. False when another process
   * was reading just then: some of it may still be there, and it has to be asked for again.
   */
  checkpoint(): Promise<boolean>;

  policy(): Promise<StoredPolicy>;
  /** That version; the newest where there is none such (any more). */
  policyOf(version: number): Promise<StoredPolicy>;
  /** Those that can be read. */
  policyVersions(): Promise<StoredPolicy[]>;
  /** Throws `policy_conflict` when `basedOn` is not the newest version. Gives the new version. */
  savePolicy(policy: Policy, by: string, at: number, basedOn: number): Promise<number>;

  /** Writes an alarm as it is now; `key` and `raisedAt` name it. */
  saveAlarm(alarm: KeptAlarm): Promise<void>;
  /** Of which something may still have to be said. */
  openAlarms(): Promise<KeptAlarm[]>;
  /** Those that are over, the last one first. */
  pastAlarms(limit: number): Promise<KeptAlarm[]>;
  saveDelivery(delivery: Delivery): Promise<void>;
  /** Not yet taken by anybody nor given up, oldest first. */
  openDeliveries(): Promise<Delivery[]>;
  /** Drops alarms that were over, and messages that were made, before that time. */
  forgetAlarms(before: number): Promise<void>;

  /** A number that changes whenever anybody, in any process, has written; but for our own entries of the audit log. Cheap. */
  changeCount(): Promise<number>;
}
