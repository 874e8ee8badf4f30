import { fail } from '../error.js';
import { DEFAULT_KEYS } from '../telling/prompt.js';
import { isDay } from './hours.js';
import type { Policy } from './policy.js';

export type PolicyFault = { path: (string | number)[]; text: string };

/** What cannot be right in a policy that is written as it should be. Where each is, and what is wrong. */
export function policyFaults(policy: Policy): PolicyFault[] {
  const { groups = [], holidays = [] } = policy;
  const faults: PolicyFault[] = [];
  const names = new Set<string>();
  for (const [i, { name }] of groups.entries()) {
    if (names.has(name)) faults.push({ path: ['groups', i, 'name'], text: `there are two groups "${name}"` });
    names.add(name);
  }
  for (const [i, { date }] of holidays.entries())
    if (!isDay(date))
      faults.push({ path: ['holidays', i, 'date'], text: `${date} is not a day of the calendar` });
  for (const part of ['record', 'retention', 'limits', 'keep'] as const)
    for (const [i, { when }] of (policy[part] ?? []).entries())
      for (const group of when.group ?? [])
        if (!names.has(group))
          faults.push({ path: [part, i, 'when', 'group'], text: `there is no group "${group}"` });
  const limits = (policy.limits ?? []).map(({ name }) => name);
  for (const [i, { name, beats = [], as_of }] of (policy.limits ?? []).entries()) {
    if (limits.indexOf(name) < i)
      faults.push({ path: ['limits', i, 'name'], text: `there are two limits "${name}"` });
    for (const other of beats)
      if (!limits.includes(other))
        faults.push({ path: ['limits', i, 'beats'], text: `there is no limit "${other}"` });
    if (as_of !== undefined && !isDay(as_of))
      faults.push({ path: ['limits', i, 'as_of'], text: `${as_of} is not a day of the calendar` });
  }
  const { refuse_key, agree_key } = { ...DEFAULT_KEYS, ...policy.telling };
  if (refuse_key === agree_key)
    faults.push({ path: ['telling', 'agree_key'], text: `${agree_key} is the key to refuse, too` });
  return faults;
}

/**
 * Throws `policy_invalid` for a policy that names groups which it does not have, for days that there are not, and where one key
 * would both refuse and agree.
 */
export function checkPolicy(policy: Policy): void {
  const faults = policyFaults(policy);
  if (faults.length > 0)
    throw fail('policy_invalid', faults.map(({ path, text }) => `${path.join('.')}: ${text}.`).join(' '));
}
