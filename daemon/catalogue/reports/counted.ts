import { bounds, type Period } from '../../domain/assurance/coverage.js';
import { dates, dayAfter } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { PbxId } from '../../domain/pbx.js';
import type { CoverageRange } from '../ledger.js';

/** A report for a page reads at most so many calls that are not counted yet: about a second. */
const READ_AT_MOST = 20_000;

/**
 * Throws `still_counting` where a report on these days would have to read more calls than a page can wait for. After an upgrade or an
 * import the recorder has all of them to count; what is made of them for a file, or on a terminal, reads them.
 */
export async function requireCounted(
  { countedSince }: { countedSince(range: CoverageRange, most: number): Promise<number | null> },
  { period, pbx }: { period: Period; pbx?: PbxId | null | undefined },
): Promise<void> {
  const since = await countedSince({ ...bounds(period), pbx: pbx ?? undefined }, READ_AT_MOST);
  if (since === null) return;
  const first = dayAfter(dates(period.zone)(since), 1);
  throw fail('still_counting', first <= period.to ? `It can be asked for from ${first} on.` : '');
}
