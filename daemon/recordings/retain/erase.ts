import type { Verbs } from '../../catalogue/catalogue.js';
import { fail } from '../../domain/error.js';
import type { Why } from '../../domain/reason/reason.js';
import { inWords } from '../../domain/reason/words.js';
import type { Recording, RecordingId } from '../../domain/recording/recording.js';
import { isUnreachable } from '../../domain/recording/tier.js';
import type { Log } from '../../ops/log.js';
import type { AnyKeys } from '../../vault/keys.js';
import type { RecordingStore } from '../../vault/store/store.js';

/** What retention needs of the vault. Both make what they did survive a power cut before they answer. */
export type RetainKeys = Pick<AnyKeys, 'destroyAll' | 'has'>;
export type RetainStore = Pick<RecordingStore, 'remove' | 'exists'>;

export type EraseCatalogue = Verbs<'recordings.eraseIntended' | 'recordings.erased' | 'recordings.peaks'>;

/** Erases some recordings, in the order that ARCHITECTURE.md has. */
export function createEraser({
  catalogue,
  keys,
  store,
  clock,
  log,
}: {
  catalogue: EraseCatalogue;
  keys: RetainKeys;
  store: RetainStore;
  clock: () => number;
  log: Log;
}) {
  /**
   * Erases these, from the intent to the tombstone; `why` is null where that is on record already. Each step is done for all of
   * them before the next, so that they wait for the disk together. Every step may have been done before. One that fails is told to
   * `missed` and does not keep the others.
   */
  return async function eraseTogether(
    items: readonly Recording[],
    why: ((one: Recording) => Why) | null,
    missed: (one: Recording, err: unknown) => void,
  ): Promise<Recording[]> {
    let going = items.map((one) => (why ? { ...one, eraseWhy: why(one) } : one));
    const step = async (work: (one: Recording) => Promise<unknown> | unknown) => {
      const ends = await Promise.allSettled(going.map(async (one) => work(one)));
      going = going.filter((one, i) => {
        const end = ends[i]!;
        if (end.status === 'rejected') missed(one, end.reason);
        return end.status === 'fulfilled';
      });
    };
    if (why) await step((one) => catalogue.recordings.eraseIntended(one.id, one.eraseWhy!, clock()));
    const destroyed = await keys.destroyAll(going.map(({ id }) => id)).then(
      () => true,
      () => false,
    );
    if (!destroyed) await step(({ id }) => keys.destroyAll([id]));
    // Without its key nobody can open a file in an archive that is out of reach: it goes when the archive is back.
    const left = new Set<RecordingId>();
    await step(async (one) => {
      try {
        await store.remove(one);
      } catch (e) {
        if (!isUnreachable(e)) throw e;
        left.add(one.id);
      }
    });
    await step(async (one) => {
      if (await keys.has(one.id))
        throw fail('internal', `The key of recording ${one.id} is still there after it was destroyed.`);
      if (!left.has(one.id) && (await store.exists(one)))
        throw fail('internal', `${one.file} is still there after it was removed.`);
    });
    await step(({ id }) => catalogue.recordings.erased(id, clock(), left.has(id)));
    await step(async ({ id }) => {
      if (await catalogue.recordings.peaks(id))
        throw fail('internal', `The peaks of recording ${id} are still there.`);
    });
    for (const { id, callId, eraseWhy } of going)
      log.info(
        {
          recording: id,
          call: callId,
          reason: inWords(eraseWhy),
          ...(left.has(id) && { file: 'in the archive' }),
        },
        'recording erased',
      );
    return going;
  };
}
