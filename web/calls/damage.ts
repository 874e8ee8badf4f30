import type { FastifyBaseLogger } from 'fastify';
import { noteDamage } from '../../daemon/catalogue/damage.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import type { Audit } from '../audit/audit.js';
import type { Needs } from '../deps.js';

export type DamageDeps = Needs<'audit' | 'now', 'audited' | 'sealCheck'>;

/** A recording that was to be given out was not as it was sealed. Never throws. */
export async function metDamage(
  { catalogue, audit, now }: DamageDeps,
  recording: Recording,
  error: unknown,
  found: 'when it was played' | 'when it was exported',
  log: Pick<FastifyBaseLogger, 'warn'>,
): Promise<void> {
  const entry = (about: Parameters<Audit['own']>[1]) => audit.own('damage', about);
  await noteDamage(catalogue, recording, error, { at: now(), found, entry }).catch((err) =>
    log.warn(
      { err, recording: recording.id },
      'damage could not be put on record; the nightly reading finds it too',
    ),
  );
}
