import type { Verbs } from '../catalogue/catalogue.js';
import { unwritable } from '../catalogue/entries.js';
import type { NewEntry } from '../domain/assurance/audit.js';
import { createBuckets, type Limit } from '../ops/buckets.js';

/** Who is refused again and again fills no disk, and hides nobody else who is: entries for each, and for all together. */
const REFUSALS: Record<'each' | 'all', Limit> = {
  each: { burst: 30, hourly: 360 },
  all: { burst: 300, hourly: 3_600 },
};

export type Refusals = ReturnType<typeof createRefusals>;

/** Entries of what was refused: of a storm of them the first, and later how many more there were. */
export function createRefusals(deps: { catalogue: Verbs<'audit.append'>; clock: () => number }) {
  const buckets = createBuckets({ now: deps.clock });
  let unsaid = 0;

  /** Whether one more refusal of this person is written. */
  const admitted = (person: string): boolean =>
    buckets.take([`person ${person}`, REFUSALS.each], ['all', REFUSALS.all]);

  return {
    /** Throws `audit_unwritable`: what was right and what was wrong look the same while nothing can be written. */
    async write(entry: NewEntry): Promise<void> {
      if (!admitted(entry.actor_id)) {
        unsaid += 1;
        return;
      }
      const before = unsaid;
      const detail = before > 0 ? { ...entry.detail, refusals_before: before } : entry.detail;
      unsaid = 0;
      await deps.catalogue.audit.append({ ...entry, outcome: 'refused', detail }).catch((e: unknown) => {
        unsaid += before + 1;
        throw unwritable(e);
      });
    },
  };
}
