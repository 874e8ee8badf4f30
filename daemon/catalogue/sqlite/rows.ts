import type { CallRecord, Coverage, Leg, Recording } from '../../domain/recording.js';
import type { StoredCall } from '../catalogue.js';

export type CallRow = {
  id: string;
  linkedids: string;
  direction: string;
  started_at: number;
  answered_at: number | null;
  ended_at: number | null;
  outcome: string | null;
  them: string;
  us: string;
  dialled: string;
  did: string;
  queue: string;
  coverage_status: string;
  coverage_reason: string;
  coverage_rule: string | null;
  missing_ms: number;
  legs: string;
  marks: string;
  consult_for: string | null;
  test: number;
};

export type RecordingRow = {
  id: string;
  call_id: string;
  state: string;
  duration_ms: number;
  plain_bytes: number;
  sealed_bytes: number;
  plain_sha256: string;
  sealed_sha256: string;
  file: string;
  sealed_at: number;
  left_db: number;
  right_db: number;
  keep_until: number | null;
  keep_rule: string | null;
  keep_reason: string;
  erased_at: number | null;
  erase_reason: string | null;
  gaps: string;
  quality: string | null;
};

/** A call as it is read with a recording beside it, or with none. */
export type StoredRow = { calls: CallRow; recordings: RecordingRow | { id: null } };

export function toCall(row: CallRow): CallRecord {
  return {
    id: row.id,
    linkedids: JSON.parse(row.linkedids),
    direction: row.direction as CallRecord['direction'],
    startedAt: row.started_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    outcome: row.outcome as CallRecord['outcome'],
    them: JSON.parse(row.them),
    us: JSON.parse(row.us),
    dialled: row.dialled,
    did: row.did,
    queue: row.queue,
    legs: (JSON.parse(row.legs) as Leg[]).map((leg) => ({ ...leg, endpoint: leg.endpoint ?? '' })),
    // Marks of the first calls did not say whose they are.
    marks: JSON.parse(row.marks).map((mark: object) => ({ legId: null, ...mark })),
    consultFor: row.consult_for,
    test: row.test === 1,
  };
}

export const toCoverage = (
  row: Pick<CallRow, 'coverage_status' | 'coverage_reason' | 'coverage_rule' | 'missing_ms'>,
): Coverage => ({
  status: row.coverage_status as Coverage['status'],
  reason: row.coverage_reason,
  rule: row.coverage_rule,
  missingMs: row.missing_ms,
});

/** The call, what became of its audio, and the recording. */
export const toStored = ({ calls, recordings }: StoredRow): StoredCall => ({
  ...toCall(calls),
  coverage: toCoverage(calls),
  recording: recordings.id === null ? null : toRecording(recordings),
});

export function toRecording(row: RecordingRow): Recording {
  return {
    id: row.id,
    callId: row.call_id,
    state: row.state as Recording['state'],
    durationMs: row.duration_ms,
    plainBytes: row.plain_bytes,
    sealedBytes: row.sealed_bytes,
    plainSha256: row.plain_sha256,
    sealedSha256: row.sealed_sha256,
    file: row.file,
    sealedAt: row.sealed_at,
    leftDb: row.left_db,
    rightDb: row.right_db,
    gaps: JSON.parse(row.gaps),
    quality: row.quality === null ? null : JSON.parse(row.quality),
    keepUntil: row.keep_until,
    keepRule: row.keep_rule,
    keepReason: row.keep_reason,
    erasedAt: row.erased_at,
    eraseReason: row.erase_reason,
  };
}
