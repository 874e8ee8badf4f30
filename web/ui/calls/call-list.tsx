import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { dayHeading, dayOf } from '../messages/when.js';
import type { Picking } from '../retention/retention-table.js';
import type { CallSummary } from '../state/api.js';
import { minute, status } from '../state/live.js';
import { sees } from '../state/rights.js';
import { CallRow } from './call-row.js';
import { anything, type Filters } from './filters.js';
import type { Calls } from './use-calls.js';

type Props = {
  calls: Calls;
  filters: Filters;
  chosen: string | null;
  address: (id: string) => string;
  scroller: RefObject<HTMLDivElement | null>;
  clear: () => void;
  picking?: Picking | undefined;
};

export function CallList({ calls, filters, chosen, address, scroller, clear, picking }: Props) {
  const list = calls.calls.value;
  const [active, setActive] = useState<string | null>(null);
  const still = useStill(scroller, list, JSON.stringify(filters));
  const more = calls.next.value !== null;

  const wanted = JSON.stringify(filters);
  useEffect(() => {
    if (list && !calls.busy.value && anything(filters)) announce(t.calls.found({ n: list.length, more }));
  }, [wanted, calls.busy.value]);

  if (calls.problem.value && !list) return <ErrorNote problem={calls.problem.value} retry={calls.retry} />;
  if (!list) return <p class="list-wait">{t.common.loading}</p>;
  if (list.length === 0) return <Nothing filtered={anything(filters)} clear={clear} />;

  const onNow = list.filter((c) => c.state !== 'ended');
  const days = byDay(list.filter((c) => c.state === 'ended'));
  const order = [...onNow, ...days.flatMap(([, d]) => d)].map((c) => c.id);
  const current = [active, chosen].find((id) => id !== null && order.includes(id)) ?? order[0];

  const move = (event: KeyboardEvent) => {
    const from = order.indexOf((event.target as HTMLElement).dataset.call ?? '');
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: order.length - 1 }[event.key];
    if (from < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (to < 0) return document.querySelector<HTMLElement>('[data-search]')?.focus();
    const id = order[to];
    if (!id) return document.getElementById('older')?.focus();
    setActive(id);
    document.getElementById(`row-${id}`)?.focus();
  };
  const group = (id: string, title: string, group: CallSummary[]) => (
    <section key={id} class="call-day" aria-labelledby={`day-${id}`}>
      <h2 id={`day-${id}`} class="call-day-title">
        {title}
      </h2>
      <ol class="call-rows">
        {group.map((c) => (
          <CallRow
            key={c.id}
            call={c}
            href={address(c.id)}
            chosen={c.id === chosen}
            reachable={c.id === current}
            search={filters.q}
            onKeyDown={move}
            picking={picking}
          />
        ))}
      </ol>
    </section>
  );

  return (
    <div ref={still} class={calls.busy.value ? 'call-list-busy' : ''}>
      {calls.problem.value !== null && <ErrorNote problem={calls.problem.value} retry={calls.retry} />}
      {onNow.length > 0 && group('now', t.calls.now, onNow)}
      {days.map(([day, d]) => group(day, dayHeading(day, minute.value), d))}
      <div class="list-end">
        {more ? (
          <button id="older" type="button" class="button" onClick={calls.older}>
            {calls.busy.value ? t.calls.olderBusy : t.calls.older}
          </button>
        ) : (
          <p>{anything(filters) ? t.calls.endFiltered : t.calls.end}</p>
        )}
      </div>
    </div>
  );
}

function byDay(calls: CallSummary[]): [string, CallSummary[]][] {
  const days = new Map<string, CallSummary[]>();
  for (const call of calls) {
    const day = dayOf(call.started_at);
    days.set(day, [...(days.get(day) ?? []), call]);
  }
  return [...days];
}

/**
 * Keeps what one reads where it is while calls arrive above it: remembers the first visible line before the list
 * changes and puts it back after. A list that is at its top, or has other filters, starts at the top.
 */
function useStill(scroller: RefObject<HTMLDivElement | null>, list: CallSummary[] | null, filters: string) {
  const inner = useRef<HTMLDivElement>(null);
  const anchor = useRef<{ id: string; top: number; filters: string } | null>(null);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const was = anchor.current;
    if (was && was.filters !== filters) box.scrollTop = 0;
    else if (was && box.scrollTop > 0) {
      const row = document.getElementById(was.id);
      if (row) box.scrollTop += row.getBoundingClientRect().top - was.top;
    }
    const remember = () => {
      const top = box.getBoundingClientRect().top;
      const row = [...box.querySelectorAll('.call-row')].find((r) => r.getBoundingClientRect().bottom > top);
      if (row) anchor.current = { id: row.id, top: row.getBoundingClientRect().top, filters };
    };
    remember();
    box.addEventListener('scroll', remember, { passive: true });
    return () => box.removeEventListener('scroll', remember);
  }, [list, filters]);
  return inner;
}

function Nothing({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const now = status.value;
  const all = sees() === 'all';
  const trouble = now !== null && (now.daemon === 'down' || now.pbxes.some((pbx) => !pbx.ari));
  return (
    <div class="list-nothing">
      <h2>{filtered ? t.calls.noMatchTitle : t.calls.emptyTitle}</h2>
      <p>{filtered ? t.calls.noMatch : trouble ? t.calls.emptyDown : all ? t.calls.empty : t.rights.empty}</p>
      {filtered && (
        <button type="button" class="button" onClick={clear}>
          {t.calls.clearFilters}
        </button>
      )}
    </div>
  );
}
