import { setImmediate as turn } from 'node:timers/promises';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { NamelessSoon } from '../../catalogue/retention/names.js';
import type { Site } from '../../domain/days.js';
import { FIRST_NAMES, type NamesRun, namesDueSince, namesMinimum } from '../../domain/retention/names.js';
import type { Log } from '../../ops/log.js';

/** So many calls are one transaction: well below 100 ms. */
const PAGE = 20;

export type NamesDeps = {
  catalogue: Verbs<
    | 'names.page'
    | 'names.remove'
    | 'names.removeStrangers'
    | 'calls.get'
    | 'policy.newest'
    | 'alarms.forget'
    | 'audit.forgetWords'
  >;
  site: Site;
  /** The lists of numbers that a number is on. */
  listsOf: (number: string) => string[];
  log: Log;
};

/**
 * Removes names and numbers of calls that have had no audio for as long as the policy says, page by page, each in a transaction of
 * its own. What interrupts it loses nothing: the next run goes on with those that are left.
 */
export function createNamesRemoval({ catalogue, site, listsOf, log }: NamesDeps) {
  /** Returns what it came to; null where names and numbers stay. `now` in ms since 1970. */
  return async function removeNames(now: number, isStopping: () => boolean): Promise<NamesRun | null> {
    const { policy, fault } = await catalogue.policy.newest();
    const days = policy.metadata_days;
    if (fault !== null || days === undefined) return null;
    const since = namesDueSince(now, days, site.timeZone);
    const minimum = namesMinimum(policy, site, listsOf);
    const run: NamesRun = { days, removed: 0, protected: 0 };

    async function mayGo({ id, minUntil }: NamelessSoon): Promise<boolean> {
      if (minUntil > now) return false;
      if (!minimum) return true;
      try {
        const call = await catalogue.calls.get(id);
        return call !== null && minimum(call) <= now;
      } catch (err) {
        log.warn({ err, call: id }, 'names and numbers of a call stay: its row cannot be read');
        return false;
      }
    }

    for (let after = FIRST_NAMES; !isStopping(); await turn()) {
      const page = await catalogue.names.page(after, since, PAGE);
      const last = page.at(-1);
      if (!last) break;
      const free: string[] = [];
      for (const one of page) if (await mayGo(one)) free.push(one.id);
      const removed = free.length === 0 ? 0 : await catalogue.names.remove(free, now);
      run.removed += removed;
      run.protected += page.length - removed;
      after = { since: last.since, id: last.id };
    }
    while (!isStopping() && (await catalogue.names.removeStrangers(since, PAGE)) === PAGE) await turn();
    // What is about no call alone goes as long after it is over.
    await catalogue.alarms.forget(since);
    await catalogue.audit.forgetWords(since);
    return run;
  };
}
export type RemoveNames = ReturnType<typeof createNamesRemoval>;
