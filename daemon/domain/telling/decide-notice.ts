import type { CallFacts } from '../policy/facts.js';
import type { RecordRule } from '../policy/policy.js';
import { decideTelling } from './decide.js';
import { languageOf } from './language.js';
import type { Notice } from './notice.js';
import type { Place } from './region.js';
import type { Telling } from './schema.js';

type Decided = Omit<Notice, 'callId' | 'at' | 'version' | 'askedSince'>;

/** Where a PBX stands: its state is that of the policy, unless it stands elsewhere. */
export const placeOfPbx = (
  { region, subdivision }: CallFacts['site'],
  telling: Pick<Telling, 'subdivision'>,
): Place => ({ region, subdivision: subdivision ?? telling.subdivision ?? '' });

/**
 * How the people of a call are told, by the rule that is about it and by every outside party: the strictest decides. `agreed`: what
 * they have said once for all calls counts as their yes.
 */
export function decideNotice(
  facts: CallFacts,
  by: { telling: Telling; rule: RecordRule | null; agreed?: boolean | undefined },
): Decided {
  const { telling, rule, agreed } = by;
  const wanted = rule?.outcome === 'ask' ? 'ask' : rule?.tell;
  const number = facts.direction === 'internal' ? null : facts.number;
  const others = [...facts.added, ...(facts.addedHidden ? [''] : [])];
  const site = placeOfPbx(facts.site, telling);
  return {
    ...decideTelling({
      ...{ telling, wanted, site, agreed },
      numbers: number === null ? others : [number, ...others],
      statedIsEnough: rule?.stated_is_enough,
    }),
    ...{ rule: wanted ? rule!.name : null, number, others, site, language: languageOf(telling, facts) },
  };
}

export const sameNotice = (
  { callId, at, askedSince, ...kept }: Notice,
  decided: Omit<Notice, 'callId' | 'at' | 'askedSince'>,
): boolean => JSON.stringify(Object.entries(kept).sort()) === JSON.stringify(Object.entries(decided).sort());
