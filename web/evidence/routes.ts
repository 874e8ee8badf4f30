import { fail } from '../../daemon/domain/error.js';
import { reach } from '../../daemon/domain/people/person.js';
import { coversAll } from '../../daemon/domain/people/reach.js';
import { signed } from '../auth/signed.js';
import { EvidenceBody } from '../calls/schemas.js';
import type { Needs } from '../deps.js';
import { answers, IdParams, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';

/** The evidence pack of a call, which the recorder makes. */
export function evidenceRoutes(app: App, { askStream, reached }: Needs<'askStream' | 'reached'>): void {
  app.post(
    '/calls/:id/evidence',
    {
      config: { access: 'call:export', audit: ['export', 'damage'] },
      schema: {
        tags: ['calls'],
        summary: 'The evidence pack of a call',
        description:
          'A ZIP with the recording, what was signed of it, who has heard it, a cover sheet, and all that is needed to verify it without Tapedeck. The export is written to the audit log before anything is given out. Who may export as an auditor only says why. `recording` is a version from before a redaction that was kept: the person who asked to listen to it may have a pack of it for as long as they may listen.',
        params: IdParams,
        body: EvidenceBody,
        response: { ...answers(ErrorView), 200: streamed('The pack.', 'application/zip') },
      },
    },
    async (request, reply) => {
      const { call } = await reached.call(request.session!.person, request.params.id, 'export');
      const { recording: older } = request.body;
      const recording = older === undefined ? call.recording : await reached.version(older);
      request.still = async (now) =>
        recording !== null &&
        coversAll(reach(now, 'export', call), recording.durationMs) &&
        (await reached.kept(recording.id));
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { head, stream } = await askStream(
        'make_evidence',
        {
          ...{ by: signed(request), call: call.id, reason: request.body.reason ?? '' },
          version: request.body.recording ?? '',
        },
        gone.signal,
      );
      lettingGo(reply.raw);
      stream.once('error', (err) => {
        if (!reply.raw.destroyed) request.log.error({ err, call: call.id }, 'an evidence pack broke off');
      });
      if (!/^[\w.-]+$/.test(head.name)) throw fail('daemon_differs', 'The pack has no name.');
      return reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${head.name}"`)
        .send(stream);
    },
  );
}
