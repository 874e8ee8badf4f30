import type { ErrorWords } from '../messages/en/errors.js';
import { t } from '../messages/language.js';
import { ApiError } from '../state/api.js';
import { mayDo } from '../state/rights.js';
import { AlarmIcon } from './icons.js';

/**
 * `said`: message and hint are the server's own, since the page has no words for this error. `admins`: what an admin can do, where
 * the hint is for others.
 */
type Words = { message: string; hint: string; admins?: string; detail: string; id: string; said: boolean };

/** The words for whatever went wrong: what happened, what to do, what was special about it. */
export function wordsFor(problem: unknown): Words {
  const { code, message, hint, detail, requestId } =
    problem instanceof ApiError ? problem : new ApiError(400, { detail: String(problem) });
  const own: ErrorWords | undefined = t.errors.own[code];
  if (own) return { ...own, detail: code === 'unexpected' ? detail : '', id: '', said: false };
  const known = t.errors.server[code];
  const more = { detail: message.includes(detail) ? '' : detail, id: requestId };
  if (!known) return { message, hint, ...more, said: true };
  const { others } = known;
  if (others === undefined || mayDo('settings'))
    return { message: known.message, hint: known.hint, ...more, said: false };
  return { message: known.message, hint: others, admins: known.hint, ...more, said: false };
}

/** `retryLabel`: what the button says, where it does more than try again. */
type Props = { problem: unknown; retry?: () => void; retryLabel?: string };

export function ErrorNote({ problem, retry, retryLabel = t.common.retry }: Props) {
  const words = wordsFor(problem);
  return (
    <div class="note note-alarm" role="alert">
      <AlarmIcon />
      <div>
        <p class="note-title" translate={words.said ? false : undefined}>
          {words.message}
        </p>
        {words.hint && <p translate={words.said ? false : undefined}>{words.hint}</p>}
        {words.detail && (
          <p class="note-detail" translate={false}>
            {words.detail}
          </p>
        )}
        {words.id && <p class="note-detail">{t.common.requestId({ id: words.id })}</p>}
        {retry && (
          <p>
            <button type="button" class="button" onClick={retry}>
              {retryLabel}
            </button>
          </p>
        )}
      </div>
    </div>
  );
}
