import { fail } from '../error.js';
import { namesErased } from '../policy/standing/standing.js';
import type { CallRecord } from '../recording/recording.js';
import { clean } from './party.js';

/**
 * Throws `reason_names` where a reason has the name or the number of an outside party of this call. The audit log keeps reasons for
 * good, and those names and numbers may have to go.
 */
export function refuseNamed({ them, legs }: Pick<CallRecord, 'them' | 'legs'>, reason: string): void {
  for (const { number, name, ours } of [them, ...legs.map(({ party }) => party)])
    if (!ours && namesErased({ number, contact: clean(name) }, reason)) throw fail('reason_names');
}
