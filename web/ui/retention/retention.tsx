import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, TickIcon } from '../kit/icons.js';
import { TableLabel } from '../kit/table-label.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { count, percent } from '../messages/locale.js';
import { dateAndClock } from '../messages/when.js';
import { reportPage } from '../state/api-reports.js';
import { type Retention, retentionApi } from '../state/api-retention.js';
import { mayDo } from '../state/rights.js';
import { zone } from '../state/session.js';
import { useView } from '../state/use-view.js';
import { PagedTable } from './paged-table.js';
import { PickBar, usePicking } from './pick-bar.js';
import { RunDialog } from './run-dialog.js';
import { Running } from './running.js';
import { Storage } from './storage.js';

/** What is kept, what is due and what was erased: the answer in words, then the evidence. */
export function RetentionPage() {
  const { view: v, problem, load } = useView<Retention>((shown) => retentionApi.retention(shown !== null));
  const [asking, setAsking] = useState(false);
  const [ran, setRan] = useState('');
  const picks = usePicking();
  const may = mayDo('settings');
  const picking = may ? picks.picking : undefined;
  const done = (words: string) => {
    setRan(words);
    announce(words);
    load();
  };
  return (
    <div class="sheet retention">
      <header class="sheet-head">
        <h1>{t.retention.title}</h1>
        {v && <Answer view={v} />}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!v && problem === null && <p class="quiet">{t.common.loading}</p>}
      <Running over={load} />
      <div role="status">
        {ran && (
          <div class="note note-plain">
            <TickIcon />
            <p>{ran}</p>
          </div>
        )}
      </div>
      {v?.breaker.tripped && <Breaker view={v} />}
      {v && (
        <>
          {v.due_total > 0 && (
            <section aria-labelledby="due">
              <div class="section-head">
                <h2 id="due">{t.retention.dueTitle}</h2>
                {may && (
                  <button type="button" class="button button-alarm" onClick={() => setAsking(true)}>
                    {t.retention.run({ n: v.due_total })}
                  </button>
                )}
              </div>
              <p class="quiet">
                {v.breaker.tripped
                  ? t.retention.breakerCalm({ limit: percent(v.breaker.limit), n: v.breaker.count })
                  : t.retention.runIntro}
              </p>
              {v.begun > 0 && <p>{t.retention.begun({ n: v.begun })}</p>}
              {v.due.length > 0 && (
                <PagedTable
                  list="due"
                  first={v.due}
                  total={v.due_total - v.begun}
                  kind="kept"
                  picking={picking}
                />
              )}
            </section>
          )}
          <Protected view={v} />
          {v.names.days !== null && (
            <section aria-labelledby="names">
              <div class="section-head">
                <h2 id="names">{t.keeping.names.title}</h2>
                {may && v.names.due > 0 && v.due_total === 0 && (
                  <button type="button" class="button button-alarm" onClick={() => setAsking(true)}>
                    {t.keeping.names.run}
                  </button>
                )}
              </div>
              <p class="quiet">{t.keeping.names.due({ days: v.names.days, due: v.names.due })}</p>
            </section>
          )}
          <section aria-labelledby="next">
            <h2 id="next">{t.retention.nextTitle}</h2>
            {v.next.length > 0 ? (
              <PagedTable
                list="next"
                first={v.next}
                total={v.kept - v.for_ever - dueOf(v)}
                kind="kept"
                picking={picking}
              />
            ) : (
              <p class="quiet">{t.retention.nextNone}</p>
            )}
          </section>
          <ByRule view={v} />
          <Storage set={v.storage} />
          <section aria-labelledby="gone">
            <div class="section-head">
              <h2 id="gone">{t.retention.goneTitle}</h2>
              <a href="/certificates">{t.certificates.title}</a>
            </div>
            {v.gone.length > 0 ? (
              <PagedTable list="gone" first={v.gone} total={null} kind="gone" />
            ) : (
              <p class="quiet">{t.retention.goneNone}</p>
            )}
          </section>
        </>
      )}
      {picks.picked.size > 0 && <PickBar of={picks} cancel={() => {}} done={done} />}
      {asking && v && (
        <RunDialog view={v} close={() => setAsking(false)} done={(run) => done(t.retention.ran(run))} />
      )}
    </div>
  );
}

/** How many are due, protected or not. */
const dueOf = (v: Retention): number => v.rules.reduce((n, rule) => n + rule.due, 0);

function Protected({ view }: { view: Retention }) {
  const { legal_hold: hold, minimum } = view.protected_total;
  if (hold + minimum === 0) return null;
  return (
    <section aria-labelledby="protected">
      <h2 id="protected">{t.retention.protectedTitle}</h2>
      <p class="quiet">{t.retention.protectedIntro({ hold, minimum })}</p>
      <PagedTable list="protected" first={view.protected} total={hold + minimum} kind="protected" />
    </section>
  );
}

function ByRule({ view }: { view: Retention }) {
  if (view.rules.length === 0) return null;
  return (
    <section aria-labelledby="by-rule">
      <h2 id="by-rule">{t.retention.rulesTitle}</h2>
      <table class="table table-counts">
        <thead>
          <tr>
            <th scope="col">{t.retention.columns.rule}</th>
            <th scope="col">{t.retention.columns.kept}</th>
            <th scope="col">{t.retention.columns.forEver}</th>
            <th scope="col">{t.retention.columns.due}</th>
            <th scope="col">{t.retention.columns.protected}</th>
          </tr>
        </thead>
        <tbody>
          {view.rules.map((r) => (
            <tr key={r.rule}>
              <th scope="row">{r.rule === null ? t.retention.noRule : <Verbatim text={r.rule} />}</th>
              <Count n={r.kept} label={t.retention.columns.kept} />
              <Count n={r.for_ever} label={t.retention.columns.forEver} />
              <Count n={r.due} label={t.retention.columns.due} />
              <Count n={r.protected} label={t.retention.columns.protected} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Count({ n, label }: { n: number; label: string }) {
  return (
    <td>
      <TableLabel name={label} />
      {count(n)}
    </td>
  );
}

function Answer({ view }: { view: Retention }) {
  const { kept, for_ever: forEver, due_total: due } = view;
  return (
    <>
      <p class="answer">
        {kept === 0 ? t.retention.keptNone : t.retention.kept({ n: kept, forEver })}{' '}
        {due > 0 ? (
          <a href="#due">{(view.breaker.tripped ? t.retention.dueStopped : t.retention.due)({ n: due })}</a>
        ) : (
          t.retention.dueNone
        )}
      </p>
      <p class="quiet">
        {scheduleWords(view.schedule)} {t.retention.fromNowOn}{' '}
        {t.retention.asOf({ when: dateAndClock(view.now) })} {t.when.zone({ zone: zone() })}
      </p>
      <p>
        <a class="button" href={reportPage('retention')}>
          {t.reports.open}
        </a>
      </p>
    </>
  );
}

/** Says the usual cron expression, once a day at a time, in words. */
function scheduleWords(cron: string): string {
  const daily = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(cron.trim());
  if (!daily) return t.retention.cron({ expression: cron });
  return t.retention.everyDay({ clock: `${daily[2]?.padStart(2, '0')}:${daily[1]?.padStart(2, '0')}` });
}

function Breaker({ view }: { view: Retention }) {
  return (
    <div class="note note-warn">
      <AlarmIcon />
      <div>
        <p class="note-title">{t.retention.breakerTitle}</p>
        <p translate={false}>{view.breaker.reason}</p>
        <p>{t.retention.breaker}</p>
        <p>{t.retention.breakerHint}</p>
      </div>
    </div>
  );
}
