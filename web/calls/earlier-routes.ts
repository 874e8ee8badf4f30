import { once } from 'node:events';
import { Type } from 'typebox';
import { iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, IdParams, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { createShares, lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';
import { EarlierReason, EarlierVersionsView } from './schemas.js';

/** Each holds a file open for as long as its reader takes. */
const AT_ONCE = { all: 20, ofOne: 3 };

/** Versions of a recording from before its redactions, which a second person has to let somebody hear. */
export function earlierRoutes(
  app: App,
  { ask, reached, openSealed }: Needs<'ask' | 'reached' | 'openSealed'>,
): void {
  const shares = createShares(AT_ONCE, 'Too many recordings are being played at once.');

  app.get(
    '/calls/:id/versions',
    {
      config: { access: 'call:view', audit: { nothing: 'says what the call itself says of its redactions' } },
      schema: {
        tags: ['calls'],
        summary: 'Earlier versions of a recording',
        description:
          'The versions from before its redactions: by whom and why each was redacted, whether it was kept, and what became of your request to listen to it.',
        params: IdParams,
        response: answers(EarlierVersionsView),
      },
    },
    async (request) => {
      const { rule, versions } = await ask('earlier_versions', {
        ...{ by: signed(request), call: request.params.id },
      });
      return {
        rule,
        versions: versions.map(({ redacted_at, erased_at, until, ...rest }) => ({
          ...rest,
          ...{ redacted_at: iso(redacted_at), erased_at: isoOrNull(erased_at), until: isoOrNull(until) },
        })),
      };
    },
  );

  app.post(
    '/recordings/:id/earlier/ask',
    {
      config: { access: 'call:play', audit: 'approval_ask' },
      schema: {
        tags: ['calls'],
        summary: 'Ask to listen to an earlier version',
        description:
          'A second person has to approve. Answers with the request that is open already, where there is one. Needs access to the whole call.',
        params: IdParams,
        body: EarlierReason,
        response: answers(Type.Object({ approval: Type.String() })),
      },
    },
    async (request) =>
      ask('ask_older', { by: signed(request), recording: request.params.id, reason: request.body.reason }),
  );

  app.get(
    '/recordings/:id/earlier/audio',
    {
      config: { access: 'call:play', audit: ['play', 'download', 'approval_use'] },
      schema: {
        tags: ['calls'],
        summary: 'An earlier version of a recording',
        description:
          'Ogg Opus, for the person who asked for exactly this version, for 24 hours after a second person has approved. Each request is written to the audit log as playback, with the approval.',
        params: IdParams,
        querystring: Type.Object({
          download: Type.Optional(Type.Literal('1', { description: 'Gives it a file name.' })),
        }),
        response: { 200: streamed('The whole version.', 'audio/ogg'), default: ErrorView },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const as = request.query.download ? ('download' as const) : ('play' as const);
      const leave = shares.take(request.session!.person.id);
      try {
        const { recording, identity } = await ask('open_older', { by: signed(request), recording: id, as });
        const found = await reached.version(recording);
        if (!found) throw fail('recording_absent');
        const sealed = await openSealed(found, identity);
        const close = async () => {
          leave();
          await sealed
            .close()
            .catch((err: unknown) => request.log.warn({ err }, 'a recording was not closed'));
        };
        const stream = sealed.read(0, sealed.size - 1).once('close', close);
        await once(stream, 'readable');
        reply.type('audio/ogg').header('content-length', sealed.size);
        if (as === 'download')
          reply.header(
            'content-disposition',
            `attachment; filename="tapedeck-${found.id}-v${found.version}.ogg"`,
          );
        lettingGo(reply.raw);
        return reply.send(stream);
      } catch (e) {
        leave();
        throw e;
      }
    },
  );

  app.post(
    '/recordings/:id/earlier/erase',
    {
      config: { access: 'settings', audit: 'older_erase' },
      schema: {
        tags: ['calls'],
        summary: 'Erase an earlier version',
        description:
          'Destroys the key of an earlier version that was kept. Needs a proof of the last ten minutes.',
        params: IdParams,
        body: EarlierReason,
        response: answers(Type.Object({})),
      },
    },
    async (request) =>
      ask('erase_older', { by: signed(request), recording: request.params.id, reason: request.body.reason }),
  );
}
