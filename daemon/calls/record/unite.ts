import type { Verbs } from '../../catalogue/catalogue.js';
import type { CallId } from '../../domain/recording/recording.js';
import type { Log } from '../../ops/log.js';
import type { Directing } from './directing.js';
import type { Inform } from './inform.js';
import type { Live } from './live.js';
import type { Steps } from './steps.js';

export type UniteDeps = { catalogue: Verbs<'calls.absorb'>; log: Log };
type Around = {
  live: Map<CallId, Live>;
  of: (id: CallId) => Live;
  steps: Pick<Steps, 'drop'>;
  inform: Pick<Inform, 'unite'>;
  directing: Pick<Directing, 'unite'>;
  /** Does what waits in the queue of a call. */
  goOn: (id: CallId, l: Live) => Promise<void>;
};

/** Two calls turn out to be one, as when somebody fetches a call that rings or waits elsewhere. */
export function createUniting({ catalogue, log }: UniteDeps, around: Around) {
  const { live, of, steps, inform, directing, goOn } = around;

  /**
   * What the younger had begun to capture goes on when it is the leg that the older follows; otherwise it is not the anchor's, and
   * goes.
   */
  async function absorb(from: CallId, younger: Live | undefined, into: CallId, older: Live): Promise<void> {
    if (younger) {
      younger.waiting = null;
      await younger.working;
      await younger.uniting;
      for (const timer of [younger.again, younger.repeat]) if (timer) clearTimeout(timer);
    }
    // The row of the call that stays is written first, or there would be nothing to absorb into.
    while (older.working) await older.working;
    if (younger) {
      inform.unite(from, younger, older);
      directing.unite(younger, older);
    }
    if (younger?.segment) {
      const wanted = !older.segment && older.newest?.anchor === younger.segment.legId;
      if (wanted) older.segment = younger.segment;
      else
        await steps.drop(younger).catch((err) => log.error({ err, call: from }, 'A capture was left behind'));
    }
    await catalogue.calls
      .absorb(from, into)
      .catch((err) => log.error({ err, call: from, into }, 'Two calls could not be united'));
  }

  return {
    /** The older call goes on, and does not end before it has taken in what the younger one was. */
    async unite(from: CallId, into: CallId): Promise<void> {
      const younger = live.get(from);
      live.delete(from);
      const older = of(into);
      const all = Promise.allSettled([older.uniting, absorb(from, younger, into, older)]).then(() => {});
      older.uniting = all;
      await all;
      if (older.uniting !== all) return;
      older.uniting = null;
      await goOn(into, older);
    },
  };
}
