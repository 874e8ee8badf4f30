import { setImmediate as turn } from 'node:timers/promises';
import type { CallFilter } from '../../daemon/catalogue/calls.js';
import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import type { CallCursor } from '../../daemon/catalogue/retention/holds.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { fail } from '../../daemon/domain/error.js';
import { type CallRight, type Person, reach, type Stretch } from '../../daemon/domain/people/person.js';
import { reachedBy, reachOf, sees } from '../../daemon/domain/people/reach.js';
import {
  type CallId,
  isId,
  type Recording,
  type RecordingId,
} from '../../daemon/domain/recording/recording.js';
import type { MatterId } from '../../daemon/domain/retention/hold.js';

const CONSULTATIONS = 50;
/** So many calls are read together: nobody else is answered meanwhile. */
const PAGE = 200;

export type Reached = ReturnType<typeof createReached>;

/**
 * Calls as far as somebody reaches them. The one file of the dashboard that asks the catalogue for calls: what somebody does
 * not reach is not there, whatever it is asked by.
 */
export function createReached({
  catalogue,
}: {
  catalogue: Verbs<'calls.get' | 'calls.list' | 'recordings.peaks' | 'recordings.get' | 'holds.unrecorded'>;
}) {
  const stored = async (id: string): Promise<StoredCall | null> =>
    isId(id) ? catalogue.calls.get(id) : null;

  /** A call of which somebody sees anything; null where they see nothing. Test calls are seen by nobody. */
  async function seen(person: Person, id: string): Promise<StoredCall | null> {
    const call = await stored(id);
    return call && sees(person, call) ? call : null;
  }

  return {
    seen,

    /** Newest first. Throws `forbidden` when they ask by what is told to those who see every call only. */
    async list(person: Person, filter: CallFilter): Promise<StoredCall[]> {
      const mine = reachOf(person, 'view');
      if (mine !== 'all' && (filter.quality !== undefined || filter.ear !== undefined))
        throw fail('forbidden', 'How calls sound is looked for by those who may see every call.');
      return catalogue.calls.list({ ...filter, reach: mine });
    },

    /**
     * A call and the stretches of it for which somebody has this right. Throws `call_unknown` when they see nothing of it,
     * `forbidden` when they see it and do not have this right.
     */
    async call(
      person: Person,
      id: string,
      right: CallRight = 'view',
    ): Promise<{ call: StoredCall; stretches: readonly Stretch[] }> {
      return reachedBy(person, right, await stored(id));
    },

    /** A version of a recording, also one from before a redaction; the recorder alone gives a key of it. */
    version: (id: RecordingId): Promise<Recording | null> => catalogue.recordings.get(id),

    /** Throws `forbidden` for who does not see every call: what follows tells of all of them. */
    every(person: Person): void {
      if (reachOf(person, 'view') !== 'all') throw fail('forbidden', 'It tells of every call.');
    },

    /**
     * Every call since `from` (ms since 1970), newest first and at most so many, in pages: for figures that name none. `sees` tells which of
     * them may be shown to somebody.
     */
    async *since(from: number, most: number): AsyncGenerator<StoredCall[]> {
      let before: CallId | undefined;
      for (let left = most; left > 0; left -= PAGE) {
        const limit = Math.min(PAGE, left);
        const page = await catalogue.calls.list({ from, limit, ...(before !== undefined && { before }) });
        if (page.length > 0) yield page;
        if (page.length < limit) return;
        before = page.at(-1)!.id;
      }
    },

    /**
     * Calls that a matter's query asks for and that were not recorded in full, newest first, as far as somebody sees them; and
     * where the next page begins, null at the end.
     */
    async unrecorded(
      person: Person,
      matter: MatterId,
      before: CallCursor | null,
      limit: number,
    ): Promise<{ calls: StoredCall[]; next: CallCursor | null }> {
      const calls: StoredCall[] = [];
      for (let after = before; ; await turn()) {
        const { calls: more, next } = await catalogue.holds.unrecorded(matter, after, limit - calls.length);
        calls.push(...more);
        if (next === null || calls.length === limit)
          return { calls: calls.filter((call) => sees(person, call)), next };
        after = next;
      }
    },

    /** The test call with this id, for whom the recorder has opened it. Throws `call_unknown`, for any other call too. */
    async testCall(id: string): Promise<StoredCall> {
      const call = await stored(id);
      if (!call?.test) throw fail('call_unknown');
      return call;
    },

    /** The consultations for a call that somebody sees, oldest first, and the call that it was one for itself. */
    async around(
      person: Person,
      call: StoredCall,
    ): Promise<{ main: CallId | null; consultations: StoredCall[] }> {
      const asked = await catalogue.calls.list({ consultFor: call.id, limit: CONSULTATIONS });
      const main = call.consultFor === null ? null : await seen(person, call.consultFor);
      return {
        main: main?.id ?? null,
        consultations: asked.filter((c) => reach(person, 'view', c).length > 0).reverse(),
      };
    },

    /** Whether a recording of a call that was asked for here is still kept. */
    kept: async (id: RecordingId): Promise<boolean> =>
      (await catalogue.recordings.get(id))?.state === 'sealed',

    /** The waveform of a recording of a call that was asked for here. */
    peaks: (recording: Recording) => catalogue.recordings.peaks(recording.id),
  };
}
