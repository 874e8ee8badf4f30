import type { ErrorCode } from '../error.js';
import type { CallId } from '../recording/recording.js';
import type { Registered } from '../recording/registered.js';
import type { AuditEvent } from './audit.js';

/**
 * What the recorder and the process that makes an evidence pack say to each other, as JSON over the channel between them. The ZIP
 * itself is what that process writes to its output.
 */

/** What is to be made, and with what: the first message to it. */
export type PackOrder = {
  dataDir: string;
  /** The directory of the archive; empty where there is none. */
  archive: string;
  call: CallId;
  /** The key of its recording. */
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

/** The answer to `write` (null) and to `sign` (the checkpoint as a signed note). */
export type PackAnswer = { value: string | null } | PackError;
export type PackError = { error: ErrorCode; detail: string };

/** What it says: all is verified and this is to be put on record; sign the log as it is now; here it comes; it came to nothing. */
export type PackMessage =
  | { write: AuditEvent['detail'] }
  | { sign: true }
  | { begun: { name: string } }
  | PackError;
