import { useEffect, useState } from 'preact/hooks';
import { SessionList } from '../account/session-list.js';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/en/messages.js';
import { type OpenSession, peopleApi } from '../state/api-people.js';
import { changes } from '../state/live.js';

const words = t.people.sessions;

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
          {words.title}
        </h2>
        {sessions !== null && (
          <button
            type="button"
            class="button"
            onClick={() => end(peopleApi.endAllOf(id), () => words.endedAll)}
          >
            {words.endAll}
          </button>
        )}
      </div>
      <p class="quiet">{words.endAllHelp}</p>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {sessions && (
        <SessionList
          sessions={sessions}
          end={(session) => end(peopleApi.endOneOf(id, session), words.ended)}
        />
      )}
    </section>
  );
}
