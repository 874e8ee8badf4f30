import { setTimeout as sleep } from 'node:timers/promises';
import type { Verbs } from '../../catalogue/catalogue.js';

/** How often it is looked whether a matter has been applied, and how long one run waits for that altogether, in ms. */
const LOOK_MS = 50;
const LONGEST_MS = 300_000;

/**
 * A legal hold that is opened while a run is under way keeps everything until it is known what it holds, which takes seconds. The run
 * waits for that and goes on with the rest; a matter that cannot be applied does not make it wait for ever.
 */
export function createPatience({
  catalogue,
  stopping,
}: {
  catalogue: Verbs<'holds.applying'>;
  stopping: () => boolean;
}) {
  let left = LONGEST_MS;
  return {
    async untilApplied(): Promise<void> {
      while (left > 0 && !stopping() && (await catalogue.holds.applying()).length > 0) {
        left -= LOOK_MS;
        await sleep(LOOK_MS);
      }
    },
  };
}
