import { useEffect, useState } from 'preact/hooks';
import { type OpenSession, peopleApi } from '../api-people.js';
import { changes } from '../live.js';
import { t } from '../messages/en.js';
import { announce } from './announcer.js';
import { ErrorNote } from './error-note.js';
import { SessionList } from './session-list.js';

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
