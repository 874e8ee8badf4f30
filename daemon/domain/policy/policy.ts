import { type Static, Type } from 'typebox';
import { because, type Why } from '../reason/reason.js';
import { ModeSchema, Telling } from '../telling/schema.js';
import { bare, type CallFacts, fits, When } from './conditions.js';

const Name = Type.String({ minLength: 1, maxLength: 80 });
const Reason = Type.String({ maxLength: 300 });

/**
 * What becomes of a call: `on_demand` is kept when somebody asks for it during the call or in the minute after, `ask` only once
 * the other party has said yes.
 */
export const RuleOutcome = Type.Union([
  Type.Literal('record'),
  Type.Literal('skip'),
  Type.Literal('on_demand'),
  Type.Literal('ask'),
]);
export type RuleOutcome = Static<typeof RuleOutcome>;

export const RecordRule = Type.Object(
  {
    name: Name,
    reason: Reason,
    when: When,
    outcome: RuleOutcome,
    keep: Type.Optional(
      Type.Enum(['whole', 'from_now'], {
        description:
          'Of `on_demand`: what is kept, the whole call or only what follows. Left out: the whole call.',
      }),
    ),
    capture_before: Type.Optional(
      Type.Boolean({
        description:
          'Of `on_demand`: whether audio is captured before anybody asks, and destroyed if nobody does. Left out: yes.',
      }),
    ),
    while_open: Type.Optional(
      Type.Enum(['capture', 'wait'], {
        description:
          'While it is not known yet whether the rule fits: capture, and destroy the audio if it may not be kept, or wait. Left out: `skip` and `ask` wait, others capture.',
      }),
    ),
    on_hold: Type.Optional(
      Type.Enum(['record', 'mask'], {
        description: 'What somebody who waits on hold says: recorded or masked. Left out: recorded.',
      }),
    ),
    tell: Type.Optional(ModeSchema),
  },
  { additionalProperties: false },
);
export type RecordRule = Static<typeof RecordRule>;

/** A rule for the end of a call: the audio of a call that fits is destroyed unless it fulfils what the rule asks for. */
export const KeepRule = Type.Object(
  {
    name: Name,
    reason: Reason,
    when: When,
    longer_than_s: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        description: 'Kept only if it was longer, from its answer.',
      }),
    ),
    asked_for: Type.Optional(
      Type.Boolean({
        description: 'Kept only if somebody asked for that during the call or in the minute after.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type KeepRule = Static<typeof KeepRule>;

export const RetentionRule = Type.Object(
  {
    name: Name,
    reason: Reason,
    when: When,
    keep_days: Type.Union([Type.Integer({ minimum: 1, maximum: 36_500 }), Type.Null()], {
      description: 'Days to keep; null keeps for ever. Applies only to recordings made from now on.',
    }),
  },
  { additionalProperties: false },
);
export type RetentionRule = Static<typeof RetentionRule>;

/**
 * The rules: what to record and how long to keep it. Rules are tried in order and the first that fits decides.
 * An empty policy records everything and keeps it for ever.
 */
export const Policy = Type.Object(
  {
    record: Type.Array(RecordRule, { maxItems: 200 }),
    retention: Type.Array(RetentionRule, { maxItems: 200 }),
    keep: Type.Optional(Type.Array(KeepRule, { maxItems: 200 })),
    mask: Type.Optional(
      Type.Object(
        {
          resume_after_s: Type.Integer({
            minimum: 10,
            maximum: 3_600,
            description: 'After so long a mask ends by itself, and an alarm is raised. Left out: 300.',
          }),
        },
        { additionalProperties: false },
      ),
    ),
    telling: Type.Optional(Telling),
    emergency_numbers: Type.Array(Type.String({ pattern: '^[0-9*#+]{2,15}$' }), {
      maxItems: 50,
      description: 'Never recorded, whatever the rules say.',
    }),
  },
  { additionalProperties: false },
);
export type Policy = Static<typeof Policy>;

/** Records everything, keeps it for ever; emergency numbers of most of the world are never recorded. */
export const defaultPolicy: Policy = {
  record: [],
  retention: [],
  emergency_numbers: ['112', '911', '999', '000', '110', '113', '115', '117', '118', '119', '122', '144'],
};

export type RecordDecision = { outcome: RuleOutcome; rule: string | null; why: Why };
/** One that is kept with its call, and by which version of the policy it was made. */
export type KeptDecision = RecordDecision & { version: number };
export type RetentionDecision = { keepDays: number | null; rule: string | null; why: Why };

/** Whether to record a call with these facts, and why. */
export function decideRecord(policy: Policy, facts: CallFacts): RecordDecision {
  if (facts.test) return { outcome: 'record', rule: null, why: because('test_call') };
  // What the extension dialled may have a prefix for an outside line; what went to the line has none.
  const called = facts.direction === 'in' ? [] : [bare(facts.dialled), bare(facts.number)];
  const emergency = policy.emergency_numbers.find(
    // An extension of ours may have such a number: who is reached there is not the emergency service.
    (n) => called.includes(n) && !(facts.direction === 'internal' && facts.extensions.includes(n)),
  );
  if (emergency !== undefined)
    return {
      outcome: 'skip',
      rule: 'Emergency numbers',
      why: because('emergency_number', { number: emergency }),
    };
  const rule = policy.record.find((r) => fits(r.when, facts));
  if (rule) return { outcome: rule.outcome, rule: rule.name, why: whyOf(rule) };
  return { outcome: 'record', rule: null, why: because('recorded_by_default') };
}

/** How long to keep the recording of a call with these facts, and why. */
export function decideRetention(policy: Policy, facts: CallFacts): RetentionDecision {
  const rule = policy.retention.find((r) => fits(r.when, facts));
  if (rule) return { keepDays: rule.keep_days, rule: rule.name, why: whyOf(rule) };
  return { keepDays: null, rule: null, why: because('kept_by_default') };
}

const whyOf = ({ reason }: RecordRule | RetentionRule): Why => because('rule', { reason });
