import type { Conditions } from '../messages/en/policy.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { RecordRule, RetentionRule, When } from '../state/api.js';

const conditions = (when: When): Conditions => ({
  directions: when.direction ?? [],
  extensions: (when.extension ?? []).map(clean),
  queues: (when.queue ?? []).map(clean),
  dids: (when.did ?? []).map(clean),
  prefixes: (when.number_prefix ?? []).map(clean),
});

/** What a rule does, in a sentence. */
export const recordSentence = ({ record, when }: RecordRule): string =>
  t.policy.sentence.record({ record, when: conditions(when) });

export const retentionSentence = ({ keep_days: days, when }: RetentionRule): string =>
  t.policy.sentence.keep({ days, when: conditions(when) });
