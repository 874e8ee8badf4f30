import type { KeptDecision } from '../domain/policy/policy.js';
import type { CallRecord, Coverage, Recording } from '../domain/recording/recording.js';

export type StoredCall = CallRecord & {
  coverage: Coverage;
  /** Whether it was to be recorded; null of a call that an earlier version followed, or that nobody did. */
  decision: KeptDecision | null;
  recording: Recording | null;
};

/** A call in progress. */
export type OpenCall = { call: CallRecord; decision: KeptDecision | null };
