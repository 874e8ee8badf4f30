import type { Directed, Directive } from '../call/directive.js';
import { isMasked } from '../call/directive.js';
import { because, type Why } from '../reason/reason.js';
import type { CallRecord, Coverage } from '../recording/recording.js';
import type { CallFacts } from './facts.js';
import { type Decided, decideKeeping, type Policy, type RecordDecision, type RecordRule } from './policy.js';

/** What is to be done about the audio of a call in progress. `wait`: nothing is begun; what runs goes on. */
export type Course =
  | { course: 'capture' }
  | { course: 'mask' }
  | { course: 'wait'; why: Why }
  | { course: 'destroy'; coverage: Coverage };

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

export function courseOf(decision: RecordDecision, rule: RecordRule | null, said: Directed): Course {
  if (said.declined) return destroy(declined(said.declined));
  if (decision.outcome === 'skip') return destroy(excluded(decision));
  if (isMasked(said)) return { course: 'mask' };
  if (decision.open && decision.meanwhile === 'wait') return { course: 'wait', why: because('rule_open') };
  if (decision.outcome === 'ask' && !said.allowed) return { course: 'wait', why: because('consent_awaited') };
  if (decision.outcome === 'on_demand' && !said.kept && onlyWhenAsked(rule))
    return { course: 'wait', why: because('not_asked_for_until_then') };
  return { course: 'capture' };
}

/** `call`: one that was answered and is over. One of an earlier version has no decision, and is kept. */
export function fateOf(
  decision: Decided | null,
  said: Directed,
  call: Pick<CallRecord, 'endedAt'>,
  now: number,
): Fate {
  if (said.declined) return { fate: 'destroy', coverage: declined(said.declined) };
  if (decision?.outcome === 'skip') return { fate: 'destroy', coverage: excluded(decision) };
  if (decision?.outcome === 'ask' && !said.allowed)
    return { fate: 'destroy', coverage: excluded({ ...decision, why: because('no_consent') }) };
  if (decision?.outcome === 'on_demand' && !said.kept) {
    const until = (call.endedAt ?? now) + ASK_WITHIN_MS;
    // A clock that was moved back does not make it wait longer.
    if (now < until && until - now <= ASK_WITHIN_MS) return { fate: 'wait', until };
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
  const until = endedAt + ASK_WITHIN_MS;
  if (why?.code === 'not_kept_unasked' && now < until && until - now <= ASK_WITHIN_MS)
    return { fate: 'wait', until };
  return { fate: 'destroy', coverage: { status: 'not_kept', why, rule, missingMs: 0 } };
}

const destroy = (coverage: Coverage): Course => ({ course: 'destroy', coverage });

export const excluded = ({ why, rule }: Pick<Decided, 'why' | 'rule'>): Coverage => ({
  ...{ status: 'excluded', why, rule, missingMs: 0 },
});
const notKept = ({ rule }: Decided): Coverage => ({
  ...{ status: 'not_kept', why: because('not_asked_for'), rule, missingMs: 0 },
});
const declined = ({ at, how }: Directive): Coverage => ({
  ...{ status: 'declined', why: because('declined', { at, how }), rule: null, missingMs: 0 },
});
