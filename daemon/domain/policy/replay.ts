import { factsOf } from '../call/facts-of.js';
import type { Site } from '../days.js';
import type { CallRecord } from '../recording/recording.js';
import { decideRetention } from '../retention/decide.js';
import type { When } from './conditions.js';
import { ABSENT, notStored } from './match.js';
import { decideRecord, type Policy, type RuleOutcome } from './policy.js';
import type { StandingOf } from './standing/standing.js';

/** What another policy would have decided about calls that there were. */

/** Kinds of differences: calls that are recorded with one of the two only, or kept for another time with both. */
export const replayKinds = ['no_longer', 'less', 'newly', 'more', 'shorter', 'longer'] as const;
export type ReplayKind = (typeof replayKinds)[number];

type Decided = {
  outcome: RuleOutcome;
  rule: string | null;
  keepDays: number | null;
  keepRule: string | null;
};
export type Difference<C> = { call: C; before: Decided; after: Decided };

const EXAMPLES = 10;
/** How much is kept of a call: `ask` and `on_demand` keep those for which somebody says so. */
const KEEPS: Record<RuleOutcome, number> = { skip: 0, on_demand: 1, ask: 1, record: 2 };

/**
 * Decides calls by two policies, one after the other. Calls that nobody answered count for nothing: there is nothing to record.
 * `shows`: whether a call may be an example. `listsOf` returns the lists that a number is on; `standing`, what its owner has said
 * once for all calls, counts as it was at the time of each.
 */
export function createReplay<C extends CallRecord>(
  before: Policy,
  after: Policy,
  site: Site,
  shows: (call: C) => boolean,
  listsOf?: (number: string) => string[],
  standing?: StandingOf,
) {
  const found = new Map<ReplayKind, { calls: number; examples: Difference<C>[] }>(
    replayKinds.map((kind) => [kind, { calls: 0, examples: [] }]),
  );
  const asked = [...new Set([before, after].flatMap(conditionsIn))].filter(
    (name) => ABSENT[name as keyof When],
  );
  const unknown = new Map<string, number>();
  let calls = 0;

  return {
    add(call: C): void {
      if (call.answeredAt === null || call.test) return;
      calls += 1;
      const facts = factsOf(call, site, listsOf, standing);
      const missing = new Set(
        [before, after].flatMap((policy): string[] => notStored(rulesOf(policy), facts)),
      );
      for (const name of asked) if (ABSENT[name as keyof When]!(call)) missing.add(name);
      for (const name of missing) unknown.set(name, (unknown.get(name) ?? 0) + 1);
      const [was, is] = [before, after].map((policy): Decided => {
        const { outcome, rule, agreed = false } = decideRecord(policy, facts);
        const { keepDays, rule: keepRule } = decideRetention(policy, facts, call.endedAt ?? call.startedAt);
        // With a standing consent nobody is asked.
        return { outcome: outcome === 'ask' && agreed ? 'record' : outcome, rule, keepDays, keepRule };
      }) as [Decided, Decided];
      const kind = kindOf(was, is);
      if (kind === null) return;
      const one = found.get(kind)!;
      one.calls += 1;
      if (one.examples.length < EXAMPLES && shows(call)) one.examples.push({ call, before: was, after: is });
    },

    /** How many calls were decided, and which of them differently; `unknown`: of how many a fact was not stored, by its condition. */
    result: () => ({
      calls,
      found: Object.fromEntries(found) as Record<ReplayKind, NonNullable<ReturnType<typeof found.get>>>,
      unknown: Object.fromEntries(unknown),
    }),
  };
}

function kindOf(was: Decided, is: Decided): ReplayKind | null {
  const kept = KEEPS[is.outcome] - KEEPS[was.outcome];
  if (kept < 0) return is.outcome === 'skip' ? 'no_longer' : 'less';
  if (kept > 0) return is.outcome === 'record' ? 'newly' : 'more';
  // With a yes is not when somebody asks for it.
  if (is.outcome !== was.outcome) return 'less';
  if (is.outcome === 'skip' || is.keepDays === was.keepDays) return null;
  return (is.keepDays ?? Number.POSITIVE_INFINITY) < (was.keepDays ?? Number.POSITIVE_INFINITY)
    ? 'shorter'
    : 'longer';
}

const rulesOf = ({ record, retention, limits = [], keep = [] }: Policy): { when: When }[] => [
  ...record,
  ...retention,
  ...limits,
  ...keep,
];
const conditionsIn = (policy: Policy): string[] => rulesOf(policy).flatMap(({ when }) => Object.keys(when));
