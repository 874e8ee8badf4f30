import type { Job } from '../domain/operations/job.js';
import type { Growth } from '../domain/operations/room.js';
import type { Why } from '../domain/reason/reason.js';
import type { SignedManifest } from '../domain/recording/manifest.js';
import type { EarTrend } from '../domain/recording/quality.js';
import type {
  CallId,
  Coverage,
  Recording,
  RecordingId,
  RecordingPlace,
} from '../domain/recording/recording.js';
import type { RedactionOrder } from '../domain/recording/redaction.js';
import type { DuePlace } from '../domain/retention/plan.js';
import type { Redated } from '../domain/retention/redate.js';
import type { StoredCall } from './stored-call.js';

/** Sealed recordings, and what is left of those that were erased. */
export interface Recordings {
  /**
   * Under which id, and as which file, the recording of a call is being made, durable when this resolves: as given, unless one was
   * begun before and is not sealed. Follows an absorption, after which a call may have begun more than one: the oldest is
   * returned. Throws `call_unknown`.
   */
  begin(callId: CallId, place: RecordingPlace): Promise<RecordingPlace>;
  /** Those that were begun of a call and are not sealed, oldest first. */
  begun(callId: CallId): Promise<RecordingPlace[]>;
  /** Recordings that were begun of calls of which no captured audio is left. */
  abandoned(): Promise<RecordingPlace[]>;
  /** Nothing is made under this id any more: neither its key nor its file is left, or both are another catalogue's. */
  dropBegun(id: RecordingId): Promise<void>;
  /** The moment of truth: recording, coverage, preserved segments and what is signed of it in one transaction. */
  sealed(
    recording: Recording,
    peaks: Uint8Array,
    coverage: Coverage,
    manifest?: SignedManifest,
  ): Promise<void>;
  /** A redaction was asked for. Throws `redaction_refused` for a version that is none to redact, or is being redacted. */
  redact(order: RedactionOrder): Promise<void>;
  /** Those that are not finished, oldest first. */
  redactions(): Promise<RedactionOrder[]>;
  /** The version that a redaction made, in one transaction with what is signed of it, and the mark on the one before. */
  redacted(recording: Recording, peaks: Uint8Array, manifest?: SignedManifest): Promise<void>;
  /** It is finished, or nothing is left of it. */
  dropRedaction(id: RecordingId): Promise<void>;
  get(id: RecordingId): Promise<Recording | null>;
  /** Every version of every recording of a call, whatever became of it. */
  of(callId: CallId): Promise<Recording[]>;
  /** Recordings in the order of their ids, from after this one. */
  after(id: RecordingId, limit: number): Promise<Recording[]>;
  peaks(id: RecordingId): Promise<Uint8Array | null>;
  /** Every phone and line that was heard in calls that began in this time (milliseconds since 1970), test calls left out. */
  trends(from: number, to: number): Promise<EarTrend[]>;
  /** Sealed recordings with their calls in the order of their ids, from after this one. Test calls are left out. */
  keptAfter(id: RecordingId, limit: number): Promise<StoredCall[]>;
  /**
   * Writes what was decided anew of how long these are kept, with the progress of the job that did it, in one transaction. A
   * recording that is being erased stays as it is. False, and nothing is written, when the job is open no more.
   */
  redate(job: Pick<Job, 'id' | 'cursor' | 'done' | 'total'>, changes: readonly Redated[]): Promise<boolean>;
  /** What was sealed and erased from `since` on; its days are counted from the first recording if that is younger. */
  growth(since: number, now: number): Promise<Growth>;
  /** Intent to erase, durable before anything is destroyed. */
  eraseIntended(id: RecordingId, why: Why, at: number): Promise<void>;
  /**
   * Recordings whose erasure was begun and not finished. `intended`: the audit log has the entry that is written with every
   * intent. A row without one was marked by somebody else, and is not to be erased.
   */
  erasing(): Promise<(Recording & { intended: boolean })[]>;
  /**
   * Key and file are gone: the row becomes a tombstone, and what was derived from the audio and the manifest's text go. `left`: its
   * file is still in the archive, which cannot be reached; `tiers.left` lists it until it is removed.
   */
  erased(id: RecordingId, at: number, left?: boolean): Promise<void>;
  /** Tombstones, newest first, from before this place (by when they were erased). */
  tombstones(limit: number, before?: DuePlace): Promise<StoredCall[]>;
}
