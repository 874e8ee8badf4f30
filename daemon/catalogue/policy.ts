import type { Job } from '../domain/operations/job.js';
import type { Policy } from '../domain/policy/policy.js';

export type StoredPolicy = {
  version: number;
  changedAt: number | null;
  changedBy: string;
  policy: Policy;
  /** What is wrong with the newest version, so that `policy` is the one that Tapedeck comes with; null when nothing is. */
  fault: string | null;
};

/** The policy, in all its versions. */
export interface Policies {
  newest(): Promise<StoredPolicy>;
  /** That version; the newest where there is none such (any more). */
  of(version: number): Promise<StoredPolicy>;
  /** Those that can be read. */
  versions(): Promise<StoredPolicy[]>;
  /**
   * Throws `policy_conflict` when `basedOn` is not the newest version. Returns the number of the new version. `job` is added in the
   * same transaction, in place of an open one of its kind.
   */
  save(policy: Policy, by: string, at: number, basedOn: number, job?: Job): Promise<number>;
}
