import { useEffect } from 'preact/hooks';
import { wordsFor } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { Brand } from '../sign-in/sign-in.js';
import type { ApiError } from '../state/api.js';
import { session } from '../state/session.js';

/**
 * In place of every page, the sign-in page too, while the server can read nothing. It goes by itself. Nobody
 * can sign in meanwhile, an admin neither, so it also says what an admin can do.
 */
export function WaitingPage({ why }: { why: ApiError }) {
  const { message, hint, admins } = wordsFor(why);
  useEffect(() => {
    document.title = t.title({ page: t.waiting.title, site: session.value?.site.name ?? '' });
  }, []);
  return (
    <main class="door">
      <Brand />
      <h1>{t.waiting.title}</h1>
      <div class="note note-plain" role="status">
        <div>
          <p class="note-title">{message}</p>
          <p>{hint}</p>
          {admins && <p>{t.waiting.admins({ hint: admins })}</p>}
        </div>
      </div>
      <p class="door-note">{t.waiting.again}</p>
    </main>
  );
}
