import { useState } from 'preact/hooks';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { peopleApi } from '../state/api-people.js';
import { useView } from '../state/use-view.js';
import { SessionList } from './session-list.js';

/** Where one is signed in, ended one by one or all but this. */
export function AccountSessions({ again }: { again: number }) {
  const { view, problem: unread, load } = useView(() => peopleApi.sessions(), again);
  const [failed, setFailed] = useState<unknown>(null);
  const sessions = view?.sessions ?? null;
  const problem = failed ?? unread;

  const end = (work: Promise<{ ended: number }>) => {
    setFailed(null);
    work.then(({ ended }) => {
      announce(t.people.sessions.ended({ n: ended }));
      load();
      document.getElementById('sessions-title')?.focus();
    }, setFailed);
  };
  const retry = () => {
    setFailed(null);
    load();
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
      {problem !== null && <ErrorNote problem={problem} retry={retry} />}
      {sessions === null ? (
        problem === null && <p class="quiet">{t.common.loading}</p>
      ) : (
        <SessionList sessions={sessions} end={(id) => end(peopleApi.endOne(id))} />
      )}
    </section>
  );
}
