import type { Verbs } from '../catalogue/catalogue.js';
import { unwritable } from '../catalogue/entries.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import { refuseNamed } from '../domain/call/named.js';
import { fail } from '../domain/error.js';
import type { ControlHandlers } from '../domain/operations/control.js';
import { heardOf, owesReason, reachedBy } from '../domain/people/reach.js';
import { playable } from '../domain/recording/playable.js';
import { isId, type Recording } from '../domain/recording/recording.js';
import { reasonFrom } from '../domain/typed.js';
import type { Passes } from '../ops/passes.js';
import type { Askers } from './askers.js';
import type { Damage } from './damage.js';
import type { Taking } from './taking.js';

/**
 * Opens recordings: the dashboard gets the key of one recording for one playing, and never sees another. Who hears it is on
 * record before the key is read.
 */
export function createSound(deps: {
  catalogue: Verbs<'calls.get' | 'recordings.get' | 'audit.append'>;
  askers: Pick<Askers, 'of'>;
  passes: Pick<Passes, 'take'>;
  /** The key of a recording. Throws `key_missing`. */
  identity: (recordingId: string) => Promise<string>;
  taking: Taking;
  damage: Damage;
}): Pick<ControlHandlers, 'open_recording' | 'open_test_call' | 'met_damage'> {
  const { catalogue } = deps;
  const stored = async (id: string): Promise<StoredCall | null> =>
    isId(id) ? catalogue.calls.get(id) : null;

  /** Throws `key_missing` for a recording that is being erased, also when that began a moment ago. */
  async function keyOf(recording: Recording): Promise<{ recording: string; identity: string }> {
    playable({ recording: await catalogue.recordings.get(recording.id) });
    return { recording: recording.id, identity: await deps.identity(recording.id) };
  }

  return {
    async open_recording({ by, call: id, as, reason: said }) {
      const { person, entry } = await deps.askers.of(by);
      // A dashboard asks for people; the command line reads its keys itself.
      if (!person) throw fail('forbidden');
      const { call, stretches } = reachedBy(person, as, await stored(id));
      const reason = reasonFrom(said);
      if (reason === '' && owesReason(person, as, call)) throw fail('reason_needed');
      refuseNamed(call, reason);
      const recording = playable(call);
      if (heardOf(stretches, recording.durationMs).length === 0)
        throw fail('forbidden', 'You were not on the call while it was recorded.');
      deps.taking.take(person);
      const about = { object: 'call', object_id: call.id, reason, detail: { recording: recording.id } };
      await catalogue.audit.append(entry(as, about)).catch((e) => {
        throw unwritable(e);
      });
      return keyOf(recording);
    },

    async open_test_call({ pass, call: id }) {
      const call = deps.passes.take(pass, id) ? await stored(id) : null;
      if (!call?.test) throw fail('call_unknown');
      return keyOf(playable(call));
    },

    async met_damage({ recording }) {
      await deps.damage.look(recording, 'when it was played');
      return {};
    },
  };
}
