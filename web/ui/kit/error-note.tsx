import { t } from '../messages/language.js';
import { ApiError } from '../state/api.js';
import { AlarmIcon } from './icons.js';

/** The words for whatever went wrong: what happened, what to do, what was special about it. */
export function wordsFor(problem: unknown): { message: string; hint: string; detail: string; id: string } {
  if (!(problem instanceof ApiError) || problem.code === 'unexpected')
    return {
      message: t.errors.unexpected,
      hint: t.errors.unexpectedHint,
      detail: problem instanceof ApiError ? problem.detail : String(problem),
      id: '',
    };
  if (problem.code === 'unreachable')
    return { message: t.errors.unreachable, hint: t.errors.unreachableHint, detail: '', id: '' };
  if (problem.code === 'passkey_cancelled')
    return { message: t.factors.cancelled, hint: t.factors.cancelledHint, detail: '', id: '' };
  if (problem.code === 'cannot_play')
    return { message: t.player.cannot, hint: t.player.cannotHint, detail: '', id: '' };
  const detail = problem.message.includes(problem.detail) ? '' : problem.detail;
  return { message: problem.message, hint: problem.hint, detail, id: problem.requestId };
}

export function ErrorNote({ problem, retry }: { problem: unknown; retry?: () => void }) {
  const words = wordsFor(problem);
  return (
    <div class="note note-alarm" role="alert">
      <AlarmIcon />
      <div>
        <p class="note-title">{words.message}</p>
        {words.hint && <p>{words.hint}</p>}
        {words.detail && <p class="note-detail">{words.detail}</p>}
        {words.id && <p class="note-detail">{t.common.requestId({ id: words.id })}</p>}
        {retry && (
          <p>
            <button type="button" class="button" onClick={retry}>
              {t.common.retry}
            </button>
          </p>
        )}
      </div>
    </div>
  );
}
