import type { Verbs } from '../../catalogue/catalogue.js';
import { TapedeckError } from '../../domain/error.js';
import { placeOf } from '../../domain/paths.js';
import type { CallRecord, RecordingId } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import type { AnyKeys } from '../../vault/keys.js';
import type { Place } from '../../vault/store/store.js';

export type BeginningDeps = {
  catalogue: Verbs<'recordings.begin' | 'recordings.begun' | 'recordings.dropBegun'>;
  keys: Pick<AnyKeys, 'create' | 'destroy' | 'register'>;
  removeSealed: (place: Place) => Promise<unknown>;
  mint: () => RecordingId;
  log: Log;
};
/** A recording that is being made: where, and whom it is sealed for. */
export type Beginning = { place: Place; identity: string; recipient: string };

/** Ids, files and keys of recordings that are being made. */
export function createBeginnings({ catalogue, keys, removeSealed, mint, log }: BeginningDeps) {
  /** Destroys an unfinished recording, key first. A sealed one that another catalogue has finished stays. */
  async function discard(place: Place): Promise<void> {
    if (!(await keys.register().find(place.id))?.settled) {
      await keys.destroy(place.id);
      await removeSealed(place);
    }
    await catalogue.recordings.dropBegun(place.id);
  }

  return {
    /**
     * Returns the id, file and key for the recording of a call. They are the same after a crash, because the id is durable before
     * the key is made. An id whose recording was sealed before is not used again: the catalogue is older than that file, which
     * stays.
     */
    async begin({ id: callId, startedAt }: Pick<CallRecord, 'id' | 'startedAt'>): Promise<Beginning> {
      for (;;) {
        const place = await catalogue.recordings.begin(callId, placeOf(mint(), startedAt));
        const settled = (await keys.register().find(place.id))?.settled;
        const key = settled ? null : await keys.create(place.id).catch(unlessGone);
        if (key) return { place, ...key };
        const what = settled
          ? 'The catalogue is older than a sealed file, which stays'
          : 'Its key was destroyed';
        log.warn({ call: callId, recording: place.id }, `${what}; the recording gets another id`);
        await catalogue.recordings.dropBegun(place.id);
      }
    },
    discard,

    /**
     * Once the row is written: removes what absorbed calls had begun, key first, because this recording contains it too. What
     * fails is done at the next start.
     */
    async tidy(call: Pick<CallRecord, 'id'>, sealed: RecordingId): Promise<void> {
      try {
        await keys.register().settle(sealed);
        for (const place of await catalogue.recordings.begun(call.id)) await discard(place);
      } catch (err) {
        log.warn({ err, call: call.id }, 'What a recording has left behind could not be removed');
      }
    },
  };
}
export type Beginnings = ReturnType<typeof createBeginnings>;

/** A key that was destroyed is not made again. */
function unlessGone(e: unknown): null {
  if (e instanceof TapedeckError && e.code === 'key_missing') return null;
  throw e;
}
