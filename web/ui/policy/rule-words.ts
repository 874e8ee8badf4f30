import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import { count } from '../messages/when.js';
import type { RecordRule, RetentionRule, When } from '../state/api.js';

const words = t.policy.sentence;

/** "101, 102 or 103" */
function list(entries: string[]): string {
  const shown = entries.map(clean);
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')}${words.or}${shown.at(-1)}`;
}

function calls(when: When): string {
  const has = (entries: string[] | undefined): entries is string[] =>
    entries !== undefined && entries.length > 0;
  const directions = when.direction ?? [];
  const parts = [
    ...(directions.length > 0 && directions.length < 3
      ? [list(directions.map((d) => t.policy.directionWords[d]))]
      : []),
    words.calls,
    ...(has(when.extension) ? [words.extension(list(when.extension))] : []),
    ...(has(when.queue) ? [words.queue(list(when.queue))] : []),
    ...(has(when.did) ? [words.did(list(when.did))] : []),
    ...(has(when.number_prefix) ? [words.prefix(list(when.number_prefix))] : []),
  ];
  return parts.length === 1 ? words.every : parts.join(' ');
}

/** What a rule does, in a sentence. */
export function recordSentence(rule: RecordRule): string {
  return rule.record ? words.record(calls(rule.when)) : words.doNot(calls(rule.when));
}

export function retentionSentence(rule: RetentionRule): string {
  if (rule.keep_days === null) return words.keepForEver(calls(rule.when));
  const years = rule.keep_days % 365 === 0 ? words.years(rule.keep_days / 365) : '';
  return words.keepDays(calls(rule.when), words.days(rule.keep_days, count(rule.keep_days)) + years);
}
