import type { Directive } from '../call/directive.js';
import { withoutUndone } from '../call/directive.js';
import { iso } from '../days.js';
import type { KeptDecision } from '../policy/policy.js';
import { reasonView, type Say } from '../reason/words.js';
import type { CallRecord, Coverage } from '../recording/recording.js';
import type { Notice, Played } from './notice.js';
import { regionOf } from './region.js';

/** What the catalogue has of how the people of a call were told that it is recorded, and of what they answered. */
export type Told = {
  notice: Notice | null;
  played: readonly Played[];
  directives: readonly Directive[];
};

type Consent = ReturnType<typeof consentPart>;
/** As manifests have it. Before version 5 `notice` was null, and the rest was absent. */
export type SignedConsent = Pick<Consent, 'rule' | 'policy_version' | 'notice'> & Partial<Consent>;

/** How people were told and agreed, as it is signed. Places are ms since the answer. */
export function consentPart(
  {
    call,
    decision,
    coverage,
    told,
  }: { call: CallRecord; decision: KeptDecision | null; coverage: Coverage; told: Told },
  say?: Say,
) {
  const zero = call.answeredAt ?? call.startedAt;
  return {
    rule: decision ? decision.rule : coverage.rule,
    policy_version: decision?.version ?? null,
    notice: told.notice && noticePart(told.notice),
    played: told.played.map((played) => playedPart(played, zero, say)),
    answers: withoutUndone(told.directives)
      .filter(({ kind }) => kind === 'decline' || kind === 'allow')
      .map((answer) => answerPart(answer, zero)),
  };
}

function noticePart(notice: Notice) {
  const { number, site } = notice;
  return {
    decided_at: iso(notice.at),
    mode: notice.mode,
    because: notice.because.map((reason) => ({ ...reason })),
    jurisdictions: notice.jurisdictions.map(({ id, asOf, overridden, from }) => ({
      ...{ id, from, as_of: asOf, overridden },
    })),
    prompt_in_recording: notice.promptInRecording,
    ...(notice.purposeAndIdentity && { purpose_and_identity: true }),
    beep_seconds: notice.beepSeconds,
    number,
    /** The place that the number hints at; null for a call without an outside party. */
    number_place: number === null ? null : regionOf(number, site.region),
    site,
    language: notice.language,
    policy_version: notice.version,
    rule: notice.rule,
  };
}

function playedPart(played: Played, zero: number, say?: Say) {
  const { prompt, startedAt, endedAt, failed, found } = played;
  return {
    what: played.what,
    prompt: {
      ...{ kind: prompt.kind, language: prompt.language, sha256: prompt.hash, name: prompt.name },
      duration_ms: prompt.durationMs,
      // According to the person who added it; left out where they did not say so, as in manifests from before that was asked.
      ...(prompt.saysPurpose && { says_purpose: true }),
    },
    leg: played.leg,
    from_ms: startedAt === null ? null : Math.round(startedAt - zero),
    until_ms: Math.round(endedAt - zero),
    whole: played.whole,
    heard_by: [...played.heardBy],
    failed: failed && reasonView(failed, say),
    found: found && foundPart(found),
  };
}

/** To the thousandth: what stands in the signed text must be the same wherever it is computed. */
const thousandth = (share: number): number => Math.round(share * 1_000) / 1_000;

const foundPart = (found: NonNullable<Played['found']>) =>
  found.found
    ? {
        ...{ found: true as const, in: found.in },
        ...{ from_ms: Math.round(found.fromMs), until_ms: Math.round(found.untilMs) },
        ...{ share: thousandth(found.share), correlation: thousandth(found.correlation) },
      }
    : { found: false as const, excused: found.excused };

/** Who said it by a button or over the API is not told: the audit log has that. */
const answerPart = ({ kind, how, who, at, legId }: Directive, zero: number) => ({
  kind,
  how,
  key: how === 'digits' || how === 'dialplan' ? who : '',
  at_ms: Math.round(at - zero),
  leg: legId,
});
