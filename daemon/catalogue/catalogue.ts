import type { Policy } from '../domain/policy.js';
import type {
  CallId,
  CallRecord,
  Coverage,
  Direction,
  Recording,
  RecordingId,
  Segment,
} from '../domain/recording.js';

export type StoredCall = CallRecord & { coverage: Coverage; recording: Recording | null };

export type CallFilter = {
  /** Part of a number or a name; every word must fit. */
  text?: string;
  /** Milliseconds since 1970: started at or after / before. */
  from?: number;
  to?: number;
  direction?: Direction;
  coverage?: string;
  /** Only calls older than the one with this id. */
  before?: CallId;
  limit: number;
};

export type StoredPolicy = { version: number; changedAt: number | null; changedBy: string; policy: Policy };

export type User = { id: string; name: string; passwordHash: string; createdAt: number };
export type Session = {
  tokenHash: string;
  userId: string;
  userName: string;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
};

/**
 * Where everything but audio and keys is kept. Each verb is one transaction and answers with a promise, so that
 * another engine can stand in this place; no transaction leaves it.
 */
export interface Catalogue {
  start(): Promise<void>;
  stop(): Promise<void>;

  /** Writes a call as it is now, new or known. Coverage is kept as it was unless given; a new call's is `pending` or `none`. */
  saveCall(call: CallRecord, coverage?: Coverage): Promise<void>;
  decideCoverage(id: CallId, coverage: Coverage): Promise<void>;
  call(id: CallId): Promise<StoredCall | null>;
  /** Newest first. */
  calls(filter: CallFilter): Promise<StoredCall[]>;
  /** Calls that had not ended when they were last written: what a restart must find again. */
  openCalls(): Promise<CallRecord[]>;
  /**
   * One call turned out to be part of another: its row goes, its segments and recordings move. From then on `from` is
   * another name for `into`: it can be asked for, its segments can be written, and writing the call itself does nothing.
   */
  absorbCall(from: CallId, into: CallId): Promise<void>;

  /** Its call must be known. `callId` and `seq` are those in the names of the spool files, also after an absorption. */
  saveSegment(segment: Segment): Promise<void>;
  /** In the order in which they began, each with the `callId` and `seq` that name its spool files. */
  segments(id: CallId): Promise<Segment[]>;
  /** Ids of ended calls that have segments not yet preserved or dropped. */
  callsToPreserve(): Promise<CallId[]>;

  /** The moment of truth: recording, coverage and preserved segments in one transaction. */
  recordingSealed(recording: Recording, peaks: Uint8Array, coverage: Coverage): Promise<void>;
  recording(id: RecordingId): Promise<Recording | null>;
  peaks(id: RecordingId): Promise<Uint8Array | null>;

  /** Every sealed recording with its call, soonest to go first, those kept for ever last. */
  keptRecordings(limit?: number): Promise<StoredCall[]>;
  countKept(): Promise<{ kept: number; forEver: number; newestSealedAt: number | null }>;
  /** Intent to erase, durable before anything is destroyed. */
  eraseIntended(id: RecordingId, reason: string, at: number): Promise<void>;
  recordingsErasing(): Promise<Recording[]>;
  /** Key and file are gone: the row becomes a tombstone and what was derived from the audio goes. */
  erased(id: RecordingId, at: number): Promise<void>;
  /** Tombstones, newest first. */
  erasedRecordings(limit: number): Promise<StoredCall[]>;
  /**
   * Makes what was deleted leave the files of the catalogue too, its journal included. False when another process
   * was reading just then: some of it may still be there, and it has to be asked for again.
   */
  checkpoint(): Promise<boolean>;

  policy(): Promise<StoredPolicy>;
  policyVersions(): Promise<StoredPolicy[]>;
  /** Throws `policy_conflict` when `basedOn` is not the newest version. Gives the new version. */
  savePolicy(policy: Policy, by: string, at: number, basedOn: number): Promise<number>;

  addUser(user: User): Promise<void>;
  userByName(name: string): Promise<User | null>;
  users(): Promise<User[]>;
  /** Makes the first user if there is none and the code fits, in one transaction: two racers, one winner. */
  claimSetup(codeHash: string, user: User): Promise<boolean>;
  saveSetupCode(codeHash: string, at: number): Promise<void>;

  addSession(session: Omit<Session, 'userName'>): Promise<void>;
  session(tokenHash: string): Promise<Session | null>;
  /** Kept to the minute, so that not every request is a write. */
  touchSession(tokenHash: string, seenAt: number): Promise<void>;
  removeSession(tokenHash: string): Promise<void>;
  removeExpiredSessions(now: number): Promise<void>;

  /** A number that changes whenever anybody, in any process, has written. Cheap. */
  changeCount(): Promise<number>;
}
