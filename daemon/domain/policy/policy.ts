import { type Static, Type } from 'typebox';
import { because, together, type Why } from '../reason/reason.js';
import { Limit, RetentionRule } from '../retention/rule.js';
import { ModeSchema, StatedIsEnough, Telling } from '../telling/schema.js';
import { bare, When } from './conditions.js';
import { type CallFacts, LATE_FACTS, type LateFact, onceAnswered } from './facts.js';
import { fitsNow, matchOf, ready, unknownIn } from './match.js';
import { consentTo, dayOf, mayBeObjected, objectionTo } from './standing/holding.js';

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
    stated_is_enough: Type.Optional(StatedIsEnough),
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

/** Extensions that rules name together. */
export const Group = Type.Object(
  {
    name: Name,
    extensions: Type.Array(Type.String({ minLength: 1, maxLength: 80 }), { maxItems: 500 }),
  },
  { additionalProperties: false },
);

export const Holiday = Type.Object(
  {
    date: Type.String({
      pattern: '^(\\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
      description: 'YYYY-MM-DD, or MM-DD for every year.',
    }),
    name: Name,
  },
  { additionalProperties: false },
);

/** What becomes of the version of a recording from before a redaction. */
export const olderRules = ['destroy', 'two_people'] as const;

/**
 * The rules: what to record and how long to keep it. Rules are tried in order and the first that fits decides.
 * An empty policy records everything and keeps it forever.
 */
export const Policy = Type.Object(
  {
    record: Type.Array(RecordRule, { maxItems: 200 }),
    retention: Type.Array(RetentionRule, { maxItems: 200 }),
    limits: Type.Optional(Type.Array(Limit, { maxItems: 100 })),
    metadata_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 36_500,
        description:
          'After so many days without audio, names and numbers of a call are removed: counted from the erasure of its recording, or from the end of a call that has none. Left out: they stay.',
      }),
    ),
    approvals: Type.Optional(
      Type.Object(
        {
          shorten_retention: Type.Optional(
            Type.Boolean({
              description:
                'Whether a second person has to approve that existing recordings are kept for less time.',
            }),
          ),
          erase: Type.Optional(
            Type.Boolean({
              description: 'Whether a second person has to approve that somebody erases recordings by hand.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
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
    redaction: Type.Optional(
      Type.Object(
        {
          older: Type.Enum([...olderRules], {
            description:
              'What becomes of the version before a redaction: destroyed, or kept so that somebody may listen to it once a second person approves. Left out: each redaction says.',
          }),
        },
        { additionalProperties: false },
      ),
    ),
    telling: Type.Optional(Telling),
    groups: Type.Optional(Type.Array(Group, { maxItems: 200 })),
    holidays: Type.Optional(Type.Array(Holiday, { maxItems: 500 })),
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

/** What was decided, as it is kept. */
export type Decided = {
  outcome: RuleOutcome;
  rule: string | null;
  why: Why;
  /** A standing consent of the other party holds: it counts as their yes, unless somebody refuses in the call. */
  agreed?: true;
};
/** `outcome`, `rule` and `why` are what holds if nothing more becomes known of the call. */
export type RecordDecision = Decided & {
  /** Something may still become known by which the call would be recorded otherwise. */
  open: boolean;
  /** What holds until then. */
  meanwhile: 'capture' | 'wait';
};
/** One that is kept with its call, and by which version of the policy it was made. */
export type KeptDecision = Decided & { version: number };
/** `why` is null where no rule is about the call. */
export type KeepingDecision = { keep: boolean; rule: string | null; why: Why | null };

/** Whether to record a call with these facts, and why; and whether that may still change. */
export function decideRecord(policy: Policy, facts: CallFacts): RecordDecision {
  if (facts.test) return final({ outcome: 'record', rule: null, why: because('test_call') });
  const later = onceAnswered(facts);
  const number = emergencyCalled(policy, facts);
  if (number !== undefined)
    return final({
      outcome: 'skip',
      rule: 'Emergency numbers',
      why: because('emergency_number', { number }),
    });

  const objection = objectionTo(facts);
  if (objection)
    return final({
      outcome: 'skip',
      rule: 'Objection',
      why: because('objection', { day: dayOf(objection, facts) }),
    });

  /** What decides by what is known now; the rules that may come to decide; the first that no other fact can change. */
  let now: RecordRule | null = null;
  const possible: RecordRule[] = [];
  let last: RecordRule | null = null;
  for (const { rule, tests } of ready(policy).record) {
    const match = matchOf(tests, facts, later);
    if (match === 'no') continue;
    if (match !== 'later') now ??= rule;
    if (match === 'yes') {
      last = rule;
      break;
    }
    possible.push(rule);
  }
  const decided = withConsent(
    now
      ? { outcome: now.outcome, rule: now.name, why: whyOf(now) }
      : { outcome: 'record', rule: null, why: because('recorded_by_default') },
    facts,
  );
  const never = mayBeEmergency(policy, facts, later) || mayBeObjected(facts, later);
  const differs = possible.length > 0 && [...possible, last].some((rule) => effectOf(rule) !== effectOf(now));
  if (!differs && !(never && decided.outcome !== 'skip')) return final(decided);
  const waits = never || possible.some(waitsWhileOpen) || (namesNumbers(now) && !possible.every(captures));
  return { ...decided, open: true, meanwhile: waits ? 'wait' : 'capture' };
}

/** What has to become known of a call before it is decided whether it is recorded, where that is open. */
export function awaitedBy(policy: Policy, facts: CallFacts): LateFact[] {
  const later = onceAnswered(facts);
  const awaited = new Set<LateFact>();
  for (const { tests } of ready(policy).record) {
    const match = matchOf(tests, facts, later);
    if (match === 'yes') break;
    if (match !== 'no') for (const fact of unknownIn(tests, facts)) awaited.add(fact);
  }
  if (mayBeEmergency(policy, facts, later)) awaited.add(facts.known.number ? 'extension' : 'number');
  return LATE_FACTS.filter((fact) => awaited.has(fact));
}

const final = ({ outcome, rule, why, agreed }: Decided): RecordDecision => {
  const waits = outcome === 'skip' || (outcome === 'ask' && !agreed);
  const decision: RecordDecision = { outcome, rule, why, open: false, meanwhile: waits ? 'wait' : 'capture' };
  if (agreed) decision.agreed = agreed;
  return decision;
};

/** The same with the standing consent of the other party, where that holds. */
function withConsent(decided: Decided, facts: CallFacts): Decided {
  const consent = decided.outcome === 'skip' ? undefined : consentTo(facts);
  if (!consent) return decided;
  const asks = decided.outcome === 'ask';
  const why = asks
    ? together(decided.why, because('standing_consent', { day: dayOf(consent, facts) }))!
    : decided.why;
  return { ...decided, why, agreed: true };
}

/** What a rule comes to while a call goes on: rules of one effect need not be told from one another yet. */
function effectOf(rule: RecordRule | null): string {
  const { outcome = 'record', keep = 'whole', capture_before = true, on_hold = 'record' } = rule ?? {};
  if (outcome === 'skip') return outcome;
  return [outcome, on_hold, ...(outcome === 'on_demand' ? [keep, capture_before] : [])].join(' ');
}

const waitsWhileOpen = ({ outcome, while_open }: RecordRule): boolean =>
  (while_open ?? (outcome === 'skip' || outcome === 'ask' ? 'wait' : 'capture')) === 'wait';
const captures = ({ while_open }: RecordRule): boolean => while_open === 'capture';

/** A rule by which calls with certain numbers are not recorded: these are not captured for a moment either. */
const namesNumbers = (rule: RecordRule | null): boolean =>
  rule?.outcome === 'skip' &&
  (['number', 'number_prefix', 'region', 'list'] as const).some((name) => rule.when[name] !== undefined);

/** The emergency number that was called, if one was. */
function emergencyCalled(policy: Policy, facts: CallFacts): string | undefined {
  const { direction, extensions, dialled, number, called } = facts;
  // What the extension dialled may have a prefix for an outside line; what went to the line has none.
  const { emergency } = ready(policy);
  for (const text of direction === 'in' ? called : [dialled, number, ...called]) {
    const n = bare(text);
    // An extension of ours may have such a number: who is reached there is not the emergency service.
    if (emergency.has(n) && !(direction === 'internal' && extensions.includes(n))) return n;
  }
  return undefined;
}

/** Whether it may turn out that an emergency number is being called. */
function mayBeEmergency(policy: Policy, facts: CallFacts, later: CallFacts | null): boolean {
  if (policy.emergency_numbers.length === 0) return false;
  if (later && emergencyCalled(policy, later) !== undefined) return true;
  const { direction, known, dialled, number } = facts;
  if (direction === 'in') return false;
  if (!known.number && dialled === '' && number === '') return true;
  // The last digits of what was dialled are what goes to the line, once there is one.
  const digits = bare(dialled);
  return (
    direction === 'internal' && !known.extension && policy.emergency_numbers.some((n) => digits.endsWith(n))
  );
}

/**
 * Whether the audio of a call that has ended is kept at all, by the first rule for the end of a call that fits. `talkMs` is the
 * time from its answer to its end, in ms; `askedFor`: somebody asked for the recording.
 */
export function decideKeeping(
  policy: Policy,
  facts: CallFacts,
  { talkMs, askedFor }: { talkMs: number; askedFor: boolean },
): KeepingDecision {
  const rule = ready(policy).keep.find(({ tests }) => fitsNow(tests, facts))?.rule;
  if (!rule) return { keep: true, rule: null, why: null };
  const { name, reason, longer_than_s: seconds, asked_for } = rule;
  if (seconds !== undefined && talkMs <= seconds * 1000)
    return { keep: false, rule: name, why: because('not_kept_short', { seconds, reason }) };
  if (asked_for && !askedFor)
    return { keep: false, rule: name, why: because('not_kept_unasked', { reason }) };
  return { keep: true, rule: name, why: whyOf(rule) };
}

const whyOf = ({ reason }: RecordRule | KeepRule): Why => because('rule', { reason });
