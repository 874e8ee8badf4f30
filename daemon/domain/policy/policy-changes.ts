import { fail } from '../error.js';
import type { Telling } from '../telling/schema.js';
import { CONDITIONS } from './conditions.js';
import type { Policy, RecordRule, RetentionRule } from './policy.js';

/**
 * What is different, one line each. Rules are known by their names. Numbers of outside parties that stand in a rule are
 * counted, not written: these lines go where they stay for good.
 */
export function policyChanges(before: Policy, after: Policy): string[] {
  const lines: string[] = [];
  for (const part of ['record', 'retention'] as const) {
    const old = new Map<string, Rule>(before[part].map((r) => [r.name, r]));
    const now = new Map<string, Rule>(after[part].map((r) => [r.name, r]));
    for (const [name, rule] of now) {
      const was = old.get(name);
      if (!was) lines.push(`${part}: "${name}" is new`);
      else if (JSON.stringify(was) !== JSON.stringify(rule))
        lines.push(`${part}: "${name}" is changed: ${ruleChanges(was, rule).join(', ')}`);
    }
    for (const name of old.keys()) if (!now.has(name)) lines.push(`${part}: "${name}" is gone`);
    if (lines.length === 0 && JSON.stringify(before[part]) !== JSON.stringify(after[part]))
      lines.push(`${part}: the order of the rules is changed`);
  }
  if (JSON.stringify(before.telling) !== JSON.stringify(after.telling))
    lines.push(`telling: ${tellingChanges(before.telling ?? {}, after.telling ?? {}).join(', ')}`);
  const numbers = [before, after].map((p) => p.emergency_numbers.join(', '));
  if (numbers[0] !== numbers[1]) lines.push(`emergency_numbers: ${numbers[0]} -> ${numbers[1] || 'none'}`);
  return lines;
}

/**
 * Throws `emergency_unconfirmed` when a change takes away the last emergency number: a slip of the hand would have calls to
 * them recorded.
 */
export function confirmEmergency(before: Policy, after: Policy, confirmed: boolean): void {
  if (confirmed || before.emergency_numbers.length === 0 || after.emergency_numbers.length > 0) return;
  throw fail('emergency_unconfirmed', `Numbers now: ${before.emergency_numbers.join(', ')}.`);
}

/** What is different of how people are told. Which calls have a language of their own is counted: conditions may name outsiders. */
function tellingChanges(before: Telling, after: Telling): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Telling)[];
  const shown = (telling: Telling, key: keyof Telling): string => {
    if (key === 'languages') return `${telling.languages?.length ?? 0} rules`;
    if (key === 'overrides')
      return telling.overrides?.map(({ id, least }) => `${id} ${least}`).join('/') || 'none';
    return String(telling[key] ?? 'default');
  };
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${key} ${shown(before, key)} -> ${shown(after, key)}`);
}

type Rule = RecordRule | RetentionRule;

function ruleChanges(before: Rule, after: Rule): string[] {
  const [was, is] = [flat(before), flat(after)];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const changed = keys.filter((key) => said(was[key]) !== said(is[key]));
  const lines = changed.map((key) =>
    namesOutsiders(key)
      ? `${key} ${count(was[key])} -> ${count(is[key])} numbers`
      : `${key} ${said(was[key])} -> ${said(is[key])}`,
  );
  return lines.length > 0 ? lines : ['the order of its words'];
}

const namesOutsiders = (key: string): boolean =>
  Object.entries(CONDITIONS).some(([name, condition]) => name === key && 'outsiders' in condition);
const flat = ({ when, ...rule }: Rule): Record<string, unknown> => ({ ...rule, ...when });
const said = (value: unknown): string =>
  value === undefined ? 'any' : Array.isArray(value) ? value.join('/') : String(value);
const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
