import { refuseNamed } from '../../daemon/domain/call/named.js';
import { iso } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { owesReason } from '../../daemon/domain/people/reach.js';
import { reasonFrom } from '../../daemon/domain/typed.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';
import { ListenBody, ListenView } from './schemas.js';

type Deps = Needs<'listening' | 'reached'>;

/** Saying why one hears a call, for who has to. */
export function listenRoutes(app: App, { reached, listening }: Deps): void {
  app.post(
    '/calls/:id/listen',
    {
      config: {
        access: 'call:view',
        audit: { nothing: 'the reason stands in the entry of what is heard then' },
      },
      schema: {
        tags: ['calls'],
        summary: 'Say why a call is heard',
        description:
          'Who may hear a call, take it away or have what was signed of it as an auditor only says why first; the audit log keeps it. The permission is of this session and this call, and ends when it was not used for a quarter of an hour.',
        params: IdParams,
        body: ListenBody,
        response: answers(ListenView),
      },
    },
    async (request) => {
      const { person, id } = request.session!;
      const { right = 'play' } = request.body;
      const { call } = await reached.call(person, request.params.id, right);
      const reason = reasonFrom(request.body.reason);
      if (reason === '' && owesReason(person, right, call))
        throw fail('request_invalid', 'body.reason: must have a letter');
      refuseNamed(call, reason);
      request.reason = reason;
      return { until: iso(listening.permit(id, call.id, right, reason)) };
    },
  );
}
