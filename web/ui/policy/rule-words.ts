import { t } from '../messages/language.js';
import type { KeepRule, Limit, RecordRule, RetentionRule } from '../state/api.js';
import { cleaned } from './conditions.js';

/** What a rule does, in a sentence. */
export const recordSentence = ({ outcome, when }: RecordRule): string =>
  t.policy.sentence.record({ outcome, when: cleaned(when) });

export const retentionSentence = ({ keep_days: days, when, from }: RetentionRule): string =>
  [
    t.policy.sentence.keep({ days, when: cleaned(when) }),
    ...(days !== null && from && from !== 'call_end' ? [t.keeping.starting({ from })] : []),
  ].join(' ');

export const limitSentence = ({ kind, days, when }: Limit): string =>
  t.keeping.limits.sentence({ kind, days, when: cleaned(when) });

export const keepSentence = ({ longer_than_s, asked_for, when }: KeepRule): string =>
  t.policy.sentence.atEnd({
    ...{ seconds: longer_than_s ?? null, asked: asked_for === true },
    when: cleaned(when),
  });
