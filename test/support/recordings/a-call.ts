import { recordingPath } from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import type { CallRecord, Recording } from '../../../daemon/domain/recording/recording.js';
import { noted } from '../words.js';

/** An ended and answered call of half a minute, with what a test wants to be different. */
export function aCall(id: string, more: Partial<CallRecord> = {}): CallRecord {
  const startedAt = more.startedAt ?? 1_700_000_000_000;
  return {
    id,
    pbx: FIRST,
    linkedids: [`${id}.1`],
    direction: 'in',
    startedAt,
    answeredAt: startedAt + 5_000,
    endedAt: startedAt + 35_000,
    outcome: 'answered',
    them: { number: '+15550123', name: 'Ada Caller', ours: false },
    us: { number: '101', name: 'Grace Desk', ours: true },
    dialled: '5550100',
    did: '5550100',
    queue: '',
    legs: [],
    marks: [],
    consultFor: null,
    facts: { account: '', variables: {}, called: [], sent: false, originated: false },
    test: false,
    ...more,
  };
}

/** Nobody decided or did anything about telling its people. */
export const nothingTold = { notice: null, played: [], directives: [] };

/** Its sealed recording, kept for ever unless `more` says otherwise. */
export function aRecording(id: string, callId: string, more: Partial<Recording> = {}): Recording {
  return {
    id,
    callId,
    of: id,
    version: 1,
    state: 'sealed',
    durationMs: 30_000,
    plainBytes: 90_000,
    sealedBytes: 90_500,
    plainSha256: 'a'.repeat(64),
    sealedSha256: 'b'.repeat(64),
    file: recordingPath(id, 1_700_000_000_000),
    tier: 'hot',
    sealedAt: 1_700_000_060_000,
    leftDb: -20.5,
    rightDb: -23,
    gaps: [],
    masks: [],
    quality: null,
    keepUntil: null,
    keepRule: null,
    keepWhy: noted('No rule fits; it is kept for ever by default.'),
    minUntil: null,
    keepVersion: null,
    keepFrom: null,
    erasedAt: null,
    eraseWhy: null,
    redaction: null,
    supersededBy: null,
    ...more,
  };
}
