import { setImmediate as turn } from 'node:timers/promises';
import { type Asked, matching, searchesFor, windowOf } from '../../domain/privacy/matching.js';
import { MOST_CALLS } from '../../domain/privacy/request.js';
import type { CallFilter } from '../calls.js';
import type { Verbs } from '../catalogue.js';
import type { StoredCall } from '../stored-call.js';

/** So many calls are looked through for one number at once: a million of them take long, and others wait meanwhile. */
const SLICE = 5_000;

/**
 * Returns the calls of a request, newest first, see `matching`. Looks through the calls of its window slice by slice from the newest, and lets
 * others have their turn between two numbers. `list`: the calls that the person who asks reaches.
 */
export async function findCalls(
  catalogue: Verbs<'calls.startBefore'>,
  list: (filter: CallFilter) => Promise<StoredCall[]>,
  asked: Asked,
): Promise<{ calls: StoredCall[]; more: boolean }> {
  const searches = searchesFor(asked);
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = windowOf(asked);
  const found: StoredCall[] = [];
  let size = SLICE;
  for (let until = to; until > from && found.length <= MOST_CALLS; ) {
    // Calls that began at once are in one slice.
    const begins = Math.max(from, (await catalogue.calls.startBefore(until, size - 1)) ?? from);
    const slice: StoredCall[] = [];
    let full = false;
    for (const search of searches) {
      const part = await list({ ...search, from: begins, to: until });
      slice.push(...part);
      full ||= part.length > MOST_CALLS;
      await turn();
    }
    // Numbers that only end alike are dropped here.
    const { calls, more } = matching(asked, slice);
    // So many of them end alike that older ones of the slice were not listed: no search can overlook any in this many calls.
    if (full && !more && size > MOST_CALLS) {
      size = MOST_CALLS;
      continue;
    }
    found.push(...calls);
    if (more) return { ...matching(asked, found), more };
    until = begins;
  }
  return matching(asked, found);
}
