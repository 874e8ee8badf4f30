import { useEffect } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { TickIcon } from '../kit/icons.js';
import { ProblemNote } from '../kit/problem-note.js';
import { t } from '../messages/language.js';
import { exact } from '../messages/when.js';
import { api, type FullStatus } from '../state/api.js';
import { status } from '../state/live.js';
import { zone } from '../state/session.js';
import { useView } from '../state/use-view.js';
import { HealthAlarms, HealthAlerts } from './health-alarms.js';
import { HealthCalls } from './health-calls.js';
import { Blind, Fact, Machine, Pbx, Recording } from './health-facts.js';
import { JobPanel } from './job-panel.js';
import { runbookOf } from './runbooks.js';

const FRESH_MS = 5000;

/** Green, or what is wrong and what to do; then all that is known. */
export function HealthPage() {
  const ask = async () => ({ status: await api.status(), at: Date.now() });
  const { view, problem, load } = useView(ask, status.value);
  useEffect(() => {
    const timer = setInterval(load, FRESH_MS);
    return () => clearInterval(timer);
  }, []);

  const s = view?.status;
  return (
    <div class="sheet health">
      <header class="sheet-head">
        <h1>{t.health.title}</h1>
        <div role="status">{s && <Answer health={s.health} reminders={s.reminders} />}</div>
        {view && (
          <p class="quiet">
            {t.health.asOf({ when: exact(view.at) })} {t.when.zone({ zone: zone() })}
          </p>
        )}
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!s && problem === null && <p class="quiet">{t.common.loading}</p>}
      {s && s.health.problems.length > 0 && (
        <ul class="health-problems">
          {s.health.problems.map((p) => (
            <li key={`${p.code} ${p.message}`}>
              <ProblemNote problem={p} help={runbookOf(p.code)} />
            </li>
          ))}
        </ul>
      )}
      {s && s.reminders.length > 0 && (
        <ul class="health-problems">
          {s.reminders.map((r) => (
            <li key={r.message}>
              <ProblemNote problem={{ ...r, severity: 'warning' }} />
            </li>
          ))}
        </ul>
      )}
      {s?.daemon === 'down' && <p class="quiet">{t.health.downNote}</p>}
      {s?.daemon === 'up' && (
        <>
          <HealthCalls calls={s.calls} />
          <div class="health-facts">
            {s.pbxes.map((pbx) => (
              <Pbx key={pbx.id} pbx={pbx} several={s.pbxes.length > 1} />
            ))}
            <Recording s={s} check={<Check jobs={s.jobs} reload={load} />}>
              <Imports jobs={s.jobs} reload={load} />
            </Recording>
            <Machine s={s} />
          </div>
          <HealthAlerts channels={s.alerts} />
          <HealthAlarms standing={s.alarms} past={s.past_alarms} />
          <Blind windows={s.blind} />
        </>
      )}
    </div>
  );
}

/** Reading every recording again now. */
function Check({ jobs, reload }: { jobs: FullStatus['jobs']; reload: () => void }) {
  const { check: words } = t.vault;
  const start = { does: api.checkRecordings, label: words.start, begun: words.begun };
  return <JobPanel {...{ jobs, kind: 'recordings_check', words, start, reload }} />;
}

/** The newest import of another recorder's recordings, where there was one. */
function Imports({ jobs, reload }: { jobs: FullStatus['jobs']; reload: () => void }) {
  if (!jobs.some(({ kind }) => kind === 'import')) return null;
  return (
    <Fact name={t.vault.import.title}>
      <JobPanel {...{ jobs, kind: 'import', words: t.vault.import, reload }} />
    </Fact>
  );
}

type AnswerProps = Pick<FullStatus, 'health' | 'reminders'>;

function Answer({ health, reminders }: AnswerProps) {
  if (health.problems.length > 0)
    return <p class={`answer answer-${health.level}`}>{t.health.problems({ n: health.problems.length })}</p>;
  if (reminders.length > 0) return <p class="answer answer-amber">{t.health.unwatched}</p>;
  return (
    <p class="answer answer-green">
      <TickIcon /> {t.health.green}
    </p>
  );
}
