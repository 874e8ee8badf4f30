import type { Policy } from '../policy/policy.js';
import { because, type Why } from '../reason/reason.js';
import { namesShorter } from './names.js';

/** A run that would erase more than this waits for a person. */
export type SafetyLimit = {
  /** Of the kept recordings, 1..100. */
  percent: number;
  /** Recordings. */
  count: number;
};

/** The policy in force, and its version. */
export type InForce = { version: number; policy: Policy };

export type SafetyGiven = {
  now: number;
  /** How many a run would erase, and of how many recordings. */
  erasable: number;
  total: number;
  /** Of how many calls it would remove names and numbers. */
  names: number;
  /** When the newest recording was sealed, ms since 1970; null for none. */
  newestSealedAt: number | null;
  /** When the last run was that was let through, ms since 1970; null for none. A refused one says nothing of the clock. */
  lastRunAt: number | null;
  policy: InForce;
  /** The policy of the last run that was let through; null for none, or one of an earlier version of Tapedeck. */
  accepted: InForce | null;
};

/** A clock this much past the newest recording has been moved, or nothing has been recorded for as long: a person decides. */
const QUIET_MS = 7 * 86_400_000;
/** Two clocks that agree may differ by this much. */
const SLACK_MS = 60_000;
/** How the rule for names and numbers is named beside others. */
const NAMES = 'names and numbers';
/** So many rules are named. */
const NAMED = 5;

/**
 * Returns why a run has to wait for a person; null when it may go on. What a mistake may have caused is stopped: a clock that was
 * moved, a policy without retention rules or with shorter ones than at the last run, and an unusual number of recordings. One
 * recording alone is let through by the limits: in a young catalogue it would always be a large share.
 */
export function safetyFault(given: SafetyGiven, limit: SafetyLimit): Why | null {
  const { erasable: due, total } = given;
  if (due === 0 && given.names === 0) return null;
  const fault = clockFault(given) ?? policyFault(given, limit);
  if (fault) return fault;
  return shareFault(due, total, limit);
}

/** Why so many may not be erased without asking; null when they may. */
export function shareFault(due: number, total: number, { percent, count }: SafetyLimit): Why | null {
  if (due < 2) return null;
  if (due * 100 > total * percent) return because('many_due', { due, total, percent });
  return due > count ? because('over_count', { due, count }) : null;
}

/** Returns why the clock may be wrong: it disagrees with the newest recording, or with the last run. */
export function clockFault({
  now,
  newestSealedAt: newest,
  lastRunAt: last,
}: Pick<SafetyGiven, 'now' | 'newestSealedAt' | 'lastRunAt'>): Why | null {
  if (newest !== null) {
    if (newest - now > SLACK_MS) return because('clock_behind', { ms: newest - now });
    if (now - newest > QUIET_MS) return because('clock_past', { ms: now - newest });
  }
  if (last !== null) {
    if (last - now > SLACK_MS) return because('clock_behind_run', { ms: last - now });
    if (now - last > QUIET_MS) return because('clock_past_run', { ms: now - last });
  }
  return null;
}

function policyFault({ policy, accepted, erasable, names }: SafetyGiven, { count }: SafetyLimit): Why | null {
  if (accepted?.version === policy.version) return null;
  if (erasable > 0 && keepsAll(policy.policy)) return because('policy_empty', { version: policy.version });
  const rules = accepted && erasable > 0 ? shortened(accepted.policy, policy.policy) : [];
  // Without a run before, many calls may have been waiting for a rule that somebody has just made.
  const fewer = accepted ? namesShorter(accepted.policy, policy.policy) : names > count;
  const all = [...(names > 0 && fewer ? [NAMES] : []), ...rules];
  if (all.length === 0) return null;
  return because('retention_shortened', {
    rules: all.slice(0, NAMED).join(', '),
    from: accepted?.version ?? 0,
    to: policy.version,
  });
}

/** Whether no rule and no limit of a policy ever lets a recording be erased. */
const keepsAll = ({ retention, limits = [] }: Policy): boolean =>
  retention.every(({ keep_days: keep }) => keep === null) && limits.every(({ kind }) => kind === 'min');

/**
 * Returns the rules and maximums of `after` by which recordings are kept for a shorter time than by those of the same name in
 * `before`, new rules that keep for a shorter time than any rule did, and new maximums.
 */
export function shortened(before: Policy, after: Policy): string[] {
  const was = daysOf(before);
  const shortest = Math.min(...was.rules.values());
  const now = daysOf(after);
  return [
    ...[...now.rules].filter(([name, days]) => days < (was.rules.get(name) ?? shortest)),
    ...[...now.maximums].filter(
      ([name, days]) => days < (was.maximums.get(name) ?? Number.POSITIVE_INFINITY),
    ),
  ].map(([name]) => name);
}

const daysOf = ({ retention, limits = [] }: Policy) => ({
  rules: new Map(retention.map(({ name, keep_days: days }) => [name, days ?? Number.POSITIVE_INFINITY])),
  maximums: new Map(limits.filter(({ kind }) => kind === 'max').map(({ name, days }) => [name, days])),
});
