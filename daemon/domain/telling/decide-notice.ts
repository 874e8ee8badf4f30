import type { Site } from '../days.js';
import type { CallFacts } from '../policy/facts.js';
import type { RecordRule } from '../policy/policy.js';
import type { CallRecord } from '../recording/recording.js';
import { decideTelling } from './decide.js';
import { languageOf } from './language.js';
import type { Notice } from './notice.js';
import type { Telling } from './schema.js';

type Decided = Omit<Notice, 'callId' | 'at'>;

/** How the people of a call are told, by a version of the policy and the rule that is about the call. */
export function decideNotice(
  call: Pick<CallRecord, 'direction' | 'legs'>,
  facts: CallFacts,
  by: { telling: Telling; version: number; rule: RecordRule | null; site: Site },
): Decided {
  const { telling, version, rule } = by;
  const wanted = rule?.outcome === 'ask' ? 'ask' : rule?.tell;
  const number = call.direction === 'internal' ? null : facts.number;
  const site = { region: by.site.region, subdivision: telling.subdivision ?? '' };
  const up = call.legs.filter(({ upAt }) => upAt !== null);
  const betweenOutsiders = up.length > 1 && up.every(({ party }) => !party.ours);
  return {
    ...decideTelling({ telling, wanted, number, site, betweenOutsiders }),
    ...{ version, rule: wanted ? rule!.name : null, number, site, language: languageOf(telling, facts) },
  };
}

export const sameNotice = ({ callId, at, ...kept }: Notice, decided: Decided): boolean =>
  JSON.stringify(Object.entries(kept).sort()) === JSON.stringify(Object.entries(decided).sort());
