import { readFileSync } from 'node:fs';
import t from 'tap';
import { isoOrNull } from '../../../daemon/domain/days.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { inWords } from '../../../daemon/domain/reason/words.js';
import { decideRetention } from '../../../daemon/domain/retention/decide.js';

/** Policies, calls, and how long each is kept and why: written by hand, to be read. */
const GOLDEN = new URL('../../golden/retention.json', import.meta.url);

type Wanted = { rule: string | null; until: string | null; not_before: string | null; why: string };
type Golden = {
  time_zone: string;
  cases: {
    name: string;
    policy: Partial<Policy>;
    calls: (Wanted & { queue?: string; ended: string })[];
  }[];
};

const { time_zone: timeZone, cases } = JSON.parse(readFileSync(GOLDEN, 'utf8')) as Golden;

for (const { name, policy, calls } of cases)
  t.test(name, async (t) => {
    for (const { queue = '', ended, ...wanted } of calls) {
      const at = Date.parse(ended);
      const facts = imagine({ direction: 'in', queue }, at, { timeZone, region: 'DE' });
      const found = decideRetention({ ...defaultPolicy, ...policy }, facts, at);
      t.strictSame(
        {
          ...{ rule: found.rule, until: isoOrNull(found.keepUntil) },
          ...{ not_before: isoOrNull(found.minUntil), why: inWords(found.why) },
        },
        wanted,
      );
    }
  });
