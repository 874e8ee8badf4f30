import { Type } from 'typebox';
import { approvalActs, approvalStates } from '../../daemon/domain/approval/approval.js';
import { Nullable, Time } from '../server/schemas.js';

const Name = Nullable(Type.String());

export const ApprovalView = Type.Object({
  id: Type.String(),
  act: Type.Enum([...approvalActs]),
  object: Type.String({ description: 'The one thing that is acted on, such as the id of a recording.' }),
  digest: Type.String({ description: 'SHA-256 of the canonical JSON of `shown`, in hex.' }),
  shown: Type.Unknown({ description: 'Exactly what is approved.' }),
  reason: Type.String(),
  asked_by: Type.String(),
  asked_at: Time,
  expires_at: Time,
  not_before: Type.String({ format: 'date-time', description: 'It cannot be used before.' }),
  alone: Type.Boolean({ description: 'Nobody else could approve, so the person who asked may.' }),
  approved_by: Name,
  approved_at: Nullable(Time),
  used_at: Nullable(Time),
  withdrawn_at: Nullable(Time),
  state: Type.Enum([...approvalStates]),
  may_withdraw: Type.Boolean(),
  may_approve: Type.Boolean(),
  may_save: Type.Boolean({
    description: 'You asked for it, and the policy that was kept with it can be saved now.',
  }),
  because: Nullable(
    Type.Enum(['right', 'own', 'tied', 'factor_missing', 'passkey_missing', 'factor_new', 'outside'], {
      description: 'Why you cannot approve one that is waiting.',
    }),
  ),
  until: Nullable(Type.String({ format: 'date-time', description: 'Until when that is so.' })),
});
export const ApprovalsView = Type.Object({
  open: Type.Array(ApprovalView, { description: 'Waiting, or approved and not used yet. The oldest first.' }),
  over: Type.Array(ApprovalView, { description: 'The newest that are over.' }),
});
export const ApproveBody = Type.Object({
  digest: Type.String({ minLength: 64, maxLength: 64, description: 'Of what you were shown.' }),
});
