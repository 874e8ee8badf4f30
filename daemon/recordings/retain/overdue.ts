import { setImmediate as turn } from 'node:timers/promises';
import type { Verbs } from '../../catalogue/catalogue.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import { createTally, type DuePlace, FIRST_DUE } from '../../domain/retention/plan.js';
import { fromSlices } from '../../ops/turns.js';

const OVERDUE = 'retention_overdue';
/** Three nights have passed. */
const OVERDUE_MS = 3 * 86_400_000;

/** Raises an alarm as long as recordings are there that should have been erased more than three days ago, whatever the cause. */
export function createOverdue({
  catalogue,
  clock,
  alarms,
}: {
  catalogue: Verbs<'due.dueSlice' | 'due.erasable' | 'recordings.erasing'>;
  clock: () => number;
  alarms: Alarms;
}) {
  return {
    async look(): Promise<void> {
      const now = clock();
      const by = now - OVERDUE_MS;
      const tally = createTally(now);
      for (let at: DuePlace | null = FIRST_DUE; at !== null; await turn()) {
        const slice = await catalogue.due.dueSlice(at, by);
        tally.addDue(slice);
        at = slice.next;
      }
      const begun = (await catalogue.recordings.erasing()).filter(
        ({ intended, keepUntil }) => intended && keepUntil !== null && keepUntil <= by,
      );
      const recordings = tally.erasable() + begun.length;
      if (recordings === 0) return alarms.clear(OVERDUE);
      const { items } = await fromSlices((at, limit) => catalogue.due.erasable(at, by, limit), FIRST_DUE, 1);
      const [oldest] = items;
      const since = Math.min(...[oldest, ...begun].map((r) => r?.keepUntil ?? by));
      alarms.raise(OVERDUE, {
        severity: 'warning',
        why: { code: 'retention_overdue', params: { recordings, since } },
      });
    },
  };
}
