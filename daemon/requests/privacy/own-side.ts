import type { Verbs } from '../../catalogue/catalogue.js';
import { putOnRecord } from '../../catalogue/entries.js';
import type { StoredCall } from '../../catalogue/stored-call.js';
import { fail } from '../../domain/error.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import { mayDo } from '../../domain/people/person.js';
import { coversAll, reachedBy } from '../../domain/people/reach.js';
import { matcher, personOf } from '../../domain/privacy/matching.js';
import type { PrivacyRequest } from '../../domain/privacy/request.js';
import { type OwnSides, ownSides } from '../../domain/privacy/sides.js';
import { playable } from '../../domain/recording/playable.js';
import { isId } from '../../domain/recording/recording.js';
import type { Asker, Askers } from '../askers.js';
import type { Taking } from '../taking.js';

export type OwnSideDeps = {
  catalogue: Verbs<
    | 'calls.get'
    | 'segments.of'
    | 'recordings.get'
    | 'privacyRequests.get'
    | 'privacyRequests.exclusions'
    | 'audit.append'
  >;
  /** The key of a recording. Throws `key_missing`. */
  identity: (recordingId: string) => Promise<string>;
  taking: Taking;
};

type Opened = { recording: string; identity: string } & OwnSides;

/**
 * Opens the recording of a call for the person who made this request. It is on record before the key is read. Null where it is nowhere certain
 * that the person alone is heard. The command line is nobody: root can read the keys in any case.
 */
export async function openOwnSide(
  { catalogue, identity, taking }: OwnSideDeps,
  { person, entry }: Asker,
  request: PrivacyRequest,
  callId: string,
): Promise<Opened | null> {
  const stored: StoredCall | null = isId(callId) ? await catalogue.calls.get(callId) : null;
  if (!stored) throw fail('call_unknown');
  const { call, stretches } = person
    ? reachedBy(person, 'export', stored)
    : { call: stored, stretches: [{ fromMs: Number.NEGATIVE_INFINITY, untilMs: null }] };
  if (call.test || !matcher(request)(call)) throw fail('call_unknown');
  if (!coversAll(stretches, call.recording?.durationMs ?? 0)) throw fail('forbidden');
  const out = await catalogue.privacyRequests.exclusions(request.id);
  if (out.some((one) => one.callId === call.id)) throw fail('privacy_refused', 'The call was left out.');
  if (request.identity === '')
    throw fail('privacy_refused', 'Write down first how the identity of the person was checked.');
  const recording = playable(call);
  const segments = await catalogue.segments.of(call.id);
  const sides = ownSides(call, segments, personOf(request)(call), recording.durationMs);
  if (sides.them.length + sides.us.length === 0) return null;
  if (person) taking.take(person);
  const heard = [...sides.them, ...sides.us].reduce((sum, one) => sum + one.untilMs - one.fromMs, 0);
  await putOnRecord(
    catalogue,
    entry('export', {
      ...{ object: 'call', object_id: call.id, reason: `Request ${request.number}` },
      detail: { recording: recording.id, own_side_ms: Math.round(heard) },
    }),
  );
  playable({ recording: await catalogue.recordings.get(recording.id) });
  return { recording: recording.id, identity: await identity(recording.id), ...sides };
}

/** Opens recordings for the dashboard, which gets the key, and is told where the person alone is heard. */
export function createOwnSide(
  deps: OwnSideDeps & { askers: Pick<Askers, 'of'> },
): Pick<ControlHandlers, 'open_own_side'> {
  return {
    async open_own_side({ by, id, call }) {
      const asker = await deps.askers.of(by);
      const { person } = asker;
      if (!person || person.only || !mayDo(person, 'privacy')) throw fail('forbidden');
      const request = await deps.catalogue.privacyRequests.get(id);
      if (!request) throw fail('privacy_unknown', id);
      if (request.state === 'closed') throw fail('privacy_closed', `Request ${request.number}`);
      const opened = await openOwnSide(deps, asker, request, call);
      if (!opened)
        throw fail(
          'privacy_refused',
          'Nowhere in the recording is it certain that the person alone is heard.',
        );
      return opened;
    },
  };
}
