import { decideRetention, type RetentionDecision } from '../retention/decide.js';
import type { TellDecision } from '../telling/decide.js';
import { decideNotice } from '../telling/decide-notice.js';
import type { Language } from '../telling/schema.js';
import { ruleOf } from './course.js';
import type { CallFacts, LateFact } from './facts.js';
import {
  awaitedBy,
  decideKeeping,
  decideRecord,
  type KeepingDecision,
  type Policy,
  type RecordDecision,
} from './policy.js';

/** How the people of a call would be told. `rule`: the recording rule that asked for the mode; null where none did. */
export type WouldTell = Omit<TellDecision, 'jurisdictions'> & { language: Language; rule: string | null };

/** What would happen to a call. */
export type Verdict = {
  record: RecordDecision;
  /** What has to become known before it is decided. Empty unless the decision is open. */
  awaits: LateFact[];
  /** Null where the policy says that people are told in another way: Tapedeck tells nobody then. */
  telling: WouldTell | null;
  keep: RetentionDecision;
  /** Null where the length of the call was not given. */
  atEnd: KeepingDecision | null;
};

/** Returns what a policy does with a call of these facts. `ended`: how it ended, for the rules for the end of a call. */
export function verdictOf(
  policy: Policy,
  facts: CallFacts,
  ended: { talkMs: number; askedFor: boolean } | null,
): Verdict {
  const record = decideRecord(policy, facts);
  return {
    record,
    awaits: record.open ? awaitedBy(policy, facts) : [],
    telling: wouldTell(policy, facts, record),
    keep: decideRetention(policy, facts, facts.startedAt + (ended?.talkMs ?? 0)),
    atEnd: ended && decideKeeping(policy, facts, ended),
  };
}

/** Whether something of the call may be recorded, so that its people have to be told. */
export const mayBeRecorded = ({ outcome, open }: RecordDecision): boolean => outcome !== 'skip' || open;

function wouldTell(policy: Policy, facts: CallFacts, record: RecordDecision): WouldTell | null {
  const { telling } = policy;
  if (!telling) return null;
  const { agreed } = record;
  const { jurisdictions, number, site, ...told } = decideNotice(facts, {
    ...{ telling, rule: ruleOf(policy, record), agreed },
  });
  return told;
}
