import { useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { left } from '../kit/use-form.js';
import { Verbatim } from '../kit/verbatim.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import { date } from '../messages/when.js';
import { holdsApi } from '../state/api-holds.js';
import { useView } from '../state/use-view.js';
import { AddCall, AskRelease, Releases } from './acts.js';
import { HeldCalls, NotHeldCalls } from './calls.js';
import { ChangeQuery } from './change-query.js';
import { queryWords } from './query-words.js';

/** One matter: what it holds, what it does not hold and why, and its release. */
export function MatterPage({ id }: { id: string }) {
  const { view: detail, problem, load } = useView(() => holdsApi.get(id));
  const matter = detail?.matter;
  const [changing, setChanging] = useState(false);
  const away = () => left(() => setChanging(false), 'matter-query');
  return (
    <div class="sheet holds">
      <p>
        <a href="/holds">{t.holds.back}</a>
      </p>
      <header class="sheet-head">
        <h1>{matter ? <Verbatim text={matter.name} /> : t.holds.title}</h1>
        {matter && <p class="answer">{t.holds.states[matter.state]}</p>}
        {matter?.state === 'applying' && <p class="quiet">{t.holds.applyingHelp}</p>}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!detail && problem === null && <p class="quiet">{t.common.loading}</p>}
      {detail && matter && (
        <>
          <dl class="holds-facts">
            <dt>{t.holds.facts.reason}</dt>
            <dd>
              <Verbatim text={matter.reason} />
            </dd>
            <dt>{t.holds.facts.opened}</dt>
            <dd>{t.holds.openedBy({ who: clean(matter.opened_by), day: date(matter.opened_at) })}</dd>
            <dt>{t.holds.facts.query}</dt>
            <dd>{matter.query ? queryWords(matter.query) : t.holds.noQuery}</dd>
            <dt>{t.holds.facts.held}</dt>
            <dd>{t.holds.held(matter.held)}</dd>
          </dl>
          <div class="holds-acts">
            <a class="button" href={holdsApi.report(id)} download>
              {t.holds.report}
            </a>
            {matter.state !== 'released' && <AddCall id={id} done={load} />}
            {(matter.state === 'open' || matter.state === 'applying') && (
              <>
                <button
                  id="matter-query"
                  type="button"
                  class="button"
                  aria-expanded={changing}
                  onClick={() => setChanging(!changing)}
                >
                  {t.holds.change.button}
                </button>
                <AskRelease matter={matter} done={load} />
              </>
            )}
          </div>
          {changing && (
            <ChangeQuery
              matter={matter}
              cancel={away}
              done={() => {
                away();
                load();
              }}
            />
          )}
          <Releases detail={detail} done={load} />
          <HeldCalls
            key={`held ${matter.state} ${matter.held.query} ${matter.held.picked}`}
            matter={matter}
            done={load}
          />
          {matter.query && <NotHeldCalls key={`not ${JSON.stringify(matter.query)}`} id={id} />}
        </>
      )}
    </div>
  );
}
