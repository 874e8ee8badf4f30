import { dates } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { reach } from '../../daemon/domain/people/person.js';
import { coversAll } from '../../daemon/domain/people/reach.js';
import { playable } from '../../daemon/domain/recording/playable.js';
import type { OpenSealed } from '../../daemon/vault/open.js';
import { within } from '../../daemon/vault/sound/heard.js';
import { signed } from '../auth/signed.js';
import { metDamage } from '../calls/damage.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';
import { RequestCallParams } from './schemas.js';

type Deps = Needs<'ask' | 'masks' | 'openSealed' | 'reached' | 'site'>;

/** The sound of a call for the person who has asked for it: only they are heard. */
export function requestSoundRoutes(app: App, deps: Deps): void {
  const { ask, masks, openSealed, reached, site } = deps;
  app.post(
    '/requests/:id/calls/:call/audio',
    {
      config: { access: 'privacy', audit: ['export', 'damage'] },
      schema: {
        tags: ['requests'],
        summary: 'What a person said in a call',
        description:
          'Ogg Opus of the length of the recording, in which everybody else is silent: the other side, and on their own side people who were on it before or after them. Needs the right to handle requests and to export the call. The export is written to the audit log before anything is given out.',
        params: RequestCallParams,
        response: { ...answers(ErrorView), 200: streamed('The sound.', 'audio/ogg') },
      },
    },
    async (request, reply) => {
      const { id, call: callId } = request.params;
      const { call } = await reached.call(request.session!.person, callId, 'export');
      const recording = playable(call);
      request.still = async (now) =>
        coversAll(reach(now, 'export', call), recording.durationMs) && (await reached.kept(recording.id));
      const opened = await ask('open_own_side', { by: signed(request), id, call: call.id });
      if (opened.recording !== recording.id) throw fail('recording_absent', 'It was redacted just now.');
      let sealed: OpenSealed | null = null;
      const close = () =>
        sealed?.close().catch((err: unknown) => request.log.warn({ err }, 'a recording was not closed'));
      try {
        sealed = await openSealed(recording, opened.identity);
        const { durationMs } = recording;
        const source = await masks.maskSides(sealed, recording, {
          left: within(opened.them, durationMs),
          right: within(opened.us, durationMs),
        });
        const stream = source.read(0, source.size - 1).once('close', close);
        stream.once('error', (e) => void metDamage(deps, recording, e, request.log));
        lettingGo(reply.raw);
        const name = `tapedeck-request-${dates(site.timeZone)(call.startedAt)}-${call.id}.ogg`;
        return reply
          .type('audio/ogg')
          .header('content-length', source.size)
          .header('content-disposition', `attachment; filename="${name}"`)
          .send(stream);
      } catch (e) {
        await close();
        await metDamage(deps, recording, e, request.log);
        throw e;
      }
    },
  );
}
