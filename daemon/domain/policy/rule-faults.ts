import { fail } from '../error.js';
import type { Limit, RetentionRule } from '../retention/rule.js';
import { bare, type When } from './conditions.js';
import type { Policy, RecordRule } from './policy.js';

/** What is wrong with rules as they stand beside each other. None of it keeps a policy from being saved. */

export const ruleFaultCodes = [
  ...['never_fits', 'unreachable', 'contradicts', 'overlaps', 'nothing_follows'],
  ...['outside_limits', 'limits_conflict', 'no_purpose'],
] as const;
export type RuleFaultCode = (typeof ruleFaultCodes)[number];

/**
 * A fault of the rule at `index` of a list; `other`: the name of the rule before it that is the reason, '' where there is none. In
 * `telling` it is about how people are told, and `other` is the list of numbers that nothing follows from.
 */
export type RuleFault = {
  list: 'record' | 'retention' | 'limits' | 'keep' | 'telling';
  index: number;
  code: RuleFaultCode;
  other: string;
  /** The condition that it is about, and what of it; '' where it is about the whole rule. */
  condition: string;
  texts: string[];
};

type Rule = Policy['record'][number] | RetentionRule | Limit | NonNullable<Policy['keep']>[number];

const all = (wanted: readonly string[], needed: readonly string[]): boolean =>
  needed.every((text) => wanted.includes(text));

/**
 * Conditions of which any entry may fit: for each, entries in the one notation in which they are compared. A condition that is not
 * here is taken for one that leaves calls out, whatever it says.
 */
const ANY_OF: Record<string, (text: string) => string> = {
  direction: String,
  pbx: String,
  extension: String,
  queue: String,
  did: bare,
  number: bare,
  number_prefix: bare,
  region: String,
  weekday: String,
  hours: String,
  list: String,
};
/** So many entries stand for every call there is. */
const WHOLE: Record<string, number> = { direction: 3, weekday: 7 };

const entriesOf = (name: string, wanted: unknown): string[] | null => {
  const norm = ANY_OF[name];
  return norm && Array.isArray(wanted) && wanted.every((text) => typeof text === 'string')
    ? [...new Set(wanted.map(norm))]
    : null;
};

/** The conditions of a rule that leave any call out. */
const limiting = (when: When): [string, unknown][] =>
  Object.entries(when).filter(
    ([name, wanted]) => entriesOf(name, wanted)?.length !== WHOLE[name] || WHOLE[name] === undefined,
  );

/** The minutes of a day in such hours. */
function minutes(hours: readonly string[]): Set<number> {
  const minute = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
  const found = new Set<number>();
  for (const span of hours) {
    const [from, until] = span.split('-').map(minute) as [number, number];
    const end = from < until ? until : until + 1_440;
    for (let at = from; at < end; at += 1) found.add(at % 1_440);
  }
  return found;
}

/** Whether each call that fits the second of these conditions fits the first. False where that is not certain. */
function covers(name: string, wider: unknown, narrower: unknown): boolean {
  const [a, b] = [entriesOf(name, wider), entriesOf(name, narrower)];
  if (!a || !b) return false;
  if (name === 'hours') {
    const [wide, narrow] = [minutes(a), minutes(b)];
    return [...narrow].every((minute) => wide.has(minute));
  }
  if (name === 'number_prefix') return b.every((prefix) => a.some((wide) => prefix.startsWith(wide)));
  return all(a, b);
}

/** Whether a rule fits every call that another one fits. False where that is not certain. */
function coversAll(wider: When, narrower: When): boolean {
  const given = narrower as Record<string, unknown>;
  return limiting(wider).every(
    ([name, wanted]) => given[name] !== undefined && covers(name, wanted, given[name]),
  );
}

/** What both of two rules name where they limit the same things, neither is part of the other, and both may fit a call; null elsewhere. */
function overlap(one: When, other: When): { condition: string; texts: string[] } | null {
  const [a, b] = [new Map(limiting(one)), new Map(limiting(other))];
  if (a.size === 0 || a.size !== b.size || ![...a.keys()].every((name) => b.has(name))) return null;
  let found: { condition: string; texts: string[] } | null = null;
  for (const [name, wanted] of a) {
    const [mine, theirs] = [entriesOf(name, wanted), entriesOf(name, b.get(name))];
    // Prefixes and hours may meet in what neither of them names.
    if (!mine || !theirs || name === 'hours' || name === 'number_prefix') return null;
    const texts = mine.filter((text) => theirs.includes(text));
    if (texts.length === 0) return null;
    if (!found || texts.length < mine.length) found = { condition: name, texts };
  }
  return found;
}

/** What a rule does with the calls that fit it. */
const doneBy = ({ name: _, reason: __, when: ___, ...does }: Rule): string =>
  JSON.stringify(Object.entries(does).sort(([a], [b]) => (a < b ? -1 : 1)));

function faultsIn(list: 'record' | 'retention', rules: readonly (RecordRule | RetentionRule)[]): RuleFault[] {
  const faults: RuleFault[] = [];
  for (const [index, rule] of rules.entries()) {
    const say = (
      code: RuleFaultCode,
      other: string,
      about: { condition: string; texts: string[] } = NOTHING,
    ) => faults.push({ list, index, code, other, ...about });
    if (neverFits(rule)) continue;
    const before = rules.slice(0, index).filter((earlier) => !neverFits(earlier));
    const over = before.find((earlier) => coversAll(earlier.when, rule.when));
    if (over) {
      const alike = coversAll(rule.when, over.when) && doneBy(over) !== doneBy(rule);
      say(alike ? 'contradicts' : 'unreachable', over.name);
      continue;
    }
    for (const earlier of before) {
      if (doneBy(earlier) === doneBy(rule) || coversAll(rule.when, earlier.when)) continue;
      const both = overlap(earlier.when, rule.when);
      if (both) say('overlaps', earlier.name, both);
    }
  }
  return faults;
}

const NOTHING = { condition: '', texts: [] };
const emptyIn = ({ when }: Rule): string | undefined =>
  Object.entries(when).find(([, wanted]) => Array.isArray(wanted) && wanted.length === 0)?.[0];
const neverFits = (rule: Rule): boolean => emptyIn(rule) !== undefined;

/**
 * What is wrong with the rules of a policy: one that never fits, since a list in it is empty; one that is never reached, since a rule
 * before it fits all that it fits; one that says the contrary of a rule with the same conditions; and two that both fit some calls
 * and decide differently. And that no rule names the list on which numbers are put that refuse. What is not certain is not said.
 */
export function ruleFaults(policy: Policy): RuleFault[] {
  const empty = (['record', 'retention', 'limits', 'keep'] as const).flatMap((list) =>
    (policy[list] ?? []).flatMap((rule, index): RuleFault[] => {
      const condition = emptyIn(rule);
      return condition === undefined
        ? []
        : [{ list, index, code: 'never_fits', other: '', condition, texts: [] }];
    }),
  );
  return [
    ...empty,
    ...faultsIn('record', policy.record),
    ...faultsIn('retention', policy.retention),
    ...outsideLimits(policy),
    ...conflicts(policy.limits ?? []),
    ...unused(policy),
  ];
}

/** Retention rules whose days a limit moves for every call that they fit. */
function outsideLimits({ retention, limits = [] }: Policy): RuleFault[] {
  return retention.flatMap(({ keep_days: days, when }, index): RuleFault[] => {
    const moving = limits.find(
      (limit) =>
        coversAll(limit.when, when) &&
        (limit.kind === 'min' ? days !== null && days < limit.days : days === null || days > limit.days),
    );
    if (!moving) return [];
    const texts = [moving.kind, String(moving.days)];
    return [{ list: 'retention', index, code: 'outside_limits', other: moving.name, condition: '', texts }];
  });
}

/** A minimum above a maximum that applies to the same calls, and none of the two gives way. */
function conflicts(limits: readonly Limit[]): RuleFault[] {
  const settled = (a: Limit, b: Limit) =>
    Boolean(a.beats?.includes(b.name)) !== Boolean(b.beats?.includes(a.name));
  return limits.flatMap((limit, index) =>
    limits.slice(0, index).flatMap((other): RuleFault[] => {
      const [min, max] = limit.kind === 'min' ? [limit, other] : [other, limit];
      if (limit.kind === other.kind || min.days <= max.days || settled(limit, other)) return [];
      const both =
        coversAll(limit.when, other.when) ||
        coversAll(other.when, limit.when) ||
        overlap(limit.when, other.when);
      return both ? [{ list: 'limits', index, code: 'limits_conflict', other: other.name, ...NOTHING }] : [];
    }),
  );
}

/**
 * Throws `policy_invalid` for a minimum above a maximum that `before` does not have: by both together recordings would be kept forever.
 * What a policy has already is told beside its rules, and does not keep other changes from being saved.
 */
export function refuseConflicts(before: Policy, after: Policy): void {
  const limits = after.limits ?? [];
  const of = (all: readonly Limit[], { index, other }: RuleFault) =>
    JSON.stringify([all[index], all.find(({ name }) => name === other)].map(limitKey));
  const known = new Set(conflicts(before.limits ?? []).map((fault) => of(before.limits ?? [], fault)));
  const found = conflicts(limits).filter((fault) => !known.has(of(limits, fault)));
  if (found.length > 0)
    throw fail(
      'policy_invalid',
      found
        .map((fault) => `limits.${fault.index}: "${limits[fault.index]?.name}" ${ruleFaultText(fault)}`)
        .join(' '),
    );
}
const limitKey = (limit: Limit | undefined) => limit && [limit.name, limit.kind, limit.days, limit.when];

/** What could be better said in the rules of a policy, and is not wrong: retention rules without a purpose. */
export const ruleHints = ({ retention }: Policy): RuleFault[] =>
  retention.flatMap(({ purpose }, index): RuleFault[] =>
    purpose?.trim() ? [] : [{ list: 'retention', index, code: 'no_purpose', other: '', ...NOTHING }],
  );

/** That numbers which refuse would be put on a list by which no rule for recording decides. */
function unused({ record, telling }: Policy): RuleFault[] {
  const list = telling?.refused?.list;
  if (list === undefined || record.some(({ when }) => when.list?.includes(list))) return [];
  return [{ list: 'telling', index: 0, code: 'nothing_follows', other: list, ...NOTHING }];
}

/** The same in a sentence. Texts that name outside parties are counted in it. */
export function ruleFaultText({ code, other, condition, texts }: RuleFault): string {
  const some = condition.startsWith('number')
    ? `${texts.length} of the numbers`
    : texts.map((text) => `"${text}"`).join(', ');
  const said: Record<RuleFaultCode, string> = {
    never_fits: `never fits a call, because its list "${condition}" is empty. Add an entry, or remove the condition or the rule.`,
    unreachable: `is never reached: "${other}" above it fits every call that it fits. Move it up, or remove it.`,
    contradicts: `has the conditions of "${other}" above it, which decides otherwise, so it is never reached. Remove one of the two.`,
    outside_limits:
      texts[0] === 'min'
        ? `keeps for less than the minimum "${other}" (${texts[1]} days), which decides. Give the rule at least as many days.`
        : `keeps for more than the maximum "${other}" (${texts[1]} days), which decides. Give the rule at most as many days.`,
    limits_conflict: `cannot be met together with "${other}": recordings to which both apply are kept forever. Change the days, or say which of the two wins.`,
    no_purpose: 'does not say what the recordings are kept for. Add a purpose.',
    nothing_follows: `puts numbers that refuse on the list "${other}", which no rule names: nothing would follow. Make a rule that does not record calls with it.`,
    overlaps: `fits some calls that "${other}" above it decides otherwise (${condition} ${some}). Check that the order is the one you want.`,
  };
  return said[code];
}
