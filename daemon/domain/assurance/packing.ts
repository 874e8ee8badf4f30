import type { CallId, RecordingId } from '../recording/recording.js';
import type { Registered } from '../recording/registered.js';
import type { AuditEvent } from './audit.js';

/** What the process that makes an evidence pack is to make, and with what. */
export type PackOrder = {
  dataDir: string;
  /** The directory of the archive; empty where there is none. */
  archive: string;
  call: CallId;
  recording: RecordingId;
  /** The key of this recording. */
  identity: string;
  /** What the recorder noted when it sealed the recording; null for nothing, undefined where that is not known. */
  registered: Registered | null | undefined;
  /** To whom it is given, and why, as the cover sheet says it. */
  by: string;
  reason: string;
  /** The id of the key with which the recorder signs. */
  signer: string;
  site: { name: string; timeZone: string };
  version: string;
};

/** What it asks of the recorder: put this on record, now that all is verified (null); sign the log as it is (the note). */
export type PackAsked = { write: AuditEvent['detail'] } | { sign: true };
export type PackBegun = { name: string };
