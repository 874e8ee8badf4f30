import type { Directed, Directive } from '../call/directive.js';
import { HOUSE, isMasked, speakerOf } from '../call/directive.js';
import { because, type Why } from '../reason/reason.js';
import type { CallRecord, Coverage, Leg, LegId } from '../recording/recording.js';
import type { Informed } from '../telling/notice.js';
import type { CallFacts } from './facts.js';
import { type Decided, decideKeeping, type Policy, type RecordDecision, type RecordRule } from './policy.js';

/**
 * What is to be done about the audio of a call in progress. `wait`: nothing is begun; what runs goes on. `stop`: what runs is ended,
 * and what there is is kept.
 */
export type Course =
  | { course: 'capture' }
  | { course: 'mask' }
  | { course: 'wait'; why: Why }
  | { course: 'stop'; why: Why }
  | { course: 'destroy'; coverage: Coverage };

/** How far the people of a call in progress have been told. */
export type Telling = Informed & {
  /** Somebody is connected with the captured party, so that they can be told. */
  there: boolean;
};

/** What becomes of the captured audio of a call that is over. `until`, ms since 1970: when it has to be decided anew. */
export type Fate =
  | { fate: 'keep' }
  | { fate: 'destroy'; coverage: Coverage }
  | { fate: 'wait'; until: number };

/** So long after a call its recording can still be asked for, in ms. */
export const ASK_WITHIN_MS = 60_000;

/** The rule that made a decision, in the policy by which it was made. */
export const ruleOf = (policy: Policy, { rule, outcome }: Decided): RecordRule | null =>
  policy.record.find((r) => r.name === rule && r.outcome === outcome) ?? null;

/** Nothing is captured before somebody asks for it. */
const onlyWhenAsked = (rule: RecordRule | null): boolean =>
  rule?.capture_before === false || rule?.keep === 'from_now';

/** Whose consent a call needs, where it may be recorded only once people have agreed. */
export type Asked = {
  /** The legs of those who have to agree, each for themselves. */
  of: readonly LegId[];
  legs: readonly Leg[];
  /** What our own side states for them is enough: an outbound caller who agreed aloud. */
  statedIsEnough: boolean;
};

/**
 * Returns whose consent is needed: that of every outside party who is there, or, among ourselves, of everybody. `when`: who was there
 * then, in ms since 1970, or who was there at all.
 */
export function askedOf(
  legs: readonly Leg[],
  statedIsEnough: boolean,
  when: number | 'now' | 'ever' = 'now',
): Asked {
  const there = legs.filter(({ upAt, goneAt }) => {
    if (upAt === null || when === 'ever') return upAt !== null;
    if (when === 'now') return goneAt === null;
    return upAt <= when && (goneAt === null || goneAt >= when);
  });
  const outside = legs.some(({ party, upAt }) => !party.ours && upAt !== null);
  const of = there.filter(({ party }) => !outside || !party.ours).map(({ id }) => id);
  return { of: [...new Set(of)], legs, statedIsEnough };
}

/** `telling`: null where Tapedeck tells nobody. */
export function courseOf(
  decision: RecordDecision,
  rule: RecordRule | null,
  said: Directed,
  asked: Asked,
  telling: Telling | null = null,
): Course {
  const coverage = forbidden(decision, said);
  if (coverage) return { course: 'destroy', coverage };
  if (isMasked(said)) return { course: 'mask' };
  if (decision.open && decision.meanwhile === 'wait') return { course: 'wait', why: because('rule_open') };
  // Capturing is what needs the consent: nothing is captured before it, nor from when somebody joins who has to be asked.
  if (hasToAgree(decision, said, asked, telling)) return { course: 'stop', why: because('consent_awaited') };
  if (decision.outcome === 'on_demand' && !said.kept && onlyWhenAsked(rule))
    return { course: 'wait', why: because('not_asked_for_until_then') };
  if (!telling || telling.mode === 'silent') return { course: 'capture' };
  if (telling.failed && telling.strict)
    return telling.told
      ? { course: 'stop', why: because('not_told') }
      : { course: 'destroy', coverage: NOT_TOLD };
  return telling.there ? { course: 'capture' } : { course: 'wait', why: because('nobody_to_tell') };
}

const NOT_TOLD: Coverage = { status: 'not_recorded', why: because('not_told'), rule: null, missingMs: 0 };

/** Whether somebody has to agree first whose consent is needed and who has not said so. */
export const hasToAgree = (
  decision: Decided,
  said: Directed,
  asked: Asked,
  telling: Pick<Informed, 'mode'> | null,
): boolean => needsYes(decision, telling) && !agreed(decision, said, asked);

/** Whether it may be recorded only once people have agreed. */
const needsYes = (decision: Decided | null, telling: Pick<Informed, 'mode'> | null): boolean =>
  decision?.outcome === 'ask' || telling?.mode === 'ask';

/**
 * `call`: one that was answered and is over. One of an earlier version has no decision, and is kept. `begun`: when a capture of
 * it began, ms since 1970; null where nothing was captured. What was captured while everybody agreed whose consent was needed then is
 * kept, also where somebody came later who did not: capturing ended with that.
 */
export function fateOf(
  decision: Decided | null,
  said: Directed,
  call: Pick<CallRecord, 'answeredAt' | 'endedAt' | 'legs'>,
  now: number,
  informed: Informed | null = null,
  { begun, statedIsEnough = false }: { begun: number | null; statedIsEnough?: boolean } = { begun: null },
): Fate {
  const coverage = forbidden(decision, said) ?? untold(informed, call);
  if (coverage) return { fate: 'destroy', coverage };
  const since = decision?.outcome === 'ask' ? 0 : (informed?.askedSince ?? 0);
  const needed = needsYes(decision, informed) && (begun === null || begun >= since);
  const asked = askedOf(call.legs, statedIsEnough, begun ?? 'ever');
  if (needed && !agreed(decision, said, asked)) {
    const rule = decision?.outcome === 'ask' ? decision.rule : null;
    return { fate: 'destroy', coverage: excluded({ rule, why: because('no_consent') }) };
  }
  if (decision?.outcome === 'on_demand' && !said.kept) {
    const until = askableUntil(call.endedAt ?? now, now);
    if (until !== null) return { fate: 'wait', until };
    return { fate: 'destroy', coverage: notKept(decision) };
  }
  return { fate: 'keep' };
}

/** The same by the rules for the end of a call. */
export function keepingOf(
  policy: Policy,
  facts: CallFacts,
  said: Directed,
  { answeredAt, endedAt }: { answeredAt: number; endedAt: number },
  now: number,
): Fate {
  if (facts.test) return { fate: 'keep' };
  const given = { talkMs: endedAt - answeredAt, askedFor: said.kept !== null };
  const { keep, rule, why } = decideKeeping(policy, facts, given);
  if (keep) return { fate: 'keep' };
  const until = why?.code === 'not_kept_unasked' ? askableUntil(endedAt, now) : null;
  if (until !== null) return { fate: 'wait', until };
  return { fate: 'destroy', coverage: { status: 'not_kept', why, rule, missingMs: 0 } };
}

/** Whether everybody agrees whose consent is needed: they said so in the call, or once for all calls. */
function agreed(decision: Decided | null, said: Directed, { of, legs, statedIsEnough }: Asked): boolean {
  if (decision?.agreed === true) return true;
  const yes = new Set(said.answers.flatMap((one) => (one.kind === 'allow' ? [speakerOf(one, legs)] : [])));
  return (of.length > 0 && of.every((leg) => yes.has(leg))) || (statedIsEnough && yes.has(HOUSE));
}

/** Returns how coverage accounts for a call of which nothing may be kept, at any time; null where something may. */
function forbidden(decision: Decided | null, said: Directed): Coverage | null {
  if (said.declined) return declined(said.declined);
  return decision?.outcome === 'skip' ? excluded(decision) : null;
}

/** The same for one that nobody was told of whole, though the law of a place wants that; null where that is not so. */
function untold(
  informed: Informed | null,
  { answeredAt, endedAt }: Pick<CallRecord, 'answeredAt' | 'endedAt'>,
): Coverage | null {
  if (!informed?.strict || informed.mode === 'silent' || informed.told) return null;
  if (informed.failed) return { ...NOT_TOLD, missingMs: Math.max(0, (endedAt ?? 0) - (answeredAt ?? 0)) };
  return { status: 'not_kept', why: because('ended_before_told'), rule: null, missingMs: 0 };
}

/** When a call can no longer be asked for, ms since 1970; null once that has passed, also by a clock that was moved back. */
function askableUntil(endedAt: number, now: number): number | null {
  const left = endedAt + ASK_WITHIN_MS - now;
  return left > 0 && left <= ASK_WITHIN_MS ? endedAt + ASK_WITHIN_MS : null;
}

export const excluded = ({ why, rule }: Pick<Decided, 'why' | 'rule'>): Coverage => ({
  ...{ status: 'excluded', why, rule, missingMs: 0 },
});
const notKept = ({ rule }: Decided): Coverage => ({
  ...{ status: 'not_kept', why: because('not_asked_for'), rule, missingMs: 0 },
});
const declined = ({ at, how }: Directive): Coverage => ({
  ...{ status: 'declined', why: because('declined', { at, how }), rule: null, missingMs: 0 },
});
