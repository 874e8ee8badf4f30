import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { dayIn, pbxIn } from '../calls/filters.js';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, TickIcon } from '../kit/icons.js';
import { ReportFilters } from '../kit/report-filters.js';
import { Sentence } from '../kit/sentence.js';
import { t } from '../messages/language.js';
import { count } from '../messages/locale.js';
import { dateAndClock } from '../messages/when.js';
import { api, type Consent, type ConsentQuery } from '../state/api.js';
import { reportPage } from '../state/api-reports.js';
import { zone } from '../state/session.js';
import { ConsentList } from './consent-list.js';
import { ConsentTotals } from './consent-totals.js';

type Filter = keyof typeof t.consent.filters;
type Wanted = { from: string; to: string; pbx: string; show: Filter; page: number };

const pageIn = (text = ''): number => (/^[1-9]\d{0,4}$/.test(text) ? Number(text) : 1);
const wantedIn = (query: Record<string, string>): Wanted => ({
  from: dayIn(query.from),
  to: dayIn(query.to),
  pbx: pbxIn(query.pbx),
  show: Object.hasOwn(t.consent.filters, query.show ?? '') ? (query.show as Filter) : 'exceptions',
  page: pageIn(query.page),
});
const queryOf = ({ from, to, pbx, show, page }: Wanted): ConsentQuery => ({
  from: from || undefined,
  to: to || undefined,
  pbx: pbx || undefined,
  show: show === 'exceptions' ? undefined : show,
  page: page === 1 ? undefined : page,
});
const addressOf = (wanted: Wanted): string => {
  const given = Object.entries(queryOf(wanted)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, `${value}`]],
  );
  return `/consent-report${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`;
};

/** How people were told that calls are recorded, and what they answered: the answer in words, the exceptions, and all in figures. */
export function ConsentPage() {
  const { query, route } = useLocation();
  const wanted = wantedIn(query);
  const key = addressOf(wanted);
  const view = useSignal<Consent | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(true);
  const asked = useRef<AbortController | null>(null);
  const load = () => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    busy.value = true;
    api.consent(queryOf(wanted), mine.signal).then(
      (v) => {
        if (asked.current !== mine) return;
        [view.value, problem.value, busy.value] = [v, null, false];
        announce(t.calls.found({ n: v.calls_total, more: false }));
      },
      (cause) => {
        if (mine.signal.aborted) return;
        [view.value, problem.value, busy.value] = [null, cause, false];
      },
    );
  };
  // It is made anew when that is asked for, and not whenever a call changes.
  useEffect(load, [key]);
  useEffect(() => () => asked.current?.abort(), []);

  const v = view.value;
  const change = (part: Partial<Wanted>) => route(addressOf({ ...wanted, page: 1, ...part }), true);
  return (
    <div class="sheet consent" aria-busy={busy.value}>
      <header class="sheet-head">
        <h1>{t.consent.title}</h1>
        {v && <Answer view={v} address={(show) => addressOf({ ...wanted, page: 1, show })} />}
      </header>
      {problem.value !== null && <ErrorNote problem={problem.value} retry={load} />}
      {!v && busy.value && <p class="quiet">{t.consent.working}</p>}
      {(v || problem.value !== null) && (
        <Filters wanted={wanted} view={v} change={change} load={load} busy={busy.value} />
      )}
      {v && (
        <>
          <section aria-labelledby="list">
            <h2 id="list">{t.consent.listTitle[v.filter]}</h2>
            <ConsentList view={v} />
            <Pages view={v} address={(page) => addressOf({ ...wanted, page })} />
          </section>
          {v.totals.calls > 0 && (
            <ConsentTotals totals={v.totals} address={(show) => addressOf({ ...wanted, page: 1, show })} />
          )}
          <section class="consent-how" aria-labelledby="how">
            <h2 id="how">{t.consent.howTitle}</h2>
            <p>{t.consent.how}</p>
            <p class="quiet">
              {t.retention.asOf({ when: dateAndClock(v.now) })} {t.when.zone({ zone: zone() })}{' '}
              {t.telling.notice}
            </p>
          </section>
        </>
      )}
    </div>
  );
}

type FiltersProps = {
  wanted: Wanted;
  view: Consent | null;
  change: (part: Partial<Wanted>) => void;
  load: () => void;
  busy: boolean;
};

function Filters({ wanted, view, change, load, busy }: FiltersProps) {
  return (
    <ReportFilters
      {...{ wanted, shown: view, change }}
      filter={wanted.show}
      filters={t.consent.filters}
      choose={(show) => change({ show })}
    >
      <button type="button" class="button" onClick={load} disabled={busy}>
        {t.consent.refresh}
      </button>
      <a class="button" href={reportPage('consent', view ?? wanted)}>
        {t.reports.open}
      </a>
    </ReportFilters>
  );
}

const REST = [
  'not_found',
  'not_agreed',
  'refused_kept',
  'keys_unheard',
  'purpose_unsaid',
  'refused',
  'agreed',
  'stated',
  'pending',
] as const;

function Answer({ view, address }: { view: Consent; address: (show: Filter) => string }) {
  const { totals, since } = view;
  const figures = { ...totals.findings, ...totals.statuses, purpose_unsaid: totals.purpose.unsaid };
  const rest = REST.filter((kind) => figures[kind] > 0);
  const { untold } = totals.findings;
  const began = since && since.slice(0, 10) > view.from;
  return (
    <>
      <p class="answer">
        {totals.calls === 0 ? (
          since === null ? (
            t.consent.unknown
          ) : (
            t.consent.nothing
          )
        ) : untold > 0 ? (
          <>
            <AlarmIcon class="coverage-low" />{' '}
            <a href={address('untold')}>{t.consent.untold({ n: totals.calls, untold })}</a>
          </>
        ) : (
          <>
            <TickIcon class="coverage-good" /> {t.consent.all({ n: totals.calls - totals.told.pending })}
          </>
        )}
      </p>
      {rest.length > 0 && (
        <p>
          <Sentence
            of={(marks) => t.consent.allOfRest({ parts: Object.values(marks) })}
            parts={Object.fromEntries(
              rest.map((kind) => [
                kind,
                <a key={kind} href={address(kind)}>
                  {t.consent.rest[kind]({ n: figures[kind] })}
                </a>,
              ]),
            )}
          />
        </p>
      )}
      {view.only_in_cdrs > 0 && (
        <p>
          <a href={`/coverage?${new URLSearchParams({ from: view.from, to: view.to, show: 'unexplained' })}`}>
            {t.consent.onlyInCdrs({ n: view.only_in_cdrs })}
          </a>
        </p>
      )}
      {began && <p class="quiet">{t.consent.installed({ since: dateAndClock(since) })}</p>}
    </>
  );
}

function Pages({ view: { page, pages }, address }: { view: Consent; address: (page: number) => string }) {
  if (pages === 1 && page === 1) return null;
  return (
    <nav class="consent-pages" aria-label={t.consent.pagesLabel}>
      {page > 1 && <a href={address(Math.min(page - 1, pages))}>{t.consent.newer}</a>}
      <span>{t.consent.page({ page: count(page), pages: count(pages) })}</span>
      {page < pages && <a href={address(page + 1)}>{t.consent.older}</a>}
    </nav>
  );
}
