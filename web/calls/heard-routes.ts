import { fail } from '../../daemon/domain/error.js';
import { heardOf } from '../../daemon/domain/people/reach.js';
import { type Heard, inside, joined } from '../../daemon/domain/recording/stretches.js';
import { HeardBody, HeardView } from '../audit/schemas.js';
import type { Needs } from '../deps.js';
import { answers, IdParams } from '../server/answers.js';
import type { App } from '../server/types.js';

type Deps = Needs<'playing' | 'reached'>;

/** What of a recording has really sounded, as the player says. */
export function heardRoutes(app: App, { reached, playing }: Deps): void {
  app.post(
    '/calls/:id/heard',
    {
      config: { access: 'call:play', audit: 'heard' },
      schema: {
        tags: ['calls'],
        summary: 'What was heard',
        description:
          'The stretches of the recording that have sounded since the last time, in ms; for the audit log. What was never sent does not count.',
        params: IdParams,
        body: HeardBody,
        response: answers(HeardView),
      },
    },
    async (request) => {
      const { call, stretches } = await reached.call(request.session!.person, request.params.id, 'play');
      const { recording } = call;
      if (recording === null) throw fail('recording_absent');
      const playback = playing.of(request, recording);
      if (playback === null) return { counted_ms: 0 };
      // They have not heard what was silent for them.
      const audible = heardOf(stretches, recording.durationMs).map((h): Heard => [h.fromMs, h.untilMs]);
      const heard = inside(joined(request.body.heard as Heard[], 0), audible);
      return { counted_ms: Math.round(playing.heard(playback, heard)) };
    },
  );
}
