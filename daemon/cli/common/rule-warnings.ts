import type { Policy } from '../../domain/policy/policy.js';
import { ruleFaults, ruleFaultText } from '../../domain/policy/rule-faults.js';
import { lineOf } from './policy-file.js';

/** What is wrong with the rules of a policy in a file, a line each with where it stands in that. */
export function ruleWarnings(policy: Policy, source: string): string[] {
  const json = source.trimStart().startsWith('{');
  return ruleFaults(policy).map((fault) => {
    const { list, index } = fault;
    if (list === 'telling') {
      const where = json ? '' : lineOf(source, ['telling', 'refused', 'list']);
      return `Warning: ${where}telling ${ruleFaultText(fault)}`;
    }
    const where = json ? '' : lineOf(source, [list, index, 'name']);
    const name = policy[list]?.[index]?.name ?? '';
    return `Warning: ${where}${list} rule ${index + 1} "${name}" ${ruleFaultText(fault)}`;
  });
}
