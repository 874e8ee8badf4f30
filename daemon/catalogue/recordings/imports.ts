import type { ImportNote, ImportOutcome } from '../../domain/importing/outcome.js';
import type { PbxId } from '../../domain/pbx.js';
import type { SignedManifest } from '../../domain/recording/manifest.js';
import type {
  CallId,
  CallRecord,
  CoverageStatus,
  Recording,
  RecordingPlace,
} from '../../domain/recording/recording.js';

/** What makes an original the same one again, as hashes in lower-case hex. `uniqueid` is '' where its name has none. */
export type ImportKey = {
  sha256: string;
  uniqueid: string;
  /** Of its name and size. */
  name: string;
};

/** What was begun, or is imported. `erased`: its recording was erased since. */
export type ImportRow = ImportKey & {
  callId: CallId;
  place: RecordingPlace;
  job: string;
  sealed: boolean;
  erased: boolean;
};

/** What became of a file in an import. `path` is as it is shown to people. */
export type ImportFile = {
  job: string;
  path: string;
  bytes: number;
  sha256: string | null;
  outcome: ImportOutcome;
  /** Why it is not imported, where the outcome does not say it all. */
  detail: string;
  notes: ImportNote[];
  callId: CallId | null;
};

/** Recordings of other recorders. */
export interface Imports {
  /** Those of an original with this hash. */
  byHash(sha256: string): Promise<ImportRow[]>;
  /** Those of an original of this name and size: quicker than its hash, and not certain. */
  byName(name: string): Promise<ImportRow[]>;
  /** Under which ids and as which file the recording of an original is made, durable when this resolves. */
  begin(row: Omit<ImportRow, 'sealed' | 'erased'>): Promise<void>;
  /** Those that were begun and are not sealed. */
  begun(): Promise<ImportRow[]>;
  /** Nothing is made under these ids any more: neither key nor file is left. */
  dropBegun(callId: CallId): Promise<void>;
  /** The moment of truth: call, recording, what is signed of it, and what became of the file, in one transaction. */
  sealed(
    call: CallRecord,
    recording: Recording,
    peaks: Uint8Array,
    manifest: SignedManifest,
    file: ImportFile,
  ): Promise<void>;
  /** Writes what became of files. */
  saveFiles(files: readonly ImportFile[]): Promise<void>;
  /** What became of the files of a job, in the order of their paths, from after this one. */
  files(job: string, after: string, limit: number): Promise<ImportFile[]>;
  /** How many files of a job came to which outcome. */
  counts(job: string): Promise<Partial<Record<ImportOutcome, number>>>;
  /**
   * Calls that Tapedeck followed itself and that began within these times (ms since 1970), with one of these ids among their
   * linkedids and legs: what became of them.
   */
  followed(
    pbx: PbxId,
    ids: readonly string[],
    range: { from: number; to: number },
  ): Promise<{ id: CallId; status: CoverageStatus }[]>;
}
