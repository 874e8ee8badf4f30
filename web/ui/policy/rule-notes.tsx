import { useEffect, useState } from 'preact/hooks';
import { AlarmIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { Policy, When } from '../state/api.js';
import { type RuleFault, rulesApi } from '../state/api-rules.js';
import { cleaned } from './conditions.js';

/** While somebody goes on changing rules nothing is asked, in ms. */
const PAUSE_MS = 250;

/** What is wrong with the rules in the form; of rules that were changed a moment ago nothing is known. */
export function useRuleFaults(policy: Policy | null): RuleFault[] {
  const [said, setSaid] = useState<{ of: Policy; faults: RuleFault[] } | null>(null);
  useEffect(() => {
    if (!policy) return;
    const asking = new AbortController();
    const timer = setTimeout(
      () =>
        rulesApi.check(policy, asking.signal).then(
          ({ faults }) => setSaid({ of: policy, faults }),
          () => {}, // what keeps rules from being checked keeps them from being saved, and is said there
        ),
      PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [policy]);
  return said?.of === policy ? said.faults : [];
}

type Props = { faults: RuleFault[]; list: RuleFault['list']; index: number };

/** What is wrong with a rule, beside it. */
export function RuleNotes({ faults, list, index }: Props) {
  const mine = faults.filter((fault) => fault.list === list && fault.index === index);
  if (mine.length === 0) return null;
  return (
    <ul class="rule-notes">
      {mine.map((fault) => (
        <li key={`${fault.code} ${fault.other}`} class={fault.code === 'no_purpose' ? 'quiet' : ''}>
          {fault.code !== 'no_purpose' && <AlarmIcon />}
          <span>{t.rules.faults[fault.code]({ other: clean(fault.other), said: saidOf(fault) })}</span>
        </li>
      ))}
    </ul>
  );
}

/** What both rules name, as people read it. */
function saidOf({ code, condition, texts }: RuleFault): string {
  if (code === 'outside_limits') {
    const [kind, days] = texts;
    return t.keeping.limits.bound({ kind: kind === 'max' ? 'max' : 'min', days: Number(days) });
  }
  if (condition === '' || texts.length === 0) return '';
  const shown = Object.values(cleaned({ [condition]: texts } as When))[0] as string[];
  return t.rules.faultOf({ texts: shown });
}
