import type { FastifyBaseLogger } from 'fastify';
import { TapedeckError } from '../../daemon/domain/error.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import { damages } from '../../daemon/domain/recording/scrub.js';
import type { Needs } from '../deps.js';

/** A recording that was to be played was not as it was sealed: the recorder looks for itself. Never throws. */
export async function metDamage(
  { ask }: Needs<'ask'>,
  recording: Recording,
  error: unknown,
  log: Pick<FastifyBaseLogger, 'warn'>,
): Promise<void> {
  if (!(error instanceof TapedeckError) || !damages(error.code)) return;
  await ask('met_damage', { recording: recording.id }).catch((err) =>
    log.warn({ err, recording: recording.id }, 'the recorder was not told of damage; it finds it at night'),
  );
}
