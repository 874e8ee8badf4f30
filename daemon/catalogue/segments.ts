import type { CallId, Lost, Segment } from '../domain/recording/recording.js';

/** Stretches of captured audio, until they are preserved. */
export interface Segments {
  /** Its call must be known. `callId` and `seq` are those in the names of the spool files, also after an absorption. */
  save(segment: Segment): Promise<void>;
  /** Keeps the time that a segment's files lack, in place of what was kept of it before. Its row must be there. */
  saveLost(callId: CallId, seq: number, lost: Lost): Promise<void>;
  /** In the order in which they began, each with the `callId` and `seq` that name its spool files. */
  of(id: CallId): Promise<Segment[]>;
  /** Ids of ended calls that have segments not yet preserved or dropped. */
  callsToPreserve(): Promise<CallId[]>;
  /** How many they are, and when the first of them ended. */
  queue(): Promise<{ waiting: number; oldestEndedAt: number | null }>;
}
