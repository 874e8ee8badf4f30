import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { api, type CallSummary } from '../state/api.js';
import { changes } from '../state/live.js';
import { type Filters, toQuery } from './filters.js';

const PAGE = 60;
const MOST = 200;

/** The loaded part of the list: follows the filters at once and the server's changes quietly. */
export function useCalls(filters: Filters) {
  const calls = useSignal<CallSummary[] | null>(null);
  const next = useSignal<string | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const asked = useRef<AbortController | null>(null);
  const wanted = JSON.stringify(filters);
  const current = useRef('');

  const load = async () => {
    const fresh = current.current !== wanted;
    current.current = wanted;
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    const known = fresh ? [] : (calls.value ?? []);
    busy.value = fresh;
    try {
      const limit = Math.min(MOST, Math.max(PAGE, known.length));
      const page = await api.calls({ ...toQuery(filters, Date.now()), limit }, mine.signal, !fresh);
      if (mine.signal.aborted) return;
      // What was loaded beyond this page is older than its last call and stays.
      const last = page.calls.at(-1);
      const older = page.next && last ? known.filter((c) => c.id < last.id) : [];
      const kept = older.length > 0;
      calls.value = [...page.calls, ...older];
      next.value = kept ? next.value : page.next;
      problem.value = null;
    } catch (cause) {
      if (mine.signal.aborted) return;
      problem.value = cause;
    }
    busy.value = false;
  };

  const older = async () => {
    if (!next.value || busy.value) return;
    const filter = wanted;
    busy.value = true;
    try {
      const page = await api.calls({ ...toQuery(filters, Date.now()), before: next.value, limit: PAGE });
      if (current.current !== filter) return;
      const seen = new Set((calls.value ?? []).map((c) => c.id));
      calls.value = [...(calls.value ?? []), ...page.calls.filter((c) => !seen.has(c.id))];
      next.value = page.next;
      problem.value = null;
    } catch (cause) {
      problem.value = cause;
    }
    busy.value = false;
  };

  const changed = changes.value;
  useEffect(() => {
    load();
  }, [wanted, changed]);
  useEffect(() => () => asked.current?.abort(), []);
  return { calls, next, problem, busy, older, retry: load };
}

export type Calls = ReturnType<typeof useCalls>;
