import type { CallFacts } from '../policy/facts.js';
import { fitsNow, ready } from '../policy/match.js';
import type { Policy } from '../policy/policy.js';
import { because, together, type Why } from '../reason/reason.js';
import { clockStart, daysLater } from './calendar.js';
import { boundsOf } from './limits.js';

/** How long the recording of a call is kept, and why. Times are ms since 1970. */
export type RetentionDecision = {
  /** Of the rule that decided; null keeps forever. Limits may have moved `keepUntil`. */
  keepDays: number | null;
  /** Name of the rule; null where none matches. */
  rule: string | null;
  /** When it may be erased; null for never. */
  keepUntil: number | null;
  /** It is never erased before; null where no minimum applies. */
  minUntil: number | null;
  /** When the days of the rule began to count. */
  keepFrom: number;
  why: Why;
  /** Names of a minimum and a maximum that cannot both be met: the recording is kept. */
  conflict: { min: string; max: string } | null;
  /** The kind of limit that moved the date of the rule; null where none did. */
  moved: 'min' | 'max' | null;
};

/**
 * Returns how long to keep the recording of a call with these facts that ended then (ms since 1970). The first rule that matches
 * decides, and the limits that match move its date: not before the longest minimum, not after the shortest maximum. An empty
 * policy keeps everything forever. Days are those of the site's calendar.
 */
export function decideRetention(policy: Policy, facts: CallFacts, endedAt: number): RetentionDecision {
  if (facts.test) return keptForever(endedAt, because('test_call'));
  const zone = facts.site.timeZone;
  const { retention, limits } = ready(policy);
  const rule = retention.find(({ tests }) => fitsNow(tests, facts))?.rule;
  const { min, max, conflict } = boundsOf(
    limits.filter(({ tests }) => fitsNow(tests, facts)).map((limit) => limit.rule),
  );
  const keepFrom = rule ? clockStart(rule.from ?? 'call_end', endedAt, zone) : endedAt;
  const keepDays = rule?.keep_days ?? null;
  const [minUntil, maxUntil] = [min, max].map((limit) => limit && daysLater(endedAt, limit.days, zone)) as [
    number | null,
    number | null,
  ];
  const ruled = keepDays === null ? null : daysLater(keepFrom, keepDays, zone);
  const base = rule ? because('rule', { reason: rule.reason }) : because('kept_by_default');
  const atLeast = min && because('kept_at_least', { limit: min.name, days: min.days, reason: min.reason });
  const known = { keepDays, rule: rule?.name ?? null, keepFrom, minUntil, conflict };
  if (conflict)
    return {
      ...known,
      moved: null,
      keepUntil: null,
      why: together(base, because('limits_conflict', conflict), atLeast)!,
    };
  const least = ruled === null || minUntil === null ? ruled : Math.max(ruled, minUntil);
  const keepUntil = maxUntil === null ? least : Math.min(least ?? maxUntil, maxUntil);
  const atMost =
    keepUntil !== least &&
    because('kept_at_most', { limit: max!.name, days: max!.days, reason: max!.reason });
  const moved = keepUntil !== least ? 'max' : least !== ruled ? 'min' : null;
  return { ...known, moved, keepUntil, why: together(base, atLeast, atMost || null)! };
}

/** Returns what holds where no rule and no limit is about a recording. */
const keptForever = (endedAt: number, why: Why): RetentionDecision => ({
  ...{ keepDays: null, rule: null, keepUntil: null, minUntil: null, keepFrom: endedAt },
  ...{ why, conflict: null, moved: null },
});

/** Returns what holds where the policy cannot be read: the recording is kept. `endedAt` in ms since 1970. */
export const undecided = (endedAt: number): RetentionDecision =>
  keptForever(endedAt, because('policy_unreadable'));
