import { Type } from 'typebox';
import { approvalActs, approvalStates } from '../../approval/approval.js';
import { orNull } from '../../reason/coded.js';
import { By, Id, Moment, NOTHING, post, proved, Signed, Text } from './request.js';

/** Two-person control. What is asked for is asked by the requests whose act it is; here it is looked at and decided. */

const Who = Type.Object({ id: Type.String(), name: Type.String() });

export const ApprovalView = Type.Object({
  id: Type.String(),
  act: Type.Enum([...approvalActs]),
  object: Type.String(),
  digest: Type.String(),
  /** Exactly what is approved. */
  shown: Type.Unknown(),
  reason: Type.String(),
  asked_by: Who,
  asked_at: Moment,
  expires_at: Moment,
  not_before: Moment,
  alone: Type.Boolean(),
  approved_by: orNull(Who),
  approved_at: orNull(Moment),
  used_at: orNull(Moment),
  withdrawn_at: orNull(Moment),
  state: Type.Enum([...approvalStates]),
  may_withdraw: Type.Boolean(),
  may_approve: Type.Boolean(),
  /** They asked for it, and the policy that was kept with it can be saved now. */
  may_save: Type.Boolean(),
  /** Why they may not approve one that waits, and until when. */
  because: orNull(
    Type.Enum(['right', 'own', 'tied', 'factor_missing', 'passkey_missing', 'factor_new', 'outside']),
  ),
  until: orNull(Moment),
});

/** How the one thing that a proof is given for is written: this approval, and exactly what it shows. */
export const approvalObject = ({ id, digest }: { id: string; digest: string }): string => `${id} ${digest}`;

export const APPROVALS = {
  /**
   * Those that are open, oldest first, and the newest that are over. Somebody without the right to approve an act sees their own.
   * Throws `forbidden` for an API token.
   */
  approvals: post(
    '/approvals',
    Type.Object({ by: By }),
    Type.Object({ open: Type.Array(ApprovalView), over: Type.Array(ApprovalView) }),
  ),
  /**
   * Approves exactly what has this digest, for somebody in a session of their own who has given a second factor for this. Throws
   * `approval_unknown`, `approval_over`, `approval_changed`, `approval_own`, `approval_tied`, `approval_factor`, `forbidden`.
   */
  approve: proved(
    'approving',
    '/approvals/approve',
    Type.Object({ by: Signed, id: Id, digest: Text(64, 64) }),
    ApprovalView,
    { object: approvalObject },
  ),
  /**
   * Takes back one that was not used: by the person who asked, by anybody who could approve it, or on the box. Throws
   * `approval_unknown`, `approval_over`, `forbidden`.
   */
  withdraw_approval: post('/approvals/withdraw', Type.Object({ by: By, id: Id }), NOTHING),
} as const;
