import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, DownloadIcon, TickIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { percent } from '../messages/locale.js';
import { dateAndClock } from '../messages/when.js';
import { api, type Retention, type RetentionRun, retentionCsv } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { zone } from '../state/session.js';
import { useView } from '../state/use-view.js';
import { RetentionTable } from './retention-table.js';
import { RunDialog } from './run-dialog.js';

/** What is kept, what goes and what went: the answer in words, then the evidence. */
export function RetentionPage() {
  const { view: v, problem, load } = useView<Retention>((shown) => api.retention(shown !== null));
  const [asking, setAsking] = useState(false);
  const [ran, setRan] = useState<RetentionRun | null>(null);
  return (
    <div class="sheet retention">
      <header class="sheet-head">
        <h1>{t.retention.title}</h1>
        {v && <Answer view={v} />}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!v && problem === null && <p class="quiet">{t.common.loading}</p>}
      <div role="status">
        {ran && (
          <div class="note note-plain">
            <TickIcon />
            <p>{t.retention.ran(ran)}</p>
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
                {mayDo('settings') && (
                  <button type="button" class="button button-alarm" onClick={() => setAsking(true)}>
                    {t.retention.run({ n: v.due_total })}
                  </button>
                )}
              </div>
              <p class="quiet">
                {v.breaker.tripped
                  ? t.retention.breakerCalm({ limit: percent(v.breaker.limit) })
                  : t.retention.runIntro}
              </p>
              <RetentionTable items={v.due} kind="kept" />
              {v.due_total > v.due.length && (
                <p class="quiet">{t.retention.more({ n: v.due_total - v.due.length })}</p>
              )}
            </section>
          )}
          <section aria-labelledby="next">
            <h2 id="next">{t.retention.nextTitle}</h2>
            {v.next.length > 0 ? (
              <RetentionTable items={v.next} kind="kept" />
            ) : (
              <p class="quiet">{t.retention.nextNone}</p>
            )}
          </section>
          <section aria-labelledby="gone">
            <h2 id="gone">{t.retention.goneTitle}</h2>
            {v.gone.length > 0 ? (
              <RetentionTable items={v.gone} kind="gone" />
            ) : (
              <p class="quiet">{t.retention.goneNone}</p>
            )}
          </section>
        </>
      )}
      {asking && v && (
        <RunDialog
          view={v}
          close={() => setAsking(false)}
          done={(run) => {
            setRan(run);
            announce(t.retention.ran(run));
            load();
          }}
        />
      )}
    </div>
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
        <a class="button" href={retentionCsv()} download>
          <DownloadIcon />
          {t.retention.csv}
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
