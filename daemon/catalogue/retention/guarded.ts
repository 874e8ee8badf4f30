import type { Site } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { because, type Why } from '../../domain/reason/reason.js';
import { inWords } from '../../domain/reason/words.js';
import type { RecordingId } from '../../domain/recording/recording.js';
import { namesMinimum } from '../../domain/retention/names.js';
import type { Catalogue } from '../catalogue.js';
import { clockDoubt } from './planned.js';

/**
 * The catalogue for those who erase. A row has the minimum of the policy that it was dated by; here the minimums of the policy that is
 * in force protect a recording too, from the moment they are saved, whether that was applied to all recordings or not. And what is
 * not erased by a run, for which the clock was compared already, is not erased by a clock that may be ahead where a minimum applies.
 */
export function withMinimums(
  catalogue: Catalogue,
  { site, listsOf }: { site: Site; listsOf: (number: string) => string[] },
): Catalogue {
  async function guarded(id: RecordingId, now: number, byRun: boolean): Promise<Why | null> {
    const recording = await catalogue.recordings.get(id);
    const call = recording?.state === 'sealed' ? await catalogue.calls.get(recording.callId) : null;
    if (!recording || !call || call.test) return null;
    const { policy, fault } = await catalogue.policy.newest();
    if (fault !== null) return because('policy_unreadable');
    const until = namesMinimum(policy, site, listsOf)?.(call) ?? 0;
    if (until > now) return because('before_minimum', { until, rule: null });
    if (byRun || (recording.minUntil === null && until === 0)) return null;
    return clockDoubt(catalogue, now);
  }

  return {
    ...catalogue,
    holds: {
      ...catalogue.holds,
      guard: async (id, now) => (await catalogue.holds.guard(id, now)) ?? (await guarded(id, now, false)),
    },
    recordings: {
      ...catalogue.recordings,
      async eraseIntended(id, why, at) {
        const kept = await guarded(id, at, why.code === 'due');
        if (kept?.code === 'policy_unreadable') throw fail('policy_unreadable', inWords(kept));
        if (kept) throw fail('kept_by_minimum', inWords(kept));
        return catalogue.recordings.eraseIntended(id, why, at);
      },
    },
  };
}
