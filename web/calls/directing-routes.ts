import { Type } from 'typebox';
import { type AskedKind, askedKinds } from '../../daemon/domain/call/directive.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';

const WHAT: Record<AskedKind, [summary: string, description: string]> = {
  decline: [
    'Decline the recording of a call that goes on',
    'Capturing ends at once, and what was captured of the call is destroyed five seconds later, or when the call ends. Until then the same person can take it back with `undo`. The call itself goes on.',
  ],
  undo: [
    'Take back a decline',
    'Within five seconds, by the person who declined, while the call goes on: what was captured is kept, and capturing begins again.',
  ],
  allow: [
    'Take back a refusal, or pass on a yes',
    'The call is recorded from now on, if the policy says so.',
  ],
  keep: [
    'Keep a call that is recorded on demand',
    'During the call, or in the minute after it. Without this its audio is destroyed.',
  ],
  mask: [
    'Mask a call that goes on',
    'Neither side is written until it is resumed, which happens by itself after the time that the policy sets.',
  ],
  resume: ['End the mask of a call', 'Both sides are written again.'],
};

/** What is said about the recording of a call while it goes on. The recorder answers once it is carried out. */
export function directingRoutes(app: App, { ask }: Needs<'ask'>): void {
  for (const kind of askedKinds) {
    const [summary, description] = WHAT[kind];
    app.post(
      `/calls/:id/${kind}`,
      {
        config: { access: 'call:direct', audit: 'direct' },
        schema: {
          tags: ['calls'],
          summary,
          description,
          params: IdParams,
          response: answers(Type.Object({})),
        },
      },
      async (request) => ask('direct_call', { by: signed(request), call: request.params.id, kind }),
    );
  }
}
