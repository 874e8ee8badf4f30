import type { Site } from '../../domain/days.js';
import { createNumberIndex } from '../../domain/policy/lists/number-list.js';
import type { Policy } from '../../domain/policy/policy.js';
import {
  createPreview,
  createRedating,
  previewDigest,
  type RedatingPreview,
} from '../../domain/retention/redate.js';
import type { Verbs } from '../catalogue.js';
import { everyListed } from '../listed.js';

/** So many recordings are read together: nobody else is answered meanwhile. */
const PAGE = 200;
const LISTED_AT_ONCE = 200;

/** What existing recordings would get, and what has to be sent back to have them get it. `asOf`: ms since 1970. */
export type Previewed = RedatingPreview & { asOf: number; digest: string };

/**
 * Returns what this policy would make of the recordings that were sealed by `asOf` (ms since 1970). `pause` is called between pages,
 * and ends it when it rejects.
 */
export async function previewRedating(
  catalogue: Verbs<'recordings.keptAfter' | 'lists.entries'>,
  { policy, asOf, site, pause }: { policy: Policy; asOf: number; site: Site; pause: () => Promise<void> },
): Promise<Previewed> {
  const index = createNumberIndex(site.region);
  for await (const page of everyListed(catalogue, LISTED_AT_ONCE)) {
    for (const listed of page) index.add(listed);
    await pause();
  }
  const listsOf = (number: string) => index.listsOf(number, asOf);
  // The version that it will have is not known yet, and counts for nothing here.
  const redating = createRedating({ policy, version: 0, site, listsOf });
  const preview = createPreview(policy, asOf);
  for (let after = ''; ; ) {
    const calls = await catalogue.recordings.keptAfter(after, PAGE);
    for (const call of calls)
      if (call.recording && call.recording.sealedAt <= asOf) preview.add(redating(call, call.recording));
    const last = calls.at(-1)?.recording;
    if (!last) break;
    after = last.id;
    await pause();
  }
  const result = preview.result();
  return { ...result, asOf, digest: previewDigest(policy, asOf, result) };
}
