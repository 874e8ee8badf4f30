import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isPartOfNumber } from '../../../../daemon/domain/phone.js';
import { announce } from '../../kit/announcer.js';
import { ErrorNote } from '../../kit/error-note.js';
import { t } from '../../messages/language.js';
import { dayHeading, dayOf } from '../../messages/when.js';
import type { Picking } from '../../retention/retention-table.js';
import type { CallSummary } from '../../state/api.js';
import { minute, status } from '../../state/live.js';
import { sees } from '../../state/rights.js';
import { region } from '../../state/session.js';
import { addresses, anything, type Filters } from '../filters.js';
import { CallRow } from './call-row.js';
import { type DrawnGroup, drawn, type Group, heightOf } from './layout.js';
import type { Calls } from './use-calls.js';
import { useWhole } from './use-whole.js';
import { useWindow } from './use-window.js';

type Props = {
  calls: Calls;
  filters: Filters;
  chosen: string | null;
  address: (id: string) => string;
  scroller: RefObject<HTMLDivElement | null>;
  clear: () => void;
  picking?: Picking | undefined;
};

export function CallList(props: Props) {
  const { calls, filters, clear } = props;
  const list = calls.calls.value;
  const more = calls.next.value !== null;
  const wanted = JSON.stringify(filters);
  useEffect(() => {
    if (list && !calls.busy.value && anything(filters)) announce(t.calls.found({ n: list.length, more }));
  }, [wanted, calls.busy.value]);

  if (calls.problem.value && !list) return <ErrorNote problem={calls.problem.value} retry={calls.retry} />;
  if (!list) return <p class="list-wait">{t.common.loading}</p>;
  if (list.length === 0) return <Nothing filtered={anything(filters)} clear={clear} />;
  return <Rows {...props} list={list} more={more} />;
}

/** The visible rows of the list and some around them. Older calls are fetched when its end is near. */
function Rows({ calls, filters, chosen, address, scroller, picking, list, more }: Props & Loaded) {
  const groups = useMemo(() => grouped(list, minute.value), [list, minute.value]);
  const [active, setActive] = useState<string | null>(null);
  const wholeList = useWhole();
  const view = useWindow(scroller, groups, {
    narrowed: JSON.stringify(filters),
    anchor: calls.anchor,
    whole: wholeList,
  });
  const { layout, inner } = view;

  const busy = calls.busy.value;
  const ended = calls.match.value === 'end';
  const endProblem = calls.endProblem.value;
  useEffect(() => {
    if (view.ending && more && !busy && endProblem === null) calls.older();
  }, [view.ending, more, busy, endProblem, list]);

  // The row that has the focus, or had it last, is always drawn: otherwise the focus would be lost.
  useEffect(() => {
    if (chosen !== null) setActive(chosen);
  }, [chosen]);
  const known = [active, chosen].find((id) => id !== null && layout.indexOf.has(id));
  const current = known ?? groups[0]!.calls[0]!.id;
  const kept = useMemo(() => new Set([layout.indexOf.get(current)!]), [layout, current]);

  const toFocus = useRef<string | null>(null);
  useLayoutEffect(() => {
    const row = toFocus.current === null ? null : document.getElementById(`row-${toFocus.current}`);
    if (!row) return;
    toFocus.current = null;
    row.focus({ preventScroll: true });
  });
  const move = (event: KeyboardEvent) => {
    const from = layout.indexOf.get((event.target as HTMLElement).dataset.call ?? '');
    if (from === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const [first, last] = [1, layout.items.length - 1];
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: first, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < first) return document.querySelector<HTMLElement>('[data-search]')?.focus();
    if (to > last) return document.getElementById('older')?.focus();
    const row = layout.items[to]!.call ? to : to + (to > from ? 1 : -1);
    toFocus.current = layout.items[row]!.key;
    setActive(toFocus.current);
    view.show(row);
  };

  const shown = drawn(layout, view.range, kept);
  const size = (group: Group) => (more && group === groups.at(-1) ? -1 : group.calls.length);
  return (
    <>
      {calls.problem.value !== null && <ErrorNote problem={calls.problem.value} retry={calls.retry} />}
      {!ended && filters.match === '' && <p class="list-only">{t.calls.inside({ q: filters.q.trim() })}</p>}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the links in it */}
      <div
        ref={inner}
        class={`call-list${busy ? ' call-list-busy' : ''}${wholeList ? ' call-list-whole' : ''}`}
        // While rows are exchanged, the list is not shorter for a moment: the browser would scroll it up for good.
        style={wholeList ? undefined : { minHeight: `${heightOf(layout)}px` }}
        onKeyDown={move}
        onFocusIn={(event: FocusEvent) => {
          const { call } = (event.target as HTMLElement).dataset;
          if (call) setActive(call);
        }}
      >
        {shown.groups.map((one) => (
          <Day key={one.group.id} of={one}>
            {one.rows.flatMap(({ call, position, above }) => [
              above > 0 && <Space key={`above-${call.id}`} px={above} />,
              <CallRow
                key={call.id}
                call={call}
                href={address(call.id)}
                chosen={call.id === chosen}
                reachable={call.id === current}
                search={filters.q}
                position={position}
                size={size(one.group)}
                picking={picking}
              />,
            ])}
          </Day>
        ))}
        {shown.below > 0 && <div style={{ height: `${shown.below}px` }} />}
      </div>
      <div class="list-end">
        {more && endProblem !== null ? (
          <ErrorNote problem={endProblem} retry={calls.older} />
        ) : more ? (
          <button id="older" type="button" class="button" onClick={calls.older}>
            {busy ? t.calls.olderBusy : t.calls.older}
          </button>
        ) : (
          <>
            <p>{anything(filters) ? t.calls.endFiltered : t.calls.end}</p>
            {ended && isPartOfNumber(filters.q, region()) && (
              <a class="button" href={addresses({ ...filters, match: 'inside' })(null)}>
                {t.calls.alsoInside({ q: filters.q.trim() })}
              </a>
            )}
          </>
        )}
      </div>
    </>
  );
}
type Loaded = { list: CallSummary[]; more: boolean };

function Day({ of: { group, above, below }, children }: DayProps) {
  return (
    <>
      {above > 0 && <div style={{ height: `${above}px` }} />}
      <section class="call-day" aria-labelledby={`day-${group.id}`}>
        <h2 id={`day-${group.id}`} class="call-day-title" data-item={group.id}>
          {group.title}
        </h2>
        <ol class="call-rows">
          {children}
          {below > 0 && <Space px={below} />}
        </ol>
      </section>
    </>
  );
}
type DayProps = { of: DrawnGroup; children: ComponentChildren };

/** Takes the place of rows that are not drawn. */
const Space = ({ px }: { px: number }) => (
  <li aria-hidden="true" class="call-space" style={{ height: `${px}px` }} />
);

/** Groups calls: those in progress first, then the others by day. */
function grouped(list: readonly CallSummary[], now: number): Group[] {
  const onNow = list.filter((call) => call.state !== 'ended');
  const days = new Map<string, CallSummary[]>();
  for (const call of list) {
    if (call.state !== 'ended') continue;
    const day = dayOf(call.started_at);
    const calls = days.get(day);
    if (calls) calls.push(call);
    else days.set(day, [call]);
  }
  return [
    ...(onNow.length > 0 ? [{ id: 'now', title: t.calls.now, calls: onNow }] : []),
    ...[...days].map(([id, calls]) => ({ id, title: dayHeading(id, now), calls })),
  ];
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
