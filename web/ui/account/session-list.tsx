import { Moment } from '../kit/moment.js';
import { browserWords } from '../messages/browser.js';
import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import type { OpenSession } from '../state/api-people.js';

const words = t.people.sessions;

/** Where somebody is signed in, each with a way to end it. */
export function SessionList({ sessions, end }: { sessions: OpenSession[]; end: (id: string) => void }) {
  if (sessions.length === 0) return <p class="quiet">{words.none}</p>;
  return (
    <ul class="lines">
      {sessions.map((session) => {
        const browser = browserWords(session.agent);
        return (
          <li key={session.id} class="line">
            <div class="line-text">
              <p class="line-name" title={clean(session.agent)}>
                {browser}
                {session.this_one && <span class="tag">{words.thisOne}</span>}
              </p>
              <p class="quiet">
                {words.from(clean(session.address))}, {words.since('')}
                <Moment at={session.created_at} />, {words.seen('')}
                <Moment at={session.seen_at} />
              </p>
            </div>
            {!session.this_one && (
              <button
                type="button"
                class="button"
                aria-label={words.endThat(`${browser}, ${words.from(clean(session.address))}`)}
                onClick={() => end(session.id)}
              >
                {words.end}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
