import { Moment } from '../kit/moment.js';
import { Sentence } from '../kit/sentence.js';
import { Verbatim } from '../kit/verbatim.js';
import { browserWords } from '../messages/browser.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { OpenSession } from '../state/api-people.js';

/** Where somebody is signed in, each with a way to end it. */
export function SessionList({ sessions, end }: { sessions: OpenSession[]; end: (id: string) => void }) {
  if (sessions.length === 0) return <p class="quiet">{t.people.sessions.none}</p>;
  return (
    <ul class="lines">
      {sessions.map((session) => {
        const browser = browserWords(session.agent);
        return (
          <li key={session.id} class="line">
            <div class="line-text">
              <p class="line-name" title={clean(session.agent)} data-said="title">
                {browser}
                {session.this_one && <span class="tag">{t.people.sessions.thisOne}</span>}
              </p>
              <p class="quiet">
                <Sentence
                  of={t.people.sessions.where}
                  parts={{
                    address: <Verbatim text={session.address} />,
                    since: <Moment at={session.created_at} />,
                    seen: <Moment at={session.seen_at} />,
                  }}
                />
              </p>
            </div>
            {!session.this_one && (
              <button
                type="button"
                class="button"
                aria-label={t.people.sessions.endThat({ browser, address: clean(session.address) })}
                onClick={() => end(session.id)}
              >
                {t.people.sessions.end}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
