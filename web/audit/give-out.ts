import type { FastifyRequest } from 'fastify';
import type { About } from '../../daemon/domain/assurance/audit.js';
import { signed } from '../auth/signed.js';
import type { Ask } from '../server/ask.js';

/**
 * Has the recorder write that something is given out to whoever asks, before it is. Throws `audit_unwritable`,
 * `daemon_unreachable`, and `forbidden` where the recorder sees no right to it.
 */
export async function giveOut(
  ask: Ask,
  request: FastifyRequest,
  object:
    | 'audit'
    | 'call'
    | 'certificate'
    | 'certificates'
    | 'checkpoint'
    | 'consent'
    | 'consent_report'
    | 'coverage'
    | 'hold'
    | 'list'
    | 'retention',
  { object_id = '', reason = '', detail = {} }: Pick<About, 'object_id' | 'reason' | 'detail'> = {},
): Promise<void> {
  await ask('give_out', { by: signed(request), object, object_id, reason, detail });
}
