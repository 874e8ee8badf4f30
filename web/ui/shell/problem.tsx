import { AlarmIcon } from '../kit/icons.js';
import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { Status } from '../state/api.js';
import { mayDo } from '../state/rights.js';

/** One sentence over every page when something critical is wrong, and what to do. The health page says it itself. */
export function Problem({ status, path }: { status: Status; path: string }) {
  const problems = path === '/health' ? [] : criticalOf(status);
  const [worst] = problems;
  const more = problems.length - 1;
  return (
    <div role="status" class={worst ? 'banner' : 'unseen'}>
      {worst && (
        <>
          <AlarmIcon />
          <p>
            <strong translate={worst.ours ? undefined : false}>{clean(worst.message)}</strong>{' '}
            <span class={mayDo('oversee') ? 'banner-hint' : ''} translate={worst.ours ? undefined : false}>
              {clean(worst.hint)}
            </span>{' '}
            {more > 0 && <span>{t.status.more({ n: more })} </span>}
            {mayDo('oversee') && <a href="/health">{t.status.see}</a>}
          </p>
        </>
      )}
    </div>
  );
}

/** What is wrong and cannot wait, the worst first; `ours` where the page has the words, not the recorder. */
function criticalOf(s: Status): { message: string; hint: string; ours?: boolean }[] {
  if (s.daemon === 'down') {
    const hint = mayDo('oversee') ? t.status.downHint : t.rights.downHint;
    return [{ message: t.status.down, hint, ours: true }];
  }
  return s.health.problems.filter((p) => p.severity === 'critical');
}
