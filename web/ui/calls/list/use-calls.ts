import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { api, type CallPage, type CallSummary } from '../../state/api.js';
import { changes, follows } from '../../state/live.js';
import { type Filters, toQuery } from '../filters.js';
import { askedAhead, PAGE } from './ahead.js';
import { type Anchor, leavePlace, placeLeft } from './places.js';

/** Later pages are larger, up to this many calls. */
const MOST = 200;

/** The loaded part of the list: follows the filters at once and the server's changes quietly. */
export function useCalls(filters: Filters) {
  const calls = useSignal<CallSummary[] | null>(null);
  const next = useSignal<string | null>(null);
  /** Where the digits of the search were found in numbers. */
  const match = useSignal<CallPage['match']>('end');
  const problem = useSignal<unknown>(null);
  /** Why older calls could not be loaded. */
  const endProblem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const asked = useRef<AbortController | null>(null);
  const wanted = JSON.stringify(filters);
  /** The filters of the last request, and those of the calls that are shown. */
  const current = useRef('');
  const found = useRef('');
  const anchor = useRef<Anchor | null>(null);

  // Back shows at once what was there; whether it is still right is asked in the background.
  useLayoutEffect(() => {
    const place = placeLeft(wanted);
    if (place) {
      calls.value = place.calls;
      next.value = place.next;
      match.value = place.match;
      anchor.current = place.anchor;
      found.current = wanted;
    }
    return () => {
      if (calls.value && found.current === wanted)
        leavePlace(wanted, {
          ...{ calls: calls.value, next: next.value },
          ...{ match: match.value, anchor: anchor.current },
        });
    };
  }, [wanted]);

  const load = async () => {
    const fresh = found.current !== wanted;
    current.current = wanted;
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    const known = () => (fresh ? [] : (calls.value ?? []));
    busy.value = fresh;
    if (fresh) endProblem.value = null;
    try {
      const limit = Math.min(MOST, Math.max(PAGE, known().length));
      const page = await (askedAhead(wanted) ??
        api.calls({ ...toQuery(filters, Date.now()), limit }, mine.signal, !fresh));
      if (mine.signal.aborted) return;
      found.current = wanted;
      // What was loaded beyond this page is older than its last call and stays.
      const last = page.calls.at(-1);
      const older = page.next && last ? known().filter((c) => c.id < last.id) : [];
      const kept = older.length > 0;
      calls.value = [...page.calls, ...older];
      next.value = kept ? next.value : page.next;
      match.value = page.match;
      problem.value = null;
    } catch (cause) {
      if (mine.signal.aborted) return;
      problem.value = cause;
      // The calls that are shown match other filters.
      if (fresh) {
        calls.value = null;
        next.value = null;
      }
    }
    busy.value = false;
  };

  const older = async () => {
    if (!next.value || busy.value || found.current !== wanted) return;
    const asks = () => current.current === wanted && found.current === wanted;
    busy.value = true;
    endProblem.value = null;
    try {
      const page = await api.calls({
        ...toQuery(filters, Date.now()),
        before: next.value,
        match: match.value,
        limit: (calls.value ?? []).length > PAGE ? MOST : PAGE,
      });
      if (!asks()) return;
      const seen = new Set((calls.value ?? []).map((c) => c.id));
      calls.value = [...(calls.value ?? []), ...page.calls.filter((c) => !seen.has(c.id))];
      next.value = page.next;
    } catch (cause) {
      if (!asks()) return;
      endProblem.value = cause;
    }
    busy.value = false;
  };

  const changed = changes.value;
  // Asked before the page is painted, which takes as long as the answer.
  useLayoutEffect(() => {
    load();
  }, [wanted, changed]);
  const followed = follows.value;
  /** The first answer may be older than the time since which changes are heard of. */
  const mayMiss = useRef(!followed);
  useEffect(() => {
    if (followed && mayMiss.current && found.current === wanted) load();
  }, [followed]);
  useEffect(() => () => asked.current?.abort(), []);
  return { calls, next, match, problem, endProblem, busy, anchor, older, retry: load };
}

export type Calls = ReturnType<typeof useCalls>;
