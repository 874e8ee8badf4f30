import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { onEscape } from '../kit/escape.js';
import { KeyTable } from '../kit/key-table.js';
import { wide } from '../kit/wide.js';
import { t } from '../messages/language.js';
import { PickBar, usePicking } from '../retention/pick-bar.js';
import type { CallSummary } from '../state/api.js';
import { mayDo, mayEver } from '../state/rights.js';
import { zone } from '../state/session.js';
import { CallPage } from './call.js';
import { FilterBar } from './filter-bar.js';
import { addresses, type Filters, fromAddress, holdAddress, toAddress } from './filters.js';
import { CallList } from './list/call-list.js';
import { useCalls } from './list/use-calls.js';

/** The list, and the chosen call beside it where there is room or in its place where there is not. */
export function CallsPage({ chosen }: { chosen: string | null }) {
  const { query, route } = useLocation();
  const filters = fromAddress(query);
  const calls = useCalls(filters);
  const list = useRef<HTMLDivElement>(null);
  const scrolled = useRef(0);
  const picks = usePicking();
  const [choosing, setChoosing] = useState(false);
  const covered = chosen !== null && !wide.value;

  // A hidden element forgets how far it was scrolled.
  useLayoutEffect(() => {
    // Setting it has the browser lay out the whole page there and then, also for 0.
    if (!covered && list.current && scrolled.current > 0) list.current.scrollTop = scrolled.current;
  }, [covered]);
  // Opening a call moves the reader to it; closing it on a narrow screen moves back to its line.
  const before = useRef(chosen);
  useLayoutEffect(() => {
    const last = before.current;
    before.current = chosen;
    if (last && !chosen) document.getElementById(`row-${last}`)?.focus();
  }, [chosen]);

  const close = useRef(() => {});
  close.current = () => {
    if (chosen) route(toAddress(filters, null));
  };
  useLayoutEffect(() => onEscape(() => close.current()), []);

  const narrow = (change: Partial<Filters>, replace = false) =>
    // Another search begins at the end of numbers again.
    route(
      toAddress(
        { ...filters, ...(change.q !== undefined && { match: '' }), ...change },
        wide.value ? chosen : null,
      ),
      replace,
    );

  const address = addresses(filters);

  return (
    <div class={`calls ${covered ? 'calls-covered' : ''} ${chosen ? '' : 'calls-unchosen'}`}>
      <section class="calls-side" hidden={covered} aria-labelledby="calls-title">
        <h1 id="calls-title" class="unseen">
          {t.calls.title}
        </h1>
        <FilterBar filters={filters} change={narrow} />
        <div
          class="calls-list"
          ref={list}
          onScroll={(e) => {
            if (!covered) scrolled.current = e.currentTarget.scrollTop;
          }}
        >
          {!mayEver('play') && <p class="list-only">{t.rights.listOnly}</p>}
          {!choosing && (
            <p class="list-pick">
              {mayDo('settings') && (
                <button type="button" class="button" onClick={() => setChoosing(true)}>
                  {t.erase.select}
                </button>
              )}
              {mayDo('oversee') && filters.q && calls.match.value === 'end' && (
                <a class="button" href={holdAddress(filters)}>
                  {t.held.fromSearch}
                </a>
              )}
            </p>
          )}
          <CallList
            picking={choosing ? picks.picking : undefined}
            calls={calls}
            filters={filters}
            chosen={chosen}
            address={address}
            scroller={list}
            clear={() => route('/')}
          />
          {choosing && (
            <PickBar
              of={picks}
              all={erasable(calls.calls.value)}
              cancel={() => setChoosing(false)}
              done={() => setChoosing(false)}
            />
          )}
          <p class="calls-zone">{t.when.zone({ zone: zone() })}</p>
        </div>
      </section>
      {chosen ? <CallPage key={chosen} id={chosen} address={address} /> : wide.value && <ChooseOne />}
    </div>
  );
}

/** The calls whose recordings can be erased. */
const erasable = (calls: readonly CallSummary[] | null): string[] =>
  (calls ?? []).filter(({ recording }) => recording?.state === 'sealed').map(({ id }) => id);

function ChooseOne() {
  return (
    <section class="call-pane call-none" aria-labelledby="choose-title">
      <div>
        <h2 id="choose-title">{t.calls.chooseTitle}</h2>
        <p>{t.calls.choose}</p>
        <KeyTable lines={t.calls.chooseKeys} />
      </div>
    </section>
  );
}
