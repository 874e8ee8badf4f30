import type { Static } from 'typebox';
import type { ApprovalsView, ApprovalView } from '../../approvals/schemas.js';
import { ask, type VersionedPolicy } from './api.js';

export type Approval = Static<typeof ApprovalView>;
export type Approvals = Static<typeof ApprovalsView>;

export const approvalsApi = {
  list: () => ask<Approvals>('GET', '/approvals'),
  approve: ({ id, digest }: Approval) => ask<Approval>('POST', `/approvals/${id}/approve`, { digest }),
  save: ({ id }: Approval) => ask<VersionedPolicy>('POST', `/approvals/${id}/save`),
  withdraw: ({ id }: Approval) => ask<object>('POST', `/approvals/${id}/withdraw`),
};
