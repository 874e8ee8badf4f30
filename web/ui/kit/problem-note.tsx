import { t } from '../messages/language.js';
import { clean } from '../messages/numbers.js';
import type { Status } from '../state/api.js';
import { AlarmIcon } from './icons.js';
import { Verbatim } from './verbatim.js';

type Shown = Pick<Status['health']['problems'][number], 'severity' | 'message' | 'hint'>;

/** One thing that is wrong and what to do about it. `help`: the page of the documentation that says more, such as its runbook. */
export function ProblemNote({ problem, help }: { problem: Shown; help?: string }) {
  const critical = problem.severity === 'critical';
  return (
    <div class={`note note-${critical ? 'alarm' : 'warn'}`}>
      <AlarmIcon />
      <div>
        <p class="note-title">
          <span class="unseen">
            {t.common.label({ name: critical ? t.health.critical : t.health.warning })}{' '}
          </span>
          <Verbatim text={problem.message} />
        </p>
        <p translate={false}>{clean(problem.hint)}</p>
        {help !== undefined && (
          <p>
            <a href={help} target="_blank" rel="noopener">
              {t.health.runbook}
            </a>
          </p>
        )}
      </div>
    </div>
  );
}
