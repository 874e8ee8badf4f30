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
import { percentage } from '../messages/locale.js';
import { dateAndClock } from '../messages/when.js';
import { api, type Coverage, type CoverageQuery } from '../state/api.js';
import { reportPage } from '../state/api-reports.js';
import { changes } from '../state/live.js';
import { CoverageDays } from './coverage-days.js';
import { CoverageHow, isUnknown } from './coverage-how.js';
import { CoverageList } from './coverage-list.js';

type Filter = keyof typeof t.coverage.filters;
type Wanted = { from: string; to: string; pbx: string; status: Filter };

const wantedIn = (query: Record<string, string>): Wanted => ({
  from: dayIn(query.from),
  to: dayIn(query.to),
  pbx: pbxIn(query.pbx),
  status: Object.hasOwn(t.coverage.filters, query.status ?? '') ? (query.status as Filter) : 'exceptions',
});
const queryOf = ({ from, to, pbx, status }: Wanted): CoverageQuery => ({
  from: from || undefined,
  to: to || undefined,
  pbx: pbx || undefined,
  status: status === 'exceptions' ? undefined : status,
});
const addressOf = (wanted: Wanted): string => {
  const given = Object.entries(queryOf(wanted)).filter(([, v]) => v !== undefined) as [string, string][];
  return `/coverage${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`;
};

/** What became of every answered call: the answer in words, the exceptions, the days, and how the figure was made. */
export function CoveragePage() {
  const { query, route } = useLocation();
  const wanted = wantedIn(query);
  const key = addressOf(wanted);
  const view = useSignal<Coverage | null>(null);
  const problem = useSignal<unknown>(null);
  const asked = useRef<AbortController | null>(null);
  const shown = useRef('');
  const load = () => {
    asked.current?.abort();
    const mine = new AbortController();
    asked.current = mine;
    const again = shown.current === key;
    shown.current = key;
    api.coverage(queryOf(wanted), mine.signal, again).then(
      (v) => {
        view.value = v;
        problem.value = null;
      },
      (cause) => {
        if (mine.signal.aborted) return;
        problem.value = cause;
        if (!again) view.value = null; // those figures are of another period
      },
    );
  };
  const changed = changes.value;
  useEffect(load, [key, changed]);
  useEffect(() => () => asked.current?.abort(), []);

  const v = view.value;
  const found = v && v.filter === wanted.status ? v.calls_total : null;
  const heard = useRef(key);
  useEffect(() => {
    if (found === null || heard.current === key) return;
    heard.current = key;
    announce(t.calls.found({ n: found, more: false }));
  }, [found, key]);

  const change = (part: Partial<Wanted>) => route(addressOf({ ...wanted, ...part }), true);
  return (
    <div class="sheet coverage">
      <header class="sheet-head">
        <h1>{t.coverage.title}</h1>
        {v && <Answer view={v} address={(status) => addressOf({ ...wanted, status })} />}
      </header>
      {problem.value !== null && <ErrorNote problem={problem.value} retry={load} />}
      {!v && problem.value === null && <p class="quiet">{t.common.loading}</p>}
      {(v || problem.value !== null) && <Filters wanted={wanted} view={v} change={change} />}
      {v && (
        <>
          <section aria-labelledby="list">
            <h2 id="list">{t.coverage.listTitle[v.filter]}</h2>
            <CoverageList view={v} />
          </section>
          {!isUnknown(v) && (
            <section aria-labelledby="days">
              <h2 id="days">{t.coverage.daysTitle}</h2>
              <CoverageDays days={v.days} address={(d) => addressOf({ ...wanted, from: d, to: d })} />
            </section>
          )}
          <CoverageHow view={v} />
        </>
      )}
    </div>
  );
}

type FiltersProps = { wanted: Wanted; view: Coverage | null; change: (part: Partial<Wanted>) => void };

function Filters({ wanted, view, change }: FiltersProps) {
  return (
    <ReportFilters
      {...{ wanted, shown: view, change }}
      filter={wanted.status}
      filters={t.coverage.filters}
      choose={(status) => change({ status })}
    >
      <a class="button" href={reportPage('coverage', view ?? wanted)}>
        {t.reports.open}
      </a>
    </ReportFilters>
  );
}

const REST = [
  'not_recorded',
  'partial',
  'differs',
  'surplus',
  'excluded',
  'declined',
  'not_kept',
  'pending',
  'imported',
] as const;

function Answer({ view, address }: { view: Coverage; address: (status: Filter) => string }) {
  const { totals, percent, target_percent: target } = view;
  const rest = REST.filter((kind) => totals[kind] > 0);
  const low = percent !== null && percent < target;
  const all = totals.covered === totals.eligible;
  return (
    <>
      <p class="answer coverage-answer">
        {isUnknown(view) ? (
          t.coverage.unknown
        ) : percent === null ? (
          t.coverage.nothing
        ) : (
          <>
            {low ? <AlarmIcon class="coverage-low" /> : <TickIcon class="coverage-good" />}{' '}
            <Sentence
              of={({ percent: figure }) =>
                all
                  ? t.coverage.all({ n: totals.eligible, percent: figure })
                  : t.coverage.answer({ ...totals, percent: figure })
              }
              parts={{ percent: <strong>{percentage(percent)}</strong> }}
            />
          </>
        )}{' '}
        {low && t.coverage.below({ target: percentage(target) })}
      </p>
      {rest.length > 0 && (
        <p>
          <Sentence
            of={(marks) => t.coverage.allOfRest({ parts: Object.values(marks) })}
            parts={Object.fromEntries(
              rest.map((kind) => [
                kind,
                <a key={kind} href={address(kind)}>
                  {t.coverage.rest[kind]({ n: totals[kind] })}
                </a>,
              ]),
            )}
          />
        </p>
      )}
      {view.witness === null && totals.answered > 0 && <p class="note note-warn">{t.coverage.noWitness}</p>}
      <Caveats view={view} />
    </>
  );
}

/** What keeps the answer above from being the whole truth. */
function Caveats({ view }: { view: Coverage }) {
  const since = view.since === null ? '' : dateAndClock(view.since);
  const witnessed = view.witness !== null;
  const said = view.caveats.map((code) => t.coverage.caveats[code]({ since, witnessed })).filter(Boolean);
  if (said.length === 0) return null;
  return (
    <div class="coverage-caveats">
      <p class="quiet">{t.common.label({ name: t.coverage.caveatsTitle })}</p>
      <ul>
        {said.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}
