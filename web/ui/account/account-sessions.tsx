import { useEffect, useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { type OpenSession, peopleApi } from '../state/api-people.js';
import { changes } from '../state/live.js';
import { SessionList } from './session-list.js';

/** Where one is signed in, ended one by one or all but this. */
export function AccountSessions({ again }: { again: number }) {
  const [sessions, setSessions] = useState<OpenSession[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const load = () => {
    peopleApi.sessions().then((view) => setSessions(view.sessions), setProblem);
  };
  const changed = changes.value;
  useEffect(load, [changed, again]);

  const end = (work: Promise<{ ended: number }>) => {
    setProblem(null);
    work.then(({ ended }) => {
      announce(t.people.sessions.ended({ n: ended }));
      load();
      document.getElementById('sessions-title')?.focus();
    }, setProblem);
  };
  const others = sessions?.some((session) => !session.this_one) ?? false;
  return (
    <section aria-labelledby="sessions-title">
      <div class="section-head">
        <h2 id="sessions-title" tabIndex={-1}>
          {t.account.sessions.title}
        </h2>
        {others && (
          <button type="button" class="button" onClick={() => end(peopleApi.endOthers())}>
            {t.people.sessions.endOthers}
          </button>
        )}
      </div>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {sessions === null ? (
        problem === null && <p class="quiet">{t.common.loading}</p>
      ) : (
        <SessionList sessions={sessions} end={(id) => end(peopleApi.endOne(id))} />
      )}
    </section>
  );
}
