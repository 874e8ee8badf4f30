import type { KeptDecision } from '../domain/policy/policy.js';
import type { CallRecord, Coverage, Recording } from '../domain/recording/recording.js';

export type StoredCall = CallRecord & {
  coverage: Coverage;
  /** Whether it was to be recorded; null of a call that an earlier version followed, or that nobody did. */
  decision: KeptDecision | null;
  recording: Recording | null;
  /** When its names and numbers were removed, ms since 1970; absent while they are there. */
  namesRemovedAt?: number;
};

/** A call in progress. */
export type OpenCall = { call: CallRecord; decision: KeptDecision | null };
