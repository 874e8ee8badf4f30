import type { TSchema } from 'typebox';
import type { CallRecord } from '../recording/recording.js';
import type { Limit, RetentionRule } from '../retention/rule.js';
import { type Around, CONDITIONS, type When } from './conditions.js';
import type { CallFacts, LateFact } from './facts.js';
import type { KeepRule, Policy, RecordRule } from './policy.js';

/**
 * Whether a rule fits a call. `yes` and `no` stay so, whatever else becomes known; `now` fits by what is known now, and may not
 * once more is known; `later` is the opposite.
 */
export type Match = 'yes' | 'no' | 'now' | 'later';

type Test = {
  fits: (facts: CallFacts) => boolean;
  needs: LateFact | undefined;
  stays: boolean;
};
type Ready<R> = { rule: R; tests: Test[] };

const names = Object.keys(CONDITIONS) as (keyof When)[];

type Given = {
  fits: (wanted: unknown, around: Around) => Test['fits'];
  needs?: LateFact;
  stays?: true;
  stored?: (facts: CallFacts) => boolean;
};
const given = (name: keyof When) => CONDITIONS[name] as unknown as Given & { schema: TSchema };

const testsOf = (when: When, around: Around): Test[] =>
  names.flatMap((name) => {
    const wanted = when[name];
    if (wanted === undefined) return [];
    const { fits, needs, stays = false } = given(name);
    return [{ fits: fits(wanted, around), needs, stays }];
  });

/** Rules made ready to be tried on calls. A policy is never changed: another one has rules of its own. */
type ReadyPolicy = {
  record: Ready<RecordRule>[];
  retention: Ready<RetentionRule>[];
  limits: Ready<Limit>[];
  keep: Ready<KeepRule>[];
  emergency: ReadonlySet<string>;
};
const made = new WeakMap<Policy, ReadyPolicy>();

export function ready(policy: Policy): ReadyPolicy {
  const known = made.get(policy);
  if (known) return known;
  const { groups = [], holidays = [] } = policy;
  const of = <R extends { name: string; when: When }>(rules: readonly R[]): Ready<R>[] =>
    rules.map((rule) => ({ rule, tests: testsOf(rule.when, { rule: rule.name, groups, holidays }) }));
  const all = {
    record: of(policy.record),
    retention: of(policy.retention),
    limits: of(policy.limits ?? []),
    keep: of(policy.keep ?? []),
    emergency: new Set(policy.emergency_numbers),
  };
  made.set(policy, all);
  return all;
}

/** `later`: the facts once everybody who is being rung has answered, or null. */
export function matchOf(tests: readonly Test[], facts: CallFacts, later: CallFacts | null): Match {
  let now = true;
  let sure = true;
  for (const { fits, needs, stays } of tests) {
    const unknown = needs !== undefined && !facts.known[needs];
    if (fits(facts)) {
      if (unknown && !stays) sure = false;
    } else if (unknown || (later !== null && needs !== undefined && fits(later))) {
      now = false;
      sure = false;
    } else return 'no';
  }
  if (sure) return 'yes';
  return now ? 'now' : 'later';
}

/** What tests ask for and is not known yet, as far as it may still change what they say. */
export const unknownIn = (tests: readonly Test[], facts: CallFacts): LateFact[] =>
  tests.flatMap(({ fits, needs, stays }) =>
    needs === undefined || facts.known[needs] || (stays && fits(facts)) ? [] : [needs],
  );

export const fitsNow = (tests: readonly Test[], facts: CallFacts): boolean =>
  tests.every(({ fits }) => fits(facts));

const ALONE: Around = { rule: '', groups: [], holidays: [] };

/** Whether a call with these facts fits every condition. */
export const fits = (when: When, facts: CallFacts, around: Partial<Around> = {}): boolean =>
  fitsNow(testsOf(when, { ...ALONE, ...around }), facts);

/** The same as `stored` of a condition, where that needs the call itself: whether it is missing. */
export const ABSENT: Partial<Record<keyof When, (call: CallRecord) => boolean>> = {
  extension({ legs }) {
    const ours = legs.filter(({ party }) => party.ours);
    return ours.length > 0 && ours.every(({ endpoint }) => endpoint === '');
  },
};

/** Conditions that these rules have and that ask for something that was not stored with the call. */
export function notStored(rules: readonly { when: When }[], facts: CallFacts): (keyof When)[] {
  return names.filter(
    (name) => given(name).stored?.(facts) === false && rules.some(({ when }) => when[name] !== undefined),
  );
}
