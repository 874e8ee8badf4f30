import type { TestCall } from '../domain/call/test-call.js';
import type { PbxId } from '../domain/pbx.js';
import type { CallId } from '../domain/recording/recording.js';
import type { StoredCall } from './stored-call.js';

/** Test calls: what they leave behind, and what is remembered of them. */
export interface TestCallCatalogue {
  /** Test calls whose rows are still there, oldest first: the one going on, or what a crash has left. */
  left(): Promise<StoredCall[]>;
  /**
   * Removes a test call, its segments and its recording without a trace. The key and the file must be gone already.
   * Does nothing to any other call.
   */
  remove(id: CallId): Promise<void>;
  /** Adds a line and removes those of its PBX older than 30 days, but never the last good one. */
  remember(call: TestCall): Promise<void>;
  /** Newest first, of all PBXs or of one. */
  newest(limit: number, pbx?: PbxId): Promise<TestCall[]>;
  /** When a test call on this PBX last was good, ms since 1970. */
  lastGood(pbx: PbxId): Promise<number | null>;
}
