/** What had recordings erased: the schedule or somebody who did not wait for it, or a person who named them. */
export type EraseCause = 'retention' | 'by_hand';

/** How many were erased, could not be, are left for the next run, and were protected meanwhile. */
export type EraseResult = { erased: number; failed: number; left: number; protected: number };

/** One run, once it is over. Times are ms since 1970. */
export type EraseRun = EraseResult & {
  id: string;
  why: EraseCause;
  /** Of how many calls it removed names and numbers. */
  names: number;
  /** Who asked for it, by name; '' for the schedule. `approvedBy`: the second person, where one was needed. */
  by: string;
  approvedBy: string | null;
  /** The version of the policy that later runs are compared with; null where that stays as it was. */
  policy: number | null;
  startedAt: number;
  endedAt: number;
};

/** What the audit log says of a run. */
export const runDetail = ({
  id,
  why,
  by,
  erased,
  failed,
  left,
  protected: stayed,
  policy,
  names,
}: EraseRun) => ({
  ...{ run: id, why, by, erased, failed, left, protected: stayed, policy, names },
});

/** A run that is under way. */
export type EraseProgress = {
  why: EraseCause;
  /** How many it would erase. */
  of: number;
  erased: number;
  failed: number;
  /** ms since 1970 */
  startedAt: number;
};
