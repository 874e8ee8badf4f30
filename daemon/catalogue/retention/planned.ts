import { setImmediate as turn } from 'node:timers/promises';
import { fail } from '../../domain/error.js';
import type { Why } from '../../domain/reason/reason.js';
import { namesDueSince } from '../../domain/retention/names.js';
import {
  createTally,
  type DuePlace,
  FIRST_DUE,
  type KeptPlace,
  type NamesDue,
  type RetentionPlan,
} from '../../domain/retention/plan.js';
import { clockFault, type InForce, type SafetyLimit } from '../../domain/retention/safety.js';
import type { Verbs } from '../catalogue.js';

export type PlanVerbs = Verbs<
  | 'due.keptSlice'
  | 'due.dueSlice'
  | 'due.newestSealedAt'
  | 'recordings.erasing'
  | 'holds.list'
  | 'names.count'
  | 'policy.newest'
  | 'policy.of'
  | 'audit.entries'
>;

/** `policy`: the version that a run which is let through accepts, for the safety limit of later runs; null for none yet. */
export type Plan = RetentionPlan & { policy: number | null };

/** So many calls are counted whose names and numbers are due. */
export const MOST_NAMES = 50_000;
/** So many runs are looked at for the last one that was let through. */
const RUNS = 50;

/**
 * Returns what a run at `now` would erase: what the page shows, `tapedeck retention plan` prints and a run does. Reads along a
 * cursor, and lets the event loop turn after every slice. Changes nothing. Throws `policy_unreadable`: by rules that cannot be read
 * nothing is erased.
 */
export async function readPlan(
  catalogue: PlanVerbs,
  now: number,
  limit: SafetyLimit,
  zone: string,
): Promise<Plan> {
  const { version, policy, fault } = await catalogue.policy.newest();
  if (fault !== null) throw fail('policy_unreadable', `Version ${version}: ${fault}.`);
  const applying = (await catalogue.holds.list()).filter(({ state }) => state === 'applying');
  const tally = createTally(
    now,
    applying.map(({ name }) => name),
  );
  for (let at: KeptPlace | null = null, more = true; more; await turn()) {
    const slice = await catalogue.due.keptSlice(at, now);
    tally.addKept(slice);
    at = slice.next;
    more = at !== null;
  }
  for (let at: DuePlace | null = FIRST_DUE; at !== null; await turn()) {
    const slice = await catalogue.due.dueSlice(at, now);
    tally.addDue(slice);
    at = slice.next;
  }
  const begun = (await catalogue.recordings.erasing()).filter((r) => r.intended);
  tally.addBegun(begun.map((r) => r.id));
  const { at: lastRunAt, accepted } = await lastRuns(catalogue);
  const named = await namesDue(catalogue, policy.metadata_days, now, zone);
  const plan = tally.plan(
    {
      named,
      newestSealedAt: await catalogue.due.newestSealedAt(),
      lastRunAt,
      policy: { version, policy },
      accepted,
    },
    limit,
  );
  return { ...plan, policy: plan.erasable > 0 || named.due > 0 ? version : (accepted?.version ?? null) };
}

/** How many calls have had no audio for as long as that, 50,000 at most. `days` is undefined where names and numbers stay. */
export async function namesDue(
  { names }: Pick<PlanVerbs, 'names'>,
  days: number | undefined,
  now: number,
  zone: string,
): Promise<NamesDue> {
  if (days === undefined) return { days: null, due: 0 };
  return { days, due: await names.count(namesDueSince(now, days, zone), MOST_NAMES) };
}

/** Returns why the clock may be wrong, as runs are told; null when nothing speaks against it. */
export async function clockDoubt(
  catalogue: Verbs<'due.newestSealedAt' | 'audit.entries' | 'policy.of'>,
  now: number,
): Promise<Why | null> {
  const newestSealedAt = await catalogue.due.newestSealedAt();
  return clockFault({ now, newestSealedAt, lastRunAt: (await lastRuns(catalogue)).at });
}

/** When the last run was that was let through, and by which policy the last one was that would have erased something. */
async function lastRuns({
  audit,
  policy,
}: Verbs<'audit.entries' | 'policy.of'>): Promise<{ at: number | null; accepted: InForce | null }> {
  const entries = await audit.entries({ outcome: 'ok', actions: ['retention_run'], limit: RUNS });
  const runs = entries.filter(({ actor }) => actor === 'tapedeck');
  const version = runs.find(({ detail }) => typeof detail.policy === 'number')?.detail.policy;
  const of = typeof version === 'number' ? await policy.of(version) : null;
  return {
    at: runs[0] ? Date.parse(runs[0].at) : null,
    accepted: of && of.version === version ? { version, policy: of.policy } : null,
  };
}
