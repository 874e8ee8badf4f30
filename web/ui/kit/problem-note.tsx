import { t } from '../messages/en/messages.js';
import { clean } from '../messages/numbers.js';
import type { Status } from '../state/api.js';
import { AlarmIcon } from './icons.js';

/** One thing that is wrong and what to do about it. */
export function ProblemNote({ problem }: { problem: Status['health']['problems'][number] }) {
  const critical = problem.severity === 'critical';
  return (
    <div class={`note note-${critical ? 'alarm' : 'warn'}`}>
      <AlarmIcon />
      <div>
        <p class="note-title">
          <span class="unseen">{critical ? t.health.critical : t.health.warning}: </span>
          {clean(problem.message)}
        </p>
        <p>{clean(problem.hint)}</p>
      </div>
    </div>
  );
}
