import type { Static } from 'typebox';
import type { ToldCall } from '../../daemon/catalogue/notices.js';
import type { StoredPolicy } from '../../daemon/catalogue/policy.js';
import type { HeldIn } from '../../daemon/catalogue/retention/holds.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { type Directive, speakerOf, withoutUndone } from '../../daemon/domain/call/directive.js';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import type { Imported } from '../../daemon/domain/importing/imported.js';
import type { Sight } from '../../daemon/domain/people/reach.js';
import type { KeptDecision } from '../../daemon/domain/policy/policy.js';
import { inWords, reasonView, type Say } from '../../daemon/domain/reason/words.js';
import type { Quality, SideQuality } from '../../daemon/domain/recording/quality.js';
import type { BlindWindow, CallId, Mark, Party, Recording } from '../../daemon/domain/recording/recording.js';
import type { BriefStatusView, StatusView } from '../health/schemas.js';
import type { PolicyView } from '../policy/schemas.js';
import type { QualityView } from '../quality/schemas.js';
import type { PartyView } from '../server/schemas.js';
import type { CallDetail, CallSummary, RecordingView } from './schemas.js';
import { toldView } from './told-views.js';

export const partyView = ({ number, name, ours, removed }: Party): Static<typeof PartyView> => ({
  ...{ number, name, ours },
  ...(removed && { removed }),
});

/** Of a recording, what somebody is told who hears so much of it. */
function recordingView(recording: Recording, sight: Sight, say: Say): Static<typeof RecordingView> {
  return {
    id: recording.id,
    state: recording.state,
    duration_ms: Math.round(recording.durationMs),
    bytes: recording.plainBytes,
    keep_until: isoOrNull(recording.keepUntil),
    keep_rule: recording.keepRule,
    keep_reason: inWords(recording.keepWhy, say),
    keep_why: recording.keepWhy,
    keep_version: recording.keepVersion,
    keep_from: isoOrNull(recording.keepFrom),
    not_before: isoOrNull(recording.minUntil),
    sealed_at: iso(recording.sealedAt),
    erased_at: isoOrNull(recording.erasedAt),
    erase_reason: recording.eraseWhy && inWords(recording.eraseWhy, say),
    erase_why: recording.eraseWhy,
    sha256: recording.plainSha256,
    sealed_sha256: recording.sealedSha256,
    gaps: within(recording.gaps, sight).map((gap) => ({
      at_ms: gap.atMs,
      until_ms: gap.untilMs,
      side: gap.side,
      ...reasonView(gap.why, say),
    })),
    masks: within(recording.masks, sight).map((mask) => ({
      at_ms: Math.round(mask.atMs),
      until_ms: Math.round(mask.untilMs),
      side: mask.side,
      kind: mask.kind,
      written_ms: Math.round(mask.writtenMs),
    })),
    version: recording.version,
    redaction: recording.redaction && {
      at: iso(recording.redaction.at),
      by: recording.redaction.by,
      reason: recording.redaction.reason,
      older: recording.redaction.older,
      older_kept: recording.redaction.olderKept,
    },
    quality: sight.told && recording.quality ? qualityView(recording.quality) : null,
  };
}

/** What is missing where they would hear nothing anyway is not told. */
const within = <G extends { atMs: number; untilMs: number }>(gaps: G[], { told, heard }: Sight): G[] =>
  told
    ? gaps
    : heard.flatMap(({ fromMs, untilMs }) =>
        gaps
          .map((gap) => ({
            ...gap,
            atMs: Math.round(Math.max(gap.atMs, fromMs)),
            untilMs: Math.round(Math.min(gap.untilMs, untilMs)),
          }))
          .filter((gap) => gap.atMs < gap.untilMs),
      );

const sideView = (side: SideQuality) => ({
  speech_db: side.speechDb,
  noise_db: side.noiseDb,
  peak_db: side.peakDb,
  silent_share: side.silentShare,
  zero_share: side.zeroShare,
  clipped_share: side.clippedShare,
  lost_share: side.lostShare,
});

function qualityView({ them, us, echo, flags }: Quality): Static<typeof QualityView> {
  return {
    them: sideView(them),
    us: sideView(us),
    echo: echo && { side: echo.side, db: echo.db, delay_ms: echo.delayMs },
    flags,
  };
}

/** `held`: its recording is under legal hold. */
export function callSummary(call: StoredCall, sight: Sight, say: Say, held: boolean): CallSummary {
  const { answeredAt, endedAt, coverage } = call;
  const talked =
    answeredAt !== null && endedAt !== null ? Math.max(0, Math.round(endedAt - answeredAt)) : null;
  return {
    id: call.id,
    pbx: call.pbx,
    direction: call.direction,
    started_at: iso(call.startedAt),
    answered_at: isoOrNull(answeredAt),
    ended_at: isoOrNull(endedAt),
    talk_ms: talked,
    state: endedAt !== null ? 'ended' : answeredAt !== null ? 'live' : 'ringing',
    outcome: endedAt === null ? null : call.outcome,
    them: partyView(call.them),
    us: partyView(call.us),
    dialled: call.dialled,
    did: call.did,
    queue: call.queue,
    coverage: { status: coverage.status, ...reasonView(coverage.why, say), rule: coverage.rule },
    recording: call.recording && recordingView(call.recording, sight, say),
    held,
    names_removed_at: isoOrNull(call.namesRemovedAt ?? null),
  };
}

const decisionView = ({ outcome, rule, why, version }: KeptDecision, say: Say) => ({
  ...{ outcome, rule, ...reasonView(why, say) },
  policy_version: version,
});

/**
 * `around`: the calls that lead to this one and from it, as far as they see them too, and whether its recording is as it was
 * sealed.
 */
export function callDetail(
  call: StoredCall,
  sight: Sight,
  say: Say,
  around: {
    main: CallId | null;
    consultations: CallSummary[];
    seal: CallDetail['seal'];
    certificate: number | null;
    said: readonly Directive[];
    ledger: ToldCall;
    /** When nobody monitored its PBX. */
    unwatched: readonly BlindWindow[];
    retention: CallDetail['retention'];
    held: boolean;
    /** As far as they are told. */
    matters: readonly HeldIn[];
  },
): CallDetail {
  const zero = call.answeredAt ?? call.startedAt;
  return {
    ...callSummary(call, sight, say, around.held),
    legs: call.legs.map((leg) => ({
      party: partyView(leg.party),
      joined_ms: Math.round((leg.upAt ?? leg.seenAt) - zero),
      left_ms: leg.goneAt === null ? null : Math.round(leg.goneAt - zero),
      answered: leg.upAt !== null,
    })),
    marks: [
      ...call.marks.map((mark) => ({
        at_ms: Math.round(mark.atMs),
        until_ms: mark.untilMs === null ? null : Math.round(mark.untilMs),
        kind: mark.kind,
        text: mark.text,
        leg: legOf(call, mark),
      })),
      ...around.unwatched.map(({ from, to, why }) => ({
        at_ms: Math.round(Math.max(from - zero, 0)),
        until_ms: to === null ? null : Math.round(Math.min(to, call.endedAt ?? to) - zero),
        kind: 'unwatched' as const,
        text: reasonView(why, say).reason,
        leg: null,
      })),
    ],
    decision: call.decision && decisionView(call.decision, say),
    imported: call.imported ? importedView(call.imported) : null,
    retention: around.retention,
    directives: withoutUndone(around.said).map((said) => {
      const leg = call.legs.findIndex(({ id }) => id === speakerOf(said, call.legs));
      const { kind, how, who } = said;
      return { at_ms: Math.round(said.at - zero), kind, how, who, leg: leg < 0 ? null : leg };
    }),
    told: toldView(call, around.ledger, around.said, around.unwatched, say),
    consult_for: around.main,
    consultations: around.consultations,
    seal: around.seal,
    matters: around.matters.map(({ matter, name, why, at }) => ({ id: matter, name, why, since: iso(at) })),
    certificate: around.certificate,
    you: {
      rights: sight.rights,
      hears: sight.hears,
      heard: sight.heard.map(({ fromMs, untilMs }) => ({
        from_ms: Math.round(fromMs),
        until_ms: Math.round(untilMs),
      })),
      reason: sight.reason,
    },
  };
}

const importedView = ({ recorder, file, bytes, sha256, format, sides, cdrs, at, by }: Imported) => ({
  ...{ recorder, file, bytes, sha256, format, sides },
  ...{ cdr_rows: cdrs.rows, imported_at: iso(at), by },
});

/** Somebody who comes back to a call is in it twice: the stay in which the mark lies. */
function legOf(call: StoredCall, mark: Mark): number | null {
  const at = (call.answeredAt ?? call.startedAt) + mark.atMs;
  const stays = call.legs.flatMap((leg, i) => (leg.id === mark.legId ? [{ leg, i }] : []));
  return (stays.find(({ leg }) => leg.goneAt === null || leg.goneAt >= at) ?? stays.at(-1))?.i ?? null;
}

export const policyView = (stored: StoredPolicy): Static<typeof PolicyView> => ({
  version: stored.version,
  changed_at: isoOrNull(stored.changedAt),
  changed_by: stored.changedBy,
  policy: stored.policy,
});

/** Of a status, what every page shows. */
export function brief(s: Static<typeof StatusView>): Static<typeof BriefStatusView> {
  const { daemon, pbxes, calls_now, recording_now, preserving, health } = s;
  const brief = pbxes.map(({ last_event_at: _, captures: __, test_call: ___, ...pbx }) => pbx);
  return { daemon, pbxes: brief, calls_now, recording_now, preserving, health };
}

/** The same for who does not oversee the box: whether it works, and nothing of who calls or what it is made of. */
export function bareStatus({ daemon, health }: Static<typeof StatusView>): Static<typeof BriefStatusView> {
  return {
    daemon,
    pbxes: [],
    ...{ calls_now: 0, recording_now: 0, preserving: 0 },
    health: { level: health.level, problems: [] },
  };
}
