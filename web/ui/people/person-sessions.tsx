import { useEffect, useState } from 'preact/hooks';
import { SessionList } from '../account/session-list.js';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { type OpenSession, peopleApi } from '../state/api-people.js';
import { changes } from '../state/live.js';

/** Where somebody else is signed in, for an admin to end. */
export function PersonSessions({ id }: { id: string }) {
  const [sessions, setSessions] = useState<OpenSession[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const load = () => {
    peopleApi.sessionsOf(id).then((view) => setSessions(view.sessions), setProblem);
  };
  const changed = changes.value;
  useEffect(load, [changed, id]);

  const end = (work: Promise<{ ended: number }>, says: (ended: number) => string) => {
    setProblem(null);
    work.then(({ ended }) => {
      announce(says(ended));
      load();
      document.getElementById('person-sessions-title')?.focus();
    }, setProblem);
  };
  return (
    <section aria-labelledby="person-sessions-title">
      <div class="section-head">
        <h2 id="person-sessions-title" tabIndex={-1}>
          {t.people.sessions.title}
        </h2>
        {sessions !== null && (
          <button
            type="button"
            class="button"
            onClick={() => end(peopleApi.endAllOf(id), () => t.people.sessions.endedAll)}
          >
            {t.people.sessions.endAll}
          </button>
        )}
      </div>
      <p class="quiet">{t.people.sessions.endAllHelp}</p>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {sessions && (
        <SessionList
          sessions={sessions}
          end={(session) =>
            end(peopleApi.endOneOf(id, session), (ended) => t.people.sessions.ended({ n: ended }))
          }
        />
      )}
    </section>
  );
}
