import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { AlarmIcon, DownloadIcon, TickIcon } from '../kit/icons.js';
import { t } from '../messages/en/messages.js';
import { count, dateAndClock, percent } from '../messages/when.js';
import { api, type Retention, type RetentionRun, retentionCsv } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { zone } from '../state/session.js';
import { useView } from '../state/use-view.js';
import { RetentionTable } from './retention-table.js';
import { RunDialog } from './run-dialog.js';

const words = t.retention;

/** What is kept, what goes and what went: the answer in words, then the evidence. */
export function RetentionPage() {
  const { view: v, problem, load } = useView<Retention>((shown) => api.retention(shown !== null));
  const [asking, setAsking] = useState(false);
  const [ran, setRan] = useState<RetentionRun | null>(null);
  return (
    <div class="sheet retention">
      <header class="sheet-head">
        <h1>{words.title}</h1>
        {v && <Answer view={v} />}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!v && problem === null && <p class="quiet">{t.common.loading}</p>}
      <div role="status">
        {ran && (
          <div class="note note-plain">
            <TickIcon />
            <p>{words.ran(count(ran.erased), ran.failed, ran.left)}</p>
          </div>
        )}
      </div>
      {v?.breaker.tripped && <Breaker view={v} />}
      {v && (
        <>
          {v.due_total > 0 && (
            <section aria-labelledby="due">
              <div class="section-head">
                <h2 id="due">{words.dueTitle}</h2>
                {mayDo('settings') && (
                  <button type="button" class="button button-alarm" onClick={() => setAsking(true)}>
                    {words.run(count(v.due_total), v.due_total === 1)}
                  </button>
                )}
              </div>
              <p class="quiet">
                {v.breaker.tripped ? words.breakerCalm(percent(v.breaker.limit)) : words.runIntro}
              </p>
              <RetentionTable items={v.due} kind="kept" />
              {v.due_total > v.due.length && (
                <p class="quiet">{words.more(count(v.due_total - v.due.length))}</p>
              )}
            </section>
          )}
          <section aria-labelledby="next">
            <h2 id="next">{words.nextTitle}</h2>
            {v.next.length > 0 ? (
              <RetentionTable items={v.next} kind="kept" />
            ) : (
              <p class="quiet">{words.nextNone}</p>
            )}
          </section>
          <section aria-labelledby="gone">
            <h2 id="gone">{words.goneTitle}</h2>
            {v.gone.length > 0 ? (
              <RetentionTable items={v.gone} kind="gone" />
            ) : (
              <p class="quiet">{words.goneNone}</p>
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
            announce(words.ran(count(run.erased), run.failed, run.left));
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
        {kept === 0 ? (
          words.keptNone
        ) : (
          <>
            {words.kept(count(kept), kept === 1)}
            {forEver > 0 && `; ${words.forEver(count(forEver))}`}.
          </>
        )}{' '}
        {due > 0 ? (
          <a href="#due">{(view.breaker.tripped ? words.dueStopped : words.due)(count(due), due === 1)}</a>
        ) : (
          words.dueNone
        )}
      </p>
      <p class="quiet">
        {words.schedule(scheduleWords(view.schedule))} {words.fromNowOn} {words.asOf(dateAndClock(view.now))}{' '}
        {t.when.zone(zone())}
      </p>
      <p>
        <a class="button" href={retentionCsv()} download>
          <DownloadIcon />
          {words.csv}
        </a>
      </p>
    </>
  );
}

/** Says the usual cron expression, once a day at a time, in words. */
function scheduleWords(cron: string): string {
  const daily = /^(\d{1,2}) (\d{1,2}) \* \* \*$/.exec(cron.trim());
  if (!daily) return words.cron(cron);
  return words.everyDay(`${daily[2]?.padStart(2, '0')}:${daily[1]?.padStart(2, '0')}`);
}

function Breaker({ view }: { view: Retention }) {
  return (
    <div class="note note-warn">
      <AlarmIcon />
      <div>
        <p class="note-title">{words.breakerTitle}</p>
        <p>{view.breaker.reason}</p>
        <p>{words.breaker}</p>
        <p>{words.breakerHint}</p>
      </div>
    </div>
  );
}
