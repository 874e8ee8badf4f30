import { setImmediate as turn } from 'node:timers/promises';
import type { Verbs } from '../catalogue/catalogue.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/** How often it is looked whether something is left to do, in ms. Asking for it looks at once. */
const LOOK_MS = 5_000;
/** At most so many calls that a query is worked out for, and recordings that are let go, in one transaction: about 10 ms each. */
const CALLS = 20_000;
const RECORDINGS = 500;

/**
 * Works out what matters hold, and carries out releases, page by page. How far it is stands in the catalogue, so it goes on after
 * a restart; until a matter is worked out nothing is erased, and what is not let go yet stays held.
 */
export function createHolding(deps: {
  catalogue: Verbs<'holds.applying' | 'holds.apply' | 'holds.releases' | 'holds.carryOut'>;
  clock: () => number;
  log: Log;
}) {
  const { catalogue, clock, log } = deps;
  let stopping = false;

  /** Does one page after the other; calls and captures come first. */
  async function through(page: () => Promise<boolean>): Promise<boolean> {
    while (!stopping) {
      if (await page()) return true;
      await turn();
    }
    return false;
  }

  async function work(): Promise<void> {
    for (const id of await catalogue.holds.applying())
      if (await through(() => catalogue.holds.apply(id, CALLS, clock())))
        log.info({ matter: id }, 'a legal hold has been applied');
    for (const { id, matter } of await catalogue.holds.releases())
      if (await through(() => catalogue.holds.carryOut(id, RECORDINGS, clock())))
        log.info({ matter, release: id }, 'a release of a legal hold has been carried out');
  }

  const looking = repeatedly(LOOK_MS, work, (err) =>
    log.error(
      { err },
      'legal holds could not be worked out; it is tried again, and nothing is erased until then',
    ),
  );

  return {
    start(): void {
      stopping = false;
      looking.start();
      void looking.now();
    },
    /** Does what is left to do; joins what is under way. */
    work: (): void => void looking.now(),
    async stop(): Promise<void> {
      stopping = true;
      await looking.stop();
    },
  };
}
