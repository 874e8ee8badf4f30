import type { Approval, ApprovalPerson } from '../../domain/approval/approval.js';
import type { Tie } from '../../domain/approval/second-person.js';
import type { PolicyDraft } from '../../domain/policy/draft.js';

/** An approval as it is asked for. */
export type NewApproval = Omit<Approval, 'approvedBy' | 'approvedAt' | 'usedAt' | 'withdrawnAt'>;

/** What waits for a second person, and what was decided. None is ever removed. Times are ms since 1970. */
export interface Approvals {
  /**
   * `draft`: the policy that is to be saved once it was approved; kept until then, and no longer than it can be used. Throws
   * `too_many` while as many as can be are open.
   */
  ask(approval: NewApproval, draft?: PolicyDraft): Promise<Approval>;
  /** The policy that an approval was asked for; null where there is none, or not any more. */
  draft(id: string): Promise<PolicyDraft | null>;
  /** Null for one that there is not. */
  get(id: string): Promise<Approval | null>;
  /** Those that wait, or can still be used, oldest first. */
  open(now: number): Promise<Approval[]>;
  /** Those that are over, newest first. */
  over(now: number, limit: number): Promise<Approval[]>;
  /**
   * Approves exactly what has this digest. Looks in the same transaction whether this person may. Throws `approval_unknown`,
   * `approval_over`, `approval_changed`, `approval_own`, `approval_tied`, `not_signed_in`, `forbidden`.
   */
  approve(id: string, given: { digest: string; by: ApprovalPerson; at: number }): Promise<Approval>;
  /**
   * Uses an approval up; one that lasts may be used again until it expires. Throws `approval_missing` unless it was approved for exactly
   * this, can be used now, and both people are still there, not disabled, and the second has the right still.
   */
  use(id: string, what: Pick<Approval, 'act' | 'object' | 'digest'>, at: number): Promise<Approval>;
  /** Idempotent: a second call keeps the first time. Throws `approval_unknown`, `approval_over` for what is used, or expired. */
  withdraw(id: string, at: number): Promise<Approval>;
  /** The newest approval of such an act on this object that this person asked for; null where there is none. */
  newest(what: Pick<Approval, 'act' | 'object'>, askedBy: string): Promise<Approval | null>;
  /** What one of these has done to the account of another, as far as it still counts. */
  ties(person: string): Promise<Tie[]>;
}
