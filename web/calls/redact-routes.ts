import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';
import { RedactBody, RedactedView, VersionsLeftView } from './schemas.js';

/** Silencing stretches of a sealed recording, and where its versions of before have gone. */
export function redactRoutes(app: App, { ask }: Needs<'ask'>): void {
  app.post(
    '/recordings/:id/redact',
    {
      config: { access: 'settings', audit: 'redact' },
      schema: {
        tags: ['calls'],
        summary: 'Redact a recording',
        description:
          'Makes a new version with silence in these stretches, and destroys the key of the version before, or keeps it, so that listening to it needs two people; where the policy says which, it wins. Answers with every time that sound of the versions before was given out. Needs a proof of the last ten minutes.',
        params: IdParams,
        body: RedactBody,
        response: answers(RedactedView),
      },
    },
    async (request) => {
      const { id: recording } = request.params;
      return ask('redact_recording', { by: signed(request), recording, ...request.body });
    },
  );

  app.get(
    '/calls/:id/redacted',
    {
      config: { access: 'settings', audit: { nothing: 'who heard it stands in the audit log itself' } },
      schema: {
        tags: ['calls'],
        summary: 'Where redacted versions have gone',
        description:
          'Every time that sound of an earlier version of its recording was played, downloaded or exported, newest first.',
        params: IdParams,
        response: answers(VersionsLeftView),
      },
    },
    async (request) => ask('redacted_versions', { by: signed(request), call: request.params.id }),
  );
}
