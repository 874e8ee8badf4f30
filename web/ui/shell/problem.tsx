import { AlarmIcon } from '../kit/icons.js';
import { t } from '../messages/en/messages.js';
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
            <strong>{clean(worst.message)}</strong> <span>{clean(worst.hint)}</span>{' '}
            {more > 0 && <span>{t.health.more(more)}. </span>}
            {mayDo('oversee') && <a href="/health">{t.health.see}</a>}
          </p>
        </>
      )}
    </div>
  );
}

/** What is wrong and cannot wait, the worst first. */
function criticalOf(s: Status): { message: string; hint: string }[] {
  if (s.daemon === 'down')
    return [{ message: t.status.down, hint: mayDo('oversee') ? t.status.downHint : t.rights.downHint }];
  return s.health.problems.filter((p) => p.severity === 'critical');
}
