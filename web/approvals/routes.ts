import { type Static, Type } from 'typebox';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import type { ControlAnswer } from '../../daemon/domain/operations/control.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';
import { ApprovalsView, ApprovalView, ApproveBody } from './schemas.js';

/** Two-person control: what waits for a second person, and deciding it. The recorder alone says who may. */
export function approvalRoutes(app: App, { ask }: Needs<'ask'>): void {
  const view = (a: ControlAnswer<'approve'>): Static<typeof ApprovalView> => ({
    ...{ id: a.id, act: a.act, object: a.object, digest: a.digest, shown: a.shown, reason: a.reason },
    ...{ asked_by: a.asked_by.name, asked_at: iso(a.asked_at), expires_at: iso(a.expires_at) },
    ...{ not_before: iso(a.not_before), alone: a.alone, approved_by: a.approved_by?.name ?? null },
    ...{ approved_at: isoOrNull(a.approved_at), used_at: isoOrNull(a.used_at) },
    ...{ withdrawn_at: isoOrNull(a.withdrawn_at), state: a.state, may_withdraw: a.may_withdraw },
    ...{ may_approve: a.may_approve, may_save: a.may_save, because: a.because, until: isoOrNull(a.until) },
  });

  app.get(
    '/approvals',
    {
      config: { access: 'signed_in', audit: { nothing: 'each step of an approval has an entry of its own' } },
      schema: {
        tags: ['approvals'],
        summary: 'Approvals',
        description:
          'What one person asked for and a second person has to approve. Without the permission to approve you see what you asked for yourself.',
        response: answers(ApprovalsView),
      },
    },
    async (request) => {
      const { open, over } = await ask('approvals', { by: signed(request) });
      return { open: open.map(view), over: over.map(view) };
    },
  );

  app.post(
    '/approvals/:id/approve',
    {
      config: { access: 'settings', audit: 'approval_give' },
      schema: {
        tags: ['approvals'],
        summary: 'Approve what another person asked for',
        description:
          'Approves exactly what has this digest. Needs a second factor that was given for this approval; a password is not enough. Refused for the person who asked, and for anybody who added, invited or promoted them, or was by them, in the last 7 days.',
        params: IdParams,
        body: ApproveBody,
        response: answers(ApprovalView),
      },
    },
    async (request) =>
      view(await ask('approve', { by: signed(request), id: request.params.id, digest: request.body.digest })),
  );

  app.post(
    '/approvals/:id/withdraw',
    {
      config: { access: 'signed_in', audit: 'approval_withdraw' },
      schema: {
        tags: ['approvals'],
        summary: 'Withdraw an approval',
        description:
          'Takes back what was not used yet: by the person who asked, or by anybody who could approve it.',
        params: IdParams,
        response: answers(Type.Object({})),
      },
    },
    async (request) => {
      await ask('withdraw_approval', { by: signed(request), id: request.params.id });
      return {};
    },
  );
}
