import type { Static } from 'typebox';
import type { StoredCall, StoredPolicy } from '../daemon/catalogue/catalogue.js';
import type { Party, Recording } from '../daemon/domain/recording.js';
import type { CallDetail, CallSummary, PartyView, PolicyView, RecordingView } from './schemas.js';

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

export const partyView = ({ number, name, ours }: Party): Static<typeof PartyView> => ({
  number,
  name,
  ours,
});

export function recordingView(recording: Recording): Static<typeof RecordingView> {
  return {
    id: recording.id,
    state: recording.state,
    duration_ms: Math.round(recording.durationMs),
    bytes: recording.plainBytes,
    keep_until: isoOrNull(recording.keepUntil),
    keep_rule: recording.keepRule,
    keep_reason: recording.keepReason,
    sealed_at: iso(recording.sealedAt),
    erased_at: isoOrNull(recording.erasedAt),
    erase_reason: recording.eraseReason,
    sha256: recording.plainSha256,
    sealed_sha256: recording.sealedSha256,
  };
}

export function callSummary(call: StoredCall): CallSummary {
  const { answeredAt, endedAt, coverage } = call;
  const talked =
    answeredAt !== null && endedAt !== null ? Math.max(0, Math.round(endedAt - answeredAt)) : null;
  return {
    id: call.id,
    direction: call.direction,
    started_at: iso(call.startedAt),
    answered_at: isoOrNull(answeredAt),
    ended_at: isoOrNull(endedAt),
    talk_ms: talked,
    state: endedAt !== null ? 'ended' : answeredAt !== null ? 'live' : 'ringing',
    outcome: call.outcome,
    them: partyView(call.them),
    us: partyView(call.us),
    dialled: call.dialled,
    did: call.did,
    queue: call.queue,
    coverage: { status: coverage.status, reason: coverage.reason, rule: coverage.rule },
    recording: call.recording && recordingView(call.recording),
  };
}

export function callDetail(call: StoredCall): CallDetail {
  const zero = call.answeredAt ?? call.startedAt;
  return {
    ...callSummary(call),
    legs: call.legs.map((leg) => ({
      party: partyView(leg.party),
      joined_ms: Math.round((leg.upAt ?? leg.seenAt) - zero),
      left_ms: leg.goneAt === null ? null : Math.round(leg.goneAt - zero),
    })),
    marks: call.marks.map((mark) => ({
      at_ms: Math.round(mark.atMs),
      until_ms: mark.untilMs === null ? null : Math.round(mark.untilMs),
      kind: mark.kind,
      text: mark.text,
    })),
  };
}

export const policyView = (stored: StoredPolicy): Static<typeof PolicyView> => ({
  version: stored.version,
  changed_at: isoOrNull(stored.changedAt),
  changed_by: stored.changedBy,
  policy: stored.policy,
});
